"""What racer says of programs behind store buffers: replays, refusals, and what it leaves out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from racer import (
    Memory,
    Move,
    Program,
    ProgramError,
    ReplayDiverged,
    Thread,
    explore,
    fence,
    replay,
)
from racer.explanation.history import history


def two_stores() -> Program:
    """W stores to x and to y, while R loads both."""
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def write() -> None:
        await x.store(1)
        await y.store(1)

    async def read() -> tuple[int, int]:
        return await x.load(), await y.load()

    return Program(mem, {"R": Thread(read), "W": Thread(write)})


# --- schedules that cannot be followed ----------------------------------------------------------


@pytest.mark.parametrize("option", [1, -1])
def test_a_flush_has_no_options(option: int) -> None:
    with pytest.raises(ReplayDiverged) as caught:
        replay(two_stores(), (Move("W"), Move("W:flush", option)), memory="buffers1")
    assert (caught.value.step, caught.value.thread) == (2, "W:flush")
    assert caught.value.found == "W:flush has no options to choose from"
    assert "Usual cause" in str(caught.value)


def test_an_empty_buffer_is_not_flushed() -> None:
    with pytest.raises(ReplayDiverged) as caught:
        replay(two_stores(), (Move("W:flush"),), memory="buffers1")
    assert (caught.value.step, caught.value.found) == (1, "it cannot move now")


# --- obstacles ----------------------------------------------------------------------------------


def fenced() -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def write() -> None:
        await x.store(1)
        await fence("mb")

    async def read() -> int:
        return await x.load()

    return Program(mem, {"R": Thread(read), "W": Thread(write)})


FULL = "W waits for room in its store buffer, which is full"
NOT_EMPTY = "W waits until its store buffer is empty"


@pytest.mark.parametrize(
    ("make", "operation", "why"),
    [(two_stores, "store y = 1", FULL), (fenced, "fence mb", NOT_EMPTY)],
)
def test_a_replay_says_what_a_thread_waits_for_that_its_buffer_holds_up(
    make: Callable[[], Program], operation: str, why: str
) -> None:
    with pytest.raises(ReplayDiverged) as caught:
        replay(make(), (Move("W"), Move("W")), memory="buffers1")
    assert (caught.value.step, caught.value.found) == (2, f"{operation}: {why}")


@pytest.mark.parametrize(("make", "why"), [(two_stores, FULL), (fenced, NOT_EMPTY)])
def test_a_thread_that_its_buffer_holds_up_is_blocked_and_not_preempted(
    make: Callable[[], Program], why: str
) -> None:
    held_up = replay(make(), (Move("W"), Move("R")), memory="buffers1")
    switch = history(held_up).switches()[1]
    assert (switch.thread, switch.reason, switch.text) == ("W", "blocked", why)
    free = replay(make(), (Move("W"), Move("W:flush"), Move("R")), memory="buffers1")
    assert free.events[1].obstacles == {}


def test_a_thread_whose_buffer_has_room_is_preempted() -> None:
    trace = replay(two_stores(), (Move("W"), Move("R")), memory="buffers2")
    assert history(trace).switches()[1].text == "W preempted"


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("threads", "thread", "owner"),
    [
        ({"T": 1, "T:flush": 1}, "T:flush", "T"),
        ({"T": 2, "T.1:flush": 1}, "T.1:flush", "T.1"),
    ],
)
def test_a_thread_with_the_name_of_an_agent_is_refused_with_the_thread_that_has_it(
    threads: dict[str, int], thread: str, owner: str
) -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def load() -> None:
        await x.load()

    program = Program(mem, {name: Thread(load, copies=n) for name, n in threads.items()})
    assert explore(program).verdict == "pass"  # without buffers there is no such agent
    for ask in (
        lambda: explore(program, memory="buffers1"),
        lambda: replay(program, (Move(thread),), memory="buffers1"),
    ):
        with pytest.raises(ProgramError) as caught:
            ask()
        assert f"thread {thread!r} has the name" in str(caught.value)
        assert f"to thread {owner!r}" in str(caught.value)
