"""Several scenarios as one table: a row for each, and how all of them came out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from racer.exploration.judgement import Judgement
from racer.exploration.result import Result
from racer.viz.summary import counted
from racer.viz.wrapping import WIDTH, filled, listed
from racer.words.machines import machines_lines

_WIDEST: Final = 28  # columns of a name that has the rest beside it
_VERDICT: Final = 6


@dataclass(frozen=True, slots=True)
class Row:
    """What came of a scenario, or of a file that does not load; without a result the `error`."""

    name: str
    result: Result | None
    judgement: Judgement | None
    error: str


def table(
    rows: Sequence[Row],
    memory: str,
    known: int,
    files: Sequence[Row] = (),
    *,
    of: str = "scenario",
    memories: Sequence[str] = (),
) -> str:
    """`known` is how many scenarios there are, with those that were not come to; `files` are those
    that do not load: how many scenarios are in them is not known. The rows may be `of` something
    else. `memory` is the model of all, or empty: of several `memories` it is said what each is
    asked of."""
    everything = [*rows, *files]
    short = [row.name for row in everything if len(row.name) <= _WIDEST]
    width = max([len(of), *map(len, short)])
    lines = list(_line(of, memory, "what it shows", width))
    for row in everything:
        verdict = "ERROR" if row.result is None else row.result.verdict.upper()
        lines += _line(row.name, verdict, _shown(row), width)
    asked = ["", listed(machines_lines(memories))] if memories else []
    return "\n".join([*lines, *asked, "", filled(_closing(rows, known, files, of))])


def _line(name: str, verdict: str, text: str, width: int) -> Iterator[str]:
    margin = width + _VERDICT + 2
    wrapped = filled(text, width=WIDTH - margin).splitlines() or [""]
    if len(name) > width:
        yield name
        name = ""
    for part in wrapped:
        yield f"{name:<{width}} {verdict:<{_VERDICT}} {part}".rstrip()
        name = verdict = ""


def _shown(row: Row) -> str:
    result, judgement = row.result, row.judgement
    if result is None or judgement is None:
        return row.error.partition("\n")[0]
    labels = ", ".join(judgement.labels)
    if result.verdict == "bound":
        return f"nothing is proved: {result.bound}"
    if judgement.as_expected is None:
        said = ""
    elif judgement.as_expected:
        said = "as expected"
    else:
        said = f"NOT as expected ({judgement.declaration})"
    text = ": ".join(part for part in (said, labels) if part)
    return f"{text}; the search was cut" if result.bound is not None else text


def _closing(rows: Sequence[Row], known: int, files: Sequence[Row], of: str) -> str:
    wrong = [row.name for row in rows if row.judgement and row.judgement.as_expected is False]
    failed = [
        row.name
        for row in rows
        if row.judgement
        and row.judgement.as_expected is None
        and row.result
        and row.result.verdict == "fail"
    ]
    broken = [row.name for row in rows if row.result is None]
    cut = [row.name for row in rows if row.result and row.result.bound is not None]
    said = [
        f"{what}: {', '.join(names)}"
        for what, names in (
            ("does not load", [row.name for row in files]),
            ("does not run", broken),
            ("NOT as expected", wrong),
            ("fails, and nothing is declared", failed),
            ("cut by a limit", cut),
        )
        if names
    ]
    results = [row.result for row in rows if row.result]
    counts = [each.interleavings for each in results if each.interleavings is not None]
    searched = [counted(sum(each.states for each in results), "state")]
    if counts:
        searched.append(counted(sum(counts), "interleaving"))
    if len(counts) < len(results):
        searched.append(f"not counted in {len(results) - len(counts)}")
    many = counted(len(rows), of)
    if len(rows) < known:
        many = f"{len(rows)} of {counted(known, of)}"
    return f"{many}, {'; '.join(said) or 'all as declared'}; {', '.join(searched)}"
