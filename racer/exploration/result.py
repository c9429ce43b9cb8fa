"""Results: a verdict with its denominator, and a witness for everything it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from racer.errors import UsageError, suggestion
from racer.executions.record import Record
from racer.executions.told import ToldExecution
from racer.explanation.telling import effect_of
from racer.lang.outcomes import OutcomeKey, Violation
from racer.lang.schedule import Schedule
from racer.machine.loaded import Loaded
from racer.native.library import Engine
from racer.replaying.trace import Trace

Verdict = Literal["pass", "fail", "bound"]


@dataclass(frozen=True, slots=True)
class Witness:
    """A schedule that shows a violation or an outcome, the least one that does.

    Least is, in this order: fewest preemptions (a switch away from a thread that could go on);
    fewest threads with a step before the violation; fewest steps before it; fewest switches from
    one thread to another; fewest steps in all; then the order of thread names and options (copies
    of a thread are alike). An outcome, and what is seen only at an end, comes after all steps.

    schedule     the moves, in order: a whole interleaving, beyond the step that violates
    preemptions  how many the schedule has
    minimal      whether fewer preemptions are proved not to do; False when a limit cut the
                 search, or when it was told not to minimise
    label        the violation that it shows; None for the witness of an outcome
    cycle        of a livelock: so many moves at the end of the schedule, which are repeated for
                 ever. Preemptions are those before them. 0 for any other witness
    before       so many moves come before the violation, the one that violates included; of an
                 outcome all
    execution    in place of a schedule, under a memory model of executions: `schedule` is empty,
                 and what is said of one means nothing; None under any other
    record       the same as plain data for a file; None of the witness of an outcome
    """

    schedule: Schedule
    preemptions: int
    minimal: bool
    label: str | None = None
    cycle: int = 0
    before: int = 0
    execution: ToldExecution | None = None
    record: Record | None = None

    @property
    def steps(self) -> int:
        """How many moves the schedule has."""
        return len(self.schedule)

    @property
    def cost(self) -> tuple[int, int, int, int, int]:
        """What makes it least: the less, the better the witness.

        Preemptions; threads with a step before the violation, steps before it; switches, steps.
        """
        moving = [move.thread for move in self.schedule]
        switches = sum(one != other for one, other in pairwise(moving))
        threads = len(set(moving[: self.before]))
        return (self.preemptions, threads, self.before, switches, self.steps)


def cheapest(one: Witness, other: Witness) -> Witness:
    """The better of two, the first of equals."""
    return min(one, other, key=lambda witness: witness.cost)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one combination of the threads' values comes about.

    interleavings  how many end with it, exactly; None when not counted
    witness        the least schedule that ends with it
    """

    interleavings: int | None
    witness: Witness


