"""Replay: a schedule run on trio, or an error naming the step that cannot be followed."""

from __future__ import annotations

from racer.errors import ReplayDiverged
from racer.events import Move, Schedule, Trace
from racer.program import Program
from racer.result import Witness


def replay(program: Program, witness: Witness | Schedule) -> Trace:
    """Run the real coroutines one step at a time under a witness's schedule.

    Errors   ReplayDiverged when a move cannot be made: its thread is blocked, has ended, or
             does not exist. ModelError when the model itself fails on the way.
    """
    from racer.scheduler import run_schedule  # trio takes 0.2 s to import: only when needed

    schedule = witness.schedule if isinstance(witness, Witness) else tuple(witness)
    return run_schedule(program, tuple(Move(*move) for move in schedule), _refusal)


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
