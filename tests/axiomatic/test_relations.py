"""The algebra of relations, held against sets of pairs."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from racer.axiomatic.events import Event, History
from racer.axiomatic.graphs import Fixed, Layout, Part, Skeleton
from racer.axiomatic.models import arm64, lkmm, tso
from racer.axiomatic.relations import Events, Relation, space

pytestmark = pytest.mark.quick

SIZE = 5
Pairs = set[tuple[int, int]]

pairs = st.sets(st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1)), max_size=9)
members = st.sets(st.integers(0, SIZE - 1))


def relation(of: Pairs) -> Relation:
    return space(SIZE).relation(of)


def events(of: set[int]) -> Events:
    return space(SIZE).events(of)


def composed(r: Pairs, s: Pairs) -> Pairs:
    return {(a, d) for a, b in r for c, d in s if b == c}


def closed(r: Pairs) -> Pairs:
    found = set(r)
    while not composed(found, r) <= found:
        found |= composed(found, r)
    return found


@given(pairs, pairs)
def test_operators_are_those_of_sets_of_pairs(r: Pairs, s: Pairs) -> None:
    one, two = relation(r), relation(s)
    assert set(one | two) == r | s
    assert set(one & two) == r & s
    assert set(one - two) == r - s
    assert set(one @ two) == composed(r, s)
    assert set(one.inverse) == {(b, a) for a, b in r}
    assert set(one.plus) == closed(r)
    assert set(one.star) == closed(r) | {(a, a) for a in range(SIZE)}
    assert set(one.opt) == r | {(a, a) for a in range(SIZE)}
    assert set(one.domain) == {a for a, _ in r}
    assert set(one.range) == {b for _, b in r}
    assert one.acyclic == all(a != b for a, b in closed(r))
    assert one.irreflexive == all(a != b for a, b in r)


@given(pairs, members, members)
def test_a_set_before_or_after_a_relation_restricts_it(r: Pairs, s: set[int], t: set[int]) -> None:
    assert set(events(s) @ relation(r) @ events(t)) == {(a, b) for a, b in r if a in s and b in t}
    assert set(events(s) * events(t)) == set(itertools.product(s, t))
    assert set(events(s).identity) == {(a, a) for a in s}
    assert set(~events(s)) == set(range(SIZE)) - s
    assert set(events(s) | events(t)) == s | t
    assert set(events(s) & events(t)) == s & t
    assert set(events(s) - events(t)) == s - t


@given(pairs)
def test_a_cycle_is_one_and_a_shortest(r: Pairs) -> None:
    cycle = list(relation(r).cycle())
    assert bool(cycle) == (not relation(r).acyclic)
    if not cycle:
        return
    assert all(pair in r for pair in zip(cycle, [*cycle[1:], cycle[0]], strict=True))
    assert len(set(cycle)) == len(cycle)
    steps = {(a, a) for a in range(SIZE)}
    for _ in range(len(cycle) - 1):
        steps = composed(steps, r)
        assert all(a != b for a, b in steps)


@pytest.mark.parametrize(
    "model", [arm64.fixed, lkmm.fixed, tso.fixed], ids=["arm64", "lkmm", "tso"]
)
def test_what_a_thread_alone_orders_is_found_among_its_own_events(model: Fixed) -> None:
    """The same as among the numbers of all events: stores to one location, fences, a pair."""
    history = History(
        (
            Event("R", "x", 0, "acquire"),
            Event("W", "x", 1, "once", data=1),
            Event("F", "", 0, "wmb"),
            Event("W", "y", 1, "once", ctrl=1),
            Event("R", "y", 1, "lock"),
            Event("W", "y", 2, "release", pair=4),
        )
    )
    layout = Layout({"w": 0, "x": 0, "y": 0, "z": 0}, [2, 9, 3])
    part = Part(layout, 1, history)
    whole = model(Skeleton(layout, (part,)))
    assert [each.bits for each in whole] == list(part.fixed_by(model))
    assert any(whole)
