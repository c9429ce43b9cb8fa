"""What a thread may still do, from each node of its automaton, which has been fed all that may
come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from racer.automata.automaton import ValueTable
from racer.automata.growing import GrowingAutomaton
from racer.automata.lifting import executed
from racer.errors import InternalError
from racer.lang.effects import Misuse
from racer.lang.operations import CellOperation, Operation
from racer.lang.pending import AboutTo, Closing
from racer.lang.watches import OBSERVATIONS

Fed = dict[int, int | None]  # by answer where it leads to; None: it blocks there


class Writes:
    """Sets of writes, as bits: one bit for each value of each cell."""

    def __init__(self, tables: Mapping[str, ValueTable]) -> None:
        self._first: dict[str, int] = {}
        at = 0
        for cell, table in tables.items():
            self._first[cell] = at
            at += len(table.values)
        self._sizes = {cell: len(table.values) for cell, table in tables.items()}

    def bit(self, cell: str, value: int) -> int:
        """The write of that value, by its number."""
        if value >= self._sizes[cell]:
            raise InternalError(f"cell {cell!r} gets a value that nobody has been fed")
        return 1 << (self._first[cell] + value)

    def all_of(self, cell: str) -> int:
        """Every write of a cell."""
        return ((1 << self._sizes[cell]) - 1) << self._first[cell]

    def values(self, cell: str, writes: int) -> Iterator[int]:
        """The values of a cell that are among these."""
        for value in range(self._sizes[cell]):
            if writes & self.bit(cell, value):
                yield value


class Code:
    """A thread over its automaton."""

    def __init__(self, automaton: GrowingAutomaton, tables: Mapping[str, ValueTable]) -> None:
        self.automaton: Final = automaton
        self.tables: Final = tables
        self.writes: Final = Writes(tables)
        self.fed: Final[dict[int, Fed]] = {}
        self.plain = 0  # the writes that are plain accesses, wherever they are
        self._from: list[int] = []
        for node in range(len(automaton)):
            self.fed[node] = dict(self._fed(node))
        self._find_writes()
        self.held: Final = self._find_held()

    def may_write(self, node: int) -> int:
        """What it may still write from a node on."""
        return self._from[node]

    def _fed(self, node: int) -> Iterator[tuple[int, int | None]]:
        pending, known = self.automaton.pending(node), self.automaton.known(node)
        if isinstance(pending, Closing):
            yield from ((at, known[at]) for at in range(len(OBSERVATIONS)) if at in known)
        elif isinstance(pending, AboutTo):
            for answer in self._answers(pending.operation):
                done = executed(self.automaton, pending.operation, answer, self.tables)
                if done is None:
                    yield answer, None
                elif not isinstance(done.error, Misuse) and done.answer in known:
                    yield answer, known[done.answer]

    def _answers(self, operation: Operation) -> range:
        facts = operation.facts
        if facts.cell is None:
            return range(len(facts.options))
        if facts.blind and facts.lock is None:
            return range(1)
        return range(len(self.tables[facts.cell].values))

    def _find_writes(self) -> None:
        """Of each node, what is written there, and from where it leads to."""
        self._from = [self._at(node) for node in range(len(self.automaton))]
        before: list[list[int]] = [[] for _ in self._from]
        for node, fed in self.fed.items():
            for goal in fed.values():
                if goal is not None:
                    before[goal].append(node)
        left = list(range(len(self._from)))
        while left:
            node = left.pop()
            for earlier in before[node]:
                more = self._from[earlier] | self._from[node]
                if more != self._from[earlier]:
                    self._from[earlier] = more
                    left.append(earlier)

    def _find_held(self) -> list[frozenset[str]]:
        """Of each node the locks that the thread holds there, whichever way it has come."""
        held: dict[int, frozenset[str]] = {self.automaton.start: frozenset()}
        left = [self.automaton.start]
        while left:
            node = left.pop()
            pending = self.automaton.pending(node)
            facts = pending.operation.facts if isinstance(pending, AboutTo) else None
            for answer, goal in self.fed[node].items():
                if goal is None:
                    continue
                after = held[node]
                if facts is not None and facts.lock is not None and facts.cell is not None:
                    assert isinstance(pending, AboutTo), "it has an operation"
                    operation = pending.operation
                    if isinstance(operation, CellOperation) and self.written(operation, answer):
                        lock = frozenset([facts.cell])
                        after = after | lock if facts.lock == "takes" else after - lock
                found = after & held.get(goal, after)
                if held.get(goal) != found:
                    held[goal] = found
                    left.append(goal)
        return [held.get(node, frozenset()) for node in range(len(self.automaton))]

    def _at(self, node: int) -> int:
        pending = self.automaton.pending(node)
        operation = pending.operation if isinstance(pending, AboutTo) else None
        if not isinstance(operation, CellOperation) or not operation.facts.stores:
            return 0
        found = 0
        for answer in self.fed[node]:  # others have no number for what they would write
            found |= self.written(operation, answer)
        if operation.facts.order == "plain":
            self.plain |= found
        return found

    def written(self, operation: CellOperation, answer: int) -> int:
        """What an operation writes that finds the value of that number; nothing where it stores
        nothing, or fails."""
        done = executed(self.automaton, operation, answer, self.tables)
        if done is None or done.error is not None or not operation.facts.stores:
            return 0
        found = self.tables[operation.cell].values[answer]
        if not operation.facts.blind and not operation.stores_on(found):
            return 0
        return self.writes.bit(operation.cell, done.after)
