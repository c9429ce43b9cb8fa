"""Operations as the kernel's macros, and what cells are called and hold in a litmus test.

A cell that holds integers holds the same in the test; of any other each value has a number, the
initial one 0. A cell that is added to is an atomic_t, and accessed as one; a lock a spinlock_t.

Source   tools/memory-model/linux-kernel.def of Linux 6.12: what herd7 reads
Bound    of read-modify-writes, exchanges and what adds one number: atomic_add_unless(), as
         inc_not_zero() is, gives whether it added, and what was found is asked for
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from racer.automata.automaton import ValueTable
from racer.automata.lifting import step_of
from racer.errors import UsageError
from racer.lang.operations import CellOperation, Operation
from racer.lang.values import describe

_FENCES: Final = {"mb": "smp_mb()", "rmb": "smp_rmb()", "wmb": "smp_wmb()"}
_SUFFIXES: Final = {"full": "", "relaxed": "_relaxed", "acquire": "_acquire", "release": "_release"}
_LARGEST: Final = 1 << 31


@dataclass(slots=True)
class CellOf:
    """A cell in the test. `numbers`: what stands for each value of its table."""

    name: str
    table: ValueTable
    numbers: Sequence[int]
    is_lock: bool = False
    is_atomic: bool = False

    @property
    def parameter(self) -> str:
        """How a thread declares it."""
        kind = "spinlock_t" if self.is_lock else "atomic_t" if self.is_atomic else "int"
        return f"{kind} *{self.name}"

    @property
    def legend(self) -> str:
        """What its numbers stand for; empty where they are the values."""
        values = self.table.values
        if all(type(value) is int for value in values) or self.is_lock:
            return ""
        told = (f"{number} {describe(v)}" for number, v in zip(self.numbers, values, strict=True))
        return f"{self.name}: {', '.join(told)}"


def cells_of(tables: Mapping[str, ValueTable]) -> dict[str, CellOf]:
    """Every cell, by its name in the Program."""
    found: dict[str, CellOf] = {}
    taken: set[str] = set()
    for cell, table in tables.items():
        name = stem = re.sub(r"\W", "_", cell, flags=re.ASCII).strip("_") or "cell"
        if stem[0].isdigit() or re.fullmatch(r"r\d+|end|int|if|else", stem):
            name = stem = f"v_{stem}"
        number = 2
        while name in taken:
            name, number = f"{stem}_{number}", number + 1
        taken.add(name)
        values = table.values
        whole = [int(v) for v in values if isinstance(v, int) and type(v) in (int, bool)]
        same = len({v for v in whole if abs(v) < _LARGEST}) == len(values)
        numbers = whole if same else list(range(len(values)))
        found[cell] = CellOf(name, table, numbers)
    return found


@dataclass(frozen=True, slots=True)
class Macro:
    """An operation in C. `reads`: it gives what was found; `inverted`: or 1 where that was 0."""

    text: str
    reads: bool
    inverted: bool = False

    def into(self, register: str) -> str:
        """The statement; what is read goes into that register."""
        return f"{register} = {self.text};" if self.reads else f"{self.text};"


class Macros:
    """Says operations of a Program in C.

    Errors   UsageError for one that has no macro.
    """

    def __init__(self, cells: Mapping[str, CellOf]) -> None:
        self._cells = cells

    def note(self, operation: Operation) -> None:
        """One of the operations that there will be: what its cell has to be."""
        facts = operation.facts
        if facts.cell is None:
            return
        cell = self._cells[facts.cell]
        cell.is_lock |= facts.lock is not None
        is_rmw = facts.order is not None and facts.stores and not facts.blind
        cell.is_atomic |= is_rmw and self._added(operation, cell) is not None

    def of(self, thread: str, operation: Operation) -> Macro:
        """The statement of an operation."""
        facts = operation.facts
        if facts.fence is not None:
            return Macro(_FENCES[facts.fence], reads=False)
        if facts.cell is None or not isinstance(operation, CellOperation):
            raise _unsaid(thread, operation, "it touches no cell")
        cell = self._cells[facts.cell]
        if facts.lock is not None:
            return self._lock(operation, cell)
        if cell.is_lock:
            raise _unsaid(thread, operation, "a lock is only taken and released there")
        if facts.blocks and not facts.stores and facts.functions and facts.watch is None:
            return Macro(_load(cell, "once"), reads=True)  # it goes on with some values only
        if facts.order is not None and facts.blind:
            return Macro(self._store(thread, operation, cell), reads=False)
        if facts.order is not None and not facts.stores:
            if cell.is_atomic and facts.order == "plain":
                raise _unsaid(thread, operation, "an atomic_t has no plain accesses")
            return Macro(_load(cell, facts.order), reads=True)
        if facts.order is not None and not facts.blocks:
            return self._update(thread, operation, cell)
        raise _unsaid(thread, operation, "there is no macro for it")

    def _lock(self, operation: Operation, cell: CellOf) -> Macro:
        if operation.facts.lock == "frees":
            return Macro(f"spin_unlock({cell.name})", reads=False)
        if operation.facts.blocks:
            return Macro(f"spin_lock({cell.name})", reads=False)
        return Macro(f"spin_trylock({cell.name})", reads=True, inverted=True)

    def _store(self, thread: str, operation: CellOperation, cell: CellOf) -> str:
        value = self._all(operation, cell)[cell.numbers[0]]
        order = operation.facts.order
        if cell.is_atomic:
            if order == "plain":
                raise _unsaid(thread, operation, "an atomic_t has no plain accesses")
            suffix = "_release" if order == "release" else ""
            return f"atomic_set{suffix}({cell.name}, {value})"
        if order == "release":
            return f"smp_store_release({cell.name}, {value})"
        return (
            f"*{cell.name} = {value}" if order == "plain" else f"WRITE_ONCE(*{cell.name}, {value})"
        )

    def _update(self, thread: str, operation: CellOperation, cell: CellOf) -> Macro:
        """A read-modify-write that gives what was there before."""
        order = operation.facts.order
        assert order is not None, "it is annotated"
        suffix = _SUFFIXES[order]
        after = self._all(operation, cell)
        prefix = "atomic_" if cell.is_atomic else ""
        if None not in after.values() and len(set(after.values())) == 1:
            value = next(iter(after.values()))
            return Macro(f"{prefix}xchg{suffix}({cell.name}, {value})", reads=True)
        changing = {before: value for before, value in after.items() if value is not None}
        if len(changing) == 1:
            [(before, value)] = changing.items()
            call = f"{prefix}cmpxchg{suffix}({cell.name}, {before}, {value})"
            return Macro(call, reads=True)
        added = self._added(operation, cell)
        if added is not None and None not in after.values():
            return Macro(f"atomic_fetch_add{suffix}({added}, {cell.name})", reads=True)
        raise _unsaid(thread, operation, "it is no exchange and adds no number")

    def _added(self, operation: Operation, cell: CellOf) -> int | None:
        """What a read-modify-write adds to each value that it changes; None where that differs."""
        if not isinstance(operation, CellOperation):
            return None
        after = self._all(operation, cell)
        added = {value - before for before, value in after.items() if value is not None}
        if len(added) != 1 or len(set(after.values())) == 1:
            return None
        return added.pop() if all(type(value) is int for value in cell.table.values) else None

    def _all(self, operation: CellOperation, cell: CellOf) -> dict[int, int | None]:
        """By what is found what is stored, None for nothing; without what it fails on."""
        found: dict[int, int | None] = {}
        for at, number in enumerate(cell.numbers):
            if not operation.stores_on(cell.table.values[at]):
                found[number] = None
                continue
            done = step_of(operation, at, {operation.cell: cell.table})
            if done is not None and done.error is None and done.after < len(cell.numbers):
                found[number] = cell.numbers[done.after]  # else of a value that never comes
        return found


def _load(cell: CellOf, order: str) -> str:
    if cell.is_atomic:
        return f"atomic_read{'_acquire' if order == 'acquire' else ''}({cell.name})"
    if order == "acquire":
        return f"smp_load_acquire({cell.name})"
    return f"*{cell.name}" if order == "plain" else f"READ_ONCE(*{cell.name})"


def _unsaid(thread: str, operation: Operation, why: str) -> UsageError:
    return UsageError(
        f"thread {thread!r} cannot be written as a litmus test: it is about to {operation.text()}, "
        f"and {why}.\nTry: a scenario of loads, stores, exchanges, fences and locks."
    )
