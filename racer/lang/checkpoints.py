"""Where a task of an event loop yields to it, and is cancelled: operations of its own.

A task that has taken a step holds the loop. It does until it is about to do what yields, or has
ended; where it has to wait, others go on, and then it is as if it had yielded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from racer.lang.effects import Effect
from racer.lang.operations import CellOperation, Choose, Facts, Operation, Show
from racer.lang.pending import AboutTo, Pending
from racer.lang.values import describe

CANCELLED: Final = "cancelled"  # an option, and what a task comes to that is ended by it
_GOES_ON: Final = "goes on"
_WAITS: Final = "waits"


class Cancelled(BaseException):
    """Raised where a task awaits, as asyncio.CancelledError and trio.Cancelled are.

    No `except Exception` catches it, and `finally` blocks run. A thread that it ends has the
    outcome "cancelled".
    """


def keeps_the_loop(pending: Pending) -> bool:
    """Whether a task that has come to this with its last step goes on before all others, unless it
    has to wait."""
    return isinstance(pending, AboutTo) and not pending.operation.facts.yields


@dataclass(frozen=True, slots=True)
class Checkpoint(Operation):
    """Lets other tasks go first. `options`: then the task goes on, or is cancelled."""

    options: tuple[object, ...] = (None,)

    verb: ClassVar = "checkpoint"

    @property
    def facts(self) -> Facts:
        if len(self.options) == 1:
            return Facts(options=self.options, yields=True)
        return Facts(gives="a value", options=self.options, yields=True)


@dataclass(frozen=True, slots=True)
class WouldWait(CellOperation):
    """Gives whether an operation has to wait now."""

    cell: str
    inner: CellOperation

    verb: ClassVar = "has to wait"

    @property
    def facts(self) -> Facts:
        return Facts(self.cell, gives="a value", functions=self.inner.facts.functions)

    def parts(self) -> tuple[object, ...]:
        return (self.cell, self.inner.verb, *self.inner.parts())

    def execute(self, before: object) -> Effect:
        try:
            waits = self.inner.execute(before) is None
        except Exception:  # it goes on, into the exception
            waits = False
        return Effect(waits, before)

    def text(self, show: Show = describe) -> str:
        return f"whether {self.inner.text(show)} has to wait"

    def access_text(self) -> str:
        return f"whether {self.inner.access_text()} has to wait"


def may_be_cancelled() -> Operation:
    """To yield, and go on or be cancelled."""
    return Checkpoint((_GOES_ON, CANCELLED))


def lets_others_go() -> Operation:
    """To yield, and go on."""
    return Checkpoint()


def would_wait(operation: CellOperation) -> CellOperation:
    """To look whether that operation has to wait now."""
    return WouldWait(operation.cell, operation)


def waits_or_is_cancelled() -> Operation:
    """Whether a task that has to wait does so for as long as it has to."""
    return Choose((_WAITS, CANCELLED))
