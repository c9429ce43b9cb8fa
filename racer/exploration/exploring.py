"""explore(): from a Program to a Result whose every violation has been replayed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from racer.errors import UsageError
from racer.exploration.graph import Limits, ModelFailed, Progress, StateGraph, search
from racer.exploration.report import Searched, model_error, report
from racer.exploration.stubborn import StubbornSets
from racer.exploration.symmetry import Symmetric
from racer.lift import Lifted, lift
from racer.models import check_model, system_of
from racer.patience import patience
from racer.program import Program
from racer.result import Result
from racer.system import State, System

# Counting needs every state, the verdict does not. Past so many states (up to symmetry) the
# count is left out unless it is asked for: some seconds and some hundred megabytes.
COUNTED_STATES: Final = 100_000


def explore(
    program: Program,
    *,
    memory: str = "sc",
    reduce: bool = True,
    count: bool | None = None,
    minimise: bool = True,
    max_states: int | None = None,
    timeout: float | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Result:
    """Search every interleaving of `program` and say what can happen.

    memory       the memory model: "sc"
    reduce       decide on a reduced graph (stubborn sets, symmetry), which keeps every verdict,
                 label and outcome; False searches every state one by one
    count        count interleavings: True always, False never, None while that takes no more
                 than COUNTED_STATES states
    minimise     look for the witness with the fewest preemptions; False keeps the first schedule
                 that the search comes across, which is replayed as well
    max_states   stop after so many states
    timeout      stop after so many seconds; either limit gives the verdict "bound"
    progress     is called every few thousand states with how far it is: first for the verdict,
                 then for the count, and once before witnesses are minimised

    Errors   ModelError when the model fails in a state that can be reached; Interrupted, with
             what was found so far, on Ctrl-C; UsageError for a memory model racer lacks.
    """
    return search_and_report(
        program,
        memory=memory,
        reduce=reduce,
        count=count,
        minimise=minimise,
        max_states=max_states,
        timeout=timeout,
        progress=progress,
    )[1]


def search_and_report(
    program: Program,
    *,
    memory: str = "sc",
    reduce: bool = True,
    count: bool | None = None,
    minimise: bool = True,
    max_states: int | None = None,
    timeout: float | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> tuple[Searched, Result]:
    """As explore(), with the graphs that the Result was read from."""
    check_model(memory)
    _check_limits(max_states, timeout)
    deadline = None if timeout is None else time.monotonic() + timeout
    limits = Limits(max_states, timeout, deadline, progress=progress)
    with patience(timeout):
        lifted = lift(program, deadline=deadline)
        try:
            searched = _search(lifted, memory, reduce, count, limits)
        finally:
            lifted.finish()
    return searched, report(searched, deadline, minimise, progress)


def _search(
    lifted: Lifted, memory: str, reduce: bool, count: bool | None, limits: Limits
) -> Searched:
    """Search for the verdict and, if the count is wanted and affordable, for all states."""
    system = system_of(lifted, memory)
    quotient = Symmetric(system)
    graph = _decide(lifted.program, system, quotient if reduce else None, limits)
    full = None
    if count is not False and graph.complete:
        full = search(quotient, (), _counting_limits(limits, count)) if reduce else graph
    return Searched(lifted.program, system, quotient, graph, full, memory, reduce)


def _decide(
    program: Program, system: System, quotient: Symmetric | None, limits: Limits
) -> StateGraph:
    """The graph that decides the verdict: reduced if there is a quotient to reduce to."""
    sometimes = tuple(sorted(program.sometimes))
    try:
        if quotient is None:
            return search(system, sometimes, limits)
        return search(quotient, sometimes, limits, StubbornSets(system).choose)
    except ModelFailed as failed:
        canonical = _itself if quotient is None else quotient.canonical
        raise model_error(failed, system, canonical) from failed


def _itself(state: State) -> State:
    return state


def _counting_limits(limits: Limits, count: bool | None) -> Limits:
    """Counting stops at the time limit too, and at its own number of states unless forced."""
    if count is True:
        return replace(limits, max_states=None, phase="counting")
    too_many = "more than {:,} states up to symmetry; count=True or --count forces it"
    return replace(limits, max_states=COUNTED_STATES, no_room=too_many, phase="counting")


def _check_limits(max_states: int | None, timeout: float | None) -> None:
    if max_states is not None and max_states < 1:
        raise UsageError(f"max_states={max_states} would search nothing: it must be 1 or more.")
    if timeout is not None and not timeout > 0:
        raise UsageError(f"timeout={timeout} would search nothing: it must be above 0 seconds.")
