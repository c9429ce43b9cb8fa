"""Each kind of thing that can change: what one held at one time, and how that is put back."""

from __future__ import annotations

import operator
import types
from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from itertools import repeat
from typing import Any, Final, Protocol

from racer.automata.compiled import Stated, state_of
from racer.automata.frames import frame_of
from racer.automata.reaching import ATOMS, UNBOUND, Variable, is_dunder
from racer.lang.values import slots_of, value_key

PARTS_OF_FUNCTION: Final = operator.attrgetter("__code__", "__defaults__", "__kwdefaults__")


class Snapshot(Protocol):
    """Something that held something."""

    def changed(self) -> str | None:
        """The path of what holds something else now; None: nothing does."""

    def restore(self) -> None:
        """Put back what was there, where that can be done."""


def same(now: Iterable[object], before: Iterable[object]) -> bool:
    """Whether two equally long rows have the same objects."""
    return all(map(operator.is_, now, before))


def _alike(now: Iterable[object], before: Iterable[object]) -> bool:
    """The same, where numbers and texts are the same if they are equal and of one type."""
    pairs = zip(now, before, strict=False)
    return all(one is other or _identity(one) == _identity(other) for one, other in pairs)


def _identity(item: Any) -> Hashable:
    return value_key(item) if type(item) in ATOMS else id(item)


class Cell:
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


class Names:
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
        if same(self._now(), self._before):
            return None
        pairs = zip(self._variables, self._now(), self._before, strict=True)
        return next((each.path for each, now, was in pairs if not _alike([now], [was])), None)

    def restore(self) -> None:
        for name, value in zip(self._names, self._before, strict=True):
            if value is UNBOUND:
                self._where.pop(name, None)
            else:
                self._where[name] = value


class Mapping:
    """A dict, or the attributes of an object that has one."""

    def __init__(self, path: str, item: dict[Any, Any]) -> None:
        self.item = item
        self.keys, self.values = list(item), list(item.values())
        self._path = path

    def changed(self) -> str | None:
        item = self.item
        as_before = (
            len(item) == len(self.keys)
            and _alike(item, self.keys)
            and _alike(item.values(), self.values)
        )
        return None if as_before else self._path

    def restore(self) -> None:
        """What is as it was is left alone: a namespace leads to the one of all builtins, without
        which nothing runs."""
        if self.changed() is None:
            return
        item, before = self.item, list(zip(self.keys, self.values, strict=True))
        clear, update = dict.clear, dict.update  # they are builtins, which may be what is cleared
        clear(item)
        update(item, before)


class Sequence:
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


class Slots:
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
        return None if same(now, self._before) or _alike(now, self._before) else self._path

    def restore(self) -> None:
        for name, value in zip(self._names, self._before, strict=True):
            if value is UNBOUND:
                if hasattr(self._item, name):
                    object.__delattr__(self._item, name)
            else:
                object.__setattr__(self._item, name, value)


class Class:
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
        if len(now) == len(names) and same(now.values(), values) and same(now, names):
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


class Function:
    """The code and the defaults of a function."""

    def __init__(self, path: str, item: types.FunctionType) -> None:
        self.item = item
        self.before: tuple[Any, ...] = PARTS_OF_FUNCTION(item)
        self._path = path

    def changed(self) -> str | None:
        return None if same(PARTS_OF_FUNCTION(self.item), self.before) else self._path

    def restore(self) -> None:
        function = self.item
        function.__code__, function.__defaults__, function.__kwdefaults__ = self.before


class Generator:
    """How far a generator of any kind that is shared has come."""

    def __init__(self, path: str, item: Any) -> None:
        self._path = path
        self._item = item
        self._before = self._now()

    def _now(self) -> list[object]:
        frame = frame_of(self._item)
        return [] if frame is None else [frame.f_lasti, *frame.f_locals.values()]

    def changed(self) -> str | None:
        now = self._now()
        as_before = len(now) == len(self._before) and _alike(now, self._before)
        return None if as_before else self._path

    def restore(self) -> None:
        """It cannot be turned back."""


class Reduced:
    """An object with state in C that says what that is."""

    def __init__(self, path: str, item: object, state: Stated) -> None:
        self._path = path
        self._item = item
        self._before = state

    def changed(self) -> str | None:
        now = state_of(self._item)
        return self._path if now is None or now.text != self._before.text else None

    def restore(self) -> None:
        self._before.put_back(self._item)
