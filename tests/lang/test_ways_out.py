"""Whether a function can be left is read off its code, on every version of Python alike."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import Any

import pytest

from racer import Cell, Lock, Violation
from racer.lang.ways_out import has_no_way_out


async def bare(x: Cell[int]) -> None:
    while True:
        await x.load()


async def with_a_lock(x: Cell[int], lock: Lock) -> None:
    while 1:
        async with lock:
            await x.load()


async def that_catches(x: Cell[int], lock: Lock) -> None:
    while True:
        try:
            async with lock:
                await x.load()
        except KeyError:
            pass
        finally:
            await x.store(0)


async def with_loops_inside(x: Cell[int]) -> None:
    await x.load()
    while True:
        for _ in (1, 2):
            with contextlib.suppress(KeyError):
                if await x.load():
                    continue
            while await x.load():
                break


async def that_raises(x: Cell[int]) -> None:
    while True:
        if await x.load():
            raise Violation("bad")


async def that_matches(x: Cell[int]) -> None:
    while True:
        match await x.load():
            case 1:
                await x.store(0)


class Worker:
    async def run(self, x: Cell[int]) -> None:
        while True:
            await x.load()

    async def once(self, x: Cell[int]) -> None:
        await x.load()


async def with_a_break(x: Cell[int]) -> None:
    while True:
        if await x.load():
            break


async def with_a_return_in_a_block(x: Cell[int], lock: Lock) -> int:
    while True:
        async with lock:
            return await x.load()


async def with_a_return_from_a_handler(x: Cell[int]) -> None:
    while True:
        try:
            await x.load()
        except KeyError:
            return


async def with_a_condition(x: Cell[int], again: bool = True) -> None:
    while again:
        await x.load()


async def that_awaits_one_without(x: Cell[int]) -> None:
    await bare(x)


@pytest.mark.parametrize(
    "function",
    [
        bare,
        with_a_lock,
        that_catches,
        with_loops_inside,
        that_raises,
        that_matches,
        Worker().run,
        functools.partial(bare),
    ],
)
def test_a_loop_that_nothing_leaves_has_no_way_out(function: Callable[..., Any]) -> None:
    assert has_no_way_out(function)


@pytest.mark.parametrize(
    "function",
    [
        with_a_break,
        with_a_return_in_a_block,
        with_a_return_from_a_handler,
        with_a_condition,
        that_awaits_one_without,
        Worker().once,
        lambda x: bare(x),
        None,
    ],
)
def test_everything_else_has_one(function: Callable[..., Any]) -> None:
    assert not has_no_way_out(function)
