"""What threads wait with, a second time, as it is defined: who is woken is chosen at once.

Where it is open which thread a wake-up is for, all choices are kept side by side, as worlds, and a
thread may go on if it is woken in one of them; the others are then no longer possible. The engine
knows nothing of worlds, and these know no groups: every thread that waits has a number of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from racer.lang.outcomes import Violation
from racer.lang.pools import Record
from racer.lang.sync.events import Flag
from racer.lang.sync.meetings import Meeting
from racer.lang.sync.queues import QueueClosed, Queued
from racer.lang.sync.rcu import Readers
from racer.lang.sync.rwlocks import Within
from racer.lang.sync.waiting import Ticket, Waiting

World = tuple[frozenset[int], frozenset[int]]  # who sleeps, who is woken: by number


@dataclass(frozen=True)
class Worlds:
    """All that may be the case, of those who wait in the order in which they came."""

    spurious: int = 0
    came: tuple[int, ...] = ()
    worlds: frozenset[World] = frozenset([(frozenset(), frozenset())])
    set: bool = False  # of an event

    def __repr__(self) -> str:
        worlds = sorted((sorted(sleeps), sorted(woken)) for sleeps, woken in self.worlds)
        return f"Worlds({self.spurious}, {self.came}, {worlds}, {self.set})"

    def come(self) -> tuple[Ticket, Worlds]:
        number = _least_but(self.came)
        worlds = frozenset((sleeps | {number}, woken) for sleeps, woken in self.worlds)
        later = replace(self, came=(*self.came, number), worlds=worlds)
        return Ticket(number, self.spurious > 0), later

    def wake(self, most: int, *, fifo: bool) -> tuple[int, Worlds]:
        found, counts = set(), set()
        for sleeps, woken in self.worlds:
            count = min(most, len(sleeps))
            counts.add(count)
            ordered = [number for number in self.came if number in sleeps]
            for chosen in [tuple(ordered[:count])] if fifo else combinations(ordered, count):
                found.add((sleeps - set(chosen), woken | set(chosen)))
        (count,) = counts  # as many sleep in each world
        return count, replace(self, worlds=frozenset(found))

    def go(self, number: int, *, anyway: bool = False) -> Worlds | None:
        if number not in self.came:
            return None
        left = {(sleeps, woken - {number}) for sleeps, woken in self.worlds if number in woken}
        spent = not left
        if not left and anyway and self.spurious:
            left = {(sleeps - {number}, woken) for sleeps, woken in self.worlds}
        if not left:
            return None
        came = tuple(each for each in self.came if each != number)
        return Worlds(self.spurious - spent, came, frozenset(left), self.set)


def _least_but(taken: Iterable[int]) -> int:
    """The least number that is free."""
    others = set(taken)
    return next(number for number in range(len(others) + 1) if number not in others)


def as_it_is(value: object) -> object:
    """What a cell holds at the start, as this file has it."""
    match value:
        case Waiting(spurious=spurious):
            return Worlds(spurious)
        case Flag():
            return Worlds()
        case Readers():
            return Periods()
        case Meeting():
            return ("filling", 0)
        case Within():
            return ("", "")
        case _:
            return value


Done = tuple[object, object]  # what is left in the cell, what is given to the thread


def _enlist(does: Any, value: Any) -> Done:
    ticket, after = value.come()
    return after, ticket


def _look(does: Any, value: Any) -> Done:
    return (value, None) if value.set else _enlist(does, value)


def _wait(does: Any, value: Any) -> Done | None:
    after = value.go(does.ticket, anyway=getattr(does, "anyway", False))
    return None if after is None else (after, None)


def _notify(does: Any, value: Any) -> Done:
    count, after = value.wake(does.most, fifo=does.fifo)
    return after, count


def _set(does: Any, value: Any) -> Done:
    _, after = value.wake(1_000, fifo=False)
    return replace(after if does.value else value, set=does.value), None


def _up(does: Any, value: Any) -> Done:
    if does.most is not None and value + does.count > does.most:
        raise Violation(
            "released too often", f"{does.cell} would be {value + does.count} of {does.most}"
        )
    return value + does.count, None


def _put(does: Any, value: Queued) -> Done | None:
    if value.closed:
        raise QueueClosed
    return (Queued((*value.items, does.item)), None) if len(value.items) < does.capacity else None


def _get(does: Any, value: Queued) -> Done | None:
    if value.items:
        return Queued(value.items[1:], value.closed), value.items[0]
    if value.closed:
        raise QueueClosed
    return None


def _barrier(does: Any, value: Any) -> Done | None:
    """As Python's threading.Barrier has it: it is filling, or draining, and has a count."""
    state, count = value
    if does.verb == "arrive at":
        if state == "draining":
            return None
        state, index = ("draining" if count + 1 == does.parties else "filling"), count
        left = count if state == "draining" else count + 1  # the last one goes on at once
        return ("filling" if state == "draining" and not left else state, left), index
    if state == "filling":
        return None
    return ("filling" if count == 1 else "draining", count - 1), None


