"""Workers of a bounded buffer go on for ever, and hang exactly where theory says so.

Source   github.com/lemmy/BlockingQueue, a series of TLA+ models: with one condition for producers
         and consumers and a notify() that wakes anyone, the buffer is free of deadlocks exactly if
         2 * capacity >= producers + consumers; with notifyAll() always.
"""

from __future__ import annotations

import pytest

from racer import Memory, Program, Thread, choose, explore


def buffer(
    producers: int, consumers: int, capacity: int, *, wakes_all: bool, daemon: bool
) -> Program:
    mem = Memory()
    monitor, items = mem.lock("monitor"), mem.cell("items", 0)
    # By kind of worker, how many wait to be told, and how many were told and are not yet back.
    waiting = {True: mem.cell("producers waiting", 0), False: mem.cell("consumers waiting", 0)}
    told = {True: mem.cell("producers told", 0), False: mem.cell("consumers told", 0)}
    most = {True: producers, False: consumers}

    async def notify(kind: bool) -> bool:
        if await waiting[kind].update(lambda n: max(n - 1, 0)) == 0:
            return False
        await told[kind].update(lambda n: min(n + 1, most[kind]))
        return True

    async def work(kind: bool) -> None:
        while True:
            async with monitor:
                held = await items.load()
                waits = held == (capacity if kind else 0)
                if waits:
                    await waiting[kind].update(lambda n: min(n + 1, most[kind]))
                else:
                    await items.store(held + 1 if kind else held - 1)
                    first = True if wakes_all else await choose(True, False)
                    while await notify(first) or await notify(not first):
                        if not wakes_all:
                            break
            if waits:
                await told[kind].update_when(lambda n: n > 0, lambda n: n - 1)

    return Program(
        mem,
        {
            "P": Thread(work, True, copies=producers, daemon=daemon),
            "C": Thread(work, False, copies=consumers, daemon=daemon),
        },
    )


@pytest.mark.parametrize("daemon", [False, True])
@pytest.mark.parametrize(
    ("producers", "consumers", "capacity"), [(1, 1, 1), (2, 1, 1), (1, 2, 1), (2, 1, 2), (2, 2, 1)]
)
def test_it_hangs_where_one_is_woken_and_there_are_too_many(
    producers: int, consumers: int, capacity: int, daemon: bool
) -> None:
    hangs = 2 * capacity < producers + consumers
    result = explore(buffer(producers, consumers, capacity, wakes_all=False, daemon=daemon))
    assert list(result.violations) == (["deadlock"] if hangs else [])


@pytest.mark.parametrize("daemon", [False, True])
@pytest.mark.parametrize(("producers", "consumers", "capacity"), [(1, 1, 1), (2, 1, 1), (2, 2, 1)])
def test_it_never_hangs_where_all_are_woken(
    producers: int, consumers: int, capacity: int, daemon: bool
) -> None:
    result = explore(buffer(producers, consumers, capacity, wakes_all=True, daemon=daemon))
    assert (result.verdict, result.loops) == ("pass", ("C", "P"))
