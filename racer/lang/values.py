"""Values of the model: how they are named in reports and when two of them are the same.

A value that a cell holds is immutable and hashable. Equality alone is too coarse to identify
one (True == 1 == 1.0, but a thread can tell them apart), so values are identified by type
and content, and by identity where the type compares by identity (a Page is an address).
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
import re
import types
from collections.abc import Hashable
from typing import Any

_UNSET = object()  # in place of a dataclass field that was never set
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_ATOMS = (int, bool, str, bytes, type(None), type(...), complex)


def describe(value: object) -> str:
    """The value as text, the same in every run: no addresses, no order taken from a set."""
    if isinstance(value, frozenset | set):
        inner = ", ".join(sorted(describe(item) for item in value))
        return f"{type(value).__name__}({{{inner}}})" if inner else f"{type(value).__name__}()"
    if type(value) is tuple:
        items = [describe(item) for item in value]
        return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    if dataclasses.is_dataclass(value) and _has_generated_repr(type(value)):
        shown = [field.name for field in dataclasses.fields(value) if field.repr]
        inner = ", ".join(f"{name}={describe(getattr(value, name, ...))}" for name in shown)
        return f"{type(value).__qualname__}({inner})"
    try:
        return without_addresses(repr(value))
    except Exception:  # a report must not fail because a value cannot print itself
        return f"<{type(value).__qualname__} whose repr fails>"


def without_addresses(text: str) -> str:
    """The text without the "at 0x..." of objects, which differ in every run."""
    return _ADDRESS.sub("", text)


def _has_generated_repr(kind: type) -> bool:
    """Whether dataclasses wrote the repr; one of the class's own is used as it is."""
    code = getattr(inspect.unwrap(kind.__repr__), "__code__", None)
    return code is not None and code.co_filename == "<string>"


def value_key(value: Any) -> Hashable:
    """A key that is equal for two values exactly when no thread can tell them apart.

    Bound    by contract a cell's value is immutable; a value of an unknown type is compared
             by its own `__eq__` and `__hash__`, together with its type.
    Errors   TypeError when the value is not hashable.
    """
    kind = type(value)
    if kind in _ATOMS:
        return (kind, value)
    if isinstance(value, float):
        return (kind, value.hex())  # tells 0.0 from -0.0, and makes nan equal to itself
    if isinstance(value, tuple):
        return (kind, tuple([value_key(item) for item in value]))
    if kind is range:  # empty ones are equal, whatever their start
        return (kind, value.start, value.stop, value.step)
    if isinstance(value, frozenset):
        return (kind, frozenset(value_key(item) for item in value))
    if compares_by_identity(kind):
        return (kind, id(value))
    hash(value)  # a frozen dataclass may hold a list
    fields = _field_names(kind)
    if fields is not None:
        return (kind, tuple([value_key(getattr(value, name, _UNSET)) for name in fields]))
    return (kind, value)


_fields: dict[type, tuple[str, ...] | None] = {}
_by_identity: dict[type, bool] = {}


def _field_names(kind: type) -> tuple[str, ...] | None:
    """Of a dataclass; None for any other class."""
    if kind not in _fields:
        is_one = dataclasses.is_dataclass(kind)
        names = tuple(field.name for field in dataclasses.fields(kind)) if is_one else None
        _fields[kind] = names
    return _fields[kind]


def compares_by_identity(kind: type) -> bool:
    """Instances are equal only to themselves: enum members, classes, Pages with eq=False."""
    known = _by_identity.get(kind)
    if known is None:
        own_eq: object = kind.__eq__
        own_hash: object = kind.__hash__
        known = own_eq is object.__eq__ and own_hash is object.__hash__
        _by_identity[kind] = known
    return known


def require_hashable(value: object, what: str) -> None:
    """Refuse a value that a state could not hold."""
    if isinstance(value, types.CoroutineType):
        value.close()  # it never runs, and need not be warned about as well
        raise TypeError(
            f"{what} is a coroutine: an `await` is missing where it comes from, as in "
            f"`value = cell.load()`."
        )
    try:
        value_key(value)
    except TypeError:
        raise TypeError(
            f"{what} is a {type(value).__name__}, which is not hashable: a state could not be "
            f"told from another. Use an immutable value (a tuple for a list, a frozenset for a "
            f"set, a frozen dataclass for an object with fields)."
        ) from None


def truth_of(answer: object) -> bool:
    """A predicate's answer as a truth value. Errors: TypeError for one that is always true."""
    if isinstance(answer, types.CoroutineType | types.GeneratorType | types.AsyncGeneratorType):
        if isinstance(answer, types.CoroutineType):
            answer.close()  # it never runs, and need not be warned about as well
        raise TypeError(
            f"its answer is a {type(answer).__name__}, which is always true: a predicate is a "
            f"plain function, not `async def`, and does not yield"
        )
    return bool(answer)
