"""What other programs are to read: in place of text on stdout, or beside it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from racer.artefacts.writing import WrittenPage, unwritten
from racer.cli.guard import complain
from racer.errors import RacerError, UsageError
from racer.files import shown_path, write_atomically
from racer.viz.documents.case import ExploredCase, NotExplored, Told

if TYPE_CHECKING:
    from racer.claims.deciding import Decided

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


def write_sarif(name: str | None, cases: Sequence[Told]) -> WrittenPage:
    """Write the file of --sarif if it is asked for; its directory is made.

    Errors   none: a failure is part of the answer, because the verdict must still be shown.
    """
    if name is None:
        return WrittenPage(None, None)
    from racer.viz.documents.sarif import sarif

    path = Path(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, sarif(cases).encode(), "sarif")
    except (OSError, RacerError) as error:
        return WrittenPage(None, unwritten(error, path))
    return WrittenPage(shown_path(path), None)


def summary_is_wanted() -> bool:
    """Whether this is a step of a GitHub workflow that may have a summary."""
    return bool(os.environ.get("GITHUB_STEP_SUMMARY"))


def tell_github(cases: Sequence[Told]) -> None:
    """In a workflow of GitHub, and nowhere else: annotations, on stderr, and the step's summary.

    A runner reads both streams of a step, and stdout carries the result only. Nobody asked for
    these by name, so what cannot be written is told, and is no failure.
    """
    if _annotations_are_wanted():
        from racer.viz.documents.github import workflow_commands

        root = os.environ.get("GITHUB_WORKSPACE") or os.curdir
        for command in workflow_commands(cases, root):
            complain(command)
    if summary_is_wanted():
        from racer.viz.documents.github import step_summary

        _append_summary(step_summary(cases))


def tell_github_claims(decided: Sequence[Decided], missing: Sequence[tuple[str, str]]) -> None:
    """The same of claims; of those that are `missing` the name, and why if it is an error."""
    if _annotations_are_wanted():
        from racer.viz.documents.github import claims_commands

        for command in claims_commands(decided, missing):
            complain(command)
    if summary_is_wanted():
        from racer.viz.documents.github import claims_summary

        _append_summary(claims_summary(decided))


def _annotations_are_wanted() -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true"


def _append_summary(text: str) -> None:
    try:
        with open(os.environ["GITHUB_STEP_SUMMARY"], "a", encoding="utf-8") as file:
            file.write(f"{text}\n")
    except (OSError, ValueError) as error:
        complain(f"note: no summary was written for GitHub: {error}")
