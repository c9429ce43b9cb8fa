"""Waiting for several cells at once, cells of which each thread has one, and indices."""

from __future__ import annotations

from collections import Counter

import pytest

from racer import (
    Cell,
    Memory,
    ModelError,
    Program,
    ProgramError,
    Thread,
    UsageError,
    choose,
    explain,
    explore,
)

# --- waiting for a watch -------------------------------------------------------------------------


def both(*, takes_back: bool = False) -> Program:
    mem = Memory()
    a, b = mem.cell("a", False), mem.cell("b", False)
    ready = mem.watch("both are set", lambda state: state[a] and state[b], [a, b])

    async def sets(cell: Cell[bool]) -> None:
        await cell.store(True)
        if takes_back:
            await cell.store(False)

    async def waits() -> None:
        await ready.wait()

    return Program(mem, {"A": Thread(sets, a), "B": Thread(sets, b), "W": Thread(waits)})


@pytest.mark.parametrize("reduce", [True, False])
def test_a_thread_waits_until_a_watch_holds(reduce: bool) -> None:
    result = explore(both(), reduce=reduce, count=True)
    assert (result.verdict, result.interleavings) == ("pass", 2)  # A and B in either order, then W


@pytest.mark.parametrize("reduce", [True, False])
def test_it_has_to_hold_at_one_instant(reduce: bool) -> None:
    # A and B take two steps each, in 6 orders. Both are set at once in those that begin with one of
    # each: 4 of them, for one instant, in which W goes on or not. Else W waits for ever.
    result = explore(both(takes_back=True), reduce=reduce, count=True)
    assert result.interleavings == 6 + 4
    assert result.violations["deadlock"].interleavings == 6
    said = explain(result, "deadlock").verdict
    assert said == "deadlock: W waits for watch 'both are set'."


def test_who_never_lets_it_hold_is_a_livelock() -> None:
    mem = Memory()
    a, b = mem.cell("a", False), mem.cell("b", True)
    ready = mem.watch("equal", lambda state: state[a] == state[b], [a, b])

    async def waits() -> None:
        await ready.wait()

    async def polls() -> None:
        while not await a.load():
            pass

    result = explore(Program(mem, {"P": Thread(polls), "W": Thread(waits)}))
    assert list(result.violations) == ["livelock"]


