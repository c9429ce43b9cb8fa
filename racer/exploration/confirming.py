"""Confirming: what a search says of one schedule is run on trio before anybody is told."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from racer.errors import HIDDEN_STATE, InternalError, ModelError, ReplayDiverged
from racer.exploration.witnesses import concrete_moves, state_after
from racer.lang.failures import remedy
from racer.lang.program import Program
from racer.lang.values import describe
from racer.machine.interface import Broken, System
from racer.machine.layout import State
from racer.machine.models import replayed
from racer.machine.moves import Move, named
from racer.replaying.trace import Trace
from racer.search.state_graph import ModelFailed
from racer.search.walk import along


def confirmed_label(
    program: Program, system: System, memory: str, moves: Sequence[Move], label: str, cycle: int = 0
) -> Trace:
    """Replay a violation and compare it with the automata, step by step.

    Errors   as confirmed_replay(), and ReplayDiverged where the replay does not show the label.
    """
    trace = confirmed_replay(program, system, memory, moves, cycle)
    if label not in trace.labels:
        shown = ", ".join(trace.labels) or "no violation"
        last = trace.events[-1].thread if trace.events else "-"
        raise _impure(len(trace.events), last, f"violation {label!r}", shown)
    return trace


def confirmed_replay(
    program: Program, system: System, memory: str, moves: Sequence[Move], cycle: int = 0
) -> Trace:
    """Replay a schedule on trio: each step, and the end, must be as the automata have it.

    Errors   ReplayDiverged where a step is not, InternalError where the end is not.
    """
    trace = replayed(program, named(moves, system.agents), memory, cycle=cycle)
    *states, end = along(system.initial(), moves, system.successors)
    for state, move, event in zip(states, moves, trace.events, strict=True):
        operation, result = system.event(state, move)
        expected = f"{operation.text()} -> {describe(result)}"
        met = f"{event.operation.text()} -> {describe(event.result)}"
        if expected != met:
            raise _impure(event.index + 1, event.thread, expected, met)
    if trace.maximal and trace.outcome != system.outcome(end):
        ends = describe(tuple(trace.outcome)), describe(tuple(system.outcome(end)))
        raise InternalError(f"replay ends in {ends[0]}, the automata in {ends[1]}")
    return trace


def _impure(step: int, thread: str, expected: str, found: str) -> ReplayDiverged:
    return ReplayDiverged(
        step=step,
        thread=thread,
        expected=expected,
        found=found,
        hint="The automata and the real coroutines disagree, so nothing is reported.\n"
        f"{HIDDEN_STATE}\n"
        "If they do not, this is a bug in racer: please report it.",
    )


def model_error(
    failed: ModelFailed,
    system: System,
    canonical: Callable[[State], State] = lambda state: state,
) -> ModelError:
    """The error for a model that fails, with a schedule that leads there. The states on the way are
    what is `canonical` of the system's own."""
    moves = concrete_moves(system, canonical, failed.path)
    cause = failed.cause
    last = ""
    if isinstance(cause, Broken):  # found on a canonical state: which move is it really?
        state = state_after(system, moves)
        try:
            system.successors(state)
        except Broken as broken:
            cause = broken
            if broken.move is not None:
                moves = (*moves, broken.move)
                last = f"\nlast step: {system.event(state, broken.move)[0].text()}"
    schedule = tuple(each.thread for each in named(moves, system.agents))
    where = in_turns(schedule) + last
    if isinstance(cause, ModelError) or cause.thread is None:
        return ModelError(f"{cause}\nschedule: {where}", schedule=schedule)
    name = system.names[cause.thread]
    step = schedule.count(name)
    return ModelError(
        f"thread {name!r} fails after its step {step}: {cause.text}\n"
        f"schedule: {where}\n"
        f"{remedy(cause.text)}",
        thread=name,
        step=step,
        schedule=schedule,
    )


def in_turns(schedule: Sequence[str]) -> str:
    """`alloc, split x3, alloc x2`: who takes how many steps, in turn."""
    turns = [(name, len(list(steps))) for name, steps in itertools.groupby(schedule)]
    each = [name if steps == 1 else f"{name} x{steps}" for name, steps in turns]
    return ", ".join(each) or "(the initial state)"
