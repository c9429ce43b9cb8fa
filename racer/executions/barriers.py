"""Which barriers would forbid an execution that no order of all steps explains.

Its circle goes through threads in the order of their code. Where a model does not keep that, an
edge is missing, and a barrier between the two steps would add it. So barriers are put into the
execution there, the fewest and weakest first, until the model forbids it.

Bound    that is said of one execution: another one that shows the same may need another barrier.
         Up to four gaps are tried.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from racer.axiomatic.checking import allowed
from racer.axiomatic.events import NO_PAIR, Event, History
from racer.axiomatic.graphs import Graph, Layout, Part, Skeleton
from racer.axiomatic.models.axioms import Model
from racer.axiomatic.relations import Relation

_KINDS: Final = ("rmb", "wmb", "mb")  # the weakest first
_MOST: Final = 4


class Gap(NamedTuple):
    """Two accesses of one thread, by number, the first before the second in the code."""

    first: int
    second: int


class Barrier(NamedTuple):
    """A fence of that kind in a gap, just before its second access."""

    kind: str
    gap: Gap


def barriers(model: Model, graph: Graph, gaps: Sequence[Gap]) -> tuple[Barrier, ...]:
    """The fewest and weakest barriers in these gaps that forbid an execution; none if none do."""
    if len(gaps) > _MOST:
        return ()
    choices = itertools.product((None, *_KINDS), repeat=len(gaps))
    for kinds in sorted(choices, key=_cost):
        chosen = tuple(
            Barrier(kind, gap) for kind, gap in zip(kinds, gaps, strict=True) if kind is not None
        )
        if chosen and not allowed(model, _with(graph, chosen)):
            return chosen
    return ()


def _cost(kinds: Sequence[str | None]) -> tuple[int, int]:
    used = [each for each in kinds if each is not None]
    return len(used), used.count("mb")


def _with(graph: Graph, chosen: Sequence[Barrier]) -> Graph:
    """The execution with fences put into it."""
    old, parts = graph.skeleton.layout, graph.skeleton.parts
    before = {each.gap.second: each.kind for each in chosen}
    histories, moved = [], {number: number for number in range(len(old.initial))}
    places: list[dict[int, int]] = []
    for first, part in zip(old.first, parts, strict=True):
        events, at = list[Event](), dict[int, int]()
        for number, event in enumerate(part.history.events):
            if first + number in before:
                events.append(Event("F", "", 0, before[first + number]))
            at[number] = len(events)
            events.append(event)
        histories.append(History(tuple(_renumbered(each, at) for each in events)))
        places.append(at)
    layout = Layout(old.initial, [len(each.events) for each in histories])
    for first, new, at in zip(old.first, layout.first, places, strict=True):
        moved.update({first + number: new + goal for number, goal in at.items()})
    skeleton = Skeleton(layout, [Part(layout, at, each) for at, each in enumerate(histories)])
    relations = [_moved(each, layout, moved).bits for each in (graph.rf, graph.co, graph.fr)]
    return Graph(skeleton, *relations)


def _renumbered(event: Event, at: Mapping[int, int]) -> Event:
    """An event whose pair and dependencies have other numbers."""
    return event._replace(
        pair=event.pair if event.pair == NO_PAIR else at[event.pair],
        addr=_bits(event.addr, at),
        data=_bits(event.data, at),
        ctrl=_bits(event.ctrl, at),
    )


def _bits(mask: int, at: Mapping[int, int]) -> int:
    return sum(1 << goal for number, goal in at.items() if mask >> number & 1)


def _moved(relation: Relation, layout: Layout, moved: Mapping[int, int]) -> Relation:
    pairs = [
        (moved[before], moved[after])
        for before in sorted(moved)
        for after in sorted(moved)
        if relation.has(before, after)
    ]
    return layout.space.relation(pairs)
