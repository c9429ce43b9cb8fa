"""Storage: what memory is to the threads of a replay, under one memory model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from racer.lang.effects import require_left
from racer.lang.operations import CellOperation, Operation
from racer.lang.program import Program


class Found(NamedTuple):
    """What a thread finds in a cell, and the index of the event that stored it (None: nobody)."""

    value: object
    source: int | None


class Done(NamedTuple):
    """An operation carried out on a cell: what it gave, what it found and left, and who stored
    what it found. `after` is what the same thread would find there now.

    `held_back`: it is a store that nobody else finds yet. `arrives` is the index of the event that
    such a store was, where it arrives in memory with this one.
    """

    result: object
    before: object
    after: object
    source: int | None
    held_back: bool = False
    arrives: int | None = None


class Storage(Protocol):
    """Memory, and whatever lies between it and the threads."""

    @property
    def values(self) -> Mapping[str, object]:
        """Of memory, by cell: what predicates see."""

    @property
    def agents(self) -> Mapping[str, str]:
        """Who moves besides the threads, by name, and the thread each works for: store buffers,
        say. None has the name of a thread."""

    def find(self, thread: str, cell: str) -> Found:
        """What an operation of a thread would find in a cell now."""

    def obstacle(self, thread: str, operation: Operation) -> str | None:
        """What in the memory model keeps a thread from it now, whatever it would find, as a
        predicate: "waits for room in its store buffer". None: nothing."""

    def perform(self, thread: str, operation: CellOperation, index: int) -> Done:
        """Carry out an operation, as the event of that index.

        Errors   whatever the operation raises; nothing is changed then.
        """

    def can_move(self, agent: str) -> bool:
        """Whether one of `agents` can move now."""

    def move(self, agent: str, index: int) -> tuple[CellOperation, Done]:
        """Let one of `agents` move, as the event of that index: what it does, and did."""


class SequentialStorage:
    """One memory, every store visible to all at once."""

    def __init__(self, program: Program) -> None:
        self.agents: Mapping[str, str] = {}
        self.values: dict[str, object] = dict(program.memory.initial)
        self._declared = program.memory.declared
        self._sources: dict[str, int] = {}

    def find(self, thread: str, cell: str) -> Found:
        return Found(self.values[cell], self._sources.get(cell))

    def obstacle(self, thread: str, operation: Operation) -> str | None:
        return None

    def perform(self, thread: str, operation: CellOperation, index: int) -> Done:
        before, source = self.find(thread, operation.cell)
        done = operation.execute(before)
        assert done is not None, "only enabled operations are executed"
        require_left(operation, done.after, self._declared.get(operation.cell))
        self.values[operation.cell] = done.after
        if operation.stores_on(before):
            self._sources[operation.cell] = index
        return Done(done.result, before, done.after, source)

    def can_move(self, agent: str) -> bool:
        return False

    def move(self, agent: str, index: int) -> tuple[CellOperation, Done]:
        raise KeyError(agent)
