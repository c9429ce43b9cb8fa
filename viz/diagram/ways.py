"""The arrows of a space-time diagram, and the ways they take between the lanes.

An arrow leads from a store to a load that read it, or from a step to one that has to come after
it, by a decisive or an enabling order. It leaves the first step's box sideways, goes along a
gutter next to that lane, and then level to the second, in whose row no other box stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from racer.explanation.data import Explanation, NotComputed, Ordering
from racer.viz.diagram.boxes import Box, Point

GUTTER = 24  # width between lanes, with one track or none; for every further one:
_TRACK = 7
_SIDE = {"read": 2, "order": 6}  # so far below the middle of a box it leaves, and above it meets

Kind = Literal["read", "order"]


@dataclass(frozen=True, slots=True)
class Arrow:
    """From row `first` to row `then`; `decisive` if the violation depends on their order.

    Of a kind "order", all are. A read that is decisive, too, has one arrow, and not two.
    """

    kind: Kind
    first: int
    then: int
    decisive: bool


def arrows(explanation: Explanation) -> tuple[Arrow, ...]:
    """The reads of the violating thread (all reads, if no step violates), then the orders."""
    culprits = {row.lane for row in explanation.rows if row.violates}
    ordered = dict.fromkeys(
        (order.first.row, order.then.row)
        for order in decisive(explanation)
        if order.first.row is not None and order.then.row is not None
    )
    reads = {
        (row.read.row, i): None
        for i, row in enumerate(explanation.rows)
        if row.read is not None
        and row.read.row is not None
        and (not culprits or row.lane in culprits)
    }
    drawn = [Arrow("read", first, then, (first, then) in ordered) for first, then in reads]
    for first, then in ordered:
        if (first, then) not in reads and first is not None and then is not None:
            drawn.append(Arrow("order", first, then, True))
    return tuple(drawn)


def decisive(explanation: Explanation) -> tuple[Ordering, ...]:
    """All orders that the violation depends on: none where they are not computed."""
    kinds = (explanation.orderings, explanation.enabling)
    return tuple(each for kind in kinds if not isinstance(kind, NotComputed) for each in kind)


@dataclass(frozen=True, slots=True)
class Tracks:
    """What runs along each gutter: arrows of one kind from one step share a track.

    Two others share one only where they do not overlap. There is one gutter more than lanes.
    """

    lanes: tuple[int, ...]  # those drawn, from left to right
    gutters: tuple[Mapping[tuple[int, Kind], int], ...]

    def width(self, place: int) -> int:
        return GUTTER + _TRACK * max(self.gutters[place].values(), default=0)


def tracks(explanation: Explanation, lanes: tuple[int, ...]) -> Tracks:
    """Tracks for all arrows, those that start first nearest to their lane."""
    spans: list[dict[tuple[int, Kind], int]] = [{} for _ in range(len(lanes) + 1)]
    for arrow in arrows(explanation):
        span = spans[_gutter(explanation, lanes, arrow)]
        key = arrow.first, arrow.kind
        span[key] = max(span.get(key, 0), arrow.then)
    return Tracks(lanes, tuple(_chosen(span) for span in spans))


def _chosen(span: Mapping[tuple[int, Kind], int]) -> dict[tuple[int, Kind], int]:
    chosen: dict[tuple[int, Kind], int] = {}
    for key in sorted(span):
        taken = {chosen[other] for other in chosen if span[other] >= key[0]}
        chosen[key] = next(track for track in range(len(span)) if track not in taken)
    return chosen


def _gutter(explanation: Explanation, lanes: tuple[int, ...], arrow: Arrow) -> int:
    """The one next to the first step's lane on the side of the second's; on the right in one."""
    source = lanes.index(explanation.rows[arrow.first].lane)
    target = lanes.index(explanation.rows[arrow.then].lane)
    return source if target < source else source + 1


def ways(
    explanation: Explanation, steps: tuple[Box, ...], chosen: Tracks, gutters: list[float]
) -> dict[Arrow, tuple[Point, ...]]:
    """The corners of each arrow's way; `gutters` are the left edges, `steps` the rows' boxes."""
    found: dict[Arrow, tuple[Point, ...]] = {}
    for arrow in arrows(explanation):
        gutter = _gutter(explanation, chosen.lanes, arrow)
        track = chosen.gutters[gutter][arrow.first, arrow.kind]
        x = gutters[gutter] + GUTTER / 2 + _TRACK * track
        start, end = steps[arrow.first], steps[arrow.then]
        leave = start.right if x > start.x else start.left
        meet = end.right if x > end.x else end.left
        down, up = start.y + _SIDE[arrow.kind], end.y - _SIDE[arrow.kind]
        found[arrow] = ((leave, down), (x, down), (x, up), (meet, up))
    return found
