"""Stores that others find late: what a memory model lets a load, or anything else, pass.

Only what happened is told: a store of a thread is in its buffer, the thread goes on with a load of
another cell, and meanwhile somebody else finds what was there before the store. That is as if the
load had come first, which no interleaving of the threads as they are written has.
"""

from __future__ import annotations

from collections.abc import Iterator

from racer.explanation.history import History
from racer.words.phrases import value_text

_TOLD = 3  # of such stores; what they have in common is clear by then


def held_up(past: History, end: int, names: tuple[str, ...]) -> Iterator[str]:
    """A sentence for each store that a load of its thread passed and somebody else missed."""
    told = 0
    for store in range(end):
        if past.trace.events[store].held_back and told < _TOLD:
            for sentence in _passed(past, store, end, names):
                told += 1
                yield sentence


def _passed(past: History, store: int, end: int, names: tuple[str, ...]) -> Iterator[str]:
    events = past.trace.events
    stored = events[store]
    arrival = next((event.index for event in events if event.arrives == store), len(events))
    meanwhile = range(store + 1, min(arrival, end))
    loads = [
        row
        for row in meanwhile
        if events[row].thread == stored.thread
        and events[row].reads
        and events[row].cell != stored.cell
    ]
    missed = [
        row
        for row in meanwhile
        if events[row].owner != stored.thread
        and events[row].reads
        and events[row].cell == stored.cell
    ]
    if not loads or not missed:
        return
    found = events[missed[-1]]
    until = f"until {names[arrival]}" if arrival < len(events) else "to the end"
    yield (
        f"{names[store]} is in {stored.thread}'s store buffer {until}: {names[loads[0]]} loads "
        f"{events[loads[0]].cell} before anybody else finds {names[store]}, as {names[missed[-1]]} "
        f"shows, which finds {found.cell} = {value_text(found, found.before)}."
    )
