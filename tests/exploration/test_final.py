"""What must hold at an end: asked of every final state, with what the threads came to."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from racer import (
    Idle,
    Memory,
    ModelError,
    Program,
    ProgramError,
    State,
    Thread,
    Violation,
    explain,
    explore,
    replay,
)
from racer.lang.final import FinalPredicate


def counter(copies: int, **finally_: FinalPredicate) -> Program:
    """Each of so many copies adds one to n, in two steps, and returns what it found."""
    mem = Memory()
    n = mem.cell("n", 0)

    async def add() -> int:
        found = await n.load()
        await n.store(found + 1)
        return found

    return Program(mem, {"A": Thread(add, copies=copies)}, finally_=finally_)


@pytest.mark.parametrize("options", [{}, {"reduce": False}, {"count": False}])
def test_it_is_asked_of_every_end(options: dict[str, bool]) -> None:
    """6 orders of two loads and two stores: in 2 the second load comes after the first store."""
    result = explore(counter(2, lost=lambda state, came_to: came_to["A"] == (0, 1)), **options)
    assert result.verdict == "fail"
    finding = result.violations["lost"]
    assert finding.interleavings == (None if "count" in options else 4)
    assert (finding.witness.preemptions, finding.witness.steps) == (1, 4)
    assert replay(counter(2, lost=lambda s, c: c["A"] == (0, 1)), finding.witness).labels == (
        "lost",
    )


def test_it_may_look_at_the_cells_alone() -> None:
    mem = Memory()
    refs = mem.cell("refs", 1)

    async def put(times: int) -> None:
        for _ in range(times):
            await refs.fetch_add(-1)

    def leaks(times: int) -> Program:
        return Program(
            mem, {"P": Thread(put, times)}, finally_={"leak": lambda state: state[refs] == 0}
        )

    assert explore(leaks(1)).verdict == "pass"
    assert list(explore(leaks(2)).violations) == ["leak"]


def test_what_a_thread_came_to_may_be_a_violation_or_that_it_is_idle() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def fails() -> None:
        await x.load()
        raise Violation("bad")

    async def serve() -> None:
        await x.wait_until(lambda v: v == 1)

    def both(state: State, came_to: Mapping[str, object]) -> bool:
        return came_to["F"] == Violation("bad") and came_to["S"] == Idle("wait_until x")

    threads = {"F": Thread(fails), "S": Thread(serve, daemon=True)}
    result = explore(Program(mem, threads, finally_={"both": both}))
    assert list(result.violations) == ["bad"]
    [outcome] = result.outcomes
    assert outcome == (("F", Violation("bad")), ("S", Idle("wait_until x")))


def test_a_deadlock_is_no_end_to_ask_about() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def wait() -> None:
        await x.wait_until(lambda v: v == 1)

    result = explore(Program(mem, {"W": Thread(wait)}, finally_={"never": lambda state: False}))
    assert list(result.violations) == ["deadlock"]
    assert result.vacuous == ("never",)


def test_where_nothing_ends_it_is_vacuous() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def for_ever() -> None:
        while True:
            await x.load()

    threads = {"T": Thread(for_ever, daemon=True)}
    result = explore(Program(mem, threads, finally_={"fine": lambda state: True}))
    assert (result.verdict, dict(result.violations), result.vacuous) == ("fail", {}, ("fine",))


def test_it_is_told_by_what_the_threads_came_to() -> None:
    explanation = explain(explore(counter(2, lost=lambda s, c: c["A"] == (0, 1))), "lost")
    assert explanation.verdict == "'lost' is false at the end: A.0 returns 0; A.1 returns 0."
    assert explanation.no_return.name == "A1.1"  # type: ignore[union-attr]


def test_one_copy_has_no_name_of_its_own() -> None:
    with pytest.raises(ModelError, match=r"no 'A\.0' among the threads .*\n.*several copies"):
        explore(counter(2, one=lambda state, came_to: came_to["A.0"] == 0))


def test_one_that_fails_says_where() -> None:
    with pytest.raises(ModelError, match=r"finally 'one' raised ZeroDivisionError(.|\n)*schedule:"):
        explore(counter(1, one=lambda state: 1 // 0))


def test_its_name_is_a_label_of_its_own() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def load() -> None:
        await x.load()

    threads = {"T": Thread(load)}
    for name in ("deadlock", "livelock"):
        with pytest.raises(ProgramError, match=f"the label '{name}' is racer's own"):
            Program(mem, threads, finally_={name: lambda state: True})
    with pytest.raises(ProgramError, match="an invariant and a finally_"):
        Program(mem, threads, {"a": lambda state: True}, finally_={"a": lambda state: True})
