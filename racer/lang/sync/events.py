"""Events: flags to wait for.

Source   Python's documentation of threading.Event: set() awakens all threads that wait for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

from racer.lang.asking import operation, perform_on
from racer.lang.cells import Handle
from racer.lang.effects import Effect
from racer.lang.sync.act import Act, passes
from racer.lang.sync.waiting import ALL, Ticket, Waiting


@dataclass(frozen=True, slots=True)
class Flag:
    """Whether an event is set, and who waits for it."""

    set: bool = False
    waiting: Waiting = field(default_factory=Waiting)

    def __repr__(self) -> str:
        told = "set" if self.set else "not set"
        return f"<{told}, {repr(self.waiting)[1:-1]}>" if self.waiting.groups else f"<{told}>"


@dataclass(frozen=True, slots=True)
class Look(Act):
    """Goes on where the event is set, and gives None; else begins to wait, and gives the ticket."""

    cell: str

    verb: ClassVar = "look at"
    gives: ClassVar = "a value"

    def execute(self, before: object) -> Effect:
        assert isinstance(before, Flag)
        if before.set:
            return passes(before)
        ticket, waiting = before.waiting.come(apart=False)
        return Effect(ticket, replace(before, waiting=waiting))


@dataclass(frozen=True, slots=True)
class Awaken(Act):
    """Blocks until the event has been set, since it was looked at."""

    cell: str
    ticket: int

    verb: ClassVar = "wait for"
    blocks: ClassVar = True

    def execute(self, before: object) -> Effect | None:
        assert isinstance(before, Flag)
        waiting = before.waiting.go(self.ticket)
        return None if waiting is None else Effect(None, replace(before, waiting=waiting))

    def obstacle(self, value: str) -> str:
        return f"waits for event {self.cell}"


@dataclass(frozen=True, slots=True)
class SetTo(Act):
    """Sets or clears the event; to set it wakes all who wait."""

    cell: str
    value: bool

    verb: ClassVar = "set"

    def execute(self, before: object) -> Effect:
        assert isinstance(before, Flag)
        waiting = before.waiting.wake(ALL) if self.value else before.waiting
        return Effect(None, Flag(self.value, waiting))

    def _head(self) -> str:
        return f"{'set' if self.value else 'clear'} {self.cell}"


@dataclass(frozen=True, slots=True)
class IsSet(Act):
    cell: str

    verb: ClassVar = "is_set"
    stores: ClassVar = False
    gives: ClassVar = "a value"

    def execute(self, before: object) -> Effect:
        assert isinstance(before, Flag)
        return passes(before, before.set)


@dataclass(frozen=True, eq=False, slots=True)
class EventFlag(Handle):
    """A flag to wait for, made by Memory.event(); not set at first.

    In a predicate, `state[event].set` says whether it is set.

    Blocks   wait() does, until the event is set. Who waits when it is set goes on, though it be
             cleared before that thread moves: set() wakes all who wait, as Python documents it.
    Errors   none.
    """

    name: str

    def __repr__(self) -> str:
        return f"EventFlag({self.name!r})"

    @property
    def initial(self) -> Flag:
        """It is not set before the first step."""
        return Flag()

    def fits(self, value: object, threads: int) -> bool:
        """Whether it may hold that value in a program of so many threads."""
        return isinstance(value, Flag) and value.waiting.threads <= threads

    @operation
    async def wait(self) -> None:
        """Wait until the event is set: one step where it is, else one more when it has been."""
        ticket: Ticket | None = await perform_on(self, Look(self.name))
        if ticket is not None:
            await perform_on(self, Awaken(self.name, ticket.number))

    @operation
    async def set(self) -> None:
        """Set the event, and wake all who wait. One step."""
        await perform_on(self, SetTo(self.name, True))

    @operation
    async def clear(self) -> None:
        """Let the event no longer be set. One step."""
        await perform_on(self, SetTo(self.name, False))

    @operation
    async def is_set(self) -> bool:
        """Return whether the event is set. One step."""
        found: bool = await perform_on(self, IsSet(self.name))
        return found
