"""Differences: what only one of two programs shows, and where the other escapes it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from racer import (
    Cell,
    DiffInterrupted,
    Memory,
    ModelError,
    Move,
    Program,
    State,
    Thread,
    UsageError,
    Violation,
    choose,
    diff,
)
from racer.automata.lifting import lift
from racer.difference.data import Absence, Alignment, Escape
from racer.difference.following import follow
from racer.machine.sc import SequentialConsistency
from racer.replaying.trace import Event

Body = Callable[[Cell[Any]], Coroutine[Any, Any, object]]


def program(**bodies: Body) -> Program:
    """Threads over one cell x, which is 0."""
    mem = Memory()
    x = mem.cell("x", 0)
    return Program(mem, {name: Thread(body, x) for name, body in bodies.items()})


async def store_one(x: Cell[Any]) -> None:
    await x.store(1)


async def load_twice(x: Cell[Any]) -> None:
    if await x.load() != await x.load():
        raise Violation("torn")


async def load_once(x: Cell[Any]) -> None:
    await x.load()


async def load_thrice(x: Cell[Any]) -> None:
    await x.load()  # of which nothing is made
    await load_twice(x)


def step(event: Event | None) -> str | None:
    if event is None:
        return None
    return f"{event.thread} {event.operation.text()} -> {event.result}"


def rows(alignment: Alignment) -> list[tuple[str | None, str | None, bool]]:
    return [(step(row.leader), step(row.follower), row.alike) for row in alignment.rows]


def test_a_label_that_only_the_first_has_comes_with_its_count_and_minimal_witness() -> None:
    found = diff(program(R=load_twice, W=store_one), program(R=load_once, W=store_one))
    [torn] = found.labels
    assert (torn.what, torn.only, torn.second) == ("torn", "first", None)
    assert torn.first is not None
    assert torn.first.interleavings == 1  # RWR, of RRW, RWR, WRR
    assert (torn.first.witness.preemptions, torn.first.witness.minimal) == (1, True)
    assert (found.first.result.interleavings, found.second.result.interleavings) == (3, 2)


def test_a_label_that_only_the_second_has_is_led_by_the_second() -> None:
    found = diff(program(R=load_once, W=store_one), program(R=load_twice, W=store_one))
    assert [(label.what, label.only) for label in found.labels] == [("torn", "second")]
    assert found.alignments[0].leader == "second"


def test_equal_programs_have_no_difference() -> None:
    found = diff(program(R=load_twice, W=store_one), program(R=load_twice, W=store_one))
    assert {each.only for each in found.labels} == {None}
    assert {each.only for each in found.outcomes} == {None}
    assert {each.only for each in found.values} == {None}
    [torn] = found.alignments  # the label that both have
    assert (torn.shown, torn.parts, torn.escape) == (True, None, Escape(None))


def test_the_values_of_each_thread_are_compared() -> None:
    found = diff(program(R=load_twice, W=store_one), program(R=load_once, W=store_one))
    counts = {
        (thread, str(value)): (
            each.first and each.first.interleavings,
            each.second and each.second.interleavings,
        )
        for each in found.values
        for thread, value in [each.what]
    }
    assert counts == {("R", "None"): (2, 2), ("R", "torn"): (1, None), ("W", "None"): (3, 2)}


def test_where_the_thread_of_the_second_has_ended_the_schedule_goes_on_without_it() -> None:
    found = diff(program(R=load_twice, W=store_one), program(R=load_once, W=store_one))
    [torn] = found.alignments
    assert rows(torn) == [
        ("R load x -> 0", "R load x -> 0", False),  # with it the second's thread ends
        ("W store x = 1 -> None", "W store x = 1 -> None", True),
        ("R load x -> 1", None, False),
    ]
    assert torn.rows[2].absent == Absence("has ended", ended=None)
    assert (torn.parts, torn.shown, torn.unfinished) == (0, False, None)
    assert torn.escape == Escape(0)  # the second cannot show it at all
    assert torn.following.outcome == (("R", None), ("W", None))


def test_the_step_from_which_on_a_label_of_both_is_out_of_reach() -> None:
    """The second has it where the store falls between its last two loads: 1 of 4.

    Under the first's schedule R W R it falls before both: the store is the step that loses it,
    and what the second does otherwise shows only at the load after it.
    """
    found = diff(program(R=load_twice, W=store_one), program(R=load_thrice, W=store_one))
    [label] = found.labels
    assert label.first is not None and label.second is not None
    assert (label.first.interleavings, label.second.interleavings) == (1, 1)
    [torn] = found.alignments
    assert rows(torn) == [
        ("R load x -> 0", "R load x -> 0", True),
        ("W store x = 1 -> None", "W store x = 1 -> None", True),
        ("R load x -> 1", "R load x -> 1", False),  # with it the first's thread raises
        (None, "R load x -> 1", False),
    ]
    assert (torn.parts, torn.shown) == (2, False)
    assert torn.escape == Escape(2)


def test_a_spent_budget_leaves_that_step_unknown_and_says_why() -> None:
    programs = [program(R=load, W=store_one) for load in (load_twice, load_thrice)]
    [torn] = diff(*programs, escape_states=1).alignments
    assert torn.escape == Escape(None, unknown="more than 1 states to look at")


def counter(*, locked: bool) -> Program:
    """Two threads add 1 to x, and return what it was."""
    mem = Memory()
    x, lock = mem.cell("x", 0), mem.lock("lock")

    async def unlocked_add() -> object:
        before = await x.load()
        await x.store(before + 1)
        return before

    async def locked_add() -> object:
        async with lock:
            return await unlocked_add()

    add = locked_add if locked else unlocked_add
    return Program(mem, {"A": Thread(add), "B": Thread(add)})


def test_an_outcome_that_only_one_has_is_aligned_past_a_blocked_thread() -> None:
    """Without the lock 4 of C(4, 2) = 6 interleavings lose an addition; the least: A B B A."""
    found = diff(counter(locked=False), counter(locked=True))
    counts = {
        each.what: (
            each.first and each.first.interleavings,
            each.second and each.second.interleavings,
        )
        for each in found.outcomes
    }
    assert counts == {
        (("A", 0), ("B", 0)): (4, None),
        (("A", 0), ("B", 1)): (1, 1),
        (("A", 1), ("B", 0)): (1, 1),
    }
    [lost] = found.alignments
    assert lost.of == (("A", 0), ("B", 0))
    assert rows(lost) == [
        ("A load x -> 0", "A acquire lock -> None", False),
        ("B load x -> 0", None, False),
        ("B store x = 1 -> None", None, False),
        ("A store x = 1 -> None", "A load x -> 0", False),
        (None, "A store x = 1 -> None", False),
        (None, "A release lock -> None", False),
        (None, "B acquire lock -> None", False),
        (None, "B load x -> 1", False),
        (None, "B store x = 2 -> None", False),
        (None, "B release lock -> None", False),
    ]
    assert lost.rows[1].absent == Absence("is blocked", operation="acquire lock")
    assert lost.following.outcome == (("A", 0), ("B", 1))
    assert lost.escape is None


def test_the_outcome_of_a_label_that_only_one_has_is_told_by_the_label() -> None:
    found = diff(program(R=load_twice, W=store_one), program(R=load_once, W=store_one))
    assert [each.only for each in found.outcomes] == [None, "first"]
    assert ([each.of for each in found.alignments], found.unaligned) == (["torn"], 0)


def chooses(*options: int) -> Body:
    async def thread(x: Cell[Any]) -> object:
        return await choose(*options)

    return thread


def test_an_option_that_the_second_lacks() -> None:
    [three] = diff(program(T=chooses(1, 2, 3)), program(T=chooses(1, 2))).alignments
    assert three.of == (("T", 3),)
    assert three.rows[0].absent == Absence("lacks the option", operation="choose 1, 2")
    assert three.following.outcome == (("T", 1),)  # brought to an end by its least move


def test_only_so_many_outcomes_are_aligned_and_the_rest_is_counted() -> None:
    programs = program(T=chooses(1, 2, 3, 4)), program(T=chooses(5, 6))
    found = diff(*programs, aligned_outcomes=2)
    assert [each.leader for each in found.alignments] == ["first", "first"]
    assert found.unaligned == 4  # 3, 4; 5, 6


async def wait_for_one(x: Cell[Any]) -> None:
    while not await x.load():
        pass


async def load_for_ever(x: Cell[Any]) -> None:
    while True:
        await x.load()


def test_completing_goes_round_a_loop_never_twice() -> None:
    lifted = lift(program(A=wait_for_one, B=store_one))
    system = SequentialConsistency(lifted)
    followed = follow(system, (), complete=True)
    lifted.finish()
    assert [system.names[move >> 16] for move in followed.moves] == ["B", "A"]
    assert followed.unfinished is None


def test_what_never_ends_is_left_unfinished() -> None:
    livelock, loaded = diff(program(T=load_once), program(T=load_for_ever)).alignments
    assert (livelock.of, livelock.shown) == ("livelock", False)
    assert loaded.unfinished == "it never ends from there"


def test_a_cycle_closes_where_its_moves_are_made_and_lead_back() -> None:
    lifted = lift(program(A=wait_for_one, B=store_one))
    system = SequentialConsistency(lifted)
    spin, store = Move("A"), Move("B")
    assert follow(system, (spin, spin), complete=False).closes(1)
    assert not follow(system, (spin, spin), complete=False).closes(0)
    assert not follow(system, (spin, store), complete=False).closes(1)  # made, and leads elsewhere
    assert not follow(system, (store, store), complete=False).closes(1)  # not made
    lifted.finish()


class Box:
    """Compared by identity, as a page is."""

    def __repr__(self) -> str:
        return "Box"


def returns_a_box() -> Program:
    mem = Memory()
    x = mem.cell("x", Box())

    async def thread() -> object:
        return await x.load()

    return Program(mem, {"T": Thread(thread)})


def test_objects_of_two_programs_are_the_same_if_they_read_the_same() -> None:
    found = diff(returns_a_box(), returns_a_box())
    assert [each.only for each in found.outcomes] == [None]


def test_programs_with_other_threads_are_refused() -> None:
    with pytest.raises(UsageError, match=r"different names: v1 has R, W; v2 has R\."):
        diff(program(R=load_once, W=store_one), program(R=load_once), names=("v1", "v2"))


def test_a_model_that_fails_is_named() -> None:
    async def fails(x: Cell[Any]) -> None:
        await x.load()
        raise KeyError

    with pytest.raises(ModelError, match=r"^v2: thread 'R' fails"):
        diff(program(R=load_once), program(R=fails), names=("v1", "v2"))


def test_a_bound_makes_the_comparison_incomplete() -> None:
    programs = [program(R=load, W=store_one) for load in (load_twice, load_thrice)]
    assert not diff(*programs, max_states=2).complete
    assert diff(*programs).complete


def test_an_outcome_is_not_aligned_where_the_search_that_lacks_it_was_cut() -> None:
    """The first has 4 states, the second more than the 4 that it may have."""
    programs = [program(R=load, W=store_one) for load in (load_once, load_thrice)]
    found = diff(*programs, max_states=4)
    assert (found.first.complete, found.second.complete) == (True, False)
    assert [each.only for each in found.outcomes] == ["first"]
    assert (found.alignments, found.unaligned) == ((), 0)


@pytest.mark.usefixtures("signals_as_at_a_terminal")
def test_an_interrupt_leaves_what_was_found() -> None:
    import signal

    def ctrl_c(state: State) -> bool:
        if state[x] == 2:
            signal.raise_signal(signal.SIGINT)
        return True

    mem = Memory()
    x = mem.cell("x", 0)

    async def add() -> None:
        for _ in range(4):
            await x.fetch_add(1)

    interrupting = Program(mem, {"R": Thread(add)}, invariants={"calm": ctrl_c})
    with pytest.raises(DiffInterrupted) as caught:
        diff(interrupting, program(R=load_once))
    found = caught.value.difference
    assert not found.complete
    assert found.second.result.bound == "interrupted before it was explored"
