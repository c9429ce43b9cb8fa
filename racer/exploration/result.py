"""Results: a verdict with its denominator, and a witness for everything it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from racer.lang.outcomes import OutcomeKey, Violation
from racer.lang.schedule import Schedule
from racer.machine.loaded import Loaded
from racer.replaying.trace import Trace

Verdict = Literal["pass", "fail", "bound"]


@dataclass(frozen=True, slots=True)
class Witness:
    """A schedule that shows something, minimal in this order.

    Fewest preemptions (a switch away from a thread that could go on), then fewest steps, then
    lexicographic by thread and option (an outcome's: up to the order of copies). `minimal` is
    False when a limit cut the search, and then neither number is proved. `label` is the violation
    that it shows; None for that of an outcome.
    """

    schedule: Schedule
    preemptions: int
    minimal: bool
    label: str | None = None

    @property
    def steps(self) -> int:
        return len(self.schedule)

    @property
    def cost(self) -> tuple[int, int]:
        """What makes one witness better than another, before its moves are compared."""
        return (self.preemptions, self.steps)


def cheapest(one: Witness, other: Witness) -> Witness:
    """The better of two, the first of equals."""
    return min(one, other, key=lambda witness: witness.cost)


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
    loops          the threads, copies under one name and sorted, that can take steps for ever, so
                   that some run never ends; None where not all states were searched
    loaded         what was explored, for whoever asks more of it; None where nothing was
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
    loops: tuple[str, ...] | None = None
    loaded: Loaded | None = field(default=None, repr=False, compare=False)

    def effects(self, label: str) -> dict[str, int | None]:
        """What the violations with this label lead to, sorted, with their interleavings.

        "" stands for those that declare no effect; it has no entry where a label is of an
        invariant or a deadlock. None where interleavings are not counted.
        """
        found: dict[str, int | None] = {}
        for outcome, shown in self.outcomes.items():
            values = [value for _, value in outcome if isinstance(value, Violation)]
            for effect in {value.effect for value in values if value.label == label}:
                before, more = found.get(effect, 0), shown.interleavings
                found[effect] = None if before is None or more is None else before + more
        return dict(sorted(found.items()))


class Interrupted(KeyboardInterrupt):
    """The search was interrupted; `result` is what was found so far (verdict "bound")."""

    def __init__(self, result: Result) -> None:
        super().__init__("interrupted")
        self.result = result
