"""Whether the end of a schedule can be repeated for ever, and whether that is a livelock."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace

from racer.lang.outcomes import LIVELOCK, labels_in_order
from racer.lang.pending import AboutTo, Pending
from racer.lang.values import describe, value_key
from racer.replaying.trace import Event, Trace

Situation = dict[str, object]  # what is compared, with words for each


def situation(values: Mapping[str, object], pending: Mapping[str, Pending]) -> Situation:
    """All cells, and what each thread is about to do, as far as a step tells it."""
    waits = {
        f"what {name} is about to do": each.operation.text()
        for name, each in pending.items()
        if isinstance(each, AboutTo)
    }
    return {**values, **waits}


def opened(start: Situation, end: Situation) -> str | None:
    """What is not as it was before the moves of a cycle, as a phrase; None: it closes."""
    for name, value in start.items():
        if value_key(end.get(name)) != value_key(value):
            was, now = describe(value), describe(end.get(name))
            return f"no cycle: {name} was {was} before its first move, and is {now} after it"
    return None


def differs(first: Event, second: Event) -> str | None:
    """What a move does otherwise in the second round, as a phrase; None: it does the same."""
    texts = [f"{each.operation.text()} -> {describe(each.result)}" for each in (first, second)]
    if texts[0] == texts[1]:
        return None
    return f"{texts[1]} in the second round, {texts[0]} in the first"


def with_cycle(trace: Trace, cycle: int, unable: Set[str], *, ended: bool) -> Trace:
    """The trace with its cycle, and a livelock if that is fair and keeps a thread from its end.

    Fair is a cycle on which everyone moves, or cannot at some time: `unable` are those. A perpetual
    thread is kept if it changes no cell on it; of daemons alone all are, if none does, unless they
    have `ended`.
    """
    repeated = trace.events[-cycle:]
    moved = {event.thread for event in repeated}
    if not (moved | unable).issuperset(trace.threads):
        return replace(trace, cycle=cycle)
    kept = trace.waiting.keys() - trace.daemons
    works = {e.thread for e in repeated if value_key(e.before) != value_key(e.after)}
    if not kept and not ended and not works:
        kept = set(trace.waiting)
    elif kept <= trace.perpetual:
        kept -= works
    labels = {*trace.labels, LIVELOCK} if kept else set(trace.labels)
    return replace(trace, cycle=cycle, labels=labels_in_order(labels), kept=frozenset(kept))
