"""Latches and barriers: where threads wait until so many have come.

Source   java.util.concurrent.CountDownLatch and C++ std::latch; Python's documentation of
         threading.Barrier, and its source for when the next round may begin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from racer.errors import ProgramError
from racer.lang.asking import operation, perform_on, refuse
from racer.lang.cells import Handle
from racer.lang.effects import Effect
from racer.lang.operations import Show
from racer.lang.sync.act import Act, passes


@dataclass(frozen=True, slots=True)
class CountDown(Act):
    cell: str
    by: int

    verb: ClassVar = "count_down"

    def execute(self, before: object) -> Effect:
        assert isinstance(before, int)
        return Effect(None, max(0, before - self.by))

    def _arguments(self, show: Show) -> str:
        return "" if self.by == 1 else f" {self.by}"


@dataclass(frozen=True, slots=True)
class AwaitLatch(Act):
    """Blocks until the count is 0."""

    cell: str

    verb: ClassVar = "wait at"
    blocks: ClassVar = True
    stores: ClassVar = False

    def execute(self, before: object) -> Effect | None:
        return None if before else passes(before)

    def obstacle(self, value: str) -> str:
        return f"waits at latch {self.cell}, which is {value}"


@dataclass(frozen=True, eq=False, slots=True)
class Latch(Handle):
    """A latch, made by Memory.latch(): it counts down once, and lets all go on when it is 0.

    In a predicate, `state[latch]` is its count.

    Blocks   wait() does, until the count is 0; it then never does again.
    Errors   none: at 0 count_down() changes nothing, as in Java; in C++ that is undefined.
    """

    name: str
    initial: int

    def __repr__(self) -> str:
        return f"Latch({self.name!r})"

    @operation
    async def count_down(self, n: int = 1) -> None:
        """Lower the count by `n`, to no less than 0. One step."""
        if not isinstance(n, int) or isinstance(n, bool) or n < 1:
            refuse(ProgramError(f"count_down {self.name}: n={n!r} is no number from 1 on."))
        await perform_on(self, CountDown(self.name, n))

    @operation
    async def wait(self) -> None:
        """Wait until the count is 0. One step."""
        await perform_on(self, AwaitLatch(self.name))


# --- barriers ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Meeting:
    """So many are at a barrier; `leaving`: all have come, and these have not gone on yet."""

    inside: int = 0
    leaving: bool = False

    def __repr__(self) -> str:
        return f"<{self.inside} {'leaving' if self.leaving else 'there'}>"


@dataclass(frozen=True, slots=True)
class Arrive(Act):
    """Gives how many have come before; the last one lets all go on, and does itself."""

    cell: str
    parties: int

    verb: ClassVar = "arrive at"
    blocks: ClassVar = True
    gives: ClassVar = "a value"

    def execute(self, before: object) -> Effect | None:
        assert isinstance(before, Meeting)
        if before.leaving:
            return None
        if before.inside + 1 < self.parties:
            return Effect(before.inside, Meeting(before.inside + 1))
        return Effect(before.inside, Meeting(before.inside, leaving=before.inside > 0))

    def obstacle(self, value: str) -> str:
        return f"waits for barrier {self.cell} to be left, which has {value}"


@dataclass(frozen=True, slots=True)
class GoOn(Act):
    """Blocks until all have come."""

    cell: str
    parties: int

    verb: ClassVar = "leave"
    blocks: ClassVar = True

    def execute(self, before: object) -> Effect | None:
        assert isinstance(before, Meeting)
        if not before.leaving:
            return None
        return Effect(None, Meeting(before.inside - 1, leaving=before.inside > 1))

    def obstacle(self, value: str) -> str:
        return f"waits at barrier {self.cell} for {self.parties} threads, which has {value}"


@dataclass(frozen=True, eq=False, slots=True)
class Barrier(Handle):
    """A barrier for `parties` threads, made by Memory.barrier(); it can be used again and again.

    In a predicate, `state[barrier].inside` is how many are there.

    Blocks   wait() does until all have come; and, where somebody comes for the next round, until
             those of this one have gone on.
    Errors   none.
    Differs  It has no timeout and cannot be aborted or reset, so it is never broken.
    """

    name: str
    parties: int

    def __repr__(self) -> str:
        return f"Barrier({self.name!r})"

    @property
    def initial(self) -> Meeting:
        """Nobody is there before the first step."""
        return Meeting()

    @operation
    async def wait(self) -> int:
        """Wait until all have come; return how many had come before this thread.

        One step for the last one, two for all others: to come, and to go on.
        """
        before: int = await perform_on(self, Arrive(self.name, self.parties))
        if before + 1 < self.parties:
            await perform_on(self, GoOn(self.name, self.parties))
        return before
