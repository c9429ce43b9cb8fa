"""An event loop: a task goes on undisturbed until it yields to the loop, or has to wait.

Tasks are threads, over one memory. A bit in each one's locals says that it holds the loop; while
one that does can go on, nobody else can. What that is, `lang/checkpoints.py` says.

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
from racer.machine.interface import Successors, System
from racer.machine.layout import State
from racer.machine.moves import agent_of
from racer.machine.sc import SequentialConsistency


class EventLoop(SequentialConsistency):
    """The System of a lifted program whose threads are the tasks of one event loop."""

    def __init__(self, lifted: Lifted) -> None:
        super().__init__(lifted, own={"holds": 1})
        self._holds = tuple(self._layout.more["holds"])
        self._futures = None

    def take_over(self, grown: System, nodes: Sequence[Mapping[int, int]]) -> None:
        """A state is more than what can be carried over."""

    def held(self, state: State) -> bool:
        holder = self._holder(state)
        return any(agent_of(move) == holder for move, _ in self.successors(state))

    def _holder(self, state: State) -> int | None:
        return next((at for at, field in enumerate(self._holds) if field.get(state)), None)

    def _expanded(self, state: State) -> Successors:
        found = super()._expanded(state)
        holder = self._holder(state)
        if holder is not None:
            found = [pair for pair in found if agent_of(pair[0]) == holder] or found
        return [(move, self._held(after, holder, agent_of(move))) for move, after in found]

    def _held(self, state: State, holder: int | None, moved: int) -> State:
        """The state with the bit of who holds the loop now that a task has moved."""
        automaton, field = self._lifted.automata[moved], self._layout.nodes[moved]
        if holder is not None:
            state += self._holds[holder].delta(1, 0)
        keeps = keeps_the_loop(automaton.pending(field.get(state)))
        return state + self._holds[moved].delta(0, int(keeps))
