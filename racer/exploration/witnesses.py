"""Witnesses: a minimal schedule for every label, and for outcomes as far as that is affordable."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from racer import interrupts
from racer.errors import InternalError
from racer.exploration.result import Witness
from racer.lang.outcomes import LIVELOCK, OutcomeKey
from racer.lang.values import value_key
from racer.machine.interface import System
from racer.machine.layout import State
from racer.machine.moves import Agents, Move, agent_of, named, renamed
from racer.search.compiled_preemptions import preemption_search
from racer.search.limits import Budget, Progress, Tell
from racer.search.livelocks import Endless, shortest_fair_cycle
from racer.search.preemptions import (
    NOBODY,
    CheapestPath,
    PreemptionSearch,
    Remembering,
    Shows,
)
from racer.search.shown import Examiner, Family, Goal, Label, Shown
from racer.search.state_graph import StateGraph
from racer.search.walk import along

# A label's witness is minimal whatever that takes; an outcome's if it is met within so many
# pairs (a fraction of a second), else it is one that the search for the verdict came across.
OUTCOME_PAIRS: Final = 5_000


@dataclass(frozen=True, slots=True)
class FoundSchedule:
    """A schedule over packed moves, with what is known of it.

    `before`: so many moves come before the violation; None: all, but for those of the cycle.
    """

    moves: tuple[Move, ...]
    preemptions: int
    minimal: bool
    before: int | None = None
    cycle: int = 0

    def witness(self, agents: Agents, label: str | None = None) -> Witness:
        schedule = named(self.moves, agents)
        before = len(schedule) - self.cycle if self.before is None else self.before
        return Witness(schedule, self.preemptions, self.minimal, label, self.cycle, before)


class Witnesses:
    """Finds schedules for the goals that a graph shows."""

    def __init__(
        self,
        system: System,
        canonical: Callable[[State], State],
        examiner: Examiner,
        graph: StateGraph,
        shown: Shown,
    ) -> None:
        self._system = system
        self._canonical = canonical
        self._examiner = examiner
        self._graph = graph
        self._shown = shown
        self.interrupted = False
        self._least: dict[Goal, CheapestPath] = {}
        self._to_family: dict[Family, FoundSchedule] = {}

    def minimise(self, deadline: float | None, tell: Tell | None = None) -> None:
        """Search for minimal schedules: to every label, and to outcomes while affordable.

        Ctrl-C or the deadline end it early, and leave what was found so far.
        """
        moves = Remembering(self._system)
        groups = self._examiner.groups
        try:
            with interrupts.allowed():
                if tell is not None:
                    tell(Progress("minimising", len(self._graph.states), 0))
                for goal in self._shown.first:
                    if isinstance(goal, Label):
                        shows, happened = self._shows(goal), self._happened(goal)
                        search = preemption_search(
                            self._system, shows, groups, happened, moves, label=goal
                        )
                        search.run([goal], Budget(None, deadline))
                        self._note_least(search, [goal])
                families = [goal for goal in self._shown.first if isinstance(goal, Family)]
                search = preemption_search(
                    self._system, self._examiner.families_if_end, groups, moves=moves
                )
                search.run(families, Budget(OUTCOME_PAIRS, deadline))
                self._note_least(search, families)
        except KeyboardInterrupt:
            interrupts.answered()
            self.interrupted = True

    def _shows(self, label: Label) -> Shows:
        """Where schedules to a label may stop: at ends that show it, or where it has happened."""
        happened = self._happened(label)

        def at_end(state: State, is_end: bool) -> Iterable[Hashable]:
            return (label,) if is_end and label.name in self._examiner.labels_at_end(state) else ()

        def anywhere(state: State, is_end: bool) -> Iterable[Hashable]:
            return (label,) if happened(state) else ()

        return at_end if label.at_end else anywhere

    def _happened(self, label: Label) -> Callable[[State], bool]:
        return lambda state: label.name in self._system.labels(state)

    def _note_least(self, search: PreemptionSearch, goals: Iterable[Goal]) -> None:
        for goal in goals:
            path = search.path_to(goal)
            if path is not None:
                self._least[goal] = path

    def forget_least(self) -> None:
        """The search for minimal schedules broke off in the middle of something."""
        self._least.clear()

    def of_label(self, goal: Label) -> FoundSchedule:
        return self._best(goal)

    def of_outcome(self, outcome: OutcomeKey) -> FoundSchedule:
        """A schedule to exactly this outcome: that to its family, with copies exchanged."""
        family = self._examiner.family(outcome)
        if family not in self._to_family:
            self._to_family[family] = self._best(family)
        return self._permuted(self._to_family[family], outcome)

    def of_livelock(
        self,
        found: Endless,
        cyclic: StateGraph,
        *,
        whole: bool,
        least: bool,
        deadline: float | None,
    ) -> FoundSchedule:
        """A schedule to a run that never ends, then the shortest fair cycle of that run.

        To one from which no end can be reached, if there are any. `least`: by the fewest
        preemptions, and if `cyclic` is `whole`, has all states, that is proved; else, or past the
        deadline, as come across.
        """
        chosen = sorted(found.certain) or range(len(found.livelocked))
        states = frozenset[State]().union(*(found.livelocked[each] for each in chosen))
        moves = self._least_to(states, deadline) if least else None
        minimal = whole and moves is not None
        if moves is None:
            first = next(i for i, state in enumerate(cyclic.states) if state in states)
            moves = concrete_moves(self._system, self._canonical, cyclic.path_to(first))
        start = state_after(self._system, moves)
        inside = next(each for each in found.livelocked if self._canonical(start) in each)
        cycle = shortest_fair_cycle(
            self._system, start, lambda state: self._canonical(state) in inside
        )
        preemptions = count_preemptions(self._system, moves)
        least = minimal or not preemptions
        return FoundSchedule((*moves, *cycle), preemptions, least, cycle=len(cycle))

    def _least_to(
        self, states: frozenset[State], deadline: float | None
    ) -> tuple[Move, ...] | None:
        """The least schedule to one of these canonical states."""

        def shows(state: State, is_end: bool) -> tuple[str, ...]:
            return () if is_end or self._canonical(state) not in states else (LIVELOCK,)

        search = PreemptionSearch(self._system, shows, self._examiner.groups)
        try:
            with interrupts.allowed():
                search.run([LIVELOCK], Budget(None, deadline))
        except KeyboardInterrupt:
            interrupts.answered()
            self.interrupted = True
        path = search.path_to(LIVELOCK)
        return None if path is None else path.moves

    def _best(self, goal: Goal) -> FoundSchedule:
        """The minimal schedule if the search met the goal, else the one that was come across."""
        path = self._least.get(goal)
        if path is None:
            return self._as_found(goal)
        return FoundSchedule(path.moves, path.preemptions, minimal=True, before=path.before)

    def _as_found(self, goal: Goal) -> FoundSchedule:
        """The schedule by which the search for the verdict first came to the goal."""
        path = self._graph.path_to(self._shown.first[goal])
        moves = concrete_moves(self._system, self._canonical, path)
        before = self._before(goal, moves) if isinstance(goal, Label) else None
        preemptions = count_preemptions(self._system, moves)
        return FoundSchedule(moves, preemptions, minimal=False, before=before)

    def _before(self, label: Label, moves: Sequence[Move]) -> int:
        """How many moves come before the violation."""
        happened = self._happened(label)
        states = along(self._system.initial(), moves, self._system.successors)
        return next((at for at, state in enumerate(states) if happened(state)), len(moves))

    def _permuted(self, found: FoundSchedule, outcome: OutcomeKey) -> FoundSchedule:
        """The same schedule with copies exchanged, so that it ends in `outcome`."""
        reached = self._system.outcome(state_after(self._system, found.moves))
        part = _permutation(reached, outcome, self._examiner.groups)
        moves = renamed(found.moves, self._system.agents, part)
        return FoundSchedule(moves, found.preemptions, found.minimal, found.before)


def _permutation(have: OutcomeKey, want: OutcomeKey, groups: Sequence[str]) -> dict[int, int]:
    """Which thread has to take the part of which, for `have` to become `want`."""
    free = set(range(len(want)))
    renamed = {}
    keys = [value_key(value) for _, value in want]
    for thread, (_, value) in enumerate(have):
        alike = (other for other in free if groups[other] == groups[thread])
        part = min(other for other in alike if keys[other] == value_key(value))
        renamed[thread] = part
        free.discard(part)
    return renamed


def concrete_moves(
    system: System, canonical: Callable[[State], State], path: Sequence[State]
) -> tuple[Move, ...]:
    """A schedule that visits the states of `path`, which are canonical ones, by least moves."""
    state = system.initial()
    moves = []
    for goal in path[1:]:
        for move, after in system.successors(state):
            if canonical(after) == goal:
                moves.append(move)
                state = after
                break
        else:
            raise InternalError("a path of the reduced graph is none of the system")
    return tuple(moves)


def state_after(system: System, moves: Sequence[Move]) -> State:
    """The state that a schedule leads to."""
    *_, state = along(system.initial(), moves, system.successors)
    return state


def count_preemptions(system: System, moves: Sequence[Move]) -> int:
    """How often the schedule leaves a thread that could go on, and is in no atomic region."""
    last, preemptions = NOBODY, 0
    states = along(system.initial(), moves, system.successors)
    for state, move in zip(states, moves, strict=False):  # nothing is asked of the last state
        agent = agent_of(move)
        if agent < len(system.names):  # no other agent preempts, or is preempted
            if last not in (NOBODY, agent):
                goes_on = any(agent_of(other) == last for other, _ in system.successors(state))
                preemptions += goes_on and not system.atomic(state, last)
            last = agent
    return preemptions
