"""SafeStack: counters that a program adds to as it is naturally written cost hardly more than ones
whose values it declares. (The nodes of automata that cannot be closed are places in the code, and
CPython compiles the head of a `while` twice: so they are some more.)

Source   D. Vyukov, "Bug with a context switch bound 5", 2010: a stack whose elements are taken by
         three threads. Each takes an element and gives it back, twice. 109,827 states for the
         clamped counter are those that a separate implementation of the same reductions found.
"""

from typing import Any

import pytest

from racer import Memory, Program, Result, Thread, Violation, explore

pytestmark = pytest.mark.slow

SIZE = 3
ROUNDS = 2
CLAMPED_STATES = 109_827
NATURAL_AT_MOST = 2  # times that


def safestack(counter: str) -> Program:
    mem = Memory()
    successors = [mem.cell(f"next{i}", i + 1 if i < SIZE - 1 else -1) for i in range(SIZE)]
    taken = [mem.cell(f"taken{i}", False) for i in range(SIZE)]
    head = mem.cell("head", 0)
    declared: Any = {"values": range(SIZE + 1)} if counter == "declared" else {}
    count = mem.cell("count", SIZE, **declared)

    async def add(number: int) -> None:
        if counter == "clamped":
            await count.update(lambda value: min(max(value + number, 0), SIZE))
        else:
            await count.fetch_add(number)

    async def pop() -> int:
        while await count.load() > 1:
            first = await head.load()
            second = await successors[first].swap(-1)
            if second >= 0:
                if await head.compare_exchange(first, second) == first:
                    await add(-1)
                    return first
                await successors[first].swap(second)
        return -1

    async def push(index: int) -> None:
        first = await head.load()
        while True:
            await successors[index].store(first)
            found = await head.compare_exchange(first, index)
            if found == first:
                break
            first = found
        await add(1)

    async def worker() -> None:
        for _ in range(ROUNDS):
            while (index := await pop()) < 0:
                pass
            if await taken[index].swap(True):
                raise Violation("taken_twice")
            await taken[index].store(False)
            await push(index)

    return Program(mem, {"T": Thread(worker, copies=3)})


def explored(counter: str) -> Result:
    result = explore(safestack(counter))
    assert result.verdict == "fail"
    witness = result.violations["taken_twice"].witness
    assert witness.minimal
    assert witness.preemptions == 7
    return result


@pytest.mark.parametrize("counter", ["clamped", "declared"])
def test_a_counter_with_known_values(counter: str) -> None:
    assert explored(counter).states == CLAMPED_STATES


def test_a_counter_as_it_is_written() -> None:
    assert explored("natural").states <= NATURAL_AT_MOST * CLAMPED_STATES
