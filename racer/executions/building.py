"""Executions of a Program's threads, one event after the other, each of them once.

Threads are at places on their ways. Which one goes on next depends on what there is so far alone,
so every execution is come to along one sequence of decisions:

    a read      takes a write that is there already, or waits for one that is not yet there
    a write     has some place among the writes of its location; who waits there takes it, or not
    all wait    the execution is over if what they wait for blocks them. Else no write comes but
                from one of them: some read is of what comes after it, in a circle of po and rf. It
                gets a value, and is owed the write (`loose.py` says which may be). Which of them
                it is, is open; an execution that is come to once more that way is left out

So what is added last leads nowhere, and needs no look unless a read is of an older write, a write
is not the last one of its location, or what was owed is given. Then a graph is shown to the models,
and left if none allows it with what it has so far: their axioms are monotone. Threads that can only
read from where they are come last, when there is nothing more to wait for.

Source   Kokologiannakis, Marmanis, Gladstein, Vafeiadis, "Truly stateless, optimal dynamic partial
         order reduction", POPL 2022; for what is owed, Kokologiannakis, Vafeiadis, "HMC: model
         checking for hardware memory models", ASPLOS 2020.
Differs  Reads wait, and are not revisited: nothing is ever taken back, and no two sequences of
         decisions come to the same. Price: what waits in vain is found out late.
Bound    `limit` decisions, then TooMany.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from racer.axiomatic.budget import Budget
from racer.axiomatic.checking import allowed
from racer.axiomatic.events import NO_PAIR, History
from racer.axiomatic.graphs import Graph, Layout, Part, Skeleton
from racer.axiomatic.models.axioms import Model
from racer.axiomatic.models.known import MODELS
from racer.executions.code import Code
from racer.executions.lines import OWED, Line, Write, sequential
from racer.executions.loose import Loose, There, Waiting
from racer.executions.partial import Built, Offer, Owed, Partial, TooLong, with_one
from racer.executions.threads import Place, ProgramThread, Way

# The models that allow circles of po and rf: there a read may take what comes after it.
ALLOW_CIRCLES: Final = ("arm64", "lkmm")

# Those under which a plain access is less than others.
TELL_PLAIN: Final = ("lkmm",)


class Building:
    """Builds the executions that some of the models allow, dependencies apart. `layout` has numbers
    for their events. Errors: TooMany, TooLong, Unending."""

    def __init__(
        self,
        threads: Sequence[ProgramThread],
        codes: Sequence[Code],
        layout: Layout,
        models: Sequence[Model],
        budget: Budget,
    ) -> None:
        self._threads = threads
        self._codes = codes
        self.layout: Final = layout
        # What the quicker one allows is followed, whatever the slower one says: it is asked later.
        slow = any(each.name in TELL_PLAIN for each in models)
        self._prune = [MODELS["arm64"], *models] if slow else models
        self._budget = budget
        self._cells = list(layout.initial)
        self._number = {cell: at for at, cell in enumerate(self._cells)}
        self._lengths = [
            after - first
            for first, after in zip(
                layout.first, [*layout.first[1:], layout.space.size], strict=True
            )
        ]
        # Under the kernel's model a plain write orders nothing with an acquire that reads it.
        self._plain = 0
        if any(each.name in TELL_PLAIN for each in models):
            for code in codes:
                self._plain |= code.plain
        self._loose = Loose(codes, self._plain)
        self._circles = any(each.name in ALLOW_CIRCLES for each in models)
        self._parts: dict[tuple[Place, int], Part] = {}
        self._whole_parts: dict[tuple[int, History], Part] = {}
        self._seen: set[tuple[object, ...]] = set()

    def executions(self) -> Iterator[Built]:
        """Every execution, in an order that depends on the program alone."""
        size = self.layout.space.size
        lines = tuple(
            Line(size, (Write(self.layout.initial_of[cell], 0, NO_PAIR, -1),), ())
            for cell in self._cells
        )
        none = (0,) * len(self._threads)
        places = tuple(each.begin() for each in self._threads)
        left = [Partial(places, none, (False,) * len(places), lines)]
        while left:
            now = left.pop()
            self._budget.spend()
            following = self._following(now)
            if following is None:
                yield from self._whole(now)
            else:
                left += reversed(following)

    def graph(self, ways: Sequence[History], lines: Sequence[Line]) -> Graph:
        """The graph of an execution, with these histories."""
        parts = []
        for thread, way in enumerate(ways):
            if (thread, way) not in self._whole_parts:
                self._whole_parts[thread, way] = Part(self.layout, thread, way)
            parts.append(self._whole_parts[thread, way])
        return self._graph(parts, lines)

    def is_sequential(self, built: Built) -> bool:
        """Whether one order of all events explains it."""
        counts = [len(way.events) for way in built.ways]
        return sequential(built.lines, self.layout.first, counts)

    def _graph(self, parts: Sequence[Part], lines: Sequence[Line]) -> Graph:
        rf = co = fr = 0
        for line in lines:
            rf, co, fr = rf | line.rf, co | line.co, fr | line.fr
        return Graph(Skeleton(self.layout, tuple(parts)), rf, co, fr)

    def _following(self, now: Partial) -> list[Partial] | None:
        """What it may go on to; None of one that is whole."""
        if now.offers:
            return self._offered(now)
        for thread, place in enumerate(now.places):
            if now.added[thread] < len(place.events):
                return self._event(now, thread)
        if not self._payable(now):
            return []
        goes_on = self._next(now)
        if goes_on is not None:
            return self._answers(now, goes_on)
        return None if now.settled else self._at_rest(now)

    def _next(self, now: Partial) -> int | None:
        """The first thread that may go on."""
        for thread, place in enumerate(now.places):
            if place.history is not None or now.waits[thread]:
                continue
            if now.settled or self._codes[thread].may_write(place.node):
                return thread
        return None

    # A read, or a choice

    def _answers(self, now: Partial, thread: int) -> list[Partial]:
        place = now.places[thread]
        if place.asks is None:
            found = []
            for choice in place.choices:
                after = place.answered(choice)
                if after is not None:
                    found.append(self._moved(now, thread, after))
            return found
        cell = self._number[place.asks]
        reading = [
            self._reads(now, thread, cell, write) for write in reversed(now.lines[cell].writes)
        ]
        found = [each for each in reading if each is not None]
        if self._may_wait(now, thread, cell):
            found.append(now._replace(waits=with_one(now.waits, thread, True)))
        return found

    def _reads(self, now: Partial, thread: int, cell: int, write: Write) -> Partial | None:
        """The thread takes that write; None where that is not possible."""
        after = now.places[thread].answered(write.value)
        if after is None or _blocks(now.places[thread], after):
            return None
        if after.history is not None and _turns(after):
            return self._turned(now, thread, after)
        read, added = self._next_read(now, thread, after)
        line = now.lines[cell].read(write.number, read)
        if not line.coherent(self.layout):
            return None
        then = now._replace(
            places=with_one(now.places, thread, after),
            added=with_one(now.added, thread, added),
            waits=with_one(now.waits, thread, False),
            lines=with_one(now.lines, cell, line),
        )
        latest = write.number == line.writes[-1].number
        return then if latest or self._possible(then) else None

    def _next_read(self, now: Partial, thread: int, after: Place) -> tuple[int, int]:
        """The number of the read that was answered, and how many events there are with it."""
        at = now.added[thread]
        while after.events[at].kind == "F":
            at += 1
        self._require(thread, len(after.events))
        return self.layout.first[thread] + at, at + 1

    def _moved(self, now: Partial, thread: int, after: Place) -> Partial:
        self._require(thread, len(after.events))
        return now._replace(places=with_one(now.places, thread, after))

    def _require(self, thread: int, events: int) -> None:
        if events > self._lengths[thread]:
            raise TooLong(thread, events)

    def _turned(self, now: Partial, thread: int, after: Place) -> Partial:
        """The thread goes round for ever: the round that it has begun is left out."""
        first, events = self.layout.first[thread], len(after.events)
        numbers = range(first + events, first + now.added[thread])
        return now._replace(
            places=with_one(now.places, thread, after),
            added=with_one(now.added, thread, min(events, now.added[thread])),
            waits=with_one(now.waits, thread, False),
            lines=tuple(line.without(numbers) for line in now.lines),
        )

    def _may_wait(self, now: Partial, thread: int, cell: int) -> bool:
        """Whether a write may come that it could take, or what is there last blocks it."""
        last = now.lines[cell].writes[-1]
        if self._blocked(now, thread, last.value):
            return True
        name, writes = self._cells[cell], self._codes[thread].writes
        return not now.settled and bool(self._to_come(now, thread) & writes.all_of(name))

    def _to_come(self, now: Partial, thread: int) -> int:
        """What other threads may still write."""
        found = 0
        for other, place in enumerate(now.places):
            if other != thread and place.history is None:
                found |= self._codes[other].may_write(place.node)
        return found

    def _blocked(self, now: Partial, thread: int, value: int) -> bool:
        """Whether a thread is blocked where it asks while that is what is there."""
        place = now.places[thread]
        after = place.answered(value)
        return after is not None and _blocks(place, after)

    # A write, or a fence

    def _event(self, now: Partial, thread: int) -> list[Partial]:
        at = now.added[thread]
        event = now.places[thread].events[at]
        then = now._replace(added=with_one(now.added, thread, at + 1))
        if event.kind == "F":
            return [then]
        assert isinstance(event.value, int), "a value is its number in a table"
        first, cell = self.layout.first[thread], self._number[event.place]
        pair = NO_PAIR if event.pair == NO_PAIR else first + event.pair
        write = Write(first + at, event.value, pair, thread)
        found = []
        for position in range(len(now.lines[cell].writes), 0, -1):
            line = now.lines[cell].write(position, write)
            if not line.coherent(self.layout):
                continue
            more = then._replace(
                lines=with_one(now.lines, cell, line), offers=self._offers(now, cell, write)
            )
            if position == len(line.writes) - 1 or self._possible(more):
                found.append(more)
        return found

    def _offers(self, now: Partial, cell: int, write: Write) -> tuple[Offer, ...]:
        """Who may take a write that has come."""
        waiting = [
            Offer(write, cell, thread)
            for thread, place in enumerate(now.places)
            if now.waits[thread] and place.asks == self._cells[cell]
        ]
        owed = [
            Offer(write, cell, each.thread, each)
            for each in now.owed
            if (each.cell, each.value) == (cell, write.value) and each.thread != write.thread
        ]
        return (*waiting, *owed)

    def _offered(self, now: Partial) -> list[Partial]:
        offer, *others = now.offers
        left = now._replace(offers=tuple(others))
        if offer.owed is None:
            taken = self._reads(left, offer.thread, offer.cell, offer.write)
            return [left] if taken is None else [taken, left]
        line = now.lines[offer.cell].pay(offer.owed.read, offer.write.number)
        paid = left._replace(
            lines=with_one(now.lines, offer.cell, line),
            owed=tuple(each for each in now.owed if each != offer.owed),
            offers=tuple(each for each in others if each.owed != offer.owed),
        )
        if not line.coherent(self.layout) or not self._possible(paid):
            return [left]
        return [paid, left]

    # Where no thread that may write goes on

    def _at_rest(self, now: Partial) -> list[Partial]:
        found = []
        if not now.owed and all(
            self._blocked(now, thread, now.lines[self._number[place.asks or ""]].writes[-1].value)
            for thread, place in enumerate(now.places)
            if now.waits[thread]
        ):
            found.append(now._replace(settled=True))
        if self._circles:
            found += self._guesses(now)
        return found

    def _guesses(self, now: Partial) -> list[Partial]:
        """Each thread that waits gets a value that may come of what it does later.

        One of them is in a circle that no other one has a part in: so the rest waits for it.
        """
        found = []
        for thread, place in enumerate(now.places):
            if not now.waits[thread]:
                continue
            name, writes = place.asks or "", self._codes[thread].writes
            cell = self._number[name]
            for value in writes.values(name, writes.all_of(name)):
                if not self._loosely(now, thread, name, value=writes.bit(name, value)):
                    continue
                after = place.answered(value)
                if after is None or _blocks(place, after) or _turns(after):
                    continue
                if place.orders(value) and not self._plain & writes.bit(name, value):
                    continue
                read, added = self._next_read(now, thread, after)
                owed = Owed(read, cell, value, thread, len(place.steps))
                found.append(
                    now._replace(
                        places=with_one(now.places, thread, after),
                        added=with_one(now.added, thread, added),
                        waits=with_one(now.waits, thread, False),
                        lines=with_one(now.lines, cell, now.lines[cell].read(OWED, read)),
                        owed=(*now.owed, owed),
                        circles=True,
                    )
                )
        return found

    def _loosely(
        self, now: Partial, thread: int, cell: str, passed: int = 0, value: int = 0
    ) -> int:
        """What of a cell may still be written by others and need not come after a read of a thread:
        of what is still to be read, only that value."""
        nodes = [
            None if place.history is not None else Waiting(place.node, waits)
            for place, waits in zip(now.places, now.waits, strict=True)
        ]
        loads = pairs = 0
        writes = self._codes[thread].writes
        for name, line in zip(self._cells, now.lines, strict=True):
            for at, write in enumerate(line.writes):
                bit = writes.bit(name, write.value)
                loads |= bit
                taken = at + 1 < len(line.writes) and line.writes[at + 1].pair != NO_PAIR
                pairs |= 0 if taken else bit
        found = self._loose.writes(
            thread, passed, nodes, There(loads, pairs), writes.all_of(cell), value
        )
        return found & value if value else found

    def _payable(self, now: Partial) -> bool:
        """Whether what is owed may still come."""
        for each in now.owed:
            steps = now.places[each.thread].steps[each.steps :]
            passed = self._loose.passed(each.thread, [(step.node, step.answer) for step in steps])
            cell = self._cells[each.cell]
            bit = self._codes[each.thread].writes.bit(cell, each.value)
            if not self._loosely(now, each.thread, cell, passed) & bit:
                return False
        return True

    # Graphs

    def _possible(self, now: Partial) -> bool:
        """Whether some model allows it as far as it has come."""
        if sequential(now.lines, self.layout.first, now.added):
            return True
        parts = [self._part(thread, now) for thread in range(len(now.places))]
        graph = self._graph(parts, now.lines)
        return any(allowed(each, graph) for each in self._prune)

    def _part(self, thread: int, now: Partial) -> Part:
        place, added = now.places[thread], now.added[thread]
        part = self._parts.get((place, added))
        if part is None:
            history = History(tuple(place.events[:added]))
            part = self._parts[place, added] = Part(self.layout, thread, history)
        return part

    def _whole(self, now: Partial) -> Iterator[Built]:
        memory = {
            cell: line.writes[-1].value for cell, line in zip(self._cells, now.lines, strict=True)
        }
        ways = []
        for place in now.places:
            if place.history is None:
                rests = place.answered(memory[place.asks or ""])
                assert rests is not None, "what blocks is a place, too"
                place = rests
            assert isinstance(place.history, Way), "a thread of a Program has a way"
            ways.append(place.history)
        # Several rounds that are left out leave the same; and what is owed, in any order, too.
        if now.circles or any(way.turns for way in ways):
            key = (tuple(map(id, ways)), *((line.co, line.rf) for line in now.lines))
            if key in self._seen:
                return
            self._seen.add(key)
        yield Built(tuple(ways), now.lines, memory)


def _blocks(place: Place, after: Place) -> bool:
    """Whether it rests after an answer, and has not taken it."""
    way = after.history
    return isinstance(way, Way) and not way.turns and bool(way.waits)


def _turns(after: Place) -> bool:
    return isinstance(after.history, Way) and after.history.turns
