"""Condition variables.

Source   Python's documentation of threading.Condition; for who is woken, POSIX of
         pthread_cond_signal(): "at least one of the threads that are blocked".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from racer.errors import ProgramError
from racer.lang.asking import operation, perform, perform_on, refuse
from racer.lang.blocks import Block
from racer.lang.cells import Handle, Lock
from racer.lang.effects import Effect
from racer.lang.operations import Choose, Show
from racer.lang.sync.act import Act
from racer.lang.sync.waiting import ALL, Ticket, Waiting


@dataclass(frozen=True, slots=True)
class Enlist(Act):
    """Begins to wait; gives the ticket."""

    cell: str
    fifo: bool

    verb: ClassVar = "enlist on"
    gives: ClassVar = "a value"

    def execute(self, before: object) -> Effect:
        assert isinstance(before, Waiting)
        return Effect(*before.come(apart=self.fifo))


@dataclass(frozen=True, slots=True)
class Woken(Act):
    """Blocks until it is woken. `anyway`: by nobody, if need be."""

    cell: str
    ticket: int
    anyway: bool = False

    verb: ClassVar = "wait on"
    blocks: ClassVar = True

    def execute(self, before: object) -> Effect | None:
        assert isinstance(before, Waiting)
        after = before.go_anyway(self.ticket) if self.anyway else before.go(self.ticket)
        return None if after is None else Effect(None, after)

    def obstacle(self, value: str) -> str:
        return f"waits on condition {self.cell}"

    def _arguments(self, show: Show) -> str:
        return ", woken by nobody" if self.anyway else ""


@dataclass(frozen=True, slots=True)
class Notify(Act):
    """Wakes so many, and gives how many these are."""

    cell: str
    most: int
    fifo: bool

    verb: ClassVar = "notify"
    gives: ClassVar = "a value"

    def execute(self, before: object) -> Effect:
        assert isinstance(before, Waiting)
        after = before.wake_first(self.most) if self.fifo else before.wake(self.most)
        return Effect(before.asleep - after.asleep, after)

    def _arguments(self, show: Show) -> str:
        return " all" if self.most == ALL else "" if self.most == 1 else f" {self.most}"


@dataclass(frozen=True, eq=False, slots=True)
class Condition(Block, Handle):
    """A condition variable, made by Memory.condition(); its `lock` may have other conditions, too.

    `async with condition:` takes the lock, and gives it back. In a predicate, `state[condition]`
    has `threads`, how many wait, and `asleep`, how many of them nobody has woken.

    Blocks   wait() does, until a notify() that comes after it has begun to wait is for this thread;
             and then until the lock is free.
    Orders   A wake-up is for one of those who wait when it is given, whoever that is: POSIX says no
             more, and Python's documentation warns of relying on more. With `fifo=True` it is for
             the one that has waited longest, as CPython's Condition and asyncio's have it.
    Errors   wait() without the lock is a ModelError of the exploration where the lock is free.
    Differs  notify() asks for no lock, as in POSIX; Python raises a RuntimeError. It returns how
             many it has woken. There is no timeout: choose() whether to wait.
    """

    name: str
    lock: Lock
    fifo: bool = False
    spurious: int = 0

    def __repr__(self) -> str:
        return f"Condition({self.name!r})"

    @property
    def initial(self) -> Waiting:
        """Nobody waits before the first step."""
        return Waiting(spurious=self.spurious)

    def fits(self, value: object, threads: int) -> bool:
        """Whether it may hold that value in a program of so many threads."""
        return isinstance(value, Waiting) and value.threads <= threads

    @operation
    async def wait(self) -> None:
        """Give the lock back, wait to be woken, and take the lock again.

        Four steps: it begins to wait, releases the lock, is woken, acquires the lock. As it still
        has the lock when it begins to wait, no notify() of who has the lock comes too early. While
        spurious wake-ups are left, it chooses in a step of its own whether this will be one.
        """
        ticket: Ticket = await perform_on(self, Enlist(self.name, self.fifo))
        await self.lock._give()
        anyway = ticket.may_be_spurious and await perform(_SPURIOUS) == "spurious"
        await perform_on(self, Woken(self.name, ticket.number, anyway))
        await self.lock._take()

    @operation
    async def notify(self, n: int = 1) -> int:
        """Wake `n` of those who wait, or as many as there are; return how many. One step."""
        if not isinstance(n, int) or isinstance(n, bool) or not 1 <= n <= ALL:
            refuse(ProgramError(f"notify {self.name}: n={n!r} is no number from 1 to {ALL:,}."))
        woken: int = await perform_on(self, Notify(self.name, n, self.fifo))
        return woken

    @operation
    async def notify_all(self) -> int:
        """Wake all who wait; return how many these are. One step."""
        woken: int = await perform_on(self, Notify(self.name, ALL, self.fifo))
        return woken

    async def _take(self) -> None:
        await self.lock._take()

    async def _give(self) -> None:
        await self.lock._give()


_SPURIOUS: Final = Choose(("notified", "spurious"))
