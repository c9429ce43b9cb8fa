"""x86: store buffers without an end. What they show is what buffers of a depth show that is enough.

That depth is the number of stores of a thread: more cannot be outstanding. Searches behind buffers
of a depth are held against brute force in test_store_buffers.py.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest

from racer import Memory, Program, Result, Thread, certificate, explore, fence, replay
from racer.errors import UsageError
from racer.machine import models
from racer.machine.tso import TotalStoreOrder
from racer.replaying.store_buffers import StoreBufferStorage
from tests.corpus import corpus
from tests.machine.test_store_buffers import store_buffering, values
from tests.programs import build

ENOUGH = 12  # stores of one thread: more than those of the programs below


@pytest.fixture(autouse=True)
def deep(monkeypatch: pytest.MonkeyPatch) -> None:
    model = models.Model(
        functools.partial(TotalStoreOrder, depth=ENOUGH),
        functools.partial(StoreBufferStorage, depth=ENOUGH),
    )
    monkeypatch.setitem(models.MODELS, "deep", model)


def shown(result: Result) -> object:
    outcomes = {key: each.interleavings for key, each in result.outcomes.items()}
    labels = {
        label: (each.interleavings, each.witness.cost) for label, each in result.violations.items()
    }
    return result.verdict, result.interleavings, result.states, outcomes, labels


@pytest.mark.thorough
def test_generated_programs_are_as_behind_deep_buffers() -> None:
    compared = 0
    for sample in corpus(80):
        tso = explore(build(sample), memory="tso", max_states=4_000)
        bounded = explore(build(sample), memory="deep", max_states=4_000)
        if tso.bound is None and bounded.bound is None:
            assert shown(tso) == shown(bounded)
            compared += 1
    assert compared >= 20


def test_store_buffering_as_on_any_x86() -> None:
    assert values(store_buffering(), "tso") == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert values(store_buffering(fenced=True), "tso") == {(0, 1), (1, 0), (1, 1)}
    assert explore(store_buffering(), memory="tso").interleavings == 80  # as for a depth of 1


@pytest.mark.parametrize("kind", ["rmb", "wmb"])
def test_other_fences_are_nothing(kind: str) -> None:
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    def half(mine: object, other: object) -> Callable[[], object]:
        async def run() -> int:
            await mine.store(1, order="release")  # type: ignore[attr-defined]
            await fence(kind)  # type: ignore[arg-type]
            value: int = await other.load(order="acquire")  # type: ignore[attr-defined]
            return value

        return run

    threads = {"A": Thread(half(x, y)), "B": Thread(half(y, x))}  # type: ignore[arg-type]
    assert (0, 0) in values(Program(mem, threads), "tso")


@pytest.mark.parametrize("failing", [False, True])
def test_a_locked_instruction_empties_the_buffer_whether_it_stores_or_not(failing: bool) -> None:
    mem = Memory()
    x, y, z = mem.cell("x", 0), mem.cell("y", 0), mem.cell("z", 0)

    def half(mine: object, other: object) -> Callable[[], object]:
        async def run() -> int:
            await mine.store(1)  # type: ignore[attr-defined]
            await z.compare_exchange(5 if failing else 0, 0)
            value: int = await other.load()  # type: ignore[attr-defined]
            return value

        return run

    threads = {"A": Thread(half(x, y)), "B": Thread(half(y, x))}  # type: ignore[arg-type]
    assert (0, 0) not in values(Program(mem, threads), "tso")


def test_what_adds_is_no_plain_store_though_it_gives_nothing() -> None:
    """A semaphore that is released behind a store: the store is seen by whoever gets it."""
    mem = Memory()
    data = mem.cell("data", 0)
    room = mem.semaphore("room", 0)

    async def put() -> None:
        await data.store(1)
        await room.release()

    async def get() -> int:
        await room.acquire()
        return await data.load()

    program = Program(mem, {"G": Thread(get), "P": Thread(put)})
    assert values(program, "tso") == {(1, None)}


def test_who_waits_for_a_watch_waits_for_its_own_stores_and_for_memory() -> None:
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)
    both = mem.watch("both", lambda state: state[x] == state[y] == 1, [x, y])

    async def mine() -> int:
        await x.store(1)
        await both.wait()
        return await y.load()

    async def other() -> None:
        await y.store(1)

    def make() -> Program:
        return Program(mem, {"A": Thread(mine), "B": Thread(other)})

    assert values(make(), "tso") == {(1, None)}
    # A: store, flush, wait, load; B: store, flush, both before the wait. C(4, 2) = 6.
    assert explore(make(), memory="tso").interleavings == 6
    for reduce in (False, True):
        assert explore(make(), memory="tso", reduce=reduce).verdict == "pass"


def test_a_loop_that_stores_for_ever_ends_at_a_limit() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def spin() -> None:
        while True:
            await x.store(1)

    async def other() -> int:
        return await x.load()

    result = explore(
        Program(mem, {"O": Thread(other), "S": Thread(spin)}), memory="tso", max_states=500
    )
    assert result.verdict == "bound"


def test_a_witness_has_the_flushes_and_is_replayed() -> None:
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def one() -> int:
        await x.store(1)
        return await y.load()

    async def other() -> int:
        await y.store(1)
        return await x.load()

    def seen_by_one(state: object, came_to: object) -> bool:
        return came_to["A"] or came_to["B"]  # type: ignore[index,no-any-return]

    def make() -> Program:
        threads = {"A": Thread(one), "B": Thread(other)}
        return Program(mem, threads, finally_={"seen": seen_by_one})  # type: ignore[dict-item]

    result = explore(make(), memory="tso")
    # Each load comes before the other's flush. Where both come before both flushes: C(4, 2) = 6
    # ways to merge two stores and loads, and 2 orders of the flushes. Else one flush, A's, say,
    # comes before A's load: B stores, B loads, A's flush, A loads, B's flush, with A's store at
    # one of 3 places before its flush; and the same for B: 6 * 2 + 3 + 3.
    assert result.violations["seen"].interleavings == 18
    witness = result.violations["seen"].witness
    assert [move.thread for move in witness.schedule][-2:] == ["A:flush", "B:flush"]
    assert replay(make(), witness, memory="tso").labels == ("seen",)


def test_what_is_told_of_sc_only_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="under the memory model 'sc'"):
        certificate(explore(store_buffering(), memory="tso"))
