"""Values of the model: how they are named in reports and when two of them are the same.

A value that a cell holds is immutable and hashable. Equality alone is too coarse to identify
one (True == 1 == 1.0, but a thread can tell them apart), so values are identified by type
and content, and by identity where the type compares by identity (a Page is an address).
`value_key` alone decides: for cells, results, locals, outcomes, and what a replay is held to.
"""

from __future__ import annotations

import copyreg
import dataclasses
import enum
import functools
import operator
import re
import types
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any

from racer.interrupts import Stop
from racer.lang.whose import is_pythons_own

_UNSET = object()  # in place of a dataclass field that was never set
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def describe(value: object) -> str:
    """The value as text, the same in every run: no addresses, no order taken from a set."""
    if type(value) in _PLAIN:
        return without_addresses(repr(value))
    if isinstance(value, frozenset | set):
        inner = ", ".join(sorted(describe(item) for item in value))
        name = "frozenset" if type(value) is Arranged else type(value).__name__
        return f"{name}({{{inner}}})" if inner else f"{name}()"
    if type(value) is tuple:
        items = [describe(item) for item in value]
        return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    if dataclasses.is_dataclass(value) and _has_generated_repr(type(value)):
        shown = [field.name for field in dataclasses.fields(value) if field.repr]
        inner = ", ".join(f"{name}={describe(getattr(value, name, ...))}" for name in shown)
        return f"{type(value).__qualname__}({inner})"
    for base in _BUILT_IN:
        if isinstance(value, base) and type(value) is not base and _prints_as(value, base):
            return f"{type(value).__qualname__}({describe(_as_built_in(value, base))})"
    if type(value) in _unprintable:
        return f"<{type(value).__qualname__} whose repr did not return>"
    try:
        return without_addresses(repr(value))
    except Stop:
        if not is_pythons_own(type(value).__module__):
            _unprintable.add(type(value))
        raise
    except Exception:  # a report must not fail because a value cannot print itself
        return f"<{type(value).__qualname__} whose repr fails>"


_unprintable: set[type] = set()


def print_all_again() -> None:
    """Classes whose repr did not return are asked again: what ended it may have been a timeout."""
    _unprintable.clear()


def without_addresses(text: str) -> str:
    """The text without the "at 0x..." of objects, which differ in every run."""
    return _ADDRESS.sub("", text)


def _prints_as(value: object, base: type) -> bool:
    """Whether an instance of a subclass reads like one of the built-in class itself."""
    mine: object = type(value).__repr__
    return mine is base.__repr__ and type(value) is not bool


def _as_built_in(value: Any, base: Any) -> object:
    """The part of it that it has from the built-in class."""
    return tuple(tuple.__iter__(value)) if base is tuple else base.__getnewargs__(value)[0]


def _has_generated_repr(kind: type) -> bool:
    """Whether dataclasses wrote the repr; one of the class's own is used as it is."""
    own: Any = kind.__repr__
    while hasattr(own, "__wrapped__"):  # as inspect.unwrap(), which asks for a setting of Python's
        own = own.__wrapped__
    code = getattr(own, "__code__", None)
    return code is not None and code.co_filename == "<string>"


def value_key(value: Any) -> Hashable:
    """A key that is equal for two values exactly when no thread can tell them apart.

    That is by type and content, and not by their `__eq__`: that may look at less than a thread
    does (1 == True == 1.0, a Page that compares its number alone). An address is the object.
    Which of two objects with one key a thread has, only `is` and id() can tell.

    Bound    by contract a cell's value is immutable: what its attributes hold now is what counts
    Errors   Unfit, a TypeError, for a value that is not hashable, or of which not all is seen
    """
    kind = type(value)
    if kind in _PLAIN:
        return (kind, value)
    content = _contents.get(kind)
    if kind is Arranged:
        return value_key(frozenset(value))
    if content is None:
        content = _contents[kind] = _content_of(kind, value)
    return (kind, content(value))


class Arranged(frozenset[Any]):
    """A frozenset that is iterated in the order in which it was made; else it is like any other."""

    __slots__ = ("_order",)

    def __new__(cls, order: Iterable[object]) -> Arranged:
        items = tuple(order)
        made = super().__new__(cls, items)
        made._order = items
        return made

    def __iter__(self) -> Iterator[Any]:
        return iter(self._order)

    _order: tuple[object, ...]


