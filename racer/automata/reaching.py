"""What modelled code can reach without being given it: closures, arguments, defaults, globals.

From a function, the variables that its code names and what they hold; of objects, what they
consist of; of classes of the user's, what stands in them and their bases. Each object and each
variable is found once, with words for how it was reached.

Bound    Names are followed as code has them: what is looked up by a name that is computed is not
         found. Python's own, racer's own and installed packages are not followed into.
"""

from __future__ import annotations

import dis
import functools
import sys
import types
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from racer.lang.cells import Handle
from racer.lang.memory import Memory
from racer.lang.program import Program, Thread
from racer.lang.values import slots_of
from racer.lang.watches import Watch
from racer.lang.whose import is_a_users, is_racers_own

ATOMS: Final = (
    *(int, bool, str, bytes, float, complex, range),
    *(types.NoneType, types.EllipsisType, types.NotImplementedType, types.CodeType),
    *(types.MemberDescriptorType, types.GetSetDescriptorType),
    *(types.WrapperDescriptorType, types.MethodDescriptorType, types.ClassMethodDescriptorType),
)
SEQUENCES: Final = (list, tuple, set, frozenset, deque)
UNBOUND: Final = object()  # in place of the value of a variable that has none
_OPAQUE = (Handle, Memory, Watch, Thread, Program)


class Variable(NamedTuple):
    """A variable that code can reach and rebind: a closure's cell, or a name of a module."""

    path: str
    where: types.CellType | dict[str, Any]
    name: str

    def now(self) -> object:
        if isinstance(self.where, dict):
            return self.where.get(self.name, UNBOUND)
        try:
            return self.where.cell_contents
        except ValueError:
            return UNBOUND


class Reach:
    """The objects and variables that were found so far, in the order in which they were."""

    def __init__(self) -> None:
        self.objects: dict[int, tuple[str, object]] = {}
        self.variables: dict[tuple[int, str], Variable] = {}
        self.codes: set[types.CodeType] = set()  # of the functions, and of what is in them
        self.spaces: dict[int, tuple[str, dict[str, Any]]] = {}  # of modules that it comes to
        self._modules: set[tuple[int, str]] = set()

    def add(self, path: str, item: object) -> None:
        """Take in an object, and all that can be reached from it."""
        waiting = deque([(path, item)])
        while waiting:
            path, item = waiting.popleft()
            if isinstance(item, types.ModuleType):
                self._come_to(item)
            if isinstance(item, (*ATOMS, *_OPAQUE, types.ModuleType)) or id(item) in self.objects:
                continue
            self.objects[id(item)] = (path, item)
            if isinstance(item, types.FunctionType | type) and not is_the_users(item):
                continue
            if isinstance(item, types.FunctionType):
                self.codes.update(codes_in(item.__code__))
                waiting.extend(self._take_in(_closed_over(item)))
                waiting.extend(self.name_all(item.__code__, item.__globals__))
            waiting.extend(parts(path, item))

    def name_all(
        self, code: types.CodeType, namespace: dict[str, Any]
    ) -> Iterator[tuple[str, object]]:
        """Take in the globals that code names, and of modules the attributes; what they hold."""
        names, attributes, stored = _names_in(code)
        self.spaces.setdefault(id(namespace), (str(namespace.get("__name__", "")), namespace))
        found = [Variable(f"the global {name!r}", namespace, name) for name in names]
        for variable in found:
            value = variable.now()
            if isinstance(value, types.ModuleType):
                found += self._attributes(value, attributes, stored)
        for name in _imported_in(code):
            module = sys.modules.get(name)
            if module is not None:
                found += self._attributes(module, attributes, stored)
        return self._take_in(found)

    def _come_to(self, module: types.ModuleType) -> None:
        if not is_racers_own(module.__name__):
            self.spaces.setdefault(id(vars(module)), (module.__name__, vars(module)))

    def _attributes(
        self, module: types.ModuleType, names: Iterable[str], stored: frozenset[str]
    ) -> list[Variable]:
        """Of a module, those of its names that code has as attributes of anything; of one that
        is no user's, such as are not there yet only if code stores or deletes them."""
        if is_racers_own(module.__name__):
            return []
        self._come_to(module)
        found, space = [], vars(module)
        for name in names:
            key = (id(space), name)
            if key in self._modules:
                continue
            self._modules.add(key)
            value = space.get(name, UNBOUND)
            if isinstance(value, types.ModuleType):
                found += self._attributes(value, names, stored)
            elif value is not UNBOUND or name in stored or is_a_users(module.__name__):
                found.append(Variable(f"{module.__name__}.{name}", space, name))
        return found

    def _take_in(self, variables: Iterable[Variable]) -> Iterator[tuple[str, object]]:
        for variable in variables:
            key = (id(variable.where), variable.name)
            if key not in self.variables:
                self.variables[key] = variable
                value = variable.now()
                if value is not UNBOUND:
                    yield variable.path, value


