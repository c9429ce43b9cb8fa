"""The Result of a search: verdict, counts, outcomes, and violations replayed on trio."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from racer.errors import InternalError, ModelError, ReplayDiverged
from racer.events import OutcomeKey, Trace
from racer.exploration.components import looping_moves
from racer.exploration.counting import schedules_to
from racer.exploration.graph import ModelFailed, Progress, StateGraph
from racer.exploration.shown import Examiner, Family, Goal, Label, Shown
from racer.exploration.symmetry import Symmetric, outcome_orbit
from racer.exploration.witnesses import (
    FoundSchedule,
    Witnesses,
    concrete_moves,
    named_schedule,
    state_after,
)
from racer.operations import describe_operation
from racer.program import Program
from racer.replaying import replay
from racer.result import Finding, Interrupted, Outcome, Result, Verdict
from racer.system import CHOICES, Broken, Move, State, System
from racer.values import describe, value_key


@dataclass(frozen=True, slots=True)
class Searched:
    """What was searched. `graph` decided the verdict.

    `full` has every state, up to symmetry if `reduced`: it is `graph` itself if nothing was
    reduced, and None if nothing is to be counted.
    """

    program: Program
    system: System
    quotient: Symmetric
    graph: StateGraph
    full: StateGraph | None
    memory: str
    reduced: bool

    def canonical(self, state: State) -> State:
        """The state of `graph` that stands for `state`."""
        return self.quotient.canonical(state) if self.reduced else state


@dataclass(frozen=True, slots=True)
class _Counts:
    """Interleavings, exactly: in all, and by goal."""

    interleavings: int
    by_goal: dict[Goal, int]

    def of_outcome(self, family: Family, members: int) -> int:
        """Copies are interchangeable, so each member of a family has the same number."""
        count, rest = divmod(self.by_goal[family], members)
        if rest:
            raise InternalError("interleavings are not evenly spread over copies")
        return count


def report(
    searched: Searched,
    deadline: float | None,
    minimise: bool,
    progress: Callable[[Progress], None] | None = None,
) -> Result:
    """The Result, with every violation replayed on trio.

    Errors   ReplayDiverged; Interrupted, with the Result, if some search was.
    """
    graph, full, system = searched.graph, searched.full, searched.system
    examiner = Examiner(system, system.groups if searched.reduced else system.names)
    shown = examiner.shown(graph)
    loops = _loops(searched)
    counts, uncounted = _count(searched, examiner, loops)
    if counts is not None:
        _cross_check(shown, counts)
    schedules = Witnesses(system, searched.canonical, examiner, graph, shown)
    interrupted = graph.interrupted or (full is not None and full.interrupted)
    if graph.complete and not interrupted and minimise:
        schedules.minimise(deadline, progress)
    violations = _violations(searched, schedules, shown, counts)
    vacuous = tuple(sorted(set(searched.program.sometimes) - graph.reached))
    every = full if full is not None and full.complete else None
    states, transitions = _size(searched, every)
    result = Result(
        verdict=_verdict(graph, violations, vacuous),
        memory=searched.memory,
        interleavings=None if counts is None else counts.interleavings,
        uncounted=uncounted,
        states=states,
        transitions=transitions,
        searched=len(graph.states),
        canonical=None if every is None else len(every.states),
        outcomes=_outcomes(searched, examiner, schedules, shown, counts),
        violations=violations,
        vacuous=vacuous if graph.complete else (),
        bound=graph.bound,
        loops=loops,
    )
    if interrupted or schedules.interrupted:
        raise Interrupted(result)
    return result


def _verdict(
    graph: StateGraph, violations: dict[str, Finding], vacuous: tuple[str, ...]
) -> Verdict:
    if not graph.complete:
        return "bound"
    return "fail" if violations or vacuous else "pass"


def _loops(searched: Searched) -> tuple[str, ...] | None:
    """The groups of the threads with a step on some cycle; None where not all was searched."""
    full = searched.full
    if full is None or not full.complete:
        return None
    groups = searched.system.groups
    return tuple(sorted({groups[move // CHOICES] for move in looping_moves(full.edges)}))


def _count(
    searched: Searched, examiner: Examiner, loops: tuple[str, ...] | None
) -> tuple[_Counts | None, str | None]:
    """The counts, or why there are none."""
    graph, full = searched.graph, searched.full
    if not graph.complete:
        return None, f"the search was cut ({graph.bound})"
    if full is None:
        return None, "not asked for"
    if not full.complete:
        return None, f"left out ({full.bound})"
    schedules = schedules_to(full)
    if schedules is None:
        return None, f"unbounded (loop in {', '.join(loops or ())})"
    in_all = sum(schedules[end] for end in full.ends())
    return _Counts(in_all, examiner.totals(full, schedules)), None


def _cross_check(shown: Shown, counts: _Counts) -> None:
    """The reduced search and the full one must have seen the same."""
    if set(shown.first) != set(counts.by_goal):
        raise InternalError(
            f"the reduced search shows {sorted(map(str, shown.first))}, "
            f"the full one {sorted(map(str, counts.by_goal))}"
        )


def _size(searched: Searched, every: StateGraph | None) -> tuple[int, int]:
    """States and transitions: all that can be reached if they were searched, else those seen."""
    if every is None or not searched.reduced:
        return len(searched.graph.states), searched.graph.transitions
    orbits = [searched.quotient.orbit(state) for state in every.states]
    moves = sum(size * len(out) for size, out in zip(orbits, every.edges, strict=True))
    return sum(orbits), moves


def _outcomes(
    searched: Searched,
    examiner: Examiner,
    schedules: Witnesses,
    shown: Shown,
    counts: _Counts | None,
) -> dict[OutcomeKey, Outcome]:
    names = searched.system.names
    found: dict[OutcomeKey, Outcome] = {}
    for family, member in shown.members.items():
        members = outcome_orbit(member, examiner.groups)
        count = None if counts is None else counts.of_outcome(family, len(members))
        for outcome in members:
            one = Outcome(count, schedules.of_outcome(outcome).witness(names))
            # 1 and True are different values, but equal as keys: one entry stands for both.
            found[outcome] = _merged(found[outcome], one) if outcome in found else one
    return dict(sorted(found.items(), key=lambda item: describe(item[0])))


def _merged(one: Outcome, other: Outcome) -> Outcome:
    count = None
    if one.interleavings is not None and other.interleavings is not None:
        count = one.interleavings + other.interleavings
    return Outcome(count, min(one.witness, other.witness, key=lambda w: (w.preemptions, w.steps)))


def _violations(
    searched: Searched, schedules: Witnesses, shown: Shown, counts: _Counts | None
) -> dict[str, Finding]:
    found = {}
    labels = [goal for goal in shown.first if isinstance(goal, Label)]
    for goal in sorted(labels, key=lambda label: label.name):
        schedule = schedules.of_label(goal)
        trace = _confirmed(searched, goal.name, schedule)
        count = None if counts is None else counts.by_goal[goal]
        witness = schedule.witness(searched.system.names)
        found[goal.name] = Finding(count, witness, trace)
    return found


def _confirmed(searched: Searched, label: str, found: FoundSchedule) -> Trace:
    """Replay a violation on trio and compare it with the automata, step by step."""
    trace = confirmed_replay(searched.program, searched.system, found.moves)
    if label not in trace.labels:
        shown = ", ".join(trace.labels) or "no violation"
        last = trace.events[-1].thread if trace.events else "-"
        raise _impure(len(trace.events), last, f"violation {label!r}", shown)
    return trace


def confirmed_replay(program: Program, system: System, moves: Sequence[Move]) -> Trace:
    """Replay a schedule on trio: each step, and the end, must be as the automata have it.

    Errors   ReplayDiverged where a step is not, InternalError where the end is not.
    """
    trace = replay(program, named_schedule(moves, system.names))
    state = system.initial()
    for move, event in zip(moves, trace.events, strict=True):
        operation, result = system.event(state, move)
        expected = f"{describe_operation(operation)} -> {describe(result)}"
        met = f"{describe_operation(event.operation)} -> {describe(event.result)}"
        if expected != met:
            raise _impure(event.index + 1, event.thread, expected, met)
        state = dict(system.successors(state))[move]
    if trace.maximal and value_key(trace.outcome) != value_key(system.outcome(state)):
        ends = describe(trace.outcome), describe(system.outcome(state))
        raise InternalError(f"replay ends in {ends[0]}, the automata in {ends[1]}")
    return trace


def _impure(step: int, thread: str, expected: str, found: str) -> ReplayDiverged:
    return ReplayDiverged(
        step=step,
        thread=thread,
        expected=expected,
        found=found,
        hint="The automata and the real coroutines disagree, so nothing is reported.\n"
        "Usual cause: threads share something that is not a cell (a closure, a global, an\n"
        "object in their arguments), or use a clock or random numbers. Make it a cell.\n"
        "If they do not, this is a bug in racer: please report it.",
    )


def _in_turns(schedule: Sequence[str]) -> str:
    """`alloc, split x3, alloc x2`: who takes how many steps, in turn."""
    turns = [(name, len(list(steps))) for name, steps in itertools.groupby(schedule)]
    each = [name if steps == 1 else f"{name} x{steps}" for name, steps in turns]
    return ", ".join(each) or "(the initial state)"


def model_error(
    failed: ModelFailed, system: System, canonical: Callable[[State], State]
) -> ModelError:
    """The error for a model that fails, with a schedule that leads there."""
    moves = concrete_moves(system, canonical, failed.path)
    cause = failed.cause
    last = ""
    if isinstance(cause, Broken):  # found on a canonical state: which move is it really?
        state = state_after(system, moves)
        try:
            system.successors(state)
        except Broken as broken:
            cause = broken
            if broken.move is not None:
                moves = (*moves, broken.move)
                last = f"\nlast step: {describe_operation(system.event(state, broken.move)[0])}"
    schedule = tuple(system.names[move // CHOICES] for move in moves)
    where = _in_turns(schedule) + last
    if isinstance(cause, ModelError) or cause.thread is None:
        return ModelError(f"{cause}\nschedule: {where}", schedule=schedule)
    name = system.names[cause.thread]
    step = schedule.count(name)
    return ModelError(
        f"thread {name!r} fails after its step {step}: {cause.text}\n"
        f"schedule: {where}\n"
        f"The model is broken there, not the code under test: mend the thread, or raise "
        f"Violation(label) if this is what the model is to find.",
        thread=name,
        step=step,
        schedule=schedule,
    )
