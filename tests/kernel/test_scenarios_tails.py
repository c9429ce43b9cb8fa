"""Scenarios on tails: at rest and moving, after a split to an order above 0, moving for ever.

They come out as they declare for every combination of parameters (the fast ones here are a
sample of that). Each has a number, or an outcome, with a second source: a count or a schedule
by hand.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest

from racer import Program, Scenario, UsageError, Violation, explore
from racer.automata.lifting import lift
from racer.lang.outcomes import OutcomeValue
from scenarios.endless_retry import endless_retry
from scenarios.higher_order_split import higher_order_split
from scenarios.last_pass import last_pass
from scenarios.slab_tail import slab_tail
from tests.case_names import case_name
from tests.kernel.by_hand import ByHand
from tests.kernel.declared import as_declared

VARIANTS = ["before", "v8", "headonly", "v9", "reviewed", "v10", "v10_rmb", "tryget", "zlock"]
CALLERS = ["memory_failure", "soft_offline"]


def combinations(**choices: list[Any]) -> list[dict[str, Any]]:
    return [
        dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())
    ]


OWNERS = ["slab", "table", "large_kmalloc"]
SLAB_TAIL = combinations(
    variant=VARIANTS,
    caller=CALLERS,
    owner=OWNERS,
    move=["none", "freed", "same_head"],
    stale=[False, True],
) + combinations(
    variant=VARIANTS,
    caller=CALLERS,
    owner=OWNERS,
    move=["other_head"],
    neighbour=["thp", "kernel"],
    stale=[False, True],
)
HIGHER_ORDER_SPLIT = combinations(
    page=["first", "second"],
    variant=VARIANTS,
    caller=CALLERS,
    slab_order=[0, 1],
    reuse=["slab", "slab_then_thp", "thp_slab_thp"],
    check_pages=[False, True],
    flags_rmw=["split", "atomic"],
)
FIRST_FOLIO = [each for each in HIGHER_ORDER_SPLIT if each["page"] == "first"]
SECOND_FOLIO: list[dict[str, Any]] = [  # ten times the states
    {"page": "second", "variant": "v10", "check_pages": False, "flags_rmw": "atomic"},
    {"page": "second", "variant": "v10", "check_pages": True, "flags_rmw": "split"},
    {"page": "second", "variant": "v10", "check_pages": True, "reuse": "thp_slab_thp"},
    {
        "page": "second",
        "variant": "v10",
        "check_pages": True,
        "flags_rmw": "atomic",
        "reuse": "thp_slab_thp",
    },
    {"page": "second", "variant": "headonly", "reuse": "slab", "caller": "soft_offline"},
]
LAST_PASS = combinations(
    variant=["v9", "v10"],
    owner=["slab", "table"],
    move=["none", "freed", "same_head", "other_head"],
    neighbour=["thp", "kernel"],
)
ENDLESS_RETRY = [
    each
    for each in combinations(
        variant=VARIANTS,
        caller=CALLERS,
        rounds=[0, 1, 2, 3],
        check_pages=[False, True],
        flags_rmw=["split", "atomic"],
    )
    if each["variant"] != "zlock" or each["rounds"] > 0
]
LIMITED_RETRY = combinations(
    variant=["v9", "v10"],
    caller=CALLERS,
    rounds=[0, 1, 2, 3],
    limit=[1, 2, 3, 4, 5, 6],
    check_pages=[False, True],
    flags_rmw=["split", "atomic"],
)


NOLOCK = combinations(
    variant=[each for each in VARIANTS if each != "v10_rmb"],
    move=["freed", "same_head"],
    frees=["nolock"],
    stale=[False, True],
)


def comes_out_as_declared(scenario: Scenario, parameters: dict[str, Any]) -> None:
    result, declared = as_declared(scenario, parameters)
    assert declared.loops is not None
    assert result.loops == tuple(sorted(declared.loops))


@pytest.mark.parametrize("parameters", SLAB_TAIL[::11] + NOLOCK[::3], ids=case_name)
def test_slab_tail_comes_out_as_declared(parameters: dict[str, Any]) -> None:
    comes_out_as_declared(slab_tail, parameters)


@pytest.mark.parametrize("parameters", LAST_PASS, ids=case_name)
def test_last_pass_comes_out_as_declared(parameters: dict[str, Any]) -> None:
    as_declared(last_pass, parameters, count=False)


@pytest.mark.parametrize("parameters", FIRST_FOLIO[::17] + SECOND_FOLIO, ids=case_name)
def test_split_to_a_higher_order_comes_out_as_declared(parameters: dict[str, Any]) -> None:
    comes_out_as_declared(higher_order_split, parameters)


@pytest.mark.parametrize("parameters", ENDLESS_RETRY[::9] + LIMITED_RETRY[::17], ids=case_name)
def test_endless_retry_comes_out_as_declared(parameters: dict[str, Any]) -> None:
    comes_out_as_declared(endless_retry, parameters)


@pytest.mark.slow
@pytest.mark.parametrize("parameters", SLAB_TAIL + NOLOCK, ids=case_name)
def test_every_slab_tail_comes_out_as_declared(parameters: dict[str, Any]) -> None:
    comes_out_as_declared(slab_tail, parameters)


@pytest.mark.slow
@pytest.mark.parametrize("parameters", HIGHER_ORDER_SPLIT, ids=case_name)
def test_every_higher_order_split_comes_out_as_declared(parameters: dict[str, Any]) -> None:
    comes_out_as_declared(higher_order_split, parameters)


@pytest.mark.slow
@pytest.mark.parametrize("parameters", ENDLESS_RETRY + LIMITED_RETRY, ids=case_name)
def test_every_endless_retry_comes_out_as_declared(parameters: dict[str, Any]) -> None:
    comes_out_as_declared(endless_retry, parameters)


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["v8", "headonly", "v9", "v10", "tryget"])
@pytest.mark.parametrize("move", ["freed", "same_head", "other_head"])
def test_the_caller_s_further_way_adds_no_label(variant: str, move: str) -> None:
    """Whatever get_any_page() does next, the classifier's answer is given already."""
    owner = "table" if variant == "tryget" else "slab"
    how = {"variant": variant, "owner": owner, "move": move, "stale": True, "depth": "whole"}
    comes_out_as_declared(slab_tail, how)


