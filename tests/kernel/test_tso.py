"""The kernel's scenarios on x86: the same, but where a load passes a store that is still buffered.

The table at the end of KERNEL.md section 6 was derived by hand, from litmus tests; its columns for
SC and TSO are here, row by row.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from racer import Scenario, explore
from racer.claims.deciding import decide
from scenarios.aba import aba
from scenarios.claims import CLAIMS
from scenarios.free_alloc_free import free_alloc_free
from scenarios.given_up import given_up
from scenarios.higher_order_split import higher_order_split
from scenarios.last_pass import last_pass
from scenarios.movable_ops import movable_ops
from scenarios.split_race import split_race
from scenarios.unhandlable import unhandlable
from tests.kernel.declared import as_declared
from tests.kernel.test_museum import MUSEUM

RECHECKING = ("v9", "reviewed", "v10")


def verdict(scenario: Scenario, memory: str, **parameters: Any) -> str:
    found, _ = as_declared(scenario, parameters, count=False, memory=memory)
    return found.verdict


@pytest.mark.parametrize("variant", RECHECKING)
@pytest.mark.parametrize(
    ("scenario", "parameters", "on_sc", "on_x86"),
    [
        (split_race, {"reuse": "slab"}, "pass", "pass"),
        (free_alloc_free, {"reuse": "slab"}, "pass", "pass"),
        (free_alloc_free, {}, "fail", "fail"),
        (free_alloc_free, {"check_pages": True}, "fail", "fail"),
        (free_alloc_free, {"check_pages": True, "page": "p2"}, "pass", "fail"),
        (free_alloc_free, {"check_pages": True, "page": "p3"}, "pass", "fail"),
        (
            free_alloc_free,
            {"check_pages": True, "page": "p2", "flags_rmw": "atomic"},
            "pass",
            "pass",
        ),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_the_table_of_verdicts(
    scenario: Scenario, variant: str, parameters: dict[str, Any], on_sc: str, on_x86: str
) -> None:
    assert verdict(scenario, "sc", variant=variant, **parameters) == on_sc
    assert verdict(scenario, "tso", variant=variant, **parameters) == on_x86


@pytest.mark.thorough
@pytest.mark.parametrize("flags_rmw", ["atomic", "split"])
def test_the_table_of_verdicts_of_a_split_and_a_new_thp(flags_rmw: str) -> None:
    expected = "pass" if flags_rmw == "atomic" else "fail"
    assert verdict(split_race, "tso", flags_rmw=flags_rmw) == expected


@pytest.mark.parametrize("variant", ["zlock", "tryget"])
def test_a_lock_or_a_reference_will_do_on_x86(variant: str) -> None:
    assert verdict(free_alloc_free, "tso", variant=variant) == "pass"
    assert verdict(split_race, "tso", variant=variant, reuse="slab") == "pass"


@pytest.mark.parametrize("page", ["slab", "table", "reserved"])
def test_a_slab_has_no_last_put_that_would_empty_the_buffer(page: str) -> None:
    """A page table is freed by a locked instruction, and PG_reserved is cleared by one."""
    assert verdict(given_up, "sc", page=page) == "pass"
    assert verdict(given_up, "tso", page=page) == ("fail" if page == "slab" else "pass")


@pytest.mark.parametrize("page", ["slab", "table"])
def test_a_slab_that_is_given_back_can_be_handled_after_all(page: str) -> None:
    """The classifier is not needed for it: the kernel before the patch handles it so."""
    asked = {"page": page, "asks": "handled", "variant": "before"}
    assert verdict(unhandlable, "sc", **asked) == "pass"
    assert verdict(unhandlable, "tso", **asked) == ("fail" if page == "slab" else "pass")


def test_answers_on_x86_differ_where_a_store_buffer_does() -> None:
    """C1 asks one case of split_race; of C15 the part that a slab decides is C15's only."""
    found = decide([claim for claim in CLAIMS if claim.name in ("C1", "C13")], memory="tso")
    assert [(each.claim.name, each.as_expected) for each in found] == [("C1", True), ("C13", True)]
    c13 = found[1]
    assert "slab" in str(c13.claim.expected)
    assert "slab" not in str(c13.answer)


@pytest.mark.parametrize("name", MUSEUM)
@pytest.mark.parametrize("fix", ["before", "after"])
def test_real_fixes_hold_on_x86(name: str, fix: str) -> None:
    as_declared(MUSEUM[name], {"fix": fix}, count=False, memory="tso")


@pytest.mark.parametrize("scenario", [aba, last_pass, movable_ops], ids=lambda each: each.name)
def test_what_needs_no_buffer_is_the_same_with_one(scenario: Scenario) -> None:
    as_declared(scenario, {}, count=False, memory="tso")


def test_labels_under_sc_are_labels_on_x86() -> None:
    for page, reuse in itertools.product(("p1", "p2"), ("slab", "slab_then_thp")):
        program = {"page": page, "reuse": reuse, "check_pages": True}
        shown = [
            set(explore(free_alloc_free(**program), memory=memory, count=False).violations)
            for memory in ("sc", "tso")
        ]
        assert shown[0] <= shown[1]


@pytest.mark.slow
@pytest.mark.parametrize("page", ["first", "second"])
@pytest.mark.parametrize("check_pages", [False, True])
def test_a_split_to_a_higher_order_on_x86(page: str, check_pages: bool) -> None:
    """As KERNEL.md has it of a later tail: p3 is one, and p1 has the order in its word."""
    parameters = {"page": page, "check_pages": check_pages}
    assert verdict(higher_order_split, "tso", **parameters) == "fail"
