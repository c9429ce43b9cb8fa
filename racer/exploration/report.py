"""The Result of a search: verdict, counts, outcomes, and violations replayed on trio."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace

from racer import interrupts
from racer.errors import InternalError
from racer.exploration.confirming import confirmed_label, model_error
from racer.exploration.result import Coverage, Finding, Interrupted, Outcome, Result, Verdict
from racer.exploration.stages import Stages
from racer.exploration.witnesses import FoundSchedule, Witnesses
from racer.lang.memory_use import OUT_OF_MEMORY
from racer.lang.outcomes import LIVELOCK, OutcomeKey, labels_in_order
from racer.lang.program import Program
from racer.lang.values import describe
from racer.lang.watches import UNKNOWN
from racer.lang.watches import State as WatchedState
from racer.machine.interface import System
from racer.machine.layout import State
from racer.machine.loaded import Loaded
from racer.machine.models import replayed
from racer.machine.moves import thread_of
from racer.search.components import looping_moves
from racer.search.counting import schedules_to
from racer.search.limits import Tell
from racer.search.livelocks import NONE, Endless, endless
from racer.search.orbits import orbits_of
from racer.search.shown import Examiner, Family, Goal, Label, Shown
from racer.search.state_graph import ModelFailed, StateGraph
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
    decided_by: int | None = None  # so many states of a reduced graph, as no more were allowed
    cut: str | None = None  # why it is not known whether there are cycles
    growth: str | None = None  # where automata are open and a limit cut the search, what grew

    @property
    def bound(self) -> str | None:
        """Which limit cut the search for the verdict, and what grew until it did."""
        limit = self.graph.bound or self.cyclic.bound or self.cut
        return limit if self.growth is None else f"{limit}; {self.growth}"

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
    stages: Stages,
    deadline: float | None,
    minimise: bool,
    tell: Tell | None = None,
) -> Result:
    """The Result, with every violation replayed on trio.

    What `stages` had no time for is left out, and is its bound where the verdict rests on it.

    Errors   ReplayDiverged; ModelError for a `finally_` that fails; Interrupted, with the Result,
             if some search was.
    """
    graphs = (searched.graph, searched.full, searched.cyclic)
    interrupted = searched.comparing_interrupted or any(
        each.interrupted for each in graphs if each is not None
    )
    least = minimise and not interrupted
    telling = _Telling(searched, stages)
    telling.look_at_ends()
    telling.count()
    if searched.graph.complete and least:
        telling.minimise(deadline, tell)
    telling.replay()
    telling.look_for_livelocks(least and searched.bound is None, deadline)
    telling.note_shows()
    result = telling.result()
    if interrupted or telling.schedules.interrupted or interrupts.asked():
        interrupts.answered()
        raise Interrupted(result)
    return result


class _Telling:
    """What is told of a search, as far as it has come: each step rests on those before it."""

    def __init__(self, searched: Searched, stages: Stages) -> None:
        system = searched.system
        self._searched = searched
        self._stages = stages
        self._examiner = Examiner(system, system.groups if searched.reduced else system.names)
        self._shown = Shown()
        self.schedules = Witnesses(
            system, searched.canonical, self._examiner, searched.graph, self._shown
        )
        self._loops: tuple[str, ...] | None = None
        self._counts: _Counts | None = None
        self._uncounted: str | None = None
        self._violations: dict[str, Finding] = {}
        self._unending = NONE
        self._vacuous: tuple[str, ...] = ()
        self._outcomes: dict[OutcomeKey, Outcome] = {}

    def look_at_ends(self) -> None:
        graph = self._searched.graph
        self._stages.needed(lambda: "while ends were looked at", lambda: self._note_shown(graph))

    def _note_shown(self, graph: StateGraph) -> None:
        try:
            self._examiner.note(graph, self._shown)
        except ModelFailed as failed:
            error = model_error(failed, self._searched.system, self._searched.canonical)
            if self._examiner.hangs is None or not self._shown.labels():
                raise error from failed
            self._stages.give_up(str(failed.cause).splitlines()[0])  # there is more to be told
        self._vacuous = _vacuous(self._searched)

    def count(self) -> None:
        """The numbers of interleavings, and which threads loop; they may be left out."""
        if self._stages.cut is not None:
            self._uncounted = f"the search was cut ({self._stages.cut})"
            return
        self._uncounted = f"left out ({self._stages.out_of_time})"
        self._stages.if_time(self._count)
        if self._counts is not None:
            require_the_same(set(self._shown.first), set(self._counts.by_goal))

    def _count(self) -> None:
        self._loops = _loops(self._searched)
        self._counts, self._uncounted = _count(self._searched, self._examiner, self._loops)

    def minimise(self, deadline: float | None, tell: Tell | None) -> None:
        """Look for the least schedules; those that were come across do as well."""
        try:
            done = self._stages.if_time(lambda: self.schedules.minimise(deadline, tell))
        except MemoryError:
            done = False
        if not done:
            self.schedules.forget_least()

    def replay(self) -> None:
        """Run a schedule of each label again: nothing else is told as a violation."""
        labels = [goal for goal in self._shown.first if isinstance(goal, Label)]

        def work() -> None:
            for goal in labels:
                self._violations[goal.name] = self._violation(goal)

        def missing() -> str:
            left = next(goal.name for goal in labels if goal.name not in self._violations)
            return f"before {left!r} was replayed"

        self._stages.needed(missing, work)

    def _violation(self, goal: Label) -> Finding:
        """Replayed without what does not bear on it, which could keep it from being told."""
        searched = self._searched
        schedule = self.schedules.of_label(goal)
        trace = confirmed_label(
            self._program_for(goal.name, shows=False),
            searched.system,
            searched.memory,
            schedule.moves,
            goal.name,
        )
        count = None if self._counts is None else self._counts.by_goal[goal]
        return Finding(count, schedule.witness(searched.system.agents, goal.name), trace)

    def _program_for(self, label: str, *, shows: bool) -> Program:
        """The program, without what must hold at an end where that hangs, but for the label."""
        program = self._searched.loaded.program
        if self._examiner.hangs is not None:
            final = {name: each for name, each in program.finally_.items() if name == label}
            program = replace(program, finally_=final)
        unknown = dict.fromkeys(program.shows, _says_unknown)
        return program if shows else replace(program, shows=unknown)

    def note_shows(self) -> None:
        """What `shows` say of the schedules: for the reader alone, so it comes last."""
        if self._searched.loaded.program.shows:
            self._stages.if_time(self._note_shows)

    def _note_shows(self) -> None:
        for label, finding in self._violations.items():
            program, witness = self._program_for(label, shows=True), finding.witness
            memory = self._searched.memory
            trace = replayed(program, witness.schedule, memory, cycle=witness.cycle)
            self._violations[label] = replace(finding, trace=trace)
            if UNKNOWN in trace.initial_shown.values() or any(
                UNKNOWN in event.shown.values() for event in trace.events
            ):
                return  # of the others it is not known, either: each would be waited for

    def look_for_livelocks(self, least: bool, deadline: float | None) -> None:
        """Judge the runs that never end."""

        def work() -> None:
            self._unending = _endless(self._searched)
            if self._unending.livelocked and LIVELOCK not in self._violations:
                # Else a thread has raised a violation of that label.
                found = self.schedules.of_livelock(
                    self._unending,
                    self._searched.decides_on_cycles,
                    whole=self._searched.has_all_states,
                    least=least,
                    deadline=deadline,
                )
                program = self._program_for(LIVELOCK, shows=False)
                self._violations[LIVELOCK] = _livelock(self._searched, program, found)

        self._stages.needed(lambda: "while runs without an end were judged", work)

    def result(self) -> Result:
        """All of it."""
        searched = self._searched
        full = searched.full
        every = full if full is not None and full.complete else None
        size = _size(searched, None)

        def measure() -> None:
            nonlocal size
            size = _size(searched, every)

        if not self._stages.if_time(measure):
            every = None
        self._stages.needed(
            lambda: "before each outcome had a schedule",
            lambda: _note_outcomes(
                self._outcomes, searched, self._examiner, self.schedules, self._shown, self._counts
            ),
        )
        bound = searched.bound or self._stages.cut
        return Result(
            verdict=_verdict(bound, self._violations, self._vacuous),
            memory=searched.memory,
            interleavings=None if self._counts is None else self._counts.interleavings,
            uncounted=self._uncounted,
            states=size[0],
            transitions=size[1],
            searched=searched.decided_by or len(searched.graph.states),
            canonical=None if every is None else len(every.states),
            outcomes=dict(
                sorted(self._outcomes.items(), key=lambda item: describe(tuple(item[0])))
            ),
            violations={
                label: self._violations[label] for label in labels_in_order(self._violations)
            },
            vacuous=self._vacuous,
            bound=bound,
            loops=self._loops,
            unfair=_unfair(searched, self._unending),
            coverage=searched.coverage,
            loaded=searched.loaded,
            engine=searched.graph.engine,
        )


def _verdict(
    bound: str | None, violations: dict[str, Finding], vacuous: tuple[str, ...]
) -> Verdict:
    """A violation that was replayed is a fact, whatever limit cut the rest."""
    if violations:
        return "fail"
    if bound is not None:
        return "bound"
    return "fail" if vacuous else "pass"


def _vacuous(searched: Searched) -> tuple[str, ...]:
    """What the model must reach and does not, or must hold at an end that no interleaving has."""
    program, graph = searched.loaded.program, searched.graph
    if not graph.complete:
        return ()
    missing = set(program.sometimes) - graph.reached
    if not any(searched.system.ended(graph.states[end]) for end in graph.ends()):
        missing |= program.finally_.keys() - program.memory.finally_()  # nobody asked for those
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
    try:
        schedules = schedules_to(full)
    except MemoryError as error:
        return None, f"left out ({str(error) or OUT_OF_MEMORY})"
    if schedules is None:
        return None, f"unbounded (loop in {', '.join(loops or ())})"
    in_all = sum(schedules[end] for end in full.ends())
    return _Counts(in_all, examiner.totals(full, schedules)), None


def require_the_same(reduced: Set[Goal], every: Set[Goal]) -> None:
    """The reduced search and that of all states must have seen the same. Errors: InternalError."""
    if reduced != every:
        raise InternalError(
            f"the reduced search shows {sorted(map(str, reduced))}, "
            f"that of all states {sorted(map(str, every))}"
        )


def _size(searched: Searched, every: StateGraph | None) -> tuple[int, int]:
    """States and transitions: all that can be reached if they were searched, else those seen."""
    if every is None or not searched.reduced:
        return len(searched.graph.states), searched.graph.transitions
    return orbits_of(every, searched.quotient)


def _note_outcomes(
    found: dict[OutcomeKey, Outcome],
    searched: Searched,
    examiner: Examiner,
    schedules: Witnesses,
    shown: Shown,
    counts: _Counts | None,
) -> None:
    agents = searched.system.agents
    for family, member in shown.members.items():
        members = outcome_orbit(member, examiner.groups)
        count = None if counts is None else counts.of_outcome(family, len(members))
        for outcome in members:
            found[outcome] = Outcome(count, schedules.of_outcome(outcome).witness(agents))


def _says_unknown(state: WatchedState) -> str:
    return UNKNOWN


def _endless(searched: Searched) -> Endless:
    """What the search found of runs that never end. A fair cycle is one whatever was cut."""
    return endless(searched.decides_on_cycles, searched.quotient, reduced=searched.reduced)


def _unfair(searched: Searched, found: Endless) -> tuple[str, ...] | None:
    """Who can go on for ever if another one is passed over; no one where there is no cycle."""
    graph = searched.decides_on_cycles
    known = searched.has_all_states or (graph.complete and graph.order() is not None)
    return found.unfair if known else None


def _livelock(searched: Searched, program: Program, found: FoundSchedule) -> Finding:
    trace = confirmed_label(
        program,
        searched.system,
        searched.memory,
        found.moves,
        LIVELOCK,
        found.cycle,
    )
    return Finding(None, found.witness(searched.system.agents, LIVELOCK), trace)
