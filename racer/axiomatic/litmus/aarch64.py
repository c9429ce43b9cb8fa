"""Litmus tests for AArch64.

Bound    registers and accesses have one width; an address is a location, moved by 0. Of loops those
         are followed that only try again: see `retries_only`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from racer.axiomatic.events import Value
from racer.axiomatic.expressions import Expression, arithmetic, computed, constant, number, register
from racer.axiomatic.instructions import (
    Fence,
    Jump,
    Load,
    Put,
    Rmw,
    Store,
    StoreExclusive,
    Update,
    retries_only,
)
from racer.axiomatic.litmus.columns import Cell, Translated, operands, read_columns
from racer.axiomatic.litmus.data import LitmusTest
from racer.axiomatic.litmus.text import Sections, Source, as_number
from racer.axiomatic.threads import Instruction

_REGISTER: Final = re.compile(r"[WX]([0-9]|[12][0-9]|30|ZR)", re.I)
_LABEL: Final = re.compile(r"\s*([A-Za-z_.][A-Za-z_0-9.]*)\s*:\s*")
_EXTEND: Final = re.compile(r"(?:[SU]XT[WX]|LSL)(?:\s+#0)?", re.I)
_ALWAYS: Final = constant(1)
_FLAGS: Final = "%flags"

_LOADS: Final[Mapping[str, tuple[str, bool]]] = {  # how it is marked, and whether exclusive
    "LDR": ("once", False),
    "LDAR": ("acquire-sc", False),
    "LDAPR": ("acquire", False),
    "LDXR": ("once", True),
    "LDAXR": ("acquire-sc", True),
}
_STORES: Final = {"STR": "once", "STLR": "release"}
_EXCLUSIVE_STORES: Final = {"STXR": "once", "STLXR": "release"}
_FULL, _READS, _WRITES = ("SY", "ISH", "OSH", "NSH"), ("LD", "ISHLD"), ("ST", "ISHST")
_BARRIERS: Final = {
    **dict.fromkeys(_FULL, "mb"),
    **dict.fromkeys(_READS, "rmb"),
    **dict.fromkeys(_WRITES, "wmb"),
}
_COMPUTED: Final[Mapping[str, Callable[[Value, Value], Value]]] = {
    "ADD": arithmetic(operator.add),
    "SUB": arithmetic(operator.sub),
    "EOR": arithmetic(operator.xor),
    "AND": arithmetic(operator.and_),
    "ORR": arithmetic(operator.or_),
}
_CONDITIONS: Final[Mapping[str, Callable[[int], bool]]] = {  # of what a comparison left
    "EQ": lambda difference: difference == 0,
    "NE": lambda difference: difference != 0,
    "GE": lambda difference: difference >= 0,
    "LT": lambda difference: difference < 0,
    "GT": lambda difference: difference > 0,
    "LE": lambda difference: difference <= 0,
}
_ATOMICS: Final[Mapping[str, Callable[[Value, Value], Value]]] = {
    "SWP": lambda old, new: new,
    "ADD": arithmetic(operator.add),
    "EOR": arithmetic(operator.xor),
    "SET": arithmetic(operator.or_),
    "CLR": lambda old, mask: number(old) & ~number(mask),
}
_ATOMIC: Final = re.compile(r"(SWP|CAS|(?:LD|ST)(?:ADD|EOR|SET|CLR))(A?)(L?)")


def read_aarch64(source: Source, found: Sections) -> LitmusTest:
    """The test that a file for AArch64 holds. Errors: Unreadable."""
    return read_columns(source, found, _translated, register_name)


def register_name(name: str) -> str:
    """One name for a register of either width."""
    return f"X{name[1:].upper()}" if _REGISTER.fullmatch(name) else name


def _translated(cells: Sequence[Cell]) -> Translated:
    labels: dict[str, int] = {}
    bare: list[Cell] = []
    for cell in cells:
        text = cell.text
        while hit := _LABEL.match(text):
            if hit[1] in labels:
                raise cell.error(f"the label {hit[1]} is there twice")
            labels[hit[1]] = len(bare)
            text = text[hit.end() :]
        if text:
            bare.append(cell._replace(text=text))
    code = [_instruction(cell, labels) for cell in bare]
    _only_retries(bare, code)
    return code, []


def _only_retries(cells: Sequence[Cell], code: Sequence[Instruction]) -> None:
    """Refuse loops whose rounds may not be left out."""
    for at, each in enumerate(code):
        if not isinstance(each, Jump) or each.goal > at:
            continue
        body = code[each.goal : at + 1]
        leave = all(
            not isinstance(inner, Jump) or inner.goal > at or inner.goal <= each.goal + index
            for index, inner in enumerate(body)
        )
        stores = [inner for inner in body if isinstance(inner, StoreExclusive)]
        if stores:  # where it has stored, it must not go back
            name, given = cells[at].text.split(maxsplit=1)
            on = register_name(operands(given)[0])
            leave = leave and name.upper() == "CBNZ" and [x.status for x in stores] == [on]
        if not leave or not retries_only(body):
            raise cells[at].error(
                f"{cells[at].text!r} goes back: loops are not supported, but for those that try "
                "again to load, or to store exclusively"
            )


def _instruction(cell: Cell, labels: Mapping[str, int]) -> Instruction:
    name, _, rest = cell.text.partition(" ")
    name, given, line = name.upper(), operands(rest) if rest else [], cell.line
    if name in ("DMB", "DSB") and len(given) == 1 and given[0].upper() in _BARRIERS:
        return Fence(_BARRIERS[given[0].upper()], line)
    if name == "ISB":
        return Fence("isb", line)
    if name == "NOP" and not given:
        return Put("%", constant(0), line)
    if name in _LOADS and len(given) == 2:
        order, exclusive = _LOADS[name]
        return Load(_goal(cell, given[0]), _address(cell, given[1]), order, line, exclusive)
    if name in _STORES and len(given) == 2:
        return Store(_address(cell, given[1]), _value(cell, given[0]), _STORES[name], line)
    if name in _EXCLUSIVE_STORES and len(given) == 3:
        status, value, address = given
        return StoreExclusive(
            *(_goal(cell, status), _address(cell, address), _value(cell, value)),
            *(_EXCLUSIVE_STORES[name], line),
        )
    if name in ("MOV", "SXTW", "UXTW") and len(given) == 2:
        return Put(_goal(cell, given[0]), _value(cell, given[1]), line)
    if name in _COMPUTED and len(given) in (3, 4):
        if len(given) == 4 and not _EXTEND.fullmatch(given[3]):
            raise cell.unsupported()
        operation = computed(_COMPUTED[name], _value(cell, given[1]), _value(cell, given[2]))
        return Put(_goal(cell, given[0]), operation, line)
    if name == "CMP" and len(given) == 2:
        difference = computed(_COMPUTED["SUB"], _value(cell, given[0]), _value(cell, given[1]))
        return Put(_FLAGS, difference, line)
    if name in ("CBZ", "CBNZ") and len(given) == 2:
        is_zero = name == "CBZ"
        tested = computed(lambda value: int((value == 0) == is_zero), _value(cell, given[0]))
        return Jump(tested, _label(cell, given[1], labels), line)
    if name == "B" and len(given) == 1:
        return Jump(_ALWAYS, _label(cell, given[0], labels), line)
    if name.startswith("B.") and name[2:] in _CONDITIONS and len(given) == 1:
        holds = _CONDITIONS[name[2:]]
        tested = computed(lambda difference: int(holds(number(difference))), register(_FLAGS))
        return Jump(tested, _label(cell, given[0], labels), line)
    atomic = _ATOMIC.fullmatch(name)
    if atomic is not None:
        return _atomic(cell, atomic, given)
    raise cell.unsupported()


def _atomic(cell: Cell, named: re.Match[str], given: Sequence[str]) -> Instruction:
    """An instruction of the large system extensions."""
    kind, acquires, releases = named[1], bool(named[2]), bool(named[3])
    stores = kind.startswith("ST")
    if len(given) != (2 if stores else 3) or (stores and acquires):
        raise cell.unsupported()
    reads = "acquire" if acquires else "noreturn" if stores else "once"
    writes = "release" if releases else "once"
    address, line = _address(cell, given[-1]), cell.line
    if kind == "CAS":
        into = _goal(cell, given[0])
        compare = Update(
            lambda old, expected, new: new if old == expected else None,
            uses_old=False,
            compared=0,
        )
        wanted = (_value(cell, given[0]), _value(cell, given[1]))
        fails = "acquire-sc" if acquires else "once"
        return Rmw(into, address, wanted, compare, reads, writes, fails, line=line)
    operation = _ATOMICS[kind.removeprefix("LD").removeprefix("ST")]
    update = Update(operation, uses_old=kind != "SWP")
    into_ = None if stores else _goal(cell, given[1])
    return Rmw(into_, address, (_value(cell, given[0]),), update, reads, writes, line=line)


def _label(cell: Cell, name: str, labels: Mapping[str, int]) -> int:
    if name not in labels:
        raise cell.error(f"{cell.text!r} goes to {name}, which is no label of this thread")
    return labels[name]


def _goal(cell: Cell, text: str) -> str:
    if not _REGISTER.fullmatch(text):
        raise cell.error(f"{text!r} in {cell.text!r} is no register that is known")
    # What is put into the zero register is gone.
    return "%" if text[1:].upper() == "ZR" else register_name(text)


def _value(cell: Cell, text: str) -> Expression:
    if _REGISTER.fullmatch(text):
        return constant(0) if text[1:].upper() == "ZR" else register(register_name(text))
    bare = text.removeprefix("#")
    value = as_number(bare.removeprefix("-"))
    if value is None:
        raise cell.error(f"{text!r} in {cell.text!r} is no value that is known")
    return constant(-value if bare.startswith("-") else value)


def _address(cell: Cell, text: str) -> Expression:
    """`[X1]`, `[X1,#0]`, `[X1,W2,SXTW]`."""
    if not (text.startswith("[") and text.endswith("]")):
        raise cell.error(f"{text!r} in {cell.text!r} is no address that is supported")
    parts = operands(text[1:-1])
    if len(parts) > 3 or (len(parts) == 3 and not _EXTEND.fullmatch(parts[2])):
        raise cell.error(f"{text!r} in {cell.text!r} is no address that is supported")
    base = _value(cell, parts[0])
    return base if len(parts) == 1 else computed(_COMPUTED["ADD"], base, _value(cell, parts[1]))
