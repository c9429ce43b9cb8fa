"""Where memory runs out, what was found is told, and the limit is named."""

from __future__ import annotations

import pytest

from racer import Memory, Program, State, Thread, Violation, explore
from racer.search.preemptions import PreemptionSearch
from tests.samples import rule_one


def raises_on(limit: int) -> Program:
    """T counts x up for ever; what updates it runs out of memory where x is `limit`."""
    mem = Memory()
    x = mem.cell("x", 0)

    def add(value: int) -> int:
        if value == limit:
            raise MemoryError
        return value + 1

    async def thread() -> None:
        while True:
            await x.update(add)

    def small(state: State) -> bool:
        return state[x] < 150

    return Program(mem, {"T": Thread(thread)}, invariants={"small": small})


def test_while_threads_are_lifted_nothing_is_searched() -> None:
    result = explore(raises_on(3))
    assert (result.verdict, result.bound, result.states) == ("bound", "out of memory", 0)


def test_a_search_keeps_its_violations() -> None:
    """Lifting ends with the 128th value, before the 151st that breaks the invariant."""
    result = explore(raises_on(200))
    assert (result.verdict, result.bound) == ("fail", "out of memory")
    assert list(result.violations) == ["small"]
    assert result.states == 201  # x from 0 to 200


def test_so_it_is_in_a_thread_and_in_a_predicate() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def thread() -> None:
        if await x.load() == 0:
            raise MemoryError

    assert explore(Program(mem, {"T": Thread(thread)})).bound == "out of memory"

    mem = Memory()
    y = mem.cell("y", 0)

    async def other() -> None:
        await y.store(1)
        raise Violation("never come to")

    def large(state: State) -> bool:
        if state[y]:
            raise MemoryError
        return True

    result = explore(Program(mem, {"T": Thread(other)}, invariants={"large": large}))
    assert (result.verdict, result.bound) == ("bound", "out of memory")


def test_without_the_memory_for_least_witnesses_those_that_were_met_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run(*given: object) -> None:
        raise MemoryError

    whole = explore(rule_one())
    monkeypatch.setattr(PreemptionSearch, "run", run)
    result = explore(rule_one())
    assert (result.verdict, result.bound) == ("fail", None)
    assert result.interleavings == whole.interleavings
    assert list(result.violations) == list(whole.violations)
    assert not any(found.witness.minimal for found in result.violations.values())
