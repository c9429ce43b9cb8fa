"""Values that threads of litmus tests compute from their registers.

Bound    arithmetic is on unbounded integers, as herd7's is in C; an address can be compared, and
         moved by 0.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from racer.axiomatic.events import Value

# What a register holds, and from which reads of its thread that was computed, as bits.
Known = tuple[Value, int]

UNSET: Final[Known] = (0, 0)


class Fault(Exception):
    """What no program may do; the run ends there, and only an execution that is allowed tells."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A value computed from registers.

    of      the value, and the reads it depends on
    names   the registers it looks at
    """

    of: Callable[[Mapping[str, Known]], Known]
    names: frozenset[str] = frozenset()


def constant(value: Value) -> Expression:
    """A number, or the address of a location."""
    known = (value, 0)
    return Expression(lambda _: known)


def register(name: str) -> Expression:
    """What a register holds; 0 where nothing was put there."""
    return Expression(lambda registers: registers.get(name, UNSET), frozenset([name]))


def computed(function: Callable[..., Value], *operands: Expression) -> Expression:
    """A function of other values. It raises Fault where it has no value for them."""
    names = frozenset().union(*(each.names for each in operands))

    def of(registers: Mapping[str, Known]) -> Known:
        known = [each.of(registers) for each in operands]
        depends = 0
        for _, mask in known:
            depends |= mask
        return function(*(value for value, _ in known)), depends

    return Expression(of, names)


def number(value: Value) -> int:
    """The value, where it is a number."""
    if isinstance(value, str):
        raise Fault(f"computes with the address of {value}, which has no number here")
    return value


def arithmetic(function: Callable[[int, int], int]) -> Callable[[Value, Value], Value]:
    """An operation on numbers. An address that is moved by 0 stays, and less itself it is 0."""

    def applied(left: Value, right: Value) -> Value:
        if left == right and function in (operator.xor, operator.sub):
            return 0
        if right == 0 and isinstance(left, str) and function in (operator.add, operator.sub):
            return left
        if left == 0 and isinstance(right, str) and function is operator.add:
            return right
        return function(number(left), number(right))

    return applied
