"""A program to ask about all of its schedules, for as long as explanations are made of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from racer.lang.faults import told_as_the_models
from racer.lang.program import Program
from racer.machine.interface import System
from racer.machine.loaded import Loaded
from racer.search.questions import OPEN_STATES, STATES


@dataclass(frozen=True, slots=True)
class Exact:
    """A program's System, and how many states may be visited for one part of an explanation.

    Its agents are its threads. Past `deadline`, a time.monotonic() value, a part is given up.
    """

    program: Program
    system: System
    states: int
    deadline: float | None = None


@contextmanager
def exactly(
    loaded: Loaded,
    memory: str = "sc",
    *,
    states: int | None = None,
    deadline: float | None = None,
) -> Iterator[Exact | None]:
    """A lifted program, for as long as explanations are made of it; None under a memory model of
    which nothing is said of all schedules. What is said of these takes a move for a step of a
    thread, and a store for what every other thread sees from then on.

    states   how many may be visited for one part of an explanation; by default 100,000, and 5,000
             where new edges of the automata have to be found
    deadline a time.monotonic() value, past which a part is given up
    """
    allowed = STATES if loaded.lifted.closed else OPEN_STATES
    with told_as_the_models(), loaded.in_use(deadline=deadline):
        if memory != "sc":
            yield None
            return
        yield Exact(
            loaded.program, loaded.system(memory), allowed if states is None else states, deadline
        )
