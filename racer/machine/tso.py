"""Total store order, as x86 has it: between a thread and memory there is a buffer of its stores.

Each thread has a FIFO of stores that only it sees. A store is appended; a load takes the newest
entry for its cell, else what is in memory. Moving the oldest entry to memory is a move of an agent
of its own. Locked operations and full fences wait for an empty buffer; smp_rmb(), smp_wmb(),
acquire and release are nothing. An execution ends when all threads have ended and nothing is
buffered.

What memory holds is what watches, invariants and ends are asked about: a store that is buffered has
not happened to anybody else.

Bound    none: a thread that stores in a loop without a locked operation may have ever more in its
         buffer, so that a limit ends the search. With `depth` there is one, which tests use: fewer
         entries than a thread can have stores outstanding show some of the outcomes.
Source   Owens, Sarkar, Sewell, "A better x86 memory model: x86-TSO", TPHOLs 2009.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from racer.automata.automaton import CellStep
from racer.automata.lifting import Lifted, step_of
from racer.errors import ModelError
from racer.lang.effects import Misuse
from racer.lang.operations import Facts, Operation, arrival
from racer.lang.pending import AboutTo, Raised
from racer.machine.dependence import NOTHING, Footprint, footprints, places_of
from racer.machine.interface import Broken, Future, Numbered, Successors
from racer.machine.layout import Layout, State
from racer.machine.monitors import Monitors, Step
from racer.machine.moves import Agent, Move, agent_of, move_of, option_of, threads
from racer.machine.reader import Reader, Telling
from racer.replaying.store_buffers import admits, flusher

_BUFFER_BITS = 24  # of the number of what a buffer holds: as many as of an open automaton's node

Entry = tuple[str, int]  # a cell, and the index of a value in its table
Buffer = tuple[Entry, ...]  # the oldest first


class TotalStoreOrder(Telling):
    """The System of a lifted program under total store order: threads, then a flusher for each.

    Shape    a thread's locals in a state end with the number of what its buffer holds: a place in
             `_contents`, which all threads share, so that copies with equal buffers are equal.
    """

    def __init__(self, lifted: Lifted, depth: int | None = None) -> None:
        self.names = tuple(instance.name for instance in lifted.instances)
        self.groups = tuple(instance.group for instance in lifted.instances)
        flushers = (Agent(flusher(name), at, "flush") for at, name in enumerate(self.names))
        self.agents = (*threads(self.names), *flushers)
        self._lifted = lifted
        self._depth = depth
        self._contents: list[Buffer] = [()]
        self._number_of: dict[Buffer, int] = {(): 0}
        self._layout = Layout(lifted, own={"buffer": _BUFFER_BITS})
        self._buffers = tuple(self._layout.more["buffer"])
        self.locals = self._layout.locals
        self._control = self._layout.node_mask | sum(
            field.mask << field.shift for field in self._buffers
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
            return arrival(cell, self._lifted.tables[cell].values[value]), None
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

    def numbered(self) -> Sequence[Numbered]:
        return self._contents

    def number_again(self, found: Sequence[Numbered]) -> None:
        self._contents = list(found)
        self._number_of = {buffer: number for number, buffer in enumerate(found)}

    def _buffer(self, state: State, thread: int) -> Buffer:
        """What a thread has in its buffer."""
        return self._contents[self._buffers[thread].get(state)]

    def _with_buffer(self, state: State, thread: int, buffer: Buffer) -> State:
        number = self._number_of.get(buffer)
        if number is None:
            number = self._number_of[buffer] = len(self._contents)
            self._contents.append(buffer)
        field = self._buffers[thread]
        return state + field.delta(field.get(state), number)

    def _found(self, state: State, buffer: Buffer, cell: str) -> int:
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
        if not admits(facts, len(buffer), self._depth) or not self._comes_true(facts, state):
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

    def _comes_true(self, facts: Facts, state: State) -> bool:
        """Whether the watch that an operation waits for is true, if it waits for one."""
        if facts.watch is None:
            return True
        try:
            return self._monitors.truth(self._lifted.program.memory.watches[facts.watch], state)
        except ModelError as error:
            raise Broken(None, None, str(error)) from error

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
        if facts.blind:
            assert facts.cell is not None
            buffer = (*self._buffer(state, thread), (facts.cell, done.after))
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

    def _flushed(self, state: State, move: Move, thread: int, buffer: Buffer) -> State:
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
        if facts.blind:
            # A release looks at the lock, and a store at nothing but the watches of its windows.
            unseen = 0 if facts.lock else self._places.of_access(Facts(facts.cell)).reads
            step = Footprint(step.reads & ~unseen | buffer, buffer)
        elif facts.cell is not None or facts.fence == "mb" or facts.watch is not None:
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
