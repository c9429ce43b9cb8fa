"""unhandlable and two_callers come out as they declare, and as counted by hand or naively."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import pytest

from racer import Memory, Program, Scenario, Thread, UsageError, Violation, explore
from racer.lang.outcomes import OutcomeValue
from racer.scenarios.kernel.allocator import make_zone
from racer.scenarios.kernel.classifier import Variant
from racer.scenarios.kernel.memory_failure import hwpoison_caller, report
from scenarios.two_callers import two_callers
from scenarios.unhandlable import Freed, Kind, WhoAsks, give_back, make_page, unhandlable
from tests.case_names import case_name
from tests.kernel.choices import choices
from tests.oracles.naive import enumerate_program

VARIANTS: tuple[Variant, ...] = choices(Variant)
CALLERS: tuple[WhoAsks, ...] = choices(WhoAsks)
KINDS: tuple[Kind, ...] = choices(Kind)
FREED: tuple[Freed, ...] = choices(Freed)
PAIRS = [
    ("memory_failure", "memory_failure"),
    ("memory_failure", "soft_offline"),
    ("soft_offline", "soft_offline"),
]


def combinations(**choices: Any) -> list[dict[str, Any]]:
    return [
        dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())
    ]


UNHANDLABLE = combinations(
    page=KINDS,
    freed=FREED,
    variant=VARIANTS,
    caller=CALLERS,
    asks=["result", "handled"],
)
TWO_CALLERS = [
    {"caller": caller, "other": other, **each}
    for (caller, other), each in itertools.product(
        PAIRS,
        combinations(
            page=["lru", "thp_tail", "free", "slab"],
            variant=["before", "v8", "v9", "v10"],
            flags_rmw=["atomic", "split"],
            mutex=[True, False],
        ),
    )
]


def comes_out_as_declared(scenario: Scenario, parameters: Mapping[str, Any]) -> None:
    result = explore(scenario.build(**parameters), minimise=False)
    declared = scenario.expected(**parameters)
    assert declared is not None
    assert (result.verdict, sorted(result.violations)) == (
        declared.verdict,
        sorted(declared.labels),
    )
    assert result.vacuous == ()
    assert result.loops == declared.loops == ()


@pytest.mark.slow
@pytest.mark.parametrize("parameters", UNHANDLABLE, ids=case_name)
def test_every_unhandlable_comes_out_as_declared(parameters: dict[str, Any]) -> None:
    comes_out_as_declared(unhandlable, parameters)


@pytest.mark.parametrize(
    "parameters", [each for each in UNHANDLABLE if each["freed"] == "no"], ids=case_name
)
def test_unhandlable_and_kept_comes_out_as_declared(parameters: dict[str, Any]) -> None:
    comes_out_as_declared(unhandlable, parameters)


@pytest.mark.parametrize(
    "parameters",
    combinations(
        page=["slab_tail"], freed=["freed"], caller=CALLERS, variant=["before"],
        asks=["handled"],
    ),
    ids=case_name,
)  # fmt: skip
def test_unhandlable_and_freed_comes_out_as_declared(parameters: dict[str, Any]) -> None:
    comes_out_as_declared(unhandlable, parameters)


@pytest.mark.slow
@pytest.mark.parametrize("parameters", TWO_CALLERS, ids=case_name)
def test_every_two_callers_comes_out_as_declared(parameters: dict[str, Any]) -> None:
    comes_out_as_declared(two_callers, parameters)


@pytest.mark.parametrize(
    "parameters",
    [
        each
        for each in TWO_CALLERS
        if each["page"] == "slab"
        or {"page": "lru", "variant": "v10", "flags_rmw": "atomic", "other": "soft_offline"}.items()
        <= each.items()
    ],
    ids=case_name,
)
def test_two_callers_comes_out_as_declared(parameters: dict[str, Any]) -> None:
    comes_out_as_declared(two_callers, parameters)


def test_the_other_settings_of_memory_failure_change_no_verdict() -> None:
    for followup, panic in ((False, True), (True, False), (False, False)):
        for caller in CALLERS:
            comes_out_as_declared(
                unhandlable,
                {"freed": "no", "caller": caller, "followup": followup, "panic": panic},
            )


def results(scenario: Scenario, thread: str, **parameters: Any) -> set[OutcomeValue]:
    found = explore(scenario.build(**parameters), minimise=False, count=False).outcomes
    return {dict(key)[thread] for key in found}


# What each next state of p makes of the call; see "Answer, the results" in unhandlable.
KEPT = {"memory_failure": "ignored: MF_MSG_GET_HWPOISON", "soft_offline": "-EIO"}
ON_A_HIT = {"memory_failure": "panic", "soft_offline": "-ENOTRECOVERABLE"}
LATER: dict[WhoAsks, dict[Freed, set[str]]] = {
    "memory_failure": {
        "no": set(),
        "freed": {"recovered: MF_MSG_BUDDY"},
        "reused": {
            "recovered: MF_MSG_BUDDY",
            "ignored: MF_MSG_KERNEL_HIGH_ORDER",
            "handled",
        },
    },
    "soft_offline": {"no": set(), "freed": {"0"}, "reused": {"0", "handled", "-EBUSY"}},
}


def what_is_seen(page: Kind, freed: Freed, variant: Variant, caller: WhoAsks) -> set[str]:
    """By hand, for the versions that find every kernel-owned page, and the one that finds none."""
    hit = variant != "before" and page != "untyped"
    seen = {ON_A_HIT[caller]} if hit else {KEPT[caller]}
    if freed != "no":
        seen |= {KEPT[caller]} | LATER[caller][freed]
    if freed == "reused" and caller == "memory_failure":
        seen.add("-EHWPOISON")  # a plain update of the new user brings back a bit that was cleared
    return seen


FAST = combinations(page=KINDS, freed=["no"], variant=["before", "v10"])
FAST += combinations(page=["slab", "untyped"], freed=["freed"], variant=["v10"])
REST = combinations(page=KINDS, freed=FREED, variant=["before", "headonly", "v9", "v10"])


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("parameters", FAST, ids=case_name)
def test_what_is_seen_of_a_page_that_nobody_can_handle(
    parameters: dict[str, Any], caller: WhoAsks
) -> None:
    found = results(unhandlable, "classify", caller=caller, **parameters)
    assert found == what_is_seen(caller=caller, **parameters)


@pytest.mark.slow
@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("parameters", [each for each in REST if each not in FAST], ids=case_name)
def test_what_is_seen_of_any_page_that_nobody_can_handle(
    parameters: dict[str, Any], caller: WhoAsks
) -> None:
    found = results(unhandlable, "classify", caller=caller, **parameters)
    assert found == what_is_seen(caller=caller, **parameters)


@pytest.mark.parametrize("page", ["slab", pytest.param("slab_tail", marks=pytest.mark.slow)])
def test_without_the_followup_memory_failure_is_as_before(page: str) -> None:
    """C15. The panic is folded into the message that the retries end with."""
    how = {"page": page, "freed": "freed", "caller": "memory_failure", "followup": False}
    told = {"ignored: MF_MSG_GET_HWPOISON", "recovered: MF_MSG_BUDDY"}
    assert results(unhandlable, "classify", variant="before", **how) == told
    assert results(unhandlable, "classify", variant="v10", **how) == told


def test_a_page_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError):
        unhandlable(page="hugetlb")


# Second sources for the numbers.


def one_pass(page: Kind, caller: WhoAsks) -> Program:
    """unhandlable, freed, cut down: before, with one pass, and atomic updates of flags."""
    mem = Memory()
    block, p, order = make_page(mem, page)
    zone = make_zone(mem, block, check_pages=False, flags_rmw="atomic")
    asks = hwpoison_caller(mem, zone, p, caller=caller, variant="before", retries=0)
    return Program(
        mem,
        {
            "classify": Thread(report, *asks.args),
            "owner": Thread(give_back, zone, p, page, order, "freed"),
        },
    )


@pytest.mark.parametrize(
    "caller", ["memory_failure", pytest.param("soft_offline", marks=pytest.mark.slow)]
)
def test_naive_enumeration_agrees_where_the_owner_frees_p(caller: WhoAsks) -> None:
    program = one_pass("slab", caller)
    naive, result = enumerate_program(program), explore(program, minimise=False)
    assert result.interleavings == naive.interleavings
    assert {key: found.interleavings for key, found in result.outcomes.items()} == naive.outcomes
    told = {dict(key)["classify"] for key in naive.outcomes}
    assert told == {KEPT[caller]} | LATER[caller]["freed"]


@pytest.mark.parametrize(
    ("other", "mutex", "interleavings"),
    [
        # memory_failure() that finds no bit takes 6 steps: the bit, v10's 4 loads of a slab, the
        # note that it is over. One that finds it takes 2. The first to set it is either one, then
        # 5 steps of it and 2 of the other mix: 2 * C(7, 2).
        ("memory_failure", False, 42),
        # With the mutex 8 and 4 steps. The later one begins when the first has released it, and
        # has only its note left: that comes at any place among 4: 2 * 5.
        ("memory_failure", True, 10),
        # soft_offline_page() loads the bit, then the 4, and nothing is noted; or it finds it, and
        # notes that. Its load first: 4 steps and 6 mix, C(10, 4). Second: 5 and 2, C(7, 2).
        ("soft_offline", False, 210 + 21),
    ],
)
def test_two_calls_about_a_slab_have_the_counted_interleavings(
    other: str, mutex: bool, interleavings: int
) -> None:
    program = two_callers(page="slab", other=other, mutex=mutex)
    assert explore(program, minimise=False).interleavings == interleavings
    assert enumerate_program(program).interleavings == interleavings


@pytest.mark.parametrize("page", ["lru", "slab"])
def test_exactly_one_of_two_memory_failures_is_told_ehwpoison(page: str) -> None:
    program = two_callers(page=page, other="memory_failure", flags_rmw="atomic")
    found = explore(program, minimise=False, count=False).outcomes
    pairs = {(dict(key)["classify"], dict(key)["second"]) for key in found}
    assert all((first == "-EHWPOISON") != (second == "-EHWPOISON") for first, second in pairs)


def test_a_lost_bit_has_both_calls_handle_p() -> None:
    """The free's plain store takes it away, so the later call is not told either."""
    program = two_callers(page="lru", other="memory_failure", flags_rmw="split")
    found = explore(program, minimise=False, count=False).outcomes
    pairs = {(dict(key)["classify"], dict(key)["second"]) for key in found}
    assert ("ignored: MF_MSG_GET_HWPOISON", "recovered: MF_MSG_BUDDY") in pairs


