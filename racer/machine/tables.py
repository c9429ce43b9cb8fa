"""Flat tables: what each thread's steps do to a packed state, found by two indexed reads.

They are all that a search under an operational model needs of the automata, and plain data but
for what monitors have to look at: fields, numbers of edges, deltas.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final, NamedTuple

from racer.automata.lifting import Lifted, executed, step_of
from racer.lang.effects import Misuse
from racer.lang.operations import Operation
from racer.lang.pending import AboutTo, Raised, Watched
from racer.machine.layout import Field, Layout, State
from racer.machine.monitors import Monitors, Step
from racer.machine.moves import Move, move_of, option_of

STRIDE: Final = 1 << 24  # no cell has more values than a state can tell apart
_NO_CELL: Final = Field(0, 0)


class Special(NamedTuple):
    """A step that a window or an invariant may see, or with which the model fails; or one that is
    taken only while a watch holds (`waits`)."""

    step: Step
    failure: str | None
    waits: Watched | None


class Edge(NamedTuple):
    """One move: add `delta` to the state, and that is all where `special` is None."""

    move: Move
    delta: int
    special: Special | None


class ThreadTable:
    """One thread's transitions where every store goes to memory at once.

    Shape    `fields` by node: where the cell it accesses lies in a state (mask 0: none; None:
             the thread has ended). The edges of node n while that cell holds value v are
             `edges[n * STRIDE + v]`; none: it is blocked. Both are filled when first asked
             for, so that automata that still grow need no other path.
    """

    __slots__ = (
        *("_events", "_given", "_layout", "_lifted", "_monitors", "_thread"),
        *("edges", "fields", "nodes"),
    )

    def __init__(self, lifted: Lifted, layout: Layout, monitors: Monitors, thread: int) -> None:
        self._lifted = lifted
        self._layout = layout
        self._monitors = monitors
        self._thread = thread
        self.nodes = layout.nodes[thread]
        self.fields: dict[int, Field | None] = {}
        self.edges: dict[int, tuple[Edge, ...]] = {}
        self._given: dict[int, Field | None] = {}  # by node: where the answer is read, if in a cell
        self._events: dict[int, tuple[Operation, object]] = {}

    def operation(self, node: int) -> Operation:
        """What the thread is about to do at a node in which it has not ended."""
        pending = self._lifted.automata[self._thread].pending(node)
        assert isinstance(pending, AboutTo), "only a thread that has not ended has moves"
        return pending.operation

    def cell_field(self, operation: Operation) -> Field:
        """Where the cell of an operation lies; a field without bits if it has none."""
        cell = operation.facts.cell
        return _NO_CELL if cell is None else self._layout.cells[cell]

    def edge(self, group: str, before: State, move: Move, after: State) -> Hashable:
        """The automaton's edges that a move takes: a node, the answer there, and where it leads.

        What windows have seen decides between edges, too, but they are silent: where they lead to
        different nodes, these tell them apart.
        """
        nodes = self.nodes
        node = (before >> nodes.shift) & nodes.mask
        if node not in self._given:
            operation = self.operation(node)
            from_cell = operation.facts.cell is not None and operation.facts.gives != "nothing"
            self._given[node] = self.cell_field(operation) if from_cell else None
        field = self._given[node]
        answer = option_of(move) if field is None else (before >> field.shift) & field.mask
        return group, node, answer, (after >> nodes.shift) & nodes.mask

    def event(self, state: State, move: Move) -> tuple[Operation, object]:
        """What a move of the thread does, and the result it gets."""
        node = self.nodes.get(state)
        operation = self.operation(node)
        chosen = bool(operation.facts.options)
        answer = option_of(move) if chosen else self.cell_field(operation).get(state)
        key = node * STRIDE + answer
        if key not in self._events:
            done = step_of(operation, answer, self._lifted.tables)
            assert done is not None, "only enabled moves are asked about"
            self._events[key] = operation, done.result
        return self._events[key]

    def fill_field(self, node: int) -> Field | None:
        """Fill in where the cell lies that a node accesses."""
        pending = self._lifted.automata[self._thread].pending(node)
        field = self.cell_field(pending.operation) if isinstance(pending, AboutTo) else None
        self.fields[node] = field
        return field

    def fill_edges(self, node: int, value: int) -> tuple[Edge, ...]:
        """Fill in the edges of a node while its cell holds that value."""
        operation = self.operation(node)
        options = len(operation.facts.options)
        answers = range(options) if options else (value,)
        made = (self._edge(node, operation, answer) for answer in answers)
        edges = tuple(edge for edge in made if edge is not None)
        self.edges[node * STRIDE + value] = edges
        return edges

    def _edge(self, node: int, operation: Operation, answer: int) -> Edge | None:
        automaton = self._lifted.automata[self._thread]
        done = executed(automaton, operation, answer, self._lifted.tables)
        if done is None:
            return None
        misused = isinstance(done.error, Misuse)
        target = node if misused else automaton.target(node, done)
        facts = operation.facts
        move = move_of(self._thread, answer if facts.options else 0)
        delta = self.nodes.delta(node, target)
        changes: str | None = None
        if facts.cell is not None:
            delta += self._layout.cells[facts.cell].delta(answer, done.after)
            changes = facts.cell if done.after != answer else None
        pending, goal = automaton.pending(node), automaton.pending(target)
        assert isinstance(pending, AboutTo)
        step = Step(self._thread, pending.opens, node, target, changes)
        failure = str(done.error) if misused else None
        if isinstance(goal, Raised):
            failure = goal.text
        waits = None if facts.watch is None else self._lifted.program.memory.watches[facts.watch]
        if failure is None and waits is None and not self._monitors.concern(step):
            return Edge(move, delta, None)
        return Edge(move, delta, Special(step, failure, waits))
