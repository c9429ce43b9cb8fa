"""A spin that changes nothing is a way of waiting: it comes to the same, and is no larger."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from racer import Cell, Memory, Program, Thread, explore

Take = Callable[[Cell[int]], Awaitable[object]]


async def spins_on_a_load(flag: Cell[int]) -> None:
    while not await flag.load():
        pass


async def waits_for_a_value(flag: Cell[int]) -> None:
    await flag.wait_until(lambda value: value)


async def spins_on_an_exchange(lock: Cell[int]) -> None:
    while await lock.compare_exchange(0, 1) != 0:
        pass


async def waits_to_exchange(lock: Cell[int]) -> None:
    await lock.update_when(lambda value: value == 0, lambda value: 1)


def behind_a_flag(take: Take, copies: int) -> Program:
    """S stores data, then sets the flag; W goes on once it is set."""
    mem = Memory()
    data, flag = mem.cell("data", 0), mem.cell("flag", 0)

    async def store() -> None:
        await data.store(1)
        await flag.store(1)

    async def wait() -> int:
        await take(flag)
        return await data.load()

    return Program(mem, {"S": Thread(store), "W": Thread(wait, copies=copies)})


def behind_a_lock(take: Take, copies: int) -> Program:
    """Each W notes under the lock how many were there before."""
    mem = Memory()
    count, lock = mem.cell("count", 0), mem.cell("lock", 0)

    async def section() -> int:
        await take(lock)
        before = await count.load()
        await count.store((before + 1) % 4)
        await lock.store(0)
        return before

    return Program(mem, {"W": Thread(section, copies=copies)})


@pytest.mark.parametrize("copies", [1, 2, 3])
@pytest.mark.parametrize(
    ("program", "spin", "wait"),
    [
        (behind_a_flag, spins_on_a_load, waits_for_a_value),
        (behind_a_lock, spins_on_an_exchange, waits_to_exchange),
    ],
)
def test_spinning_comes_to_what_waiting_comes_to(
    program: Callable[[Take, int], Program], spin: Take, wait: Take, copies: int
) -> None:
    spinning, waiting = explore(program(spin, copies)), explore(program(wait, copies))
    assert (spinning.verdict, waiting.verdict) == ("pass", "pass")
    assert list(spinning.outcomes) == list(waiting.outcomes)
    assert spinning.states <= waiting.states
    assert spinning.searched <= waiting.searched
