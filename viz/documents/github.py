"""Results for GitHub: annotations beside the lines of a model, and a summary of the job's step.

Source   GitHub's documentation, "Workflow commands for GitHub Actions"; how data and properties are
         escaped, github.com/actions/toolkit, packages/core/src/command.ts, escapeData() and
         escapeProperty()
Bound    GitHub shows ten errors and ten warnings of a step, and a summary of 1 MiB
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from racer.claims.deciding import Decided
from racer.errors import Location
from racer.viz.claims import closing_text, expected_text
from racer.viz.documents.case import ExploredCase, Told
from racer.viz.summary import result_line, verdict_text
from racer.words.printable import safe_line

_DATA: Final = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY: Final = {**_DATA, ":": "%3A", ",": "%2C"}
_MARKED: Final = {"not as declared": "**not as declared**"}
_MEANING: Final = {"|": "\\|", "<": "&lt;", "`": "'", "\\": "\\\\", "*": "\\*", "_": "\\_"}


def workflow_commands(cases: Sequence[Told], root: str) -> list[str]:
    """One for each case that is not as declared: an error at the line that violates, or a warning
    where a limit cut it. `root` is the directory of the repository."""
    return [command for each in cases for command in _commands(each, root)]


def _commands(case: Told, root: str) -> Iterator[str]:
    if not isinstance(case, ExploredCase):
        if case.why:
            yield _command("error", {}, f"racer: {case.name} does not run", case.told)
        return
    if case.standing == "as declared":
        return
    kind = "warning" if case.standing == "cut" else "error"
    told = verdict_text(case.result, case.judgement)
    text = "\n".join(each for each in (told, result_line(case.result), case.trailer) if each)
    yield _command(kind, _place(_where(case), root), f"racer: {case.name}", text)


def _where(case: ExploredCase) -> Location | None:
    """The line that violates in the first schedule; else where the scenario is defined."""
    for finding in case.result.violations.values():
        steps = finding.trace.events[: finding.witness.before]
        if steps and steps[-1].location is not None:
            return steps[-1].location
    return case.source


def _place(at: Location | None, root: str) -> dict[str, str]:
    """A line of the repository; nothing where it is of none."""
    path = Path(os.path.abspath(at.path)) if at is not None else Path(os.sep)
    if at is None or not path.is_relative_to(os.path.abspath(root)):
        return {}
    return {"file": os.path.relpath(path, root), "line": str(at.line)}


def _command(kind: str, place: Mapping[str, str], title: str, text: str) -> str:
    said = {**place, "title": title}
    properties = ",".join(f"{key}={_escaped(value, _PROPERTY)}" for key, value in said.items())
    return f"::{kind} {properties}::{_escaped(text, _DATA)}"


def _escaped(text: str, meaning: Mapping[str, str]) -> str:
    return "".join(meaning.get(each, each) for each in text)


def claims_commands(decided: Sequence[Decided], missing: Sequence[tuple[str, str]]) -> list[str]:
    """One for each claim that has not the answer that is declared; `missing` could not be had, each
    with its name and why."""
    wrong = [each for each in decided if not each.as_expected]
    return [
        *(
            _command(
                "warning" if each.cut else "error",
                {},
                f"racer: claim {each.claim.name}",
                _said(each),
            )
            for each in wrong
        ),
        *(_command("error", {}, f"racer: {name}", why) for name, why in missing if why),
    ]


def _said(decided: Decided) -> str:
    return f"{decided.claim.text}: {decided.answer} (expected: {expected_text(decided)})"


def claims_summary(decided: Sequence[Decided]) -> str:
    """Markdown: a table of the claims, and how all of them came out."""
    lines = ["### racer claims", "", "| claim | answer | | |", "|---|---|---|---|"]
    for each in decided:
        standing = "as declared" if each.as_expected else "not as declared"
        cells = map(_cell, (each.claim.name, str(each.answer)))
        marked = "cut" if each.cut else _MARKED.get(standing, standing)
        lines.append(f"| {' | '.join(cells)} | {marked} | {_cell(each.claim.text)} |")
    return "\n".join([*lines, "", _cell(closing_text(decided)), ""])


def step_summary(cases: Sequence[Told]) -> str:
    """Markdown: a table of all that was explored, and each schedule that was explained."""
    rows = [_row(each) for each in cases]
    lines = ["### racer", "", "| scenario | verdict | | |", "|---|---|---|---|", *rows, ""]
    for case in cases:
        if isinstance(case, ExploredCase):
            for label, picture in case.pictures.items():
                lines += [f"#### {_cell(case.name)}: {_cell(label)}", "", picture.rstrip(), ""]
            if case.trailer:
                lines += [f"    {safe_line(case.trailer)}", ""]
    return "\n".join(lines)


def _row(case: Told) -> str:
    if not isinstance(case, ExploredCase):
        why = case.why.partition("\n")[0] or "interrupted before it"
        cells = [case.name, "ERROR" if case.why else "", "", why]
        return f"| {' | '.join(map(_cell, cells))} |"
    verdict, standing = case.result.verdict.upper(), _MARKED.get(case.standing, case.standing)
    return f"| {_cell(case.name)} | {verdict} | {standing} | {_cell(result_line(case.result))} |"


def _cell(text: str) -> str:
    """Text that is no markup, in one line."""
    return _escaped(safe_line(text), _MEANING)
