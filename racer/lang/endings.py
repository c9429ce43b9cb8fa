"""Where threads rest: whether that is an end, and what they have come to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from racer.errors import InternalError
from racer.lang.outcomes import Blocked, Idle, OutcomeKey, OutcomeValue, Violation
from racer.lang.pending import AboutTo, Pending, Returned, Violated
from racer.lang.program import ThreadInstance

Resting = Sequence[tuple[ThreadInstance, Pending]]  # of all threads, where each of them is


def ended(threads: Resting) -> bool:
    """Whether nobody who has to go on is left: a state in which no thread can move is then no
    deadlock.

    Every thread has ended that is no daemon. Of several daemons and nobody else one has: they have
    but each other to wait for.
    """
    working = [instance for instance, pending in threads if isinstance(pending, AboutTo)]
    alone = len(threads) == 1
    return all(instance.daemon for instance in working) and (alone or len(working) < len(threads))


def settled(threads: Iterable[tuple[ThreadInstance, Pending]]) -> bool:
    """Whether every thread has ended that has to: neither daemons have, nor perpetual ones."""
    return all(
        instance.daemon or instance.perpetual
        for instance, pending in threads
        if isinstance(pending, AboutTo)
    )


def came_to(pending: Pending) -> OutcomeValue:
    """What a thread came to that has ended."""
    match pending:
        case Returned(value=value):
            return value
        case Violated(label=label, effect=effect):
            return Violation(label, effect)
        case _:
            raise InternalError(f"a thread rests at {pending!r}")


def outcome_of(threads: Resting) -> OutcomeKey:
    """What all threads came to where an interleaving ends.

    A daemon that waits is idle, unless all are daemons and wait for each other.
    """
    daemons = all(instance.daemon for instance, _ in threads)
    all_wait = daemons and not ended(threads)

    def of(instance: ThreadInstance, pending: Pending) -> OutcomeValue:
        if not isinstance(pending, AboutTo):
            return came_to(pending)
        waits = Idle if instance.daemon and not all_wait else Blocked
        return waits(pending.operation.text())

    return OutcomeKey((instance.name, of(instance, pending)) for instance, pending in threads)