def test_a_predicate_that_fails_is_a_broken_model() -> None:
    mem = Memory()
    a = mem.cell("a", 0)
    bad = mem.watch("bad", lambda state: 1 // state[a], [a])

    async def waits() -> None:
        await bad.wait()

    with pytest.raises(ModelError, match="watch 'bad' raised ZeroDivisionError"):
        explore(Program(mem, {"W": Thread(waits)}))


# --- one for each thread -------------------------------------------------------------------------


def raising(*, by_hand: bool, copies: int = 3) -> Program:
    """Each raises its flag, and counts those that are up; by hand they are in a tuple."""
    mem = Memory()
    flags = mem.per_thread("flags", first=False)
    row = mem.cell("row", (False,) * copies)

    async def own() -> tuple[int, bool]:
        await flags.store(True)
        up = len(await flags.load_all())
        seen = await flags.load()
        await flags.store(False)
        return up, seen

    async def indexed(at: int) -> tuple[int, bool]:
        await row.update(UP[at])
        up = sum(await row.load())
        seen = (await row.load())[at]
        await row.update(DOWN[at])
        return up, seen

    if by_hand:
        return Program(mem, {f"T{at}": Thread(indexed, at) for at in range(copies)})
    return Program(mem, {"T": Thread(own, copies=copies)})


def _putting(at: int, value: bool):  # type: ignore[no-untyped-def]
    return lambda before: (*before[:at], value, *before[at + 1 :])


UP = [_putting(at, True) for at in range(3)]
DOWN = [_putting(at, False) for at in range(3)]


def test_copies_with_one_each_do_as_threads_with_a_number_and_stay_interchangeable() -> None:
    mine, by_hand = explore(raising(by_hand=False)), explore(raising(by_hand=True))
    assert mine.interleavings == by_hand.interleavings == 34_650  # 12! / 4!^3: nobody waits
    came = [
        Counter({tuple(value for _, value in outcome): how.interleavings
                 for outcome, how in result.outcomes.items()})
        for result in (mine, by_hand)
    ]  # fmt: skip
    assert came[0] == came[1]
    assert mine.canonical is not None and mine.states is not None
    assert mine.canonical * 4 < mine.states == by_hand.states


def test_one_waits_until_all_are_as_it_wants() -> None:
    mem = Memory()
    busy = mem.per_thread("busy", first=False)

    async def works() -> None:
        await busy.store(True)
        await busy.store(False)

    async def waits() -> int:
        return len(await busy.wait_until(lambda values: len(values) == 2))

    program = Program(mem, {"A": Thread(works, copies=2), "W": Thread(waits)})
    result = explore(program)
    # Of 6 orders of the two, 4 have both busy at one instant, in which W may go on.
    assert result.interleavings == 6 + 4
    assert result.violations["deadlock"].interleavings == 6
    assert "W waits for cell busy, which is" in explain(result, "deadlock").verdict


def test_what_a_thread_holds_is_told_apart_by_its_type() -> None:
    mem = Memory()
    own, x = mem.per_thread("own", first=0), mem.cell("x", 0)

    async def works() -> object:
        await own.store(await choose(1, True))
        await x.load()  # where nothing else tells the two apart
        return await own.load()

    outcomes = explore(Program(mem, {"T": Thread(works)})).outcomes
    assert {repr(outcome[0][1]) for outcome in outcomes} == {"1", "True"}


def test_what_no_state_can_hold_is_refused() -> None:
    with pytest.raises(ProgramError, match="what each thread's own 'own' holds at first is a list"):
        Memory().per_thread("own", first=[])


# --- an index of one's own -----------------------------------------------------------------------


def test_copies_that_take_an_index_stay_interchangeable() -> None:
    mem = Memory()
    ids = mem.cell("ids", 0, values=range(4))
    slots = tuple(mem.cell(f"slot.{at}", 0) for at in range(3))

    async def works() -> int:
        index = await ids.fetch_add(1)
        await slots[index].store(1)
        seen = 0
        for slot in slots:
            seen += await slot.load()
        return seen

    result = explore(Program(mem, {"T": Thread(works, copies=3)}))
    assert result.verdict == "pass"
    assert result.canonical is not None and result.states is not None
    assert result.canonical * 4 < result.states


# --- memory models -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["pool", "per-thread cell", "rcu"])
def test_what_is_seen_by_all_at_once_is_refused_where_stores_are_seen_later(kind: str) -> None:
    mem = Memory()
    x = mem.cell("x", 0)
    make = {
        "pool": lambda: mem.pool("it", 1, fields={"value": 0}),
        "per-thread cell": lambda: mem.per_thread("it", 0),
        "rcu": lambda: mem.rcu("it"),
    }
    make[kind]()

    async def work() -> None:
        await x.store(1)

    program = Program(mem, {"T": Thread(work)})
    assert explore(program).verdict == "pass"
    with pytest.raises(UsageError, match="'tso' cannot be asked about 'it'"):
        explore(program, memory="tso")


def test_what_threads_wait_with_is_a_locked_operation_under_tso() -> None:
    """Each sets its event and looks at the other's: one of them has to see it, as with xchg()."""
    mem = Memory()
    events = mem.event("one"), mem.event("two")

    async def sets(own: int) -> bool:
        await events[own].set()
        return await events[1 - own].is_set()

    threads = {"A": Thread(sets, 0), "B": Thread(sets, 1)}
    result = explore(Program(mem, threads), memory="tso")
    came = {tuple(value for _, value in outcome) for outcome in result.outcomes}
    assert came == {(True, True), (True, False), (False, True)}