def _rwlock(does: Any, value: Any) -> Done | None:
    """Who is in it is a text with a letter for each, r or w; so is who waits."""
    inside, waiting = value
    mine, other = ("w", "r") if does.writes else ("r", "w")
    if does.verb == "unlock":
        return (inside.replace(mine, "", 1), waiting), None
    free = "w" not in inside and not (does.writes and inside)
    preferred = {"readers": "r", "writers": "w", None: ""}[does.prefers]
    tries = does.verb == "try_enter"
    if not tries and does.announced:
        return ((inside + mine, waiting.replace(mine, "", 1)), None) if free else None
    if free and not (other == preferred and waiting):
        return (inside + mine, waiting), (True if tries else None)
    if not tries:
        return None
    return (inside, waiting + mine if does.announces else waiting), False


# --- objects, and RCU ----------------------------------------------------------------------------


def _free(does: Any, value: Record) -> Done:
    if value.status != "live":
        raise Violation("double free", f"free of {does.cell}, which is not live")
    return Record("freed", value.names, value.values), None


@dataclass(frozen=True)
class Periods:
    """Read sections by number; each grace period has those that it waits for, and so has each
    address that is to be freed."""

    reading: frozenset[int] = frozenset()
    ending: tuple[tuple[int, frozenset[int]], ...] = ()
    to_free: tuple[tuple[object, frozenset[int]], ...] = ()

    def __repr__(self) -> str:
        ending = [(number, sorted(waits)) for number, waits in sorted(self.ending)]
        to_free = [(address, sorted(waits)) for address, waits in self.to_free]
        return f"Periods({sorted(self.reading)}, {ending}, {to_free})"


def _rcu(does: Any, value: Any) -> Done | None:
    now: Periods = value
    number = _least_but([*now.reading, *(each for each, _ in now.ending)])
    match does.verb:
        case "rcu_read_lock":
            return replace(now, reading=now.reading | {number}), number
        case "rcu_read_unlock":
            over = frozenset({does.ticket})
            return Periods(
                now.reading - over,
                tuple((each, waits - over) for each, waits in now.ending),
                tuple((address, waits - over) for address, waits in now.to_free),
            ), None
        case "synchronize_rcu" if not now.reading:
            return now, None
        case "synchronize_rcu":
            return replace(now, ending=(*now.ending, (number, now.reading))), number
        case "end of grace period":
            waits = dict(now.ending).get(does.ticket)
            if waits is None:  # of a value that only another thread can meet
                return None
            left = tuple(each for each in now.ending if each[0] != does.ticket)
            return None if waits else (replace(now, ending=left), None)
        case "kfree_rcu":
            if any(each == does.address for each, _ in now.to_free):
                raise Violation(
                    "double free", f"kfree_rcu of {does.address!r}, which is to be freed"
                )
            return replace(now, to_free=(*now.to_free, (does.address, now.reading))), None
        case _:
            if not now.to_free or now.to_free[0][1]:
                return None
            return replace(now, to_free=now.to_free[1:]), now.to_free[0][0]


def _own_store(does: Any, value: tuple[object, ...]) -> Done:
    """All values in any order: a thread's own is one that is equal."""
    left = list(value)
    for old in does.old:
        left.remove(old)
    return tuple(sorted([*left, *does.new])), None  # type: ignore[type-var]  # they are numbers


def _load_all(does: Any, value: Any) -> Done | None:
    return (value, value) if does.predicate is None or does.predicate(value) else None


# By what reports call the operation: what is left and given; None: it blocks there.
OPERATIONS: Mapping[str, Callable[[Any, Any], Done | None]] = {
    "enlist on": _enlist,
    "wait on": _wait,
    "notify": _notify,
    "look at": _look,
    "wait for": _wait,
    "set": _set,
    "is_set": lambda does, value: (value, value.set),
    "down": lambda does, value: (value - 1, None) if value else None,
    "try_down": lambda does, value: (value - 1, True) if value else (value, False),
    "up": _up,
    "put": _put,
    "try_put": lambda does, value: (
        (value, False) if (done := _put(does, value)) is None else (done[0], True)
    ),
    "get": _get,
    "try_get": lambda does, value: _get(does, value) or (value, does.default),
    "count_down": lambda does, value: (max(value - does.by, 0), None),
    "wait at": lambda does, value: None if value else (value, None),
    "arrive at": _barrier,
    "leave": _barrier,
    "unlock": _rwlock,
    "enter": _rwlock,
    "try_enter": _rwlock,
    "allocate": lambda does, value: (value[1:], value[0]),
    "initialise": lambda does, value: (does.record, None),
    "free": _free,
    "give back to": lambda does, value: ((does.number, *value), None),
    **dict.fromkeys(("rcu_read_lock", "rcu_read_unlock", "synchronize_rcu"), _rcu),
    **dict.fromkeys(("end of grace period", "kfree_rcu", "callback of"), _rcu),
    "store own": _own_store,
    "load own": lambda does, value: (value, does.own),
    "load all": _load_all,
    "close": lambda does, value: (Queued(value.items, True), None),
}
