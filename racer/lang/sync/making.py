"""How a Memory makes what threads wait for each other with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from racer.errors import ProgramError
from racer.lang.cells import Handle, Lock
from racer.lang.per_thread import PerThread
from racer.lang.pools import Pool
from racer.lang.sync.conditions import Condition
from racer.lang.sync.events import EventFlag
from racer.lang.sync.meetings import Barrier, Latch
from racer.lang.sync.queues import Queue
from racer.lang.sync.rcu import Rcu
from racer.lang.sync.rwlocks import Preference, RwLock
from racer.lang.sync.semaphores import Semaphore
from racer.lang.values import require_hashable

H = TypeVar("H", bound=Handle)
T = TypeVar("T")

_MOST: Final = 65_536
_NO_FIELDS: Final = ("name", "address", "initial", "fields", "fits", "refers", "at_once")


class Making(ABC):
    """What a Memory can make besides cells, locks and watches."""

    handles: dict[str, Handle]

    @abstractmethod
    def _take_in(self, handle: Any, kind: str, values: Any = None) -> None:
        """Make it part of the Memory, under its name. `values`: all that it may hold."""

    @abstractmethod
    def _take_part(self, part: Handle) -> None:
        """Take in what lies within something else, and has only a name of its own."""

    def condition(
        self, name: str, lock: Lock, *, fifo: bool = False, spurious: int = 0
    ) -> Condition:
        """Make a condition variable; several may have one lock.

        fifo      notify() wakes those who have waited longest; by default it may be anybody who
                  waits, since that is all that POSIX and Python's documentation promise
        spurious  so many wake-ups by nobody may come in a run

        Errors   ProgramError when `lock` is none of this Memory; as of cell(); or for a number of
                 spurious wake-ups that is none.
        """
        if not isinstance(lock, Lock):
            raise ProgramError(f"condition {name!r} needs a lock, not {lock!r}: mem.lock(...).")
        if self.handles.get(lock.name) is not lock:
            raise ProgramError(f"condition {name!r} needs a lock of this Memory, not of another.")
        _check_number(f"condition {name!r}: spurious", spurious, 0)
        return self._made(Condition(name, lock, fifo, spurious), "condition")

    def event(self, name: str) -> EventFlag:
        """Make an event that is not set before the first step.

        Errors   ProgramError as of cell().
        """
        return self._made(EventFlag(name), "event")

    def semaphore(
        self, name: str, value: int = 1, *, bounded: bool = False, most: int | None = None
    ) -> Semaphore:
        """Make a semaphore that has `value` before the first step.

        bounded  to give more than were taken is a Violation "released too often"
        most     it never has more, which the model promises: see `values` of cell(). A bounded one
                 has at most `value`.

        Errors   ProgramError for a number that is none, and as of cell().
        """
        _check_number(f"semaphore {name!r}: value", value, 0)
        if most is None and bounded:
            most = value
        if most is not None:
            _check_number(f"semaphore {name!r}: most", most, value)
        values = None if most is None else range(most + 1)
        return self._made(Semaphore(name, value, bounded), "semaphore", values)

    def queue(self, name: str, capacity: int) -> Queue[Any]:
        """Make a queue of at most `capacity` items, empty before the first step.

        Errors   ProgramError for a capacity below 1, and as of cell().
        """
        _check_number(f"queue {name!r}: capacity", capacity, 1)
        return self._made(Queue(name, capacity), "queue")

    def rwlock(self, name: str, *, prefers: Preference = None) -> RwLock:
        """Make a reader-writer lock that nobody is in before the first step.

        prefers  "writers" or "readers": the others wait while these do; by default nobody does

        Errors   ProgramError for another preference, and as of cell().
        """
        if prefers not in (None, "readers", "writers"):
            raise ProgramError(
                f"rwlock {name!r}: prefers={prefers!r} is not 'readers', 'writers' or None."
            )
        return self._made(RwLock(name, prefers), "rwlock")

    def latch(self, name: str, count: int) -> Latch:
        """Make a latch that lets threads go on after `count` have counted down.

        Errors   ProgramError for a count below 0, and as of cell().
        """
        _check_number(f"latch {name!r}: count", count, 0)
        return self._made(Latch(name, count), "latch", range(count + 1))

    def barrier(self, name: str, parties: int) -> Barrier:
        """Make a barrier for so many threads.

        Errors   ProgramError for less than 1, and as of cell().
        """
        _check_number(f"barrier {name!r}: parties", parties, 1)
        return self._made(Barrier(name, parties), "barrier")

    def pool(
        self,
        name: str,
        count: int,
        *,
        fields: Mapping[str, object] | None = None,
        reuse: bool = False,
        collected: bool = False,
    ) -> Pool:
        """Make a pool of `count` objects, none of which is allocated before the first step.

        fields     their names, with the values that they have where allocate() says nothing else
        reuse      an address that was freed is given out again, before all others
        collected  what nobody refers to any more is freed by itself, as in Python: no leak

        Errors   ProgramError for a count below 1, for a name of a field that cannot be one, and as
                 of cell().
        """
        _check_number(f"pool {name!r}: count", count, 1)
        named = dict(fields or {})
        for field in named:
            if (
                not isinstance(field, str)
                or not field.isidentifier()
                or field[0] == "_"
                or field in _NO_FIELDS
            ):
                raise ProgramError(f"pool {name!r}: {field!r} cannot be the name of a field.")
        pool = self._made(Pool(name, count, named, reuse, collected), "pool")
        for each in pool.objects:
            self._take_in(each, "object")
            for part in each.fields.values():
                self._take_part(part)
        return pool

    def per_thread(self, name: str, first: T) -> PerThread[T]:
        """Make a cell for each thread, all of which hold `first` before the first step.

        Errors   ProgramError as of cell().
        """
        try:
            require_hashable(first, f"what each thread's own {name!r} holds at first")
        except TypeError as error:
            raise ProgramError(str(error)) from None
        return self._made(PerThread(name, first), "per-thread cell")

    def rcu(self, name: str) -> Rcu:
        """Make an RCU in which nobody reads before the first step.

        Errors   ProgramError as of cell().
        """
        return self._made(Rcu(name), "rcu")

    def _made(self, handle: H, kind: str, values: Any = None) -> H:
        self._take_in(handle, kind, values)
        return handle


def _check_number(what: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= _MOST:
        raise ProgramError(f"{what}={value!r} is no number from {least} to {_MOST:,}.")
