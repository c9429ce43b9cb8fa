"""An operation that raises, and is caught, is a step like any other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from racer import (
    Memory,
    Move,
    Program,
    Thread,
    Violation,
    explain,
    explore,
    fence,
    load,
    replay,
    save,
)
from racer.lang.cells import Cell
from tests.oracles.naive import enumerate_program

Failing = Callable[[Cell[int]], Awaitable[object]]


class Prickly:
    """Fails when it is compared."""

    def __eq__(self, other: object) -> bool:
        raise ValueError("do not compare me")

    def __hash__(self) -> int:
        return 7


PRICKLY = Prickly()


def over(values: int) -> int:
    return 1 // values


FAILING: dict[str, Failing] = {
    "update, always": lambda x: x.update(lambda v: [0][v + 9]),
    "update, at 0": lambda x: x.update(over),
    "fetch_add": lambda x: x.fetch_add("a"),  # type: ignore[arg-type]
    "wait_until, at 0": lambda x: x.wait_until(over),
    "update_when, its predicate": lambda x: x.update_when(over, lambda v: v),
    "update_when, its function": lambda x: x.update_when(lambda v: v < 2, over),
    "compare_exchange": lambda x: x.compare_exchange(PRICKLY, 5),  # type: ignore[arg-type]
}
each_kind = pytest.mark.parametrize("failing", FAILING.values(), ids=FAILING)


def surviving(failing: Failing, *, window: str = "none") -> Program:
    """A's failing operation stands alone, or first or last in a window; then it loads once."""
    mem = Memory()
    x = mem.cell("x", 0)
    is_0 = mem.watch("x is 0", lambda state: state[x] == 0, [x])

    async def survive() -> str:
        try:
            await failing(x)
        except Exception as error:
            return type(error).__name__
        return ""

    async def a() -> object:
        if window == "none":
            said = await survive()
            if await x.load() == 2:
                raise Violation("two")
            return said
        async with is_0.window() as seen:
            if window == "last":
                await x.load()
            said = await survive()
            if window == "first":
                await x.load()
        if seen.never:
            raise Violation("never 0")
        return said, seen.always, seen.at_end

    async def b() -> None:
        await x.store(1)
        await x.store(2)

    return Program(mem, {"A": Thread(a), "B": Thread(b)})


@each_kind
@pytest.mark.parametrize("window", ["none", "first", "last", "alone"])
def test_it_counts_and_is_seen_by_windows_as_any_step(failing: Failing, window: str) -> None:
    result = explore(surviving(failing, window=window))
    naive = enumerate_program(surviving(failing, window=window))
    assert result.interleavings == naive.interleavings
    assert {key: found.interleavings for key, found in result.outcomes.items()} == naive.outcomes
    assert {k: found.interleavings for k, found in result.violations.items()} == naive.violations


@each_kind
def test_the_window_opens_with_it_where_it_is_the_first_step(failing: Failing) -> None:
    """x is 0 before it, and 1 when the window closes: that was true at times."""
    moves = [Move("A"), Move("B"), Move("A")]
    trace = replay(surviving(failing, window="first"), moves)
    if trace.events[0].ended is None:
        assert trace.events[0].opened == ("x is 0",)
        assert [event.opened for event in trace.events[1:]] == [(), ()]
        (closed,) = trace.events[2].closed
        assert (closed.opened_at, closed.seen.ever_true, closed.seen.at_end) == (0, True, False)


def test_exactly_one_of_three_interleavings_sees_another_value_only() -> None:
    """A fails first and loads then, B stores 1: x was never 0 in A's window only in B A A."""
    mem = Memory()
    x = mem.cell("x", 0)
    is_0 = mem.watch("x is 0", lambda state: state[x] == 0, [x])

    async def a() -> None:
        async with is_0.window() as seen:
            with suppress(IndexError):
                await x.update(lambda v: [0][9])
            await x.load()
        if seen.never:
            raise Violation("never 0")

    async def b() -> None:
        await x.store(1)

    result = explore(Program(mem, {"A": Thread(a), "B": Thread(b)}))
    found = result.violations["never 0"]
    assert (found.interleavings, result.interleavings) == (1, 3)
    assert [move.thread for move in found.witness.schedule] == ["B", "A", "A"]


