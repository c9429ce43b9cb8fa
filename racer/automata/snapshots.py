"""What objects and variables held at one time: compared cheaply, put back for a second look.

Each kind of thing that can change has a class here. `Snapshots.changed()` is asked at every stop of
every run that is lifted, so what did not change has to cost next to nothing: the parts of all that
are of a common kind are compared by identity, in a few loops that run in C. Only where one differs,
each thing is asked by itself, and told by what it is.
"""

from __future__ import annotations

import enum
import functools
import operator
import types
from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from contextlib import suppress
from itertools import chain, repeat
from typing import Any, NamedTuple, Protocol

from racer.automata.reaching import (
    ATOMS,
    SEQUENCES,
    UNBOUND,
    Variable,
    is_dunder,
    slots_of,
)
from racer.lang.values import value_key


class Snapshot(Protocol):
    """Something that held something."""

    def changed(self) -> str | None:
        """The path of what holds something else now; None: nothing does."""

    def restore(self) -> None:
        """Put back what was there, where that can be done."""


class Snapshots:
    """What a growing number of variables and objects held when they were taken in."""

    def __init__(self) -> None:
        self._all: list[Snapshot] = []
        self._mappings: list[_Mapping] = []
        self._sequences: list[_Sequence] = []
        self._functions: list[_Function] = []
        self._others: list[Snapshot] = []
        self._items: list[Any] = []  # of mappings and sequences
        self._sizes: list[int] = []
        self._keys: list[object] = []  # of mappings, and the elements of sequences
        self._values: list[object] = []  # of mappings
        self._of_functions: list[object] = []

    def add(self, variables: Iterable[Variable], objects: Iterable[tuple[str, object]]) -> None:
        """Take in what all of these hold now."""
        for snapshot in _of_all(variables, objects):
            self._all.append(snapshot)
            if isinstance(snapshot, _Mapping):
                self._mappings.append(snapshot)
            elif isinstance(snapshot, _Sequence):
                self._sequences.append(snapshot)
            elif isinstance(snapshot, _Function):
                self._functions.append(snapshot)
            else:
                self._others.append(snapshot)
        rows: list[tuple[Any, list[Any]]] = [(each.item, each.keys) for each in self._mappings]
        rows += [(each.item, each.before) for each in self._sequences]
        self._items = [item for item, _ in rows]
        self._sizes = [len(keys) for _, keys in rows]
        self._keys = [key for _, keys in rows for key in keys]
        self._values = [value for each in self._mappings for value in each.values]
        self._of_functions = [part for each in self._functions for part in each.before]

    def changed(self) -> str | None:
        """The path of something that holds something else now; None: nothing does."""
        if self._are_as_they_were():
            return None
        return next((path for each in self._all if (path := each.changed()) is not None), None)

    def restore(self) -> None:
        """Put back what was there, as far as that can be done."""
        for each in self._all:
            each.restore()

    def _are_as_they_were(self) -> bool:
        every = chain.from_iterable
        mappings = self._items[: len(self._mappings)]
        functions = (each.item for each in self._functions)
        return (
            list(map(len, self._items)) == self._sizes
            and _same(every(self._items), self._keys)
            and _same(every(map(_values_of, mappings)), self._values)
            and _same(every(map(_parts_of_function, functions)), self._of_functions)
            and all(each.changed() is None for each in self._others)
        )


_values_of = operator.methodcaller("values")
_parts_of_function = operator.attrgetter("__code__", "__defaults__", "__kwdefaults__")


def _of_all(
    variables: Iterable[Variable], objects: Iterable[tuple[str, object]]
) -> Iterator[Snapshot]:
    spaces: dict[int, list[Variable]] = {}
    for variable in variables:
        if isinstance(variable.where, dict):
            spaces.setdefault(id(variable.where), []).append(variable)
        else:
            yield _Cell(variable)
    for of_space in spaces.values():
        yield _Names(of_space)
    for path, item in objects:
        yield from _of_object(path, item)


