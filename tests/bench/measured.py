"""What one tool found on one size, and the time that each of its parts took."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

Size = tuple[int, int]  # readers, rounds


@dataclass(frozen=True, slots=True)
class Limits:
    """Where one search is cut: seconds of wall clock, and SPIN's also at its -DMEMLIM."""

    seconds: int
    megabytes: int


class Tool(Protocol):
    """One row of the table: measured anew each time, from the model to the answer."""

    @property
    def name(self) -> str: ...

    def measure(self, size: Size, limits: Limits) -> Measured: ...


@dataclass(frozen=True, slots=True)
class Measured:
    """One run, or the best of several.

    Shape    `misclassified`: the violation was found. `search` and `whole` name the parts of
             `seconds` whose sum is the search, and everything from the model to the answer.
    Units    `seconds`: wall clock, by part.
    Bound    `cut` says which limit stopped the run; then nothing but what was found is proved,
             and `states` and `transitions` are those until then.
    """

    states: int
    transitions: int
    misclassified: bool
    seconds: Mapping[str, float]
    search: tuple[str, ...]
    whole: tuple[str, ...]
    cut: str | None = None

    def spent(self, parts: tuple[str, ...]) -> float:
        return sum(self.seconds[part] for part in parts)

    def or_faster(self, other: Measured) -> Measured:
        """This run with the shorter time of each part; a run that was cut is no measure."""
        if other.cut is not None:
            return self
        seconds = {part: min(taken, other.seconds[part]) for part, taken in self.seconds.items()}
        return replace(self, seconds=seconds)


class Stopwatch:
    """Seconds by part; a part that is timed again keeps the shorter time."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def timing(self, part: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        taken = time.perf_counter() - start
        self.seconds[part] = min(taken, self.seconds.get(part, math.inf))
