"""The JSON Schemas of the documents: `schemas/KIND.json` beside this file, made from their structs.

They are files so that who validates need not run racer, and so that a change of a document is seen
as one of its schema. They are strict: a key that they lack is refused.

Source   JSON Schema, draft 2020-12
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Final

import msgspec

from racer.catalogue.told import entry
from racer.errors import InternalError, UsageError, suggestion
from racer.executions.record import OF_RECORDS
from racer.graph_witnesses.saved import SavedExecution
from racer.viz.documents.claims import ClaimsDocument
from racer.viz.documents.difference import DifferenceDocument
from racer.viz.documents.drift import DriftDocument
from racer.viz.documents.equivalence import EquivDocument
from racer.viz.documents.fences import FencesDocument
from racer.viz.documents.lifting import LiftedDocument
from racer.viz.documents.listing import ListDocument
from racer.viz.documents.litmus import LitmusDocument
from racer.viz.documents.parts import Entry
from racer.viz.documents.result import ResultDocument, ResultsDocument
from racer.viz.documents.review import ReviewDocument

_DOCUMENTS: Final[tuple[type[msgspec.Struct], ...]] = (
    ClaimsDocument,
    DifferenceDocument,
    DriftDocument,
    EquivDocument,
    FencesDocument,
    LiftedDocument,
    ListDocument,
    LitmusDocument,
    ResultDocument,
    ResultsDocument,
    ReviewDocument,
    SavedExecution,
)


def schema_name(document: type[msgspec.Struct]) -> str:
    """The kind of document and its version, as its `schema` says: "racer-result/1"."""
    return str(document.__struct_config__.tag)


def kind_of(document: type[msgspec.Struct]) -> str:
    """The kind alone, by which its schema is asked for: "result"."""
    return schema_name(document).removeprefix("racer-").partition("/")[0]


KINDS: Final[Mapping[str, type[msgspec.Struct]]] = {kind_of(each): each for each in _DOCUMENTS}


def kinds_text() -> str:
    """Every kind of document, and what prints it."""
    width = max(map(len, KINDS))
    return "\n".join(
        f"{kind:{width}}  {schema_name(each)}  {_said(each)}" for kind, each in KINDS.items()
    )


def schema_text(kind: str) -> str:
    """The schema of a kind of document, as its file has it; "racer-result/1" is "result", too.

    Errors   UsageError for one that there is not.
    """
    name = next((each for each, of in KINDS.items() if kind in (each, schema_name(of))), None)
    if name is None:
        raise UsageError(f"there is no document {kind!r}{suggestion(kind, list(KINDS))}")
    return (files(__package__) / "schemas" / f"{name}.json").read_text()


def made_schema(document: type[msgspec.Struct]) -> str:
    """The schema of a document's struct, and of those that it is made of, as text for its file.

    What their docstrings say of them, and of each field, is the description of these.
    """
    (root,), parts = msgspec.json.schema_components([document])
    known: tuple[type[msgspec.Struct], ...] = (*_all_below(Entry), SavedExecution, *OF_RECORDS)
    structs = {each.__name__: each for each in known}
    for name, part in parts.items():
        docs = [inspect.getdoc(each) or "" for each in structs[name].__mro__ if each is not object]
        part["description"] = " ".join(docs[0].partition("\n\n")[0].split())
        for key, value in part["properties"].items():
            said = next((text for doc in docs if (text := entry(doc, key))), None)
            if said is None:
                raise InternalError(f"the docstring of {name} does not say what {key!r} is")
            value["description"] = said
    made = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": schema_name(document),
        **root,
        "$defs": dict(sorted(parts.items())),
    }
    return msgspec.json.format(msgspec.json.encode(made), indent=2).decode() + "\n"


def _all_below(kind: type[Entry]) -> Iterator[type[Entry]]:
    for each in kind.__subclasses__():
        yield each
        yield from _all_below(each)


def _said(document: type[msgspec.Struct]) -> str:
    return (document.__doc__ or "").partition("\n")[0]