def _of_object(path: str, item: Any) -> Iterator[Snapshot]:
    kind = type(item)
    if isinstance(item, type):
        yield _Class(path, item)
    elif isinstance(item, types.FunctionType):
        yield _Function(path, item)
        yield _Mapping(path, item.__dict__)
    elif isinstance(item, functools.partial):
        yield _Mapping(path, item.keywords)
    elif kind in _NEVER_CHANGING or _is_frozen(kind):
        return
    elif isinstance(item, dict):
        yield _Mapping(path, item)
    elif isinstance(item, list | deque | set):
        yield _Sequence(path, item)
    elif isinstance(item, types.GeneratorType):
        yield _Generator(path, item)
    elif not (isinstance(item, tuple | frozenset | enum.Enum) or is_transparent(item)):
        state = _state(item)
        if state is not None:
            yield _Reduced(path, item, state)
    if kind not in (dict, *SEQUENCES):
        if isinstance(getattr(item, "__dict__", None), dict):
            yield _Mapping(path, item.__dict__)
        if slots_of(kind):
            yield _Slots(path, item)


_NEVER_CHANGING = (
    *(tuple, frozenset, types.MethodType, types.BuiltinFunctionType, types.MappingProxyType),
    *(staticmethod, classmethod, property, types.CoroutineType),
)


def _is_frozen(kind: type) -> bool:
    parameters = getattr(kind, "__dataclass_params__", None)
    return parameters is not None and parameters.frozen and not issubclass(kind, _CONTAINERS)


_CONTAINERS = (dict, list, set, deque, bytearray)


def is_transparent(item: object) -> bool:
    """Whether `parts` shows all that an object consists of."""
    kind = type(item)
    if isinstance(item, type) or kind in (dict, *SEQUENCES, functools.partial):
        return True
    if isinstance(item, types.FunctionType | types.MethodType | types.BuiltinFunctionType):
        return True
    if kind.__reduce_ex__ is not object.__reduce_ex__ or kind.__reduce__ is not object.__reduce__:
        return False
    try:
        object.__reduce_ex__(item, 2)  # refuses instances with state in C
    except Exception:  # or of a class whose own __getstate__ fails
        return False
    return True


def _same(now: Iterable[object], before: Iterable[object]) -> bool:
    """Whether two equally long rows have the same objects."""
    return all(map(operator.is_, now, before))


def _alike(now: Iterable[object], before: Iterable[object]) -> bool:
    """The same, where numbers and texts are the same if they are equal and of one type."""
    pairs = zip(now, before, strict=False)
    return all(one is other or _identity(one) == _identity(other) for one, other in pairs)


def _identity(item: Any) -> Hashable:
    return value_key(item) if type(item) in ATOMS else id(item)


# Of values, which never change; of iterators, which are about to lose what makes copies of them.
_NOT_ASKED = ("datetime", "decimal", "enum", "fractions", "itertools", "pathlib", "re", "uuid")


class _Cell:
    """A variable of an enclosing function."""

    def __init__(self, variable: Variable) -> None:
        self._variable = variable
        self._before = variable.now()

    def changed(self) -> str | None:
        now = self._variable.now()
        return None if now is self._before or _alike([now], [self._before]) else self._variable.path

    def restore(self) -> None:
        cell = self._variable.where
        assert isinstance(cell, types.CellType)
        if self._before is UNBOUND:
            del cell.cell_contents
        else:
            cell.cell_contents = self._before


class _Names:
    """Names of one module."""

    def __init__(self, variables: list[Variable]) -> None:
        where = variables[0].where
        assert isinstance(where, dict)
        self._variables = variables
        self._where: dict[str, Any] = where
        self._names = [each.name for each in variables]
        self._before = list(self._now())

    def _now(self) -> Iterator[object]:
        return map(self._where.get, self._names, repeat(UNBOUND))

    def changed(self) -> str | None:
        if _same(self._now(), self._before):
            return None
        pairs = zip(self._variables, self._now(), self._before, strict=True)
        return next((each.path for each, now, was in pairs if not _alike([now], [was])), None)

    def restore(self) -> None:
        for name, value in zip(self._names, self._before, strict=True):
            if value is UNBOUND:
                self._where.pop(name, None)
            else:
                self._where[name] = value


class _Mapping:
    """A dict, or the attributes of an object that has one."""

    def __init__(self, path: str, item: dict[Any, Any]) -> None:
        self.item = item
        self.keys, self.values = list(item), list(item.values())
        self._path = path

    def changed(self) -> str | None:
        item = self.item
        same = len(item) == len(self.keys) and _alike(item, self.keys)
        return None if same and _alike(item.values(), self.values) else self._path

    def restore(self) -> None:
        dict.clear(self.item)
        dict.update(self.item, zip(self.keys, self.values, strict=True))


