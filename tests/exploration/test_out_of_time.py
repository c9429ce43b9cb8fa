"""A timeout is kept to by what does not look at the time: functions of the model that hang."""

from __future__ import annotations

import pytest

from racer import Memory, Program, State, Thread, Violation, explain, explore
from racer.explanation.data import NotComputed
from racer.explanation.exact import exactly
from racer.exploration.explaining import explained
from racer.lang import patience
from tests.samples import rule_one


@pytest.fixture(autouse=True)
def without_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "GRACE", 0.01)


def for_ever(value: object) -> object:
    while True:
        pass


def updating() -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def thread() -> None:
        await x.update(for_ever)

    return Program(mem, {"T": Thread(thread)})


def waiting() -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def thread() -> None:
        await x.wait_until(for_ever)

    return Program(mem, {"T": Thread(thread)})


@pytest.mark.parametrize("program", [updating(), waiting()], ids=["update", "wait_until"])
def test_a_function_that_hangs_while_threads_are_lifted(program: Program) -> None:
    result = explore(program, timeout=0.1)
    assert result.verdict == "bound"
    assert result.bound == "timeout of 0.1 s, while threads were lifted"
    assert (result.states, result.uncounted) == (0, f"the search was cut ({result.bound})")


def test_a_predicate_that_hangs_leaves_what_was_found() -> None:
    """The invariant walks a list that the second step closes to a ring."""
    mem = Memory()
    after = {name: mem.cell(f"{name}.next", goal) for name, goal in (("a", "b"), ("b", None))}
    noted = mem.cell("noted", False)

    async def thread() -> None:
        await noted.store(True)
        await after["b"].store("a")
        raise Violation("not reached")

    def ends(state: State) -> bool:
        name: str | None = "a"
        while name is not None:
            name = state[after[name]]
        return True

    def quiet(state: State) -> bool:
        return not state[noted]

    program = Program(mem, {"T": Thread(thread)}, {"list ends": ends, "quiet": quiet})
    result = explore(program, timeout=0.1)
    assert (result.verdict, result.bound) == ("fail", "timeout of 0.1 s")
    assert list(result.violations) == ["quiet"]


def test_an_explanation_past_the_deadline_has_the_schedule_and_says_what_it_lacks() -> None:
    result = explore(rule_one())
    [label] = result.violations
    assert result.loaded is not None
    with exactly(result.loaded, deadline=0.0) as exact:
        late = explained(result, label, exact)
    assert late.rows == explain(result, label).rows
    assert late.orderings == NotComputed("out of time")
    assert late.threads_needed == NotComputed("out of time")
