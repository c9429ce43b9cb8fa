"""What became of the functions that models mirror, as one JSON document."""

from __future__ import annotations

from collections.abc import Sequence

from racer.c_source.mirrors import Drift, State
from racer.exploration.witness_file import racer_version
from racer.viz.documents.parts import Entry, Number, dumped


class DriftedOf(Entry, frozen=True, kw_only=True):
    """A function that models mirror.

    path    its file
    name    the function
    state   "same", "changed", "gone", "new", "absent" (not there, as when it was recorded) or "not
            recorded"
    line    where it is; 0 where it is not there
    models  the files of the models that name it
    """

    path: str
    name: str
    state: State
    line: Number
    models: list[str]


class ModelsOf(Entry, frozen=True, kw_only=True):
    """The models of one directory.

    directory  where they are
    since      the version of the tree that was recorded; null where nothing was
    functions  what they mirror, by file and name
    missing    files that the tree has not
    unplaced   functions that docstrings name and that are in none of their headers' files
    forgotten  what was recorded and is named by no model any more
    """

    directory: str
    since: str | None
    functions: list[DriftedOf]
    missing: list[str]
    unplaced: list[str]
    forgotten: list[str]


class DriftDocument(Entry, frozen=True, kw_only=True, tag_field="schema", tag="racer-drift/1"):
    """What `racer drift --json` prints.

    schema   the kind of document and its version
    racer    the version that wrote it
    tree     the version of the tree, else the name of its directory
    drifted  whether some function is not what it was, or was not recorded
    models   by directory
    """

    racer: str
    tree: str
    drifted: bool
    models: list[ModelsOf]


def drift_document(tree: str, found: Sequence[tuple[str, Drift]], *, drifted: bool) -> str:
    """The document, in one line."""
    return dumped(
        DriftDocument(
            racer=racer_version(),
            tree=tree,
            drifted=drifted,
            models=[_models(directory, each) for directory, each in found],
        )
    )


def _models(directory: str, found: Drift) -> ModelsOf:
    return ModelsOf(
        directory=directory,
        since=found.since or None,
        functions=[
            DriftedOf(
                path=each.mirrored.path,
                name=each.mirrored.name,
                state=each.state,
                line=each.line,
                models=list(each.mirrored.models),
            )
            for each in found.functions
        ],
        missing=list(found.missing),
        unplaced=list(found.unplaced),
        forgotten=list(found.forgotten),
    )
