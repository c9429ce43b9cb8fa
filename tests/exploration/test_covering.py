"""Real coroutines beside the automata: what is covered, and that no hidden state gets past it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from racer import Memory, ModelError, Program, Thread, explore
from racer.automata.environment import Environment
from racer.viz.summary import coverage_text
from tests.automata import hidden_places as places


@pytest.fixture
def without_static_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if nothing were known of where threads can keep state."""
    monkeypatch.setattr(Environment, "check", lambda self, run_again=None: None)


@pytest.mark.usefixtures("without_static_check", "process_as_it_was")
@pytest.mark.parametrize("program", [places.remembering, places.telling])
@pytest.mark.parametrize("place", places.PLACES)
def test_no_hidden_state_gets_past_it(
    place: Callable[[], places.Place], program: Callable[[places.Place], Program]
) -> None:
    """Where racer sees that what it cannot compare tells two runs apart, it may be right instead.

    Right is a violation, which B's store, or A's, makes possible.
    """
    try:
        result = explore(program(place()))
    except ModelError as error:
        assert error.thread in ("A", "B")
    else:
        assert list(result.violations) == ["saw 1" if program is places.remembering else "told"]


@pytest.mark.usefixtures("without_static_check")
def test_the_error_has_the_thread_its_step_and_the_schedule() -> None:
    with pytest.raises(ModelError, match=r"thread 'A' .* after its step 2, .*'saw 1'") as caught:
        explore(places.remembering(places.class_method()))
    error = caught.value
    assert (error.thread, error.step, error.schedule) == ("A", 2, ("B", "A", "A"))


def two_loads(copies: int = 1) -> Program:
    """Each T loads x twice, and returns both, while one W stores 1."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def load() -> tuple[int, int]:
        return await x.load(), await x.load()

    async def store() -> None:
        await x.store(1)

    return Program(mem, {"T": Thread(load, copies=copies), "W": Thread(store)})


def test_what_was_covered_is_in_the_result() -> None:
    """T has a first load with 2 answers; after 0 a second with 2, after 1 one with 1 that can
    come; W has one edge. States: T's position and what it saw, x: with x = 0, T at 0, 1 and 2
    loads; with x = 1, T at 0, 1 (seen 0 or 1) and 2 (00, 01, 11): 3 + 1 + 2 + 3 = 9, with moves
    2 + 2 + 1, then 1 + 1 + 1."""
    coverage = explore(two_loads()).coverage
    assert coverage is not None
    assert (coverage.edges, coverage.of_edges) == (6, 6)
    assert (coverage.moves, coverage.of_moves) == (8, 8)
    assert coverage.runs >= 3  # W before, between and after the loads


@pytest.mark.parametrize("reduce", [False, True])
def test_copies_have_their_edges_in_common(reduce: bool) -> None:
    """The same six, whether states that permute copies are told apart or not."""
    coverage = explore(two_loads(copies=3), reduce=reduce).coverage
    assert coverage is not None
    assert (coverage.edges, coverage.of_edges) == (6, 6)


def test_where_there_was_no_time_for_a_step_the_report_says_so() -> None:
    result = explore(two_loads())
    assert coverage_text(result) is None
    text = coverage_text(replace(result, coverage=None))
    assert text is not None and "were not run beside each other" in text
    assert coverage_text(replace(result, coverage=None, bound="timeout of 1 s")) is None


def test_where_the_steps_are_spent_the_report_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("racer.exploration.covering.STEPS", 3)
    result = explore(two_loads())
    assert result.coverage is not None
    assert result.coverage.steps == 3
    assert result.coverage.edges < result.coverage.of_edges == 6
    text = coverage_text(result)
    assert text is not None
    assert "of the 6 edges" in text


def test_a_search_that_was_cut_is_not_compared() -> None:
    assert explore(two_loads(), max_states=2).coverage is None


def test_a_run_without_an_end_is_left_once_it_has_nothing_new() -> None:
    """T spins for ever on a flag that nobody sets: one edge, and no way to an end."""
    mem = Memory()
    flag = mem.cell("flag", 0)

    async def spin() -> None:
        while await flag.load() == 0:
            pass

    coverage = explore(Program(mem, {"T": Thread(spin)})).coverage
    assert coverage is not None
    assert (coverage.edges, coverage.of_edges, coverage.steps) == (1, 1, 1)
