"""Litmus tests for X86: MOV, MFENCE, and the locked instructions.

Differs   from herd7, whose XCHG may read a store that comes after its own: here it reads the one
          before, as every read-modify-write does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from racer.axiomatic.events import Value
from racer.axiomatic.expressions import Expression, computed, constant, number, register
from racer.axiomatic.instructions import Fence, Load, Put, Rmw, Store, Update
from racer.axiomatic.litmus.columns import Cell, Translated, is_location, operands, read_columns
from racer.axiomatic.litmus.data import LitmusTest
from racer.axiomatic.litmus.text import Sections, Source, as_number
from racer.axiomatic.threads import Instruction

_REGISTER: Final = re.compile(r"[ER]?(AX|BX|CX|DX|SI|DI|BP|SP)|R(?:8|9|1[0-5])D?", re.I)
_FENCES: Final = {"MFENCE": "mb", "LFENCE": "rmb", "SFENCE": "wmb"}


def read_x86(source: Source, found: Sections) -> LitmusTest:
    """The test that a file for X86 holds. Errors: Unreadable."""
    return read_columns(source, found, _translated, register_name)


def register_name(name: str) -> str:
    """One name for a register of any width."""
    hit = _REGISTER.fullmatch(name)
    if hit is None:
        return name
    return f"E{hit[1].upper()}" if hit[1] else name.upper().removesuffix("D")


def _translated(cells: Sequence[Cell]) -> Translated:
    code: list[Instruction] = []
    places: list[str] = []
    for cell in cells:
        code.append(_instruction(cell, places))
    return code, places


def _instruction(cell: Cell, places: list[str]) -> Instruction:
    name, _, rest = cell.text.partition(" ")
    name = name.upper()
    locked = name == "LOCK"
    if locked:
        name, _, rest = rest.strip().partition(" ")
        name = name.upper()
    if name in _FENCES and not rest and not locked:
        return Fence(_FENCES[name], cell.line)
    given = operands(rest) if rest else []
    if name == "MOV" and len(given) == 2 and not locked:
        return _move(cell, given[0], given[1], places)
    if name == "XCHG" and len(given) == 2:
        place, into = given if given[0].startswith("[") else given[::-1]
        address, held = _address(cell, place, places), _register(cell, into)
        swap = Update(lambda old, new: new, uses_old=False)
        return Rmw(held, address, (register(held),), swap, "once", "once", line=cell.line)
    if locked:
        return _locked(cell, name, given, places)
    raise cell.unsupported()


def _move(cell: Cell, goal: str, source: str, places: list[str]) -> Instruction:
    if goal.startswith("["):
        return Store(_address(cell, goal, places), _value(cell, source), "once", cell.line)
    into = _register(cell, goal)
    if source.startswith("["):
        return Load(into, _address(cell, source, places), "once", cell.line)
    return Put(into, _value(cell, source), cell.line)


def _locked(cell: Cell, name: str, given: Sequence[str], places: list[str]) -> Instruction:
    """A locked instruction on a location."""
    if name in ("INC", "DEC") and len(given) == 1:
        more = constant(1 if name == "INC" else -1)
        into = None
    elif name in ("ADD", "SUB") and len(given) == 2:
        more = _value(cell, given[1])
        if name == "SUB":
            more = computed(lambda value: -number(value), more)
        into = None
    elif name == "XADD" and len(given) == 2:
        into = _register(cell, given[1])
        more = register(into)
    else:
        raise cell.unsupported()
    address = _address(cell, given[0], places)
    return Rmw(into, address, (more,), Update(_sum), "once", "once", line=cell.line)


def _sum(old: Value, more: Value) -> Value:
    return number(old) + number(more)


def _address(cell: Cell, text: str, places: list[str]) -> Expression:
    inner = text[1:-1].strip() if text.startswith("[") and text.endswith("]") else ""
    if _REGISTER.fullmatch(inner):
        return register(register_name(inner))
    if not is_location(inner):
        raise cell.error(f"{text!r} is no location that is supported: [x] is")
    places.append(inner)
    return constant(inner)


def _register(cell: Cell, text: str) -> str:
    if not _REGISTER.fullmatch(text):
        raise cell.error(f"{text!r} in {cell.text!r} is no register that is known")
    return register_name(text)


def _value(cell: Cell, text: str) -> Expression:
    if _REGISTER.fullmatch(text):
        return register(register_name(text))
    bare = text.removeprefix("$")
    value = as_number(bare.removeprefix("-"))
    if value is not None:
        return constant(-value if bare.startswith("-") else value)
    if text.startswith("$") and is_location(bare):
        return constant(bare)
    raise cell.error(f"{text!r} in {cell.text!r} is no value that is known")
