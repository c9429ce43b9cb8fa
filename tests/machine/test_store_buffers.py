"""A memory model that is not SC: one file, one storage, and a line in the table of models.

Its answers are held against brute force.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable

import pytest

from racer import (
    Memory,
    Move,
    Program,
    Result,
    Thread,
    Violation,
    Witness,
    explore,
    fence,
    replay,
)
from racer.automata.lifting import lift
from racer.exploration.witnesses import count_preemptions
from racer.machine.moves import packed
from tests.corpus import corpus
from tests.machine.brute_force import BruteForce
from tests.machine.conftest import DEPTHS
from tests.programs import build


def held_against(make: Callable[[], Program], depth: int, most: int = 6_000) -> bool:
    """Compare searches with and without reduction; False where there is too much to enumerate."""
    try:
        expected = BruteForce(make(), depth, most)
    except OverflowError:
        return False
    for reduce in (False, True):
        result = explore(make(), memory=f"buffers{depth}", reduce=reduce)
        found: Counter[tuple[object, ...]] = Counter()
        for key, outcome in result.outcomes.items():
            values = tuple(
                "blocked" if type(value).__name__ == "Blocked" else value for _, value in key
            )
            found[values] += outcome.interleavings or 0
        assert found == expected.outcomes
        assert result.interleavings == expected.outcomes.total()
        counts = {label: each.interleavings for label, each in result.violations.items()}
        assert counts == dict(expected.violations)
        for label, finding in result.violations.items():
            assert finding.witness.minimal
            assert finding.witness.preemptions == expected.preemptions[label]
            assert preemptions_of(result, finding.witness) == expected.preemptions[label]
            assert label in finding.trace.labels
    return True


def preemptions_of(result: Result, witness: Witness) -> int:
    """How many its schedule has, counted along it."""
    assert result.loaded is not None
    system = result.loaded.system(result.memory)
    return count_preemptions(system, packed(witness.schedule, system.agents))


# --- litmus tests -----------------------------------------------------------------------------


def store_buffering(*, fenced: bool = False, wrong: bool = False) -> Program:
    """SB: each thread stores to its cell and loads the other's."""
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    def half(mine: object, other: object) -> Callable[[], object]:
        async def run() -> int:
            await mine.store(1)  # type: ignore[attr-defined]
            if fenced:
                await fence("mb")
            value: int = await other.load()  # type: ignore[attr-defined]
            return value

        return run

    threads = {"A": Thread(half(x, y)), "B": Thread(half(y, x))}  # type: ignore[arg-type]
    return Program(mem, threads)


def values(program: Program, memory: str) -> set[tuple[object, ...]]:
    result = explore(program, memory=memory)
    return {tuple(value for _, value in key) for key in result.outcomes}


def test_store_buffering_gives_all_four_outcomes() -> None:
    assert values(store_buffering(), "buffers1") == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert values(store_buffering(), "sc") == {(0, 1), (1, 0), (1, 1)}


def test_a_full_fence_between_store_and_load_forbids_that_neither_is_seen() -> None:
    assert values(store_buffering(fenced=True), "buffers1") == {(0, 1), (1, 0), (1, 1)}


def test_the_interleavings_of_store_buffering_are_counted_by_hand() -> None:
    # A thread's moves are its store S, then its load L and its flush F in either order: 2 orders
    # of 3 moves each. Two threads: C(6, 3) = 20 ways to merge, times 2 * 2 orders: 80.
    result = explore(store_buffering(), memory="buffers1")
    assert result.interleavings == 80
    # Fenced: S, F, fence, L in a row: C(8, 4).
    assert explore(store_buffering(fenced=True), memory="buffers1").interleavings == 70


@pytest.mark.parametrize("depth", DEPTHS)
def test_messages_are_passed_in_order_because_buffers_are(depth: int) -> None:
    mem = Memory()
    data, flag = mem.cell("data", 0), mem.cell("flag", 0)

    async def writer() -> None:
        await data.store(1)
        await flag.store(1)

    async def reader() -> tuple[int, int]:
        return await flag.load(), await data.load()

    program = Program(mem, {"R": Thread(reader), "W": Thread(writer)})
    seen = {each[0] for each in values(program, f"buffers{depth}")}
    assert seen == {(0, 0), (0, 1), (1, 1)}


