"""Sequential consistency: one memory, every store visible to all at once.

Source   Lamport, "How to make a multiprocessor computer that correctly executes multiprocess
         programs", IEEE Trans. Computers C-28(9), 1979.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Final

from racer.automata.lifting import Lifted
from racer.errors import ModelError
from racer.lang.operations import Operation
from racer.lang.pending import Raised
from racer.machine.carrying import Translation
from racer.machine.dependence import ThreadFootprints, footprints, places_of
from racer.machine.flat import FlatTables
from racer.machine.interface import Broken, Future, Successors, System
from racer.machine.layout import Layout, State
from racer.machine.monitors import Monitors
from racer.machine.moves import Move, agent_of, threads
from racer.machine.reader import Reader, Telling
from racer.machine.tables import STRIDE, Special, ThreadTable

# A state's moves are asked for by one search after the other: for the verdict, for the count, for
# witnesses, by explanations. Those of so many states are kept: some ten megabytes.
REMEMBERED: Final = 50_000


class SequentialConsistency(Telling):
    """The System of a lifted program under sequential consistency: its agents are its threads."""

    def __init__(self, lifted: Lifted, own: Mapping[str, int] | None = None) -> None:
        self.names = tuple(instance.name for instance in lifted.instances)
        self.groups = tuple(instance.group for instance in lifted.instances)
        self.agents = threads(self.names)
        self._lifted = lifted
        self._layout = Layout(lifted, own)
        self.locals = self._layout.locals
        self._monitors = Monitors(lifted, self._layout)
        self._reader = Reader(lifted, self._layout)
        self._futures = _futures(footprints(lifted, places_of(lifted)))
        self._known: dict[State, Successors] = {}
        self._tables = tuple(
            ThreadTable(lifted, self._layout, self._monitors, thread)
            for thread in range(len(self.names))
        )

    def initial(self) -> State:
        state = 0
        for field, automaton in zip(self._layout.nodes, self._lifted.automata, strict=True):
            state += field.delta(0, automaton.start)
        return self._monitors.start(state)

    def successors(self, state: State) -> Successors:
        known = self._known.get(state)
        if known is not None:
            return known
        found = self._expanded(state)
        if len(self._known) < REMEMBERED:
            self._known[state] = found
        return found

    def take_over(self, grown: System, nodes: Sequence[Mapping[int, int]]) -> None:
        assert isinstance(grown, SequentialConsistency)
        if len(set(self.groups)) < len(self.groups):
            return  # the state that stands for its permutations may be another one here
        self._monitors.take_over(grown._monitors)
        carried = Translation(grown._layout, self._layout, nodes)
        for state, found in grown._known.items():
            here = carried(state)
            if here not in self._known:
                self._known[here] = carried.successors(found)

    def _expanded(self, state: State) -> Successors:
        return self._moves_of(self._tables, state)

    def _moves_of(self, tables: Iterable[ThreadTable], state: State) -> Successors:
        """Every move that threads can make, each by its table."""
        found = []
        for table in tables:
            node = (state >> table.nodes.shift) & table.nodes.mask
            try:
                field = table.fields[node]
            except KeyError:
                field = table.fill_field(node)
            if field is None:  # it has ended
                continue
            value = (state >> field.shift) & field.mask
            try:
                edges = table.edges[node * STRIDE + value]
            except KeyError:
                edges = table.fill_edges(node, value)
            for move, delta, special in edges:
                after = state + delta
                if special is not None:
                    taken = self._take(state, after, move, special)
                    if taken is None:
                        continue
                    after = taken
                found.append((move, after))
        return found

    def flat(self, sometimes: Sequence[str]) -> FlatTables | None:
        truths = [self._reader.of_sometimes(name) for name in sometimes]
        return FlatTables(self._lifted, self._layout, self._monitors, self._tables, truths)

    def event(self, state: State, move: Move) -> tuple[Operation, object]:
        return self._tables[agent_of(move)].event(state, move)

    def edge(self, before: State, move: Move, after: State) -> Hashable | None:
        thread = agent_of(move)
        return self._tables[thread].edge(self.groups[thread], before, move, after)

    def dependent(self, state: State, a: Move, b: Move) -> bool:
        known = self.futures(state)
        if known is None:  # open automata: nothing is known of the windows that may close
            return True
        return known[agent_of(a)].next.conflicts(known[agent_of(b)].next)

    def control(self, state: State) -> int:
        return state & self._layout.node_mask

    def futures(self, state: State) -> tuple[Future, ...] | None:
        known = self._futures
        if known is None:
            return None
        nodes = zip(known, self._layout.nodes, strict=True)
        return tuple([futures[(state >> field.shift) & field.mask] for futures, field in nodes])

    def futures_by_node(self) -> tuple[Sequence[Future], ...] | None:
        return self._futures

    def _take(self, before: State, after: State, move: Move, special: Special) -> State | None:
        """Bring the monitors up to date; the thread may end on what a window has seen. None: it
        waits for a watch that is false."""
        thread = special.step.thread
        try:
            if special.waits is not None and not self._monitors.truth(special.waits, before):
                return None
        except ModelError as error:
            raise Broken(None, move, str(error)) from error
        if special.failure is not None:
            raise Broken(thread, move, special.failure)
        try:
            after = self._monitors.after(before, after, special.step)
        except ModelError as error:
            raise Broken(None, move, str(error)) from error
        pending = self._lifted.automata[thread].pending(self._layout.nodes[thread].get(after))
        if isinstance(pending, Raised):
            raise Broken(thread, move, pending.text)
        return after


def _futures(
    footprints: tuple[ThreadFootprints, ...] | None,
) -> tuple[tuple[Future, ...], ...] | None:
    """By thread and node."""
    if footprints is None:
        return None
    made = {
        id(each): tuple(map(Future, each.next, each.future)) for each in footprints
    }  # copies share one
    return tuple(made[id(each)] for each in footprints)
