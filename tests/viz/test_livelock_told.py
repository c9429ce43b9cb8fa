"""How a livelock is told: report, mail, picture, witness file, replay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from racer import (
    Blocked,
    Cell,
    Memory,
    Move,
    Program,
    ReplayDiverged,
    Thread,
    Witness,
    explain,
    explore,
    load,
    mail,
    replay,
    save,
)
from racer.exploration.judgement import judge
from racer.viz.diagram.drawing import diagram
from racer.viz.summary import summary


def held_while_spinning() -> Program:
    mem = Memory()
    flag, lock = mem.cell("flag", 0), mem.lock("lock")

    async def spin() -> None:
        async with lock:
            while not await flag.load():
                pass

    async def set_it() -> None:
        async with lock:
            await flag.store(1)

    return Program(mem, {"S": Thread(spin), "O": Thread(set_it)})


def two_polite_flags() -> Program:
    mem = Memory()
    a, b = mem.cell("a", 0), mem.cell("b", 0)

    async def enter(mine: object, other: object) -> None:
        await mine.store(1)  # type: ignore[attr-defined]
        while await other.load():  # type: ignore[attr-defined]
            await mine.store(0)  # type: ignore[attr-defined]
            await mine.store(1)  # type: ignore[attr-defined]
        await mine.store(0)  # type: ignore[attr-defined]

    return Program(mem, {"A": Thread(enter, a, b), "B": Thread(enter, b, a)})


def starved_at_a_lock() -> Program:
    mem = Memory()
    lock, x = mem.lock("lock"), mem.cell("x", 0)

    async def again_and_again() -> None:
        while True:
            async with lock:
                await x.load()

    async def once() -> None:
        async with lock:
            await x.store(1)

    return Program(mem, {"L": Thread(again_and_again, daemon=True), "O": Thread(once)})


def told(program: Program) -> str:
    return mail(explain(explore(program), "livelock"))


def test_a_mail_says_who_is_kept_by_what_and_since_when() -> None:
    """S takes the lock and waits for what only O would set, which waits for the lock."""
    assert told(held_while_spinning()).split("\n\n") == [
        "livelock: O is blocked on lock lock, held by S; S spins on flag, which\n"
        "is 0.\n"
        "lock is held since S1.\n"
        "The run never ends; needs no preemption.\n"
        "From S1 on no end can be reached, whatever the scheduler does.",
        "Initially flag=0, lock=free.",
        "  O                       S\n"
        "  .                       | S1 acquire lock           lock: free -> held\n"
        "  .                       | *** from here on it cannot be avoided\n"
        "  .                       | S2 load flag -> 0  (initial)\n"
        "  .                       | -- and again from S2 on, for ever --\n"
        "  . -- O is blocked on lock lock, held by S --\n"
        "  .                       | -- S spins on flag, which is 0 --\n",
    ]


def test_what_could_still_be_left_is_said_to_need_a_scheduler_that_does_not() -> None:
    text = told(two_polite_flags())
    assert "An end could still be reached; but a fair scheduler need not go there." in text
    assert "A repeats its steps" in text


def test_who_comes_too_late_again_and_again_is_blocked_so() -> None:
    text = told(starved_at_a_lock())
    assert "O is blocked on lock lock, held by L, again and again" in text.replace("\n", " ")


def test_a_picture_says_what_is_repeated() -> None:
    dot = diagram(explain(explore(held_while_spinning()), "livelock"))
    assert "All from S2 on is repeated for ever." in dot


def test_a_report_counts_no_interleavings_of_it() -> None:
    result = explore(held_while_spinning())
    text = summary(result, judge(result, None, None))
    assert "livelock       a run that never ends\n" in text
    assert "2 steps, the last one for ever" in text
    assert "fairness" not in text


def test_a_verdict_that_rests_on_fairness_says_so() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def wait() -> None:
        while not await x.load():
            pass

    async def set_it() -> None:
        await x.store(1)

    result = explore(Program(mem, {"S": Thread(set_it), "W": Thread(wait)}))
    assert (result.verdict, result.unfair) == ("pass", ("W",))
    text = " ".join(summary(result, judge(result, None, None)).split())
    assert "fairness assumed of the scheduler: W could go on for ever" in text


def test_a_witness_is_saved_with_its_cycle_and_replayed(tmp_path: Path) -> None:
    result, path = explore(held_while_spinning()), tmp_path / "w.json"
    save(result, "livelock", path)
    saved = load(path)
    assert (saved.cycle, len(saved.steps)) == (1, 2)
    trace = replay(held_while_spinning(), saved)
    assert (trace.labels, trace.cycle, trace.maximal) == (("livelock",), 1, False)
    assert [event.operation.text() for event in trace.events] == ["acquire lock", "load flag"]
    assert replay(held_while_spinning(), result.violations["livelock"].witness) == trace


def test_a_schedule_whose_end_does_not_lead_back_is_no_livelock(tmp_path: Path) -> None:
    path = tmp_path / "w.json"
    save(explore(held_while_spinning()), "livelock", path)
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "cycle": 2}))
    with pytest.raises(ReplayDiverged, match="no cycle: lock was False before its first move"):
        replay(held_while_spinning(), load(path))
    del content["cycle"]
    path.write_text(json.dumps(content))
    with pytest.raises(ReplayDiverged, match="livelock"):
        replay(held_while_spinning(), load(path))


def test_other_witness_files_have_no_word_of_cycles(tmp_path: Path) -> None:
    mem = Memory()
    lock = mem.lock("lock")

    async def twice() -> None:
        await lock.acquire()
        await lock.acquire()

    save(explore(Program(mem, {"T": Thread(twice)})), "deadlock", tmp_path / "w.json")
    assert "cycle" not in json.loads((tmp_path / "w.json").read_text())


def taking_turns(wait_for: int) -> Program:
    """Both go on for ever, unless one waits for a value that the other never stores."""
    mem = Memory()
    turn = mem.cell("turn", 0)

    async def run(mine: int, other: int) -> None:
        while True:
            while await turn.load() != mine:
                pass
            await turn.store(other)

    return Program(mem, {"A": Thread(run, 0, 1), "B": Thread(run, wait_for, 0)})


def test_of_threads_without_a_way_out_it_is_said_what_is_asked() -> None:
    result = explore(taking_turns(1))
    assert (result.verdict, result.unfair) == ("pass", ())
    text = " ".join(summary(result, judge(result, None, None)).split())
    assert "perpetual A, B have no way out in their code" in text
    assert "fairness" not in text


def test_of_threads_without_a_way_out_it_is_told_who_changes_nothing_any_more() -> None:
    # A hands over to B, which waits for 2: from A2, A's store, on both spin.
    text = " ".join(told(taking_turns(2)).split())
    assert "livelock: A spins on turn, which is 1; B spins on turn, which is 1." in text
    assert "From A2 on A and B change no cell any more, whatever the scheduler does." in text


def test_a_cycle_on_which_threads_without_a_way_out_work_is_none() -> None:
    # Two rounds of A's look and store and B's: everyone moves, and each changes the cell.
    schedule = tuple(Move(name) for name in "AABB")
    assert replay(taking_turns(1), Witness(schedule, 0, False, None, 4)).labels == ()
    # B's looks alone change nothing, but A, whose looks would change something, is passed over.
    assert replay(taking_turns(2), Witness((Move("B"),), 0, False, None, 1)).labels == ()


def test_daemons_that_wait_for_each_other_are_told_like_any_deadlock() -> None:
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def hand_over(mine: Cell[int], other: Cell[int]) -> None:
        while True:
            await mine.wait_until(lambda v: v == 1)
            await other.store(1)

    threads = {"D": Thread(hand_over, x, y, daemon=True), "E": Thread(hand_over, y, x, daemon=True)}
    result = explore(Program(mem, threads))
    assert list(result.outcomes) == [
        (("D", Blocked("wait_until x")), ("E", Blocked("wait_until y")))
    ]
    text = " ".join(mail(explain(result, "deadlock")).split())
    assert "deadlock: D waits for cell x, which is 0; E waits for cell y, which is 0." in text


def test_the_report_says_of_its_preemptions_what_the_mail_says() -> None:
    """B spins for ever if it reads x between the stores: A is preempted there. So is B, for A's
    second store, as every fair run has it before B goes round alone."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def change() -> None:
        await x.store(1)
        await x.store(2)

    async def wait() -> None:
        if await x.load() == 1:
            while True:
                await x.load()

    result = explore(Program(mem, {"A": Thread(change), "B": Thread(wait)}))
    fact = explain(result, "livelock").fact
    assert fact == "needs 2 preemptions; impossible with 1, up to its first turn"
    told = " ".join(summary(result, judge(result, None, None)).split())
    assert fact in told
