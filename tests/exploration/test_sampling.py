"""A sample shows what an exhaustive search shows, and never says that something is proved."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from random import Random

import pytest
from hypothesis import given

from racer import Memory, ModelError, Program, Sample, Thread, UsageError, estimate, explore, replay
from racer.exploration import estimating
from racer.exploration.sampling import walks
from racer.lang.outcomes import LIVELOCK
from racer.machine.loaded import load_program
from racer.machine.models import system_of
from racer.search.sampling import (
    RUNS_FOR_UNSEEN,
    states_at_least,
    states_by_levels,
    unseen_at_most,
)
from racer.viz.summary import sampling_text
from scenarios.aba import aba
from tests.generated.profiles import examples
from tests.generated.strategies import samples
from tests.programs import Sample as Source
from tests.programs import build

pytestmark = pytest.mark.quick


def deadlock() -> Program:
    mem = Memory()
    one, other = mem.lock("one"), mem.lock("other")

    async def take(first: object, second: object) -> None:
        async with first, second:  # type: ignore[attr-defined]
            pass

    return Program(mem, {"A": Thread(take, one, other), "B": Thread(take, other, one)})


@examples(40)
@given(samples(size=400))
def test_what_a_sample_shows_is_what_there_is(source: Source) -> None:
    program = build(source)
    whole = explore(program)
    for method in ("pct", "pos"):
        some = explore(build(source), sample=Sample(method, runs=30))  # type: ignore[arg-type]
        assert set(some.outcomes) <= set(whole.outcomes)
        assert set(some.violations) <= set(whole.violations) - {LIVELOCK}
        assert some.verdict == ("fail" if some.violations else "bound")
        assert some.states <= whole.states or whole.bound


def test_a_violation_that_was_met_is_replayed_and_can_be_replayed_again() -> None:
    program = aba(readers=3, rounds=3)
    result = explore(program, sample=Sample("pos", runs=500))
    found = result.violations["misclassified"]
    assert not found.witness.minimal
    assert replay(program, found.witness).labels == ("misclassified",)
    assert result.bound is not None and "nothing was searched" in result.bound
    exact = explore(program)
    assert found.witness.cost >= exact.violations["misclassified"].witness.cost


def test_a_deadlock_is_met() -> None:
    result = explore(deadlock(), sample=Sample("pct", depth=2, runs=50))
    assert list(result.violations) == ["deadlock"]


def test_the_same_seed_gives_the_same_runs_and_another_one_others() -> None:
    def schedules(seed: int) -> list[object]:
        found = explore(aba(readers=2), sample=Sample("pct", runs=40, seed=seed))
        return [found.sampling, *(each.witness for each in found.outcomes.values())]

    assert schedules(1) == schedules(1)
    assert schedules(1) != schedules(2)


def test_nothing_is_said_of_runs_that_have_no_greatest_length() -> None:
    mem = Memory()
    flag = mem.cell("flag", 0)

    async def spin() -> None:
        while not await flag.load():
            pass

    async def set_it() -> None:
        await flag.store(1)

    program = Program(mem, {"S": Thread(spin), "T": Thread(set_it)})
    told = explore(program, sample=Sample("pct", runs=50)).sampling
    assert told is not None and told.chance is None
    assert "no greatest length" in told.why_not


def test_nothing_is_said_where_a_run_is_longer_than_was_said() -> None:
    told = explore(aba(), sample=Sample("pct", runs=10, steps=5)).sampling
    assert told is not None and told.chance is None
    assert "among the first 5" in told.why_not


def test_pct_says_how_likely_it_is() -> None:
    told = explore(deadlock(), sample=Sample("pct", runs=10, depth=2, steps=8)).sampling
    assert told is not None
    assert told.chance == 1 / (2 * 8)  # 2 threads, 8 steps each of which may be the one


def test_few_runs_say_nothing_of_outcomes_that_none_came_to() -> None:
    # (2 sqrt 2 + sqrt 3)^2 ln(3 / 0.05) = (8 + 3 + 4 sqrt 6) ln 60 = 85.15: 85 runs leave 1 or more
    assert RUNS_FOR_UNSEEN == 86
    assert unseen_at_most(Counter({"the same": 85})) == 1
    assert unseen_at_most(Counter({"the same": 86})) < 1
    few, many = (explore(aba(), sample=Sample("pct", runs=runs)).sampling for runs in (20, 400))
    assert few is not None and many is not None
    assert "is not known: that takes 86 runs at least" in sampling_text(few)
    assert "with a probability of at most" in sampling_text(many).rpartition(";")[2]


def test_a_model_that_fails_is_told_with_its_schedule() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def thread() -> None:
        await x.store(1)
        raise LookupError("oh")

    with pytest.raises(ModelError, match=r"fails after its step 1: .*oh[\s\S]*schedule: T"):
        explore(Program(mem, {"T": Thread(thread)}), sample=Sample())


@pytest.mark.parametrize(
    "wrong", [{"runs": 0}, {"depth": 0}, {"depth": 21}, {"steps": 0}, {"method": "dfs"}]
)
def test_a_sample_that_draws_nothing_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        Sample(**wrong)  # type: ignore[arg-type]


def test_an_estimate_of_few_states_is_exact() -> None:
    found = estimate(aba())
    assert found.exact
    assert found.states == explore(aba()).canonical


def independent(threads: int, steps: int) -> Program:
    """Threads that each write a cell of their own: (steps + 1)^threads states."""
    mem = Memory()

    async def write(number: int) -> None:
        for step in range(steps):
            await cells[number].store(step + 1)

    cells = [mem.cell(f"c{number}", 0) for number in range(threads)]
    return Program(mem, {f"T{n}": Thread(write, n) for n in range(threads)})


def test_an_estimate_of_many_states_is_a_lower_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimating, "SECONDS", 0.05)
    found = estimate(independent(6, 10))
    assert not found.exact
    assert found.least < 11**6
    assert found.least <= found.states
    assert found.longest == 60  # steps that all runs have
    assert found.seconds == pytest.approx(found.states / found.per_second)


def test_runs_spread_so_that_the_lower_bound_is_not_far_off() -> None:
    """11^6 = 1,771,561 states, of which 500 runs of 60 steps see 30,000 at most."""
    loaded = load_program(independent(6, 10))
    with loaded.in_use():
        runs = list(walks(system_of(loaded.growing, "sc"), Random(0), 500))
    assert 11**6 / 20 < states_at_least([each.states for each in runs]) < 11**6


def test_how_fast_states_grow_tells_their_number_to_an_order_of_magnitude() -> None:
    """Of 11^6 states so many take 15 steps as there are ways to add six numbers of 0 to 10 up to
    that: C(20, 5) without the bound, less 6 C(9, 5) where one of them is 11 or more."""
    width = math.comb(20, 5) - 6 * math.comb(9, 5)
    assert 11**6 / 10 < states_by_levels([0] * 15 + [width], 60) < 11**6 * 10


def test_the_estimate_is_of_the_states_that_there_are() -> None:
    """The same program, small: 4^3 states, all of which are searched."""
    assert estimate(independent(3, 3)).states == len(list(itertools.product(range(4), repeat=3)))
