"""Comparing: the labels, outcomes and values of two results, held against each other."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

from racer.difference.aligning import came_to_key, outcome_key
from racer.difference.data import Compared, Share, T
from racer.exploration.result import Finding, Outcome, Result, cheapest
from racer.lang.outcomes import DEADLOCK, Blocked, OutcomeKey, OutcomeValue, Violation

Shares = Mapping[Hashable, tuple[T, Share]]  # by a key that is the same in both programs


def compared_labels(first: Result, second: Result) -> tuple[Compared[str], ...]:
    """By name."""
    return _compared(*(_labels(result) for result in (first, second)), order=_by_key)


def compared_outcomes(first: Result, second: Result) -> tuple[Compared[OutcomeKey], ...]:
    """Simplest first: fewest preemptions, then fewest steps of a witness, then by text."""
    return _compared(*(_outcomes(result) for result in (first, second)), order=_simplest)


def compared_values(
    first: Result, second: Result
) -> tuple[Compared[tuple[str, OutcomeValue]], ...]:
    """What each thread can come to, by thread and value."""
    return _compared(*(_values(result) for result in (first, second)), order=_by_key)


def labels_of(outcome: OutcomeKey) -> set[str]:
    """The labels that an outcome tells of; that of an invariant it does not."""
    values = [value for _, value in outcome]
    blocked = {DEADLOCK for value in values if isinstance(value, Blocked)}
    return blocked | {value.label for value in values if isinstance(value, Violation)}


def _labels(result: Result) -> Shares[str]:
    return {name: (name, _share(found)) for name, found in result.violations.items()}


def _outcomes(result: Result) -> Shares[OutcomeKey]:
    """Outcomes that read the same count as one: objects of two programs are never equal."""
    return _gathered(
        (outcome_key(key), key, _share(found)) for key, found in result.outcomes.items()
    )


def _values(result: Result) -> Shares[tuple[str, OutcomeValue]]:
    return _gathered(
        ((thread, came_to_key(value)), (thread, value), _share(found))
        for key, found in result.outcomes.items()
        for thread, value in key
    )


def _share(found: Finding | Outcome) -> Share:
    return Share(found.interleavings, found.witness)


def _gathered(found: Iterable[tuple[Hashable, T, Share]]) -> Shares[T]:
    """Those with one key together: their interleavings in all, and their simplest witness."""
    gathered: dict[Hashable, tuple[T, Share]] = {}
    for key, what, share in found:
        if key in gathered:
            share = _together(gathered[key][1], share)
        gathered[key] = (what, share)
    return gathered


def _together(one: Share, other: Share) -> Share:
    count = None
    if one.interleavings is not None and other.interleavings is not None:
        count = one.interleavings + other.interleavings
    return Share(count, cheapest(one.witness, other.witness))


Order = Callable[[Hashable, Share], tuple[Any, ...]]


def _by_key(key: Hashable, share: Share) -> tuple[Any, ...]:
    return (str(key),)


def _simplest(key: Hashable, share: Share) -> tuple[Any, ...]:
    return (*share.witness.cost, str(key))


def _compared(first: Shares[T], second: Shares[T], *, order: Order) -> tuple[Compared[T], ...]:
    found = []
    for key in {**first, **second}:
        what, share = first[key] if key in first else second[key]
        one, other = (shares[key][1] if key in shares else None for shares in (first, second))
        found.append((order(key, share), Compared(what, one, other)))
    return tuple(each for _, each in sorted(found, key=lambda each: each[0]))
