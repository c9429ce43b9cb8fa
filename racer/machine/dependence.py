"""Dependence: whether the order of two steps may matter. The one relation, for everybody.

Stubborn sets ask it of what a thread may touch, explanations of the events of a trace, and tests
of both. A footprint is a pair of bit masks over places. A place is a cell, or a watch: DESIGN.md
rule one says that windows are not closed under the usual independence, so

    a store to a watched cell      writes the cell and the watch
    an edge of a window on it      reads the watch
    a step that waits for it       reads the watch

which makes the store dependent with the edges of every window on that watch, with whoever waits
for it, and with every other store to that watch's cells. Invariants and `sometimes` are watches
whose windows never close, and so is what a model promises of itself. What they read is not
declared, so they are one place, which every store writes.

What may be touched later is known statically, from closed automata.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from racer.automata.automaton import ClosedAutomaton
from racer.automata.lifting import Lifted
from racer.lang.operations import Facts
from racer.lang.pending import AboutTo, Closing


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

Watches = Mapping[str, Sequence[str]]  # by name, the cells of a watch


class Places:
    """A bit for each cell and watch, one for all predicates over whole states, and what a memory
    model adds (`more`): the buffer of a thread, say."""

    def __init__(
        self,
        cells: Iterable[str],
        watches: Watches,
        *,
        whole_states: bool,
        more: Sequence[str] = (),
    ) -> None:
        own = list(cells)
        self._cells = {name: 1 << at for at, name in enumerate(own)}
        self._watches = {name: 1 << len(own) + at for at, name in enumerate(sorted(watches))}
        count = len(own) + len(watches)
        predicates = 1 << count if whole_states else 0
        self._written = {
            name: bit
            | predicates
            | sum(self._watches[watch] for watch, over in watches.items() if name in over)
            for name, bit in self._cells.items()
        }
        self._more = {name: 1 << count + 1 + at for at, name in enumerate(more)}

    def of_access(
        self, facts: Facts, edges: Iterable[str] = (), *, reads: bool = True
    ) -> Footprint:
        """The footprint of a step. `edges` are the watches on which a window opens or closes
        with it; `reads` is False where what it finds in its cell makes no difference."""
        waits = () if facts.watch is None else (facts.watch,)
        read = sum(self._watches[name] for name in {*edges, *waits})
        if facts.cell is None:
            return Footprint(read, 0)
        if reads or facts.stores:
            read |= self._cells[facts.cell]
        return Footprint(read, self._written[facts.cell] if facts.stores else 0)

    def of_part(self, name: str) -> int:
        """The place of that name among those that the memory model adds."""
        return self._more[name]


class ThreadFootprints(NamedTuple):
    """By node: the footprint of its step, and of all that can follow, its step included."""

    next: tuple[Footprint, ...]
    future: tuple[Footprint, ...]


def places_of(lifted: Lifted, more: Sequence[str] = ()) -> Places:
    """The places of a lifted program."""
    program = lifted.program
    watches = {name: watch.cells for name, watch in program.memory.watches.items()}
    whole_states = any(True for _ in program.predicates())
    return Places(program.memory.initial, watches, whole_states=whole_states, more=more)


def footprints(lifted: Lifted, places: Places) -> tuple[ThreadFootprints, ...] | None:
    """By thread; None when some automaton is open, and its future unknown."""
    known: dict[int, ThreadFootprints] = {}
    for automaton in lifted.automata:
        if not isinstance(automaton, ClosedAutomaton):
            return None
        if id(automaton) not in known:
            own = [
                _of_node(lifted, automaton, node, places) for node in range(len(automaton.nodes))
            ]
            known[id(automaton)] = ThreadFootprints(tuple(own), _futures(automaton, own))
    return tuple(known[id(automaton)] for automaton in lifted.automata)


def _of_node(lifted: Lifted, automaton: ClosedAutomaton, node: int, places: Places) -> Footprint:
    """The footprint of a node's step, for every answer it may get."""
    pending = automaton.nodes[node]
    if not isinstance(pending, AboutTo):
        return NOTHING
    facts = pending.operation.facts
    ignores = facts.cell is not None and _goes_on_alike(
        automaton, node, len(lifted.tables[facts.cell].values)
    )
    return places.of_access(facts, _edges_of_windows(automaton, node), reads=not ignores)


def _goes_on_alike(automaton: ClosedAutomaton, node: int, values: int) -> bool:
    """Whether a step has one continuation for every value, as a type test that cannot match."""
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


def _futures(automaton: ClosedAutomaton, own: Sequence[Footprint]) -> tuple[Footprint, ...]:
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
    return tuple(future)
