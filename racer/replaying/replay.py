"""A schedule run on trio, or an error naming the step that cannot be followed."""

from __future__ import annotations

from racer.errors import ReplayDiverged
from racer.lang.program import Program
from racer.lang.schedule import Move, Schedule
from racer.replaying.storage import Storage
from racer.replaying.trace import Trace


def run(program: Program, schedule: Schedule, storage: Storage) -> Trace:
    """Run the real coroutines one step at a time under a schedule, over a storage that is new.

    Errors   ReplayDiverged when a move cannot be made: its thread is blocked, has ended, or
             does not exist, or has no such option. ModelError when the model itself fails.
    """
    from racer.replaying.scheduler import run_schedule

    return run_schedule(program, tuple(Move(*move) for move in schedule), _refusal, storage)


def _refusal(index: int, move: Move, found: str) -> ReplayDiverged:
    option = f", option {move.choice}" if move.choice else ""
    return ReplayDiverged(
        step=index + 1,
        thread=move.thread,
        expected=f"a step of {move.thread}{option}",
        found=found,
        hint="Usual cause: the scenario or its parameters changed since the schedule was made.\n"
        "Try: explore again, and replay the new witness.",
    )