def test_a_thread_sees_its_own_store_before_anybody_else_does() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def own() -> int:
        await x.store(1)
        return await x.load()

    async def other() -> int:
        return await x.load()

    program = Program(mem, {"O": Thread(other), "T": Thread(own)})
    assert values(program, "buffers1") == {(0, 1), (1, 1)}


def test_a_thread_sees_the_newest_of_its_own_stores() -> None:
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def own() -> tuple[int, int]:
        await x.store(1)
        await x.store(2)
        return await x.load(), await y.load()

    async def other() -> int:
        await y.store(1)
        return await x.load()

    def make() -> Program:
        return Program(mem, {"O": Thread(other), "T": Thread(own)})

    seen = values(make(), "buffers2")
    assert {of_own for _, (of_own, _) in seen} == {2}
    assert {of_other for of_other, _ in seen} == {0, 1, 2}  # the stores come out one by one
    assert held_against(make, 2, most=60_000)
    loaded = replay(make(), (Move("T"),) * 3, memory="buffers2").events[2]
    assert (loaded.result, loaded.source) == (2, 1)


def two_stores() -> Program:
    mem = Memory()
    x, y, z = mem.cell("x", 0), mem.cell("y", 0), mem.cell("z", 0)

    async def stores() -> int:
        await x.store(1)
        await y.store(1)
        return await z.load()

    async def other() -> tuple[int, int]:
        await z.store(1)
        await fence("mb")
        return await x.load(), await y.load()

    return Program(mem, {"O": Thread(other), "S": Thread(stores)})


def test_a_deeper_buffer_holds_back_more() -> None:
    # S loads z before both of its stores are seen only if both are buffered: with one slot, the
    # first is in memory before the second is made.
    assert ((0, 0), 0) in values(two_stores(), "buffers2")
    assert ((0, 0), 0) not in values(two_stores(), "buffers1")


def neither_is_seen() -> Program:
    """SB with copies that share two flags: who sees nobody takes himself to be alone."""
    mem = Memory()
    turn = mem.cell("turn", 0)
    flags = [mem.cell("f0", 0), mem.cell("f1", 0)]
    inside = mem.cell("inside", 0)

    async def enter() -> None:
        me = await turn.fetch_add(1)
        await flags[me].store(1)
        if not await flags[1 - me].load():
            before = await inside.fetch_add(1)
            if before:
                raise Violation("both inside")

    return Program(mem, {"T": Thread(enter, copies=2)})


def test_copies_show_a_violation_that_only_buffers_have_and_it_is_replayed() -> None:
    assert explore(neither_is_seen()).verdict == "pass"
    result = explore(neither_is_seen(), memory="buffers1")
    assert list(result.violations) == ["both inside"]
    finding = result.violations["both inside"]
    assert finding.witness.minimal
    assert any(move.thread.endswith(":flush") for move in finding.witness.schedule)
    again = replay(neither_is_seen(), finding.witness, memory="buffers1")
    assert again.labels == ("both inside",)
    assert held_against(neither_is_seen, 1, most=60_000)


def test_copies_are_one_up_to_symmetry_buffers_included() -> None:
    result = explore(neither_is_seen(), memory="buffers1")
    assert result.canonical is not None
    assert result.canonical < result.states


def test_stubborn_sets_leave_out_orders_of_what_nobody_else_sees() -> None:
    mem = Memory()

    def alone(cell: object) -> Callable[[], object]:
        async def run() -> int:
            await cell.store(1)  # type: ignore[attr-defined]
            value: int = await cell.load()  # type: ignore[attr-defined]
            return value

        return run

    cells = {name: mem.cell(name, 0) for name in ("x", "y", "z")}
    threads = {name: Thread(alone(cell)) for name, cell in cells.items()}  # type: ignore[arg-type]
    program = Program(mem, threads)
    # Each thread has 5 states: at first, stored, then loaded or flushed, then both. All together
    # 5^3; one after the other at most 3 * 4 moves, with a load and a flush in both orders.
    result = explore(program, memory="buffers1")
    assert result.states == 125
    assert explore(program, memory="buffers1", count=False).searched <= 3 * 4 + 1
    assert result.interleavings == 1680 * 2**3  # 9! / (3! 3! 3!), and 2 orders of each thread


