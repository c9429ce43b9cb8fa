"""Total store order with buffers of a given depth: a memory model that racer does not ship.

It shows what adding one takes: this file, a System over lifted programs, and a Storage in
tests/machine/store_buffers_storage.py.

Each thread has a FIFO of stores that only it sees. A store is appended, and blocks while the
buffer is full; a load takes the newest entry for its cell, else what is in memory. Moving the
oldest entry to memory is a move of an agent of its own. Locked operations and full fences wait
for an empty buffer. An execution ends when all threads have ended and nothing is buffered.

Bound    `depth` entries for each thread. With as many as a thread can have stores outstanding
         this is x86-TSO; with fewer, it has some of the outcomes of that.
Source   Owens, Sarkar, Sewell, "A better x86 memory model: x86-TSO", TPHOLs 2009.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Final

from racer.automata.automaton import CellStep
from racer.automata.lifting import Lifted, step_of
from racer.errors import ModelError
from racer.lang.effects import Misuse
from racer.lang.operations import Facts, Operation, Store
from racer.lang.pending import AboutTo, Raised
from racer.machine.dependence import NOTHING, Footprint, footprints, places_of
from racer.machine.interface import Broken, Future, Successors
from racer.machine.layout import Layout, State
from racer.machine.monitors import Monitors, Step
from racer.machine.moves import Agent, Move, agent_of, move_of, option_of, threads
from racer.machine.reader import Reader, Telling
from tests.machine.store_buffers_storage import admits, flusher, is_buffered

_OPEN_VALUES: Final = 1 << 24  # of a cell, where automata are open: as many as a Layout allows

Entry = tuple[str, int]  # a cell, and the index of a value in its table


class StoreBuffers(Telling):
    """The System of a lifted program under total store order: threads, then a flusher for each."""

    def __init__(self, lifted: Lifted, depth: int) -> None:
        self.names = tuple(instance.name for instance in lifted.instances)
        self.groups = tuple(instance.group for instance in lifted.instances)
        flushers = (Agent(flusher(name), at, "flush") for at, name in enumerate(self.names))
        self.agents = (*threads(self.names), *flushers)
        self._lifted = lifted
        self._depth = depth
        self._cells = tuple(lifted.tables)
        values = max((len(table.values) for table in lifted.tables.values()), default=0)
        entries = len(self._cells) * (values if lifted.closed else _OPEN_VALUES)
        slots = [f"slot {at}" for at in range(depth)]  # the oldest entry first; 0 where empty
        self._layout = Layout(lifted, own=dict.fromkeys(slots, entries.bit_length()))
        self._buffers = tuple(zip(*(self._layout.more[slot] for slot in slots), strict=True))
        self.locals = self._layout.locals
        self._control = self._layout.node_mask | sum(
            field.mask << field.shift for buffer in self._buffers for field in buffer
        )
        self._monitors = Monitors(lifted, self._layout)
        self._reader = Reader(lifted, self._layout)
        self._places = places_of(lifted, more=self.names)  # a buffer has its thread's name
        self._footprints = footprints(lifted, self._places)

    def initial(self) -> State:
        state = 0
        for field, automaton in zip(self._layout.nodes, self._lifted.automata, strict=True):
            state += field.delta(0, automaton.start)
        return self._monitors.start(state)

    def successors(self, state: State) -> Successors:
        found: list[tuple[Move, State]] = []
        for thread in range(len(self.names)):
            found += self._steps(state, thread)
        for thread in range(len(self.names)):
            if buffer := self._buffer(state, thread):
                move = move_of(len(self.names) + thread)
                found.append((move, self._flushed(state, move, thread, buffer)))
        return found

    def event(self, state: State, move: Move) -> tuple[Operation, object]:
        agent = agent_of(move)
        if agent >= len(self.names):
            cell, value = self._buffer(state, agent - len(self.names))[0]
            return Store(cell, self._lifted.tables[cell].values[value]), None
        pending = self._pending(state, agent)
        assert isinstance(pending, AboutTo), "only enabled moves are asked about"
        operation = pending.operation
        answer = option_of(move)
        if operation.facts.cell is not None:
            answer = self._found(state, self._buffer(state, agent), operation.facts.cell)
        done = step_of(operation, answer, self._lifted.tables)
        assert done is not None, "only enabled moves are asked about"
        return operation, done.result

    def edge(self, before: State, move: Move, after: State) -> Hashable | None:
        thread = agent_of(move)
        if thread >= len(self.names):
            return None
        pending = self._pending(before, thread)
        assert isinstance(pending, AboutTo), "only a thread that has not ended moves"
        facts, answer = pending.operation.facts, option_of(move)
        if facts.cell is not None and facts.gives != "nothing":
            answer = self._found(before, self._buffer(before, thread), facts.cell)
        nodes = self._layout.nodes[thread]
        return self.groups[thread], nodes.get(before), answer, nodes.get(after)

    def dependent(self, state: State, a: Move, b: Move) -> bool:
        known = self.futures(state)
        return known is None or known[agent_of(a)].next.conflicts(known[agent_of(b)].next)

    def control(self, state: State) -> int:
        return state & self._control

    def futures(self, state: State) -> tuple[Future, ...] | None:
        if self._footprints is None:
            return None
        parts = range(len(self.names))
        return (
            *(self._future_of_thread(state, thread) for thread in parts),
            *(self._future_of_flusher(state, thread) for thread in parts),
        )

    def _buffer(self, state: State, thread: int) -> list[Entry]:
        """The entries of a thread's buffer, the oldest first."""
        found = []
        for field in self._buffers[thread]:
            code = field.get(state)
            if code:
                value, cell = divmod(code - 1, len(self._cells))
                found.append((self._cells[cell], value))
        return found

    def _with_buffer(self, state: State, thread: int, buffer: list[Entry]) -> State:
        codes = [1 + self._cells.index(cell) + len(self._cells) * at for cell, at in buffer]
        codes += [0] * (self._depth - len(codes))
        for field, code in zip(self._buffers[thread], codes, strict=True):
            state += field.delta(field.get(state), code)
        return state

    def _found(self, state: State, buffer: list[Entry], cell: str) -> int:
        """The index of the value that a thread with this buffer finds in a cell."""
        own = [value for name, value in buffer if name == cell]
        return own[-1] if own else self._layout.cells[cell].get(state)

    def _pending(self, state: State, thread: int) -> object:
        return self._lifted.automata[thread].pending(self._layout.nodes[thread].get(state))

    def _steps(self, state: State, thread: int) -> Iterator[tuple[Move, State]]:
        pending = self._pending(state, thread)
        if not isinstance(pending, AboutTo):
            return
        operation, buffer = pending.operation, self._buffer(state, thread)
        facts = operation.facts
        if not admits(facts, len(buffer), self._depth):
            return
        answers = range(len(facts.options))
        if facts.cell is not None:
            found = self._found(state, buffer, facts.cell)
            answers = range(found, found + 1)
        for answer in answers:
            done = step_of(operation, answer, self._lifted.tables)
            if done is not None:
                move = move_of(thread, answer if facts.options else 0)
                yield move, self._stepped(state, move, pending, answer, done)

    def _stepped(
        self, state: State, move: Move, pending: AboutTo, answer: int, done: CellStep
    ) -> State:
        """The state after a thread's step, which found `answer`."""
        thread, facts = agent_of(move), pending.operation.facts
        if isinstance(done.error, Misuse):
            raise Broken(thread, move, str(done.error))
        node = self._layout.nodes[thread].get(state)
        target = self._lifted.automata[thread].target(node, done)
        after = state + self._layout.nodes[thread].delta(node, target)
        changes = None
        if is_buffered(facts):
            assert facts.cell is not None
            buffer = [*self._buffer(state, thread), (facts.cell, done.after)]
            after = self._with_buffer(after, thread, buffer)
        elif facts.cell is not None and done.after != answer:
            changes = facts.cell
            after += self._layout.cells[changes].delta(answer, done.after)
        try:
            step = Step(thread, pending.opens, node, target, changes)
            after = self._monitors.after(state, after, step)
        except ModelError as error:
            raise Broken(None, move, str(error)) from error
        came_to = self._pending(after, thread)
        if isinstance(came_to, Raised):
            raise Broken(thread, move, came_to.text)
        return after

    def _flushed(self, state: State, move: Move, thread: int, buffer: list[Entry]) -> State:
        """The state after the oldest entry of a buffer has gone to memory."""
        cell, value = buffer[0]
        field = self._layout.cells[cell]
        before = field.get(state)
        after = self._with_buffer(state, thread, buffer[1:]) + field.delta(before, value)
        if value == before:
            return after
        try:
            return self._monitors.changed(state, after, cell)
        except ModelError as error:
            raise Broken(None, move, str(error)) from error

    def _future_of_thread(self, state: State, thread: int) -> Future:
        """What it touches where stores go to memory at once, with its buffer; its next store
        touches only that."""
        assert self._footprints is not None
        pending = self._pending(state, thread)
        if not isinstance(pending, AboutTo):
            return Future(NOTHING, NOTHING)
        node = self._layout.nodes[thread].get(state)
        step, future = (each[node] for each in self._footprints[thread])
        buffer = self._places.of_part(self.names[thread])
        facts = pending.operation.facts
        if is_buffered(facts):
            # A release looks at the lock, and a store at nothing but the watches of its windows.
            unseen = 0 if facts.lock else self._places.of_access(Facts(facts.cell)).reads
            step = Footprint(step.reads & ~unseen | buffer, buffer)
        elif facts.cell is not None or facts.fence == "mb":
            step = step.union(Footprint(buffer, 0))
        return Future(step, future.union(Footprint(buffer, buffer)))

    def _future_of_flusher(self, state: State, thread: int) -> Future:
        """Its next step flushes the oldest entry; later ones the others, and whatever its thread
        may still store."""
        assert self._footprints is not None
        entries = self._buffer(state, thread)
        later = self._footprints[thread].future[self._layout.nodes[thread].get(state)].writes
        if not entries and not later:
            return Future(NOTHING, NOTHING)
        buffer = self._places.of_part(self.names[thread])
        flushes = [
            self._places.of_access(Facts(cell, stores=True)).union(Footprint(buffer, buffer))
            for cell, _ in entries
        ]
        future = Footprint(buffer, buffer | later)
        for flush in flushes:
            future = future.union(flush)
        # While nothing is buffered it waits for its thread.
        return Future(flushes[0] if flushes else Footprint(buffer, 0), future)
