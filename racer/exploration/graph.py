"""The state graph: states that can be reached, breadth first, and the moves between them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from racer.errors import ModelError
from racer.exploration.components import terminal_components, topological_order
from racer.system import Broken, Move, State, System

Successors = Sequence[tuple[Move, State]]
Choose = Callable[[State, Successors], Successors]


@dataclass(slots=True)
class StateGraph:
    """States in the order in which they were found, and the moves explored from each.

    Shape    `states[i]` is a packed state, `edges[i]` its moves with the index they lead to,
             `parents[i]` the index it was first found from; state 0 is the initial one. The
             first `expanded` states have their edges; when a limit cut the search (`bound`
             says which), later ones have none yet.
             `reached` holds the names of the `sometimes` predicates that some state satisfies.
    """

    states: list[State] = field(default_factory=list)
    edges: list[list[tuple[Move, int]]] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    expanded: int = 0
    bound: str | None = None
    interrupted: bool = False
    reached: set[str] = field(default_factory=set)

    @property
    def complete(self) -> bool:
        return self.bound is None

    @property
    def transitions(self) -> int:
        return sum(len(moves) for moves in self.edges)

    def ends(self) -> Iterator[int]:
        """The indices of the states without a move, where every interleaving ends."""
        return (i for i in range(self.expanded) if not self.edges[i])

    def path_to(self, state: int) -> list[State]:
        """The states on a way from the initial one to the state of that index, both included."""
        path = []
        while state >= 0:
            path.append(self.states[state])
            state = self.parents[state]
        return path[::-1]


Phase = Literal["deciding", "counting", "minimising"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an exploration is: what it is at, states found so far, how many are to expand."""

    phase: Phase
    states: int
    frontier: int


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop although states are left: `deadline` is a time.monotonic() value.

    `progress` is told, now and then, how far the search is, which is for `phase`.
    """

    max_states: int | None = None
    timeout: float | None = None
    deadline: float | None = None
    no_room: str = "max_states={}"  # how the first of them is named when it is hit
    progress: Callable[[Progress], None] | None = None
    phase: Phase = "deciding"

    def check_room(self, states: int) -> None:
        """Before one more state than `states` is taken in. Errors: LimitHit."""
        if self.max_states is not None and states >= self.max_states:
            raise LimitHit(self.no_room.format(self.max_states))

    def check_time(self, expanded: int) -> None:
        """Before a state is expanded; the first always is, so that some error may show.

        Errors   LimitHit.
        """
        if self.deadline is not None and expanded and time.monotonic() > self.deadline:
            raise LimitHit(f"timeout of {self.timeout:g} s")


_STATES_BETWEEN: Final = 2_000  # two calls of `progress`: some hundredths of a second


class LimitHit(Exception):
    """A limit, as text, cut the search."""


class ModelFailed(Exception):
    """The model fails in, or with a move from, the last state of `path`."""

    def __init__(self, path: list[State], cause: Broken | ModelError) -> None:
        super().__init__(str(cause))
        self.path = path
        self.cause = cause


def search(
    system: System, sometimes: tuple[str, ...], limits: Limits, choose: Choose | None = None
) -> StateGraph:
    """Every state reachable from the initial one, or as many as the limits allow.

    With `choose`, only the moves it picks are explored, but no move is ignored for ever: of
    each set of states in which that search could stay for good, one is expanded in full
    (obligation I of explore/stubborn.py).

    Interrupting it (Ctrl-C) keeps what was found: the graph is then marked `interrupted`.

    Errors   ModelFailed with a way to where the model fails.
    """
    exploration = _Exploration(system, sometimes, limits, choose)
    try:
        exploration.run()
    except KeyboardInterrupt:
        exploration.stop_at_interrupt()
    return exploration.graph


class _Exploration:
    def __init__(
        self, system: System, sometimes: tuple[str, ...], limits: Limits, choose: Choose | None
    ) -> None:
        self.graph = StateGraph()
        self._system = system
        self._sometimes = sometimes
        self._limits = limits
        self._choose = choose
        self._index: dict[State, int] = {}
        self._full: set[int] = set()  # states of which every move is explored

    def run(self) -> None:
        """Search until nothing is left or a limit is hit."""
        try:
            self._search()
        except LimitHit as limit:
            self.graph.bound = str(limit)

    def _search(self) -> None:
        self._number(self._system.initial(), -1)
        self._expand_all()
        while self._choose is not None:
            ignoring = self._ignoring()
            if not ignoring:
                return
            for state in ignoring:
                self._expand(state, None)
            self._expand_all()

    def _ignoring(self) -> list[int]:
        """One state of each component that can be stayed in, none of whose is expanded in full."""
        if topological_order(self.graph.edges) is not None:
            return []
        terminal = terminal_components(self.graph.edges)
        return [members[0] for members in terminal if self._full.isdisjoint(members)]

    def _expand_all(self) -> None:
        """Expand what is not expanded yet."""
        graph, progress = self.graph, self._limits.progress
        while graph.expanded < len(graph.states):
            self._limits.check_time(graph.expanded)
            if progress is not None and graph.expanded % _STATES_BETWEEN == 0:
                found = len(graph.states)
                progress(Progress(self._limits.phase, found, found - graph.expanded))
            self._expand(graph.expanded, self._choose)
            graph.expanded += 1

    def _expand(self, state: int, choose: Choose | None) -> None:
        graph = self.graph
        packed = graph.states[state]
        try:
            found = self._system.successors(packed)
        except Broken as broken:
            raise ModelFailed(graph.path_to(state), broken) from None
        chosen = found if choose is None else choose(packed, found)
        if len(chosen) == len(found):
            self._full.add(state)
        graph.edges[state] = [(move, self._number(after, state)) for move, after in chosen]

    def _number(self, state: State, parent: int) -> int:
        known = self._index.get(state)
        if known is None:
            graph = self.graph
            self._limits.check_room(len(graph.states))
            known = self._index[state] = len(graph.states)
            graph.states.append(state)
            graph.edges.append([])
            graph.parents.append(parent)
            for name in self._sometimes:
                if name not in graph.reached and self._holds(name, known):
                    graph.reached.add(name)
        return known

    def _holds(self, name: str, state: int) -> bool:
        try:
            return self._system.reached(self.graph.states[state], name)
        except ModelError as error:
            raise ModelFailed(self.graph.path_to(state), error) from error

    def stop_at_interrupt(self) -> None:
        """Leave the graph as it was before the state that was being expanded."""
        graph = self.graph
        graph.bound, graph.interrupted = "interrupted", True
        for rest in range(graph.expanded, len(graph.edges)):
            graph.edges[rest] = []
        del graph.states[len(graph.parents) :]
        graph.edges[len(graph.states) :] = [[] for _ in range(len(graph.states) - len(graph.edges))]
