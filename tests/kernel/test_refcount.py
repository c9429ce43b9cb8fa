"""A count that is frozen by a bit: its last put takes two steps, and no answer depends on that.

Lemma and derivation are in the header of scenarios/kernel/refcount.py. Here it is asked twice: of
the operations alone, with every interleaving counted by hand, and of the scenarios.
"""

from __future__ import annotations

from typing import Any

import pytest

from racer import Memory, Program, Scenario, Thread, explore
from scenarios.count_increased import count_increased
from scenarios.free_alloc_free import free_alloc_free
from scenarios.higher_order_split import higher_order_split
from scenarios.kernel.pages import Page, make_block, user
from scenarios.kernel.parameters import FrozenAs
from scenarios.kernel.refcount import FROZEN, folio_try_get, put_page_testzero
from scenarios.put_again import put_again
from scenarios.slab_tail import slab_tail
from scenarios.split_race import split_race
from scenarios.two_callers import two_callers
from scenarios.unhandlable import unhandlable
from tests.kernel.by_hand import ByHand
from tests.kernel.choices import choices
from tests.kernel.declared import as_declared
from tests.oracles.naive import enumerate_program

FROZEN_AS: tuple[FrozenAs, ...] = choices(FrozenAs)


async def put(page: Page) -> str:
    return "frees" if await put_page_testzero(page) else "puts"


async def get_and_put(page: Page) -> str:
    if not await folio_try_get(page):
        return "gets none"
    return await put(page)


def put_beside_get(frozen_as: FrozenAs, refs: int = 1) -> Program:
    """`refs` owners put theirs, and somebody without a reference gets one and puts it."""
    mem = Memory()
    block = make_block(mem, user(refs=refs), user(), frozen_as=frozen_as)
    owners = {f"owner{i}": Thread(put, block.H) for i in range(refs)}
    return Program(mem, {**owners, "getter": Thread(get_and_put, block.H)})


# One owner (O) and the getter (G), the count 1 at first.
# zero: O's put is one step (p), G's are one (t), or two if it gets one (t, p).
#   p t: O frees, G gets none.  t p p, O second: G frees.  t p p, O last: O frees, G puts.
# bit: a put to 0 has a compare-and-swap (c) after it.
#   O: p, c; G: t finds the bit                             O frees, G gets none
#   O: p; G: t (0 -> 1); O: c finds 1; G: p, c              G frees
#   O: p; G: t, p; then both have a c to do: O first        O frees, G puts
#                                            G first        G frees
#   G: t (1 -> 2); O: p; G: p, c                            G frees
#   G: t; G: p; O: p, c                                     O frees, G puts
ENDS = {
    "zero": {("frees", "gets none"): 1, ("puts", "frees"): 1, ("frees", "puts"): 1},
    "bit": {("frees", "gets none"): 1, ("puts", "frees"): 3, ("frees", "puts"): 2},
}


@pytest.mark.quick
@pytest.mark.parametrize("frozen_as", FROZEN_AS)
def test_every_interleaving_of_a_last_put_and_a_get_is_the_one_worked_out(
    frozen_as: FrozenAs,
) -> None:
    program = put_beside_get(frozen_as)
    (naive, result) = enumerate_program(program), explore(program)
    found = {
        (dict(outcome)["owner0"], dict(outcome)["getter"]): count
        for outcome, count in naive.outcomes.items()
    }
    assert found == ENDS[frozen_as]
    assert result.interleavings == sum(ENDS[frozen_as].values())


@pytest.mark.quick
@pytest.mark.parametrize("refs", [1, 2, 3])
@pytest.mark.parametrize("frozen_as", FROZEN_AS)
def test_one_frees_what_nobody_has_a_reference_to(frozen_as: FrozenAs, refs: int) -> None:
    """Whoever puts: exactly one is told that he has the last, and all of these can be."""
    results = explore(put_beside_get(frozen_as, refs)).outcomes
    ends = [list(dict(outcome).values()) for outcome in results]
    assert all(end.count("frees") == 1 for end in ends)
    assert {dict(outcome)["getter"] for outcome in results} == {"frees", "puts", "gets none"}


