"""Which values reads may get, and the histories of threads over these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from racer.axiomatic.budget import Budget
from racer.axiomatic.events import History, Point, Value


class Values:
    """The values that reads may get, and the histories over these."""

    def __init__(
        self, begins: Sequence[Point], initial: Mapping[str, Value], budget: Budget
    ) -> None:
        self._begins = begins
        self._initial = initial
        self._budget = budget
        # Of each location the values, each with the threads that write it, as bits.
        self._written: dict[str, dict[Value, int]] = {}
        self._most = [0] * len(begins)  # writes of each thread on the way with the most
        self._known: dict[str, dict[Value, int]] = {}  # what of it reads get in this round

    def histories(self) -> list[list[History]]:
        """Of each thread.

        In each round reads get what was written before it, so a value that is computed along so
        many writes is there after as many rounds; and no execution has more than `_most`.
        """
        rounds = 0
        while True:
            self._known = {place: dict(values) for place, values in self._written.items()}
            found = [list(self._walk(begin, thread)) for thread, begin in enumerate(self._begins)]
            rounds += 1
            if self._known == self._written or rounds > sum(self._most):
                return found

    def _walk(self, point: Point, thread: int) -> Iterator[History]:
        self._budget.spend()
        self._note(point, thread)
        if point.history is not None:
            yield point.history
            return
        values = point.choices
        if point.asks is not None:
            values = self._answers(point, point.asks, thread)
        for value in values:
            after = point.answered(value)
            if after is not None:
                yield from self._walk(after, thread)

    def _note(self, point: Point, thread: int) -> None:
        writes = 0
        for event in point.events:
            if event.kind == "W":
                writes += 1
                threads = self._written.setdefault(event.place, {})
                threads[event.value] = threads.get(event.value, 0) | 1 << thread
        self._most[thread] = max(self._most[thread], writes)

    def _answers(self, point: Point, place: str, thread: int) -> tuple[Value, ...]:
        """What a read may get: what its thread wrote last there, or else what is there at the
        begin; and what others write."""
        own = self._initial[place]
        for event in reversed(point.events):
            if event.place == place and event.kind == "W":
                own = event.value
                break
        others = [
            value
            for value, threads in self._known.get(place, {}).items()
            if threads & ~(1 << thread) and value != own
        ]
        return (own, *others)
