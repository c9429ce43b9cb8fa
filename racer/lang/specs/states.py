"""What an instance of a specification consists of, as a value; and what a method makes of it.

A state is compared and copied as that value, so each order of the calls has an instance of its own.
"""

from __future__ import annotations

import copyreg
import dataclasses
import enum
import types
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from racer.interrupts import is_from_outside
from racer.lang.effects import Misuse
from racer.lang.values import (
    Unfit,
    compares_by_identity,
    describe,
    require_hashable,
    slots_of,
    value_key,
)


class NotEnabled(Exception):
    """Raised by a method of a specification: in this state the call has to wait.

    A call takes effect only where its method does not raise this: taking from an empty queue that
    blocks, say.
    """


@dataclass(frozen=True, slots=True)
class Part:
    """An object that can change, as a value: its kind, and what is in it."""

    kind: type
    content: tuple[Any, ...]

    def __repr__(self) -> str:
        parts, listed = self.content, ", ".join(map(describe, self.content))
        if self.kind is tuple:
            return f"({listed},)" if len(parts) == 1 else f"({listed})"
        if self.kind is list:
            return f"[{listed}]"
        if self.kind is set:
            return describe(set(parts[0]))
        if self.kind is deque:
            return f"deque([{', '.join(map(describe, parts[1:]))}])"
        if self.kind in (dict, OrderedDict):
            return f"{{{', '.join(f'{describe(key)}: {describe(value)}' for key, value in parts)}}}"
        attributes = ", ".join(f"{name}={describe(value)}" for name, value in parts)
        return f"{self.kind.__qualname__}({attributes})"


@dataclass(frozen=True, slots=True)
class Returned:
    """A call came to its end with that value."""

    value: object

    def __repr__(self) -> str:
        return describe(self.value)


@dataclass(frozen=True, slots=True)
class Raised:
    """A call came to its end with an exception of that class."""

    kind: type[BaseException]

    def __repr__(self) -> str:
        return f"raises {self.kind.__name__}"


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A call has been left since its task was cancelled: it takes no effect."""

    def __repr__(self) -> str:
        return "cancelled"


CallEnd = Returned | Raised | Withdrawn

# A specification that raises one of these is broken; any other is what the call comes to.
_SLIPS: Final = (NameError, AttributeError, TypeError, AssertionError, RecursionError)


def state_of(instance: object) -> Part:
    """All that it consists of. Errors: Misuse for what cannot be copied, or compared."""
    return _Reading(type(instance).__qualname__).of_instance(instance)


class _Reading:
    """Reads one instance. What can change is met once: a copy would have two of it else."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._met: dict[int, object] = {}

    def of_instance(self, instance: Any) -> Part:
        kind = type(instance)
        if not _is_its_attributes(instance):
            raise Misuse(
                f"specification {self._name} has more in it than attributes, so no copy can be "
                f"made of it. Give it an attribute for each thing that it knows."
            )
        named = {n: getattr(instance, n) for n in slots_of(kind) if hasattr(instance, n)}
        named |= getattr(instance, "__dict__", {})
        return Part(kind, tuple((name, self._read(named[name], name)) for name in sorted(named)))

    def _read(self, item: Any, path: str) -> object:
        kind = set if isinstance(item, _Ordered) else type(item)
        if kind is tuple:
            return Part(tuple, tuple(self._read(each, path) for each in item))
        if kind in (list, deque, set, dict, OrderedDict):
            if id(item) in self._met:
                raise Misuse(
                    f"specification {self._name} holds one {kind.__name__} twice, the second time "
                    f"in {path!r}: a copy of it would have two. Let it hold that once."
                )
            self._met[id(item)] = item
            return Part(kind, tuple(self._contents(item, kind, path)))
        try:
            require_hashable(item, "it")
        except TypeError:
            raise self._refused(item, path) from None
        if compares_by_identity(kind) and not _never_changes(item, kind):
            raise self._refused(item, path)
        return item

    def _contents(self, item: Any, kind: type, path: str) -> Iterator[object]:
        if kind in (dict, OrderedDict):
            for key, value in item.items():
                yield (self._read(key, path), self._read(value, path))
        elif kind is set:
            yield frozenset(self._read(each, path) for each in item)
        else:
            if kind is deque:
                yield item.maxlen
            for each in item:
                yield self._read(each, path)

    def _refused(self, item: object, path: str) -> Misuse:
        return Misuse(
            f"specification {self._name} holds a {type(item).__qualname__} in {path!r}: its "
            f"copies, one for each order of the calls, would share it. Use numbers, texts, tuples, "
            f"frozen dataclasses, and lists, dicts, sets and deques of these."
        )


