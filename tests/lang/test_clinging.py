"""Threads that catch everything, and explorations in several operating system threads."""

from __future__ import annotations

import sys
import threading
from collections.abc import Awaitable, Callable

import pytest

from racer import Memory, ModelError, Move, Program, Thread, explore, replay
from racer.lang.cells import Cell

# All catch whatever comes, the GeneratorExit of a run that is abandoned included.
# ruff: noqa: E722

Clinging = Callable[[Cell[int]], Awaitable[int]]


async def loops(x: Cell[int]) -> int:
    while True:
        try:
            if await x.load():
                return 1
        except:
            pass


async def loops_within(x: Cell[int]) -> int:
    while True:
        try:
            try:
                try:
                    if await x.load():
                        return 1
                except:
                    pass
            except:
                continue
        except:
            pass


async def goes_on_elsewhere(x: Cell[int]) -> int:
    while True:
        try:
            return await x.wait_until(lambda v: v == 1)
        except:
            while True:
                try:
                    if await x.load():
                        break
                except BaseException:
                    continue


async def fails_when_left(x: Cell[int]) -> int:
    try:
        return await x.wait_until(lambda v: v == 1)
    except BaseException:
        sys.exit("left")


@pytest.mark.parametrize(
    "clinging", [loops, loops_within, goes_on_elsewhere, fails_when_left], ids=lambda f: f.__name__
)
def test_a_thread_that_catches_everything_is_left_all_the_same(clinging: Clinging) -> None:
    def program() -> Program:
        mem = Memory()
        x = mem.cell("x", 0)

        async def b() -> None:
            await x.store(1)

        return Program(mem, {"A": Thread(clinging, x, copies=2), "B": Thread(b)})

    tracing = sys.gettrace()
    result = explore(program())
    assert result.verdict == "pass"
    assert [dict(outcome) for outcome in result.outcomes] == [{"A.0": 1, "A.1": 1, "B": None}]
    assert replay(program(), [Move("B"), Move("A.0"), Move("A.1")]).maximal
    assert replay(program(), [Move("B")]).labels == ()  # and leaves two that wait
    assert sys.gettrace() is tracing


@pytest.mark.parametrize(
    ("does", "why"),
    [
        (lambda x, other: x.store([1]), "value stored to 'x' is a list, which is not hashable"),
        (lambda x, other: x.update(lambda v: [v]), "value left in 'x' is a list"),
        (lambda x, other: x.compare_exchange({}, 1), "'x' is compared with is a dict"),
        (lambda x, other: other.load(), "is not of the Memory"),
        (lambda x, other: x.load("release"), "there is no order 'release'"),
    ],
    ids=["store", "update", "compare_exchange", "foreign", "order"],
)
def test_what_no_model_may_do_is_told_although_the_thread_catches_it(
    does: Callable[..., Awaitable[object]], why: str
) -> None:
    mem, foreign = Memory(), Memory()
    x, other = mem.cell("x", 0), foreign.cell("x", 0)

    async def a() -> None:
        await x.load()
        try:
            await does(x, other)
        except Exception:
            await x.load()

    with pytest.raises(ModelError, match=why):
        explore(Program(mem, {"A": Thread(a)}))


def test_exploring_within_a_modelled_thread_is_refused() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def inner() -> None:
        await x.load()

    async def outer() -> None:
        await x.load()
        try:
            explore(Program(mem, {"T": Thread(inner)}))
        except Exception:
            await x.load()

    with pytest.raises(ModelError, match=r"explore\(\) is called by a modelled thread"):
        explore(Program(mem, {"T": Thread(outer)}))


def adders(rounds: int) -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def add() -> int:
        for _ in range(rounds):
            await x.store(await x.load() + 1)
        return await x.load()

    return Program(mem, {"A": Thread(add, copies=2), "B": Thread(add)})


def test_programs_are_explored_in_several_operating_system_threads_at_once() -> None:
    expected = {rounds: explore(adders(rounds)).interleavings for rounds in (1, 2)}
    assert expected[1] == 1680  # 9! / (3! 3! 3!): three threads of three steps
    switching = sys.getswitchinterval()
    found: list[tuple[int, object]] = []

    def work(rounds: int) -> None:
        try:
            found.append((rounds, explore(adders(rounds)).interleavings))
        except BaseException as error:
            found.append((rounds, error))

    threads = [threading.Thread(target=work, args=(1 + i % 2,)) for i in range(6)]
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(switching)
    assert [count for rounds, count in found if count != expected[rounds]] == []
    assert len(found) == 6
