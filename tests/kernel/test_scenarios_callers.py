"""Scenarios of the callers: a pinned page, a reserved one, movable ones, an isolated one.

They come out as they declare for every combination of parameters (the fast ones here are a
sample of that). Each has a number, or a set of outcomes, with a second source: a count by hand,
or naive enumeration.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from racer import Memory, Program, Scenario, Thread, Violation, explore
from racer.lang.outcomes import OutcomeValue
from racer.scenarios.kernel.allocator import Zone, make_zone
from racer.scenarios.kernel.memory_failure import hwpoison_caller
from racer.scenarios.kernel.pages import Flags, Page, Use, make_block, user, without_lru
from racer.scenarios.kernel.pages import reserved as reserved_page
from scenarios.count_increased import count_increased
from scenarios.isolated import isolated
from scenarios.kernel import allocator
from scenarios.movable_ops import movable_ops, movable_ops_race
from scenarios.put_again import put_again
from scenarios.reserved import reserved
from scenarios.two_callers import two_callers
from tests.case_names import case_name
from tests.kernel.by_hand import ByHand
from tests.kernel.declared import as_declared
from tests.oracles.naive import enumerate_program

VARIANTS = ["before", "v8", "headonly", "v9", "reviewed", "v10", "v10_rmb", "tryget", "zlock"]
CALLERS = ["memory_failure", "soft_offline"]
Case = tuple[Scenario, dict[str, Any]]


def combinations(scenario: Scenario, **choices: list[Any]) -> list[Case]:
    return [
        (scenario, dict(zip(choices, values, strict=True)))
        for values in itertools.product(*choices.values())
    ]


ALL = [
    *combinations(
        count_increased,
        variant=VARIANTS,
        injects=["hwpoison", "soft_offline"],
        page=["thp", "reserved", "untyped", "table"],
        on_hit=["put", "leak", "put_twice"],
        stale=[False, True],
    ),
    *combinations(
        count_increased,
        variant=VARIANTS,
        injects=["hwpoison", "soft_offline"],
        page=["isolated_thp"],
        second_try=["same_flags", "cleared"],
        stale=[False, True],
    ),
    *combinations(
        reserved,
        variant=VARIANTS,
        caller=CALLERS,
        freed=[False, True],
        reuse=["user", "slab"],
        followup=[False, True],
        stale=[False, True],
    ),
    *combinations(
        movable_ops,
        variant=["headonly", "reviewed", "v10", "v10_rmb"],
        caller=CALLERS,
        states=["allowed", "any"],
        place=["alone", "tail"],
    ),
    *combinations(
        movable_ops_race,
        variant=VARIANTS,
        caller=CALLERS,
        move=["to_slab", "from_slab"],
        stale=[False, True],
    ),
    *combinations(
        isolated, variant=VARIANTS, caller=CALLERS, isolations=[0, 1, 2], rests=[False, True]
    ),
]
DYING: list[Case] = combinations(
    isolated,
    variant=["v10"],
    caller=CALLERS,
    isolations=[0],
    rests=[True],
    dies=[True],
    drains=["all", "alive"],
)
FAST: list[Case] = [
    (count_increased, {"page": "thp", "variant": "headonly"}),
    (count_increased, {"page": "isolated_thp"}),
    (count_increased, {"on_hit": "leak", "injects": "soft_offline"}),
    (count_increased, {"on_hit": "put_twice"}),
    (reserved, {"freed": False, "variant": "before"}),
    (reserved, {"freed": False, "caller": "memory_failure", "followup": False}),
    (reserved, {"reuse": "slab", "stale": True}),
    (movable_ops, {}),
    (movable_ops, {"place": "tail"}),
    (movable_ops_race, {"variant": "v9"}),
    (movable_ops_race, {"move": "from_slab", "stale": True}),
    (isolated, {}),
    (isolated, {"isolations": 0, "rests": True}),
    *DYING,
]


def named(value: object) -> str:
    return value.name if isinstance(value, Scenario) else str(value)


def comes_out_as_declared(scenario: Scenario, parameters: dict[str, Any]) -> None:
    result, _ = as_declared(scenario, parameters)
    assert result.loops == ()


@pytest.mark.slow
@pytest.mark.parametrize(("scenario", "parameters"), ALL, ids=named)
def test_every_combination_comes_out_as_declared(
    scenario: Scenario, parameters: dict[str, Any]
) -> None:
    comes_out_as_declared(scenario, parameters)


@pytest.mark.parametrize(("scenario", "parameters"), FAST, ids=named)
def test_it_comes_out_as_declared(scenario: Scenario, parameters: dict[str, Any]) -> None:
    comes_out_as_declared(scenario, parameters)


# count_increased


@pytest.mark.parametrize("injects", ["hwpoison", "soft_offline"])
def test_a_hit_on_a_pinned_reserved_page_has_five_interleavings(injects: str) -> None:
    """By hand: the caller takes 4 steps (PG_hwpoison, PG_reserved; p.info and the count, to put),
    the other user puts in 1. Its place among the 4 is one of 5. All end the same.
    """
    told = "panic" if injects == "hwpoison" else "-ENOTRECOVERABLE"
    naive = enumerate_program(count_increased(injects=injects))
    assert naive.interleavings == 5
    assert naive.violations == {}
    assert {dict(key)["classify"] for key in naive.outcomes} == {told}


# reserved


def world(use: Use) -> tuple[Memory, Zone, Page]:
    mem = Memory()
    block = make_block(mem, user(), use)
    zone = make_zone(mem, block, check_pages=False, flags_rmw="split")
    return mem, zone, block.pages[1]


def test_the_load_of_pg_reserved_decides() -> None:
    """By hand: soft_offline_page() loads p.flags for PG_hwpoison, then for PG_reserved. The one
    step that clears it comes before the first, between them, or after both: 1 hit of 3.
    """
    mem, zone, p = world(reserved_page())
    asks = hwpoison_caller(
        mem, zone, p, caller="soft_offline", variant="v10", depth="classifier", stale=True
    )

    def without_reserved(flags: Flags) -> Flags:
        return replace(flags, reserved=False)

    async def clear() -> None:
        await p.flags.update(without_reserved, "relaxed")

    result = explore(Program(mem, {"mf": asks, "clear": Thread(clear)}), minimise=False)
    found: dict[OutcomeValue, int | None] = {}
    for key, outcome in result.outcomes.items():
        found[dict(key)["mf"]] = outcome.interleavings
    assert found == {"-ENOTRECOVERABLE": 1, "not kernel-owned": 2}


def test_what_a_reserved_page_ends_as() -> None:
    """C16 and C15: -EIO before the patch; MF_MSG_GET_HWPOISON until the follow-up."""
    effects = {}
    for variant, caller, followup in [
        ("before", "soft_offline", True),
        ("v10", "soft_offline", False),
        ("v10", "memory_failure", False),
        ("v10", "memory_failure", True),
    ]:
        program = reserved(variant=variant, caller=caller, followup=followup, freed=False)
        result = explore(program, minimise=False, count=False)
        effects[variant, caller, followup] = set(result.effects("as_transient"))
    assert effects == {
        ("before", "soft_offline", True): {"-EIO"},
        ("v10", "soft_offline", False): set(),
        ("v10", "memory_failure", False): {"ignored: MF_MSG_GET_HWPOISON"},
        ("v10", "memory_failure", True): set(),
    }


# movable_ops


def test_they_disagree_in_two_states_of_a_page_by_itself() -> None:
    """By hand: one page_type, which movable_ops has used up, so only PG_reserved is left."""
    program = movable_ops(states="any", place="alone")
    naive = enumerate_program(program)
    assert (naive.interleavings, naive.violations) == (28, {"disagree": 2})
    assert explore(program, minimise=False).effects("disagree") == {
        "reserved|movable_ops offline": 1,
        "reserved|movable_ops zsmalloc": 1,
    }


def test_they_disagree_in_fourteen_states_of_a_tail() -> None:
    """By hand: 2 types on p, times 4 on a head beside PG_reserved, or 3 of them without."""
    program = movable_ops(states="any", place="tail")
    naive = enumerate_program(program)
    assert (naive.interleavings, naive.violations) == (48, {"disagree": 14})
    states = {
        f"H: head|movable_ops {head}, p: {flags} {page_type}"
        for head in ("none", "slab", "table", "large_kmalloc")
        for flags in ("0", "reserved")
        for page_type in ("offline", "zsmalloc")
        if flags == "reserved" or head != "none"
    }
    result = explore(program, minimise=False, count=False)
    assert set(result.effects("disagree")) == states


def test_the_opt_out_changes_no_result_of_a_page_that_moves() -> None:
    """handled: it was movable when it was held. 0: it was free. The slab: before, and after."""
    for variant in ("v9", "v10"):
        result = explore(movable_ops_race(variant=variant), minimise=False, count=False)
        found = {dict(key)["classify"] for key in result.outcomes}
        assert found == {"handled", "0", "-ENOTRECOVERABLE", "-EIO"}


# isolated


def test_one_pass_against_one_isolation() -> None:
    """A cut-down of the scenario that naive enumeration can do: no retries, no put back."""

    async def isolate_only(p: Page) -> None:
        await p.flags.update(without_lru, "full")

    def program() -> Program:
        mem, zone, p = world(user())
        asks = hwpoison_caller(mem, zone, p, caller="soft_offline", variant="before", retries=0)
        return Program(mem, {"mf": asks, "isolate": Thread(isolate_only, p)})

    naive, result = enumerate_program(program()), explore(program(), minimise=False)
    by_hand = {"-EIO", "handled"}
    assert {dict(key)["mf"] for key in naive.outcomes} == by_hand
    assert result.interleavings == naive.interleavings
    found = {key: outcome.interleavings for key, outcome in result.outcomes.items()}
    assert found == naive.outcomes


@pytest.mark.parametrize(
    ("parameters", "preemptions"),
    [
        # Nobody: the isolator has p, and the batch's local_lock, on another CPU.
        ({"isolations": 1}, {"transient_eio": 0}),
        # returned_eio: the isolator with p in the batch. The caller is not: its drain has lru_lock,
        # so that another CPU runs.
        ({"isolations": 2}, {"returned_eio": 1, "transient_eio": 0}),
        # As there. The isolator then waits for the batch's lock.
        ({"isolations": 1, "rests": True}, {"returned_eio": 0}),
    ],
    ids=case_name,
)
def test_how_often_somebody_must_be_preempted(
    parameters: dict[str, Any], preemptions: dict[str, int]
) -> None:
    result = explore(isolated(**parameters))
    found = {label: each.witness.preemptions for label, each in result.violations.items()}
    assert found == preemptions


@pytest.mark.parametrize("drains", ["all", "alive"])
def test_a_page_that_died_in_a_batch_is_on_the_lru_or_not(drains: str) -> None:
    """By hand: its user goes first; the call's own shake drains the batch. Never is it free."""
    program = isolated(
        caller="memory_failure",
        isolations=0,
        rests=True,
        dies=True,
        drains=drains,
        variant="before",
    )
    schedule = ByHand(program)
    schedule.to_its_end("user")
    seen = set()

    def gone(values: dict[str, Any]) -> bool:
        seen.add(values["p.flags"].lru)
        return values["lru_add"] is None

    schedule.until("classify", gone)
    assert seen == ({False, True} if drains == "all" else {False})
    schedule.to_its_end("classify")
    label = "returned_eio" if drains == "all" else "transient_eio"
    assert schedule.outcome() == Violation(label, effect="ignored: MF_MSG_GET_HWPOISON")


