"""Which versions of the classifier are one, as far as any answers can tell."""

from __future__ import annotations

import pytest

from racer.catalogue.discovery import find
from racer.difference.equivalence import ThreadPair, equivalence


def classify(scenario: str, one: dict[str, object], other: dict[str, object]) -> ThreadPair:
    build = find(scenario).scenario.build
    names = str(one), str(other)
    (pair,) = equivalence((build(**one), build(**other)), names, thread="classify").threads
    return pair


@pytest.mark.parametrize("scenario", ["split_race", "free_alloc_free"])
def test_without_soft_offline_v9_is_itself_less_the_opt_out(scenario: str) -> None:
    # The opt-out is asked for with MF_SOFT_OFFLINE only, and is all that `reviewed` lacks.
    assert classify(scenario, {"variant": "v9"}, {"variant": "reviewed"}).verdict == "equivalent"


# By hand, from the loads in classifier.py: after how many answers two versions part.
# memory_failure() sets PG_hwpoison first: an answer. Then p.flags is loaded by all.
APART = [
    ("headonly", "v9", 4),  # a type on the head: "true", or its head once more
    ("v9", "v10", 4),  # no type on the head: "false", or its head once more
    ("v10", "v10_rmb", 4),  # the fence before that
    ("v10", "tryget", 3),  # p's head: its type, or a reference to it
]


@pytest.mark.parametrize(("one", "other", "answers"), APART)
def test_other_versions_part_where_their_loads_do(one: str, other: str, answers: int) -> None:
    pair = classify("split_race", {"variant": one}, {"variant": other})
    assert pair.verdict == "different" and pair.parting is not None
    assert len(pair.parting.answers) == answers


def test_with_soft_offline_the_opt_out_comes_first() -> None:
    # Nothing is poisoned before, but is asked for: soft_offline_page() tests PG_hwpoison. Then the
    # opt-out loads p's head, and without it p.flags is loaded.
    pair = classify(
        "split_race",
        {"variant": "v9", "caller": "soft_offline"},
        {"variant": "reviewed", "caller": "soft_offline"},
    )
    assert pair.parting is not None and len(pair.parting.answers) == 1
    assert [does.partition(",")[0] for does in pair.parting.does] == [
        "does load p.info",
        "does load p.flags",
    ]


def test_what_only_one_of_two_can_find_is_not_decided() -> None:
    # flags_rmw is what the plain updates of the split and the allocator are. The classifier has
    # neither; but flags that lack a bit which was lost between a load and a store are found with
    # "split" only, and what it would do with these in the other program is not asked.
    build = find("split_race").scenario.build
    found = equivalence((build(flags_rmw="split"), build(flags_rmw="atomic")), ("split", "atomic"))
    assert {each.name: each.verdict for each in found.threads} == {
        "alloc": "different",
        "classify": "bound",
        "put_p": "different",
        "split": "different",
    }
