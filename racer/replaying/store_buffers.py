"""Memory behind store buffers, to a replay: the Storage of total store order.

It says which operations a buffer holds back, for the System (`machine/tso.py`) as well.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from racer.lang.effects import require_left
from racer.lang.operations import CellOperation, Facts, Operation, arrival
from racer.lang.program import Program
from racer.replaying.storage import Done, Found


def flusher(thread: str) -> str:
    """The name of the agent that flushes a thread's buffer."""
    return f"{thread}:flush"


def admits(facts: Facts, buffered: int, depth: int | None) -> bool:
    """Whether an operation may go on while its thread's buffer holds so many stores, of `depth` at
    most; None: of any number.

    A blind store goes to the buffer, the release of a lock too. What else may store is a locked
    instruction, whether it does store or not; it waits for an empty buffer, as a full fence does.
    So does who waits for a watch: that is of memory, and no machine has it as an instruction. A
    mark, which is none either, waits for nothing.
    """
    if facts.blind:
        return depth is None or buffered < depth
    drains = facts.stores or facts.fence == "mb" or facts.watch is not None
    return not buffered or facts.mark or not drains


class _Buffered(NamedTuple):
    cell: str
    value: object
    source: int  # the index of the event that stored it


class StoreBufferStorage:
    """One memory, and for each thread a FIFO of the stores that only it sees."""

    def __init__(self, program: Program, depth: int | None = None) -> None:
        names = [instance.name for instance in program.instances()]
        self.values: dict[str, object] = dict(program.memory.initial)
        self.agents = {flusher(name): name for name in names}
        self._depth = depth
        self._declared = program.memory.declared
        self._sources: dict[str, int] = {}
        self._buffers: dict[str, deque[_Buffered]] = {name: deque() for name in names}
        self._flushed = dict(zip(self.agents, self._buffers.values(), strict=True))

    def find(self, thread: str, cell: str) -> Found:
        for entry in reversed(self._buffers[thread]):
            if entry.cell == cell:
                return Found(entry.value, entry.source)
        return Found(self.values[cell], self._sources.get(cell))

    def obstacle(self, thread: str, operation: Operation) -> str | None:
        if admits(operation.facts, len(self._buffers[thread]), self._depth):
            return None
        if operation.facts.blind:
            return "waits for room in its store buffer, which is full"
        return "waits until its store buffer is empty"

    def perform(self, thread: str, operation: CellOperation, index: int) -> Done:
        before, source = self.find(thread, operation.cell)
        done = operation.execute(before)
        assert done is not None, "only enabled operations are executed"
        require_left(operation, done.after, self._declared.get(operation.cell))
        if operation.facts.blind:
            self._buffers[thread].append(_Buffered(operation.cell, done.after, index))
        elif operation.stores_on(before):
            self.values[operation.cell] = done.after
            self._sources[operation.cell] = index
        return Done(done.result, before, done.after, source, held_back=operation.facts.blind)

    def can_move(self, agent: str) -> bool:
        return bool(self._flushed[agent])

    def move(self, agent: str, index: int) -> tuple[CellOperation, Done]:
        """Flush the oldest store. Who loads it from memory has it from the thread that stored."""
        cell, value, stored = self._flushed[agent].popleft()
        before, source = self.values[cell], self._sources.get(cell)
        self.values[cell] = value
        self._sources[cell] = stored
        return arrival(cell, value), Done(None, before, value, source, arrives=stored)
