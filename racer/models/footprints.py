"""Footprints: what a thread may touch with its next step, and with any step after it.

Known statically, from closed automata. A footprint is a pair of bit masks over places. A place
is a cell, or a watch: DESIGN.md rule one says that windows are not closed under the usual
independence, so

    a store to a watched cell      writes the cell and the watch
    an edge of a window on it      reads the watch

which makes the store dependent with the edges of every window on that watch, and with every
other store to that watch's cells. Invariants and `sometimes` are watches whose windows never
close, and so is what a model promises of itself. What they read is not declared, so they are
one place, which every store writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from racer.lift import Lifted
from racer.lift.automaton import ClosedAutomaton
from racer.operations import access
from racer.steps import AboutTo, Closing
from racer.watches import Watch


class Footprint(NamedTuple):
    """Places read and written, as bit masks."""

    reads: int
    writes: int

    def conflicts(self, other: Footprint) -> bool:
        """Whether the order of two steps with these footprints may matter."""
        return bool(self.writes & (other.reads | other.writes) or self.reads & other.writes)

    def union(self, other: Footprint) -> Footprint:
        return Footprint(self.reads | other.reads, self.writes | other.writes)


NOTHING = Footprint(0, 0)


class ThreadFootprints(NamedTuple):
    """By node: the footprint of its step, and of all that can follow, its step included."""

    next: tuple[Footprint, ...]
    future: tuple[Footprint, ...]


class Places:
    """A bit for each cell and watch, and one for all predicates over whole states."""

    def __init__(self, lifted: Lifted) -> None:
        program = lifted.program
        memory = program.memory
        self._values = {name: len(table.values) for name, table in lifted.tables.items()}
        self._cells = {name: 1 << at for at, name in enumerate(memory.initial)}
        watches = sorted(memory.watches)
        self._watches = {name: 1 << (len(self._cells) + at) for at, name in enumerate(watches)}
        everything = 1 << (len(self._cells) + len(watches))
        predicates = everything if any(program.predicates()) else 0
        self._written = {
            name: bit | predicates | self._watching(name, memory.watches)
            for name, bit in self._cells.items()
        }

    def _watching(self, cell: str, watches: Mapping[str, Watch]) -> int:
        return sum(self._watches[name] for name, watch in watches.items() if cell in watch.cells)

    def of_node(self, automaton: ClosedAutomaton, node: int) -> Footprint:
        """The footprint of a node's step, for every answer it may get."""
        pending = automaton.nodes[node]
        if not isinstance(pending, AboutTo):
            return NOTHING
        touched = access(pending.operation)
        reads = sum(self._watches[name] for name in _edges_of_windows(automaton, node))
        if touched.cell is None:
            return Footprint(reads, 0)
        if not touched.writes and _ignores_its_result(automaton, node, self._values[touched.cell]):
            return Footprint(reads, 0)
        reads |= self._cells[touched.cell]
        return Footprint(reads, self._written[touched.cell] if touched.writes else 0)


def _ignores_its_result(automaton: ClosedAutomaton, node: int, values: int) -> bool:
    """Whether a load goes on alike for every value, as a type test does that cannot match."""
    edges = automaton.edges[node]
    return len(edges) == values and len(set(edges.values())) == 1


def _edges_of_windows(automaton: ClosedAutomaton, node: int) -> set[str]:
    """The watches on which a window may open or close with the step of `node`."""
    pending = automaton.nodes[node]
    assert isinstance(pending, AboutTo)
    names = {window.watch.name for window in pending.opens}
    closing = list(automaton.edges[node].values())
    while closing:
        goal = closing.pop()
        target = automaton.nodes[goal]
        if isinstance(target, Closing):
            names.add(dict(automaton.slots[goal])[target.slot].name)
            closing += automaton.edges[goal].values()
    return names


def footprints(lifted: Lifted) -> tuple[ThreadFootprints, ...] | None:
    """By thread; None when some automaton is open, and its future unknown."""
    places = Places(lifted)
    known: dict[int, ThreadFootprints] = {}
    for automaton in lifted.automata:
        if not isinstance(automaton, ClosedAutomaton):
            return None
        if id(automaton) not in known:
            known[id(automaton)] = _of_thread(automaton, places)
    return tuple(known[id(automaton)] for automaton in lifted.automata)


def _of_thread(automaton: ClosedAutomaton, places: Places) -> ThreadFootprints:
    own = [places.of_node(automaton, node) for node in range(len(automaton.nodes))]
    future = list(own)
    changed = True
    while changed:  # a fixpoint: automata have cycles
        changed = False
        for node in reversed(range(len(own))):
            merged = future[node]
            for goal in automaton.edges[node].values():
                merged = merged.union(future[goal])
            if merged != future[node]:
                future[node], changed = merged, True
    return ThreadFootprints(tuple(own), tuple(future))
