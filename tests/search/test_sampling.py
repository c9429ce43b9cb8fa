"""What is said of runs that were drawn by lot: each number is worked out by hand beside it."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from random import Random

import pytest

from racer import Memory, Program, Thread, choose
from racer.machine.loaded import load_program
from racer.machine.models import system_of
from racer.search.sampling import (
    Pct,
    Pos,
    Walk,
    at_least_once,
    pct_bound,
    run,
    states_at_least,
    states_by_levels,
    unseen_at_most,
)

pytestmark = pytest.mark.quick


def lost_update() -> Program:
    mem = Memory()
    n = mem.cell("n", 0)

    async def add() -> None:
        await n.store(await n.load() + 1)

    return Program(mem, {"A": Thread(add), "B": Thread(add)})


def loses(program: Program, depth: int, runs: int) -> float:
    """The share of runs by PCT whose last value of n is 1 and not 2."""
    loaded = load_program(program)
    with loaded.in_use():
        system = system_of(loaded.growing, "sc")
        random = Random(1)
        lost = 0
        for _ in range(runs):
            done = run(system, Pct(random, 2, depth, 4), random, 100)
            assert done.ended
            threads = [move >> 16 for move in done.moves]
            lost += threads not in ([0, 0, 1, 1], [1, 1, 0, 0])
    return lost / runs


def test_pct_of_depth_1_never_interrupts_a_thread() -> None:
    assert loses(lost_update(), 1, 300) == 0


def test_pct_of_depth_2_meets_a_lost_update_as_often_as_it_must() -> None:
    """Whoever comes first, A or B, must change its priority at step 2 of the 4 there are: at step 1
    the other one runs through, and at steps 3 and 4 the update is done. So it is 1/4, and the bound
    for 2 threads and 4 steps is 1/(2 * 4) = 1/8."""
    assert pct_bound(2, 2, 4, 1) == 1 / 8
    # 4,000 runs: the standard deviation is sqrt(1/4 * 3/4 / 4000) < 0.007
    assert loses(lost_update(), 2, 4_000) == pytest.approx(1 / 4, abs=0.03)


def test_the_bound_of_pct_is_divided_by_the_options_and_does_not_overflow() -> None:
    assert pct_bound(3, 1, 50, 1) == 1 / 3
    assert pct_bound(3, 3, 10, 4) == 1 / 1200
    assert 0 < pct_bound(10, 20, 10_000, 1) < 1e-70


def test_how_likely_something_happens_at_least_once() -> None:
    assert at_least_once(0.5, 2) == pytest.approx(0.75)
    assert at_least_once(1, 1) == 1
    # 1 - (1 - p)^n is n p for what is so rare; to be computed as it stands it would be 0
    assert at_least_once(1e-20, 1_000) == pytest.approx(1e-17)


def test_how_likely_the_next_run_comes_to_something_new() -> None:
    """2 of 100 runs came to what no other came to: 0.02. And (2 sqrt 2 + sqrt 3) = 4.560478 times
    sqrt(ln 60 / 100) = 0.202345 is 0.922790."""
    seen = Counter({"a": 98, "b": 1, "c": 1})
    assert unseen_at_most(seen) == pytest.approx(0.942790, abs=1e-5)
    assert unseen_at_most(Counter({"a": 1})) == 1  # a probability


def test_states_that_several_runs_have_in_common() -> None:
    """After two steps: 4 states, each seen by one of four runs alone: 4 + 3/4 * 4 * 3 / (2 * 1).
    Before: one state, in all."""
    assert states_at_least([(0, 1), (0, 2), (0, 3), (0, 4)]) == 1 + 4 + 4.5
    # Seen by two each, nothing is missing.
    assert states_at_least([(0, 1), (0, 2), (0, 1), (0, 2)]) == 3


def test_a_state_that_runs_come_to_after_more_or_fewer_steps_is_one_state() -> None:
    assert states_at_least([(0, 1, 2), (0, 2, 0)]) == 3


@pytest.mark.parametrize("kind", ["walk", "pct", "pos"])
def test_all_schedules_of_a_small_program_are_met(kind: str) -> None:
    """4! / (2! 2!) = 6 schedules; PCT of depth 4 can change three times."""
    loaded = load_program(lost_update())
    with loaded.in_use():
        system = system_of(loaded.growing, "sc")
        random = Random(0)
        met = set()
        for _ in range(400):
            made = {
                "walk": lambda: Walk(random, 2),
                "pct": lambda: Pct(random, 2, 4, 4),
                "pos": lambda: Pos(random, system),
            }[kind]()
            met.add(run(system, made, random, 100).moves)
    assert len(met) == 6


def test_options_are_drawn_and_counted() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def thread() -> None:
        await x.store(await choose(1, 2, 3))
        await x.store(await choose(4, 5))

    loaded = load_program(Program(mem, {"T": Thread(thread)}))
    with loaded.in_use():
        system = system_of(loaded.growing, "sc")
        random = Random(0)
        runs = [run(system, Pct(random, 1, 3, 4), random, 100) for _ in range(100)]
    assert {each.chances for each in runs} == {6}
    assert len({each.moves for each in runs}) == 6


@pytest.mark.parametrize("kind", ["pct", "pos"])
def test_a_thread_that_spins_lets_the_other_one_on(kind: str) -> None:
    mem = Memory()
    flag = mem.cell("flag", 0)

    async def spin() -> None:
        while not await flag.load():
            pass

    async def set_it() -> None:
        await flag.store(1)

    loaded = load_program(Program(mem, {"S": Thread(spin), "T": Thread(set_it)}))
    with loaded.in_use():
        system = system_of(loaded.growing, "sc")
        random = Random(0)
        runs = []
        for _ in range(50):
            made = Pos(random, system) if kind == "pos" else Pct(random, 2, 1, 4)
            runs.append(run(system, made, random, 1_000))
    assert all(each.ended for each in runs)
    assert any(each.repeats for each in runs)


def test_a_run_is_cut_where_it_may_have_no_more_steps() -> None:
    loaded = load_program(lost_update())
    with loaded.in_use():
        system = system_of(loaded.growing, "sc")
        random = Random(0)
        assert [run(system, Walk(random, 2), random, n).ended for n in (3, 4)] == [False, True]


def test_the_chances_are_exact_fractions_up_to_the_last_step() -> None:
    assert Fraction(pct_bound(2, 2, 4, 1)) == Fraction(1, 8)
    assert math.isclose(pct_bound(7, 3, 85, 1), 1 / (7 * 85**2))


def test_how_many_states_follow_from_how_many_there_are_after_some_steps() -> None:
    """With H = ln 16 and 4 steps: 16^0, 16^(3/4) = 8, 16^1, 8, 1. Past half-way it is mirrored."""
    assert states_by_levels([1, 8], 4) == pytest.approx(1 + 8 + 16 + 8 + 1)
    assert states_by_levels([1, 8, 16], 4) == 1 + 8 + 16 + 8 + 1
    assert states_by_levels([1, 8, 16, 9], 4) == 1 + 8 + 16 + 9 + 1
    assert states_by_levels([1], 4) == 1  # nothing is known of it
    assert states_by_levels([1, 2, 3, 2, 1], 4) == 9
