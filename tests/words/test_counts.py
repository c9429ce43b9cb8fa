"""Counts as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from racer.words.counts import count_text, preemptions_text, ratio_text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (1, "1"),
        (999, "999"),
        (1_000, "1,000"),
        (10**4 - 1, "9,999"),
        (10**4, "1.00e4"),
        (12_345, "1.23e4"),
        (10**5 - 1, "9.99e4"),
        (10**5, "1.00e5"),
    ],
)
def test_a_count_of_more_than_four_digits_is_shortened(count: int, text: str) -> None:
    assert count_text(count, 4) == text


def test_a_count_of_more_digits_than_python_writes_is_shortened() -> None:
    assert count_text(2 * 10**5000) == "2.00e5000"


@given(st.integers(0, 10**400), st.integers(3, 60))
def test_a_short_count_is_exact_and_a_long_one_begins_alike(count: int, digits: int) -> None:
    text = count_text(count, digits)
    if len(str(count)) <= digits:
        assert int(text.replace(",", "")) == count
    else:
        first, power = text.split("e")
        assert int(power) == len(str(count)) - 1
        assert first.replace(".", "") == str(count)[:3]


def test_what_is_proved_of_preemptions_is_said_and_no_more() -> None:
    assert preemptions_text(2, minimal=True) == "needs 2 preemptions; impossible with 1"
    assert preemptions_text(1, minimal=True) == "needs 1 preemption; impossible with none"
    assert preemptions_text(1, minimal=False) == "found with 1 preemption; not proved minimal"
    assert preemptions_text(0, minimal=False) == "needs no preemption"
    assert preemptions_text(2, True, 3, shortly=True) == "needs 2 preemptions; on 3 CPUs as drawn"
    told = "needs 1 preemption; impossible with none, up to its first turn"
    assert preemptions_text(1, minimal=True, endless=True) == told


@pytest.mark.parametrize(
    ("count", "total", "text"),
    [
        (5, 5, "every interleaving"),
        (1, 15, "1 of 15 interleavings"),
        (3, 9_999, "3 of 9,999 interleavings"),
        (3, 24_621, "about 1 in 8,200 interleavings"),  # 8,207
        (1_000, 10_000, "about 1 in 10 interleavings"),
        (1_001, 10_000, "about 10 % of interleavings"),  # 10.01 %
        (2_345, 10_000, "about 23 % of interleavings"),  # 23.45 %
        (9_949, 10_000, "about 99 % of interleavings"),  # 99.49 %
        (9_951, 10_000, "almost every interleaving"),  # not "100 %": 49 are without
        # 5,348,308,864,248 * 434,299 is 2,322,765,191,...: half of it is left.
        (5_348_308_864_248, 2_322_767_787_195_738_418, "about 1 in 430,000 interleavings"),
    ],
)
def test_how_often_something_is_so_is_one_number(count: int, total: int, text: str) -> None:
    assert ratio_text(count, total) == text


def test_a_ratio_of_more_digits_than_python_writes_is_shortened() -> None:
    assert ratio_text(7, 7 * 10**5000) == "about 1 in 1.00e5000 interleavings"
