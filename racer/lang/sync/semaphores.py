"""Semaphores.

Source   Python's documentation of threading.Semaphore and BoundedSemaphore.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from racer.errors import ProgramError
from racer.lang.asking import operation, perform_on, refuse
from racer.lang.blocks import Block
from racer.lang.cells import Handle
from racer.lang.effects import Effect
from racer.lang.operations import Show
from racer.lang.outcomes import Violation
from racer.lang.sync.act import Act, passes

OVER_RELEASED: Final = "released too often"


@dataclass(frozen=True, slots=True)
class Down(Act):
    """Takes one, and blocks while there is none."""

    cell: str

    verb: ClassVar = "down"
    leaves_nothing: ClassVar = True
    blocks: ClassVar = True

    def execute(self, before: object) -> Effect | None:
        assert isinstance(before, int)
        return Effect(None, before - 1) if before else None

    def obstacle(self, value: str) -> str:
        return f"waits for semaphore {self.cell}"


@dataclass(frozen=True, slots=True)
class TryDown(Act):
    """Takes one if there is one; gives whether it has."""

    cell: str

    verb: ClassVar = "try_down"
    gives: ClassVar = "a value"

    def execute(self, before: object) -> Effect:
        assert isinstance(before, int)
        return Effect(True, before - 1) if before else passes(before, False)


@dataclass(frozen=True, slots=True)
class Up(Act):
    """Gives so many. `most`: a bounded semaphore has no more. Errors: Violation beyond that."""

    cell: str
    count: int
    most: int | None

    verb: ClassVar = "up"
    gives: ClassVar = "the value before"

    def execute(self, before: object) -> Effect:
        assert isinstance(before, int)
        after = before + self.count
        if self.most is not None and after > self.most:
            raise Violation(OVER_RELEASED, f"{self.cell} would be {after} of {self.most}")
        return Effect(before, after)

    def _arguments(self, show: Show) -> str:
        return "" if self.count == 1 else f" {self.count}"


@dataclass(frozen=True, eq=False, slots=True)
class Semaphore(Block, Handle):
    """A semaphore, made by Memory.semaphore(). In a predicate, `state[semaphore]` is its count.

    `async with semaphore:` takes one where the block begins, and gives it back where it is left.

    Blocks   acquire() does, while the count is 0.
    Orders   It has no queue: whoever comes may take what somebody else has waited for longer.
    Errors   What a bounded one is given beyond its count at the start is a Violation "released too
             often"; Python raises a ValueError there.
    """

    name: str
    initial: int
    bounded: bool = False

    def __repr__(self) -> str:
        return f"Semaphore({self.name!r})"

    @operation
    async def acquire(self) -> None:
        """Take one, and wait while there is none, as down() does. One step."""
        await self._take()

    @operation
    async def try_acquire(self) -> bool:
        """Take one if there is one, without waiting; return whether it was taken. One step."""
        taken: bool = await perform_on(self, TryDown(self.name))
        return taken

    @operation
    async def release(self, n: int = 1) -> None:
        """Give one, or `n` of them, as up() does. One step."""
        if not isinstance(n, int) or isinstance(n, bool) or n < 1:
            refuse(ProgramError(f"release {self.name}: n={n!r} is no number from 1 on."))
        await self._give(n)

    async def _give(self, count: int = 1) -> None:
        await perform_on(self, Up(self.name, count, self.initial if self.bounded else None))

    async def _take(self) -> None:
        await perform_on(self, Down(self.name))
