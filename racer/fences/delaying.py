"""A schedule that shows a violation while stores wait in buffers: which barriers stand against it.

A full barrier waits until its thread's buffer is empty. So if it comes where the buffer is not, the
schedule cannot be followed; and if all barriers that are put in come where buffers are empty, it
can, and shows the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from racer.errors import InternalError
from racer.fences.additions import Addition, Additions, weakest
from racer.lang.changes import ChangedRun
from racer.lang.pending import AboutTo
from racer.lang.program import Program
from racer.lang.schedule import Schedule
from racer.machine.models import tasks_of
from racer.replaying.tasks import Tasks


class Delaying:
    """Such a schedule of a changed program."""

    def __init__(self, program: Program, schedule: Schedule, memory: str) -> None:
        self._met: Final = _met(program, schedule, memory)

    def forbidden_with(self, additions: Additions) -> bool:
        """Whether the schedule cannot be followed with these."""
        return not additions.isdisjoint(self._met)

    def candidates(self) -> Sequence[Addition]:
        """The barriers that it cannot be followed with."""
        return self._met

    def remedies(self, candidates: Sequence[Addition]) -> list[Additions]:
        """The weakest sets of these that stand against it: one barrier each."""
        return weakest(frozenset((each,)) for each in candidates if each in self._met)


def _met(program: Program, schedule: Schedule, memory: str) -> tuple[Addition, ...]:
    """Barriers just before loads that are executed while the thread's stores wait."""
    tasks = tasks_of(program, memory)
    groups = {each.name: each.group for each in program.instances()}
    found: dict[Addition, None] = {}
    tasks.start()
    try:
        for move in schedule:
            if not tasks.is_thread(move.thread):
                tasks.agent_step(move.thread)
                continue
            run = tasks.by_name[move.thread].run
            if not isinstance(run, ChangedRun) or not isinstance(run.pending, AboutTo):
                raise InternalError("a schedule moves a thread that is about to do nothing")
            facts = run.pending.operation.facts
            reads = facts.cell is not None and not facts.blind
            if reads and not run.is_at_barrier and _waits(tasks, move.thread):
                found[Addition(groups[move.thread], run.site(), "mb")] = None
            tasks.thread_step(move.thread, move.choice, told=False)
    finally:
        tasks.close()
    return tuple(found)


def _waits(tasks: Tasks, thread: str) -> bool:
    """Whether stores of a thread have not arrived in memory."""
    storage = tasks.storage
    return any(
        owner == thread and storage.can_move(agent) for agent, owner in storage.agents.items()
    )
