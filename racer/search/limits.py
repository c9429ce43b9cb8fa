"""Limits: how far a search may go, in states, time and memory, and how it says that it stopped.

There is one Budget for all of them: what runs out is told in one phrase, which a report can put
after "nothing is proved:" or "not computed".
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from racer import interrupts
from racer.lang.asking import here
from racer.lang.memory_use import used_up

Phase = Literal["deciding", "counting", "minimising"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an exploration is: what it is at, states found so far, how many are to expand."""

    phase: Phase
    states: int
    frontier: int


Tell = Callable[[Progress], None]  # who is told of it

STATES_BETWEEN: Final = 2_000  # two calls of `Tell`: some hundredths of a second


class Unanswered(Exception):
    """A question that cannot be answered; the text is a phrase, why."""


class LimitHit(Unanswered):
    """A limit, as text, cut the search."""


class Budget:
    """So many states, until a time.monotonic() value; None: as many as there are, for ever.

    And no longer than while there is memory left (lang/memory_use.py), which it asks, too.
    `states_text` and `time_text` are the phrases for what ran out; the number of states is
    filled into the first.
    """

    def __init__(
        self,
        states: int | None = None,
        deadline: float | None = None,
        *,
        states_text: str = "more than {:,} states",
        time_text: str = "out of time",
    ) -> None:
        self.states = states
        self.deadline = deadline
        self._states_text = states_text
        self.time_text = time_text
        self._spent = 0

    def spend(self) -> None:
        """Take one state out of it. Errors: LimitHit."""
        self._spent += 1
        if self.states is not None and self._spent > self.states:
            raise LimitHit(self._states_text.format(self.states))
        self.check()

    def check_room(self, taken: int) -> None:
        """Whether one more state than `taken` may be taken in. Errors: LimitHit."""
        if self.states is not None and taken >= self.states:
            raise LimitHit(self._states_text.format(self.states))

    def check(self) -> None:
        """Whether there are time and memory left.

        Errors   LimitHit; KeyboardInterrupt where a model swallowed one.
        """
        interrupts.check()
        here.pulse.count += 1
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise LimitHit(self.time_text)
        used = used_up()
        if used is not None:
            raise LimitHit(used)

    def allows(self, taken: int) -> bool:
        """Whether one more state than `taken` may be taken in now."""
        try:
            self.check_room(taken)
            self.check()
        except LimitHit:
            return False
        return True


def deadline_after(seconds: float | None) -> float | None:
    """The time.monotonic() value so many seconds from now; None for no limit."""
    return None if seconds is None else time.monotonic() + seconds


def is_past(deadline: float | None) -> bool:
    """Whether that time.monotonic() value has passed; None never does."""
    return deadline is not None and time.monotonic() > deadline
