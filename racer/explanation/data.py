"""What an explanation consists of: texts and their places, nothing left to compute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from racer.errors import Location

INITIAL = "initial"  # the source of a load that no step of the schedule stored for


LaneState = Literal["ended", "blocked", "open", "idle"]


@dataclass(frozen=True, slots=True)
class Lane:
    """A thread's column, headed by `title`.

    `first` and `last` are the rows of its steps, None when it takes none.
    `end` says how it stands after the last row: "is blocked on lock L, held by C". In `state`,
    "blocked" is for ever, "open" might go on, and "idle" might but has taken no step.
    """

    thread: str
    short: str
    title: str
    first: int | None
    last: int | None
    state: LaneState
    end: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell before the first step; `touched` when a step of the schedule accesses it."""

    name: str
    value: str
    touched: bool


@dataclass(frozen=True, slots=True)
class Read:
    """The value a step read and the step that stored it: its name and row, or INITIAL and None."""

    value: str
    source: str
    row: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is another after a step: a cell, a field of one, or a watch's truth."""

    name: str
    before: str
    after: str


SwitchReason = Literal["preempted", "blocked", "finished", "left"]


@dataclass(frozen=True, slots=True)
class Switch:
    """Why the row's thread runs and not `thread`, which took the step before.

    "left": the trace does not tell whether the thread could have gone on. `text` is whole:
    "C preempted", "C finished: returns 1", "C is blocked on lock L, held by S".
    """

    thread: str
    lane: int
    reason: SwitchReason
    text: str


@dataclass(frozen=True, slots=True)
class Span:
    """A window, from just before its first row to just after its last (None: it stays open).

    `seen` is what it saw of its watch: "never true".
    """

    watch: str
    lane: int
    first: int
    last: int | None
    opened: str  # name of its first step
    closed: str | None
    seen: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One step. `text` is the operation with its result; `operation` is without it.

    `opened` and `closed` index the explanation's `windows`. `broken` are the invariants that
    this step makes false. `violates`: with this step the execution has the label.
    """

    name: str
    thread: str
    lane: int
    operation: str
    text: str
    read: Read | None
    changes: tuple[Change, ...]
    truths: tuple[Change, ...]
    switch: Switch | None
    opened: tuple[int, ...]
    closed: tuple[int, ...]
    broken: tuple[str, ...]
    ending: str | None
    violates: bool
    location: Location | None
    source_line: str | None  # file name and line, without the directory


@dataclass(frozen=True, slots=True)
class Explanation:
    """A witness, told up to the step that violates.

    `verdict` is one sentence; `count` and `fact` are phrases without a stop; `notes` are whole
    sentences: what follows that step, which threads take no step, where in the source it is.
    """

    label: str
    verdict: str
    count: str
    fact: str
    interleavings: int | None
    total: int | None
    preemptions: int
    minimal: bool
    lanes: tuple[Lane, ...]
    cells: tuple[Cell, ...]
    truths: tuple[tuple[str, bool], ...]  # of the watches, before the first step
    windows: tuple[Span, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
