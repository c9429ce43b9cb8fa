"""A schedule run on trio, or an error naming the step that cannot be followed."""

from __future__ import annotations

from racer.errors import ReplayDiverged
from racer.lang.memory_use import lacks_memory
from racer.lang.program import Program
from racer.lang.schedule import Move, Schedule
from racer.replaying.storage import Storage
from racer.replaying.trace import Trace


def run(program: Program, schedule: Schedule, storage: Storage, *, cycle: int = 0) -> Trace:
    """Run the real coroutines one step at a time under a schedule, over a storage that is new.

    cycle    so many moves at its end are meant to be repeated for ever: they are made a second
             time, and have to do the same and lead back to the same values

    Errors   ReplayDiverged when a move cannot be made: its thread is blocked, has ended, or
             does not exist, or has no such option; or when the cycle does not close. ModelError
             when the model itself fails.
    """
    try:
        from racer.replaying.scheduler import run_schedule
    except (ImportError, OSError) as error:
        if lacks_memory(error):
            raise MemoryError(str(error)) from error
        raise

    moves = tuple(Move(*move) for move in schedule)
    return run_schedule(program, moves, cycle, _refusal, storage)


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