# Of the scenarios


def test_a_reference_can_be_had_between_the_two_steps_of_the_last_put() -> None:
    """By hand, tryget on a THP that is freed: the put of tryget frees it, and `free` does not."""
    by_hand = ByHand(free_alloc_free.build(variant="tryget", frozen_as="bit", reuse="slab"))
    by_hand.steps("free", 1)  # put_page_testzero(): 1 -> 0, without the bit
    by_hand.until("classify", lambda values: values["H.refs"] == 1)  # folio_try_get()
    by_hand.steps("free", 1)  # compare-and-swap: it finds 1
    assert by_hand.has_ended("free")
    by_hand.until("classify", lambda values: values["H.refs"] == FROZEN["bit"])
    by_hand.until("classify", lambda values: values["H.page_type"] == "buddy")
    by_hand.to_its_end("classify")
    by_hand.to_its_end("alloc")
    assert by_hand.outcome() == "not kernel-owned"


def test_where_0_is_frozen_none_can() -> None:
    """The same, and the free is `free`'s: tryget takes no reference to a count of 0."""
    by_hand = ByHand(free_alloc_free.build(variant="tryget", frozen_as="zero", reuse="slab"))
    by_hand.steps("free", 1)
    by_hand.to_its_end("classify")
    assert by_hand.execution.values["H.refs"] == 0
    assert not by_hand.has_ended("free")
    by_hand.to_its_end("free")
    by_hand.to_its_end("alloc")
    assert by_hand.outcome() == "not kernel-owned"


@pytest.mark.parametrize(
    ("scenario", "parameters"),
    [
        (split_race, {"variant": "tryget"}),
        (split_race, {"variant": "headonly", "reuse": "slab"}),
        (split_race, {"variant": "v10", "flags_rmw": "atomic"}),
        (free_alloc_free, {"variant": "tryget"}),
        (free_alloc_free, {"variant": "tryget", "slab_order": 1, "caller": "soft_offline"}),
        (free_alloc_free, {"variant": "v9"}),
        (two_callers, {"page": "lru"}),
        (two_callers, {"page": "lru", "flags_rmw": "atomic"}),
        (two_callers, {"page": "lru", "flags_rmw": "atomic", "mutex": False}),
        (two_callers, {"page": "thp_tail", "caller": "soft_offline", "flags_rmw": "atomic"}),
    ],
    ids=lambda each: each.name if isinstance(each, Scenario) else str(each),
)
def test_a_scenario_comes_out_as_declared_where_a_bit_freezes(
    scenario: Scenario, parameters: dict[str, Any]
) -> None:
    as_declared(scenario, {**parameters, "frozen_as": "bit"}, count=False)


@pytest.mark.parametrize(
    ("scenario", "parameters"),
    [
        (count_increased, {"page": "thp", "injects": "soft_offline"}),
        (count_increased, {"page": "isolated_thp", "injects": "soft_offline"}),
        (count_increased, {"page": "table", "stale": True}),
        (higher_order_split, {"variant": "tryget", "reuse": "slab"}),
        (put_again, {}),
        (put_again, {"taken_by": "user"}),
        (slab_tail, {"owner": "table", "variant": "tryget", "move": "other_head"}),
        (unhandlable, {"page": "untyped", "freed": "reused"}),
        (unhandlable, {"page": "table", "freed": "reused", "variant": "tryget"}),
    ],
    ids=lambda each: each.name if isinstance(each, Scenario) else str(each),
)
def test_no_scenario_without_the_parameter_would_tell_the_two_apart(
    scenario: Scenario, parameters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Labels and results are the same; declared are those of a count that is frozen as 0."""
    zero, _ = as_declared(scenario, parameters, count=False)
    monkeypatch.setitem(make_block.__kwdefaults__, "frozen_as", "bit")
    bit, _ = as_declared(scenario, parameters, count=False)
    assert set(map(str, bit.outcomes)) == set(map(str, zero.outcomes))  # pages by name
    assert bit.states != zero.states  # the steps are others: it was frozen by a bit
