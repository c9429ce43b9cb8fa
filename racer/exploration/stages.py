"""The parts of a report, each within the time that is left of a timeout.

What a search has found is worth more than the last part of a second: what the verdict rests on
gets some time past the deadline, and where that is not enough the result says what is missing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from racer.lang.memory_use import OUT_OF_MEMORY
from racer.lang.patience import GRACE, patience
from racer.lang.run import OutOfTime
from racer.lang.whose import called_at

# What a needed part may take past the deadline: so many seconds, or this share of the timeout.
EXTRA_SECONDS: Final = 0.3
EXTRA_SHARE: Final = 0.05


def extra(timeout: float) -> float:
    """How many seconds past the deadline what is needed may take."""
    return max(EXTRA_SECONDS, EXTRA_SHARE * timeout)


class Stages:
    """Does the parts of a report. `cut` says which one that was needed was given up, and why."""

    def __init__(self, timeout: float | None, deadline: float | None, out_of_time: str) -> None:
        self._timeout = timeout
        self._deadline = deadline
        self.out_of_time = out_of_time
        self.cut: str | None = None

    def needed(self, what: Callable[[], str], work: Callable[[], None]) -> None:
        """Do a part that the verdict rests on, if need be past the deadline.

        It keeps what it has done as it goes on. `what` says what it was at when it was cut.
        """
        try:
            if self._deadline is None or self._timeout is None:
                work()
                return
            due = max(self._deadline, time.monotonic() + extra(self._timeout) - GRACE)
            with patience(self._timeout, due):
                work()
        except MemoryError:
            self.give_up(f"{OUT_OF_MEMORY}, {what()}")
        except OutOfTime as stop:
            before = f"{self.cut}, and" if self.cut else f"{within(self.out_of_time, stop)},"
            self.cut = f"{before} {what()}"

    def give_up(self, why: str) -> None:
        """A part was given up, for another reason than the time."""
        self.cut = f"{self.cut}, and {why}" if self.cut else why

    def if_time(self, work: Callable[[], None]) -> bool:
        """Do a part that can be left out, and say whether it was done."""
        if self._deadline is None or self._timeout is None:
            work()
            return True
        try:
            with patience(self._timeout, self._deadline):
                work()
            return True
        except OutOfTime:
            return False


def within(out_of_time: str, stop: OutOfTime) -> str:
    """That time was over, and in which function of the model, if it was in one."""
    at = called_at(stop)
    return f"{out_of_time}, in {at}" if at else out_of_time
