"""Counts as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from racer.words.counts import count_text, preemptions_text


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
