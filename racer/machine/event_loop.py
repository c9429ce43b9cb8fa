"""An event loop: a task goes on undisturbed until it yields to the loop, or has to wait.

Tasks are threads, over one memory. A bit in each one's locals says that it holds the loop; while
one that does can go on, nobody else can. What that is, `lang/checkpoints.py` says; in which order
a loop takes tasks that is first in, first out, `lang/ready_queue.py`.

All tasks of a loop are one thread of the machine, so a memory model makes no difference to them.

Bound    a step of one task disables those of all others, so no two are independent, and nothing is
         left out but copies. Where tasks yield, there are few states that a reduction could save.
Source   Python's documentation of asyncio, "Coroutines and tasks": a task runs until it awaits
         what is not done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from racer.automata.lifting import Lifted
from racer.lang.checkpoints import keeps_the_loop
from racer.lang.pending import Pending
from racer.lang.ready_queue import ReadyQueue, begun, task_order
from racer.machine.flat import FlatTables
from racer.machine.interface import Broken, Successors, System
from racer.machine.layout import State
from racer.machine.moves import agent_of
from racer.machine.sc import SequentialConsistency


class _Loop(SequentialConsistency):
    """What event loops have in common; `own` are the bits that each keeps for a task."""

    def __init__(self, lifted: Lifted, own: Mapping[str, int]) -> None:
        super().__init__(lifted, own)
        self._futures = None

    def take_over(self, grown: System, nodes: Sequence[Mapping[int, int]]) -> None:
        """A state is more than what can be carried over."""

    def flat(self, sometimes: Sequence[str]) -> FlatTables | None:
        """Who may go on is not in the tables."""
        return None

    def _can_go(self, state: State, task: int) -> bool:
        """Whether a task could take a step now, if the loop let it."""
        try:
            return bool(self._moves_of(self._tables[task : task + 1], state))
        except Broken:  # it could, into what is wrong with the model
            return True

    def _pending(self, state: State, task: int) -> Pending:
        return self._lifted.automata[task].pending(self._layout.nodes[task].get(state))


class EventLoop(_Loop):
    """The System of tasks of which any may go on that can."""

    def __init__(self, lifted: Lifted) -> None:
        super().__init__(lifted, {"holds": 1})
        self._holds = tuple(self._layout.more["holds"])

    def held(self, state: State) -> bool:
        holder = self._holder(state)
        return holder is not None and self._can_go(state, holder)

    def _holder(self, state: State) -> int | None:
        return next((at for at, field in enumerate(self._holds) if field.get(state)), None)

    def _expanded(self, state: State) -> Successors:
        holder = self._holder(state)
        tables = self._tables if holder is None else self._tables[holder : holder + 1]
        # Nobody else is asked while there is a holder: what fails there may never happen.
        found = self._moves_of(tables, state) or self._moves_of(self._tables, state)
        return [(move, self._held(after, holder, agent_of(move))) for move, after in found]

    def _held(self, state: State, holder: int | None, moved: int) -> State:
        """The state with the bit of who holds the loop now that a task has moved."""
        if holder is not None:
            state += self._holds[holder].delta(1, 0)
        keeps = keeps_the_loop(self._pending(state, moved))
        return state + self._holds[moved].delta(0, int(keeps))


class FirstInFirstOut(_Loop):
    """The System of tasks that go on in the order in which they became ready.

    Shape    a task's locals have its place in the ready queue, and that among those who wait, from
             1 on; 0: it is not there. So the loop leaves nothing open but what is chosen.
    Bound    copies are told apart: they are made one after the other.
    """

    def __init__(self, lifted: Lifted) -> None:
        width = len(lifted.instances).bit_length()
        super().__init__(lifted, {"ready": width, "waiting": width})
        self._ready, self._waiting = (self._layout.more[name] for name in ("ready", "waiting"))
        self.groups = self.names

    def initial(self) -> State:
        state = super().initial()
        order = task_order(self._lifted.program)
        queue = begun(order, lambda task: self._can_go(state, task))
        return self._with_queue(state, ReadyQueue((), ()), queue)

    def held(self, state: State) -> bool:
        return True

    def _expanded(self, state: State) -> Successors:
        queue = self._queue(state)
        if not queue.ready:
            return []
        first = queue.ready[0]
        found = self._moves_of(self._tables[first : first + 1], state)
        return [(move, self._stepped(after, queue)) for move, after in found]

    def _stepped(self, state: State, queue: ReadyQueue) -> State:
        """The state with the queue as it is after a step of the first."""
        comes_to = self._pending(state, queue.ready[0])
        after = queue.after_step(comes_to, lambda task: self._can_go(state, task))
        return self._with_queue(state, queue, after)

    def _queue(self, state: State) -> ReadyQueue:
        found = []
        for fields in (self._ready, self._waiting):
            places = {field.get(state): task for task, field in enumerate(fields)}
            found.append(tuple(places[place] for place in sorted(places.keys() - {0})))
        return ReadyQueue(*found)

    def _with_queue(self, state: State, before: ReadyQueue, after: ReadyQueue) -> State:
        both = zip((self._ready, self._waiting), before, after, strict=True)
        for fields, old, new in both:
            for sign, tasks in ((-1, old), (1, new)):
                for place, task in enumerate(tasks, start=1):
                    state += sign * fields[task].delta(0, place)
        return state
