"""Relations as sets of pairs of numbers, and what is asked of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

Pairs = frozenset[tuple[int, int]]


def pairs(given: Iterable[tuple[int, int]]) -> Pairs:
    """The relation of these."""
    return frozenset(given)


def alone(events: Iterable[int]) -> Pairs:
    """Each of these with itself: [S] of a .cat."""
    return frozenset((each, each) for each in events)


def then(*relations: Pairs) -> Pairs:
    """One after the other: r ; s of a .cat."""
    found = relations[0]
    for relation in relations[1:]:
        after: dict[int, list[int]] = {}
        for one, other in relation:
            after.setdefault(one, []).append(other)
        found = frozenset((one, goal) for one, other in found for goal in after.get(other, ()))
    return found


def back(relation: Pairs) -> Pairs:
    """The other way round."""
    return frozenset((other, one) for one, other in relation)


def often(relation: Pairs) -> Pairs:
    """Once or more in a row: r+ of a .cat."""
    after: dict[int, set[int]] = {}
    for one, other in relation:
        after.setdefault(one, set()).add(other)
    found = set[tuple[int, int]]()
    for start in after:
        reached, left = set[int](), list(after[start])
        while left:
            each = left.pop()
            if each not in reached:
                reached.add(each)
                left += after.get(each, ())
        found |= {(start, each) for each in reached}
    return frozenset(found)


def where(relation: Pairs, holds: Callable[[int, int], bool]) -> Pairs:
    """Those pairs of which that is so."""
    return frozenset(each for each in relation if holds(*each))


def goes_round(relation: Pairs) -> bool:
    """Whether it leads from some event to itself."""
    return any(one == other for one, other in often(relation))
