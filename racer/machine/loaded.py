"""A Program whose threads are lifted once, for all that is asked of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from racer.automata.condensing import condensed
from racer.automata.lifting import Lifted, digest_of, grow, lift
from racer.errors import ModelError
from racer.lang.patience import patience
from racer.lang.program import Program
from racer.machine.interface import System
from racer.machine.models import system_of


class Loaded:
    """A Program with its automata and systems, each made when it is first asked for.

    `growing` are automata for a search of all states, which adds the edges that it needs. If that
    comes to its end, they are `condensed`, and all questions are asked of those; else of automata
    that are closed, as far as they can be. Nothing that is asked changes an answer.
    """

    def __init__(self, program: Program, growing: Lifted) -> None:
        self.program = program
        self.growing = growing
        self._condensed: Lifted | None = None
        # By memory model: a system that all states were searched of, and new nodes for its nodes.
        self._grown: dict[str, tuple[System, Sequence[Mapping[int, int]]]] = {}
        self._closed: Lifted | None = None
        self._systems: dict[str, System] = {}
        self._digest: str | None = None
        self._was_in_use = False  # since then, a host may have changed what is its own

    @property
    def lifted(self) -> Lifted:
        """The automata that questions are asked of. Errors: as closed()."""
        return self._condensed or self.closed()

    def closed(self, deadline: float | None = None) -> Lifted:
        """Automata that know every value that may come, if there are any; what is asked first
        has until `deadline`, a time.monotonic() value.

        Errors   as lift() in racer/automata/lifting.py.
        """
        if self._closed is None:
            lifted = lift(self.program, deadline=deadline)
            self._closed = replace(lifted, open_slots=self.growing.open_slots)
        return self._closed

    def widen(self) -> None:
        """Make room in the states of open automata for twice as many windows."""
        slots = 2 * self.growing.open_slots
        self.growing = replace(self.growing, open_slots=slots)
        if self._closed is not None:
            self._closed = replace(self._closed, open_slots=slots)
        self._systems.clear()

    def condense_closed(self, used: Lifted) -> None:
        """A search of all states has come to its end over closed automata, which were noted()."""
        if self._condensed is None:
            self._condensed = condensed(used).lifted
            self._systems.clear()

    def condense(self, system: System, memory: str) -> None:
        """A search of all states of `system`, over `growing`, has come to its end.

        Errors   ModelError for a thread that is no function of its results.
        """
        if self._condensed is None:
            self.growing.confirm()
            self.growing.check()
            found = condensed(self.growing)
            self._condensed = found.lifted
            self._grown[memory] = system, found.nodes
            for automaton in self.growing.growing:
                automaton.close()
            self.growing.check()
            self._systems.clear()

    def system(self, memory: str) -> System:
        """The program under the memory model of that name. Errors: as system_of(), closed()."""
        if memory not in self._systems:
            system = self._systems[memory] = system_of(self.lifted, memory)
            if memory in self._grown:
                system.take_over(*self._grown.pop(memory))
        return self._systems[memory]

    @property
    def digest(self) -> str:
        """A fingerprint of what the program does: see automata.lifting.digest_of()."""
        if self._digest is None:
            self._digest = digest_of(self._closed_or_open())
        return self._digest

    def _closed_or_open(self) -> Lifted:
        """What a thread does wrong with a value that never comes has not kept it from a verdict."""
        if self._condensed is None:
            return self.closed()
        try:
            with patience():
                return self.closed()
        except ModelError:
            return self.growing

    @contextmanager
    def in_use(self, timeout: float | None = None, deadline: float | None = None) -> Iterator[None]:
        """While modelled code may run: one that never awaits is interrupted, and when it is over
        a thread or a predicate that changed what is no cell is refused.

        Errors   ModelError naming the thread and the object; OutOfTime well past the deadline.
        """
        with self.checked(), patience(timeout, deadline):
            yield

    @contextmanager
    def checked(self) -> Iterator[None]:
        """The same without an eye on the time. What was changed is told in place of any other
        error, since it may be the cause of that.

        Errors   ModelError naming the thread, or the predicate, and the object.
        """
        for lifted in (self.growing, self._closed):
            if lifted is not None and self._was_in_use:
                lifted.spaces.renew()
        self._was_in_use = True
        try:
            yield
        finally:
            with patience():
                if self._condensed is None:
                    self.growing.finish()
                else:
                    self.growing.check()
                if self._closed is not None:
                    self._closed.finish()


def load_program(
    program: Program, *, timeout: float | None = None, deadline: float | None = None
) -> Loaded:
    """Lift a Program as far as its threads' first steps.

    Errors   as grow() in racer/automata/lifting.py; OutOfTime well past the deadline.
    """
    with patience(timeout, deadline):
        return Loaded(program, grow(program))
