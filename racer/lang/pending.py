"""What a suspended thread is about to do, or has come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from racer.lang.operations import Operation


class Watched(Protocol):
    """A watch, as far as anyone needs it who does not make one: `racer.lang.watches.Watch`."""

    @property
    def name(self) -> str: ...

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells that the predicate may read."""

    def holds(self, values: Mapping[str, object]) -> bool:
        """Its truth in one state."""


@dataclass(frozen=True, slots=True)
class CloseWindow:
    """Asks, without a step, what the window in `slot` has seen."""

    slot: int


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """A window that opens at the state just before the step it is attached to."""

    slot: int
    watch: Watched


@dataclass(frozen=True, slots=True)
class AboutTo:
    """The thread is about to do `operation`; `opens` open just before it.

    `atomic`: its last step and this one are of one atomic region, or a lock's that is one.
    """

    operation: Operation
    opens: tuple[OpenWindow, ...] = ()
    atomic: bool = False


@dataclass(frozen=True, slots=True)
class Closing:
    """The thread is about to learn what a window saw; not a step."""

    slot: int


@dataclass(frozen=True, slots=True)
class Returned:
    value: object


@dataclass(frozen=True, slots=True)
class Violated:
    label: str
    effect: str = ""


@dataclass(frozen=True, slots=True)
class Raised:
    """The model is broken here: any exception but a Violation or a failed assert.

    `stalled`: it ran out of patience.
    """

    text: str
    stalled: bool = False


Ended = Returned | Violated | Raised
Pending = AboutTo | Closing | Ended


def is_atomic(pending: Pending) -> bool:
    """Whether a thread that is about to do this is in an atomic region."""
    return isinstance(pending, AboutTo) and pending.atomic
