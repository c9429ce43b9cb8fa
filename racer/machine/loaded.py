"""A Program lifted once, for all that is asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from racer.automata.lifting import Lifted, digest_of, lift
from racer.lang.patience import patience
from racer.lang.program import Program
from racer.machine.interface import System
from racer.machine.models import system_of


class Loaded:
    """A lifted Program with its systems, each made when it is first asked for.

    Nothing that is asked changes an answer: automata that are open grow, and stay as they are
    otherwise.
    """

    def __init__(self, program: Program, lifted: Lifted) -> None:
        self.program = program
        self.lifted = lifted
        self._systems: dict[str, System] = {}
        self._digest: str | None = None

    def system(self, memory: str) -> System:
        """The program under the memory model of that name. Errors: as system_of()."""
        if memory not in self._systems:
            self._systems[memory] = system_of(self.lifted, memory)
        return self._systems[memory]

    @property
    def digest(self) -> str:
        """A fingerprint of what the program does: see automata.lifting.digest_of()."""
        if self._digest is None:
            self._digest = digest_of(self.lifted)
        return self._digest

    @contextmanager
    def in_use(self, timeout: float | None = None, deadline: float | None = None) -> Iterator[None]:
        """While modelled code may run: one that never awaits is interrupted, and when it is over
        a thread or a predicate that changed what is no cell is refused.

        Errors   ModelError naming the thread and the object; OutOfTime well past the deadline.
        """
        try:
            with patience(timeout, deadline):
                yield
        finally:
            with patience():
                self.lifted.finish()


def load_program(
    program: Program, *, timeout: float | None = None, deadline: float | None = None
) -> Loaded:
    """Lift a Program, until `deadline` (a time.monotonic() value) at most.

    Errors   as lift() in racer/automata/lifting.py; OutOfTime well past the deadline.
    """
    with patience(timeout, deadline):
        return Loaded(program, lift(program, deadline=deadline))
