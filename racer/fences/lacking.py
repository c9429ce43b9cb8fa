"""An execution that shows a violation, asked what it would be with additions: forbidden or not.

It is taken apart into the steps of its threads. Before each a place is kept for a barrier, so that
one that is put there moves nothing else. Only places between two events that matter count: those on
a circle of po, rf, co and fr, which alone a model can forbid an execution by. Where there is none,
and only what windows saw is no interleaving, all accesses matter.

Bound    Of one execution, a thread gets one addition: two that only together keep two of its events
         in order, by way of a third, are not looked for; smp_mb() between the two is.
         An execution with a circle can lose a violation in a window, too, by order that leaves
         it allowed: that is not looked for, and what is told was explored all the same.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from racer.automata.automaton import ValueTable, execute
from racer.axiomatic.checking import allowed
from racer.axiomatic.events import NO_PAIR, Event
from racer.axiomatic.graphs import Graph, Layout, Part, Skeleton
from racer.axiomatic.models.axioms import Model
from racer.axiomatic.relations import Relation
from racer.errors import InternalError
from racer.executions.accesses import marks_of
from racer.executions.asking import Example
from racer.executions.threads import Step, Way
from racer.executions.windows import Windows
from racer.fences.additions import (
    BARRIERS,
    ORDERS,
    Addition,
    Additions,
    Kind,
    in_order,
    is_weaker,
    order_with,
    sort_key,
    weakest,
)
from racer.lang.changes import ChangedRun, Site, ordered
from racer.lang.operations import CellOperation, Operation
from racer.lang.pending import AboutTo, Closing
from racer.lang.program import ThreadInstance
from racer.lang.watches import OBSERVATIONS

MOST: Final = 3  # additions that are put into one execution


@dataclass(frozen=True, slots=True)
class Taken:
    """A step of an execution: where it stands, and its operation without what was added.

    gap     the number, in its thread, of the place that is kept for a barrier before it
    events  its own, which have the numbers after that
    """

    site: Site
    operation: Operation
    gap: int
    events: tuple[Event, ...]


_Effect = tuple[Kind, tuple[tuple[int, int], ...]]  # of an addition: the kind, and where it counts


class Lacking:
    """An execution that shows a violation, as above.

    Errors   InternalError for an execution that its threads do not take.
    """

    def __init__(
        self,
        example: Example,
        model: Model,
        instances: Sequence[ThreadInstance],
        tables: Mapping[str, ValueTable],
        windows: Windows,
    ) -> None:
        self._model = model
        self._windows = windows
        self._instances = instances
        old = example.execution.graph
        self._steps: list[list[Taken]] = []
        self._ways: list[Way] = []
        moved = {number: number for number in range(len(old.skeleton.layout.initial))}
        places = list[dict[int, int]]()
        for instance, way in zip(instances, example.ways, strict=True):
            steps, place = _taken(instance, way, tables, model.name)
            self._steps.append(steps)
            self._ways.append(_moved_way(way, steps, place))
            places.append(place)
        lengths = [len(each.events) for each in self._ways]
        self._layout = Layout(old.skeleton.layout.initial, lengths)
        for before, after, place in zip(
            old.skeleton.layout.first, self._layout.first, places, strict=True
        ):
            moved.update({before + number: after + goal for number, goal in place.items()})
        self._relations = [
            _moved(each, self._layout, moved).bits for each in (old.rf, old.co, old.fr)
        ]
        self._parts: dict[tuple[int, Additions], Part] = {}
        self._known: dict[frozenset[_Effect], bool] = {}
        self._matter = self._that_matter()

    def forbidden_with(self, additions: Additions) -> bool:
        """Whether the model forbids it with these; where no circle is, windows do."""
        found = frozenset(each for each in map(self._effect, additions) if each[1])
        if found not in self._known:
            graph = self.graph(additions)
            forbidden = not allowed(self._model, graph)
            if not forbidden and self._alone:
                forbidden = not self._windows.agree(self._model, graph, self._ways)
            self._known[found] = forbidden
        return self._known[found]

    def graph(self, additions: Additions) -> Graph:
        """The execution with these additions."""
        parts = []
        for at, instance in enumerate(self._instances):
            mine = frozenset(each for each in additions if each.thread == instance.group)
            if (at, mine) not in self._parts:
                self._parts[at, mine] = self._part(at, mine)
            parts.append(self._parts[at, mine])
        return Graph(Skeleton(self._layout, parts), *self._relations)

    def step_of(self, number: int) -> tuple[int, Taken] | None:
        """The thread and the step that an event of the graph is of; None of an initial write."""
        for thread, steps in enumerate(self._steps):
            for each in steps:
                if each.gap <= number - self._layout.first[thread] <= each.gap + len(each.events):
                    return thread, each
        return None

    def steps_between(self, thread: int, first: int, last: int) -> list[Taken]:
        """The steps of a thread from the one of an event to that of another."""
        start = self._layout.first[thread]
        return [
            each
            for each in self._steps[thread]
            if each.gap + len(each.events) >= first - start and each.gap <= last - start
        ]

    def candidates(self) -> Iterator[Addition]:
        """What may help: before each event that matters, but the first of a thread, a barrier; and
        an order of each."""
        for thread, steps in enumerate(self._steps):
            group = self._instances[thread].group
            is_first = True
            for each in steps:
                if not self._matters(thread, each):
                    continue
                if not is_first:
                    yield from (Addition(group, each.site, kind) for kind in BARRIERS)
                is_first = False
                for kind in ORDERS:
                    if order_with(each.operation, kind) is not None:
                        yield Addition(group, each.site, kind)

    def remedies(self, candidates: Sequence[Addition]) -> list[Additions]:
        """The weakest sets of these that forbid it: of one or two, or of three if no smaller one
        does, each in a thread of its own. Empty if none do."""
        groups: dict[_Effect, list[Addition]] = {}
        for each in candidates:
            effect = self._effect(each)
            if effect[1]:
                groups.setdefault(effect, []).append(each)
        tried = [members[0] for members in groups.values()]
        if not self.forbidden_with(frozenset(each for each in tried if each.kind in _STRONGEST)):
            return []
        found = [frozenset((each,)) for each in tried if self.forbidden_with(frozenset((each,)))]
        places = self._useful([each for each in tried if frozenset((each,)) not in found])
        for size in range(2, MOST + 1):
            if size == MOST and found:
                break
            for chosen in itertools.combinations(places, size):
                if len({of_place[0].thread for of_place in chosen}) == size:
                    found += self._at_places(chosen, found)
        by_first = {members[0]: members for members in groups.values()}
        spread = (
            frozenset(chosen)
            for each in weakest(found)
            for chosen in itertools.product(*(by_first[one] for one in in_order(each)))
        )
        return weakest(spread)

    def _useful(self, tried: Sequence[Addition]) -> list[list[Addition]]:
        """By place, of which kinds, the strongest last, those that forbid it with something in
        other threads; none of them does alone."""
        places: dict[tuple[str, Site, bool], list[Addition]] = {}
        for each in sorted(tried, key=sort_key):
            places.setdefault((each.thread, each.site, each.is_barrier), []).append(each)
        strongest = [of_place[-1] for of_place in places.values()]
        if not self.forbidden_with(frozenset(strongest)):
            return []
        return [
            of_place
            for of_place in places.values()
            if self.forbidden_with(
                frozenset(
                    each
                    for each in strongest
                    if each.thread != of_place[-1].thread or each == of_place[-1]
                )
            )
        ]

    def _at_places(
        self, places: Sequence[Sequence[Addition]], found: Sequence[Additions]
    ) -> list[Additions]:
        """Those sets that forbid it with one addition at each of these places."""
        more: list[Additions] = []
        if all(of_place[0].is_barrier for of_place in places):
            strongest = frozenset(of_place[-1] for of_place in places)
            if not self.forbidden_with(strongest):
                return more
        for chosen in itertools.product(*places):
            these = frozenset(chosen)
            if any(is_weaker(each, these) for each in (*found, *more)):
                continue
            if self.forbidden_with(these):
                more.append(these)
        return more

    def _part(self, thread: int, additions: Additions) -> Part:
        barriers = {each.site: each.kind for each in additions if each.is_barrier}
        orders = {each.site: each.kind for each in additions if not each.is_barrier}
        events = list(self._ways[thread].events)
        for each in self._steps[thread]:
            if each.site in barriers:
                events[each.gap] = events[each.gap]._replace(order=barriers[each.site])
            if each.site in orders:
                self._reorder(events, thread, each, orders[each.site])
        return Part(self._layout, thread, replace(self._ways[thread], events=tuple(events)))

    def _reorder(self, events: list[Event], thread: int, taken: Taken, kind: Kind) -> None:
        """Mark the events of a step by another order."""
        order = order_with(taken.operation, kind)
        assert order is not None, "it is an addition that the operation can have"
        own = slice(taken.gap + 1, taken.gap + 1 + len(taken.events))
        name, operation = self._instances[thread].name, ordered(taken.operation, order)
        events[own] = _marked(events[own], name, operation, self._model.name)

    # --- which events matter --------------------------------------------------------------------

    def _that_matter(self) -> list[list[int]]:
        """By thread the numbers of the events that matter, in order."""
        graph = self.graph(frozenset())
        circles = (graph.skeleton.po | graph.com).plus
        self._alone = graph.is_sequential  # only what windows saw is no interleaving
        return [
            [
                at
                for at, event in enumerate(way.events)
                if event.kind != "F" and (self._alone or circles.has(first + at, first + at))
            ]
            for first, way in zip(self._layout.first, self._ways, strict=True)
        ]

    def _matters(self, thread: int, taken: Taken) -> bool:
        own = range(taken.gap + 1, taken.gap + 1 + len(taken.events))
        return any(each in own for each in self._matter[thread])

    def _effect(self, addition: Addition) -> _Effect:
        """Where it counts, by thread: between which two events that matter, or at which."""
        found = list[tuple[int, int]]()
        for thread, steps in enumerate(self._steps):
            if self._instances[thread].group != addition.thread:
                continue
            matter = self._matter[thread]
            for each in steps:
                if each.site != addition.site:
                    continue
                if not addition.is_barrier:
                    if self._matters(thread, each):
                        found.append((thread, each.gap))
                    continue
                before = sum(number < each.gap for number in matter)
                if 0 < before < len(matter):
                    found.append((thread, before))
        return addition.kind, tuple(sorted(set(found)))


_STRONGEST: Final = ("mb", "acquire", "release")


def _taken(
    instance: ThreadInstance, way: Way, tables: Mapping[str, ValueTable], memory: str
) -> tuple[list[Taken], dict[int, int]]:
    """The steps of a way without barriers that were put in, and the new numbers of its events."""
    run = instance.start()
    steps, place, size = list[Taken](), dict[int, int](), 0
    for at, step in enumerate(way.steps):
        pending = run.pending
        if isinstance(pending, Closing):
            run.resume(OBSERVATIONS[step.answer])
            continue
        if not isinstance(pending, AboutTo) or not isinstance(run, ChangedRun):
            raise InternalError("a thread takes fewer steps than in its execution")
        end = way.steps[at + 1].first if at + 1 < len(way.steps) else len(way.events)
        if not run.is_at_barrier:
            assert run.original is not None, "it is about to take a step"
            numbers = range(step.first, end)
            place.update({number: size + 1 + at for at, number in enumerate(numbers)})
            own = _marked(way.events[step.first : end], instance.name, run.original, memory)
            steps.append(Taken(run.site(), run.original, size, own))
            size += 1 + len(own)
        _resume(run, pending.operation, step, tables)
    run.close()
    return steps, place


def _marked(
    events: Sequence[Event], thread: str, operation: Operation, memory: str
) -> tuple[Event, ...]:
    """The events of a step, marked as those of this operation."""
    marks = marks_of(thread, operation, memory)
    stores = any(each.kind == "W" for each in events)
    reads = marks.reads if stores or not operation.facts.stores else marks.fails
    by_kind = {"R": reads, "W": marks.writes}
    return tuple(each._replace(order=by_kind.get(each.kind, each.order)) for each in events)


def _resume(
    run: ChangedRun, operation: Operation, step: Step, tables: Mapping[str, ValueTable]
) -> None:
    if not isinstance(operation, CellOperation):
        run.resume(operation.facts.options[step.answer])
        return
    done = execute(operation, step.answer, tables[operation.cell])
    assert done is not None, "a step that was taken does not block"
    if done.error is not None:
        run.fail(done.error)
    else:
        run.resume(done.result)


def _moved_way(way: Way, steps: Sequence[Taken], place: Mapping[int, int]) -> Way:
    """The way with a place before each step, and as if nothing had been added."""
    events = list[Event]()
    for each in steps:
        events.append(Event("F", "", 0, ""))
        events += [_renumbered(event, place) for event in each.events]
    seen = tuple(
        each._replace(accesses=tuple(place[number] for number in each.accesses))
        for each in way.seen
    )
    return replace(way, events=tuple(events), seen=seen)


def _renumbered(event: Event, place: Mapping[int, int]) -> Event:
    """An event whose pair and dependencies have other numbers."""
    return event._replace(
        pair=event.pair if event.pair == NO_PAIR else place[event.pair],
        addr=_bits(event.addr, place),
        data=_bits(event.data, place),
        ctrl=_bits(event.ctrl, place),
    )


def _bits(mask: int, place: Mapping[int, int]) -> int:
    return sum(1 << goal for number, goal in place.items() if mask >> number & 1)


def _moved(relation: Relation, layout: Layout, moved: Mapping[int, int]) -> Relation:
    """The relation between the same events under their new numbers."""
    size, left, pairs = relation.space.size, relation.bits, list[tuple[int, int]]()
    while left:
        lowest = left & -left
        before, after = divmod(lowest.bit_length() - 1, size)
        pairs.append((moved[before], moved[after]))
        left ^= lowest
    return layout.space.relation(pairs)
