"""Claims of all that could be written: what refutes one, and how its answer is worded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from racer.catalogue.parameters import Value, show_value
from racer.claims.cases import Point
from racer.claims.data import Answer, Ask, Universal

_Points = Sequence[tuple[Ask, Sequence[Point]]]


def universal_answer(universal: Universal, asked: _Points) -> Answer:
    """Refuted by the values that have all that is asked; else open: no list confirms it."""
    refuting = [value for value in _others(universal, asked) if _has_all(universal, asked, value)]
    if refuting:
        return Answer("refuted", by=_text(universal, refuting))
    unknown = [
        point
        for value in _others(universal, asked)
        if _has_all(universal, asked, value) is None
        for points in _points_of(universal, asked, value)
        for point in points
        if point.holds is None
    ]
    if unknown:
        return Answer("bound" if any(point.cut for point in unknown) else "vacuous")
    return Answer("open")


def universal_text(universal: Universal, answer: Answer, asked: _Points) -> str:
    """The answer in words: what has all that is asked, and what has not."""
    if answer.verdict == "refuted":
        said = f"{answer.by} has all that is asked"
    elif answer.verdict == "open":
        others = _text(universal, list(_others(universal, asked)))
        said = f"not refuted by what is modelled: of {others} none has all that is asked"
    else:
        return ""
    named = [value for value in universal.but if _has_all(universal, asked, value) is False]
    return said + (f"; {_text(universal, named)}, which it names, has not" if named else "")


def _others(universal: Universal, asked: _Points) -> Iterator[Value]:
    """The values that were tried, but those that the claim names."""
    tried = {value: None for ask, _ in asked for value in ask.grid[universal.parameter]}
    return (value for value in tried if value not in universal.but)


def _has_all(universal: Universal, asked: _Points, value: Value) -> bool | None:
    """Whether the value has all that is asked; None where that is not known.

    False as well where some ask is not put to it, or only where it cannot happen.
    """
    found = [[point.holds for point in of_ask] for of_ask in _points_of(universal, asked, value)]
    if not all(found) or any(False in holds for holds in found):
        return False
    return None if any(None in holds for holds in found) else True


def _points_of(universal: Universal, asked: _Points, value: Value) -> list[list[Point]]:
    """Of each ask, the points that have the value and can happen."""
    name = universal.parameter
    return [
        [each for each in points if each.parameters[name] == value and each.refused is None]
        for _, points in asked
    ]


def _text(universal: Universal, values: Sequence[Value]) -> str:
    return f"{universal.parameter}={'|'.join(show_value(value) for value in values)}"
