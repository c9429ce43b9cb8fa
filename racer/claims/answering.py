"""The answer to a claim, from what its asks come to at the points of their grids.

There are two: of all that was asked, what-ifs included; and of that which is as the C is.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from racer.catalogue.parameters import Value
from racer.claims.cases import Point
from racer.claims.conditions import condition
from racer.claims.data import Answer, Ask

_Values = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an ask comes to over a grid of parameters.

    `holds` is by point of the grid, None where that is not known; `refused` are points that cannot
    happen. `cut`: a limit is why something is not known.
    """

    scenario: str
    grid: Mapping[str, Sequence[Value]]
    holds: Mapping[_Values, bool | None]
    refused: frozenset[_Values]
    cut: bool


def answer(asks: Sequence[Ask], points: Sequence[Sequence[Point]]) -> Answer:
    """Of all that was asked: true at every point, true at none that some ask has, or a condition
    on parameters."""
    if not asks:
        return Answer("not asked")
    return _answer([_asked(*each, list(each[0].grid)) for each in zip(asks, points, strict=True)])


def answer_as_the_c_is(asks: Sequence[Ask], points: Sequence[Sequence[Point]]) -> Answer:
    """Of those points none of whose parameters is a what-if: "holds" where each ask is true at all
    of these, "refuted" where some ask is not, in every configuration; else a condition on the
    configuration.

    What a parameter stands for happens, all of it: so where an ask is false at one point, the claim
    is. Only of parameters that are `Configured` a system has one value, and the answer may depend
    on it. Where an ask has no such point, nothing is known but that others refute the claim.
    """
    asked = []
    for ask, of_ask in zip(asks, points, strict=True):
        as_it_is = [point for point in of_ask if not what_ifs_of(ask, point)]
        configured = [each.name for each in ask.scenario.parameters if each.configured]
        if any(point.refused is None for point in as_it_is):
            asked.append(_asked(ask, as_it_is, [name for name in ask.grid if name in configured]))
    found = _answer(asked) if asked else Answer("not asked")
    if found.verdict == "holds only if" and not _together(asked):
        return Answer("refuted")
    if len(asked) < len(asks) and found.verdict in ("holds", "holds only if"):
        return Answer("not asked")
    return found


def _together(asked: Sequence[_Asked]) -> bool:
    """Whether some system, one value for each parameter of a name, has all that is asked of it."""
    grid: dict[str, dict[Value, None]] = {}
    for each in asked:
        for name, values in each.grid.items():
            grid.setdefault(name, {}).update(dict.fromkeys(values))
    for system in itertools.product(*grid.values()):
        of_name = dict(zip(grid, system, strict=True))
        if all(each.holds.get(tuple(of_name[n] for n in each.grid), True) for each in asked):
            return True
    return False


def what_ifs_of(ask: Ask, point: Point) -> dict[str, Value]:
    """The parameters of a point that are not what the code under test does."""
    found: dict[str, Value] = {}
    for parameters in ask.explored(point.parameters):
        found.update(ask.scenario.what_ifs(parameters))
    return found


def _asked(ask: Ask, points: Sequence[Point], names: Sequence[str]) -> _Asked:
    """What an ask comes to by the parameters of these names, whatever the others are."""
    by_values: dict[_Values, list[Point]] = {}
    for point in points:
        by_values.setdefault(tuple(point.parameters[name] for name in names), []).append(point)
    holds: dict[_Values, bool | None] = {}
    for values, of_values in by_values.items():
        possible = [point.holds for point in of_values if point.refused is None]
        if possible:
            holds[values] = False if False in possible else None if None in possible else True
    return _Asked(
        ask.scenario.name,
        {
            name: list(dict.fromkeys(values[at] for values in by_values))
            for at, name in enumerate(names)
        },
        holds,
        frozenset(by_values.keys() - holds.keys()),
        any(point.cut for point in points),
    )


def _answer(asked: Sequence[_Asked]) -> Answer:
    unknown = [each for each in asked if None in each.holds.values()]
    if unknown:
        return Answer("bound" if any(each.cut for each in unknown) else "vacuous")
    if any(not any(each.holds.values()) for each in asked):
        return Answer("refuted")
    if all(all(each.holds.values()) for each in asked):
        return Answer("holds")
    one_scenario = len({each.scenario for each in asked}) == 1
    conditions: dict[str, None] = {}  # several asks may have the same
    for each in asked:
        holds = [values for values, is_so in each.holds.items() if is_so]
        text = condition(each.grid, holds, each.refused)
        if text:
            conditions[text if one_scenario else f"{each.scenario}: {text}"] = None
    return Answer("holds only if", "; ".join(conditions))