@dataclass(frozen=True, slots=True)
class Finding:
    """What a Result has of one violation.

    interleavings  how many show it, exactly; None when not counted (a livelock has no end, so it
                   is no interleaving)
    witness        the least schedule that shows it
    trace          that schedule, run again on trio: its events, with values and source lines
    """

    interleavings: int | None
    witness: Witness
    trace: Trace

    @property
    def cpus(self) -> int:
        """How many CPUs the schedule takes until it violates: more than one where a thread that is
        in an atomic region is not the one that goes on."""
        return self.trace.cpus(self.witness.before)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far real coroutines, run side by side, were compared with the automata of a search.

    edges     edges of the threads' automata that were taken, of copies once, out of
    of_edges  those that the search used
    moves     moves of the state graph that were taken, out of
    of_moves  those that it has
    runs      interleavings along which the coroutines were run, and
    steps     their steps in all
    """

    edges: int
    of_edges: int
    moves: int
    of_moves: int
    runs: int
    steps: int


@dataclass(frozen=True, slots=True)
class Sampling:
    """What runs that were drawn by lot say of those that were not.

    method    "pct" or "pos"; `depth` and `seed` are the Sample's
    runs      how many there were; `distinct` of them are different schedules
    longest   how many steps the longest of them has
    ended     how many came to an end; the others were cut
    chance    how likely, at least, one run shows a violation of that depth; None where nothing is
              known of that, and `why_not` says why
    steps     what `chance` rests on: no run has more steps than so many
    unseen    how likely, at most, one more run comes to an outcome that none has come to, at a
              confidence of 95 %
    """

    method: str
    depth: int
    seed: int
    runs: int
    distinct: int
    longest: int
    ended: int
    chance: float | None
    why_not: str
    steps: int
    unseen: float


@dataclass(frozen=True, slots=True)
class ByExecutions:
    """What a memory model of executions says besides.

    count        how many executions it allows that end. Rounds of loops that only read, and lead
                 back to where they began, are left out of them. None where they are not counted:
                 there were many, and those that come to nothing new were not looked at
    by_outcome   how many of them, by outcome; None where they are not counted
    flags        what the model says besides of some execution, such as "data-race"
    prevented    labels that dependencies keep from showing: those that were read off the threads,
                 and that compiled code has to keep, too
    preventable  labels that would not show, were there every dependency that code could have

    of_interleavings  the `sometimes`, `consistency` and invariants: what is said of states was
                      asked of the sequentially consistent interleavings, which every model allows.
                      Of invariants that leaves open whether they hold at instants of others
    """

    count: int | None
    by_outcome: Mapping[OutcomeKey, int | None]
    flags: tuple[str, ...]
    prevented: tuple[str, ...]
    preventable: tuple[str, ...]
    of_interleavings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What explore() found.

    verdict        "pass": every state was searched, and nothing is wrong in any;
                   "fail": there is a violation, replayed, or a `sometimes` that no state reaches;
                   "bound": a limit cut the search before anything was found, so nothing is proved
    memory         the memory model
    interleavings  the exact number of maximal schedules; None when not counted
    uncounted      why they are not counted; None when they are
    states         states that can be reached; only those that were searched, if not all were.
                   Locals that no longer matter tell none apart, but where not all states were
                   searched and a cell counts up.
    transitions    moves between those states
    searched       states in the graph that decided the verdict: all, up to symmetry, if they
                   could be searched, else those that reductions leave
    canonical      states that can be reached, up to symmetry; None when not all were searched
    outcomes       an Outcome by the values that the threads come to: a tuple of (thread, value),
                   sorted by thread name. The value of a thread that a Violation ended is that,
                   of one that can never go on a Blocked, of a daemon that waits an Idle.
    violations     a Finding by label, in the order in which they are told: by label, and last
                   deadlocks, which are "deadlock", and runs that go on for ever however fair the
                   scheduler is, which are "livelock"
    vacuous        names of the `sometimes` predicates that no state reaches, and of the `finally_`
                   if no interleaving comes to an end
    bound          which limit cut the search, and where threads or cells have no end in sight, what
                   grew; None when none did. With a violation the verdict is "fail" all the same;
                   that there is no other one, and no cheaper schedule, is then not proved
    loops          names of the threads, copies under one name and sorted, that can take steps
                   for ever, so that some run never ends; None when not all states were searched
    unfair         names of those, copies under one name and sorted, that the scheduler has to keep
                   from running for ever: they could while another thread that can go on never
                   does, and that is held to be no violation; None when not all states were
                   searched, and some thread may
    coverage       how far real coroutines were compared with what was searched, see Coverage; None
                   where a limit cut the search
    sampling       what single runs say of the others, where these were drawn by lot and nothing was
                   searched: the verdict is then "bound", or "fail"; None after a search
    loaded         the program as it was explored, for explain() and save(); None where nothing was,
                   and under a memory model of executions, which are no schedules
    executions     what such a model says besides: then there are no interleavings and no states,
                   and witnesses have executions; None under any other, and where nothing is proved
    engine         what states were searched by: "compiled", or "python", which finds the same
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
    unfair: tuple[str, ...] | None = ()
    coverage: Coverage | None = None
    sampling: Sampling | None = None
    loaded: Loaded | None = field(default=None, repr=False, compare=False)
    executions: ByExecutions | None = None
    engine: Engine = field(default="python", compare=False)

    def effects(self, label: str) -> dict[str, int | None]:
        """The effects that violations with this label declare, with their interleavings, sorted.

        The effect "" stands for violations that declare none. The number is None where
        interleavings are not counted. A label of an invariant or a deadlock has no effects.
        """
        found: dict[str, int | None] = {}
        for outcome, shown in self.outcomes.items():
            values = [value for _, value in outcome if isinstance(value, Violation)]
            for effect in {value.effect for value in values if value.label == label}:
                before, more = found.get(effect, 0), shown.interleavings
                found[effect] = None if before is None or more is None else before + more
        return dict(sorted(found.items()))


def nothing_searched(memory: str, why: str) -> Result:
    """The Result of a search that was cut before it had a state."""
    return Result(
        "bound", memory, None, f"the search was cut ({why})", 0, 0, 0, None, {}, {}, bound=why
    )


class Interrupted(KeyboardInterrupt):
    """Ctrl-C while explore() was searching; `result` is what it had found, its bound too."""

    def __init__(self, result: Result) -> None:
        super().__init__("interrupted")
        self.result = result


def finding_of(result: Result, label: str) -> Finding:
    """What a result has of a label. Errors: UsageError when it has nothing."""
    if label not in result.violations:
        known = list(result.violations)
        raise UsageError(f"the result has no violation {label!r}{suggestion(label, known)}")
    return result.violations[label]


def scheduled_finding(result: Result, label: str) -> Finding:
    """The same of a violation that a schedule shows. Errors: UsageError, also for any other."""
    found = finding_of(result, label)
    if found.witness.execution is not None:
        raise UsageError(
            f"{label!r} under the memory model {result.memory!r} is shown by an execution, which "
            f"is no schedule that could be run again.\n"
            f"Try: result.violations[{label!r}].witness.execution, or memory='sc' or 'tso'."
        )
    return found


def with_effect_of(result: Result, label: str) -> int | None:
    """How many interleavings have the label with the effect that its witness shows.

    None where the label has no other effect, and where interleavings are not counted.
    """
    effects = result.effects(label)
    shown = effect_of(finding_of(result, label).trace, label)
    return effects.get(shown) if len(effects) > 1 else None
