"""Litmus tests in an assembly: a column for each thread, `|` between cells, `;` after a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from racer.axiomatic.events import Value
from racer.axiomatic.expressions import Known
from racer.axiomatic.litmus.conditions import Condition, Initial, read_condition, read_initial
from racer.axiomatic.litmus.data import LitmusTest
from racer.axiomatic.litmus.text import Sections, Source, Unreadable, begin_of_condition, is_name
from racer.axiomatic.threads import Instruction, LitmusThread

_CELL: Final = re.compile(r"[^|;]*")
_COMMENT: Final = re.compile(r"\(\*.*?\*\)|//[^\n]*", re.S)


class Cell(NamedTuple):
    """What stands in one row of a column, and where."""

    text: str
    at: int
    source: Source

    @property
    def line(self) -> int:
        return self.source.line(self.at)

    def error(self, what: str) -> Unreadable:
        """What cannot be read in it."""
        return self.source.error(self.at, what)

    def unsupported(self) -> Unreadable:
        """It is no instruction that is known here."""
        return self.error(f"{self.text!r} is not supported")


# The instructions of a column, and the locations that they name.
Translated = tuple[Sequence[Instruction], Sequence[str]]


def read_columns(
    source: Source,
    found: Sections,
    translated: Callable[[Sequence[Cell]], Translated],
    register_name: Callable[[str], str],
) -> LitmusTest:
    """The test in a file whose columns are translated like that. Errors: Unreadable."""
    initial = read_initial(source, *found.initial)
    begin = begin_of_condition(source, found.rest)
    columns = _columns(source, found.rest, begin)
    threads, memory = [], dict(initial.memory)
    for number, cells in enumerate(columns):
        code, places = translated(cells)
        for place in places:
            memory.setdefault(place, 0)
        threads.append(
            LitmusThread(str(number), tuple(code), _registers(initial, number, register_name))
        )
    for value in [*initial.memory.values(), *initial.registers.values()]:
        if isinstance(value, str):
            memory.setdefault(value, 0)
    condition: Condition = read_condition(source, begin)
    return LitmusTest(
        *(source, found.architecture, found.name, tuple(threads), memory, condition),
        register_name=register_name,
    )


def _registers(
    initial: Initial, number: int, register_name: Callable[[str], str]
) -> Mapping[str, Known]:
    found: dict[str, Known] = {}
    for (thread, name), value in initial.registers.items():
        if thread == str(number):
            known: Value = value
            found[register_name(name)] = (known, 0)
    return found


def _columns(source: Source, begin: int, end: int) -> list[list[Cell]]:
    """The cells of each thread, without the first row, which names the threads."""
    rows = [row for row in _rows(source, begin, end) if any(cell.text for cell in row)]
    if not rows:
        raise source.error(begin, "there is no thread: a row such as 'P0 | P1 ;' was to come")
    names = [cell.text for cell in rows[0]]
    if names != [f"P{number}" for number in range(len(names))]:
        raise rows[0][0].error(f"{' | '.join(names)} stands where P0 | P1 | ... was to")
    columns: list[list[Cell]] = [[] for _ in names]
    for row in rows[1:]:
        if len(row) > len(columns):
            raise row[len(columns)].error("this row has more columns than there are threads")
        for column, cell in zip(columns, row, strict=False):
            if cell.text:
                column.append(cell)
    return columns


def _rows(source: Source, begin: int, end: int) -> Iterator[list[Cell]]:
    # Comments become spaces of the same length, so that positions stay.
    text = _COMMENT.sub(lambda hit: re.sub(r"[^\n]", " ", hit[0]), source.text[begin:end])
    at, row = 0, list[Cell]()
    while at < len(text):
        hit = _CELL.match(text, at)
        assert hit is not None  # it matches nothing, too
        bare = hit[0].strip()
        where = begin + at + (len(hit[0]) - len(hit[0].lstrip()) if bare else 0)
        row.append(Cell(" ".join(bare.split()), where, source))
        at = hit.end() + 1
        if hit.end() >= len(text):
            if bare:
                raise row[-1].error("this row has no end: ';' was to come")
            return
        if text[hit.end()] == ";":
            yield row
            row = []


def operands(text: str) -> list[str]:
    """What stands between commas, but for those in brackets."""
    found, depth = [""], 0
    for sign in text:
        depth += {"[": 1, "]": -1}.get(sign, 0)
        if sign == "," and depth == 0:
            found.append("")
        else:
            found[-1] += sign
    return [each.strip() for each in found]


def is_location(text: str) -> bool:
    """Whether it can be the name of a location."""
    return is_name(text) and all(sign.isalnum() or sign == "_" for sign in text)