class Unfit(TypeError):
    """A value that no state can hold, since it could not be told from another; with the reason."""


Content = Callable[[Any], Hashable]

_PLAIN = frozenset({int, bool, str, bytes, type(None), type(...)})
# Of built-in classes, and of the part of an instance that a subclass of theirs has from them.
_BUILT_IN: Mapping[type, Content] = {
    int: int.__index__,
    str: str.__str__,
    bytes: lambda value: bytes.__getitem__(value, slice(None)),
    float: float.hex,  # tells 0.0 from -0.0, and makes nan equal to itself
    complex: lambda value: (complex.real.__get__(value).hex(), complex.imag.__get__(value).hex()),
    tuple: lambda value: tuple([value_key(item) for item in tuple.__iter__(value)]),
    frozenset: lambda value: frozenset([value_key(item) for item in frozenset.__iter__(value)]),
    range: lambda value: (value.start, value.stop, value.step),  # empty ones are equal
}
_contents: dict[type, Content] = {}
_by_identity: dict[type, bool] = {}


def plainly(parts: tuple[object, ...]) -> bool:
    """Whether they are all numbers, texts and the like, which is seen at a glance of thousands."""
    return _PLAIN.issuperset(map(type, parts))


def plainly_the_same(some: tuple[object, ...], others: tuple[object, ...]) -> bool:
    """Whether two tuples have equal keys, where that is seen at a glance: they hold nothing but
    numbers, texts and the like. It is asked of thousands of options at once."""
    kinds = list(map(type, some))
    return kinds == list(map(type, others)) and _PLAIN.issuperset(kinds) and some == others


def compares_by_identity(kind: type) -> bool:
    """Instances are equal only to themselves: enum members, classes, Pages with eq=False."""
    known = _by_identity.get(kind)
    if known is None:
        own_eq: object = kind.__eq__
        own_hash: object = kind.__hash__
        known = own_eq is object.__eq__ and own_hash is object.__hash__
        known = _by_identity[kind] = known or issubclass(kind, enum.Enum)
    return known


def _content_of(kind: type, first: object) -> Content:
    """How to look at instances of a class, of which `first` is one."""
    if kind in _BUILT_IN:
        return _BUILT_IN[kind]
    if compares_by_identity(kind):
        return id
    if kind.__hash__ is None:
        raise Unfit(f"a {kind.__name__}, which is not hashable")
    parts = [_BUILT_IN[base] for base in kind.__mro__ if base in _BUILT_IN][:1]
    if not parts and _is_described(kind):
        parts.append(_reduced)
    elif not parts:
        _require_nothing_hidden(first)
    names = _attributes_of(kind)
    if names is None:
        parts.append(_own_attributes)
    elif names:
        parts.append(_named_attributes(names))
    if names is not None and dataclasses.is_dataclass(kind) and kind.__dictoffset__:
        parts.append(lambda value: _more_than(names, value))
    if isinstance(kind.__eq__, types.FunctionType) and not _is_generated(kind.__eq__):
        parts.append(_Compared)
    if len(parts) == 1:
        return parts[0]
    return lambda value: tuple([part(value) for part in parts])


class _Compared:
    """A value as its own class compares it, which may tell more apart than its content does."""

    __slots__ = ("_value",)

    def __init__(self, value: object) -> None:
        self._value = value

    def __eq__(self, other: object) -> bool:
        try:
            return isinstance(other, _Compared) and bool(self._value == other._value)
        except Exception:  # who cannot be compared is told apart
            return False

    def __hash__(self) -> int:
        return 0  # what stands beside it in the key has one


def _is_generated(method: types.FunctionType) -> bool:
    """Whether a method was made by `dataclasses`, of the fields."""
    return method.__code__.co_filename == "<string>"


def _is_library(kind: type) -> bool:
    """Whether a class is Python's own: what it keeps beside its content are caches."""
    return is_pythons_own(kind.__module__)


def _is_described(kind: type) -> bool:
    """Whether a class of Python's own, or one written in C, says itself what it consists of."""
    if kind in copyreg.dispatch_table:
        return True
    for base in kind.__mro__[:-1]:
        own = vars(base).get("__reduce_ex__", vars(base).get("__reduce__"))
        if own is not None:
            return _is_library(base) or not isinstance(own, types.FunctionType)
    return False


