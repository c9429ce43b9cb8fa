"""What claims look at: one exploration as far as it concerns them, and a point of an ask's grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from racer.claims.data import Parameters
from racer.errors import UsageError
from racer.exploration.result import Coverage


@dataclass(frozen=True, slots=True)
class CaseLabel:
    """A label that a case shows. `interleavings` None: not counted."""

    interleavings: int | None
    effects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """What one exploration showed, as far as claims look at it; values are text.

    `returned` has, by thread, everything it came to. `bound` says which limit cut the search;
    `loops` which threads may run for ever. `coverage` is how far it was compared with coroutines.
    `executions`: how many there are, under a memory model that has no interleavings.
    """

    labels: Mapping[str, CaseLabel]
    returned: Mapping[str, frozenset[str]]
    interleavings: int | None
    states: int
    vacuous: tuple[str, ...]
    bound: str | None
    loops: tuple[str, ...] | None
    coverage: Coverage | None
    executions: int | None = None

    @property
    def is_compared(self) -> bool:
        """Whether real coroutines took every edge that was searched; where a limit cut the search,
        that is said instead, and executions are checked by themselves."""
        if self.bound is not None or self.executions is not None:
            return True
        return self.coverage is not None and self.coverage.edges == self.coverage.of_edges

    def values(self, thread: str) -> frozenset[str]:
        """What the thread comes to, in any interleaving, as text."""
        if thread not in self.returned:
            known = ", ".join(sorted(self.returned)) or "none came to an end"
            raise UsageError(f"a claim asks about thread {thread!r}; the threads are: {known}.")
        return self.returned[thread]


@dataclass(frozen=True, slots=True)
class Unasked:
    """Why the memory model cannot be asked about a case."""

    text: str


@dataclass(frozen=True, slots=True)
class Point:
    """One point of an ask's grid. `holds` None: nothing is known, or it cannot happen.

    `refused` is the reason why this combination of parameters cannot happen; `unasked`, why the
    memory model cannot be asked about it.
    """

    parameters: Parameters
    cases: tuple[Case, ...]
    holds: bool | None
    refused: str | None
    unasked: str | None = None

    @property
    def cut(self) -> bool:
        """Whether a limit is why nothing is known."""
        return self.holds is None and any(case.bound for case in self.cases)