@each_kind
def test_its_steps_are_numbered_replayed_explained_and_saved(
    failing: Failing, tmp_path: Path
) -> None:
    result = explore(surviving(failing))
    trace = result.violations["two"].trace
    for thread, steps in (("A", 2), ("B", 2)):
        own = [event.step for event in trace.events if event.thread == thread]
        assert own == list(range(1, steps + 1))
    explanation = explain(result, "two")
    names = [row.name for row in explanation.rows]
    assert len(set(names)) == len(names) == 4
    path = tmp_path / "two.json"
    save(result, "two", path)
    assert replay(surviving(failing), load(path)).labels == ("two",)


def test_what_it_raised_is_its_result_and_its_cell_is_left_as_it_was() -> None:
    trace = replay(surviving(FAILING["update, at 0"]), [Move("A")])
    (event,) = trace.events
    assert str(event.result).startswith("raises ZeroDivisionError: ")
    assert (event.before, event.after, event.stored) == (0, 0, False)


def test_one_that_fails_is_another_than_one_that_changes_nothing() -> None:
    """They have one text, one value to find and one to leave; what follows is the same, too."""
    mem = Memory()
    x, way = mem.cell("x", 0), mem.cell("way", 0)

    def same(v: int) -> int:
        return v

    def fails(v: int) -> int:
        raise KeyError(v)

    async def a() -> None:
        function = same if await way.load() else fails
        with suppress(KeyError):
            await x.update(function)
        if await x.load():
            raise Violation("not 0")

    async def b() -> None:
        await way.store(1)
        await x.store(1)

    program = Program(mem, {"A": Thread(a), "B": Thread(b)})
    for moves, result in (("BAA", "0"), ("AA", "raises KeyError: 0")):
        assert str(replay(program, [Move(name) for name in moves]).events[-1].result) == result
    found = explore(program)  # which replays every violation, and compares each step
    assert found.interleavings == 10  # C(5, 2): 3 steps of A, 2 of B
    assert found.violations["not 0"].interleavings == enumerate_program(program).violations["not 0"]


def leaving(how: str) -> Program:
    """A finds 1 in x and raises; there are steps to take on its way out."""
    mem = Memory()
    x, m, n = mem.cell("x", 0), mem.lock("m"), mem.lock("n")

    async def a() -> None:
        if how == "lock":
            async with m, n:
                if await x.load():
                    raise Violation("seen")
        elif how == "finally":
            try:
                assert not await x.load(), "seen"
            finally:
                await fence("mb")
        elif how == "never releases":
            await m.acquire()
            if await x.load():
                raise Violation("seen")
            await m.release()
        elif await x.load():
            raise Violation("seen")

    async def b() -> None:
        await x.store(1)
        async with m:
            pass

    return Program(mem, {"A": Thread(a), "B": Thread(b)})


@pytest.mark.parametrize(("how", "line"), [("lock", "raise Violation("), ("finally", "assert ")])
def test_a_violation_that_leaves_blocks_is_told_at_the_line_of_the_raise(
    how: str, line: str
) -> None:
    result = explore(leaving(how))
    ended = result.violations["seen"].trace.events[-1].ended
    assert ended is not None and ended.raised_at is not None
    path, number = ended.raised_at.path, ended.raised_at.line
    assert Path(path).read_text().splitlines()[number - 1].strip().startswith(line)
    assert any(
        note.startswith("A raised it before A") and f":{number}." in note
        for note in explain(result, "seen").notes
    )


def test_a_violation_right_after_a_step_is_told_at_that_step() -> None:
    result = explore(leaving("not at all"))
    events = result.violations["seen"].trace.events
    (ended,) = (event.ended for event in events if event.thread == "A")
    assert ended is not None and ended.raised_at is None
    assert not any("raised it" in note for note in explain(result, "seen").notes)


def test_a_deadlock_names_the_violation_that_left_the_lock_held() -> None:
    told = explain(explore(leaving("never releases")), "deadlock").verdict
    assert told.endswith("held by A, which ended by Violation 'seen' without releasing it.")


def test_no_program_is_made_where_asserts_are_left_out() -> None:
    made = "from racer import *; m = Memory(); Program(m, {'T': Thread(lambda: None)})"
    without = {name: value for name, value in os.environ.items() if name != "PYTHONOPTIMIZE"}
    for options, environment in ((["-O"], {}), ([], {"PYTHONOPTIMIZE": "1"}), ([], {})):
        run = subprocess.run(
            [sys.executable, *options, "-c", made],
            env=without | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        refused = "ProgramError: Python runs with -O (or PYTHONOPTIMIZE)" in run.stderr
        assert refused == bool(options or environment)
