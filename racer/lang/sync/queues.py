"""Bounded queues.

Source   Python's documentation of queue.Queue, with shutdown() as of 3.13.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Generic, TypeVar

from racer.lang.asking import operation, perform_on, require_fit
from racer.lang.cells import Handle
from racer.lang.effects import Effect
from racer.lang.operations import Show
from racer.lang.sync.act import Act, passes

T = TypeVar("T")
D = TypeVar("D")


class QueueClosed(Exception):
    """A closed queue takes nothing more, and is empty where somebody wants to take from it.

    put() and get() raise it, and the thread may catch it; Python's queue raises ShutDown.
    """


@dataclass(frozen=True, slots=True)
class Queued:
    """What is in a queue, the oldest first, and whether it is closed."""

    items: tuple[object, ...] = ()
    closed: bool = False

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, slots=True)
class Put(Act):
    """Puts an item behind all others, and blocks while the queue is full."""

    cell: str
    item: object
    capacity: int

    verb: ClassVar = "put"
    leaves_nothing: ClassVar = True
    blocks: ClassVar = True
    gives: ClassVar = "the value before"

    def execute(self, before: object) -> Effect | None:
        assert isinstance(before, Queued)
        if before.closed:
            raise QueueClosed(f"{self.cell} is closed")
        if len(before) >= self.capacity:
            return None
        return Effect(before, replace(before, items=(*before.items, self.item)))

    def obstacle(self, value: str) -> str:
        return f"waits for room in queue {self.cell}"

    def _arguments(self, show: Show) -> str:
        return f" {show(self.item)}"


@dataclass(frozen=True, slots=True)
class TryPut(Act):
    """Puts if there is room; gives whether it has."""

    cell: str
    item: object
    capacity: int

    verb: ClassVar = "try_put"
    gives: ClassVar = "a value"

    def execute(self, before: object) -> Effect:
        put = Put(self.cell, self.item, self.capacity).execute(before)
        return passes(before, False) if put is None else Effect(True, put.after)

    def _arguments(self, show: Show) -> str:
        return f" {show(self.item)}"


@dataclass(frozen=True, slots=True)
class Get(Act):
    """Takes the oldest item, and blocks while there is none."""

    cell: str

    verb: ClassVar = "get"
    leaves_nothing: ClassVar = True
    blocks: ClassVar = True
    gives: ClassVar = "a value"

    def execute(self, before: object) -> Effect | None:
        assert isinstance(before, Queued)
        if before.items:
            first, *rest = before.items
            return Effect(first, replace(before, items=tuple(rest)))
        if before.closed:
            raise QueueClosed(f"{self.cell} is closed")
        return None

    def obstacle(self, value: str) -> str:
        return f"waits for an item in queue {self.cell}"


@dataclass(frozen=True, slots=True)
class TryGet(Act):
    """Takes the oldest item; gives `default` where there is none."""

    cell: str
    default: object

    verb: ClassVar = "try_get"
    gives: ClassVar = "a value"

    def execute(self, before: object) -> Effect:
        return Get(self.cell).execute(before) or passes(before, self.default)


@dataclass(frozen=True, slots=True)
class Close(Act):
    cell: str

    verb: ClassVar = "close"

    def execute(self, before: object) -> Effect:
        assert isinstance(before, Queued)
        return Effect(None, replace(before, closed=True))


@dataclass(frozen=True, eq=False, slots=True)
class Queue(Handle, Generic[T]):
    """A queue of at most `capacity` items, made by Memory.queue(); first in, first out.

    In a predicate, `state[queue].items` is a tuple of what is in it, the oldest first, and
    `state[queue].closed` says whether it is closed.

    Blocks   put() does while it is full, and get() while it is empty; neither once it is closed.
    Orders   Whoever comes may put or take, also what somebody else has waited for longer.
    Errors   Once it is closed, put() and try_put() raise QueueClosed, and get() and try_get() do
             when it is empty; who is blocked then goes on, into the exception.
    Bound    Items are immutable and hashable.
    """

    name: str
    capacity: int

    def __repr__(self) -> str:
        return f"Queue({self.name!r})"

    @property
    def initial(self) -> Queued:
        """It is empty and open before the first step."""
        return Queued()

    @operation
    async def put(self, item: T) -> None:
        """Put an item behind all others, and wait while there is no room. One step."""
        require_fit(item, f"the item put into {self.name!r}")
        await perform_on(self, Put(self.name, item, self.capacity))

    @operation
    async def try_put(self, item: T) -> bool:
        """Put an item if there is room, without waiting; return whether there was. One step."""
        require_fit(item, f"the item put into {self.name!r}")
        room: bool = await perform_on(self, TryPut(self.name, item, self.capacity))
        return room

    @operation
    async def get(self) -> T:
        """Take the oldest item and return it, and wait while there is none. One step."""
        item: T = await perform_on(self, Get(self.name))
        return item

    @operation
    async def try_get(self, default: D) -> T | D:
        """Take the oldest item and return it, or `default` where there is none. One step."""
        require_fit(default, f"the default for an item of {self.name!r}")
        item: T | D = await perform_on(self, TryGet(self.name, default))
        return item

    @operation
    async def close(self) -> None:
        """Take no more items from now on, and wake all who wait. One step."""
        await perform_on(self, Close(self.name))