@pytest.mark.parametrize("mutex", [True, False])
def test_the_new_user_of_a_free_page_loses_the_bit_as_well(mutex: bool) -> None:
    """By hand, one preemption: the user has loaded p's flags, memory_failure() comes and goes.

    Without the mutex none is needed: the first call waits for zone->lock, which the user has; the
    second finds the bit and is over; then the first clears it, since p is free no more.
    """
    program = two_callers(
        page="free", other="memory_failure", flags_rmw="split", variant="v10", mutex=mutex
    )
    result = explore(program)
    assert set(result.violations) == {"poison_lost"}
    lost = result.violations["poison_lost"]
    assert (lost.witness.preemptions, lost.cpus) == ((1, 1) if mutex else (0, 2))
    pairs = {(dict(key)["classify"], dict(key)["second"]) for key in result.outcomes}
    assert ("ignored: MF_MSG_GET_HWPOISON", "handled") in pairs  # a whole page, for the second


def test_soft_offline_after_memory_failure_has_nothing_left_to_do() -> None:
    """Under the mutex a soft offline that does not find the bit came first."""
    found = explore(two_callers(page="slab"), minimise=False, count=False).outcomes
    pairs = {(dict(key)["classify"], dict(key)["second"]) for key in found}
    assert pairs == {("panic", "0"), ("panic", "-ENOTRECOVERABLE")}


def test_without_the_mutex_soft_offline_copies_from_a_poisoned_page() -> None:
    result = explore(two_callers(page="lru", mutex=False), minimise=False, count=False)
    ended = {dict(key)["second"] for key in result.outcomes}
    assert Violation("handles_poisoned", effect="handled") in ended