def _is_its_attributes(instance: object) -> bool:
    """Whether there is nothing more in it, as in a subclass of list or of a class written in C."""
    kind = type(instance)
    try:
        told = object.__reduce_ex__(instance, 2)
    except TypeError:
        return False
    return kind not in copyreg.dispatch_table and told[1] == (kind,) and told[3:] == (None, None)


def _never_changes(item: object, kind: type) -> bool:
    if isinstance(item, enum.Enum | type | types.FunctionType | types.BuiltinFunctionType):
        return True
    made: Any = kind
    if dataclasses.is_dataclass(kind):
        return bool(made.__dataclass_params__.frozen)
    return kind.__basicsize__ == object.__basicsize__  # it has no room for anything


class _Ordered(set[Any]):
    """A set that is gone through in one order or in the other, whatever the hash seed."""

    backwards = False

    def __iter__(self) -> Iterator[Any]:
        return iter(sorted(super().__iter__(), key=describe, reverse=self.backwards))

    def pop(self) -> Any:
        for item in self:
            self.remove(item)
            return item
        raise KeyError("pop from an empty set")


class _Backwards(_Ordered):
    backwards = True


def _made(part: object, sets: type[_Ordered]) -> Any:
    """An object of its own, as the value has it."""
    if not isinstance(part, Part):
        return part
    kind: Any = part.kind
    content = part.content
    if kind is set:
        (items,) = content
        return sets(_made(each, sets) for each in items)
    if kind in (dict, OrderedDict):
        return kind((_made(key, sets), _made(value, sets)) for key, value in content)
    if kind is deque:
        maxlen, *items = content
        return deque((_made(each, sets) for each in items), maxlen)
    if kind in (list, tuple):
        return kind(_made(each, sets) for each in content)
    instance = kind.__new__(kind)
    for name, value in content:
        object.__setattr__(instance, name, _made(value, sets))
    return instance


def step(state: Part, method: str, args: tuple[object, ...]) -> tuple[CallEnd, Part] | None:
    """What a call comes to in a state, and the state after it; None: it has to wait.

    Errors   Misuse for a specification that is broken, or no function of its state.
    """
    found, again = (_called(state, method, args, sets) for sets in (_Ordered, _Backwards))
    if (found and value_key(found)) != (again and value_key(again)):
        raise Misuse(
            f"{told(method, args)} of specification {state.kind.__qualname__} is no function of "
            f"its state: asked twice of the same one, it comes to {_come_to(found)} and to "
            f"{_come_to(again)}.\n"
            f"Usual cause: it goes through a set, or uses what is none of its attributes.\n"
            f"Try: sort what is in the set, or use a dict or a list."
        )
    return found


def _called(
    state: Part, method: str, args: tuple[object, ...], sets: type[_Ordered]
) -> tuple[CallEnd, Part] | None:
    instance = _made(state, sets)
    what = f"{told(method, args)} of specification {state.kind.__qualname__}"
    end: CallEnd
    try:
        value = getattr(instance, method)(*args)
    except NotEnabled:
        return None
    except _SLIPS as error:
        raise Misuse(f"{what} fails: {type(error).__name__}: {error}") from error
    except MemoryError:  # the machine's
        raise
    except Exception as error:
        end = Raised(type(error))
    except BaseException as error:
        if is_from_outside(error):
            raise
        raise Misuse(f"{what} raised {type(error).__name__}: {error}") from error
    else:
        try:
            require_hashable(value, f"what {what} returns")
        except Unfit as error:
            raise Misuse(str(error)) from None
        end = Returned(value)
    return end, state_of(instance)


def _come_to(found: tuple[CallEnd, Part] | None) -> str:
    return "no end" if found is None else f"{found[0]!r}, leaving {found[1]!r}"


def told(method: str, args: tuple[object, ...]) -> str:
    """A call as text: `push(1)`."""
    return f"{method}({', '.join(map(describe, args))})"