def test_what_memory_holds_changes_with_the_flush_and_not_with_the_store() -> None:
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)
    watch = mem.watch("x is 1", lambda s: s[x] == 1, cells=[x])

    async def run() -> tuple[bool, bool]:
        async with watch.window() as seen:
            await x.store(1)
        async with watch.window() as later:
            await y.load()
            await fence("mb")
        return seen.sometimes, later.at_end

    program = Program(mem, {"T": Thread(run)}, invariants={"x is 0": lambda s: s[x] == 0})
    result = explore(program, memory="buffers1")
    assert {value for key in result.outcomes for _, value in key} == {(False, True)}
    trace = result.violations["x is 0"].trace
    (broken,) = [event for event in trace.events if "x is 0" in event.broken][:1]
    assert broken.thread == "T:flush"


# --- preemptions ------------------------------------------------------------------------------


def handing_over(*, own_flush: bool = False, fenced: bool = False, early: bool = False) -> Program:
    """W stores to x and looks at y, to which R answers once x is seen to be stored.

    own_flush  W looks instead at whether its store has left the buffer
    fenced     W waits for that before it looks
    early      R has a step before it looks at x
    """
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)
    stored = mem.watch("x is 1", lambda s: s[x] == 1, cells=[x])

    async def write() -> None:
        async with stored.window() as seen:
            await x.store(1)
            if fenced:
                await fence("mb")
            answered = await y.load()
        if seen.sometimes if own_flush else answered:
            raise Violation("seen")

    async def read() -> None:
        if early:
            await y.load()
        if await x.load():
            await y.fetch_add(1)

    threads = {"W": Thread(write)}
    return Program(mem, threads if own_flush else {"R": Thread(read), **threads})


@pytest.mark.parametrize(
    ("make", "preemptions"),
    [
        # W is under way while its buffer is flushed: that is nobody's turn but the buffer's.
        (functools.partial(handing_over, own_flush=True), 0),
        # R has to come between the store and the load of W, which could go on at once.
        (handing_over, 1),
        # W is blocked until its buffer is flushed; R, whose first step needs that, comes when W
        # could go on again.
        (functools.partial(handing_over, fenced=True), 1),
        # As R begins while W is blocked, it is under way when the buffer is flushed.
        (functools.partial(handing_over, fenced=True, early=True), 0),
    ],
)
@pytest.mark.parametrize("depth", DEPTHS)
def test_a_flush_neither_preempts_nor_is_preempted(
    make: Callable[[], Program], preemptions: int, depth: int
) -> None:
    result = explore(make(), memory=f"buffers{depth}")
    assert result.violations["seen"].witness.preemptions == preemptions
    assert held_against(make, depth, most=60_000)


# --- generated programs -----------------------------------------------------------------------


@pytest.mark.thorough
@pytest.mark.parametrize("depth", DEPTHS)
def test_generated_programs_agree_with_brute_force(depth: int) -> None:
    compared = sum(
        held_against(functools.partial(build, sample), depth, most=1_500)
        for sample in corpus(60)
        if lift(build(sample)).closed
    )
    assert compared >= 10


@pytest.mark.thorough
def test_what_sc_shows_buffers_show_too() -> None:
    for sample in corpus(40):
        plain = explore(build(sample), count=False, max_states=2_000)
        weak = explore(build(sample), memory="buffers1", count=False, max_states=20_000)
        if plain.bound is None and weak.bound is None:
            assert set(plain.violations) <= set(weak.violations)
            assert set(plain.outcomes) <= set(weak.outcomes)
