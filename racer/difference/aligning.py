"""Aligning: the replay of a witness beside that of the other program under its schedule."""

from __future__ import annotations

from collections.abc import Iterator

from racer.difference.data import Absence, Aligned
from racer.lang.outcomes import OutcomeKey, OutcomeValue
from racer.lang.values import describe
from racer.replaying.trace import Event, Trace


def aligned(
    leading: Trace, following: Trace, absences: tuple[Absence | None, ...]
) -> tuple[Aligned, ...]:
    """One row for each event of the leader, then one for each that completes the follower."""
    return tuple(_rows(leading, following, absences))


def _rows(
    leading: Trace, following: Trace, absences: tuple[Absence | None, ...]
) -> Iterator[Aligned]:
    followers = iter(following.events)
    for event, absent in zip(leading.events, absences, strict=True):
        if absent is not None:
            yield Aligned(event, None, absent, alike=False)
        else:
            follower = next(followers)
            yield Aligned(event, follower, None, alike=_same(event, follower))
    for event in followers:
        yield Aligned(None, event, None, alike=False)


def _same(one: Event, other: Event) -> bool:
    """Whether two steps of the same thread do the same, each in a program of its own.

    By text, since objects of two programs are never the same. What an `update` does shows in
    the value it leaves.
    """
    return _deed(one) == _deed(other)


def _deed(event: Event) -> tuple[object, ...]:
    ended = None if event.ended is None else came_to_key(event.ended.value)
    return (
        event.step,
        event.operation.text(),
        describe(event.result),
        describe(event.after),
        event.broken,
        ended,
    )


def came_to_key(value: OutcomeValue) -> tuple[str, str]:
    """What a thread came to, so that it can be compared across programs."""
    return (type(value).__name__, describe(value))


def outcome_key(outcome: OutcomeKey) -> tuple[tuple[str, tuple[str, str]], ...]:
    """An outcome, so that it can be compared across programs."""
    return tuple((thread, came_to_key(value)) for thread, value in outcome)
