"""On which parameters an answer depends: the points where it holds, in as few words as possible.

The points are covered by boxes: a box leaves each parameter a set of values, and holds at every
combination of them. The text names, for each box, the parameters that it narrows down.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence

from racer.catalogue.parameters import Value, show_value

Point = tuple[Value, ...]  # parallel to the parameters
Box = tuple[tuple[Value, ...], ...]  # by parameter, the values it leaves


def condition(
    grid: Mapping[str, Sequence[Value]], holds: Collection[Point], refused: Collection[Point] = ()
) -> str:
    """The condition that is met at the points of `holds` and at no other; "" if by all of them.

    `refused` are points that cannot happen: the condition may or may not be met there.

    Bound    all boxes are tried, which is exponential in the number of values: for grids of
             some dozens of points.
    """
    inside = set(holds) | set(refused)
    boxes = [box for box in _boxes(grid) if all(p in inside for p in itertools.product(*box))]
    widest = [box for box in boxes if not any(_within(box, other) for other in boxes)]
    for size in range(1, len(widest) + 1):
        for chosen in itertools.combinations(widest, size):
            if all(any(_has(box, point) for box in chosen) for point in holds):
                return _text(grid, chosen)
    return ""


def _boxes(grid: Mapping[str, Sequence[Value]]) -> list[Box]:
    """All of them, those that leave the first parameters the most values first."""
    choices = [
        [
            chosen
            for size in range(len(values), 0, -1)
            for chosen in itertools.combinations(values, size)
        ]
        for values in grid.values()
    ]
    return list(itertools.product(*choices))


def _within(box: Box, other: Box) -> bool:
    """Whether `other` is wider."""
    pairs = zip(box, other, strict=True)
    return box != other and all(set(mine) <= set(theirs) for mine, theirs in pairs)


def _has(box: Box, point: Point) -> bool:
    return all(value in values for values, value in zip(box, point, strict=True))


def _text(grid: Mapping[str, Sequence[Value]], boxes: Sequence[Box]) -> str:
    """The shortest first, then by the parameters they narrow down."""
    ordered = sorted(boxes, key=lambda box: (len(_narrowed(grid, box)), _narrowed(grid, box)))
    each = [_box_text(grid, box) for box in ordered]
    several = len(each) > 1
    return " or ".join(f"({text})" if several and " and " in text else text for text in each)


def _box_text(grid: Mapping[str, Sequence[Value]], box: Box) -> str:
    names = list(grid)
    return " and ".join(
        f"{names[at]}={'|'.join(show_value(value) for value in box[at])}"
        for at in _narrowed(grid, box)
    )


def _narrowed(grid: Mapping[str, Sequence[Value]], box: Box) -> list[int]:
    """The positions of the parameters of which the box leaves out some values."""
    pairs = zip(grid.values(), box, strict=True)
    return [at for at, (values, chosen) in enumerate(pairs) if len(chosen) < len(values)]
