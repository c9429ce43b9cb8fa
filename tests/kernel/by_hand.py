"""A schedule that a test writes down, run by the oracle: no engine of racer's has a part in it."""

from __future__ import annotations

from collections.abc import Callable

from racer import Program
from racer.lang.outcomes import OutcomeValue
from racer.lang.pending import AboutTo
from tests.oracles.naive import Execution


class ByHand:
    """A schedule written down: so many steps of a thread, or steps until something is so."""

    def __init__(self, program: Program) -> None:
        self.execution = Execution(program)
        self.names = [instance.name for instance in self.execution.instances]

    def steps(self, thread: str, count: int) -> None:
        for _ in range(count):
            self.execution.take((self.names.index(thread), 0))

    def until(self, thread: str, reached: Callable[[dict[str, object]], bool]) -> None:
        while not reached(self.execution.values):
            self.steps(thread, 1)

    def until_about_to(self, thread: str, what: str) -> None:
        """Until the thread's next step is one that reports would begin so."""
        while not self._next(thread).startswith(what):
            self.steps(thread, 1)

    def _next(self, thread: str) -> str:
        pending = self.execution.runs[self.names.index(thread)].pending
        assert isinstance(pending, AboutTo), f"{thread} has ended"
        return pending.operation.text()

    def is_blocked(self, thread: str) -> bool:
        return not self.execution.enabled(self.names.index(thread))

    def has_ended(self, thread: str) -> bool:
        return not isinstance(self.execution.runs[self.names.index(thread)].pending, AboutTo)

    def to_its_end(self, thread: str) -> None:
        while not self.is_blocked(thread):
            self.steps(thread, 1)

    def outcome(self, thread: str = "classify") -> OutcomeValue:
        outcome, _, _ = self.execution.finish()
        self.execution.close()
        return dict(outcome)[thread]
