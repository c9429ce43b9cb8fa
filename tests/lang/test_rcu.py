"""RCU: who a grace period waits for, and what is freed when."""

from __future__ import annotations

import pytest

from racer import Address, Cell, Memory, ModelError, Program, Thread, explain, explore
from tests.generated.test_agreement import assert_agreement


def one_reader() -> Program:
    mem = Memory()
    rcu = mem.rcu("rcu")

    async def reads() -> None:
        async with rcu.read:
            pass

    async def waits() -> None:
        await rcu.synchronize()

    return Program(mem, {"R": Thread(reads), "S": Thread(waits)})


def test_a_grace_period_waits_for_who_reads() -> None:
    # Where nobody reads it is one step: before L(ock) or after U(nlock). Else it begins and ends,
    # and U comes in between.
    result = explore(one_reader())
    assert (result.verdict, result.interleavings) == ("pass", 3)


def test_it_does_not_wait_for_who_begins_later() -> None:
    mem = Memory()
    rcu, turn, over = mem.rcu("rcu"), mem.cell("turn", 0), mem.cell("over", False)

    async def reads_before() -> bool:
        async with rcu.read:
            await turn.store(1)
            await turn.wait_until(lambda now: now == 2)
            return await over.load()

    async def waits() -> None:
        await turn.wait_until(lambda now: now == 1)
        await rcu.synchronize()
        await over.store(True)

    async def reads_later() -> None:  # if need be, until it is over
        await turn.wait_until(lambda now: now == 1)
        async with rcu.read:
            await turn.store(2)
            await over.wait_until(lambda now: now)

    threads = {"A": Thread(reads_before), "B": Thread(reads_later), "S": Thread(waits)}
    result = explore(Program(mem, threads))
    assert {dict(outcome)["A"] for outcome in result.outcomes} == {False}
    # B hangs where it began before the grace period, and only there.
    ends = {repr(dict(outcome)["B"]) for outcome in result.outcomes}
    assert len(ends) == 2 and "None" in ends and list(result.violations) == ["deadlock"]


def test_who_waits_for_itself_is_told() -> None:
    mem = Memory()
    rcu = mem.rcu("rcu")

    async def work() -> None:
        async with rcu.read:
            await rcu.synchronize()

    result = explore(Program(mem, {"T": Thread(work)}))
    said = explain(result, "deadlock").verdict
    assert said == (
        "deadlock: T waits for a grace period of rcu, which has <#0: 1 reading, 1 synchronizing>."
    )


def test_who_ends_what_it_has_not_begun_is_a_broken_model() -> None:
    mem = Memory()
    rcu = mem.rcu("rcu")

    async def work() -> None:
        await rcu.read.lock()
        await rcu.read.unlock()
        await rcu.read.unlock()

    with pytest.raises(ModelError, match="this thread is in no read section"):
        explore(Program(mem, {"T": Thread(work)}))


# --- what is freed -------------------------------------------------------------------------------


def replaced(*, inside: bool, how: str, callbacks: bool = True, readers: int = 1) -> Program:
    """A reader follows a pointer that an updater replaces. `how` it frees what was there."""
    mem = Memory()
    nodes = mem.pool("node", 2, fields={"value": 0})
    head: Cell[Address | None] = mem.cell("head", None)
    rcu = mem.rcu("rcu")

    async def reads() -> object:
        async with rcu.read:
            node = await head.load()
            if inside and node is not None:
                return await nodes[node].value.load()
        return None if node is None else await nodes[node].value.load()

    async def updates() -> None:
        await head.store(await nodes.allocate(value=1))
        old = await head.swap(None)
        assert old is not None
        if how == "kfree_rcu":
            await rcu.kfree(old)
            return
        if how == "synchronize_rcu":
            await rcu.synchronize()
        await nodes.free(old)

    threads = {"R": Thread(reads, copies=readers), "U": Thread(updates)}
    if how == "kfree_rcu" and callbacks:
        threads["callbacks"] = Thread(rcu.callbacks, daemon=True)
    return Program(mem, threads)


@pytest.mark.parametrize("how", ["free", "synchronize_rcu", "kfree_rcu"])
@pytest.mark.parametrize("inside", [True, False])
def test_who_reads_outside_or_does_not_wait_uses_what_is_freed(how: str, inside: bool) -> None:
    result = explore(replaced(inside=inside, how=how, readers=2))
    right = inside and how != "free"
    assert list(result.violations) == ([] if right else ["use after free"])
    assert result.loaded is not None and result.loaded.lifted.closed


@pytest.mark.parametrize("how", ["free", "synchronize_rcu", "kfree_rcu"])
@pytest.mark.parametrize("inside", [True, False])
def test_every_interleaving_by_itself_shows_the_same(how: str, inside: bool) -> None:
    assert_agreement(lambda: replaced(inside=inside, how=how))


def test_what_nobody_frees_later_leaks() -> None:
    result = explore(replaced(inside=True, how="kfree_rcu", callbacks=False))
    assert list(result.violations) == ["leak"]


def test_to_free_twice_later_is_told_at_once() -> None:
    mem = Memory()
    nodes, rcu = mem.pool("node", 1), mem.rcu("rcu")

    async def work() -> None:
        node = await nodes.allocate()
        await rcu.kfree(node)
        await rcu.kfree(node)

    result = explore(Program(mem, {"T": Thread(work)}))
    assert list(result.violations) == ["double free"]