# slab_tail: a count, and two schedules, by hand.


def test_only_one_interleaving_misses_a_slab_that_is_freed() -> None:
    """v8 takes 3 steps: it poisons p, loads its flags, and its type.

    The free takes 18: the type; the order, and for three tails their info, each a store, and
    two plain updates of four words more, so 2 + 3 * (1 + 2) + 2; the lock, private, the
    type, the unlock. No step waits for another, so there are C(21, 3) interleavings. `missed`
    is to be done before the free's first step, in the one that has all 3 first.
    """
    result = explore(slab_tail(variant="v8", move="freed"), minimise=False)
    assert result.interleavings == math.comb(3 + (1 + 2 + 3 * (1 + 2) + 2 + 4), 3) == 1_330
    assert result.violations["missed"].interleavings == 1


def is_clear(values: dict[str, object]) -> bool:
    return values["p3.info"] is None


def is_set(values: dict[str, object]) -> bool:
    return values["p3.info"] is not None


@pytest.mark.parametrize("move", ["same_head", "other_head"])
def test_v10_finds_the_new_owner_that_v9_does_not_see(move: str) -> None:
    def answer(variant: str) -> OutcomeValue:
        schedule = ByHand(slab_tail(variant=variant, move=move, stale=True))
        schedule.until("move", is_clear)
        schedule.steps("classify", 3)  # poisons p, loads its flags, its info: none
        schedule.to_its_end("move")
        schedule.to_its_end("classify")
        return schedule.outcome()

    assert answer("v9") == Violation("stale_clear")
    assert answer("v10") == "panic"  # rightly: p is kernel-owned


