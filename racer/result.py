"""Results: a verdict with its denominator, and a witness for everything it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from racer.events import OutcomeKey, Schedule, Trace

Verdict = Literal["pass", "fail", "bound"]
DEADLOCK = "deadlock"


@dataclass(frozen=True, slots=True)
class Witness:
    """A schedule that shows something, minimal in this order.

    Fewest preemptions (a switch away from a thread that could go on), then fewest steps, then
    lexicographic by thread and option (an outcome's: up to the order of copies). `minimal` is
    False when a limit cut the search, and then neither number is proved.
    """

    schedule: Schedule
    preemptions: int
    minimal: bool

    @property
    def steps(self) -> int:
        return len(self.schedule)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one combination of returned values comes about. `interleavings` None: not counted."""

    interleavings: int | None
    witness: Witness


@dataclass(frozen=True, slots=True)
class Finding:
    """A violation: how many interleavings show it, the minimal one, and its replay on trio."""

    interleavings: int | None
    witness: Witness
    trace: Trace


@dataclass(frozen=True, slots=True)
class Result:
    """What explore() found.

    verdict        "fail": a violation, or a `sometimes` that no state reaches (`vacuous`);
                   "bound": a limit cut the search (`bound` says which), so nothing is proved,
                   though what was found stands; "pass": every state was searched.
    interleavings  exact number of maximal schedules; None when not counted (`uncounted` says why)
    states         reachable states over minimal automata, and transitions, the moves between
    transitions    them; only those that were searched if there is no need to count
    searched       states in the graph that decided the verdict, after reductions
    canonical      reachable states up to symmetry; None when not all were searched
    outcomes       by the threads' values, sorted by thread name; a thread that a Violation ended
                   or that is Blocked in a deadlock has that as its value
    violations     by label, sorted
    """

    verdict: Verdict
    memory: str
    interleavings: int | None
    uncounted: str | None
    states: int
    transitions: int
    searched: int
    canonical: int | None
    outcomes: Mapping[OutcomeKey, Outcome]
    violations: Mapping[str, Finding]
    vacuous: tuple[str, ...] = ()
    bound: str | None = None


class Interrupted(KeyboardInterrupt):
    """The search was interrupted; `result` is what was found so far (verdict "bound")."""

    def __init__(self, result: Result) -> None:
        super().__init__("interrupted")
        self.result = result
