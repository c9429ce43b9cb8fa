"""What stdout has instead of text, where another program is to read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from racer.errors import UsageError
from racer.viz.documents.case import ExploredCase, NotExplored, Told

Format = Literal["text", "json", "ktap", "patchwork"]


def format_of(*, json: bool = False, ktap: bool = False, patchwork: bool = False) -> Format:
    """What was asked for. Errors: UsageError for more than one."""
    given: dict[Format, bool] = {"json": json, "ktap": ktap, "patchwork": patchwork}
    asked = [each for each, wanted in given.items() if wanted]
    if len(asked) > 1:
        both = " and ".join(f"--{each}" for each in asked)
        raise UsageError(f"{both} exclude each other: stdout has one document.")
    return asked[0] if asked else "text"


def formatted(format: Format, case: ExploredCase) -> str:
    """One case as a document that is no text."""
    if format != "json":
        return formatted_several(format, [case], case.reference)
    from racer.viz.documents.result import document

    return document(case)


def formatted_several(format: Format, cases: Sequence[Told], asked: str) -> str:
    """What was explored as a document that is no text; `asked` is what the command named."""
    if format == "ktap":
        from racer.viz.documents.ktap import ktap

        return ktap(cases)
    if format == "patchwork":
        from racer.viz.documents.patchwork import patchwork

        return patchwork(cases, asked)
    from racer.viz.documents.result import results_document

    explored = [each for each in cases if isinstance(each, ExploredCase)]
    missing = [each for each in cases if isinstance(each, NotExplored) and each.why]
    return results_document(explored, [each.told for each in missing])