@pytest.mark.parametrize("move", ["same_head", "other_head"])
@pytest.mark.parametrize("variant", ["v9", "v10", "v10_rmb"])
def test_a_type_that_is_set_after_the_head_is_overlooked(variant: str, move: str) -> None:
    """v9 is done by then, and right; v10 goes on to the re-read, which is no look at the type."""
    schedule = ByHand(slab_tail(variant=variant, move=move, stale=True))
    schedule.until("move", is_clear)
    schedule.until("move", is_set)
    schedule.steps("classify", 4)  # poisons p; its flags, its info, the head's type
    schedule.to_its_end("move")
    schedule.to_its_end("classify")
    right = "not kernel-owned"
    assert schedule.outcome() == (right if variant == "v9" else Violation("stale_clear"))


@pytest.mark.parametrize("frees", ["waiting", "nolock"])
def test_a_block_on_a_per_cpu_list_is_used_again_while_zlock_has_its_lock(frees: str) -> None:
    """By hand: zlock loads p.info: none, and with its lock held p gets a new owner, or does not."""
    schedule = ByHand(slab_tail(variant="zlock", move="same_head", frees=frees, stale=True))

    def given_back(values: dict[str, object]) -> bool:
        if frees == "nolock":
            return values["pcp"] is not None
        return values["H.page_type"] == "buddy" and values["zone.lock"] is False

    schedule.until("move", given_back)
    schedule.until("classify", lambda values: values["zone.lock"] is True)
    schedule.steps("classify", 1)  # p.info: none
    schedule.to_its_end("move")
    assert schedule.has_ended("move") == (frees == "nolock")
    schedule.to_its_end("classify")  # p's own type: none
    right = "not kernel-owned"  # where the block waits for the lock, which ends the window
    assert schedule.outcome() == (Violation("stale_clear") if frees == "nolock" else right)


# higher_order_split: the length of the smallest witness (all threads to their ends), by hand.


def test_headonly_is_wrong_with_two_preemptions() -> None:
    """The classifier loads p's head; the split runs to its end; the slab is made; H's type is
    loaded; the slab is freed. Two threads could go on when they are left: the classifier after
    its head, alloc after its slab.
    """
    classify = 4  # soft_offline_page(): PG_hwpoison; p's flags, its info; H's type
    put = 1 + 1 + 3  # the count, the flags, PG_lru under its lock
    prepare = 4  # the order; the tail's info and flags; the head's flags
    # cmpxchg, lock; p2: flags twice, wmb, info, PG_head, p3's info and order; H's order;
    # p2: count, PG_lru; H: count, unlock
    split = (1 + 1) + (4 + 3) + 1 + 2 + 2
    # lock; H's type: no buddy; p2's private and type, unlock
    split += put + prepare + (1 + 1 + 2 + 1)
    # lock; p2's type and private: a buddy; both cleared; H's private and type; unlock
    split += put + prepare + (1 + 2 + 2 + 2 + 1)
    # waits; lock; H's type and private; both cleared; p2 and p1 put back; unlock; the slab
    alloc = 1 + (1 + 2 + 2 + 2 * 2 + 1) + 1
    # no slab; PG_hwpoison; flags; lock; p1 and p2 merged; private and type; unlock
    alloc += 1 + 2 + (1 + 2 * (2 + 2) + 2 + 1)
    assert (split, alloc) == (45, 27)
    program = higher_order_split(
        variant="headonly", caller="soft_offline", page="first", reuse="slab", flags_rmw="atomic"
    )
    witness = explore(program).violations["misclassified"].witness
    assert (witness.preemptions, witness.steps) == (2, classify + split + alloc)


