"""Carrying what one System knows over to another one of the same program, with other automata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from racer.errors import InternalError
from racer.machine.interface import Successors
from racer.machine.layout import Field, Layout, State


class Translation:
    """States of one layout as states of another one, whose nodes are those that they go on alike.

    Shape    `nodes` has by thread, for each node of the first, that of the second. Both count the
             values of cells alike; a window that the second has no place for is closed.
    """

    def __init__(self, source: Layout, goal: Layout, nodes: Sequence[Mapping[int, int]]) -> None:
        self._cells = tuple((source.cells[name], field) for name, field in goal.cells.items())
        self._broken = tuple((source.broken[name], field) for name, field in goal.broken.items())
        self._cell_mask = source.cell_mask
        self._broken_mask = sum(field.mask << field.shift for field, _ in self._broken)
        self._threads = tuple(
            (block, _Thread(source, goal, thread, renumbered))
            for thread, (block, renumbered) in enumerate(zip(source.locals, nodes, strict=True))
        )
        self._memory: dict[int, State] = {}  # cells and invariants, by what they were
        self._known: dict[State, State] = {}

    def __call__(self, state: State) -> State:
        found = self._known.get(state)
        if found is None:
            found = self._known[state] = self._translated(state)
        return found

    def _translated(self, state: State) -> State:
        shared = state & (self._cell_mask | self._broken_mask)
        found = self._memory.get(shared)
        if found is None:
            pairs = (*self._cells, *self._broken)
            found = sum(_put(goal, source.get(state)) for source, goal in pairs)
            self._memory[shared] = found
        for block, thread in self._threads:
            found += thread[(state >> block.shift) & block.mask]
        return found

    def successors(self, found: Successors) -> Successors:
        """Moves of a state, with what they lead to."""
        return [(move, self(after)) for move, after in found]


class _Thread(dict[int, State]):
    """What a thread's part of a state becomes, made when it is first asked for."""

    def __init__(
        self, source: Layout, goal: Layout, thread: int, renumbered: Mapping[int, int]
    ) -> None:
        super().__init__()
        self._shift = source.locals[thread].shift
        self._nodes = source.nodes[thread], goal.nodes[thread]
        self._windows = source.windows[thread], goal.windows[thread]
        self._renumbered = renumbered

    def __missing__(self, part: int) -> State:
        state = part << self._shift
        before, after = self._nodes
        found = _put(after, self._renumbered[before.get(state)])
        old, new = self._windows
        for slot, field in enumerate(old):
            seen = field.get(state)
            if slot < len(new):
                found += _put(new[slot], seen)
            elif seen:
                raise InternalError("a window is open for which condensed automata have no place")
        self[part] = found
        return found


def _put(field: Field, value: int) -> State:
    return field.delta(0, value)
