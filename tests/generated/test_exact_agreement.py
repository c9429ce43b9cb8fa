"""What explanations say of all schedules, against naive enumeration of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given

from racer import Program
from racer.explanation.data import Explanation, NoReturn, NotComputed, Ordering, ThreadsNeeded
from racer.lang.operations import Choose
from racer.lang.outcomes import DEADLOCK
from racer.replaying.trace import Trace
from tests.generated.profiles import examples
from tests.generated.strategies import samples
from tests.oracles.schedules import Points, Shown, schedules
from tests.programs import Sample, build
from tests.samples import crossed_locks, rule_one
from tests.search.test_exact import (
    always_wrong,
    chosen,
    chosen_beside_another,
    early_check,
    explained,
    late_violation,
    looks_before_anything,
    waits_for_a_change,
    wants_a_lost_bit,
    weak_order,
)

Constraint = tuple[tuple[str, int], tuple[str, int]]  # each a thread and its step


def satisfies(points: Points, orderings: Sequence[Constraint]) -> bool:
    return all(
        first in points and (then not in points or points[first] < points[then])
        for first, then in orderings
    )


def sides(orderings: Sequence[Ordering]) -> list[Constraint]:
    return [
        ((each.first.thread, each.first.step), (each.then.thread, each.then.step))
        for each in orderings
    ]


def check_orderings(explanation: Explanation, every: list[Shown], trace: Trace) -> None:
    """They suffice, and without any one of them they do not; all are of the picture."""
    if isinstance(explanation.orderings, NotComputed):
        assert "choose" in explanation.orderings.reason
        assert any(isinstance(event.operation, Choose) for event in trace.events)
        return
    orderings = sides(explanation.orderings)
    check_shown(explanation, explanation.orderings)

    def suffice(constraints: list[Constraint]) -> bool:
        return all(
            explanation.label in each.first for each in every if satisfies(each.points, constraints)
        )

    assert suffice(orderings)
    for n in range(len(orderings)):
        assert not suffice([*orderings[:n], *orderings[n + 1 :]])
    # Of those that say no more it suffices that `first` happens; of no other before what is not
    # shown, besides these.
    least = [
        happens(constraint) if each.happens else constraint
        for each, constraint in zip(explanation.orderings, orderings, strict=True)
    ]
    assert suffice(least)
    for n, each in enumerate(explanation.orderings):
        if each.then.row is None and not each.happens:
            assert not suffice([*least[:n], happens(orderings[n]), *least[n + 1 :]])


def happens(constraint: Constraint) -> Constraint:
    (thread, step), _ = constraint
    return (thread, step), (thread, step + 1)


def check_shown(explanation: Explanation, orderings: Sequence[Ordering]) -> None:
    """The first of two steps is one of the rows; the other is, too, or the next of its thread."""
    shown = {lane.thread: 0 for lane in explanation.lanes}
    for row in explanation.rows:
        shown[row.thread] += 1
    for each in orderings:
        assert each.first.row is not None
        assert explanation.rows[each.first.row].name == each.first.name
        assert each.then.step <= shown[each.then.thread] + (each.then.row is None)
        assert each.first.thread != each.then.thread


def check_enabling(explanation: Explanation, every: list[Shown], trace: Trace) -> None:
    """With all of them kept to, every schedule shows the label; without one, some do not."""
    if isinstance(explanation.enabling, NotComputed):
        assert "choose" in explanation.enabling.reason
        assert any(isinstance(event.operation, Choose) for event in trace.events)
        return
    assert not isinstance(explanation.orderings, NotComputed)
    orderings, enabling = sides(explanation.orderings), sides(explanation.enabling)
    check_shown(explanation, explanation.enabling)

    def suffice(constraints: list[Constraint]) -> bool:
        kept = [kept_to(each, constraints) for each in every]
        goes_on = {each.schedule[:n] for each, k in zip(every, kept, strict=True) for n in range(k)}
        return all(
            each.first.get(explanation.label, len(each.schedule) + 1) <= k
            for each, k in zip(every, kept, strict=True)
            if each.schedule[:k] not in goes_on
        )

    assert suffice([*orderings, *enabling])
    for each in enabling:
        assert not suffice([*orderings, *(other for other in enabling if other != each)])


def kept_to(shown: Shown, constraints: list[Constraint]) -> int:
    """How many steps of the schedule go by before a `then` comes without its `first`."""
    early = [
        shown.points[then]
        for first, then in constraints
        if then in shown.points
        and shown.points.get(first, len(shown.schedule)) > shown.points[then]
    ]
    return min([len(shown.schedule), *early])


def check_no_return(explanation: Explanation, every: list[Shown], moves: Sequence[object]) -> None:
    def inevitable(steps: int) -> bool:
        continued = [each for each in every if each.schedule[:steps] == tuple(moves[:steps])]
        return all(explanation.label in each.first for each in continued)

    steps = next(n for n in range(len(moves) + 1) if inevitable(n))
    found = explanation.no_return
    assert isinstance(found, NoReturn)
    assert (0 if found.row is None else found.row + 1) == steps


def check_threads(explanation: Explanation, every: list[Shown], names: list[str]) -> None:
    found = explanation.threads_needed
    assert isinstance(found, ThreadsNeeded)
    if explanation.label == DEADLOCK:
        assert len(found.threads) == fewest_stuck(every, names)
        return
    taking_part = [
        {names[thread] for thread, _ in each.schedule[: each.first[explanation.label]]}
        for each in every
        if explanation.label in each.first
    ]
    assert len(found.threads) == min(len(threads) for threads in taking_part)


def fewest_stuck(every: list[Shown], names: list[str]) -> int:
    """The least number of threads that alone come to where one of them waits for ever."""
    for size in range(1, len(names) + 1):
        for some in itertools.combinations(names, size):
            for each in every:
                strange = (i for i, step in enumerate(each.schedule) if names[step[0]] not in some)
                begin = each.schedule[: next(strange, len(each.schedule))]
                after = [s for s in every if s.schedule[: len(begin)] == begin]
                if all(
                    names[thread] not in some
                    for s in after
                    for thread, _ in s.schedule[len(begin) :]
                ) and any(name in s.stuck for s in after for name in some):
                    return size
    raise AssertionError("no deadlock")


def check(make: Callable[[], Program]) -> None:
    explanations = explained(make())
    if not explanations:
        return
    names = [instance.name for instance in make().instances()]
    every = list(schedules(make()))
    for explanation, trace in explanations.values():
        moves = [(names.index(move.thread), move.choice) for move in trace.schedule]
        check_orderings(explanation, every, trace)
        check_enabling(explanation, every, trace)
        check_no_return(explanation, every, moves)
        check_threads(explanation, every, names)


@pytest.mark.usefixtures("brief_lifting")
@examples(15)
@given(samples(size=630))
def test_the_oracle_confirms_what_is_said_of_all_schedules(sample: Sample) -> None:
    check(lambda: build(sample))


@pytest.mark.slow
@examples(3_000)
@given(samples(size=630))
def test_the_oracle_confirms_it_in_three_thousand_programs(sample: Sample) -> None:
    check(lambda: build(sample))


@pytest.mark.parametrize(
    "make",
    [
        early_check,
        late_violation,
        rule_one,
        crossed_locks,
        always_wrong,
        chosen,
        wants_a_lost_bit,
        chosen_beside_another,
        lambda: waits_for_a_change(1),
        lambda: waits_for_a_change(0),
        weak_order,
        looks_before_anything,
    ],
)
def test_the_oracle_confirms_the_programs_above(make: Callable[[], Program]) -> None:
    check(make)
