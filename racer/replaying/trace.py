"""Events: what happened, as replay records it, and the whole trace of a schedule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from racer.errors import Location
from racer.lang.operations import CellOperation, Operation
from racer.lang.outcomes import OutcomeKey, OutcomeValue
from racer.lang.schedule import Schedule
from racer.lang.watches import Observation


@dataclass(frozen=True, slots=True)
class ClosedWindow:
    """A window that closed at the state just after a step, and what it saw."""

    watch: str
    opened_at: int  # index of the event just before which it opened
    seen: Observation


@dataclass(frozen=True, slots=True)
class Event:
    """One step that happened.

    `index` counts the steps of the schedule from 0, `step` those of the thread from 1.
    `before` and `after` are the values of the operation's cell (None without a cell), as the
    thread finds it; `source` is the index of the event that stored `before`, None where it is the
    initial value. `thread` may be another agent of the memory model, such as a store buffer.
    `opened` names the watches whose windows opened just before the step, `closed` the windows
    that closed just after it. `truths` gives each watch's truth in the state after the step;
    `broken` the invariants that are false in it. `ended` is what the thread came to with this
    step: None while it goes on. `locations` are the lines of the thread and its helpers that
    await the operation, outermost first.
    """

    index: int
    thread: str
    step: int
    operation: Operation
    result: object
    before: object
    after: object
    source: int | None
    locations: tuple[Location, ...]
    opened: tuple[str, ...]
    closed: tuple[ClosedWindow, ...]
    truths: Mapping[str, bool]
    broken: tuple[str, ...]
    ended: Ending | None
    shown: Mapping[str, str] = field(default_factory=dict)  # by name: what `shows` say after it

    @property
    def cell(self) -> str | None:
        """The cell that it touches, or the lock."""
        return self.operation.facts.cell

    @property
    def stored(self) -> bool:
        """Whether it stored to its cell, be it the value that was there already."""
        return isinstance(self.operation, CellOperation) and self.operation.stores_on(self.before)

    @property
    def reads(self) -> bool:
        """Whether its result tells what it found in its cell."""
        facts = self.operation.facts
        return facts.cell is not None and facts.gives != "nothing"

    @property
    def location(self) -> Location | None:
        """The line of the operation itself."""
        return self.locations[-1] if self.locations else None


@dataclass(frozen=True, slots=True)
class Ending:
    """What a thread came to: a value it returned, or a Violation."""

    value: OutcomeValue


@dataclass(frozen=True, slots=True)
class Trace:
    """A whole replayed schedule: the reference semantics' account of it.

    `initial` are the values of all cells before the first step, `initial_truths` the watches'.
    `outcome` is complete when the schedule was maximal (`maximal`): every thread has ended or is
    Blocked. Otherwise it holds the threads that have ended. `labels` are the violations of this
    execution, sorted; `initial_broken` are the invariants that are false before the first step.
    """

    schedule: Schedule
    initial: Mapping[str, object]
    initial_truths: Mapping[str, bool]
    threads: tuple[str, ...]  # in the order of Program.instances(), then other agents
    events: tuple[Event, ...]
    outcome: OutcomeKey
    labels: tuple[str, ...]
    maximal: bool
    final_locations: Mapping[str, tuple[Location, ...]]  # where those that have not ended wait
    waiting: Mapping[str, Operation] = field(default_factory=dict)  # what these are about to do
    initial_shown: Mapping[str, str] = field(default_factory=dict)
    initial_broken: tuple[str, ...] = ()
    locks: frozenset[str] = frozenset()  # which of the cells are locks
