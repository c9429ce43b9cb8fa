"""A call that tries again with a reference that it has put: what follows, and by hand, why."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from racer import Scenario, Violation, explore
from scenarios.put_again import put_again, put_again_in_soft_offline
from tests.kernel.by_hand import ByHand
from tests.kernel.declared import as_declared

ON_A_HIT = Violation("reference_put_twice", effect="on a hit")
ON_A_PASS = Violation("reference_put_twice", effect="on a pass")
CASES: list[tuple[Scenario, dict[str, Any]]] = [
    *(
        (put_again, {"variant": variant, "taken_by": taken_by, "second_try": second_try})
        for variant, taken_by, second_try in itertools.product(
            ["before", "v10"], ["slab", "user"], ["same_flags", "cleared"]
        )
    ),
    *(
        (put_again_in_soft_offline, {"fix": fix, "taken_by": taken_by})
        for fix, taken_by in itertools.product(["before", "after"], ["slab", "user"])
    ),
]


@pytest.mark.parametrize(("scenario", "parameters"), CASES)
def test_it_comes_out_as_declared(scenario: Scenario, parameters: dict[str, Any]) -> None:
    result, _ = as_declared(scenario, parameters)
    assert result.loops == ()


@pytest.mark.parametrize(
    ("scenario", "parameters", "effects"),
    [
        # only the patch looks for a type; the second try looks at PG_hwpoison first
        (put_again, {"variant": "before"}, {"already poisoned", "on a pass"}),
        (put_again, {"variant": "v10"}, {"already poisoned", "on a hit", "on a pass"}),
        (put_again, {"taken_by": "user"}, {"already poisoned", "on a pass"}),
        # soft_offline_page() looks at PG_hwpoison once, and puts what it has handled
        (put_again_in_soft_offline, {}, {"on a pass"}),
        (put_again_in_soft_offline, {"taken_by": "user"}, {"handled", "on a pass"}),
    ],
)
def test_each_way_to_put_it_again_is_found(
    scenario: Scenario, parameters: dict[str, Any], effects: set[str]
) -> None:
    result = explore(scenario.build(**parameters), minimise=False, count=False)
    assert set(result.effects("reference_put_twice")) == effects


def lost_its_free_page(scenario: Scenario, *, poisons: bool, **parameters: Any) -> ByHand:
    """madvise has put its reference, and found p free; the block is to be taken."""
    hand = ByHand(scenario.build(**parameters))
    hand.to_its_end("owner")
    hand.until("madvise", lambda values: values["H.page_type"] == "buddy")
    hand.until_about_to("madvise", "acquire zone.lock")  # to take it off its free list
    assert hand.execution.values["p.flags"].hwpoison is poisons  # type: ignore[attr-defined]
    return hand


@pytest.mark.parametrize(
    ("scenario", "poisons", "which", "end"),
    [
        (put_again, True, {"variant": "v10"}, ON_A_HIT),
        (put_again, True, {"variant": "before"}, ON_A_PASS),
        (put_again_in_soft_offline, False, {"fix": "before"}, ON_A_PASS),
        (put_again_in_soft_offline, False, {"fix": "after"}, "-EIO"),  # nobody handles a slab
    ],
)
def test_a_slab_that_is_taken_meanwhile_is_put(
    scenario: Scenario, poisons: bool, which: dict[str, str], end: object
) -> None:
    """madvise has found p free, and wants zone->lock to take it off its list: the slab is first."""
    hand = lost_its_free_page(scenario, poisons=poisons, **which)
    hand.to_its_end("taker")
    hand.to_its_end("madvise")
    assert hand.outcome("madvise") == end


def test_what_the_user_does_to_its_page_brings_the_mark_back() -> None:
    """The order is set by a plain update of p's word: loaded poisoned, stored after the clear."""
    hand = lost_its_free_page(put_again, poisons=True, taken_by="user")
    hand.until("taker", lambda values: values["p.info"] is not None)
    hand.steps("taker", 1)  # loads p's word
    hand.until_about_to("madvise", "update p.flags")
    hand.steps("madvise", 1)  # ClearPageHWPoison(p)
    assert not hand.execution.values["p.flags"].hwpoison  # type: ignore[attr-defined]
    hand.steps("taker", 1)
    assert hand.execution.values["p.flags"].hwpoison  # type: ignore[attr-defined]
    hand.to_its_end("madvise")
    end = Violation("reference_put_twice", effect="already poisoned")
    assert hand.outcome("madvise") == end


def test_a_page_on_the_lru_is_handled_without_a_reference() -> None:
    hand = lost_its_free_page(put_again, poisons=True, taken_by="user")
    hand.to_its_end("taker")
    hand.to_its_end("madvise")
    assert hand.outcome("madvise") == Violation("reference_not_held", effect="handled")
