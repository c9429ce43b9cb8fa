"""A program to ask about all of its schedules, for as long as explanations are made of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from racer.lang.program import Program
from racer.machine.interface import System
from racer.machine.loaded import Loaded
from racer.search.questions import OPEN_STATES, STATES


@dataclass(frozen=True, slots=True)
class Exact:
    """A program's System, and how many states may be visited for one part of an explanation."""

    program: Program
    system: System
    states: int


@contextmanager
def exactly(
    loaded: Loaded, memory: str = "sc", *, states: int | None = None
) -> Iterator[Exact | None]:
    """A lifted program, for as long as explanations are made of it.

    states   how many may be visited for one part of an explanation; by default 100,000, and 5,000
             where new edges of the automata have to be found
    Bound    sequential consistency only: a move is a step. None for any other memory model.
    """
    if memory != "sc":
        yield None
        return
    allowed = STATES if loaded.lifted.closed else OPEN_STATES
    with loaded.in_use():
        yield Exact(loaded.program, loaded.system(memory), allowed if states is None else states)
