"""What threads of two programs are compared over: closed automata, or what a search leaves."""

from __future__ import annotations

from typing import Literal

from racer.automata.automaton import ClosedAutomaton
from racer.automata.lifting import Lifted
from racer.errors import ModelError
from racer.exploration.exploring import explored
from racer.exploration.wanted import Wanted
from racer.lang.pending import Raised
from racer.lang.program import Program
from racer.machine.loaded import load_program
from racer.search.limits import deadline_after

Basis = Literal["closed", "reached"]


def lifted_alike(
    programs: tuple[Program, Program],
    names: tuple[str, str],
    max_states: int | None,
    timeout: float | None,
) -> tuple[tuple[Lifted, Lifted] | None, Basis | None, str | None]:
    """The automata of both, and what they rest on; where there is neither, why.

    Errors   as lift(); ModelError, naming the program, where a thread fails in a state that can be
             reached.
    """
    deadline = deadline_after(timeout)
    closed = [load_program(program).closed(deadline) for program in programs]
    cause = "automata do not close"
    if all(each.closed for each in closed):
        failing = [_failure(each) for each in closed]
        if not any(failing):
            return (closed[0], closed[1]), "closed", None
        name, what = next(pair for pair in zip(names, failing, strict=True) if pair[1])
        cause = f"{what} in {name}, unless the values that it takes never come"
    reached = []
    for program, name in zip(programs, names, strict=True):
        wanted = Wanted(count=True, max_states=max_states, timeout=timeout, deadline=deadline)
        try:
            result = explored(program, wanted)
        except ModelError as error:
            raise ModelError(
                f"{name} cannot be compared: {error}",
                thread=error.thread,
                step=error.step,
                schedule=error.schedule,
            ) from error
        if result.bound is not None or result.loaded is None:
            why = result.bound or "there is no program"
            return None, None, f"{cause}, and the search of {name} was cut: {why}"
        if not result.loaded.lifted.closed:
            return None, None, f"{cause}, and not all states of {name} were searched"
        reached.append(result.loaded.lifted)
    return (reached[0], reached[1]), "reached", None


def _failure(lifted: Lifted) -> str:
    """Which thread fails with some values, if any does: a model that does is no behaviour to
    compare. Closed automata have answers that never come, so that a search has to say whether it
    is so."""
    for instance, automaton in zip(lifted.instances, lifted.automata, strict=True):
        assert isinstance(automaton, ClosedAutomaton)
        for node in automaton.nodes:
            if isinstance(node, Raised):
                return f"thread {instance.name} fails ({node.text})"
    return ""
