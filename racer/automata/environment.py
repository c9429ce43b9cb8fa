"""What modelled code can reach without being given it: closures, arguments, defaults, globals.

Threads share cells and nothing else. Whatever else a thread's function can reach is therefore
taken to be constant; that makes it usable in node identities, and it is checked: a snapshot is
taken before lifting and compared whenever a run stops at an operation, and at the end. A thread
that appends to a shared list or counts in a global is refused, and the object is named.

Trusted are only objects whose whole content can be compared: containers, functions, and
instances of plain Python classes. A node that depends on any other (an iterator, say) has its
history as its identity.

Bound    globals are followed where the code of the thread, or of a function that it can reach,
         names them; of classes, data attributes count. Attributes of modules and the state of
         C extensions are not seen.
"""

from __future__ import annotations

import dis
import functools
import sys
import types
from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from typing import Any, NamedTuple

from racer.errors import ModelError
from racer.lang.cells import Cell, Lock
from racer.lang.memory import Memory
from racer.lang.program import Program, Thread
from racer.lang.values import describe
from racer.lang.watches import Watch
from racer.lang.whose import is_racers_own

_ATOMS = (int, bool, str, bytes, float, complex, types.NoneType, types.EllipsisType, range)
_OPAQUE = (Cell, Lock, Memory, Watch, Thread, Program, types.ModuleType)
_UNBOUND = object()  # in place of the value of a variable that has none
_SEQUENCES = (list, tuple, set, frozenset, deque)


class _Variable(NamedTuple):
    """A variable that code can reach and rebind: a closure's cell, or a name of a module."""

    path: str
    where: types.CellType | dict[str, Any]
    name: str
    value: object

    def now(self) -> object:
        if isinstance(self.where, dict):
            return self.where.get(self.name, _UNBOUND)
        try:
            return self.where.cell_contents
        except ValueError:
            return _UNBOUND


class Environment:
    """The objects that a function can reach, and what they held at the start.

    `owner` is who calls the function, as errors name it ("thread 'T'", "watch 'w'"). `roots` are
    the function and its arguments, with words for each. `thread` is the owner's name if it is one.
    """

    def __init__(
        self, owner: str, roots: Iterable[tuple[str, object]], *, thread: str | None = None
    ) -> None:
        self._owner = owner
        self._thread = thread
        self._objects: dict[int, tuple[str, object]] = {}
        self._variables: dict[tuple[int, str], _Variable] = {}
        for path, item in roots:
            self._walk(path, item)
        self._cells = [v for v in self._variables.values() if not isinstance(v.where, dict)]
        self._globals = [
            (each.where, each.name, each)
            for each in self._variables.values()
            if isinstance(each.where, dict)
        ]
        self._contents = [
            (path, item, _content(item))
            for path, item in self._objects.values()
            if _can_change(item)
        ]

    def trusted(self) -> Iterator[object]:
        """Every object whose content is compared, each once, in a fixed order."""
        return (item for _, item in self._objects.values() if _is_transparent(item))

    def check(self) -> None:
        """Refuse the function if anything it can reach has changed. Errors: ModelError."""
        changed = [
            each
            for where, name, each in self._globals
            if where.get(name, _UNBOUND) is not each.value
        ]
        for variable in (*changed, *self._cells):
            value = variable.now()
            if value is not variable.value and _identity(value) != _identity(variable.value):
                self._refuse(variable.path)
        for path, item, before in self._contents:
            if _content(item) != before:
                self._refuse(path)

    def _refuse(self, path: str) -> None:
        raise ModelError(
            f"{self._owner} changes {path}, which is not a cell: it would carry something from "
            f"one interleaving into the next, and nothing could be proved.\n"
            f"Usual cause: a list, dict, object or nonlocal of the enclosing function is used "
            f"to share or to log.\n"
            f"Try: make it a cell, or a local variable of the thread.",
            thread=self._thread,
        )

    def _walk(self, path: str, item: object) -> None:
        if isinstance(item, (*_ATOMS, *_OPAQUE)) or id(item) in self._objects:
            return
        self._objects[id(item)] = (path, item)
        if isinstance(item, types.FunctionType | type) and _is_not_the_users(item):
            return
        if isinstance(item, types.FunctionType):
            for variable in _variables(item):
                self._variables.setdefault((id(variable.where), variable.name), variable)
                if variable.value is not _UNBOUND:
                    self._walk(variable.path, variable.value)
        for part_path, part in _parts(path, item):
            self._walk(part_path, part)


