"""Locks taken by hand, tried, and released; waiting and taking in one step."""

from __future__ import annotations

import contextlib

import pytest

from racer import Memory, ModelError, Program, Thread, Violation, explain, explore, mail
from tests.oracles.naive import enumerate_program


def try_lock(*, waits: bool = False) -> Program:
    """T gives up where the lock is held, which is called a violation; H holds it for a while."""
    mem = Memory()
    lock, x = mem.lock("lock"), mem.cell("x", 0)

    async def holder() -> None:
        await lock.acquire()
        await x.store(1)
        await lock.release()

    async def tries() -> bool:
        if not await lock.try_acquire():
            raise Violation("gave up")
        await lock.release()
        return True

    async def takes() -> None:
        async with lock:
            await x.load()

    return Program(mem, {"H": Thread(holder), "T": Thread(takes if waits else tries)})


def test_a_try_fails_exactly_where_the_lock_is_held() -> None:
    result = explore(try_lock())
    # H's three steps are a row. T's try comes before them, after them, after the first or after
    # the second. After these two it fails and T has ended: 2 interleavings. After H it succeeds: 1.
    # Before H it succeeds, and H can only go on when T has released: 1.
    assert result.interleavings == 4
    assert result.violations["gave up"].interleavings == 2
    assert {label: f.interleavings for label, f in result.violations.items()} == dict(
        enumerate_program(try_lock()).violations
    )


def test_a_try_is_told_with_what_it_gave_and_no_change_where_it_failed() -> None:
    text = mail(explain(explore(try_lock()), "gave up"))
    assert "H1 acquire lock" in text and "lock: free -> held" in text
    assert "T1 try_acquire lock -> False  (from H1)" in text
    assert "T1 finds lock = held, stored by H1." in text


def test_what_a_try_has_taken_blocks_others_by_its_name() -> None:
    mem = Memory()
    lock = mem.lock("lock")

    async def tries() -> None:
        await lock.try_acquire()

    async def takes() -> None:
        await lock.acquire()

    result = explore(Program(mem, {"A": Thread(takes), "T": Thread(tries)}))
    # T first: it keeps the lock, and A waits for ever. A first: T's try fails, and both end.
    assert result.interleavings == 2
    explanation = explain(result, "deadlock")
    assert explanation.verdict == (
        "deadlock: A is blocked on lock lock, held by T, which ended without releasing it."
    )
    assert [(each.lock, each.first, each.last) for each in explanation.held] == [("lock", 0, None)]


@pytest.mark.parametrize("by_hand", [True, False])
def test_releasing_a_lock_that_is_free_is_an_error_of_the_model(by_hand: bool) -> None:
    mem = Memory()
    lock = mem.lock("lock")

    async def careless() -> None:
        await lock.acquire()
        await lock.release()
        with contextlib.suppress(Exception):
            await lock.release()

    async def twice() -> None:
        async with lock:
            await lock.release()

    with pytest.raises(ModelError, match=r"lock 'lock' is released while it is free") as caught:
        explore(Program(mem, {"T": Thread(careless if by_hand else twice)}))
    assert caught.value.thread == "T"
    assert caught.value.schedule == ("T", "T", "T")


def test_a_semaphore_is_waited_for_and_taken_in_one_step() -> None:
    def program(*, at_once: bool) -> Program:
        mem = Memory()
        free = mem.cell("free", 1)
        inside = mem.cell("inside", 0)

        async def enter() -> None:
            if at_once:
                await free.update_when(lambda n: n > 0, lambda n: n - 1)
            else:
                await free.wait_until(lambda n: n > 0)
                await free.update(lambda n: n - 1)
            before = await inside.update(lambda n: n + 1)
            assert before == 0, "two inside"
            await inside.update(lambda n: n - 1)
            await free.update(lambda n: n + 1)

        return Program(mem, {"T": Thread(enter, copies=2)})

    assert explore(program(at_once=True)).verdict == "pass"
    assert list(explore(program(at_once=False)).violations) == ["two inside"]


def test_who_waits_to_update_is_told_as_waiting_for_the_cell() -> None:
    mem = Memory()
    free = mem.cell("free", 0)

    async def enter() -> None:
        await free.update_when(lambda n: n > 0, lambda n: n - 1)

    async def other() -> None:
        await free.load()

    result = explore(Program(mem, {"O": Thread(other), "T": Thread(enter)}))
    explanation = explain(result, "deadlock")
    assert explanation.verdict == "deadlock: T waits for cell free, which is 0."
