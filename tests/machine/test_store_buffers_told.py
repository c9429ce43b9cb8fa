"""What racer says of programs behind store buffers: replays, refusals, and what it leaves out."""

from __future__ import annotations

import pytest

from racer import Memory, Move, Program, ReplayDiverged, Thread, replay


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
