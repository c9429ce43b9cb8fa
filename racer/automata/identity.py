"""When two suspended runs of a thread are the same node: position, locals and value stack.

Two runs that stand at the same code position with equal locals and an equal value stack, all
of them provably immutable, continue alike whatever results they are given: a coroutine has no
other state, and threads share cells and nothing else. So they are one node of the automaton,
and a retry loop becomes a cycle. Where equality cannot be *shown*, `coroutine_key` gives None and
the caller falls back to the history of results, which is always sound and only larger.

`gc.get_referents(coroutine)` lists what a suspended frame holds: a header (names, frame,
function, code), then the bound locals in the order of `co_varnames`, then the value stack with
the iterators of `for` loops. CPython promises none of this, so `_layout_is_known` checks it on
a coroutine whose content is known before anything relies on it; on an interpreter that answers
otherwise, every node falls back to its history.

Source   CPython Objects/genobject.c gen_traverse, Python/frame.c _PyFrame_Traverse (3.11-3.14).
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import gc
import sys
import types
from collections.abc import Coroutine, Hashable, Mapping
from typing import Any, Generic, Protocol

from racer.lang.asking import operation_of
from racer.lang.cells import Cell, Lock
from racer.lang.memory import Memory
from racer.lang.program import Program, Thread
from racer.lang.values import compares_by_identity, value_key
from racer.lang.watches import Watch, Window


class _Unknown(Exception):
    """Something in the run is not provably immutable."""


_ATOMS = (int, bool, str, bytes, float, complex, types.NoneType, types.EllipsisType)
# Objects that are never changed once made, and compare by identity.
_HANDLES = (
    Cell,
    Lock,
    Memory,
    Watch,
    Thread,
    Program,
    types.ModuleType,
    types.WrapperDescriptorType,
    types.MethodDescriptorType,
    types.GetSetDescriptorType,
)
# Iterators whose __reduce__ gives all their state: (callable, arguments[, position]).
_ITERATORS = (
    type(iter(range(0))),
    type(iter(range(1 << 70))),
    type(iter(())),
    type(iter("")),
    type(iter("é")),
    type(iter(b"")),
    enumerate,
    zip,
)


class Identifier:
    """Gives suspended runs their keys, and keeps alive whatever a key names by `id`.

    Objects that cells have held are immutable by contract, whatever their type: `trust` takes
    them, so that a thread that holds one in a local is still identified by its locals.
    """

    def __init__(self) -> None:
        self._kept: dict[int, object] = {}
        self._trusted: dict[int, object] = {}
        self._aliases: dict[int, object] = {}
        # Keys of frozen dataclasses, by id: a Page or a word of flags is met in every run.
        self._known: dict[int, Hashable] = {}

    def trust(self, value: object) -> None:
        """Take `value`, which a cell holds, for immutable."""
        self._trusted[id(value)] = value

    def take_for(self, same: Mapping[int, object]) -> None:
        """Take code, or a namespace, for what stands under its id: it is a copy of that."""
        self._aliases.update(same)

    def is_trusted(self, value: object) -> bool:
        """Whether that very object was given to trust()."""
        return id(value) in self._trusted

    def coroutine_key(self, coroutine: Coroutine[Any, Any, object]) -> Hashable | None:
        """Equal for two suspended coroutines of one thread only if they continue alike.

        None where that is not shown.
        """
        if not _layout_is_known():
            return None
        try:
            return self._encoder().chain(coroutine)
        except _Unknown:
            return None

    def function_key(self, function: object) -> Hashable | None:
        """A key for a function given to update() or wait_until(), which may be a new lambda.

        Equal keys mean equal code over equal captured values. None where that is not shown.
        """
        try:
            return self._encoder().value(function)
        except _Unknown:
            return None

    def _encoder(self) -> _Encoder:
        return _Encoder(self._kept, self._trusted, self._known, self._aliases)


class _Encoder:
    """Writes one object graph as a hashable key.

    Objects that can change (closure cells, iterators) are numbered when first met, so that two
    graphs get equal keys only if their sharing is equal too.
    """

    def __init__(
        self,
        kept: dict[int, object],
        trusted: Mapping[int, object],
        known: dict[int, Hashable],
        aliases: Mapping[int, object],
    ) -> None:
        self._kept = kept
        self._trusted = trusted
        self._known = known
        self._aliases = aliases
        self._numbers: dict[int, int] = {}
        self._numbered_met = 0  # how often an object that can change was met

    def chain(self, awaited: Any) -> Hashable:
        """The coroutine, and each one that it awaits in turn."""
        frames: list[Hashable] = []
        while awaited is not None:
            operation = operation_of(awaited)
            if operation is not None:  # nothing else is known to the frames that hand it over
                frames.append(self.value(operation))
                break
            inner = _awaited_by(awaited)
            frames.append(self._frame(awaited, inner))
            awaited = inner
        return tuple(frames)

    def _frame(self, awaited: Any, inner: Any) -> Hashable:
        frame = _frame_of(awaited)
        header, held = _split_referents(awaited, frame)
        if header is None:
            raise _Unknown
        # Names of the bound locals: two of them may hold the same value, one of them bound.
        bound = tuple(frame.f_locals)
        content = tuple("awaited" if item is inner else self.value(item) for item in held)
        return (self._same(frame.f_code), self._same(header), frame.f_lasti, bound, content)

    def value(self, item: Any) -> Hashable:
        kind = type(item)
        if kind in _ATOMS:
            return value_key(item)
        known = self._known.get(id(item))
        if known is not None:
            return known
        if isinstance(item, _HANDLES):
            return self._same(item)
        if kind is tuple:
            return ("tuple", tuple(self.value(part) for part in item))
        if kind is frozenset:  # equal ones may be iterated in different orders
            return ("frozenset", tuple(self.value(part) for part in item))
        if kind is range:  # empty ones are equal, whatever their start
            return ("range", item.start, item.stop, item.step)
        if isinstance(item, type):
            return self._class(item)
        if kind is types.BuiltinFunctionType:
            return self._builtin(item)
        if isinstance(item, enum.Enum):
            return ("enum", self._same(kind), item.name, self.value(item.value))
        if kind is Window:
            return self._numbered(item, lambda: self._window(item))
        if kind is types.MethodType:
            return ("method", self.value(item.__func__), self.value(item.__self__))
        if kind is types.FunctionType:
            return self._function(item)
        if kind is types.CellType:
            return self._numbered(item, lambda: self._cell(item))
        if kind in _ITERATORS:
            return self._numbered(item, lambda: self._iterator(item))
        if dataclasses.is_dataclass(item):
            return self._dataclass(item)
        if id(item) in self._trusted:
            return self._same(item)
        raise _Unknown

    def _same(self, item: object) -> Hashable:
        """By identity: the object is kept alive, so that no other can take its id."""
        self._kept[id(item)] = item
        return id(item)

    def _numbered(self, item: object, encode: Any) -> Hashable:
        self._numbered_met += 1
        number = self._numbers.get(id(item))
        if number is not None:
            return ("again", number)
        self._numbers[id(item)] = len(self._numbers)
        self._kept[id(item)] = item
        return (type(item).__name__, encode())

    def _cell(self, cell: Any) -> Hashable:
        try:
            return self.value(cell.cell_contents)
        except ValueError:  # not bound yet
            return "empty"

    def _iterator(self, iterator: Any) -> Hashable:
        _, arguments, *position = iterator.__reduce__()
        return tuple(self.value(part) for part in (*arguments, *position))

    def _window(self, window: Any) -> Hashable:
        seen = window.observation
        flags = None if seen is None else (seen.ever_true, seen.ever_false, seen.at_end)
        # A closed window has given up its slot: what it saw is all that is left of it.
        return ("window", self._same(window.watch), flags, window.slot if seen is None else None)

    def _class(self, item: Any) -> Hashable:
        """A class that can be found in its module is constant; one made by the thread is not."""
        found: object = sys.modules.get(item.__module__)
        for name in item.__qualname__.split("."):
            found = getattr(found, name, None)
        if found is item or id(item) in self._trusted:
            return self._same(item)
        raise _Unknown

    def _builtin(self, item: Any) -> Hashable:
        """A function written in C; of a bound one, such as `log.append`, the object counts."""
        owner = item.__self__
        if owner is None or isinstance(owner, types.ModuleType):
            return self._same(item)
        return ("builtin", item.__name__, self.value(owner))

    def _function(self, function: Any) -> Hashable:
        captured = tuple(self.value(cell) for cell in function.__closure__ or ())
        defaults = self.value(function.__defaults__)
        keywords = tuple(
            (name, self.value(value)) for name, value in (function.__kwdefaults__ or {}).items()
        )
        if set(function.__dict__) - {"__wrapped__"}:
            raise _Unknown
        own = (function.__code__, function.__globals__)
        code, names = (self._same(self._aliases.get(id(each), each)) for each in own)
        return ("function", code, names, captured, defaults, keywords)

    def _dataclass(self, item: Any) -> Hashable:
        """Encoded once, if all that it holds is immutable, too."""
        met = self._numbered_met
        key = self._fields(item)
        if self._numbered_met == met:
            self._kept[id(item)] = item
            self._known[id(item)] = key
        return key

    def _fields(self, item: Any) -> Hashable:
        kind = type(item)
        if not all(_only_holds_fields(base) for base in kind.__mro__):
            raise _Unknown
        fields = dataclasses.fields(item)
        if set(getattr(item, "__dict__", ())) - {field.name for field in fields}:
            raise _Unknown  # it carries more than its fields: a cached property, say
        content = tuple(self.value(getattr(item, field.name, _Unknown)) for field in fields)
        own = self._same(item) if compares_by_identity(kind) else None
        return ("dataclass", self._same(kind), own, content)


def _only_holds_fields(base: type) -> bool:
    """Whether instances of this class, in the MRO of a dataclass, have no state but its fields."""
    if base in (object, Generic, Protocol):
        return True
    own = vars(base)
    if own.get("__slots__") == ():  # an interface, such as that of operations
        return True
    parameters = own.get("__dataclass_params__")
    return parameters is not None and parameters.frozen


def _awaited_by(awaited: Any) -> Any:
    if isinstance(awaited, types.CoroutineType):
        return awaited.cr_await
    if isinstance(awaited, types.GeneratorType):
        return awaited.gi_yieldfrom
    raise _Unknown  # an awaitable of its own kind: its state cannot be seen


def _frame_of(awaited: Any) -> Any:
    return awaited.cr_frame if hasattr(awaited, "cr_frame") else awaited.gi_frame


def _split_referents(awaited: Any, frame: Any) -> tuple[Any, list[object]]:
    """The function a suspended frame runs, and the locals and stack it holds; (None, []) else.

    Before the function stand names, frame and code; an exception being handled stands there, too,
    and is not accepted.
    """
    items = gc.get_referents(awaited)
    code = frame.f_code
    for position, item in enumerate(items):
        if item is frame or item is code or isinstance(item, str):
            continue
        if isinstance(item, types.FunctionType) and item.__code__ is code:
            if position + 1 < len(items) and items[position + 1] is code:
                return item, items[position + 2 :]
            break
        if not (isinstance(item, dict) and item is frame.f_locals):
            break
    return None, []


@types.coroutine
def _suspend(value: object) -> Any:
    return (yield value)


def _remaining(iterator: Any) -> list[object]:
    """What an iterator over a sequence has still to give, read without moving it."""
    _, (sequence,), *position = iterator.__reduce__()
    return list(sequence)[(position[0] if position else None) or 0 :]


async def _probe(first: object, second: object) -> Any:
    for index in range(3, 9):
        del first
        return (second, index, await _suspend("inner"))
    return None


@functools.cache
def _layout_is_known() -> bool:
    """Whether gc shows a suspended frame as this file expects: checked on a known coroutine."""
    second = ("second",)
    probe: Any = _probe(("first",), second)
    try:
        probe.send(None)
        inner = probe.cr_await
        _, held = _split_referents(probe, probe.cr_frame)
        _, held_inside = _split_referents(inner, inner.gi_frame)
        iterators = [item for item in held if type(item) is type(iter(range(0)))]
        rest = [item for item in held if type(item) is not type(iter(range(0)))]
        return (
            list(probe.cr_frame.f_locals) == ["second", "index"]
            and len(rest) == 5
            and all(
                found is expected or found == expected
                for found, expected in zip(rest, [second, 3, second, 3, inner], strict=True)
            )
            and len(iterators) == 1
            and _remaining(iterators[0]) == [4, 5, 6, 7, 8]
            and held_inside == ["inner"]
        )
    except (AttributeError, TypeError):
        return False
    finally:
        probe.close()
