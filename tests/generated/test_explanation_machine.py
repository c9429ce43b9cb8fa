"""Explanations of random programs, held against a machine that shares no code with racer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from racer.explanation.data import Explanation, NoReturn, NotComputed, Ordering, Row
from tests.oracles.machine.holding import check_program

FAST, SLOW = 30, 2_500  # programs: some tenths of a second each


@pytest.mark.usefixtures("brief_lifting")
@pytest.mark.parametrize("tens", range(FAST // 10))
def test_a_second_account_agrees_with_explanations_of_random_programs(tens: int) -> None:
    found = {seed: list(check_program(seed)) for seed in range(10 * tens, 10 * tens + 10)}
    assert not {seed: problems for seed, problems in found.items() if problems}


@pytest.mark.slow
@pytest.mark.parametrize("hundreds", range(SLOW // 100))
def test_a_second_account_agrees_with_those_of_thousands(hundreds: int) -> None:
    found = {
        seed: list(check_program(seed)) for seed in range(100 * hundreds, 100 * hundreds + 100)
    }
    assert not {seed: problems for seed, problems in found.items() if problems}


# That it can disagree: each of these falsifies one thing, where an explanation has it.


def _in_a_row(change: Callable[[Row], Row | None]) -> Callable[[Explanation], Explanation | None]:
    def falsify(e: Explanation) -> Explanation | None:
        for i, row in enumerate(e.rows):
            if (changed := change(row)) is not None:
                return replace(e, rows=(*e.rows[:i], changed, *e.rows[i + 1 :]))
        return None

    return falsify


def _without_the_source(row: Row) -> Row | None:
    if row.read is None or row.read.row is None:
        return None
    return replace(row, read=replace(row.read, source="initial", row=None))


def _with_another_reason(row: Row) -> Row | None:
    if row.switch is None or row.switch.reason == "left":
        return None
    other = "blocked" if row.switch.reason == "preempted" else "preempted"
    return replace(row, switch=replace(row.switch, reason=other))


def _with_a_window_that_saw_otherwise(e: Explanation) -> Explanation | None:
    for i, window in enumerate(e.windows):
        if window.seen is not None:
            seen = "always true" if window.seen == "never true" else "never true"
            others = (*e.windows[:i], replace(window, seen=seen), *e.windows[i + 1 :])
            return replace(e, windows=others)
    return None


def _without_an_order(e: Explanation) -> Explanation | None:
    if isinstance(e.orderings, NotComputed) or not e.orderings:
        return None
    return replace(e, orderings=e.orderings[1:])


def _with_an_order_reversed(e: Explanation) -> Explanation | None:
    if isinstance(e.orderings, NotComputed) or not e.orderings:
        return None
    first, *others = e.orderings
    return replace(e, orderings=(Ordering(first.then, first.first), *others))


def _with_an_order_of_a_step_that_is_not_drawn(e: Explanation) -> Explanation | None:
    if isinstance(e.orderings, NotComputed):
        return None
    for i, each in enumerate(e.orderings):
        if each.then.row is None:
            later = replace(each.then, step=each.then.step + 1)
            orders = (*e.orderings[:i], replace(each, then=later), *e.orderings[i + 1 :])
            return replace(e, orderings=orders)
    return None


def _without_what_enables(e: Explanation) -> Explanation | None:
    if isinstance(e.enabling, NotComputed) or not e.enabling:
        return None
    return replace(e, enabling=())


def _with_a_later_return(e: Explanation) -> Explanation | None:
    turn = e.no_return
    if isinstance(turn, NotComputed) or turn.row is None:
        return None
    return replace(e, no_return=NoReturn(turn.row + 1, turn.name, turn.last))


def _with_a_thread_less(e: Explanation) -> Explanation | None:
    needed = e.threads_needed
    if isinstance(needed, NotComputed) or not needed.threads:
        return None
    return replace(e, threads_needed=replace(needed, threads=needed.threads[1:]))


def _with_a_longer_fold(e: Explanation) -> Explanation | None:
    for i, fold in enumerate(e.folded):
        if fold.last + 1 < len(e.rows):
            longer = replace(fold, last=fold.last + 1)
            return replace(e, folded=(*e.folded[:i], longer, *e.folded[i + 1 :]))
    return None


@pytest.mark.usefixtures("brief_lifting")
@pytest.mark.parametrize(
    "falsify",
    [
        _in_a_row(_without_the_source),
        _in_a_row(_with_another_reason),
        _in_a_row(lambda row: replace(row, changes=()) if row.changes else None),
        _in_a_row(lambda row: replace(row, truths=()) if row.truths else None),
        _in_a_row(lambda row: replace(row, shown=()) if row.shown else None),
        _in_a_row(lambda row: replace(row, broken=()) if row.broken else None),
        _in_a_row(lambda row: replace(row, violates=False) if row.violates else None),
        _with_a_window_that_saw_otherwise,
        lambda e: replace(e, held=e.held[1:]) if e.held else None,
        lambda e: replace(e, preemptions=e.preemptions + 1),
        _without_an_order,
        _with_an_order_reversed,
        _with_an_order_of_a_step_that_is_not_drawn,
        _without_what_enables,
        _with_a_later_return,
        _with_a_thread_less,
        _with_a_longer_fold,
    ],
)
def test_the_second_account_notices_what_is_falsified(
    falsify: Callable[[Explanation], Explanation | None],
) -> None:
    for seed in range(FAST):
        made: list[bool] = []

        def change(e: Explanation, made: list[bool] = made) -> Explanation:
            changed = falsify(e)
            made.append(changed is not None)
            return e if changed is None else changed

        problems = list(check_program(seed, change))
        if any(made):
            assert problems
            return
    raise AssertionError("no explanation has it")
