"""racer/words/machines.py: what is said of memory models beside their names."""

from __future__ import annotations

import pytest

from racer import Memory, Program, Thread, explore, fence
from racer.lang.operations import FenceKind
from racer.machine.models import MODELS, OF_EXECUTIONS
from racer.words.machines import machines_lines

pytestmark = pytest.mark.quick


def test_every_memory_model_is_told() -> None:
    known = [*MODELS, *OF_EXECUTIONS]
    assert [memory for memory, _ in machines_lines(known)] == known


def buffering(order: str, kind: FenceKind | None) -> Program:
    """SB, with that between the store and the load, or as their orders."""
    memory = Memory()
    cells = memory.cell("x", 0), memory.cell("y", 0)

    async def thread(own: int) -> int:
        await cells[own].store(1, "release" if order else "once")
        if kind is not None:
            await fence(kind)
        return await cells[1 - own].load("acquire" if order else "once")

    return Program(memory, {"a": Thread(thread, 0), "b": Thread(thread, 1)})


@pytest.mark.parametrize("memory", ["sc", "tso"])
def test_what_is_said_to_decide_nothing_decides_nothing(memory: str) -> None:
    """SB is what tells a model by: three ends in an order of all steps, a fourth under x86."""

    def ends(order: str, kind: FenceKind | None) -> set[object]:
        return set(explore(buffering(order, kind), memory=memory).outcomes)

    plain = ends("", None)
    assert len(plain) == {"sc": 3, "tso": 4}[memory]
    assert plain == ends("release, acquire", None) == ends("", "rmb") == ends("", "wmb")
    assert len(ends("", "mb")) == 3
