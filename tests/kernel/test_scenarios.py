"""The scenarios come out as they declare, for every combination of parameters.

The declared answers are derived by hand in the header of each scenario. The counts below have
a second source each, named beside them.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from racer import Program, Scenario, UsageError, Violation, explore
from racer.automata.lifting import lift
from scenarios.aba import aba
from scenarios.free_alloc_free import free_alloc_free
from scenarios.split_race import split_race
from tests.case_names import case_name
from tests.kernel.by_hand import ByHand
from tests.kernel.declared import as_declared
from tests.oracles.naive import enumerate_program

VARIANTS = ["v8", "headonly", "v9", "reviewed", "v10", "v10_rmb", "tryget", "zlock"]
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
    page=["p1", "p2", "p3"],
    reuse=["slab", "slab_then_thp", "thp_slab_thp"],
    only=ONLY,
) + combinations(
    variant=VARIANTS,
    caller=CALLERS,
    check_pages=[False, True],
    flags_rmw=["split", "atomic"],
    page=["p1", "p3"],
    slab_order=[1],
    reuse=["slab", "slab_then_thp", "thp_slab_thp"],
)
SUNK = combinations(
    variant=["v10"],
    type_reads=["sunk"],
    caller=CALLERS,
    flags_rmw=["split", "atomic"],
    reuse=["slab", "slab_then_thp"],
    only=ONLY,
)


def comes_out_as_declared(scenario: Scenario, parameters: dict[str, Any]) -> None:
    result, _ = as_declared(scenario, parameters)
    # v10 and the like retry for ever only if p's head moves for ever, and it moves twice.
    assert result.interleavings is not None


@pytest.mark.slow
@pytest.mark.parametrize("parameters", SPLIT_RACE, ids=case_name)
def test_every_split_race_comes_out_as_declared(parameters: dict[str, Any]) -> None:
    comes_out_as_declared(split_race, parameters)


@pytest.mark.parametrize(
    "parameters",
    [each for each in SPLIT_RACE if not each["check_pages"]][::19] + SUNK,
    ids=case_name,
)
def test_split_race_comes_out_as_declared(parameters: dict[str, Any]) -> None:
    comes_out_as_declared(split_race, parameters)


@pytest.mark.slow
@pytest.mark.parametrize("parameters", FREE_ALLOC_FREE, ids=case_name)
def test_every_free_alloc_free_comes_out_as_declared(parameters: dict[str, Any]) -> None:
    comes_out_as_declared(free_alloc_free, parameters)


@pytest.mark.parametrize("parameters", FREE_ALLOC_FREE[::23], ids=case_name)
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


# What a compiler may do, and what a lock does: schedules by hand.


def test_type_tests_that_sink_below_the_re_read_are_wrong_with_two_preemptions() -> None:
    """p's head is loaded twice: H, H | split, H freed, slab on H | H's type | the slab goes.

    Two threads could go on when they are left: the classifier after its two loads, alloc after its
    slab. With one fewer the classifier's loads, or the slab, would be in one piece with the rest.
    """
    how = {"variant": "v10", "reuse": "slab", "caller": "soft_offline", "flags_rmw": "atomic"}
    witness = explore(split_race(type_reads="sunk", **how)).violations["misclassified"].witness
    assert witness.preemptions == 2
    for type_reads in ("fused", "three"):
        assert explore(split_race(type_reads=type_reads, **how), count=False).verdict == "pass"


@pytest.mark.parametrize("variant", [each for each in VARIANTS if each != "v10"])
def test_only_v10_has_type_tests_that_can_sink(variant: str) -> None:
    with pytest.raises(UsageError, match="sunk"):
        split_race(variant=variant, type_reads="sunk")


def test_under_zone_lock_the_head_cannot_become_a_slab() -> None:
    """The classifier has found p's head to be H; the split goes on, and stops at H's free."""
    hand = ByHand(split_race(variant="zlock", caller="soft_offline"))
    hand.steps("classify", 4)  # PG_hwpoison, PG_reserved, zone->lock, p.info: H
    hand.to_its_end("split")
    values = hand.execution.values
    assert (values["p.info"], values["H.refs"], values["H.page_type"]) == (None, 0, "none")
    assert hand.is_blocked("split") and hand.is_blocked("alloc")
    hand.steps("classify", 1)  # H's type
    for thread in ("classify", "split", "alloc", "put_p"):
        hand.to_its_end(thread)
    assert hand.outcome() == "not kernel-owned"


def poisoned_in_prepare(page: str, reuse: str) -> ByHand:
    """p is poisoned between the load and the store of its word, when its info is clear."""
    program = free_alloc_free(variant="v10", check_pages=True, page=page, reuse=reuse)
    hand = ByHand(program)
    hand.until("free", lambda values: values[f"{page}.info"] is None)
    hand.steps("free", 1)  # loads its word
    hand.steps("classify", 1)
    hand.to_its_end("free")
    assert not hand.execution.values[f"{page}.flags"].hwpoison  # type: ignore[attr-defined]
    return hand


@pytest.mark.parametrize("page", ["p2", "p3"])
def test_a_later_tail_whose_mark_is_lost_is_misclassified_in_the_thp_after_next(page: str) -> None:
    hand = poisoned_in_prepare(page, "thp_slab_thp")
    hand.until("alloc", lambda values: values["H.refs"] == 1)  # the first new THP
    hand.steps("classify", 2)  # p's flags, p.info: H
    hand.until("alloc", lambda values: values["H.page_type"] == "slab")
    hand.steps("classify", 1)  # H's type
    hand.to_its_end("alloc")
    hand.to_its_end("classify")
    assert hand.outcome() == Violation("misclassified", effect="panic")


@pytest.mark.parametrize("page", ["p2", "p3"])
def test_where_one_thp_follows_its_head_is_found_too_late(page: str) -> None:
    hand = poisoned_in_prepare(page, "slab_then_thp")
    hand.until("alloc", lambda values: values["H.page_type"] == "slab")
    hand.steps("classify", 2)  # p's flags, p.info: none
    hand.to_its_end("alloc")
    hand.to_its_end("classify")
    assert hand.outcome() == "not kernel-owned"


def test_page_1_loses_its_mark_while_its_head_is_still_there() -> None:
    hand = ByHand(free_alloc_free(variant="v10", check_pages=True, page="p1"))
    hand.until("free", lambda values: not values["H.flags"].lru)  # type: ignore[attr-defined]
    hand.steps("free", 2)  # the unlock; loads p1's word, to take the order out
    hand.steps("classify", 3)  # poisons p1, loads its flags, its info: H
    hand.to_its_end("free")
    hand.until("alloc", lambda values: values["H.page_type"] == "slab")
    hand.steps("classify", 1)
    hand.to_its_end("alloc")
    hand.to_its_end("classify")
    assert hand.outcome() == Violation("misclassified", effect="panic")


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
