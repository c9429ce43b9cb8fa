"""The designs of scenarios/designs: each shows what its source says, at every point of a grid."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from racer import Program, explain, explore
from racer.catalogue.discovery import find_all
from racer.files import BUNDLED

pytestmark = pytest.mark.thorough

FOUND, BROKEN = find_all(BUNDLED / "designs")
DESIGNS = {each.scenario.name: each.scenario for each in FOUND}
bounded_buffer = DESIGNS["bounded_buffer"]
capacity_limiter = DESIGNS["capacity_limiter"]
list_channel = DESIGNS["list_channel"]
treiber_stack = DESIGNS["treiber_stack"]
cached_fetch = DESIGNS["cached_fetch"]


def labels(program: Program) -> list[str]:
    """Of everything that is searched; nothing is left unreached."""
    result = explore(program, minimise=False)
    assert result.bound is None and result.vacuous == ()
    return sorted(result.violations)


def test_there_are_those_that_the_page_lists() -> None:
    assert BROKEN == []
    page = (BUNDLED / "designs" / "__init__.py").read_text()
    assert all(f"\n{name} " in page for name in DESIGNS)
    for scenario in DESIGNS.values():
        assert len(Path(scenario.source.path).read_text().splitlines()) <= 130


# --- a bounded buffer ----------------------------------------------------------------------------

LARGE = [(2, 2, 1), (2, 2, 2), (3, 1, 1), (1, 3, 1), (3, 1, 2), (1, 3, 2)]
GRID = [each for each in product((1, 2), (1, 2), (1, 2)) if each not in LARGE]


@pytest.mark.parametrize(
    ("producers", "consumers", "capacity"),
    [*GRID, *(pytest.param(*each, marks=pytest.mark.slow) for each in LARGE)],
)
def test_one_condition_is_enough_for_as_many_threads_as_twice_the_room(
    producers: int, consumers: int, capacity: int
) -> None:
    settings = {"producers": producers, "consumers": consumers, "capacity": capacity}
    hangs = producers + consumers > 2 * capacity  # as the header derives, and its source has it
    program = bounded_buffer(wakes="notify", **settings)
    assert labels(program) == (["deadlock"] if hangs else [])
    expected = bounded_buffer.expected(wakes="notify", **settings)
    assert expected is not None and expected.verdict == ("fail" if hangs else "pass")


@pytest.mark.parametrize("wakes", ["notify_all", "two"])
@pytest.mark.parametrize(("producers", "consumers", "capacity"), [(2, 1, 1), (1, 2, 1)])
def test_to_wake_all_or_the_other_side_is_enough(
    wakes: str, producers: int, consumers: int, capacity: int
) -> None:
    program = bounded_buffer(
        producers=producers, consumers=consumers, capacity=capacity, wakes=wakes
    )
    assert labels(program) == []


def test_a_deadlock_says_who_waits_for_what() -> None:
    result = explore(bounded_buffer())
    said = explain(result, "deadlock").verdict
    waits = "waits on condition changed"
    assert said == f"deadlock: get {waits}; put.0 {waits}; put.1 {waits}."


# --- anyio, crossbeam ----------------------------------------------------------------------------


@pytest.mark.parametrize("variant", ["v0", "v1", "v2"])
@pytest.mark.parametrize("nowait", [True, False])
@pytest.mark.parametrize("cancel", [True, False])
def test_the_limiter_keeps_or_doubles_its_token_as_its_issues_say(
    variant: str, nowait: bool, cancel: bool
) -> None:
    # Issue 947, fixed by v1: the token is lost with who is cancelled. Issue 1170, fixed by v2: it
    # is given to who comes before the one whose event is set has run: X, but W2 as well.
    lost = ["deadlock"] if variant == "v0" and cancel else []
    over = ["over-granted"] if variant != "v2" else []
    program = capacity_limiter(variant=variant, nowait=nowait, cancel=cancel)
    assert labels(program) == [*lost, *over]


def test_each_fix_of_the_channel_leaves_what_the_next_one_is_for() -> None:
    # As the issues and advisories say.
    assert {
        variant: labels(list_channel(variant=variant)) for variant in ("v0", "v1", "v2", "v3")
    } == {
        "v0": ["NULL dereference", "leak"],
        "v1": ["leak"],
        "v2": ["double free"],
        "v3": [],
    }


def test_with_one_sender_a_message_has_its_block() -> None:
    # It stores the block in both places before it sends.
    found = [labels(list_channel(variant=v, senders=1)) for v in ("v0", "v1", "v2", "v3")]
    assert found == [["leak"], ["leak"], [], []]


def test_the_limiter_hangs_because_the_token_is_lost() -> None:
    result = explore(capacity_limiter(variant="v0", nowait=False))
    assert explain(result, "deadlock").verdict == "deadlock: W2 waits for watch 'W2 is resumed'."


# --- a stack whose nodes are used again -----------------------------------------------------------


def test_a_stack_is_linearizable_with_a_tag_only() -> None:
    assert labels(treiber_stack(variant="plain")) == ["not linearizable"]
    assert labels(treiber_stack(variant="tagged")) == []


# --- a cache on asyncio ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variant", "cancel", "tasks"),
    list(product(("plain", "lock", "finally"), (False, True), (1, 2, 3))),
)
def test_a_cache_is_filled_once_if_a_lock_is_given_back_whatever_comes(
    variant: str, cancel: bool, tasks: int
) -> None:
    settings = {"variant": variant, "cancel": cancel, "tasks": tasks}
    expected = cached_fetch.expected(**settings)
    assert expected is not None
    assert labels(cached_fetch(**settings)) == list(expected.labels)


def test_it_is_filled_twice_in_the_order_of_asyncio_too() -> None:
    # C and T look one after the other, before either goes on.
    program = replace(cached_fetch(variant="plain", cancel=False), event_loop="fifo")
    assert labels(program) == ["fetched twice"]
