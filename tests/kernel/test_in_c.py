"""C in place of a variant shows what the variant shows: verdict, exact counts, and what threads do.

The C is our own, with the accesses of each version as they are listed in the scenarios' classifier;
the second source is the classifier of `scenarios/kernel/classifier.py`, which was written by hand.
"""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest

from racer import Result, Scenario, UsageError, explore
from racer.artefacts.trailer import pin_of
from racer.catalogue.discovery import catalogue
from scenarios.free_alloc_free import free_alloc_free
from scenarios.given_up import given_up
from scenarios.higher_order_split import higher_order_split
from scenarios.isolated import isolated
from scenarios.movable_ops import movable_ops_race
from scenarios.put_again import put_again
from scenarios.reserved import reserved
from scenarios.slab_tail import slab_tail
from scenarios.split_race import split_race
from scenarios.unhandlable import unhandlable

DATA = Path(__file__).parent.parent / "c_source" / "data"
CALLERS = ("memory_failure", "soft_offline")


def seen(result: Result) -> tuple[object, ...]:
    labels = {label: each.interleavings for label, each in result.violations.items()}
    return result.verdict, result.interleavings, labels


def nodes(result: Result) -> int:
    """How many nodes the thread that asks has, each unlike all others for what comes to it."""
    assert result.loaded is not None
    lifted = result.loaded.lifted
    names = [each.name for each in lifted.instances]
    asks = "classify" if "classify" in names else "madvise"
    return len(lifted.automata[names.index(asks)].nodes)


def both(scenario: Scenario, version: str, c: str, **parameters: object) -> tuple[Result, Result]:
    """What either shows, which is the same. (That every thread does what the other's does is in
    test_equivalent_variants.py.)"""
    by_hand = explore(scenario(variant=version, **parameters))
    in_c = explore(scenario(variant=c, **parameters))
    assert seen(in_c) == seen(by_hand)
    assert nodes(in_c) == nodes(by_hand)
    return by_hand, in_c


def place(name: str) -> str:
    return str(DATA / name)


@pytest.mark.parametrize(
    "type_reads", ["fused", "sunk", pytest.param("three", marks=pytest.mark.slow)]
)
def test_v10_is_its_c_however_it_is_compiled(type_reads: str) -> None:
    by_hand, in_c = both(split_race, "v10", place("v10.c"), type_reads=type_reads)
    # The pin of a trailer is over the automata of all threads, condensed.
    assert (str(pin_of(in_c)), in_c.states) == (str(pin_of(by_hand)), by_hand.states)


@pytest.mark.slow
def test_a_loop_a_switch_and_a_static_inline_are_the_same_accesses() -> None:
    both(split_race, "v10_rmb", place("v10_loop.c"), type_reads="three")


VERSIONS = [
    *((each, f"{each}.c") for each in ("v8", "headonly", "v9", "reviewed", "v10", "v10_rmb")),
    *((each, f"{each}.c") for each in ("tryget", "zlock")),
]
SOME = [("v9", "v9.c", "soft_offline"), ("v10_rmb", "v10_rmb.c", "memory_failure")]
ALL = [(*version, caller) for version, caller in itertools.product(VERSIONS, CALLERS)]


@pytest.mark.slow
@pytest.mark.parametrize("version, file, caller", ALL)
@pytest.mark.parametrize("scenario", [split_race, higher_order_split])
def test_every_version_is_its_c_for_every_caller(
    scenario: Scenario, version: str, file: str, caller: str
) -> None:
    both(scenario, version, place(file), caller=caller)


@pytest.mark.parametrize(
    "version, file, caller",
    [pytest.param(*each, marks=() if each in SOME else pytest.mark.slow) for each in ALL],
)
def test_in_free_alloc_free_too(version: str, file: str, caller: str) -> None:
    both(free_alloc_free, version, place(file), caller=caller)


@pytest.mark.quick
def test_what_cannot_sink_is_refused() -> None:
    with pytest.raises(UsageError, match="no plain loads that a compiler could move down"):
        split_race(variant=place("v9.c"), type_reads="sunk")


TREE = os.environ.get("LINUX_TREE", "")
HAS_TREE = bool(TREE) and (Path(TREE) / "mm" / "memory-failure.c").is_file()
FROM_THE_TREE = ("HWPoisonHandlable", "__get_hwpoison_page")


@pytest.mark.skipif(not HAS_TREE, reason="LINUX_TREE names no kernel tree")
@pytest.mark.parametrize("function", FROM_THE_TREE)
@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize(
    "scenario, more", [(isolated, {}), (isolated, {"rests": True}), (unhandlable, {})]
)
def test_the_tree_s_functions_are_those_of_the_model(
    scenario: Scenario, more: dict[str, object], caller: str, function: str
) -> None:
    c = f"v10+{TREE}/mm/memory-failure.c:{function}"
    both(scenario, "v10", c, caller=caller, **more)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", [given_up, put_again, slab_tail, reserved, movable_ops_race])
def test_in_scenarios_of_other_questions_too(scenario: Scenario) -> None:
    both(scenario, "v10", place("v10.c"))


@pytest.mark.quick
def test_every_scenario_with_a_version_of_the_classifier_takes_c_or_says_why_not() -> None:
    asked = [
        (each.scenario.name, parameter.in_c is not None)
        for each in catalogue().found
        for parameter in each.scenario.parameters
        if parameter.name == "variant" and "v10" in parameter.allowed
    ]
    assert [name for name, takes in asked if not takes] == ["last_pass"]  # it has the loads itself
    assert len(asked) > 10
