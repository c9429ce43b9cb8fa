"""Doubles: other objects of the same value. Threads must not depend on which they are given.

One value of a cell stands for every object with its `value_key`. There are two ways left to tell
these apart: which object it is, by `is` or id(); and the order in which a frozenset is iterated,
which differs with its history and the hash seed. So where a thread may see either, its histories
are run once more with doubles as results: objects of that value that were seen as well, and
frozensets in other orders. A thread that then does something else is refused, with the reason.

Bound    a history for each edge of the automaton, under a few patterns of which results are
         doubles. `is` in code that is not the model's is not seen. Sets that a thread makes
         itself are rewriting.py's.
"""

from __future__ import annotations

import dis
import enum
import os
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from racer.automata.automaton import ValueTable
from racer.automata.orders import ORDERS, Order, arranged, can_be_arranged, parts_of_value
from racer.automata.rewriting import differs
from racer.lang.values import compares_by_identity
from racer.lang.whose import is_pythons_own, is_racers_own

Double = Callable[[object, int], object]  # of a thread's result, by its number from 0

IDENTITY: Final = (
    "tells equal values apart by `is` or id(), and racer takes them for one",
    "Try: compare with `==`, or let them compare by identity, so that each object is a value of\n"
    "its own (a dataclass with eq=False, a class without __eq__).",
)


def patterns(
    code: Iterable[object], tables: Mapping[str, ValueTable]
) -> Iterator[tuple[tuple[str, str], Double]]:
    """What to try with a thread of that code: what it would show, with a remedy; the doubles."""
    values = [value for table in tables.values() for value in table.values]
    if any(can_be_arranged(value) for value in values):
        for order in ORDERS:
            yield differs(), _in_order(order)
    others = {id(v): d for table in tables.values() for v, d in table.doubles()}
    if others and any(asks_identity(each) for each in code):

        def other(result: object) -> object:
            return others.get(id(result), result)

        yield IDENTITY, lambda result, _: other(result)
        for bit in (1, 2):  # of results less than four steps apart, one is a double and one not
            yield IDENTITY, _where(bit, other)


def _where(bit: int, other: Callable[[object], object]) -> Double:
    return lambda result, number: other(result) if number & bit else result


def _in_order(order: Order) -> Double:
    return lambda result, _: arranged(result, order)


def addresses(value: Any) -> Iterator[object]:
    """The objects in a value that compare by identity and may be made again and again."""
    kind = type(value)
    if kind in (int, str, bool, type(None)):
        return
    if isinstance(value, frozenset | tuple):
        for part in value:
            yield from addresses(part)
    elif compares_by_identity(kind):
        if not isinstance(value, type | enum.Enum | types.ModuleType | types.BuiltinFunctionType):
            yield value
    else:
        for part in parts_of_value(value):
            yield from addresses(part)


# --- code that asks for identity ------------------------------------------------------------


def asks_identity(item: object) -> bool:
    """Whether a function, or a method of a class, may compare what it was given by identity."""
    if isinstance(item, types.MethodType):
        item = item.__func__
    if isinstance(item, type):
        return any(asks_identity(each) for each in vars(item).values())
    if isinstance(item, property):
        return any(asks_identity(each) for each in (item.fget, item.fset))
    if isinstance(item, staticmethod | classmethod):
        item = item.__func__
    if not isinstance(item, types.FunctionType) or not _is_the_models(item):
        return False
    reached = dict(zip(item.__code__.co_freevars, item.__closure__ or (), strict=True))
    return _code_asks(item.__code__, reached, item.__globals__)


def _is_the_models(function: types.FunctionType) -> bool:
    """Whether it is a model's; what `dataclasses` writes asks for classes only."""
    path, module = function.__code__.co_filename, function.__module__ or ""
    # A wrapper of functools or reprlib has the module of what it wraps.
    wraps = os.path.dirname(path) == os.path.dirname(os.__file__)
    return not (path == "<string>" or is_pythons_own(module) or wraps or is_racers_own(module))


_IS_OP: Final = dis.opmap["IS_OP"]


def _code_asks(
    code: types.CodeType, reached: Mapping[str, types.CellType], names: Mapping[str, Any]
) -> bool:
    if "id" in code.co_names:
        return True
    asks = _IS_OP in code.co_code[::2]  # most code does not, and this costs far less to see
    instructions = list(dis.get_instructions(code)) if asks else []
    for at, each in enumerate(instructions):
        if each.opname == "IS_OP" and not _is_decided(instructions[:at], reached, names):
            return True
    nested = (each for each in code.co_consts if isinstance(each, types.CodeType))
    return any(_code_asks(each, reached, names) for each in nested)


def _is_decided(
    before: list[dis.Instruction],
    reached: Mapping[str, types.CellType],
    names: Mapping[str, Any],
) -> bool:
    """Whether one operand of an `is` is an object with a value of its own: None, a member of an
    enumeration, an address. That is looked for where it stands last, and so is written second."""
    attributes: list[str] = []
    for each in reversed(before):
        name = str(each.argval)
        if name == "__class__" and not attributes:
            return True
        if each.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            attributes.append(name)
            continue
        if each.opname == "LOAD_CONST":
            found = each.argval
        elif each.opname == "LOAD_GLOBAL" and name in names:
            found = names[name]
        elif each.opname == "LOAD_DEREF" and name in reached:
            found = _content(reached[name])
        else:
            return False
        for attribute in reversed(attributes):
            found = getattr(found, attribute, 0)  # a number has no identity that can be relied on
        return found in (None, True, False, ...) or compares_by_identity(type(found))
    return False


def _content(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # not bound yet
        return 0
