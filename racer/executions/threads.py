"""Threads of a Program as the enumeration of executions asks for them: ways through an automaton.

A way stops where a read needs a value, and goes on from there once for each. Values are their
numbers in the cell's table. The automaton grows as it is asked.

Loops    A round that leads back to the same node, and writes nothing, is left out: without its
         events an execution has the same end, and is allowed where it was with them, since there
         is less that is ordered. It is noted as a place where the thread may go round for ever.
Rest     A thread may rest where its operation blocks, or where it goes round like that: for good
         if what it finds there is what those cells hold at the end. A write is seen by everybody
         after some time, so nothing else keeps it there.
Waits    What an operation has waited for, all later writes of its thread depend on by control: in
         any code there is a loop around that read, and no compiler can have a write before its end.
Bound    `MOST` events of one thread in one history, then Unending.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from racer.automata.automaton import CellStep, ValueTable
from racer.automata.growing import GrowingAutomaton
from racer.automata.lifting import executed
from racer.axiomatic.events import NO_PAIR, Event, History, Value
from racer.errors import UsageError
from racer.executions.accesses import marks_of
from racer.lang.effects import Misuse
from racer.lang.operations import CellOperation, Operation
from racer.lang.pending import AboutTo, Closing, Pending, Raised, Watched
from racer.lang.program import ThreadInstance
from racer.lang.watches import OBSERVATIONS

MOST: Final = 100


class Unending(Exception):
    """A thread goes round a loop that writes, and no end of it is in sight."""

    def __init__(self, thread: str) -> None:
        super().__init__(
            f"thread {thread!r} had {MOST} events in one history, and no more are followed: it "
            f"goes round a loop that stores or never comes back to what it was, or is that long"
        )


class Step(NamedTuple):
    """One step of a way: its node, the answer, and the numbers of its events: of the first, of the
    read and the write where it has them (else NO_PAIR). `closes`: it is none, but the end of a
    window, with what that saw."""

    node: int
    answer: int
    first: int
    read: int
    write: int
    closes: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Way(History):
    """A history of a thread of a Program.

    steps   the steps that its events are of
    end     what the thread has come to: an end, or the operation at which it rests
    waits   the cells, each with the number of a value, that keep it there while they hold that
    turns   whether it goes round there for ever, and does not merely wait
    seen    the windows that have closed on it
    """

    steps: tuple[Step, ...] = ()
    end: Pending = field(default_factory=lambda: Raised(""))
    waits: tuple[tuple[str, int], ...] = ()
    turns: bool = False
    seen: tuple[Seen, ...] = ()

    @property
    def taken(self) -> int:
        """How many steps the thread has taken."""
        return sum(not step.closes for step in self.steps)


class Seen(NamedTuple):
    """A window of a way: its watch, its accesses by number, and which of OBSERVATIONS it saw."""

    watch: Watched
    accesses: tuple[int, ...]
    observation: int


class Masks(NamedTuple):
    """Of one event, the earlier reads of its thread that it depends on, as bits."""

    addr: int = 0
    data: int = 0
    ctrl: int = 0


class Depends:
    """Which events of a way depend on which of its reads, besides what waits: here none does."""

    name = "none"

    def of(self, thread: ProgramThread, steps: Sequence[Step], events: int) -> Sequence[Masks]:
        """The masks of so many events, in order."""
        return [Masks()] * events


class DependsOnAll(Depends):
    """Every event depends on all reads before it: the most that any code could have."""

    name = "all"

    def of(self, thread: ProgramThread, steps: Sequence[Step], events: int) -> Sequence[Masks]:
        reads = [step.read for step in steps if step.read != NO_PAIR]
        masks = [sum(1 << read for read in reads if read < event) for event in range(events)]
        return [Masks(mask, mask, mask) for mask in masks]


class ProgramThread:
    """A thread of a Program, to the enumeration: a `Thread`."""

    def __init__(
        self,
        instance: ThreadInstance,
        automaton: GrowingAutomaton,
        tables: Mapping[str, ValueTable],
        memory: str,
        depends: Depends,
    ) -> None:
        self.name: Final = instance.name
        self.instance: Final = instance
        self.automaton: Final = automaton
        self.tables: Final = tables
        self.memory: Final = memory
        self._depends = depends

    def begin(self) -> Place:
        place = Place(self, self.automaton.start, [], [])
        place.go_on()
        return place

    def done(
        self, place: Place, waits: tuple[tuple[str, int], ...] = (), *, turns: bool = False
    ) -> Way:
        """The history of a thread that has come to a place, with its dependencies."""
        masks = self._depends.of(self, place.steps, len(place.events))
        events = tuple(
            event._replace(addr=mask.addr, data=mask.data, ctrl=event.ctrl | mask.ctrl)
            for event, mask in zip(place.events, masks, strict=True)
        )
        pending = self.automaton.pending(place.node)
        fault = pending.text if isinstance(pending, Raised) else place.fault
        return Way(
            events,
            fault=fault,
            steps=tuple(place.steps),
            end=pending,
            waits=waits,
            turns=turns,
            seen=tuple(self._seen(place)),
        )

    def _seen(self, place: Place) -> Iterator[Seen]:
        """The windows that have closed up to a place. Errors: UsageError for one of no access."""
        opened: dict[int, tuple[Watched, int]] = {}  # by slot, with the first of its events
        for step in place.steps:
            pending = self.automaton.pending(step.node)
            if isinstance(pending, AboutTo):
                opened.update({each.slot: (each.watch, step.first) for each in pending.opens})
            elif isinstance(pending, Closing):
                watch, first = opened.pop(pending.slot)
                inside = range(first, step.first)
                accesses = tuple(event for event in inside if place.events[event].kind != "F")
                if not accesses:
                    raise UsageError(
                        f"the memory model {self.memory!r} cannot be asked about the window on "
                        f"{watch.name!r} of thread {self.name!r}: it accesses no cell, so it has "
                        f"no place in an order of accesses.\nTry: memory='sc' or 'tso'."
                    )
                yield Seen(watch, accesses, step.answer)


class Place:
    """Where a thread is on a way: a `Point`."""

    __slots__ = (
        *("_children", "_thread", "_waited", "asks", "choices", "events"),
        *("fault", "history", "node", "steps"),
    )

    def __init__(
        self,
        thread: ProgramThread,
        node: int,
        events: list[Event],
        steps: list[Step],
        waited: int = 0,
    ) -> None:
        self._thread = thread
        self._waited = waited  # the reads of operations that have waited, as bits
        self._children: dict[Value, Place | None] = {}
        self.node = node
        self.events = events
        self.steps = steps
        self.asks: str | None = None
        self.choices: tuple[Value, ...] = ()
        self.history: History | None = None
        self.fault = ""

    def answered(self, value: Value) -> Place | None:
        """Where it is after this value."""
        assert isinstance(value, int), "a value is its number in a table"
        if value not in self._children:
            events, steps = self.events.copy(), self.steps.copy()
            after = Place(self._thread, self.node, events, steps, self._waited)
            after._take(value)
            self._children[value] = after
        return self._children[value]

    def orders(self, value: int) -> bool:
        """Whether all that follows is ordered after what it asks for, if that is the value."""
        pending = self._thread.automaton.pending(self.node)
        assert isinstance(pending, AboutTo), "nothing else asks"
        operation, facts = pending.operation, pending.operation.facts
        if facts.blocks or not facts.stores:
            return facts.blocks or facts.order == "acquire"
        assert isinstance(operation, CellOperation), "what stores has a cell"
        found = self._thread.tables[operation.cell].values[value]
        return facts.order in ("full", "acquire") and operation.stores_on(found)

    def go_on(self) -> None:
        """Take steps until one needs an answer, or the thread rests."""
        while self.history is None:
            if len(self.events) > MOST:
                raise Unending(self._thread.name)
            pending = self._thread.automaton.pending(self.node)
            if isinstance(pending, Closing):
                self.choices = tuple(range(len(OBSERVATIONS)))  # which of these, `windows.py` says
                return
            if not isinstance(pending, AboutTo):
                self.history = self._thread.done(self)
                return
            turn = self._turn()
            if turn is not None:
                self._rest_in(turn)
                return
            facts = pending.operation.facts
            marks_of(self._thread.name, pending.operation, self._thread.memory)
            if facts.cell is not None and not facts.blind:
                self.asks = facts.cell
                return
            if len(facts.options) > 1:
                self.choices = tuple(range(len(facts.options)))
                return
            self._step(pending.operation, self._blind_answer(pending.operation))

    def _blind_answer(self, operation: Operation) -> int:
        """What an operation is executed on that looks at nothing: any value, of a lock a held one.

        That a lock is free when it is released is found under sequential consistency.
        """
        facts = operation.facts
        if facts.cell is not None and facts.lock is not None:
            return self._thread.tables[facts.cell].intern(True)
        return 0

    def _turn(self) -> int | None:
        """The step that began a round which wrote nothing and has led back here."""
        for at in range(len(self.steps) - 1, -1, -1):
            step = self.steps[at]
            if step.write != NO_PAIR:
                return None
            if step.node == self.node:
                return at
        return None

    def _rest_in(self, turn: int) -> None:
        """Go round for ever, as in the round that began with that step."""
        waits = tuple(
            (self.events[step.read].place, step.answer)
            for step in self.steps[turn:]
            if step.read != NO_PAIR
        )
        del self.events[self.steps[turn].first :]
        del self.steps[turn:]
        self.history = self._thread.done(self, tuple(dict.fromkeys(waits)), turns=True)

    def _take(self, answer: int) -> None:
        """Go on with an answer; where the operation blocks there, rest."""
        pending = self._thread.automaton.pending(self.node)
        if isinstance(pending, Closing):
            seen = CellStep(answer, OBSERVATIONS[answer], 0)
            at = len(self.events)
            self.steps.append(Step(self.node, answer, at, NO_PAIR, NO_PAIR, closes=True))
            self.node = self._thread.automaton.target(self.node, seen)
            self.go_on()
            return
        assert isinstance(pending, AboutTo), "nothing else asks"
        if self._step(pending.operation, answer):
            self.go_on()

    def _step(self, operation: Operation, answer: int) -> bool:
        """Take a step, if that does not block, or break the model; the events that it is."""
        thread = self._thread
        done = executed(thread.automaton, operation, answer, thread.tables)
        if done is None:
            assert operation.facts.cell is not None, "what blocks here waits for a cell"
            self.history = thread.done(self, ((operation.facts.cell, answer),))
            return False
        step = self._events(operation, answer, done)
        self.steps.append(step)
        if isinstance(done.error, Misuse):
            self.fault = str(done.error)
            self.history = thread.done(self)
            return False
        self.node = thread.automaton.target(self.node, done)
        return True

    def _events(self, operation: Operation, answer: int, done: CellStep) -> Step:
        thread, facts = self._thread, operation.facts
        marks = marks_of(thread.name, operation, thread.memory)
        first, read, write = len(self.events), NO_PAIR, NO_PAIR
        stores = False
        if isinstance(operation, CellOperation) and done.error is None:
            stores = operation.stores_on(thread.tables[operation.cell].values[answer])
        fence = [Event("F", "", 0, marks.fence)] if marks.fence else []
        if facts.cell is None or stores:
            self.events += fence
        if facts.cell is not None and marks.reads:
            read = len(self.events)
            order = marks.reads if stores or not facts.stores else marks.fails
            self.events.append(Event("R", facts.cell, answer, order))
            self._waited |= facts.blocks << read
        if facts.cell is not None and stores:
            write = len(self.events)
            waited = self._waited & ((1 << write) - 1)
            event = Event("W", facts.cell, done.after, marks.writes, ctrl=waited, pair=read)
            self.events.append(event)
            self.events += fence
        return Step(self.node, answer, first, read, write)
