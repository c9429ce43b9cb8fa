"""The state graph: states that can be reached, breadth first, and the moves between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from racer import interrupts
from racer.errors import ModelError
from racer.lang.memory_use import OUT_OF_MEMORY
from racer.lang.patience import heed
from racer.lang.run import OutOfTime
from racer.lang.whose import called_at
from racer.machine.interface import Broken, Successors, System
from racer.machine.layout import State
from racer.search.components import (
    components_with_cycles,
    terminal_components,
    topological_order,
)
from racer.search.edges import Edges
from racer.search.limits import (
    STATES_BETWEEN,
    Budget,
    LimitHit,
    Phase,
    Progress,
    Tell,
)

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
    edges: Edges = field(default_factory=Edges)
    parents: list[int] = field(default_factory=list)
    expanded: int = 0
    bound: str | None = None
    interrupted: bool = False
    reached: set[str] = field(default_factory=set)
    _order: tuple[int, list[int] | None] | None = None  # how many states it is of, and the order

    def order(self) -> list[int] | None:
        """The states, each before those it leads to; None where there is a cycle."""
        known = self._order
        if known is None or known[0] != self.edges.transitions:
            known = self._order = (self.edges.transitions, topological_order(self.edges))
        return known[1]

    @property
    def complete(self) -> bool:
        return self.bound is None

    @property
    def transitions(self) -> int:
        return self.edges.transitions

    def ends(self) -> Iterator[int]:
        """The indices of the states without a move, where every interleaving ends."""
        return (i for i in range(self.expanded) if not self.edges.count(i))

    def path_to(self, state: int) -> list[State]:
        """The states on a way from the initial one to the state of that index, both included."""
        return [self.states[each] for each in self.way_to(state)]

    def way_to(self, state: int) -> list[int]:
        """The same by their indices."""
        way = []
        while state >= 0:
            way.append(state)
            state = self.parents[state]
        return way[::-1]


class ModelFailed(Exception):
    """The model fails in, or with a move from, the last state of `path`."""

    def __init__(self, path: list[State], cause: Broken | ModelError) -> None:
        super().__init__(str(cause))
        self.path = path
        self.cause = cause


def search(
    system: System,
    sometimes: tuple[str, ...],
    budget: Budget,
    choose: Choose | None = None,
    *,
    cycles: bool = False,
    phase: Phase = "deciding",
    tell: Tell | None = None,
) -> StateGraph:
    """Every state reachable from the initial one, or as many as the budget allows.

    With `choose`, only the moves it picks are explored, but no move is ignored for ever: of
    each set of states in which that search could stay for good, one is expanded in full
    (obligation I of search/stubborn.py); with `cycles`, one of each cycle is (obligation F).
    `tell` is told, now and then, how far the search is, which is for `phase`.

    Interrupting it (Ctrl-C) keeps what was found: the graph is then marked `interrupted`.

    Errors   ModelFailed with a way to where the model fails.
    """
    exploration = _Exploration(system, sometimes, budget, choose, cycles, phase, tell)
    try:
        with interrupts.allowed():
            exploration.run()
    except KeyboardInterrupt:
        interrupts.answered()
        exploration.stop_at_interrupt("interrupted")
        exploration.graph.interrupted = True
    except OutOfTime as stop:  # a predicate, or a function of the model, does not return
        heed()
        at = called_at(stop)
        exploration.stop_at_interrupt(f"{budget.time_text}, in {at}" if at else budget.time_text)
    except MemoryError:
        exploration.forget_index()  # a third of what a search takes: what is left has to be told
        exploration.stop_at_interrupt(OUT_OF_MEMORY)
    return exploration.graph


class _Exploration:
    def __init__(
        self,
        system: System,
        sometimes: tuple[str, ...],
        budget: Budget,
        choose: Choose | None,
        cycles: bool,
        phase: Phase,
        tell: Tell | None,
    ) -> None:
        self.graph = StateGraph()
        self._system = system
        self._sometimes = sometimes
        self._budget = budget
        self._choose = choose
        self._cycles = cycles
        self._phase = phase
        self._tell = tell
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
        if self.graph.order() is not None:
            return []
        if self._cycles:
            return [states[0] for states in components_with_cycles(self.graph.edges, self._full)]
        terminal = terminal_components(self.graph.edges)
        return [members[0] for members in terminal if self._full.isdisjoint(members)]

    def _expand_all(self) -> None:
        """Expand what is not expanded yet; the first state always, so that some error may show."""
        graph = self.graph
        while graph.expanded < len(graph.states):
            if graph.expanded:
                self._budget.check()
            if self._tell is not None and graph.expanded % STATES_BETWEEN == 0:
                found = len(graph.states)
                self._tell(Progress(self._phase, found, found - graph.expanded))
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
        graph.edges.put(state, [(move, self._number(after, state)) for move, after in chosen])

    def _number(self, state: State, parent: int) -> int:
        known = self._index.get(state)
        if known is None:
            graph = self.graph
            self._budget.check_room(len(graph.states))
            known = self._index[state] = len(graph.states)
            graph.states.append(state)
            graph.edges.add_state()
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

    def forget_index(self) -> None:
        """Free what only a search that goes on needs."""
        self._index.clear()

    def stop_at_interrupt(self, bound: str) -> None:
        """Leave the graph as it was before the state that was being expanded."""
        graph = self.graph
        graph.bound = bound
        del graph.states[len(graph.parents) :]
        while len(graph.edges) < len(graph.states):
            graph.edges.add_state()
        graph.edges.cut(len(graph.states), graph.expanded)
