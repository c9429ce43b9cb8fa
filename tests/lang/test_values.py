"""Which values are one: those that no thread can tell apart, whatever their `==` says."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import itertools
import pathlib
import re
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from racer import Memory, Move, Program, ProgramError, Thread, Violation, explore, replay
from racer.lang.values import describe, plainly_the_same, value_key


class Text(str):
    __slots__ = ()


class Number(int):
    pass


class Pair(tuple[int, ...]):
    __slots__ = ()


class Point(NamedTuple):
    x: float
    y: float = 0


class Colour(enum.IntEnum):
    RED = 1


@dataclasses.dataclass(frozen=True)
class Word:
    bits: float
    note: str = dataclasses.field(default="", compare=False)

    @functools.cached_property
    def twice(self) -> float:
        return 2 * self.bits


class Page:
    """Compares by its number alone."""

    def __init__(self, number: int, kind: str) -> None:
        self.number = number
        self.kind = kind

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Page) and other.number == self.number

    def __hash__(self) -> int:
        return hash(self.number)


class Slotted:
    """Compares by its number alone, too."""

    __slots__ = ("__kind", "number")

    def __init__(self, number: int, kind: str) -> None:
        self.number = number
        self.__kind = kind

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Slotted) and other.number == self.number

    def __hash__(self) -> int:
        return 0


class Loner:
    """Equal to itself only, by a method of its own."""

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return 1


DIFFERENT: list[Callable[[], Any]] = [
    *(lambda: 1, lambda: True, lambda: 1.0, lambda: Number(1), lambda: Colour.RED),
    *(lambda: 1 + 0j, lambda: decimal.Decimal("1.0"), lambda: decimal.Decimal("1.00")),
    *(lambda: fractions.Fraction(1), lambda: "a", lambda: Text("a"), lambda: b"a"),
    *(lambda: 0.0, lambda: -0.0, lambda: 0j, lambda: complex(0.0, -0.0), lambda: float("nan")),
    *(lambda: (1,), lambda: (True,), lambda: Pair((1,)), lambda: (0.0,), lambda: (-0.0,)),
    *(lambda: (1, 0), lambda: Point(1), lambda: Point(1.0), lambda: Point(True)),
    *(lambda: frozenset({1}), lambda: frozenset({True}), lambda: frozenset({1.0})),
    *(lambda: range(0), lambda: range(3, 3), lambda: Word(1), lambda: Word(1.0)),
    *(lambda: Word(1, "dirty"), lambda: Page(1, "lru"), lambda: Page(1, "slab")),
    *(lambda: Slotted(1, "lru"), lambda: Slotted(1, "slab"), lambda: pathlib.PurePosixPath("a")),
    *(lambda: datetime.datetime(2026, 1, 1), lambda: datetime.datetime(2026, 1, 1, fold=1)),
    *(lambda: re.compile("a"), lambda: re.compile("a", re.IGNORECASE)),
]


def test_values_that_a_thread_can_tell_apart_have_different_keys() -> None:
    keys = [value_key(make()) for make in DIFFERENT]
    for (i, one), (j, other) in itertools.combinations(enumerate(keys), 2):
        assert one != other, (DIFFERENT[i](), DIFFERENT[j]())


@pytest.mark.parametrize("make", DIFFERENT, ids=lambda make: describe(make()))
def test_the_same_value_made_twice_has_one_key(make: Callable[[], Any]) -> None:
    one, other = make(), make()
    assert value_key(one) == value_key(other)
    assert hash(value_key(one)) == hash(value_key(other))


def test_what_is_computed_when_first_asked_for_makes_no_other_value() -> None:
    word, path = Word(1), pathlib.PurePosixPath("a")
    before = value_key(word), value_key(path)
    assert (word.twice, str(path), hash(path)) == (2, "a", hash(pathlib.PurePosixPath("a")))
    assert (value_key(word), value_key(path)) == before


def test_a_dataclass_is_told_apart_by_more_than_its_fields() -> None:
    one, other = Word(1), Word(1)
    object.__setattr__(other, "extra", 5)
    assert value_key(one) != value_key(other)


def test_who_compares_by_identity_is_an_address() -> None:
    assert value_key(Loner()) != value_key(Loner())
    one = object()
    assert value_key(one) == value_key(one) != value_key(object())


def test_a_subclass_of_a_built_in_class_reads_as_one() -> None:
    assert [describe(v) for v in (Text("a"), Number(1), Pair((1,)))] == [
        "Text('a')",
        "Number(1)",
        "Pair((1,))",
    ]


class Logging(Page):
    def __init__(self) -> None:
        super().__init__(1, "lru")
        self.log: list[int] = []


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ([1], "is a list, which is not hashable"),
        ((1, {2}), "is a set, which is not hashable"),
        (Word([1]), "is a Word whose 'bits' is a list, which is not hashable"),  # type: ignore[arg-type]
        (Logging(), "is a Logging whose 'log' is a list, which is not hashable"),
        (weakref.ref(Page), "is a ReferenceType, of whose content not all can be seen"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_told_apart_is_refused_by_name(value: object, why: str) -> None:
    with pytest.raises(ProgramError, match=f"cell 'x' {why}.*Use an immutable value"):
        Memory().cell("x", value)


def test_a_value_that_contains_itself_is_refused() -> None:
    page = Page(1, "lru")
    page.kind = page  # type: ignore[assignment]
    with pytest.raises(ProgramError, match="contains itself"):
        Memory().cell("x", page)


@pytest.mark.parametrize(
    ("first", "second", "tells"),
    [
        (Page(1, "lru"), Page(1, "slab"), lambda value: value.kind),
        (Word(1), Word(1, "dirty"), lambda value: value.note),
        (1, True, type),
        (0.0, -0.0, str),
        (decimal.Decimal("1.0"), decimal.Decimal("1.00"), str),
        ("a", Text("a"), type),
        (0.0, float("nan"), lambda value: value == value),
    ],
    ids=["Page", "Word", "1 and True", "zeros", "Decimal", "Text", "nan"],
)
def test_a_thread_is_given_the_value_that_was_stored(
    first: Any, second: Any, tells: Callable[[Any], object]
) -> None:
    """B A: A loads what B has stored. A B: what was there at first."""

    def program() -> Program:
        mem = Memory()
        x = mem.cell("x", first)

        async def a() -> object:
            seen = tells(await x.load())
            if seen == tells(second) and seen != tells(first):
                raise Violation("second")
            return seen

        async def b() -> None:
            await x.store(second)

        return Program(mem, {"A": Thread(a), "B": Thread(b)})

    result = explore(program())
    assert (result.interleavings, result.violations["second"].interleavings) == (2, 1)
    assert replay(program(), [Move("B"), Move("A")]).labels == ("second",)


def ends(*values: object) -> Program:
    """Threads store one each, and R returns what it finds: after the first only, say."""
    mem = Memory()
    x = mem.cell("x", values[0])

    async def store(value: object) -> None:
        await x.store(value)

    async def r() -> object:
        return await x.load()

    threads = {f"S{i}": Thread(store, value) for i, value in enumerate(values[1:])}
    return Program(mem, {"R": Thread(r), **threads})


def test_outcomes_tell_equal_values_apart() -> None:
    """Of 3! = 6 orders of R, S0 and S1, R comes right after each in 2, and first in 2."""
    result = explore(ends(1, True, 1.0))
    for value in (1, True, 1.0):
        key = (("R", value), ("S0", None), ("S1", None))
        assert result.outcomes[key].interleavings == 2
        assert replay(ends(1, True, 1.0), result.outcomes[key].witness).outcome == key
    assert len(result.outcomes) == len(set(result.outcomes)) == 3
    assert sorted(str(dict(key)["R"]) for key in result.outcomes) == ["1", "1.0", "True"]


def test_nan_is_a_value_like_any_other() -> None:
    result = explore(ends(0.0, float("nan")))
    assert [found.interleavings for found in result.outcomes.values()] == [1, 1]
    (nan,) = (key for key in result.outcomes if str(dict(key)["R"]) == "nan")
    assert (("R", float("nan")), ("S0", None)) == nan
    assert replay(ends(0.0, float("nan")), result.outcomes[nan].witness).outcome == nan


def test_a_thread_that_makes_nan_anew_does_the_same_every_time() -> None:
    mem = Memory()
    x = mem.cell("x", 0.0)

    async def a() -> None:
        if await x.load() == 0:
            await x.store(float("inf") - float("inf"))
            await x.compare_exchange(float("nan"), 1.0)  # nan equals nothing

    result = explore(Program(mem, {"A": Thread(a, copies=2)}))
    assert result.verdict == "pass"


def test_an_exchange_goes_by_equality_as_python_has_it() -> None:
    mem = Memory()
    x = mem.cell("x", True)

    async def a() -> tuple[object, object]:
        return await x.compare_exchange(1, 2), await x.load()

    (outcome,) = explore(Program(mem, {"A": Thread(a)})).outcomes
    assert outcome == (("A", (True, 2)),)
    assert outcome != (("A", (1, 2)),)


@pytest.mark.parametrize("others", [(1, True), (1.0, 0), (0, 1), (1,), (1, 0, 2), ((1,), 0)])
def test_at_a_glance_nothing_else_is_taken_for_the_same(others: tuple[object, ...]) -> None:
    assert plainly_the_same((1, 0), (1, 0))
    assert not plainly_the_same((1, 0), others)


def test_what_is_not_plain_is_not_the_same_at_a_glance() -> None:
    assert not plainly_the_same((1.0,), (1.0,))  # 0.0 == -0.0, and a page may equal another
