"""Turns: a schedule that is kept goes on showing what it showed, whatever is edited elsewhere."""

from __future__ import annotations

import functools

import pytest

from racer import (
    Cell,
    Memory,
    Program,
    Result,
    Thread,
    Violation,
    WitnessError,
    choose,
    explore,
    fence,
)
from racer.exploration.schedule_file import SavedSchedule, saved_schedule
from tests.exploration.edits import EDITS, LABELS, MENDED, model


@functools.cache
def before() -> Result:
    return explore(model())


def kept(label: str, result: Result | None = None) -> SavedSchedule:
    return saved_schedule(result or before(), label, scenario="edited.py::model")


def survives(edits: tuple[tuple[str, str], ...]) -> bool:
    program = model(edits)
    return all(kept(label).followed(program).shows(label) for label in LABELS)


def test_eight_of_ten_typical_edits_break_no_schedule() -> None:
    assert tuple(before().violations) == LABELS
    broken = [name for name, edits in EDITS.items() if not survives(edits)]
    assert len(EDITS) == 10 and len(broken) <= 2
    # With three references, two puts no longer free anything: the third has to come before.
    assert broken == ["a thread is run once more"]


@pytest.mark.parametrize("label", LABELS)
def test_what_is_mended_is_not_shown_by_it(label: str) -> None:
    program = model(MENDED)
    assert explore(program).verdict == "pass"
    assert not kept(label).followed(program).shows(label)


def test_a_turn_is_left_where_its_thread_was_left_not_after_so_many_steps() -> None:
    turns = kept("freed twice").turns
    assert [str(turn) for turn in turns] == [
        "put.0 goes on until 'fetch_add refs'",
        "put.1 runs to its end",
        "put.0 runs to its end",
    ]
    assert [turn.before for turn in turns] == ["load refs", "", ""]


def test_what_cannot_be_followed_is_told_by_turn_and_step() -> None:
    found = kept("freed twice").followed(model(MENDED))
    # put.0: load age, fetch_add refs (3: it ends); put.1 the same: four steps. put.0 has ended.
    assert found.diverged is not None
    assert (found.diverged.turn, found.diverged.steps) == (3, 4)
    assert found.diverged.why == "thread put.0 has ended"


def test_a_schedule_of_another_program_is_refused() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def thread() -> None:
        await x.load()

    other = Program(mem, {"one": Thread(thread), "two": Thread(thread)})
    with pytest.raises(WitnessError, match="the program's threads are one, two"):
        kept("freed twice").followed(other)


def choosing(options: tuple[str, ...], *, fenced: bool = False) -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def thread() -> None:
        if fenced:
            await fence("mb")
        if await choose(*options) == "both" and await x.load():
            raise Violation("chosen")

    async def store() -> None:
        await x.store(1)

    return Program(mem, {"A": Thread(thread), "B": Thread(store)})


def test_an_option_is_kept_by_what_it_is_and_not_by_its_place() -> None:
    schedule = kept("chosen", explore(choosing(("none", "both"))))
    assert schedule.followed(choosing(("both", "one", "none"))).shows("chosen")
    assert schedule.followed(choosing(("none", "both"), fenced=True)).shows("chosen")
    gone = schedule.followed(choosing(("none", "one")))
    assert gone.diverged is not None and gone.diverged.why == "there is no option 'both'"


def resting(*, more: bool) -> Program:
    """Two threads take two locks in either order; and one that is wrong at the end only."""
    mem = Memory()
    one, two, n = mem.lock("one"), mem.lock("two"), mem.cell("n", 0)

    async def take(first, second) -> None:  # type: ignore[no-untyped-def]
        if more:
            await n.load()
        async with first, second:
            await n.fetch_add(1)

    return Program(
        mem,
        {"A": Thread(take, one, two), "B": Thread(take, two, one)},
        finally_={"three": lambda state: state[n] == 3},
    )


@pytest.mark.parametrize("label", ["deadlock", "three"])
def test_what_only_an_end_shows_is_kept_as_well(label: str) -> None:
    schedule = kept(label, explore(resting(more=False)))
    assert schedule.followed(resting(more=False)).shows(label)
    assert schedule.followed(resting(more=True)).shows(label)


def spinning(*, more: bool) -> Program:
    """A waits for a flag that nobody sets; B helps it wait."""
    mem = Memory()
    flag, n = mem.cell("flag", False), mem.cell("n", 0)

    async def wait() -> None:
        if more:
            await n.fetch_add(1)
        while not await flag.load():
            await n.load()

    async def other() -> None:
        await n.fetch_add(1)

    return Program(mem, {"A": Thread(wait), "B": Thread(other)})


def test_a_livelock_is_kept_as_the_turns_that_are_repeated() -> None:
    schedule = kept("livelock", explore(spinning(more=False)))
    assert schedule.cycle == 1
    assert schedule.followed(spinning(more=False)).shows("livelock")
    assert schedule.followed(spinning(more=True)).shows("livelock")


def buffered(name: str, *, more: bool) -> Program:
    """Each of two threads stores to its own cell and loads the other's: both may find it unset."""
    mem = Memory()
    x, y, n = mem.cell("x", 0), mem.cell("y", 0), mem.cell("n", 0)

    async def thread(own: Cell[int], other: Cell[int]) -> int:
        await own.store(1)
        if more:
            await n.load()
        return await other.load()

    return Program(
        mem,
        {name: Thread(thread, x, y), "B": Thread(thread, y, x)},
        finally_={"one is seen": lambda state, came: came[name] or came["B"]},
    )


def test_a_store_buffer_is_an_agent_of_turns_and_goes_with_its_thread() -> None:
    schedule = kept("one is seen", explore(buffered("A", more=False), memory="tso"))
    assert "A:flush" in [turn.thread for turn in schedule.turns]
    assert schedule.threads == ["A", "B"]
    assert schedule.followed(buffered("A", more=True)).shows("one is seen")
    renamed = schedule.followed(buffered("C", more=True))
    assert renamed.shows("one is seen") and renamed.renamed == {"A": "C", "A:flush": "C:flush"}
