"""Automata: what one thread does, for whatever results it is given.

A node is what the thread is about to do; an edge is labelled by the answer it gets:

    cell operation    the index, in the cell's value table, of the value it found there;
                      0 where the operation gives no result (store, acquire, release)
    without a cell    the position among what it may give: 0 of a fence, the option of a choose
    end of a window   the position in OBSERVATIONS

A node in which the thread has ended has no edges.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from racer.errors import InternalError
from racer.lang.declared import Allowed
from racer.lang.effects import Misuse, failed, require_left
from racer.lang.operations import CellOperation
from racer.lang.pending import AboutTo, Pending, Watched
from racer.lang.run import OutOfPatience, stalled_text
from racer.lang.values import Unfit, value_key

OpenSlots = tuple[tuple[int, Watched], ...]  # the windows open before a node's step, by slot


class ValueTable:
    """The values one cell has been seen to hold, each under a small integer; 0 is the initial."""

    def __init__(
        self,
        initial: object,
        on_new: Callable[[object], None],
        declared: Allowed | None = None,
    ) -> None:
        self.declared = declared
        self.values: list[object] = []
        self._index: dict[Hashable, int] = {}
        self._doubles: dict[int, object] = {}
        self._on_new = on_new
        self._stalled: dict[Hashable, tuple[CellOperation, str]] = {}
        self.intern(initial)

    def intern(self, value: object) -> int:
        """The value's index, a new one if it has none. Errors: Unfit."""
        key = value_key(value)
        index = self._index.get(key)
        if index is None:
            index = self._index[key] = len(self.values)
            self.values.append(value)
            self._on_new(value)
        elif value is not self.values[index]:
            self._doubles.setdefault(index, value)
        return index

    def stalled(self, operation: CellOperation, before: int) -> str | None:
        """How a function of the operation hung on the value of that number, if it has."""
        known = self._stalled.get((_functions(operation), before)) if self._stalled else None
        return known[1] if known else None

    def note_stalled(self, operation: CellOperation, before: int, text: str) -> None:
        """One has: it is not called on that value again, since each time takes seconds."""
        self._stalled[_functions(operation), before] = operation, text  # it keeps their ids

    def doubles(self) -> Iterator[tuple[object, object]]:
        """Values, each with another object of the same value that the cell was given, if any."""
        return ((self.values[index], double) for index, double in self._doubles.items())


def _functions(operation: CellOperation) -> Hashable:
    """What tells apart which functions of the model's an operation calls: methods, if no others."""
    return tuple(map(id, operation.facts.functions)) or id(operation)


class Stalled(Misuse):
    """An operation whose function ran out of patience."""

    def __init__(self, operation: CellOperation, text: str) -> None:
        super().__init__(f"a function that {operation.text()} calls hangs: {text}")


class CellStep(NamedTuple):
    """One execution of a cell operation: the answer it gives, the value index it leaves.

    `error` is set when the operation itself failed (an update function raised); the thread
    then gets the exception, and `result` is a Failed. After a Misuse it goes on nowhere.
    """

    answer: int
    result: object
    after: int
    error: Exception | None = None


def execute(operation: CellOperation, before: int, table: ValueTable) -> CellStep | None:
    """Execute on the cell's value number `before`; None when the operation blocks there."""
    found = table.values[before]
    known = table.stalled(operation, before)
    if known is not None:
        return CellStep(before, None, before, Stalled(operation, known))
    try:
        done = operation.execute(found)
        if done is None:
            return None
        after = before if done.after is found else _interned(operation, done.after, table)
    except OutOfPatience as stall:
        text = stalled_text(stall)
        table.note_stalled(operation, before, text)
        return CellStep(before, None, before, Stalled(operation, text))
    except MemoryError:  # the machine's, and no answer of the function's
        raise
    except Exception as error:  # the model's own function failed: the thread gets to see it
        return CellStep(before, failed(error), before, error)
    silent = operation.facts.gives == "nothing"
    return CellStep(0 if silent else before, done.result, after)


def _interned(operation: CellOperation, value: object, table: ValueTable) -> int:
    if table.declared is not None:
        require_left(operation, value, table.declared)
    try:
        return table.intern(value)
    except (Unfit, RecursionError):
        require_left(operation, value, None)
        raise


class Automaton(Protocol):
    """What the rest of racer needs of a lifted thread; node numbers are small integers."""

    @property
    def start(self) -> int:
        """The node in which the thread begins."""

    def pending(self, node: int) -> Pending:
        """What the thread is about to do at `node`."""

    def open_slots(self, node: int) -> OpenSlots:
        """The windows that are open just before the step of `node`."""

    def target(self, node: int, step: CellStep) -> int:
        """Where the thread goes from `node` when it gets the answer of `step`."""


@dataclass(frozen=True, slots=True)
class ClosedAutomaton:
    """An automaton that has an edge for every answer that can ever come.

    Shape    `nodes`, `slots` and `edges` are parallel; an edge maps an answer to a node.
    """

    nodes: tuple[Pending, ...]
    slots: tuple[OpenSlots, ...]
    edges: tuple[dict[int, int], ...]
    start: int = 0

    def pending(self, node: int) -> Pending:
        return self.nodes[node]

    def open_slots(self, node: int) -> OpenSlots:
        return self.slots[node]

    def target(self, node: int, step: CellStep) -> int:
        try:
            return self.edges[node][step.answer]
        except KeyError:
            raise InternalError(f"no edge for answer {step.answer} at node {node}") from None

    def known(self, node: int) -> Mapping[int, int]:
        """Where a node leads, by answer."""
        return self.edges[node]


@dataclass(frozen=True, slots=True)
class NotingAutomaton(ClosedAutomaton):
    """A closed automaton that notes what is asked of it.

    Shape    `asked` has by node the answers that were given, `stored` by cell the numbers of the
             values that were left there.
    """

    asked: dict[int, set[int]] = field(default_factory=dict)
    stored: dict[str, set[int]] = field(default_factory=dict)

    def target(self, node: int, step: CellStep) -> int:
        self.asked.setdefault(node, set()).add(step.answer)
        pending = self.nodes[node]
        if isinstance(pending, AboutTo) and pending.operation.facts.cell is not None:
            self.stored.setdefault(pending.operation.facts.cell, set()).add(step.after)
        return ClosedAutomaton.target(self, node, step)

    def used(self) -> ClosedAutomaton:
        """With the edges that were asked for, and no others."""
        edges = tuple(
            {answer: goal for answer, goal in own.items() if answer in self.asked.get(node, ())}
            for node, own in enumerate(self.edges)
        )
        return ClosedAutomaton(self.nodes, self.slots, edges, self.start)
