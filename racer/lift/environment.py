"""What a thread can reach without being given it: closures, arguments, defaults, named globals.

Threads share cells and nothing else. Whatever else a thread's function can reach is therefore
taken to be constant, whatever its type; that makes it usable in node identities, and it is
checked: a snapshot is taken before lifting and compared after every use of the coroutines. A
thread that appends to a shared list or counts in a global is refused, and the object is named.

Bound    globals are followed where the code of the thread, or of a function that it can reach,
         names them. Attributes of modules and the state of C extensions are not seen.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Hashable, Iterator
from typing import Any

from racer.errors import ModelError
from racer.memory import Cell, Lock, Memory
from racer.program import Program, Thread, ThreadInstance
from racer.values import describe
from racer.watches import Watch

_ATOMS = (int, bool, str, bytes, float, complex, types.NoneType, types.EllipsisType)
_OPAQUE = (Cell, Lock, Memory, Watch, Thread, Program, type, types.ModuleType)
_CONTAINERS = (list, tuple, set, frozenset, dict)


class Environment:
    """The objects that one thread's function can reach, and what they held at the start."""

    def __init__(self, instance: ThreadInstance) -> None:
        self._instance = instance
        self._objects: dict[int, tuple[str, object]] = {}
        for path, item in _roots(instance):
            self._walk(path, item)
        self._before = {number: _content(item) for number, (_, item) in self._objects.items()}
        self._roots = _shallow(instance)

    def objects(self) -> Iterator[object]:
        """Every object reached, each once, in a fixed order."""
        return (item for _, item in self._objects.values())

    def check(self) -> None:
        """Refuse the thread if anything it can reach has changed. Errors: ModelError."""
        changed = [
            path
            for number, (path, item) in self._objects.items()
            if _content(item) != self._before[number]
        ]
        now = _shallow(self._instance)
        changed += [path for path, content in self._roots.items() if now.get(path) != content]
        if changed:
            name = self._instance.name
            raise ModelError(
                f"thread {name!r} changes {changed[0]}, which is not a cell: it would carry "
                f"something from one interleaving into the next, and nothing could be proved.\n"
                f"Usual cause: a list, dict, object or nonlocal of the enclosing function is used "
                f"to share or to log.\n"
                f"Try: make it a cell, or a local variable of the thread.",
                thread=name,
            )

    def _walk(self, path: str, item: object) -> None:
        if isinstance(item, (*_ATOMS, *_OPAQUE)) or id(item) in self._objects:
            return
        self._objects[id(item)] = (path, item)
        for part_path, part in _parts(path, item):
            self._walk(part_path, part)


def _roots(instance: ThreadInstance) -> Iterator[tuple[str, object]]:
    yield from _parts(instance.name, instance.thread.fn)
    for position, argument in enumerate(instance.thread.args):
        yield f"its argument {position + 1}", argument


def _shallow(instance: ThreadInstance) -> dict[str, Hashable]:
    """What each name that the function uses is bound to."""
    return {path: _identity(item) for path, item in _roots(instance)}


def _parts(path: str, item: object) -> Iterator[tuple[str, object]]:
    """What an object refers to, with words for each."""
    if isinstance(item, types.MethodType):
        yield f"the object {type(item.__self__).__name__}", item.__self__
        yield path, item.__func__
    elif isinstance(item, types.FunctionType):
        yield from _function_parts(item)
    elif isinstance(item, dict):
        for key, value in item.items():
            yield path, key
            yield path, value
    elif isinstance(item, _CONTAINERS):
        for part in item:
            yield path, part
    else:
        for name, value in _attributes(item):
            yield f"{path}.{name}", value


def _function_parts(function: types.FunctionType) -> Iterator[tuple[str, object]]:
    code = function.__code__
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield f"the variable {name!r}", cell.cell_contents
        except ValueError:  # not bound
            continue
    for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
        yield f"a default of {function.__name__}()", default
    for name in code.co_names:
        if name in function.__globals__:
            yield f"the global {name!r}", function.__globals__[name]


def _attributes(item: object) -> list[tuple[str, object]]:
    if dataclasses.is_dataclass(item):
        return [(field.name, getattr(item, field.name, None)) for field in dataclasses.fields(item)]
    return list(getattr(item, "__dict__", {}).items())


def _content(item: object) -> Hashable:
    """What an object holds now, one level deep: its parts are compared on their own."""
    parts = tuple((name, _identity(part)) for name, part in _parts("", item))
    return frozenset(parts) if isinstance(item, set | frozenset) else parts


def _identity(item: Any) -> Hashable:
    if isinstance(item, _ATOMS):
        return (type(item), describe(item))
    return id(item)
