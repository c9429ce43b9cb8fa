"""Which versions of the classifier are one, as far as any answers can tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from racer.catalogue.discovery import find
from racer.difference.equivalence import ThreadPair, equivalence

DATA = Path(__file__).parent.parent / "c_source" / "data"


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


@pytest.mark.parametrize(
    ("version", "caller"),
    [
        *((version, "memory_failure") for version in ("v8", "v10", "v10_rmb")),
        ("v9", "soft_offline"),  # with the opt-out
        *(
            pytest.param(version, "soft_offline", marks=pytest.mark.slow)
            for version in ("v8", "v10", "v10_rmb")
        ),
    ],
)
def test_versions_are_their_c(version: str, caller: str) -> None:
    by_hand = {"variant": version, "caller": caller}
    in_c = {"variant": str(DATA / f"{version}.c"), "caller": caller}
    assert classify("split_race", by_hand, in_c).verdict == "equivalent"


def test_another_version_is_not_the_c_of_one_and_its_line_is_told() -> None:
    file = DATA / "v10.c"
    pair = classify("split_race", {"variant": "v9"}, {"variant": str(file)})
    assert pair.parting is not None and len(pair.parting.answers) == 4  # as above
    lines = file.read_text().split("\n")
    again = next(at for at, line in enumerate(lines, 1) if "if (compound_head(page)" in line)
    assert pair.parting.places[1].endswith(f"v10.c:{again}")