def _reduced(value: Any) -> Hashable:
    """What the value says that it consists of, for copies and pickles."""
    try:
        describe_it = copyreg.dispatch_table.get(type(value))
        told = value.__reduce_ex__(4) if describe_it is None else describe_it(value)
    except Exception:
        raise _hidden(value) from None
    return value if isinstance(told, str) else _part_key(told)


def _part_key(part: Any) -> Hashable:
    """Of what __reduce__ gives: containers, which nobody else holds, by what is in them."""
    if isinstance(part, dict):
        return tuple(sorted(((repr(k), _part_key(v)) for k, v in part.items()), key=_first))
    if isinstance(part, list | tuple):
        return (type(part), tuple([_part_key(each) for each in part]))
    return value_key(part)


def _first(pair: tuple[str, Hashable]) -> str:
    return pair[0]


def _require_nothing_hidden(value: object) -> None:
    """Refuse an instance that consists of more than attributes."""
    if isinstance(getattr(type(value), "__getstate__", None), types.FunctionType):
        return  # its class would be asked, and say what it wants
    try:
        object.__reduce_ex__(value, 2)  # refuses instances with state in C
    except TypeError:
        raise _hidden(value) from None


def _hidden(value: object) -> Unfit:
    return Unfit(f"a {type(value).__name__}, of whose content not all can be seen")


def _attributes_of(kind: type) -> tuple[str, ...] | None:
    """The names that instances may have; None: any, since they have a `__dict__`."""
    if dataclasses.is_dataclass(kind):
        return tuple(field.name for field in dataclasses.fields(kind))
    own = [base for base in kind.__mro__[:-1] if not (_is_library(base) and _is_described(base))]
    if any("__dict__" in vars(base) for base in own):
        return None
    return _slots(own)


def slots_of(kind: type) -> tuple[str, ...]:
    """The names of the slots that instances of a class have, as getattr() takes them."""
    return tuple(name for name in _slots(kind.__mro__) if name != "__dict__")


def _slots(bases: Iterable[type]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for base in bases:
        slots = vars(base).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            hides = name.startswith("__") and not name.endswith("__")
            found[f"_{base.__name__.lstrip('_')}{name}" if hides else name] = None
    found.pop("__weakref__", None)
    return tuple(found)


def _named_attributes(names: tuple[str, ...]) -> Content:
    """A reader of attributes. Those of a page or a word of flags are read in every run."""
    read = operator.attrgetter(*names)
    alone = len(names) == 1

    def content(value: Any) -> Hashable:
        try:
            held = (read(value),) if alone else read(value)
            return tuple([value_key(each) for each in held])
        except (AttributeError, Unfit):  # one is not set, or to be named
            return tuple([_attribute_key(value, n, getattr(value, n, _UNSET)) for n in names])

    return content


def _more_than(fields: tuple[str, ...], value: Any) -> Hashable:
    """What a dataclass was given besides its fields."""
    return None if value.__dict__.keys() <= set(fields) else _own_attributes(value, fields) or None


def _own_attributes(value: Any, but: tuple[str, ...] = ()) -> Hashable:
    """All others that it has, except those that are computed when first asked for."""
    kind = type(value)
    named = {name: getattr(value, name, _UNSET) for name in slots_of(kind)} | value.__dict__
    return tuple(
        [
            (name, _attribute_key(value, name, named[name]))
            for name in sorted(named.keys() - set(but))
            if not isinstance(getattr(kind, name, None), functools.cached_property)
        ]
    )


def _attribute_key(value: object, name: str, content: object) -> Hashable:
    try:
        return value_key(content)
    except Unfit as error:
        raise Unfit(f"a {type(value).__name__} whose {name!r} is {error}") from None


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
    except Unfit as error:
        raise Unfit(
            f"{what} is {error}: a state could not be told from another. Use an immutable value "
            f"(a tuple for a list, a frozenset for a set, a frozen dataclass for an object with "
            f"fields)."
        ) from None
    except RecursionError:
        raise Unfit(
            f"{what} is a {type(value).__name__} that contains itself, or is nested too deeply: "
            f"a state could not be told from another. Let it compare by identity (no __eq__ of "
            f"its own), or take it apart."
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