def _is_not_the_users(item: types.FunctionType | type) -> bool:
    """Whether a function or class is Python's or racer's own, and not part of a model."""
    module = item.__module__ or ""
    return module.partition(".")[0] in sys.stdlib_module_names or is_racers_own(module)


def _variables(function: types.FunctionType) -> Iterator[_Variable]:
    """The variables of enclosing functions and the globals that a function names."""
    code = function.__code__
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        variable = _Variable(f"the variable {name!r}", cell, name, None)
        yield variable._replace(value=variable.now())
    for name in _names(code):
        variable = _Variable(f"the global {name!r}", function.__globals__, name, None)
        yield variable._replace(value=variable.now())


def _parts(path: str, item: Any) -> Iterator[tuple[str, object]]:
    """What an object refers to, with words for each."""
    if isinstance(item, types.MethodType):
        yield f"the object {type(item.__self__).__name__}", item.__self__
        yield path, item.__func__
    elif isinstance(item, types.FunctionType):
        yield from _function_parts(item)
    elif isinstance(item, types.BuiltinFunctionType):
        yield path, item.__self__
    elif isinstance(item, functools.partial):
        yield from _parts(path, item.func)
        for argument in (*item.args, *item.keywords.values()):
            yield f"an argument of {path}", argument
    elif isinstance(item, type):
        yield from _class_parts(item)
    elif isinstance(item, dict):
        for key, value in item.items():
            yield path, key
            yield path, value
    elif isinstance(item, _SEQUENCES):
        for part in item:
            yield path, part
    else:
        for name, value in _attributes(item):
            yield f"{path}.{name}", value


def _function_parts(function: types.FunctionType) -> Iterator[tuple[str, object]]:
    """What a function holds itself; the variables it names are looked at on their own."""
    for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
        yield f"a default of {function.__name__}()", default
    for name, value in function.__dict__.items():
        yield f"the attribute {function.__name__}.{name}", value


@functools.lru_cache(maxsize=4096)  # disassembling took a fifth of lifting
def _names(code: types.CodeType) -> tuple[str, ...]:
    """Globals that the code, or a function defined in it, names; attributes are none of them."""
    names = {
        str(each.argval): None
        for each in dis.get_instructions(code)
        if each.opname.endswith(("_GLOBAL", "_NAME"))
    }
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names.update(dict.fromkeys(_names(constant)))
    return tuple(names)


def _class_parts(item: type) -> Iterator[tuple[str, object]]:
    """The data attributes of a class."""
    for name, value in vars(item).items():
        if not name.startswith("__") and isinstance(value, (*_ATOMS, *_SEQUENCES, dict)):
            yield f"the class attribute {item.__name__}.{name}", value


def _attributes(item: object) -> list[tuple[str, object]]:
    """What an instance holds in its dict and in its slots."""
    found = list(getattr(item, "__dict__", {}).items())
    for base in type(item).__mro__:
        slots = vars(base).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            try:
                found.append((name, getattr(item, name)))
            except AttributeError:  # not set, or a private name
                continue
    return found


def _is_transparent(item: object) -> bool:
    """Whether `_parts` shows all that an object consists of."""
    kind = type(item)
    if isinstance(item, type) or kind in (dict, *_SEQUENCES, functools.partial):
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


def _can_change(item: object) -> bool:
    """Whether an object's content has to be compared at all."""
    if isinstance(item, tuple | frozenset | types.MethodType | types.BuiltinFunctionType):
        return False
    if isinstance(item, types.FunctionType | type):
        return any(True for _ in _parts("", item))
    parameters = getattr(type(item), "__dataclass_params__", None)
    return parameters is None or not parameters.frozen


def _content(item: object) -> Hashable:
    """What an object holds now, one level deep: its parts are compared on their own."""
    parts = tuple((name, _identity(part)) for name, part in _parts("", item))
    return frozenset(parts) if isinstance(item, set) else parts


def _identity(item: Any) -> Hashable:
    if isinstance(item, _ATOMS):
        return (type(item), describe(item))
    return id(item)
