"""Where memory runs out, what was found is told, and the limit is named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from racer import Memory, Program, State, Thread, Violation, explain, explore
from racer.automata.lifting import lift
from racer.explanation.data import NotComputed
from racer.explanation.exact import exactly
from racer.exploration import searching
from racer.exploration.explaining import explained
from racer.exploration.exploring import searched_and_told
from racer.exploration.result import Result
from racer.exploration.wanted import Wanted
from racer.lang.memory_use import MemoryLimit
from racer.machine.loaded import load_program
from racer.search.preemptions import PreemptionSearch
from tests.conftest import MemoryReadings
from tests.samples import message_passing, rule_one

LIMIT = MemoryLimit(16 * 2**30, "machine")
USED_UP = (
    "out of memory: 13.0 GiB are used, and the limit is 12.0 GiB, which is 3/4 of the 16.0 GiB of "
    "the machine; try more memory, fewer copies or values, or --max-states"
)


@pytest.fixture(autouse=True)
def looking_at_every_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """A compiled search looks at limits between slices: here each is of one state."""
    monkeypatch.setattr("racer.search.compiled.STATES_BETWEEN", 1)


def enough_for(looks: int) -> Callable[[], int]:
    """Readings of a memory that is used up after so many."""

    def used() -> int:
        nonlocal looks
        looks -= 1
        return 0 if looks >= 0 else 13 * 2**30

    return used


def storing(count: int) -> Program:
    """T stores 1, 2, ... in x: a state for each value from 0 to `count`."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def thread() -> None:
        for value in range(1, count + 1):
            await x.store(value)

    def small(state: State) -> bool:
        return state[x] < 3

    return Program(mem, {"T": Thread(thread)}, invariants={"small": small})


def explored_with(used: Callable[[], int], readings: MemoryReadings, program: Program) -> Result:
    """What is found if these are the readings from the first state on."""
    readings(lambda: 0, LIMIT)
    loaded = load_program(program)
    loaded.closed()
    readings(used, LIMIT)
    return searched_and_told(program, Wanted(), loaded)[1]


def test_a_search_stops_at_the_limit_with_what_it_found(memory_readings: MemoryReadings) -> None:
    """It looks before each state but the first: with four looks, the first five are expanded."""
    result = explored_with(enough_for(4), memory_readings, storing(9))
    assert (result.verdict, result.bound) == ("fail", USED_UP)
    assert list(result.violations) == ["small"]  # x is 3 in the fourth state
    assert result.states == 6
    result = explored_with(enough_for(1), memory_readings, storing(9))
    assert (result.verdict, result.bound, result.states) == ("bound", USED_UP, 3)
    assert explored_with(enough_for(10**6), memory_readings, storing(9)).bound is None


def test_counting_and_minimising_stop_at_the_limit(
    memory_readings: MemoryReadings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One look for each state but the first, and two for the count, which takes all of them.

    None for the search of a few states, as one is all that it may take.
    """
    monkeypatch.setattr(searching, "FEW_STATES", 1)
    whole = explore(rule_one(), count=False)
    assert whole.violations["misclassified"].witness.minimal
    result = explored_with(enough_for(9 + 2), memory_readings, storing(9))
    assert (result.verdict, result.bound) == ("fail", None)
    assert result.uncounted == f"left out ({USED_UP})"
    assert result.interleavings is None
    result = explored_with(enough_for(whole.searched - 1), memory_readings, rule_one())
    assert result.bound is None
    assert list(result.violations) == ["misclassified"]
    assert not result.violations["misclassified"].witness.minimal


def test_at_the_limit_lifting_leaves_automata_open(memory_readings: MemoryReadings) -> None:
    assert lift(message_passing()).closed
    memory_readings(enough_for(0), LIMIT)
    assert not lift(message_passing()).closed
    result = explore(message_passing())
    assert result.verdict == "bound"
    assert result.bound is not None and result.bound.startswith(USED_UP)


def test_explanations_stop_at_the_limit(memory_readings: MemoryReadings) -> None:
    result = explore(rule_one())
    assert result.loaded is not None
    before = explain(result, "misclassified")
    memory_readings(enough_for(0), LIMIT)
    with exactly(result.loaded) as exact:
        cut = explained(result, "misclassified", exact)
    assert cut.rows == before.rows
    assert cut.orderings == NotComputed(USED_UP)
    assert cut.threads_needed == NotComputed(USED_UP)


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


def test_a_search_keeps_its_states() -> None:
    result = explore(raises_on(3))
    assert (result.verdict, result.bound, result.states) == ("bound", "out of memory", 4)


def test_while_threads_are_lifted_nothing_is_searched() -> None:
    result = explore(raises_on(3), count=False)
    assert (result.verdict, result.bound, result.states) == ("bound", "out of memory", 0)


def test_a_search_keeps_its_violations() -> None:
    """The 151st value breaks the invariant."""
    result = explore(raises_on(200))
    assert result.verdict == "fail"
    assert result.bound is not None
    assert result.bound.startswith("out of memory; what grew: cell 'x' to 201 values, the latest ")
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
    monkeypatch.setattr("racer.search.compiled_preemptions._Compiled.run", run)
    result = explore(rule_one())
    assert (result.verdict, result.bound) == ("fail", None)
    assert result.interleavings == whole.interleavings
    assert list(result.violations) == list(whole.violations)
    assert not any(found.witness.minimal for found in result.violations.values())
