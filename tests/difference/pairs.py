"""Two programs with a thread each that are compared."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from racer import Memory, Program, Thread, choose
from racer.difference.equivalence import Equivalence, equivalence

NAMES = ("one", "other")
Body = Callable[..., Coroutine[Any, Any, object]]


def programs(one: Body, other: Body) -> tuple[Program, Program]:
    """T is either body, beside a thread that stores anything anywhere."""

    def made(body: Body) -> Program:
        mem = Memory()
        x, y = mem.cell("x", 0), mem.cell("y", 0)

        async def anything() -> None:
            for cell in (x, y):
                await cell.store(await choose(0, 1, 2))

        return Program(mem, {"T": Thread(body, x, y), "W": Thread(anything)})

    return made(one), made(other)


def compared(one: Body, other: Body) -> Equivalence:
    return equivalence(programs(one, other), NAMES, thread="T")