@pytest.mark.parametrize(
    ("scenario", "parameters"),
    [
        (isolated, {"isolations": 1, "rests": True}),
        (put_again, {"taken_by": "user"}),
        (reserved, {"reuse": "user"}),
        (two_callers, {"page": "free"}),
    ],
    ids=named,
)
def test_where_nothing_dies_in_a_batch_its_drain_makes_no_difference(
    scenario: Scenario, parameters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who puts a folio there keeps his reference: labels and results are the same."""
    every, _ = as_declared(scenario, parameters, count=False)
    if "drains" in {each.name for each in scenario.parameters}:
        parameters = {**parameters, "drains": "alive"}
    else:
        monkeypatch.setitem(allocator.make_zone.__kwdefaults__, "drains", "alive")
    alive, _ = as_declared(scenario, parameters, count=False)
    assert set(map(str, alive.outcomes)) == set(map(str, every.outcomes))  # pages by name
    assert alive.states != every.states  # the steps are others


def test_before_and_after_the_patch_a_user_page_has_the_same_results() -> None:
    """C14, with the interleaving left open: labels with their effects, and all results."""
    found = []
    for variant in ("before", "v10"):
        program = isolated(variant=variant, caller="memory_failure", rests=True)
        result = explore(program, minimise=False, count=False)
        found.append({dict(key)["classify"] for key in result.outcomes})
    given_up = Violation("returned_eio", effect="ignored: MF_MSG_GET_HWPOISON")
    assert found == [{"handled", given_up}] * 2
