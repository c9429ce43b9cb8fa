"""Outcomes up to symmetry: none is lost, and copies alone are not told apart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from racer import Memory, Program, Result, Thread, choose, explore
from racer.exploration.families import outcome_families
from racer.exploration.judgement import judge
from racer.viz.summary import outcome_rows, summary


def choosing(copies: int, options: tuple[object, ...], others: int = 1) -> Result:
    """Copies of R choose once each, so does S: every combination, in every order."""
    mem = Memory()

    async def pick() -> object:
        return await choose(*options)

    threads = {"R": Thread(pick, copies=copies), "S": Thread(pick, copies=others)}
    return explore(Program(mem, threads), minimise=False)


def test_copies_are_not_told_apart_and_their_counts_add_up() -> None:
    # Three steps, one a thread: 3! orders. Each of the 2 ** 3 choices has all of them; R's two are
    # 0 0, 1 1, or one of each in two ways.
    result = choosing(2, (0, 1))
    assert len(result.outcomes) == 8
    assert list(outcome_rows(result)) == [
        ("6", "R=0  S=0"),
        ("6", "R=0  S=1"),
        ("12", "R={0, 1}  S=0"),
        ("12", "R={0, 1}  S=1"),
        ("6", "R=1  S=0"),
        ("6", "R=1  S=1"),
    ]
    text = summary(result, judge(result, None, None))
    assert "\noutcomes, whichever copy has which\n   6  R=0  S=0\n" in text


def test_without_copies_outcomes_are_told_as_they_are() -> None:
    result = choosing(1, (0, 1))
    assert list(outcome_rows(result))[:2] == [("2", "R=0  S=0"), ("2", "R=0  S=1")]
    assert "\noutcomes\n" in summary(result, judge(result, None, None))


def test_values_that_only_look_alike_or_are_only_equal_are_different_ones() -> None:
    result = choosing(2, (1, True))
    assert [text for _, text in outcome_rows(result) if "S=True" in text] == [
        "R=1  S=True",
        "R={1, True}  S=True",
        "R=True  S=True",
    ]


def test_where_there_are_many_both_numbers_are_said() -> None:
    # Of 4 values, 3 copies have 20 multisets; S has 4: 80 of 256.
    text = summary(choosing(3, (0, 1, 2, 3)), judge(choosing(3, (0, 1, 2, 3)), None, None))
    said = "256 different ones, 80 up to which copy has which, (all with --json)"
    assert said in " ".join(text.split())


@given(st.integers(1, 3), st.integers(1, 2), st.integers(1, 3))
def test_every_outcome_is_in_one_family(copies: int, others: int, options: int) -> None:
    result = choosing(copies, tuple(range(options)), others)
    found = outcome_families(result)
    assert sum(each.members for each in found) == len(result.outcomes)
    assert sum(each.interleavings or 0 for each in found) == result.interleavings
    by_hand = {
        tuple(tuple(sorted(str(v) for t, v in key if t[0] == name)) for name in "RS")
        for key in result.outcomes
    }
    assert {
        tuple(tuple(str(value) for value in values) for _, values in each.values) for each in found
    } == by_hand
