"""The ready queue of an event loop that is first in, first out, as asyncio's is.

The first task of it goes on until it yields, has to wait or ends. One that yields is the last from
then on. One that waits is in no queue; it is the last as soon as what it waits for has come, and of
several, whoever has waited longest comes before. If that is gone again when its turn comes, it
waits again.

Source   Lib/asyncio/base_events.py of Python 3.11: call_soon() appends to _ready, _run_once() takes
         from the left; Lib/asyncio/tasks.py: Task.__init__() and a bare yield call call_soon().
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from racer.lang.pending import AboutTo, Pending
from racer.lang.program import Program


class ReadyQueue(NamedTuple):
    """Tasks by their numbers; the first that is `ready` is the one that goes on."""

    ready: tuple[int, ...]
    waiting: tuple[int, ...] = ()  # whoever began to wait first comes first

    def after_step(self, comes_to: Pending, can_go: Callable[[int], bool]) -> ReadyQueue:
        """After a step of the first, which has come to that. `can_go`: whether a task need not
        wait now."""
        first, *ready = self.ready
        ready += filter(can_go, self.waiting)
        waiting = [task for task in self.waiting if task not in ready]
        if isinstance(comes_to, AboutTo):
            if comes_to.operation.facts.yields:
                ready.append(first)
            elif can_go(first):
                ready.insert(0, first)
            else:
                waiting.append(first)
        return _with_one_to_go(ready, waiting, can_go)


def task_order(program: Program) -> tuple[int, ...]:
    """The positions of a program's tasks in Program.instances(), in the order that it has them."""
    instances = program.instances()
    order = list(program.threads)
    return tuple(sorted(range(len(instances)), key=lambda at: order.index(instances[at].group)))


def begun(tasks: Iterable[int], can_go: Callable[[int], bool]) -> ReadyQueue:
    """Of tasks that have been made in that order."""
    return _with_one_to_go(list(tasks), [], can_go)


def _with_one_to_go(
    ready: list[int], waiting: list[int], can_go: Callable[[int], bool]
) -> ReadyQueue:
    while ready and not can_go(ready[0]):
        waiting.append(ready.pop(0))
    return ReadyQueue(tuple(ready), tuple(waiting))
