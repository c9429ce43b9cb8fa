"""Events: what happened, as replay records it, and the whole trace of a schedule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from racer.errors import Location
from racer.lang.about import About
from racer.lang.effects import Failed
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
    """One step that happened, as replay() records it.

    index      position in the schedule, from 0
    thread     who took it: a thread's name, or that of another agent of the memory model, such as
               a store buffer
    step       which step of that thread it is, from 1
    operation  what was done; `operation.text()` is how reports name it
    result     what the thread's `await` returned; a Failed where it raised an exception instead
    before     the value of the operation's cell before the step, as the thread finds it, and
    after      the value after it; both None without a cell
    source     index of the event that stored `before`; None where that is the initial value
    locations  the lines of the thread and its helpers that await the operation, outermost first
    opened     names of the watches whose windows opened just before the step
    closed     the windows that closed just after it, with what they saw
    truths     whether each watch is true in the state after the step, by name
    broken     names of the invariants that are false in the state after the step
    ended      what the thread came to with this step; None while it goes on
    shown      what the program's `shows` say of the state after the step, by name
    atomic     names of the threads that are in an atomic region after the step, so that none of
               them is preempted by the next
    held_back  whether it is a store that nobody else finds yet: it is in a store buffer
    arrives    where an agent that is no thread lets such a store arrive in memory: the index of the
               event that it was; None for any other
    obstacles  by thread, what in the memory model keeps it from its next step after this one, as a
               predicate: "waits for room in its store buffer"; empty under sequential consistency
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
    obstacles: Mapping[str, str] = field(default_factory=dict)  # by thread
    atomic: tuple[str, ...] = ()
    held_back: bool = False
    arrives: int | None = None
    works_for: str = ""  # of an agent that is no thread

    @property
    def owner(self) -> str:
        """The thread that took it, or that whoever did works for."""
        return self.works_for or self.thread

    @property
    def cell(self) -> str | None:
        """The cell that it touches, or the lock."""
        return self.operation.facts.cell

    @property
    def stored(self) -> bool:
        """Whether it stored to its cell, be it the value that was there already."""
        if isinstance(self.result, Failed) or not isinstance(self.operation, CellOperation):
            return False
        return self.operation.stores_on(self.before)

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
    """What a thread came to: a value it returned, or a Violation.

    `raised_at` is the line of the `raise`, or the assert, where that was not after its last step:
    the thread has left blocks since, an `async with lock` say.
    """

    value: OutcomeValue
    raised_at: Location | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """A schedule that was run, step by step, on trio: what replay() returns.

    schedule         the moves, in order
    initial          the values of all cells before the first step, by name
    initial_truths   whether each watch is true before the first step, by name
    threads          names of all threads, then of other agents of the memory model
    events           one for each step, in order
    outcome          (thread, value) of each thread that has ended; of all threads, the others as
                     Blocked (or Idle, a daemon), if the schedule is maximal
    labels           the violations of this execution, in the order in which they are told
    maximal          whether no thread can take a further step
    final_locations  the lines at which threads that have not ended wait, by thread
    waiting          the operations that these are about to do, by thread
    initial_shown    what the program's `shows` say before the first step, by name
    initial_broken   names of the invariants that are false before the first step
    locks            names of those cells that are locks
    daemons          names of those threads that need not come to an end
    perpetual        names of those that are no daemons, and whose code has no way out
    kept             names of the threads that a fair cycle keeps from their end or, where these
                     are perpetual, from ever changing a cell: a livelock
    about            the program's words for a mail
    told             of labels that the memory finds at the end by itself: what is wrong, in words
    agents           the agents of the memory model that are no threads, with the thread each works
                     for; none under sequential consistency
    cycle            so many moves at the end of the schedule lead back to where they began, and
                     are repeated for ever; 0 where none are
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
    daemons: frozenset[str] = frozenset()
    perpetual: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    about: About = field(default_factory=About)
    told: Mapping[str, str] = field(default_factory=dict)
    agents: Mapping[str, str] = field(default_factory=dict)
    cycle: int = 0

    def cpus(self, steps: int) -> int:
        """How many CPUs the first so many steps take: whoever is in an atomic region keeps its own,
        and somebody else who takes a step has another one."""
        most = 1
        for before, event in pairwise(self.events[:steps]):
            most = max(most, 1 + sum(name != event.owner for name in before.atomic))
        return most
