"""Windows in both searches, in programs where each of their ways to open, see and end matters."""

from __future__ import annotations

import pytest

from racer import Memory, Program, State, Thread, Violation
from racer.native.library import loaded
from tests.native.test_agreement import assert_one_graph, assert_the_same_schedules, ways

pytestmark = pytest.mark.skipif(
    loaded().library is None, reason=f"there is no compiled search: {loaded().why}"
)


def looking(*, ends_inside: bool, nested: bool, copies: int) -> Program:
    """Threads that look through windows at two cells which another one changes and changes back."""
    memory = Memory()
    x, y = memory.cell("x", 0), memory.cell("y", 0)
    both = memory.watch("both", lambda state: state[x] == state[y], cells=[x, y])
    one = memory.watch("one", lambda state: state[x] == 1, cells=[x])

    async def looks() -> object:
        async with both.window() as outer:
            seen = await x.load()
            if nested:
                async with one.window() as inner:
                    await y.load()
                seen += 2 * (not inner.never) + 4 * inner.always
            if ends_inside and seen % 2:
                raise Violation("inside")
            await y.load()
        return seen, not outer.never, outer.always, outer.at_end

    async def changes() -> None:
        for cell, value in ((x, 1), (y, 1), (y, 2), (x, 0), (y, 0)):
            await cell.store(value)

    def apart(state: State) -> bool:
        return state[x] + state[y] < 3

    return Program(
        memory,
        {"A": Thread(changes), "R": Thread(looks, copies=copies)},
        invariants={"apart": apart},
        sometimes={"both": lambda state: state[x] == 1 and state[y] == 2},
    )


@pytest.mark.parametrize("copies", [1, 2])
@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("ends_inside", [False, True])
def test_windows(*, ends_inside: bool, nested: bool, copies: int) -> None:
    def make() -> Program:
        return looking(ends_inside=ends_inside, nested=nested, copies=copies)

    for way in ways(make()):
        assert_one_graph(way)
    if copies == 1:
        assert_the_same_schedules(make)
