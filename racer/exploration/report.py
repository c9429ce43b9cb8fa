"""The Result of a search: verdict, counts, outcomes, and violations replayed on trio."""

from __future__ import annotations

from dataclasses import dataclass

from racer.errors import InternalError
from racer.exploration.confirming import confirmed_label, model_error
from racer.exploration.result import Coverage, Finding, Interrupted, Outcome, Result, Verdict
from racer.exploration.witnesses import FoundSchedule, Witnesses
from racer.lang.outcomes import LIVELOCK, OutcomeKey
from racer.lang.values import describe
from racer.machine.interface import System
from racer.machine.layout import State
from racer.machine.loaded import Loaded
from racer.machine.moves import thread_of
from racer.search.components import looping_moves
from racer.search.counting import schedules_to
from racer.search.graph import ModelFailed, StateGraph
from racer.search.limits import Tell
from racer.search.livelocks import Endless, endless
from racer.search.shown import Examiner, Family, Goal, Label, Shown
from racer.search.symmetry import Symmetric, outcome_orbit


@dataclass(frozen=True, slots=True)
class Searched:
    """What was searched. `graph` decided the verdict on all that can be shown before an end.

    `full` has every state, up to symmetry if `reduced`: it is `graph` itself if nothing was
    reduced, and None if nothing is to be counted. `cyclic` decides on runs without an end; it is
    one of these two where that will do. `coverage` is how far real coroutines were compared with
    them, which Ctrl-C may have ended.
    """

    loaded: Loaded
    system: System
    quotient: Symmetric
    graph: StateGraph
    full: StateGraph | None
    cyclic: StateGraph
    memory: str
    reduced: bool
    coverage: Coverage | None = None
    comparing_interrupted: bool = False

    @property
    def bound(self) -> str | None:
        """Which limit cut the search for the verdict."""
        return self.graph.bound or self.cyclic.bound

    @property
    def decides_on_cycles(self) -> StateGraph:
        """`cyclic`, or if that was cut, what the search for the verdict has."""
        return self.cyclic if self.cyclic.complete else self.graph

    @property
    def has_all_states(self) -> bool:
        """Whether that is every state, up to symmetry, and not a reduced graph."""
        graph = self.decides_on_cycles
        return graph.complete and (graph is self.full or not self.reduced)

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
    tell: Tell | None = None,
) -> Result:
    """The Result, with every violation replayed on trio.

    Errors   ReplayDiverged; ModelError for a `finally_` that fails; Interrupted, with the Result,
             if some search was.
    """
    graph, full, system = searched.graph, searched.full, searched.system
    examiner = Examiner(system, system.groups if searched.reduced else system.names)
    try:
        shown = examiner.shown(graph)
    except ModelFailed as failed:
        raise model_error(failed, system, searched.canonical) from failed
    loops = _loops(searched)
    counts, uncounted = _count(searched, examiner, loops)
    if counts is not None:
        _cross_check(shown, counts)
    schedules = Witnesses(system, searched.canonical, examiner, graph, shown)
    interrupted = searched.comparing_interrupted or any(
        each.interrupted for each in (graph, full, searched.cyclic) if each is not None
    )
    if graph.complete and not interrupted and minimise:
        schedules.minimise(deadline, tell)
    violations = _violations(searched, schedules, shown, counts)
    unending = _endless(searched)
    if unending.livelocked and LIVELOCK not in violations:  # a thread may have raised that label
        found = schedules.of_livelock(
            unending,
            searched.decides_on_cycles,
            whole=searched.has_all_states,
            least=minimise and searched.bound is None and not interrupted,
            deadline=deadline,
        )
        violations[LIVELOCK] = _livelock(searched, found)
    vacuous = _vacuous(searched)
    every = full if full is not None and full.complete else None
    states, transitions = _size(searched, every)
    result = Result(
        verdict=_verdict(searched, violations, vacuous),
        memory=searched.memory,
        interleavings=None if counts is None else counts.interleavings,
        uncounted=uncounted,
        states=states,
        transitions=transitions,
        searched=len(graph.states),
        canonical=None if every is None else len(every.states),
        outcomes=_outcomes(searched, examiner, schedules, shown, counts),
        violations=dict(sorted(violations.items())),
        vacuous=vacuous,
        bound=searched.bound,
        loops=loops,
        unfair=_unfair(searched, unending),
        coverage=searched.coverage,
        loaded=searched.loaded,
    )
    if interrupted or schedules.interrupted:
        raise Interrupted(result)
    return result


def _verdict(
    searched: Searched, violations: dict[str, Finding], vacuous: tuple[str, ...]
) -> Verdict:
    """A violation that was replayed is a fact, whatever limit cut the rest."""
    if violations:
        return "fail"
    if searched.bound is not None:
        return "bound"
    return "fail" if vacuous else "pass"


def _vacuous(searched: Searched) -> tuple[str, ...]:
    """What the model must reach and does not, or must hold at an end that no interleaving has."""
    program, graph = searched.loaded.program, searched.graph
    if not graph.complete:
        return ()
    missing = set(program.sometimes) - graph.reached
    if not any(searched.system.ended(graph.states[end]) for end in graph.ends()):
        missing |= set(program.finally_)
    return tuple(sorted(missing))


def _loops(searched: Searched) -> tuple[str, ...] | None:
    """The groups of the threads with a step on some cycle; None where not all was searched."""
    full = searched.full
    if full is None or not full.complete:
        return None
    if full.order() is not None:
        return ()
    system = searched.system
    moving = {thread_of(move, system.agents) for move in looping_moves(full.edges)}
    return tuple(sorted({system.groups[thread] for thread in moving}))


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
    agents = searched.system.agents
    found: dict[OutcomeKey, Outcome] = {}
    for family, member in shown.members.items():
        members = outcome_orbit(member, examiner.groups)
        count = None if counts is None else counts.of_outcome(family, len(members))
        for outcome in members:
            found[outcome] = Outcome(count, schedules.of_outcome(outcome).witness(agents))
    return dict(sorted(found.items(), key=lambda item: describe(tuple(item[0]))))


def _violations(
    searched: Searched, schedules: Witnesses, shown: Shown, counts: _Counts | None
) -> dict[str, Finding]:
    found = {}
    for goal in (goal for goal in shown.first if isinstance(goal, Label)):
        schedule = schedules.of_label(goal)
        trace = confirmed_label(
            searched.loaded.program, searched.system, searched.memory, schedule.moves, goal.name
        )
        count = None if counts is None else counts.by_goal[goal]
        witness = schedule.witness(searched.system.agents, goal.name)
        found[goal.name] = Finding(count, witness, trace)
    return found


def _endless(searched: Searched) -> Endless:
    """What the search found of runs that never end. A fair cycle is one whatever was cut."""
    return endless(searched.decides_on_cycles, searched.quotient, reduced=searched.reduced)


def _unfair(searched: Searched, found: Endless) -> tuple[str, ...] | None:
    """Who can go on for ever if another one is passed over; no one where there is no cycle."""
    graph = searched.decides_on_cycles
    known = searched.has_all_states or (graph.complete and graph.order() is not None)
    return found.unfair if known else None


def _livelock(searched: Searched, found: FoundSchedule) -> Finding:
    trace = confirmed_label(
        searched.loaded.program,
        searched.system,
        searched.memory,
        found.moves,
        LIVELOCK,
        found.cycle,
    )
    return Finding(None, found.witness(searched.system.agents, LIVELOCK), trace)