class _Sequence:
    """A list, deque or set; a set of the same elements may be in another order."""

    def __init__(self, path: str, item: list[Any] | deque[Any] | set[Any]) -> None:
        self.item = item
        self.before = list(item)
        self._path = path

    def changed(self) -> str | None:
        item = self.item
        if len(item) == len(self.before):
            if _alike(item, self.before):
                return None
            if isinstance(item, set) and {*map(id, item)} == {*map(id, self.before)}:
                return None
        return self._path

    def restore(self) -> None:
        self.item.clear()
        if isinstance(self.item, set):
            self.item.update(self.before)
        else:
            self.item.extend(self.before)


class _Slots:
    """What an object holds in its slots."""

    def __init__(self, path: str, item: object) -> None:
        self._path = path
        self._item = item
        self._names = slots_of(type(item))
        self._before = self._now()

    def _now(self) -> list[object]:
        return [getattr(self._item, name, UNBOUND) for name in self._names]

    def changed(self) -> str | None:
        now = self._now()
        return None if _same(now, self._before) or _alike(now, self._before) else self._path

    def restore(self) -> None:
        for name, value in zip(self._names, self._before, strict=True):
            if value is UNBOUND:
                if hasattr(self._item, name):
                    object.__delattr__(self._item, name)
            else:
                object.__setattr__(self._item, name, value)


class _Class:
    """What stands in a class: data, and functions, which may be replaced."""

    def __init__(self, path: str, item: type) -> None:
        self._path = path
        self._item = item
        self._all = list(vars(item)), list(vars(item).values())
        self._before = dict(self._own())

    def _own(self) -> Iterator[tuple[str, object]]:
        """Not what Python keeps there for itself: caches, and counts of them."""
        return (
            (name, value)
            for name, value in vars(self._item).items()
            if not is_dunder(name) and not name.startswith("_abc_")
        )

    def changed(self) -> str | None:
        now = vars(self._item)
        names, values = self._all
        if len(now) == len(names) and _same(now.values(), values) and _same(now, names):
            return None
        own = dict(self._own())
        for name in {**self._before, **own}:
            if not _alike([own.get(name, UNBOUND)], [self._before.get(name, UNBOUND)]):
                return f"the class attribute {self._item.__name__}.{name}"
        return None

    def restore(self) -> None:
        for name in dict(self._own()):
            if name not in self._before:
                type.__delattr__(self._item, name)
        for name, value in self._before.items():
            if vars(self._item).get(name, UNBOUND) is not value:
                type.__setattr__(self._item, name, value)


class _Function:
    """The code and the defaults of a function."""

    def __init__(self, path: str, item: types.FunctionType) -> None:
        self.item = item
        self.before: tuple[Any, ...] = _parts_of_function(item)
        self._path = path

    def changed(self) -> str | None:
        return None if _same(_parts_of_function(self.item), self.before) else self._path

    def restore(self) -> None:
        function = self.item
        function.__code__, function.__defaults__, function.__kwdefaults__ = self.before


class _Generator:
    """How far a generator that is shared has come."""

    def __init__(self, path: str, item: Any) -> None:
        self._path = path
        self._item = item
        self._before = self._now()

    def _now(self) -> list[object]:
        frame = self._item.gi_frame
        return [] if frame is None else [frame.f_lasti, *frame.f_locals.values()]

    def changed(self) -> str | None:
        now = self._now()
        same = len(now) == len(self._before) and _alike(now, self._before)
        return None if same else self._path

    def restore(self) -> None:
        """It cannot be turned back."""


class _Reduced:
    """An object with state in C that says, to be copied, what it consists of."""

    def __init__(self, path: str, item: object, state: _State) -> None:
        self._path = path
        self._item = item
        self._before = state

    def changed(self) -> str | None:
        now = _state(self._item)
        return self._path if now is None or now.text != self._before.text else None

    def restore(self) -> None:
        item: Any = self._item
        make, arguments, *state = self._before.reduced
        with suppress(Exception):  # there is no way that all kinds have in common
            if state and state[0] is not None and hasattr(item, "__setstate__"):
                item.__setstate__(state[0])
            else:
                item[:] = make(*arguments)


class _State(NamedTuple):
    """What an object says of itself to be copied, and that as text."""

    reduced: tuple[Any, ...]
    text: str


def _state(item: object) -> _State | None:
    """None where it says nothing."""
    if type(item).__module__ in _NOT_ASKED:
        return None
    try:
        reduced = item.__reduce_ex__(2)
        return None if isinstance(reduced, str) else _State(reduced, repr(reduced))
    except Exception:  # most refuse with TypeError; a class of the user's may do anything
        return None
