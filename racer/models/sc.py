"""Sequential consistency: one memory, every store visible to all at once.

Source   Lamport, "How to make a multiprocessor computer that correctly executes multiprocess
         programs", IEEE Trans. Computers C-28(9), 1979.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from racer.errors import ModelError
from racer.events import OutcomeKey
from racer.lift import Lifted, step_of
from racer.operations import Choose, Fence, Operation, access, conflict
from racer.steps import AboutTo, Raised
from racer.system import (
    CHOICES,
    Broken,
    Field,
    Layout,
    Monitors,
    Move,
    Reader,
    State,
    Step,
)


class _Edge(NamedTuple):
    """One move from a node for one value of its cell: add `delta` to the state.

    `monitored` says that the monitors have something to do at this step; `failure` why the
    model fails with it.
    """

    move: Move
    delta: int
    step: Step
    monitored: bool
    failure: str | None


class _Row(NamedTuple):
    """A node's edges, by the value of the cell it accesses (0 where it accesses none)."""

    field: Field
    operation: Operation
    edges: dict[int, tuple[_Edge, ...]]


_NO_CELL = Field(0, 0)


class SequentialConsistency:
    """The System of a lifted program under sequential consistency.

    Rows and edges are compiled when first needed, so that open automata need no other path.
    """

    def __init__(self, lifted: Lifted) -> None:
        self.names = tuple(instance.name for instance in lifted.instances)
        self._lifted = lifted
        self._layout = Layout(lifted)
        self._monitors = Monitors(lifted, self._layout)
        self._reader = Reader(lifted, self._layout)
        self._rows: list[dict[int, _Row | None]] = [{} for _ in self.names]

    def initial(self) -> State:
        state = 0
        for field, automaton in zip(self._layout.nodes, self._lifted.automata, strict=True):
            state += field.delta(0, automaton.start)
        return self._monitors.start(state)

    def successors(self, state: State) -> Sequence[tuple[Move, State]]:
        found = []
        for thread, field in enumerate(self._layout.nodes):
            row = self._row_at(thread, (state >> field.shift) & field.mask)
            if row is None:  # it has ended
                continue
            for edge in self._edges(state, thread, row):
                found.append((edge.move, self._take(state, edge)))
        return found

    def event(self, state: State, move: Move) -> tuple[Operation, object]:
        thread, option = divmod(move, CHOICES)
        row = self._row(state, thread)
        answer = option if isinstance(row.operation, Choose) else row.field.get(state)
        done = step_of(row.operation, answer, self._lifted.tables)
        assert done is not None, "only enabled moves are asked about"
        return row.operation, done.result

    def dependent(self, state: State, a: Move, b: Move) -> bool:
        """Operations that conflict; and rule one: windows are not closed under independence.

        A store to a watched cell is dependent with the edges of windows on that watch, and
        with every other store to that watch's cells: two schedules that swap them can differ
        in whether the watch held at some instant. Invariants are watches that never close.
        """
        first, second = self._edge(state, a), self._edge(state, b)
        operations = [self._row(state, move // CHOICES).operation for move in (a, b)]
        return (
            conflict(operations[0], operations[1])
            or self._monitors.edge_sees(first.step, second.step)
            or self._monitors.edge_sees(second.step, first.step)
            or self._monitors.both_write(first.step, second.step)
        )

    def labels(self, state: State) -> tuple[str, ...]:
        return self._reader.labels(state)

    def outcome(self, state: State) -> OutcomeKey:
        return self._reader.outcome(state)

    def ended(self, state: State) -> bool:
        return self._reader.ended(state)

    def reached(self, state: State, predicate: str) -> bool:
        return self._reader.reached(state, predicate)

    def _take(self, state: State, edge: _Edge) -> State:
        if edge.failure is not None:
            raise Broken(edge.move // CHOICES, edge.move, edge.failure)
        after = state + edge.delta
        if not edge.monitored:
            return after
        try:
            after = self._monitors.after(state, after, edge.step)
        except ModelError as error:
            raise Broken(None, edge.move, str(error)) from error
        thread = edge.step.thread
        pending = self._lifted.automata[thread].pending(self._layout.nodes[thread].get(after))
        if isinstance(pending, Raised):  # after a window was answered
            raise Broken(thread, edge.move, pending.text)
        return after

    def _row_at(self, thread: int, node: int) -> _Row | None:
        rows = self._rows[thread]
        if node not in rows:
            rows[node] = self._compile_row(thread, node)
        return rows[node]

    def _row(self, state: State, thread: int) -> _Row:
        row = self._row_at(thread, self._layout.nodes[thread].get(state))
        assert row is not None, "only a thread that has not ended has moves"
        return row

    def _edges(self, state: State, thread: int, row: _Row) -> tuple[_Edge, ...]:
        value = (state >> row.field.shift) & row.field.mask
        edges = row.edges.get(value)
        if edges is None:
            node = self._layout.nodes[thread].get(state)
            edges = row.edges[value] = self._compile_edges(thread, node, row, value)
        return edges

    def _edge(self, state: State, move: Move) -> _Edge:
        thread = move // CHOICES
        edges = self._edges(state, thread, self._row(state, thread))
        return next(edge for edge in edges if edge.move == move)

    def _compile_row(self, thread: int, node: int) -> _Row | None:
        pending = self._lifted.automata[thread].pending(node)
        if not isinstance(pending, AboutTo):
            return None
        cell = access(pending.operation).cell
        field = _NO_CELL if cell is None else self._layout.cells[cell]
        return _Row(field, pending.operation, {})

    def _compile_edges(self, thread: int, node: int, row: _Row, value: int) -> tuple[_Edge, ...]:
        operation = row.operation
        answers = range(len(operation.options)) if isinstance(operation, Choose) else (value,)
        edges = (self._compile_edge(thread, node, row, answer) for answer in answers)
        return tuple(edge for edge in edges if edge is not None)

    def _compile_edge(self, thread: int, node: int, row: _Row, answer: int) -> _Edge | None:
        operation = row.operation
        done = step_of(operation, answer, self._lifted.tables)
        if done is None:
            return None
        automaton = self._lifted.automata[thread]
        target = automaton.target(node, done)
        option = answer if isinstance(operation, Choose) else 0
        move = thread * CHOICES + option
        delta = self._layout.nodes[thread].delta(node, target)
        if not isinstance(operation, Choose | Fence):
            delta += row.field.delta(answer, done.after)
        touched = access(operation)
        pending, goal = automaton.pending(node), automaton.pending(target)
        assert isinstance(pending, AboutTo)
        step = Step(thread, pending.opens, node, target, touched.cell if touched.writes else None)
        failure = goal.text if isinstance(goal, Raised) else None
        return _Edge(move, delta, step, self._monitors.concern(step), failure)
