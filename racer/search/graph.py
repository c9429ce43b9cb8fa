"""The search for the state graph, breadth first: compiled where that is possible, or in Python."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from racer import interrupts
from racer.errors import ModelError
from racer.lang.memory_use import OUT_OF_MEMORY
from racer.lang.patience import heed
from racer.lang.run import OutOfTime
from racer.lang.whose import called_at
from racer.machine.flat import TooLarge
from racer.machine.interface import Broken, Successors, System
from racer.machine.layout import State
from racer.search.compiled import compiled_exploration
from racer.search.components import components_with_cycles, terminal_components
from racer.search.edges import Edges
from racer.search.limits import STATES_BETWEEN, Budget, LimitHit, Phase, Progress, Tell
from racer.search.state_graph import ModelFailed, StateGraph
from racer.search.stubborn import StubbornSets

if TYPE_CHECKING:
    from racer.search.checkpoints import SavedSearch

Choose = Callable[[State, Successors], Successors]


def search(
    system: System,
    sometimes: tuple[str, ...],
    budget: Budget,
    choose: Choose | None = None,
    *,
    cycles: bool = False,
    phase: Phase = "deciding",
    tell: Tell | None = None,
    saved: SavedSearch | None = None,
) -> StateGraph:
    """Every state reachable from the initial one, or as many as the budget allows.

    With `choose`, only the moves it picks are explored, but no move is ignored for ever: of
    each set of states in which that search could stay for good, one is expanded in full
    (obligation I of search/stubborn.py); with `cycles`, one of each cycle is (obligation F).
    `tell` is told, now and then, how far the search is, which is for `phase`.

    Interrupting it (Ctrl-C) keeps what was found: the graph is then marked `interrupted`. With
    `saved` it goes on from there, and what it finds is saved, unless the compiled engine does it.

    Errors   ModelFailed with a way to where the model fails.
    """
    reduction = choose if isinstance(choose, StubbornSets) else None
    if choose is None or reduction is not None:
        compiled = compiled_exploration(
            system, sometimes, budget, reduction, cycles=cycles, phase=phase, tell=tell
        )
        if compiled is not None:
            with suppress(TooLarge):  # what can be said only now
                return _run(compiled, budget)
    exploration = _Exploration(system, sometimes, budget, choose, cycles, phase, tell)
    if saved is not None:
        exploration = _SavedExploration(
            saved, system, sometimes, budget, choose, cycles, phase, tell
        )
    return _run(exploration, budget)


class _Runs(Protocol):
    """A search, in Python or compiled."""

    graph: StateGraph

    def run(self) -> None:
        """Search until nothing is left or a limit is hit."""

    def forget_index(self) -> None:
        """Free what only a search that goes on needs."""

    def stop_at_interrupt(self, bound: str) -> None:
        """Leave the graph as it was before the state that was being expanded."""


def _run(exploration: _Runs, budget: Budget) -> StateGraph:
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
        self._states: list[State] = []
        self._parents: list[int] = []
        self.graph = StateGraph(self._states, parents=self._parents)
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
        self._begin()
        self._expand_all()
        while self._choose is not None:
            ignoring = self._ignoring()
            if not ignoring:
                return
            for state in ignoring:
                self._expand_again(state)
            self._expand_all()

    def _begin(self) -> None:
        self._number(self._system.initial(), -1)

    def _expand_again(self, state: int) -> None:
        self._expand(state, None)

    def _look_up(self) -> None:
        """All states that were found so far have their place, and the next is about to be
        expanded, if there is one."""

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
            self._look_up()
            self._expand(graph.expanded, self._choose)
            graph.expanded += 1
        self._look_up()

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
            self._states.append(state)
            graph.edges.add_state()
            self._parents.append(parent)
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
        del self._states[len(self._parents) :]
        while len(graph.edges) < len(graph.states):
            graph.edges.add_state()
        graph.edges.cut(len(graph.states), graph.expanded)


class _SavedExploration(_Exploration):
    """The same, of which another process may find what this one has found.

    What is saved ends where a state was about to be expanded, so that whoever goes on finds states
    in the order in which this one would have.
    """

    def __init__(self, saved: SavedSearch, *more: Any) -> None:
        super().__init__(*more)
        self._saved = saved
        self._whole = (0, 0, 0, 0)  # states, those expanded, their moves, states expanded again
        self._reached: list[str] = []
        # States that were expanded again, with where their moves lie, and lay before.
        self._again: list[tuple[int, int, int]] = []
        self._before: dict[int, tuple[int, int, bool]] = {}

    def run(self) -> None:
        """Search until nothing is left or a limit is hit; save what is whole by then."""
        try:
            super().run()
        finally:
            with interrupts.deferred():
                self._save()

    def _begin(self) -> None:
        made = self._saved.made()
        room = self._budget.states
        if made is None or (room is not None and made["states"] > room):
            self._saved.forget()
            super()._begin()
            return
        found, graph = self._saved.arrays(made), self.graph
        self._states += found["states"]
        self._parents += found["parents"]
        self._index.update({state: number for number, state in enumerate(self._states)})
        graph.expanded = made["expanded"]
        graph.reached.update(made["reached"])
        self._reached = made["reached"]
        edges = graph.edges
        none = array("q", [0]) * (len(self._states) - graph.expanded)
        edges.first, edges.last = found["first"] + none, found["last"] + none
        edges.moves, edges.goals = found["moves"], found["goals"]
        self._full.update(number for number, full in enumerate(found["full"]) if full)
        for state, first, last in made["again"]:
            self._note_again(state)
            edges.first[state], edges.last[state] = first, last
            self._full.add(state)
            self._again.append((state, first, last))
        self._system.number_again([tuple(map(tuple, each)) for each in made["numbered"]])
        self._whole = (len(self._states), graph.expanded, len(edges.goals), len(self._again))

    def _expand_again(self, state: int) -> None:
        self._note_again(state)
        super()._expand_again(state)
        edges = self.graph.edges
        self._again.append((state, edges.first[state], edges.last[state]))

    def _note_again(self, state: int) -> None:
        edges = self.graph.edges
        row = (edges.first[state], edges.last[state], state in self._full)
        self._before.setdefault(state, row)

    def _look_up(self) -> None:
        graph = self.graph
        places = (len(self._states), graph.expanded, len(graph.edges.goals), len(self._again))
        self._whole = places
        if len(self._reached) < len(graph.reached):
            self._reached = sorted(graph.reached)
        if graph.expanded % STATES_BETWEEN == 0 and self._saved.is_due():
            with interrupts.deferred():
                self._save()

    def _save(self) -> None:
        states, expanded, transitions, again = self._whole
        graph = _Arrays(self._states, self._parents, self.graph.edges)
        self._saved.save(
            graph,
            states,
            expanded,
            transitions,
            lambda state: self._first_row(state)[2],
            lambda state: self._first_row(state)[:2],
            {
                "again": self._again[:again],
                "reached": self._reached,
                "numbered": list(self._system.numbered()),
            },
        )

    def _first_row(self, state: int) -> tuple[int, int, bool]:
        """Where the moves lie that a state got first, and whether these were all."""
        known = self._before.get(state)
        if known is not None:
            return known
        edges = self.graph.edges
        return edges.first[state], edges.last[state], state in self._full


class _Arrays(NamedTuple):
    """What is saved of a search."""

    states: Sequence[State]
    parents: Sequence[int]
    edges: Edges

    @property
    def moves(self) -> array[int]:
        return self.edges.moves

    @property
    def goals(self) -> array[int]:
        return self.edges.goals
