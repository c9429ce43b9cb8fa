"""Dependencies of a thread, read off its automaton: what if that read gave another value?

A way is followed beside each other one that leaves it at a read with another answer, and then gets
the same ones. While both are at one position of the code, another cell is an address dependency of
what happens there, another stored value is a data dependency. Where they part, later writes of the
way depend by control on the read, unless the other may still come to such a write: to that cell
with that value, whatever it reads on the way. Where both are at one node again, nothing depends on
the read any more.

So a compiler could not remove what counts here: code that does the same for all values has none.
It is less than the C has syntactically, as `if (r) x = 1; else x = 1;`, which compilers do break,
and so it allows more executions. Whether a verdict rests on that is asked apart (`asking.py`).

Differs  from a dependency that is followed through the code: what would come after a read of
         another cell is not followed, and only values are tried that the read may get at all.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence

from racer.automata.lifting import step_of
from racer.axiomatic.events import NO_PAIR
from racer.executions.code import Code
from racer.executions.threads import Depends, Masks, ProgramThread, Step
from racer.lang.operations import CellOperation, Operation
from racer.lang.pending import AboutTo

_Write = tuple[str, int | None]  # a cell and the number of a value; None: of any


class DependsAsRead(Depends):
    """Dependencies that are read off automata, which have been fed all that may come: `codes` are
    these, by group."""

    name = "read off"

    def __init__(self, codes: Mapping[str, Code]) -> None:
        self._of = {group: _Reader(code) for group, code in codes.items()}

    def of(self, thread: ProgramThread, steps: Sequence[Step], events: int) -> Sequence[Masks]:
        return self._of[thread.instance.group].masks(steps, events)


class _Reader:
    """Reads off the automaton of one thread; all its copies share that."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self._positions: dict[int, Hashable] = {}
        self._writes: dict[int, frozenset[_Write]] = {}

    def masks(self, steps: Sequence[Step], events: int) -> list[Masks]:
        found = [[0, 0, 0] for _ in range(events)]
        for at, step in enumerate(steps):
            if step.read == NO_PAIR:
                continue
            for answer, goal in self._code.fed.get(step.node, {}).items():
                if answer == step.answer:
                    continue
                self._own(step, answer, found)
                self._beside(steps, at, goal, found)
        return [Masks(*each) for each in found]

    def _own(self, step: Step, answer: int, found: list[list[int]]) -> None:
        """Whether a read-modify-write computes what it stores from what it reads."""
        stored, other = self._stored(step.node, step.answer), self._stored(step.node, answer)
        if step.write != NO_PAIR and other is not None and other != stored:
            found[step.write][1] |= 1 << step.read

    def _beside(
        self, steps: Sequence[Step], at: int, goal: int | None, found: list[list[int]]
    ) -> None:
        """Follow the way beside another that has left it at a step, and is at `goal` now."""
        bit = 1 << steps[at].read
        if goal == steps[at].node:
            goal = None  # it asks again, and goes on as soon as it gets an answer like the way's
        for position in range(at + 1, len(steps)):
            step = steps[position]
            if goal == step.node:
                return
            if goal is None or self._position(goal) != self._position(step.node):
                self._parted(steps[position:], goal, bit, found)
                return
            mine, its = self._operation(step.node), self._operation(goal)
            if mine is not None and its is not None:
                if self._differ(step, mine, its, goal, bit, found):
                    return
            elif not step.closes:
                return
            fed = self._code.fed.get(goal, {})
            if step.answer not in fed:
                return
            goal = fed[step.answer]

    def _differ(
        self,
        step: Step,
        mine: Operation,
        its: Operation,
        goal: int,
        bit: int,
        found: list[list[int]],
    ) -> bool:
        """Note what differs where both are at one position; whether they go different ways then."""
        if mine.facts.cell != its.facts.cell:
            for event in _accesses(step):
                found[event][0] |= bit
            return True
        stored, other = self._stored(step.node, step.answer), self._stored(goal, step.answer)
        # One that would fail there, as a cmpxchg() of another value, stores no other value.
        if step.write != NO_PAIR and other not in (None, stored):
            found[step.write][1] |= bit
        return False

    def _parted(
        self, steps: Sequence[Step], goal: int | None, bit: int, found: list[list[int]]
    ) -> None:
        """What the way writes from here on, and the other cannot, depends by control."""
        possible = frozenset[_Write]() if goal is None else self._writes_from(goal)
        for step in steps:
            if step.write == NO_PAIR:
                continue
            cell = self._cell(step.node)
            if not {(cell, None), (cell, self._stored(step.node, step.answer))} & possible:
                found[step.write][2] |= bit

    def _position(self, node: int) -> Hashable:
        if node not in self._positions:
            self._positions[node] = self._code.automaton.position(node)
        return self._positions[node]

    def _operation(self, node: int) -> Operation | None:
        pending = self._code.automaton.pending(node)
        return pending.operation if isinstance(pending, AboutTo) else None

    def _cell(self, node: int) -> str:
        operation = self._operation(node)
        assert operation is not None, "a step has an operation"
        return operation.facts.cell or ""

    def _stored(self, node: int, answer: int) -> int | None:
        """The value that an operation stores which finds that one; None where it stores nothing."""
        operation, tables = self._operation(node), self._code.tables
        if not isinstance(operation, CellOperation) or not operation.facts.stores:
            return None
        if operation.facts.lock is not None:
            return int(operation.facts.lock == "takes")
        if answer >= len(tables[operation.cell].values):
            return None
        found = tables[operation.cell].values[answer]
        if not operation.facts.blind and not operation.stores_on(found):
            return None
        done = step_of(operation, answer, tables)
        return None if done is None or done.error is not None else done.after

    def _writes_from(self, node: int) -> frozenset[_Write]:
        """All that the thread may still write from a node on, with any answers."""
        if node in self._writes:
            return self._writes[node]
        seen, left, found = {node}, [node], set[_Write]()
        while left:
            here = left.pop()
            found.update(self._written(here))
            for goal in self._code.fed.get(here, {}).values():
                if goal is not None and goal not in seen:
                    seen.add(goal)
                    left.append(goal)
        self._writes[node] = frozenset(found)
        return self._writes[node]

    def _written(self, node: int) -> Iterator[_Write]:
        operation = self._operation(node)
        if operation is None or operation.facts.cell is None or not operation.facts.stores:
            return
        if operation.facts.blind and operation.facts.lock is None:
            yield operation.facts.cell, self._stored(node, 0)
        else:
            yield operation.facts.cell, None


def _accesses(step: Step) -> Iterator[int]:
    return (event for event in (step.read, step.write) if event != NO_PAIR)
