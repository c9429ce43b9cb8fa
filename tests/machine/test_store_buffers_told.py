"""What racer says of programs behind store buffers: replays, refusals, and what it leaves out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from racer import (
    Cell,
    Memory,
    Move,
    Program,
    ProgramError,
    ReplayDiverged,
    State,
    Thread,
    Violation,
    explain,
    explore,
    fence,
    load,
    replay,
    save,
)
from racer.explanation.data import NotComputed
from racer.explanation.history import history
from racer.words.changes import Change

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]  # the fixtures `here` and `racer`


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


# --- obstacles ----------------------------------------------------------------------------------


def fenced() -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def write() -> None:
        await x.store(1)
        await fence("mb")

    async def read() -> int:
        return await x.load()

    return Program(mem, {"R": Thread(read), "W": Thread(write)})


FULL = "W waits for room in its store buffer, which is full"
NOT_EMPTY = "W waits until its store buffer is empty"


@pytest.mark.parametrize(
    ("make", "operation", "why"),
    [(two_stores, "store y = 1", FULL), (fenced, "fence mb", NOT_EMPTY)],
)
def test_a_replay_says_what_a_thread_waits_for_that_its_buffer_holds_up(
    make: Callable[[], Program], operation: str, why: str
) -> None:
    with pytest.raises(ReplayDiverged) as caught:
        replay(make(), (Move("W"), Move("W")), memory="buffers1")
    assert (caught.value.step, caught.value.found) == (2, f"{operation}: {why}")


@pytest.mark.parametrize(("make", "why"), [(two_stores, FULL), (fenced, NOT_EMPTY)])
def test_a_thread_that_its_buffer_holds_up_is_blocked_and_not_preempted(
    make: Callable[[], Program], why: str
) -> None:
    held_up = replay(make(), (Move("W"), Move("R")), memory="buffers1")
    switch = history(held_up).switches()[1]
    assert (switch.thread, switch.reason, switch.text) == ("W", "blocked", why)
    free = replay(make(), (Move("W"), Move("W:flush"), Move("R")), memory="buffers1")
    assert free.events[1].obstacles == {}


def test_a_thread_whose_buffer_has_room_is_preempted() -> None:
    trace = replay(two_stores(), (Move("W"), Move("R")), memory="buffers2")
    assert history(trace).switches()[1].text == "W preempted"


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("threads", "thread", "owner"),
    [
        ({"T": 1, "T:flush": 1}, "T:flush", "T"),
        ({"T": 2, "T.1:flush": 1}, "T.1:flush", "T.1"),
    ],
)
def test_a_thread_with_the_name_of_an_agent_is_refused_with_the_thread_that_has_it(
    threads: dict[str, int], thread: str, owner: str
) -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def load() -> None:
        await x.load()

    program = Program(mem, {name: Thread(load, copies=n) for name, n in threads.items()})
    assert explore(program).verdict == "pass"  # without buffers there is no such agent
    for ask in (
        lambda: explore(program, memory="buffers1"),
        lambda: replay(program, (Move(thread),), memory="buffers1"),
    ):
        with pytest.raises(ProgramError) as caught:
            ask()
        assert f"thread {thread!r} has the name" in str(caught.value)
        assert f"to thread {owner!r}" in str(caught.value)


# --- explanations -------------------------------------------------------------------------------

MODEL = """
from racer import Memory, Program, Thread, scenario


@scenario
def unseen(*, depth: int = 1) -> Program:
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def half(mine, other) -> None:
        await mine.store(1)
        assert await other.load() or mine is y, "unseen"

    return Program(mem, {"A": Thread(half, x, y), "B": Thread(half, y, x)})