@pytest.mark.parametrize("flags_rmw", ["split", "atomic"])
def test_a_poisoned_page_of_the_second_folio_is_used_again(flags_rmw: str) -> None:
    """Unlike a page split off to order 0: no update has to lose the bit."""
    program = higher_order_split(variant="v10", reuse="slab_then_thp", flags_rmw=flags_rmw)
    schedule = ByHand(program)
    schedule.steps("classify", 3)  # poisons p3, loads its flags, its head: H
    schedule.to_its_end("split")
    schedule.to_its_end("put_p")
    schedule.until("alloc", lambda values: values["H.page_type"] == "slab")
    schedule.steps("classify", 1)
    schedule.to_its_end("alloc")
    assert schedule.execution.values["p3.flags"].hwpoison  # type: ignore[attr-defined]
    schedule.to_its_end("classify")
    assert schedule.outcome() == Violation("misclassified", effect="panic")


# endless_retry


def test_with_the_mover_going_on_for_ever_there_are_no_outcomes() -> None:
    result = explore(endless_retry())
    assert tuple(result.violations) == ("livelock",)
    assert result.loops == ("classify", "move")
    assert (dict(result.outcomes), result.interleavings) == ({}, None)


def test_a_limit_ends_the_classifier_and_is_reached() -> None:
    result = explore(endless_retry(limit=3))
    assert result.loops == ("move",)
    assert tuple(result.violations) == ("gave_up",)


@pytest.mark.parametrize("rounds", [1, 2, 3])
@pytest.mark.parametrize(("variant", "each"), [("v9", 1), ("v10", 2)])
def test_the_retries_are_counted(variant: str, each: int, rounds: int) -> None:
    """p.info is set and cleared in each round: v10 retries for both, v9 for the second only."""
    most = each * rounds
    enough = endless_retry(variant=variant, rounds=rounds, limit=most)
    assert explore(enough, minimise=False, count=False).verdict == "pass"
    if most > 1:
        less = endless_retry(variant=variant, rounds=rounds, limit=most - 1)
        assert tuple(explore(less, minimise=False, count=False).violations) == ("gave_up",)


def test_two_retries_in_one_round_take_three_preemptions() -> None:
    """Head p, a look at its type | slab on H | another head; H, its type | freed | another.

    The mover runs to its end, so it is preempted only once: it takes 19 steps. The lock, H's type
    and private, both cleared, the unlock; PG_head, p.info, the order; the slab; the slab's
    end, the order, p.info, p's and H's flags, the lock, private and type, the unlock. The
    classifier is preempted twice; it looks at p's flags, then takes 3 steps and 3.
    """
    mover = (1 + 2 + 2 + 1) + 3 + 1 + 1 + 4 + (1 + 2 + 1)
    program = endless_retry(rounds=1, limit=1, caller="soft_offline", flags_rmw="atomic")
    witness = explore(program).violations["gave_up"].witness
    assert (witness.preemptions, witness.steps) == (3, mover + 1 + 3 + 3)


@pytest.mark.parametrize(
    "program",
    [slab_tail(), slab_tail(variant="tryget", owner="table"), endless_retry(limit=3)],
    ids=["slab_tail", "slab_tail_tryget", "endless_retry"],
)
def test_the_scenarios_lift_to_complete_automata(program: Program) -> None:
    assert lift(program).closed


@pytest.mark.parametrize(
    ("scenario", "wrong"),
    [
        (slab_tail, {"caller": "count_increased", "owner": "table"}),
        (higher_order_split, {"caller": "count_increased"}),
        (endless_retry, {"caller": "count_increased"}),
        (endless_retry, {"variant": "v8", "limit": 1}),
        (endless_retry, {"variant": "zlock"}),
    ],
)
def test_what_the_kernel_cannot_do_is_refused(scenario: Scenario, wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        scenario(**wrong)


def test_a_false_of_v9_is_about_another_page_and_v10_looks_again() -> None:
    """p.info is loaded: H. p gets a new slab, on p2. H's type is loaded: none."""
    answers: dict[str, OutcomeValue] = {}
    for variant in ("v9", "v10"):
        hand = ByHand(last_pass.build(variant=variant, move="other_head"))
        hand.steps("classify", 1)
        hand.to_its_end("move")
        hand.to_its_end("classify")
        outcome, _, _ = hand.execution.finish()
        answers[variant] = dict(outcome)["classify"]
    assert answers == {"v9": Violation("missed"), "v10": True}
