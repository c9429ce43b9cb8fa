"""How many executions classics have under sequential consistency, as others have published it.

Source   the figures that Nidhugg and GenMC are measured by: lastzero and readers are of Abdulla,
         Aronis, Jonsson, Sagonas, "Optimal dynamic partial order reduction", POPL 2014.
"""

from __future__ import annotations

import math

import pytest

from racer import Memory, Program, Thread
from racer.axiomatic.models.known import MODELS
from racer.executions.asking import Asked
from racer.machine.loaded import load_program


def executions(program: Program) -> int | None:
    loaded = load_program(program)
    with loaded.in_use():
        [account] = Asked(loaded.growing, "lkmm", count=True).accounts([MODELS["sc"]])
    return account.executions


def lastzero(n: int) -> Program:
    """One thread looks for the last cell that is 0; each other makes its cell one more than the
    cell before it."""
    memory = Memory()
    cells = [memory.cell(f"a{at}", 0) for at in range(n + 1)]

    async def finds() -> int:
        at = n
        while await cells[at].load() != 0:
            at -= 1
        return at

    async def adds(at: int) -> None:
        await cells[at].store(await cells[at - 1].load() + 1)

    adding = {f"t{at:02}": Thread(adds, at) for at in range(1, n + 1)}
    return Program(memory, {"finds": Thread(finds), **adding})


def ainc(n: int) -> Program:
    """Threads that add one to a cell: they do so in some order."""
    memory = Memory()
    cell = memory.cell("x", 0)

    async def adds() -> None:
        await cell.fetch_add(1)

    return Program(memory, {"t": Thread(adds, copies=n)})


def readers(n: int) -> Program:
    """Each reads a cell before it is written, or after."""
    memory = Memory()
    cell = memory.cell("x", 0)

    async def writes() -> None:
        await cell.store(1)

    async def reads() -> int:
        return await cell.load()

    return Program(memory, {"w": Thread(writes), "r": Thread(reads, copies=n)})


@pytest.mark.parametrize(
    ("program", "count"),
    [
        (ainc(4), math.factorial(4)),
        (readers(4), 2**4),
        (lastzero(5), 64),
        (lastzero(10), 3328),
    ],
    ids=["ainc", "readers", "lastzero-5", "lastzero-10"],
)
def test_executions_are_as_many_as_published(program: Program, count: int) -> None:
    assert executions(program) == count
