"""What windows see in an execution: some order of instants has to show each what it is to see.

An order of instants is one of all events that keeps to what the model orders: its axioms, and rf,
co and fr between threads. After each event memory has a state. A window sees the state before the
first of its accesses, in that order, and each state up to the one after the last. Events that are
ordered in a circle are one instant, and so are the two halves of a read-modify-write.

Only accesses of windows and stores to cells of their watches matter; others order these. Sets of
them that are closed downwards are gone through, with what each window has seen so far.

Bound    rounds of loops that only read are left out of executions: no window is longer by them
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from racer.automata.lifting import Lifted
from racer.axiomatic.events import Value
from racer.axiomatic.graphs import Graph
from racer.axiomatic.models.axioms import Model
from racer.axiomatic.relations import Relation
from racer.executions.threads import Way
from racer.lang.pending import Watched
from racer.lang.watches import OBSERVATIONS


def order_of(model: Model, graph: Graph) -> Relation:
    """What a model orders: which event is taken in before which; transitive."""
    order = graph.rfe | graph.co | graph.fr | graph.skeleton.rmw | graph.skeleton.rmw.inverse
    for axiom in model.axioms(graph):
        if axiom.name != "plain-coherence":  # that orders nothing, but forbids
            order |= axiom.relation
    return order.plus


@dataclass(slots=True)
class _Window:
    """A window: its watch, the instants with an access of it, as bits, and what it is to see."""

    watch: Watched
    instants: int
    wanted: int


Instant = tuple[int, ...]  # the numbers of events that are taken in at once


@dataclass(frozen=True, slots=True)
class _Instant:
    """Events that are taken in at once: the instants that come before, as bits, and stores."""

    events: Instant
    before: int
    stores: Mapping[str, Value]


class Windows:
    """Says of executions of a lifted Program whether windows can have seen what they are to.

    `asked`: whether there was any window.
    """

    def __init__(self, lifted: Lifted) -> None:
        self._lifted = lifted
        self.asked = False
        self._truths: dict[tuple[str, tuple[Value, ...]], bool] = {}

    def agree(self, model: Model, graph: Graph, ways: Sequence[Way]) -> bool:
        """Whether there is such an order of instants. Errors: ModelError for a watch that fails."""
        return not any(way.seen for way in ways) or self.shown(model, graph, ways) is not None

    def shown(self, model: Model, graph: Graph, ways: Sequence[Way]) -> Sequence[Instant] | None:
        """Such an order of instants, of those events that matter; None if there is none."""
        self.asked = True
        instants, windows = _instants(order_of(model, graph), graph, ways)
        found = _Search(self, instants, windows).found()
        return None if found is None else [instants[number].events for number in found]

    def truth(self, watch: Watched, memory: Mapping[str, Value]) -> bool:
        """Whether a watch holds while cells hold the values of these numbers."""
        numbers = tuple(memory.get(cell, 0) for cell in watch.cells)
        if (watch.name, numbers) not in self._truths:
            tables = self._lifted.tables
            values = {
                cell: tables[cell].values[number]
                for cell, number in zip(watch.cells, numbers, strict=True)
                if isinstance(number, int)
            }
            with self._lifted.environment_of(f"watch {watch.name!r}").observed():
                self._truths[watch.name, numbers] = watch.holds(values)
        return self._truths[watch.name, numbers]


def _instants(
    order: Relation, graph: Graph, ways: Sequence[Way]
) -> tuple[list[_Instant], list[_Window]]:
    """The instants that matter, and the windows."""
    layout = graph.skeleton.layout
    watched = {cell for way in ways for seen in way.seen for cell in seen.watch.cells}
    accessed = {
        layout.first[thread] + access
        for thread, way in enumerate(ways)
        for seen in way.seen
        for access in seen.accesses
    }
    events = []
    for thread, way in enumerate(ways):
        for at, event in enumerate(way.events):
            number = layout.first[thread] + at
            if number in accessed or (event.kind == "W" and event.place in watched):
                events.append((number, event))
    classes: list[list[int]] = []  # of positions in `events`
    for at, (number, _) in enumerate(events):
        for members in classes:
            other = events[members[0]][0]
            if order.has(number, other) and order.has(other, number):
                members.append(at)
                break
        else:
            classes.append([at])
    found = []
    for members in classes:
        first = events[members[0]][0]
        before = sum(
            1 << number
            for number, others in enumerate(classes)
            if others is not members and order.has(events[others[0]][0], first)
        )
        taken = tuple(events[at][0] for at in members)
        writes = [events[at] for at in members if events[at][1].kind == "W"]
        writes.sort(key=lambda each: sum(graph.co.has(other, each[0]) for other, _ in writes))
        found.append(_Instant(taken, before, {event.place: event.value for _, event in writes}))
    instant_of = {events[at][0]: number for number, members in enumerate(classes) for at in members}
    windows = []
    for thread, way in enumerate(ways):
        for seen in way.seen:
            numbers = {instant_of[layout.first[thread] + access] for access in seen.accesses}
            instants = sum(1 << number for number in sorted(numbers))
            windows.append(_Window(seen.watch, instants, seen.observation))
    return found, windows


_Sights = tuple[int, ...]  # by window: 1, it has seen the watch true; 2, false


class _Search:
    """Looks for an order of instants in which each window sees what it is said to."""

    def __init__(
        self, windows: Windows, instants: Sequence[_Instant], told: Sequence[_Window]
    ) -> None:
        self._windows = windows
        self._instants = instants
        self._told = told
        self._failed: set[tuple[int, _Sights]] = set()

    def found(self) -> tuple[int, ...] | None:
        """The instants in order, by number."""
        return self._from(0, {}, (0,) * len(self._told))

    def _from(
        self, taken: int, memory: Mapping[str, Value], sights: _Sights
    ) -> tuple[int, ...] | None:
        if taken == (1 << len(self._instants)) - 1:
            return ()
        if (taken, sights) in self._failed:
            return None
        for number, instant in enumerate(self._instants):
            if taken >> number & 1 or instant.before & ~taken:
                continue
            after = {**memory, **instant.stores}
            seen = self._seen(taken, number, memory, after, sights)
            others = None if seen is None else self._from(taken | 1 << number, after, seen)
            if others is not None:
                return number, *others
        self._failed.add((taken, sights))
        return None

    def _seen(
        self,
        taken: int,
        number: int,
        memory: Mapping[str, Value],
        after: Mapping[str, Value],
        sights: _Sights,
    ) -> _Sights | None:
        """What windows have seen once one more instant is taken in; None where some window has
        seen what it is said not to see."""
        found = []
        for window, sight in zip(self._told, sights, strict=True):
            begins = not window.instants & taken and window.instants >> number & 1
            over = not window.instants & ~taken
            if over or not (begins or window.instants & taken):
                found.append(sight)
                continue
            truth = self._windows.truth(window.watch, after)
            sight |= 1 if truth else 2
            if begins:
                sight |= 1 if self._windows.truth(window.watch, memory) else 2
            wanted = OBSERVATIONS[window.wanted]
            may = (1 if wanted.ever_true else 0) | (2 if wanted.ever_false else 0)
            if sight & ~may:
                return None
            last = not window.instants & ~(taken | 1 << number)
            if last and (sight != may or truth != wanted.at_end):
                return None
            found.append(sight)
        return tuple(found)