"""


def seen_late() -> Program:
    """W takes x to be seen once it has stored to it."""
    mem = Memory()
    x = mem.cell("x", 0)
    stored = mem.watch("x is 1", lambda s: s[x] == 1, cells=[x])

    async def write() -> None:
        async with stored.window() as seen:
            await x.store(1)
        if not seen.at_end:
            raise Violation("unseen")

    return Program(mem, {"W": Thread(write)})


def test_an_explanation_tells_the_schedule_and_says_what_it_does_not(tmp_path: Path) -> None:
    result = explore(seen_late(), memory="buffers1")
    told = explain(result, "unseen")
    assert told == explain(dataclasses.replace(result, loaded=None), "unseen")
    assert [(row.name, row.lane, row.text) for row in told.rows] == [
        ("W1", 0, "store x = 1 (buffered)")
    ]
    assert [lane.title for lane in told.lanes] == ["W"]  # a buffer has no lane of its own
    assert told.rows[0].changes == ()  # memory is as it was
    assert told.orderings == NotComputed("under this memory model")
    witness = result.violations["unseen"].witness
    assert replay(seen_late(), witness, memory="buffers1").labels == ("unseen",)
    save(result, "unseen", tmp_path / "unseen.json")
    assert replay(seen_late(), load(tmp_path / "unseen.json")).labels == ("unseen",)


def both_unseen() -> Program:
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def half(mine: Cell[int], other: Cell[int]) -> int:
        await mine.store(1)
        return await other.load()

    def seen(state: State, came_to: Mapping[str, object]) -> bool:
        return came_to["A"] == 1 or came_to["B"] == 1

    threads = {"A": Thread(half, x, y), "B": Thread(half, y, x)}
    return Program(mem, threads, finally_={"seen": seen})


def test_a_load_that_passed_a_store_is_told_with_who_missed_the_store() -> None:
    """By hand: each stores and loads, and then what they stored arrives. No interleaving of the
    threads alone has both loads find 0, as A's load comes before B's store, or after its own."""
    told = explain(explore(both_unseen(), memory="buffers1"), "seen")
    assert [row.name for row in told.rows] == ["A1", "A2", "B1", "B2", "A1'", "B1'"]
    assert [row.lane for row in told.rows] == [0, 0, 1, 1, 0, 1]
    assert told.notes[0] == (
        "A1 is in A's store buffer until A1': A2 loads y before anybody else finds A1, as B2 "
        "shows, which finds x = 0."
    )
    arrives = told.rows[4]
    assert (arrives.text, arrives.changes) == ("flush x = 1", (Change("x", "0", "1"),))
    assert [(switch.text, row) for row, s in enumerate(told.rows) if (switch := s.switch)] == [
        ("A finished: returns 0", 2)
    ]  # a flush is nobody's turn


def test_a_lock_is_free_when_its_release_arrives() -> None:
    mem = Memory()
    x, lock = mem.cell("x", 0), mem.lock("L")

    async def take() -> None:
        async with lock:
            await x.store(1)
        await x.load()

    program = Program(mem, {"T": Thread(take)})
    moves = tuple(Move(name) for name in ("T", "T", "T", "T", "T:flush", "T:flush"))
    trace = replay(program, moves, memory="buffers2")
    holders = [instant.holders for instant in history(trace).instants]
    assert holders == [{}, {"L": "T"}, {"L": "T"}, {"L": "T"}, {"L": "T"}, {"L": "T"}, {}]


def test_a_failed_test_has_the_report_and_the_schedule() -> None:
    with pytest.raises(AssertionError) as caught:
        explore(seen_late(), memory="buffers1").assert_holds()
    assert "W1 store x = 1 (buffered)" in str(caught.value)
    assert "Decisive orders: not computed (under this memory model)." in str(caught.value)
    assert "preempted" not in str(caught.value)


def test_the_command_line_leaves_all_that_it_leaves_of_others(racer: Run, here: Path) -> None:
    (here / "weak.py").write_text(MODEL)
    status, out, err = racer(
        *("explore", "weak.py::unseen", "--memory", "buffers1", "--html", "--expect", "fail")
    )
    assert (status, err) == (0, "")
    assert "A1 store x = 1 (buffered)" in out
    stem = "unseen.memory=buffers1"
    written = sorted(path.name for path in (here / "racer-out").iterdir())
    kinds = [f"{stem}.unseen.{kind}" for kind in ("dot", "json", "svg")]
    assert written == [f"{stem}.html", *kinds]

    witness = f"racer-out/{stem}.unseen.json"
    status, out, err = racer("replay", witness)
    assert (status, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines() if "x = 1" in line] == ["A1", "A1'"]
    assert out.rstrip().endswith(f"racer explain {witness}")
    for words in ((), ("--mail",), ("--brief",), ("--html", "page.html")):
        status, out, err = racer("explain", witness, *words)
        assert (status, err) == (0, "")
        assert "A2 load y -> 0" in out


def test_a_difference_leaves_a_picture_too(racer: Run, here: Path) -> None:
    (here / "weak.py").write_text(MODEL.replace("mine is y", "mine is y or depth == 2"))
    status, _, err = racer(
        *("diff", "weak.py::unseen", "1", "2", "--parameter", "depth", "--memory", "buffers1")
    )
    assert (status, err) == (0, "")
    kinds = sorted(path.suffix for path in (here / "racer-out").iterdir())
    assert kinds == [".dot", ".json", ".svg"]


def test_a_witness_of_a_memory_model_that_racer_lacks_is_refused(racer: Run, here: Path) -> None:
    (here / "weak.py").write_text(MODEL)
    racer("explore", "weak.py::unseen", "--memory", "buffers1")
    witness = here / "racer-out" / "unseen.memory=buffers1.unseen.json"
    witness.write_text(witness.read_text().replace("buffers1", "pso"))
    status, _, err = racer("replay", str(witness))
    assert status == 2
    assert "'pso', and this racer replays 'buffers1', 'buffers2', 'sc', 'tso'" in err
