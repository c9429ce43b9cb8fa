"""`racer replay --continue`: from where a stale schedule diverges on to its label; and schedules
that pytest keeps, replayed by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from racer import Memory, Program, Thread, Violation, explore, replay
from racer.catalogue.discovery import find
from racer.cli.continuing import continued
from racer.exploration.schedule_file import save, saved_schedule
from racer.lang.schedule import Move
from tests.command_line import Run

pytest_plugins = ["tests.command_line"]

READS = """
from racer import Memory, Program, Thread, Violation, scenario


@scenario
def reads() -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def read():
        first = await x.load()
        second = await x.load()
        if first != second:
            raise Violation("torn")

    async def write():
        await x.store(1)

    return Program(mem, {"R": Thread(read), "W": Thread(write)})
"""
MORE = READS.replace("        first =", "        await x.swap(0)\n        first =")
MENDED = READS.replace("second = await x.load()", "second = first")


@pytest.fixture
def witness(here: Path, racer: Run) -> str:
    Path("reads.py").write_text(READS)
    assert racer("explore", "reads.py")[0] == 1
    return "racer-out/reads.torn.json"


@pytest.fixture
def schedule(witness: str) -> str:
    found = find("reads.py::reads").scenario
    saved = saved_schedule(explore(found()), "torn", scenario="reads.py::reads")
    save(saved, Path("schedule.json"))
    return "schedule.json"


def test_where_nothing_diverges_it_changes_nothing(racer: Run, witness: str) -> None:
    assert racer("replay", witness, "--continue") == racer("replay", witness)


def test_it_goes_on_to_the_label_from_the_first_step_that_is_another(
    racer: Run, witness: str
) -> None:
    Path("reads.py").write_text(MORE)
    status, out, err = racer("replay", witness, "--continue")
    assert status == 4
    assert "replay diverged at step 1, thread R:" in err
    # nothing could be made of R load, W store, R load; the fewest steps are all of R, and W's
    # between the loads
    assert "CONTINUED  from step 0 of 3: torn after 4 more" in out
    assert out.split("-- from here on otherwise --\n")[1].splitlines() == [
        "  R1  swap x = 0, was 0",
        "  R2  load x -> 0",
        "  W1  store x = 1",
        "  R3  load x -> 1",
    ]


def test_where_no_schedule_shows_the_label_it_is_said_to_be_gone(racer: Run, witness: str) -> None:
    Path("reads.py").write_text(MENDED)
    status, out, err = racer("replay", witness, "--continue")
    assert status == 4 and "diverged" in err
    assert out.endswith("GONE  no schedule shows torn any more\n")


def test_a_kept_schedule_is_followed_past_an_edit_and_told_where_it_is_stale(
    racer: Run, schedule: str
) -> None:
    status, out, _ = racer("replay", schedule)
    assert status == 0 and "FOLLOWED  3 turns, 3 steps: torn" in out
    Path("reads.py").write_text(MORE)
    status, out, _ = racer("replay", schedule)
    assert status == 0 and "FOLLOWED  3 turns, 4 steps: torn" in out
    Path("reads.py").write_text(MENDED)
    status, _, err = racer("replay", schedule)
    # R has ended with its one load when its second turn comes, after R's and W's step
    assert status == 4 and "replay diverged at step 3, thread R:" in err
    assert "thread R has ended" in err and "Try: --continue" in err
    status, out, err = racer("replay", schedule, "--continue")
    assert status == 4 and "GONE" in out
    assert "Try: --continue" not in err and "Try: pytest says whether the label is gone" in err


def test_a_kept_schedule_of_a_test_is_for_pytest(racer: Run, schedule: str) -> None:
    text = Path(schedule).read_text()
    Path(schedule).write_text(text.replace('"scenario"', '"test"'))
    status, _, err = racer("replay", schedule)
    assert status == 2 and "of a test, which makes its Program: pytest runs it" in err


def torn() -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def read() -> None:
        if await x.load() != await x.load():
            raise Violation("torn")

    async def write() -> None:
        await x.store(1)

    return Program(mem, {"R": Thread(read), "W": Thread(write)})


def test_where_the_label_is_out_of_reach_it_goes_on_from_the_last_step_before() -> None:
    # After R R both loads are 0, whatever W does; after R alone, W and R show it.
    text = continued(torn(), "sc", "torn", (Move("R"), Move("R"), Move("W")), 3)
    first, *_ = text.splitlines()
    since = "since torn is out of reach after the next"
    assert first == f"CONTINUED  from step 1, {since}: torn after 2 more"
    schedule = tuple(Move(thread) for thread in "RWR")
    assert replay(torn(), schedule).labels == ("torn",)


def test_a_livelock_is_not_looked_for() -> None:
    assert continued(torn(), "sc", "livelock", (), 0).startswith("CONTINUED  not: a livelock")
