"""Sequential consistency: one memory, every store visible to all at once.

Source   Lamport, "How to make a multiprocessor computer that correctly executes multiprocess
         programs", IEEE Trans. Computers C-28(9), 1979.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from racer.errors import ModelError
from racer.events import OutcomeKey
from racer.lift import Lifted, step_of
from racer.models.footprints import Footprint, footprints
from racer.operations import Choose, Fence, Operation, access
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
    ThreadFuture,
)


class _Special(NamedTuple):
    """A step that a window or an invariant may see, or with which the model fails."""

    step: Step
    failure: str | None


class _Edge(NamedTuple):
    """One move: add `delta` to the state, and that is all where `special` is None."""

    move: Move
    delta: int
    special: _Special | None


_NO_CELL: Final = Field(0, 0)
_STRIDE: Final = 1 << 24  # no cell has more values than a state can tell apart


class _Table:
    """One thread's transitions, flat: a search finds all it needs by two indexed reads.

    Shape    `fields` by node: where the cell it accesses lies in a state (mask 0: none; None:
             the thread has ended). The edges of node n while that cell holds value v are
             `edges[n * _STRIDE + v]`; none: it is blocked. Both are filled when first asked
             for, so that automata that still grow need no other path.
    """

    __slots__ = ("edges", "fields", "nodes")

    def __init__(self, nodes: Field) -> None:
        self.nodes = nodes
        self.fields: dict[int, Field | None] = {}
        self.edges: dict[int, tuple[_Edge, ...]] = {}


class SequentialConsistency:
    """The System of a lifted program under sequential consistency."""

    def __init__(self, lifted: Lifted) -> None:
        self.names = tuple(instance.name for instance in lifted.instances)
        self.groups = tuple(instance.group for instance in lifted.instances)
        self._lifted = lifted
        self._layout = Layout(lifted)
        self.locals = self._layout.locals
        self._monitors = Monitors(lifted, self._layout)
        self._reader = Reader(lifted, self._layout)
        self._footprints = footprints(lifted)
        self._tables = tuple(_Table(field) for field in self._layout.nodes)

    def initial(self) -> State:
        state = 0
        for field, automaton in zip(self._layout.nodes, self._lifted.automata, strict=True):
            state += field.delta(0, automaton.start)
        return self._monitors.start(state)

    def successors(self, state: State) -> Sequence[tuple[Move, State]]:
        found = []
        for thread, table in enumerate(self._tables):
            node = (state >> table.nodes.shift) & table.nodes.mask
            try:
                field = table.fields[node]
            except KeyError:
                field = table.fields[node] = self._field_of(thread, node)
            if field is None:  # it has ended
                continue
            value = (state >> field.shift) & field.mask
            try:
                edges = table.edges[node * _STRIDE + value]
            except KeyError:
                edges = self._compile(thread, node, value)
                table.edges[node * _STRIDE + value] = edges
            for move, delta, special in edges:
                after = state + delta
                if special is not None:
                    after = self._take(state, after, move, special)
                found.append((move, after))
        return found

    def event(self, state: State, move: Move) -> tuple[Operation, object]:
        thread, option = divmod(move, CHOICES)
        operation = self._operation(thread, self._layout.nodes[thread].get(state))
        field = self._cell_field(operation)
        answer = option if isinstance(operation, Choose) else field.get(state)
        done = step_of(operation, answer, self._lifted.tables)
        assert done is not None, "only enabled moves are asked about"
        return operation, done.result

    def dependent(self, state: State, a: Move, b: Move) -> bool:
        known = self._footprints
        if known is None:  # open automata: nothing is known of the windows that may close
            return True
        first, second = (self._next_footprint(state, move // CHOICES) for move in (a, b))
        return first.conflicts(second)

    def control(self, state: State) -> int:
        return state & self._layout.node_mask

    def futures(self, state: State) -> tuple[ThreadFuture, ...] | None:
        known = self._footprints
        if known is None:
            return None
        nodes = [field.get(state) for field in self._layout.nodes]
        return tuple(
            ThreadFuture(*each.next[node], *each.future[node])
            for each, node in zip(known, nodes, strict=True)
        )

    def labels(self, state: State) -> tuple[str, ...]:
        return self._reader.labels(state)

    def outcome(self, state: State) -> OutcomeKey:
        return self._reader.outcome(state)

    def ended(self, state: State) -> bool:
        return self._reader.ended(state)

    def reached(self, state: State, predicate: str) -> bool:
        return self._reader.reached(state, predicate)

    def _take(self, before: State, after: State, move: Move, special: _Special) -> State:
        """Bring the monitors up to date; the thread may end on what a window has seen."""
        if special.failure is not None:
            raise Broken(move // CHOICES, move, special.failure)
        try:
            after = self._monitors.after(before, after, special.step)
        except ModelError as error:
            raise Broken(None, move, str(error)) from error
        thread = special.step.thread
        pending = self._lifted.automata[thread].pending(self._layout.nodes[thread].get(after))
        if isinstance(pending, Raised):
            raise Broken(thread, move, pending.text)
        return after

    def _next_footprint(self, state: State, thread: int) -> Footprint:
        assert self._footprints is not None
        return self._footprints[thread].next[self._layout.nodes[thread].get(state)]

    def _operation(self, thread: int, node: int) -> Operation:
        pending = self._lifted.automata[thread].pending(node)
        assert isinstance(pending, AboutTo), "only a thread that has not ended has moves"
        return pending.operation

    def _cell_field(self, operation: Operation) -> Field:
        cell = access(operation).cell
        return _NO_CELL if cell is None else self._layout.cells[cell]

    def _field_of(self, thread: int, node: int) -> Field | None:
        pending = self._lifted.automata[thread].pending(node)
        return self._cell_field(pending.operation) if isinstance(pending, AboutTo) else None

    def _compile(self, thread: int, node: int, value: int) -> tuple[_Edge, ...]:
        operation = self._operation(thread, node)
        answers = range(len(operation.options)) if isinstance(operation, Choose) else (value,)
        edges = (self._compile_edge(thread, node, operation, answer) for answer in answers)
        return tuple(edge for edge in edges if edge is not None)

    def _compile_edge(
        self, thread: int, node: int, operation: Operation, answer: int
    ) -> _Edge | None:
        done = step_of(operation, answer, self._lifted.tables)
        if done is None:
            return None
        automaton = self._lifted.automata[thread]
        target = automaton.target(node, done)
        move = thread * CHOICES + (answer if isinstance(operation, Choose) else 0)
        delta = self._layout.nodes[thread].delta(node, target)
        if not isinstance(operation, Choose | Fence):
            delta += self._cell_field(operation).delta(answer, done.after)
        touched = access(operation)
        pending, goal = automaton.pending(node), automaton.pending(target)
        assert isinstance(pending, AboutTo)
        changes = touched.cell if done.after != answer else None
        step = Step(thread, pending.opens, node, target, changes)
        failure = goal.text if isinstance(goal, Raised) else None
        if failure is None and not self._monitors.concern(step):
            return _Edge(move, delta, None)
        return _Edge(move, delta, _Special(step, failure))
