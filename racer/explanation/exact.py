"""A program to ask about all of its schedules, for as long as explanations are made of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from racer.errors import UsageError
from racer.lang.faults import told_as_the_models
from racer.lang.program import Program
from racer.machine.interface import System
from racer.machine.loaded import Loaded
from racer.search.questions import OPEN_STATES, STATES


def unexplained(memory: str) -> str | None:
    """Why a schedule under the memory model of that name is not explained; None: it is.

    All that an explanation says takes a move for a step of a thread, and a store for what every
    other thread sees from then on.
    """
    if memory == "sc":
        return None
    return (
        f"racer explains schedules under the memory model 'sc' only, and not under {memory!r}: "
        f"there is no cause, mail or picture. To see the steps, replay the witness: with "
        f"racer.replay(), or `racer replay` of its file."
    )


def require_explained(memory: str) -> None:
    """Errors: UsageError for a memory model under which schedules are not explained."""
    why = unexplained(memory)
    if why is not None:
        raise UsageError(why)


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
) -> Iterator[Exact]:
    """A lifted program, for as long as explanations are made of it.

    states   how many may be visited for one part of an explanation; by default 100,000, and 5,000
             where new edges of the automata have to be found
    deadline a time.monotonic() value, past which a part is given up
    Errors   as require_explained().
    """
    require_explained(memory)
    allowed = STATES if loaded.lifted.closed else OPEN_STATES
    with told_as_the_models(), loaded.in_use(deadline=deadline):
        yield Exact(
            loaded.program, loaded.system(memory), allowed if states is None else states, deadline
        )
