"""Sets in orders that are asked for: equal sets may be gone through in any."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from racer.lang.values import Arranged, compares_by_identity, describe, plainly

Order = Callable[[Iterable[Any]], list[Any]]


def ascending(items: Iterable[Any]) -> list[Any]:
    """By their texts."""
    return sorted(items, key=describe)


def descending(items: Iterable[Any]) -> list[Any]:
    """The other way round."""
    return ascending(items)[::-1]


def rotated(items: Iterable[Any]) -> list[Any]:
    """Ascending, but that the first comes last."""
    first, *rest = ascending(items)
    return [*rest, first]


ORDERS: tuple[Order, ...] = (ascending, descending, rotated)


class ArrangedSet(set[Any]):
    """A set that is gone through in the order in which it was made, as long as nothing is added."""

    def __init__(self, items: list[Any]) -> None:
        super().__init__(items)
        self._order = items

    def __iter__(self) -> Iterator[Any]:
        return iter(self._order)

    def __repr__(self) -> str:
        return f"{{{', '.join(map(repr, self._order))}}}"


def can_be_arranged(value: object) -> bool:
    """Whether there is a set in it with more than one order."""
    if isinstance(value, frozenset | set):
        items = list(value)
        numbers = all(type(item) in (bool, int, float) for item in items)
        if numbers and list(frozenset(ascending(items))) == list(frozenset(descending(items))):
            return False
        return len(items) > 1
    if type(value) is tuple and plainly(value):
        return False
    return any(can_be_arranged(part) for part in parts_of_value(value))


def arranged(value: Any, order: Order) -> Any:
    """The value, the sets in it in that order; the same object where there is none."""
    if not can_be_arranged(value):
        return value
    if type(value) is frozenset:
        return Arranged(order(list(value)))
    if type(value) is set:
        return ArrangedSet(order(list(value)))
    if type(value) is tuple:
        return tuple(arranged(part, order) for part in value)
    if dataclasses.is_dataclass(value):
        changed = copy.copy(value)
        for field in dataclasses.fields(value):
            part = arranged(getattr(value, field.name), order)
            object.__setattr__(changed, field.name, part)
        return changed
    return value


def parts_of_value(value: Any) -> Iterator[object]:
    """The parts of a tuple, or of an object that is compared by its fields."""
    kind = type(value)
    if kind is tuple:
        yield from value
    elif dataclasses.is_dataclass(kind) and not compares_by_identity(kind):
        yield from (getattr(value, field.name, None) for field in dataclasses.fields(kind))
