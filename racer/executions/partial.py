"""An execution while it is built: how far its threads have come, and what is to be decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeVar

from racer.axiomatic.events import Value
from racer.executions.lines import Line, Write
from racer.executions.threads import Place, Way


class TooLong(Exception):
    """A thread has more events than there are numbers for."""

    def __init__(self, thread: int, events: int) -> None:
        super().__init__(thread, events)
        self.thread, self.events = thread, events


class Owed(NamedTuple):
    """A read that has got a value, and not yet the write of it; its step, by number."""

    read: int
    cell: int
    value: int
    thread: int
    steps: int


class Offer(NamedTuple):
    """A write that somebody may take: a thread that waits, or the read that it is owed."""

    write: Write
    cell: int
    thread: int
    owed: Owed | None = None


class Partial(NamedTuple):
    """An execution as far as it has come.

    added    of each thread, how many events of its place are in it
    waits    which threads wait for a write that is yet to come
    settled  no thread that may write goes on any more
    circles  whether anything was ever owed
    """

    places: tuple[Place, ...]
    added: tuple[int, ...]
    waits: tuple[bool, ...]
    lines: tuple[Line, ...]
    owed: tuple[Owed, ...] = ()
    offers: tuple[Offer, ...] = ()
    settled: bool = False
    circles: bool = False


class Built(NamedTuple):
    """A whole execution: the ways of its threads, the line-ups of its locations, and its end."""

    ways: tuple[Way, ...]
    lines: tuple[Line, ...]
    memory: Mapping[str, Value]


_T = TypeVar("_T")


def with_one(values: tuple[_T, ...], at: int, value: _T) -> tuple[_T, ...]:
    """The values with another one in one place."""
    return (*values[:at], value, *values[at + 1 :])
