"""What objects and variables held at one time: compared cheaply, put back for a second look.

`Snapshots.changed()` is asked at every stop of every run that is lifted, so what did not change has
to cost next to nothing: the parts of all that are of a common kind are compared by identity, in a
few loops that run in C. Only where one differs, each thing is asked by itself (`held.py`).
"""

from __future__ import annotations

import enum
import functools
import operator
import types
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from racer.automata.compiled import keeps_more, state_of
from racer.automata.held import (
    PARTS_OF_FUNCTION,
    Cell,
    Class,
    Function,
    Generator,
    Mapping,
    Names,
    Reduced,
    Sequence,
    Slots,
    Snapshot,
    same,
)
from racer.automata.reaching import SEQUENCES, Variable
from racer.lang.values import slots_of


class Snapshots:
    """What a growing number of variables and objects held when they were taken in."""

    def __init__(self) -> None:
        self._all: list[Snapshot] = []
        self._mappings: list[Mapping] = []
        self._sequences: list[Sequence] = []
        self._functions: list[Function] = []
        self._others: list[Snapshot] = []
        self._dicts: list[Any] = []  # of mappings
        self._sized: list[Any] = []  # these, and those of sequences
        self._sizes: list[int] = []
        self._keys: list[object] = []  # of mappings, and the elements of sequences
        self._values: list[object] = []  # of mappings
        self._defined: list[types.FunctionType] = []
        self._of_functions: list[object] = []

    def add(self, variables: Iterable[Variable], objects: Iterable[tuple[str, object]]) -> None:
        """Take in what all of these hold now."""
        for snapshot in _of_all(variables, objects):
            self._all.append(snapshot)
            if isinstance(snapshot, Mapping):
                self._mappings.append(snapshot)
            elif isinstance(snapshot, Sequence):
                self._sequences.append(snapshot)
            elif isinstance(snapshot, Function):
                self._functions.append(snapshot)
            else:
                self._others.append(snapshot)
        rows: list[tuple[Any, list[Any]]] = [(each.item, each.keys) for each in self._mappings]
        rows += [(each.item, each.before) for each in self._sequences]
        self._dicts = [each.item for each in self._mappings]
        self._sized = [item for item, _ in rows]
        self._sizes = [len(keys) for _, keys in rows]
        self._keys = [key for _, keys in rows for key in keys]
        self._values = [value for each in self._mappings for value in each.values]
        self._defined = [each.item for each in self._functions]
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
        return (
            list(map(len, self._sized)) == self._sizes
            and same(every(self._sized), self._keys)
            and same(every(map(_values_of, self._dicts)), self._values)
            and same(every(map(PARTS_OF_FUNCTION, self._defined)), self._of_functions)
            and all(each.changed() is None for each in self._others)
        )


_values_of = operator.methodcaller("values")


def _of_all(
    variables: Iterable[Variable], objects: Iterable[tuple[str, object]]
) -> Iterator[Snapshot]:
    spaces: dict[int, list[Variable]] = {}
    for variable in variables:
        if isinstance(variable.where, dict):
            spaces.setdefault(id(variable.where), []).append(variable)
        else:
            yield Cell(variable)
    for of_space in spaces.values():
        yield Names(of_space)
    for path, item in objects:
        yield from _of_object(path, item)


def _of_object(path: str, item: Any) -> Iterator[Snapshot]:
    kind = type(item)
    if isinstance(item, type):
        yield Class(path, item)
    elif isinstance(item, types.FunctionType):
        yield Function(path, item)
        yield Mapping(path, item.__dict__)
    elif isinstance(item, functools.partial):
        yield Mapping(path, item.keywords)
    elif kind in _NEVER_CHANGING or _is_frozen(kind):
        return
    elif isinstance(item, dict):
        yield Mapping(path, item)
    elif isinstance(item, list | deque | set):
        yield Sequence(path, item)
    elif isinstance(item, types.GeneratorType | types.AsyncGeneratorType):
        yield Generator(path, item)
    elif not (isinstance(item, tuple | frozenset | enum.Enum) or is_transparent(item)):
        state = state_of(item)
        if state is not None:
            yield Reduced(path, item, state)
    if kind not in (dict, *SEQUENCES):
        if isinstance(getattr(item, "__dict__", None), dict):
            yield Mapping(path, item.__dict__)
        if slots_of(kind):
            yield Slots(path, item)


_NEVER_CHANGING = (
    *(tuple, frozenset, types.MappingProxyType),
    *(types.MethodType, types.BuiltinFunctionType, types.MethodWrapperType),
    *(staticmethod, classmethod, property, types.CoroutineType),
)


def _is_frozen(kind: type) -> bool:
    parameters = getattr(kind, "__dataclass_params__", None)
    return parameters is not None and parameters.frozen and not issubclass(kind, _CONTAINERS)


_CONTAINERS = (dict, list, set, deque, bytearray)


_BOUND = (types.MethodType, types.BuiltinFunctionType, types.MethodWrapperType)


def is_transparent(item: object) -> bool:
    """Whether `parts` shows all that an object consists of."""
    kind = type(item)
    if isinstance(item, type) or kind in (dict, *SEQUENCES, functools.partial):
        return True
    if isinstance(item, (*_BOUND, types.FunctionType)):
        return True
    if kind.__reduce_ex__ is not object.__reduce_ex__ or kind.__reduce__ is not object.__reduce__:
        return False
    if keeps_more(kind) and getattr(kind, "__getstate__", None) is not object.__getstate__:
        return False
    try:
        object.__reduce_ex__(item, 2)  # refuses instances with state in C
    except Exception:  # or of a class whose own __getstate__ fails
        return False
    return True
