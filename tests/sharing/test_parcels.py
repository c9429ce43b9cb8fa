"""What goes to another process and comes back: data as it was, and a model's values as text."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import pytest

from racer import Violation
from racer.lang.outcomes import Blocked, OutcomeKey
from racer.lang.values import describe
from racer.sharing.parcels import packed, unpacked


@dataclass(frozen=True)
class Page:
    number: int


class Kind(enum.Enum):
    SLAB = 1


class Torn(Violation):
    """A model's own."""


def carried(value: object) -> object:
    return unpacked(packed(value))


@pytest.mark.parametrize("value", [None, True, 7, 12**40, 0.5, "x", (1, "a"), Blocked("load x")])
def test_plain_data_is_what_it_was(value: object) -> None:
    assert carried(value) == value
    assert type(carried(value)) is type(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Page(3), "Page(number=3)"),
        (Kind.SLAB, "Kind.SLAB"),
        ((Page(3), 1), "(Page(number=3), 1)"),
        (frozenset({Kind.SLAB}), "frozenset({Kind.SLAB})"),
    ],
)
def test_a_models_value_is_told_as_it_is_told_here(value: object, text: str) -> None:
    assert describe(value) == text
    assert describe(carried(value)) == text


def test_a_models_violation_is_one() -> None:
    assert carried(Torn("torn", effect="panic")) == Violation("torn", effect="panic")


def test_what_was_one_object_is_one_and_what_was_two_are_two() -> None:
    big, page, same = 10**6, Page(1), Page(1)
    found = carried((big, big, page, page, same))
    assert isinstance(found, tuple)
    assert found[0] is found[1]
    assert found[2] is found[3]
    assert found[3] is not found[4] and found[3] != found[4]  # two of a text may be two values


def test_outcomes_are_found_again_by_what_threads_came_to() -> None:
    key = OutcomeKey((("A", 10**6), ("B", True)))
    assert carried({key: 1}) == {key: 1}


def test_functions_of_a_model_are_told() -> None:
    assert "lambda" in str(carried(lambda: None))
