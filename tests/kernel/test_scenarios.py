"""The scenarios come out as they declare, for every combination of parameters.

The declared answers are derived by hand in the header of each scenario. The counts below have
a second source each, named beside them.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from racer import Program, Scenario, UsageError, explore
from racer.automata.lifting import lift
from scenarios.aba import aba
from scenarios.free_alloc_free import free_alloc_free
from scenarios.split_race import split_race
from tests.oracles.naive import enumerate_program

VARIANTS = ["v8", "headonly", "v9", "reviewed", "v10", "v10_rmb", "tryget"]
ONLY = ["any", "handlable", "unmarked"]
CALLERS = ["memory_failure", "soft_offline"]


def combinations(**choices: list[object]) -> list[dict[str, object]]:
    return [
        dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())
    ]


SPLIT_RACE = combinations(
    variant=VARIANTS,
    caller=CALLERS,
    check_pages=[False, True],
    flags_rmw=["split", "atomic"],
    reuse=["slab", "slab_then_thp"],
    only=ONLY,
)
FREE_ALLOC_FREE = combinations(
    variant=VARIANTS,
    caller=CALLERS,
    check_pages=[False, True],
    flags_rmw=["split", "atomic"],
    slab_order=[0, 1],
    reuse=["slab", "slab_then_thp"],
    only=ONLY,
)


def comes_out_as_declared(scenario: Scenario, parameters: dict[str, Any]) -> None:
    result = explore(scenario.build(**parameters), minimise=False)
    declared = scenario.expected(**parameters)
    assert declared is not None
    assert (result.verdict, tuple(result.violations)) == (declared.verdict, declared.labels)
    assert result.vacuous == ()
    # v10 and the like retry for ever only if p's head moves for ever, and it moves twice.
    assert result.interleavings is not None


@pytest.mark.slow
@pytest.mark.parametrize("parameters", SPLIT_RACE, ids=str)
def test_every_split_race_comes_out_as_declared(parameters: dict[str, Any]) -> None:
    comes_out_as_declared(split_race, parameters)


@pytest.mark.parametrize(
    "parameters", [each for each in SPLIT_RACE if not each["check_pages"]][::19], ids=str
)
def test_split_race_comes_out_as_declared(parameters: dict[str, Any]) -> None:
    comes_out_as_declared(split_race, parameters)


@pytest.mark.slow
@pytest.mark.parametrize("parameters", FREE_ALLOC_FREE, ids=str)
def test_every_free_alloc_free_comes_out_as_declared(parameters: dict[str, Any]) -> None:
    comes_out_as_declared(free_alloc_free, parameters)


@pytest.mark.parametrize("parameters", FREE_ALLOC_FREE[::5], ids=str)
def test_free_alloc_free_comes_out_as_declared(parameters: dict[str, Any]) -> None:
    comes_out_as_declared(free_alloc_free, parameters)


@pytest.mark.parametrize(
    ("parameters", "effect"),
    [
        ({"panic": True}, "panic"),
        ({"panic": False}, "none"),  # a line in the log, and p stays poisoned
        ({"caller": "soft_offline"}, "spurious -ENOTRECOVERABLE"),  # the caller gets to see it
    ],
)
def test_a_wrong_answer_leads_to_what_the_caller_makes_of_it(
    parameters: dict[str, Any], effect: str
) -> None:
    result = explore(free_alloc_free.build(**parameters), minimise=False, count=False)
    assert list(result.effects("misclassified")) == [effect]


@pytest.mark.parametrize(
    ("readers", "rounds", "states", "interleavings", "misclassified"),
    [
        # States at (1, 1) and (2, 2): TLC, an independent model checker, on a TLA+ model of the
        # same program. The interleavings at (1, 1): naive enumeration, in the test below.
        (1, 1, 165, 24_621, 3),
        (2, 2, 2_023, 33_765_831_684, 4_767_840),
        (3, 1, 16_125, 8_401_820_173_291_548, 1_760_381_061_444),
    ],
)
def test_aba_has_the_known_numbers(
    readers: int, rounds: int, states: int, interleavings: int, misclassified: int
) -> None:
    result = explore(aba(readers=readers, rounds=rounds))
    finding = result.violations["misclassified"]
    assert result.states == states
    assert result.interleavings == interleavings
    assert finding.interleavings == misclassified
    assert finding.witness.preemptions == 3


def test_aba_needs_twenty_steps() -> None:
    # Both writers to their ends, 8 steps each, and the shortest wrong answer of the reader:
    # p_reserved, p_head, one look at the type, p_head.
    finding = explore(aba()).violations["misclassified"]
    assert finding.witness.steps == 8 + 8 + 4


def test_naive_enumeration_agrees_on_the_smallest_aba() -> None:
    naive = enumerate_program(aba())
    assert naive.interleavings == 24_621
    assert naive.violations == {"misclassified": 3}


@pytest.mark.parametrize(
    "program",
    [aba(), split_race(), free_alloc_free()],
    ids=["aba", "split_race", "free_alloc_free"],
)
def test_every_scenario_lifts_to_complete_automata(program: Program) -> None:
    """Nothing in them has to fall back to histories, which would cost states and seconds."""
    assert lift(program).closed


@pytest.mark.parametrize("wrong", [{"readers": 0}, {"rounds": 9}, {"readers": "two"}])
def test_a_parameter_out_of_range_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        aba(**wrong)