def is_the_users(item: types.FunctionType | type) -> bool:
    """Whether a function or class is part of a model: see is_a_users()."""
    return is_a_users(item.__module__ or "")


def parts(path: str, item: Any) -> Iterator[tuple[str, object]]:
    """What an object consists of, with words for each; variables are looked at on their own."""
    if isinstance(item, types.MethodType):
        yield f"the object {type(item.__self__).__name__}", item.__self__
        yield path, item.__func__
    elif isinstance(item, types.FunctionType):
        yield from _function_parts(item)
    elif isinstance(item, types.BuiltinFunctionType | types.MethodWrapperType):
        yield path, item.__self__
    elif isinstance(item, functools.partial):
        yield path, item.func
        for argument in (*item.args, *item.keywords.values()):
            yield f"an argument of {path}", argument
    elif isinstance(item, staticmethod | classmethod):
        yield path, item.__func__
    elif isinstance(item, property):
        for function in (item.fget, item.fset, item.fdel):
            yield path, function
    elif isinstance(item, type):
        yield from _class_parts(item)
    else:
        yield from _instance_parts(path, item)


def _instance_parts(path: str, item: Any) -> Iterator[tuple[str, object]]:
    kind = type(item)
    if isinstance(item, dict | types.MappingProxyType):
        for key, value in item.items():
            yield path, key
            yield path, value
    elif isinstance(item, SEQUENCES):
        for part in item:
            yield path, part
    if kind not in (dict, types.MappingProxyType, *SEQUENCES):
        for name, value in attributes(item):
            yield f"{path}.{name}", value
        if is_the_users(kind):
            yield f"the class {kind.__name__}", kind


def _function_parts(function: types.FunctionType) -> Iterator[tuple[str, object]]:
    for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
        yield f"a default of {function.__name__}()", default
    for name, value in function.__dict__.items():
        yield f"the attribute {function.__name__}.{name}", value


def _class_parts(item: type) -> Iterator[tuple[str, object]]:
    """What stands in a class, and its bases and its own class where those are a user's."""
    for name, value in vars(item).items():
        if not is_dunder(name):
            yield f"the class attribute {item.__name__}.{name}", value
    for other in (*item.__bases__, type(item)):
        if is_the_users(other):
            yield f"the class {other.__name__}", other


def is_dunder(name: str) -> bool:
    """Whether Python, or a decorator, and not the user put that name into a class."""
    return name.startswith("__") and name.endswith("__")


def attributes(item: object) -> list[tuple[str, object]]:
    """What an instance holds in its dict and in its slots."""
    found = list(getattr(item, "__dict__", {}).items())
    for name in slots_of(type(item)):
        try:
            found.append((name, getattr(item, name)))
        except AttributeError:  # not set
            continue
    return found


def _closed_over(function: types.FunctionType) -> Iterator[Variable]:
    """The variables of enclosing functions that a function uses."""
    code = function.__code__
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        yield Variable(f"the variable {name!r}", cell, name)


@functools.lru_cache(maxsize=4096)  # disassembling took a fifth of lifting
def _names_in(
    code: types.CodeType,
) -> tuple[tuple[str, ...], tuple[str, ...], frozenset[str]]:
    """Globals that code, or a function defined in it, names; attributes, of whatever; and which
    of these it stores or deletes."""
    names: dict[str, None] = {}
    attributes: dict[str, None] = {}
    stored = set()
    for each in codes_in(code):
        for instruction in dis.get_instructions(each):
            if instruction.opname.endswith(("_GLOBAL", "_NAME")):
                names[str(instruction.argval)] = None
            elif instruction.opname.endswith(("_ATTR", "_METHOD")):
                attributes[str(instruction.argval)] = None
                if instruction.opname in ("STORE_ATTR", "DELETE_ATTR"):
                    stored.add(str(instruction.argval))
    return tuple(names), tuple(attributes), frozenset(stored)


@functools.lru_cache(maxsize=4096)
def _imported_in(code: types.CodeType) -> tuple[str, ...]:
    """Modules that code, or a function defined in it, imports when it runs."""
    return tuple(
        str(instruction.argval)
        for each in codes_in(code)
        for instruction in dis.get_instructions(each)
        if instruction.opname == "IMPORT_NAME"
    )


@functools.lru_cache(maxsize=4096)
def codes_in(code: types.CodeType) -> tuple[types.CodeType, ...]:
    """The code and that of functions and classes that are defined in it."""
    inner = (each for each in code.co_consts if isinstance(each, types.CodeType))
    return (code, *(found for each in inner for found in codes_in(each)))
