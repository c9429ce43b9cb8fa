"""The same search as graph.py has, by the compiled engine: the same states, in the same order.

What the engine cannot take is left to Python, from the start. What it cannot do in one state (a
predicate fails there) Python does for it, which raises what is to be raised.
"""

from __future__ import annotations

from racer.errors import ModelError
from racer.lang.memory_use import OUT_OF_MEMORY
from racer.machine.flat import TooLarge
from racer.machine.interface import Broken, System
from racer.machine.layout import State
from racer.native.engine import Engine, Status
from racer.native.library import loaded
from racer.search import stubborn
from racer.search.components import components_with_cycles, terminal_components
from racer.search.flat_edges import FlatEdges
from racer.search.limits import STATES_BETWEEN, Budget, LimitHit, Phase, Progress, Tell
from racer.search.state_graph import ModelFailed, StateGraph
from racer.search.stubborn import StubbornSets
from racer.search.symmetry import Symmetric


class CompiledExploration:
    """As _Exploration in graph.py, which says what these are."""

    def __init__(
        self,
        engine: Engine,
        system: System,
        sometimes: tuple[str, ...],
        budget: Budget,
        *,
        reduced: bool,
        cycles: bool,
        phase: Phase,
        tell: Tell | None,
    ) -> None:
        self.graph = StateGraph()
        self._engine = engine
        self._system = system
        self._sometimes = sometimes
        self._budget = budget
        self._reduced = reduced
        self._cycles = cycles
        self._phase = phase
        self._tell = tell

    def run(self) -> None:
        """Search until nothing is left or a limit is hit."""
        try:
            self._search()
        except LimitHit as limit:
            self.graph.bound = str(limit)
        self._read()

    def _search(self) -> None:
        self._expand_all()
        while self._reduced:
            ignoring = self._ignoring()
            if not ignoring:
                return
            for state in ignoring:
                self._expand_in_full(state)
            self._expand_all()

    def _ignoring(self) -> list[int]:
        """As in graph.py, of a graph that is not whole yet."""
        edges = FlatEdges(self._engine)
        if edges.order() is not None:
            return []
        full = self._engine.full()
        if self._cycles:
            everything = frozenset(state for state, is_full in enumerate(full) if is_full)
            return [states[0] for states in components_with_cycles(edges, everything)]
        terminal = terminal_components(edges)
        return [members[0] for members in terminal if not any(full[each] for each in members)]

    def _expand_all(self) -> None:
        engine = self._engine
        until = max(1, engine.expanded)  # the first state always, so that some error may show
        while True:
            if self._tell is not None and engine.expanded % STATES_BETWEEN == 0:
                found = engine.count
                self._tell(Progress(self._phase, found, found - engine.expanded))
            status = engine.run(until, self._budget.states)
            if status is Status.DONE:
                return
            if status is Status.FULL:
                self._budget.check_room(engine.count)
                raise LimitHit(f"more than {engine.count:,} states, which have no more numbers")
            if status is Status.NO_MEMORY:
                raise MemoryError(OUT_OF_MEMORY)
            if status is Status.BAD_GOAL:
                self._ask_for_goals(engine.examined)
            if engine.expanded:
                self._budget.check()
            if status is Status.HANDED:
                self._expand_in_full(engine.expanded)
            until = (engine.expanded // STATES_BETWEEN + 1) * STATES_BETWEEN

    def _expand_in_full(self, state: int) -> None:
        packed = self._engine.state(state)
        try:
            found = self._system.successors(packed)
        except Broken as broken:
            raise ModelFailed(self._path_to(state), broken) from None
        if self._engine.given(state, found, self._budget.states) is Status.FULL:
            self._budget.check_room(self._engine.count)

    def _ask_for_goals(self, state: int) -> None:
        """One of the predicates fails there. Errors: ModelFailed."""
        packed = self._engine.state(state)
        for name, reached in zip(self._sometimes, self._engine.reached(), strict=True):
            try:
                if not reached:
                    self._system.reached(packed, name)
            except ModelError as error:
                raise ModelFailed(self._path_to(state), error) from error
        raise TooLarge  # it does not fail again, so it is not for the engine to say

    def _path_to(self, state: int) -> list[State]:
        graph = StateGraph(parents=self._engine.parents())
        return [self._engine.state(each) for each in graph.way_to(state)]

    def _read(self) -> None:
        """Make the graph of what the engine has."""
        graph, engine = self.graph, self._engine
        engine.finish()
        engine.rows()
        graph.states = engine.states()
        graph.parents = engine.parents()
        graph.expanded = engine.expanded
        graph.edges = FlatEdges(engine)
        reached = zip(self._sometimes, engine.reached(), strict=True)
        graph.reached = {name for name, is_reached in reached if is_reached}

    def forget_index(self) -> None:
        """Free what only a search that goes on needs."""
        self._engine.finish()

    def stop_at_interrupt(self, bound: str) -> None:
        """Make a graph of what there is."""
        self.graph.bound = bound
        self._read()


def compiled_exploration(
    system: System,
    sometimes: tuple[str, ...],
    budget: Budget,
    reduction: StubbornSets | None,
    *,
    cycles: bool,
    phase: Phase,
    tell: Tell | None,
) -> CompiledExploration | None:
    """The search by the compiled engine; None where there is none, or it cannot do it."""
    if loaded().library is None:
        return None
    tables = system.flat(sometimes)
    futures = None if reduction is None else reduction.futures()
    if tables is None or (reduction is not None and futures is None):
        return None
    copies = system.copies if isinstance(system, Symmetric) else ()
    try:
        engine = Engine(tables, [group.threads for group in copies], system.initial())
        if futures is not None:
            engine.reduce(futures, lambda own, other: stubborn.may_conflict(own, other))
    except TooLarge:
        return None
    return CompiledExploration(
        engine,
        system,
        sometimes,
        budget,
        reduced=reduction is not None,
        cycles=cycles,
        phase=phase,
        tell=tell,
    )


def is_compiled(system: System) -> bool:
    """Whether states of a system are searched by the compiled engine, as far as is known."""
    return loaded().library is not None and system.flat(()) is not None
