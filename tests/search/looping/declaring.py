"""How a program that loops is declared with its answers, and what such threads have in common.

Declared are the labels of a program's violations, the threads that loop, and those that loop in
unfair runs, in which a thread that can go on never does.
"""

from __future__ import annotations

from collections.abc import Callable

from racer import Cell, Lock, Program

Make = Callable[[], Program]
CASES: dict[str, tuple[Make, frozenset[str], tuple[str, ...], tuple[str, ...]]] = {}


def case(labels: str, *, loops: str = "", unfair: str = "") -> Callable[[Make], Make]:
    """Declares the answers for a program; names are parted by spaces."""

    def declare(make: Make) -> Make:
        CASES[make.__name__] = (
            make,
            frozenset(labels.split()),
            tuple(loops.split()),
            tuple(unfair.split()),
        )
        return make

    return declare


async def until(cell: Cell[int], value: int) -> None:
    while await cell.load() != value:
        pass


async def put(cell: Cell[int], value: int) -> None:
    await cell.store(value)


async def wait(cell: Cell[int], value: int) -> None:
    await cell.wait_until(lambda v: v == value)


async def toggle_for_ever(cell: Cell[int]) -> None:
    while True:
        await cell.update(lambda v: 1 - v)


async def look_for_ever(cell: Cell[int]) -> None:
    while True:
        await cell.load()


async def locked_once(lock: Lock) -> None:
    async with lock:
        pass
