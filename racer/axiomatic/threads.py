"""Threads of litmus tests and their runs.

A run stops where a read needs a value, and goes on from there once for each that it is given: so
the runs of a thread are a trie of its histories. Registers know from which reads of their thread
they were computed, which gives the dependencies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from racer.axiomatic.events import NO_PAIR, Event, History, Kind, Value
from racer.axiomatic.expressions import Fault, Known


class Run:
    """A thread on its way: a `Point`."""

    __slots__ = (
        *("_children", "_code", "asks", "at", "blocked", "choices", "ctrl", "events"),
        *("history", "monitor", "registers", "scopes"),
    )

    def __init__(self, code: Sequence[Instruction], registers: Mapping[str, Known]) -> None:
        self._code = code
        self._children: dict[Value, Run | None] = {}
        self.asks: str | None = None
        self.choices: tuple[Value, ...] = ()
        self.at = 0
        self.blocked = False  # waits for ever, or goes round a loop that is not followed
        self.ctrl = 0
        self.events: list[Event] = []
        self.history: History | None = None
        self.monitor: tuple[str, int] | None = (
            None  # the place and event of the last exclusive load
        )
        self.registers = dict(registers)
        self.scopes: tuple[int, ...] = ()  # what `ctrl` was where the ifs around here began

    def answered(self, value: Value) -> Run | None:
        """Where it is after this value; the same for the same."""
        if value not in self._children:
            self._children[value] = self._after(value)
        return self._children[value]

    def _after(self, value: Value) -> Run | None:
        found = Run(self._code, self.registers)
        found.at, found.ctrl, found.scopes = self.at, self.ctrl, self.scopes
        found.monitor = self.monitor
        found.events = self.events.copy()
        try:
            self._code[self.at].answer(found, value)
        except Fault as fault:
            found.end(str(fault), self._code[self.at].line)
            return found
        return None if found.blocked else found.advanced()

    def advanced(self) -> Run | None:
        """Go on until something is asked, or to the end. None where it does not get there."""
        code = self._code
        try:
            while self.at < len(code):
                code[self.at].step(self)
                if self.blocked:
                    return None
                if self.asks is not None or self.choices:
                    return self
            self.end("", 0)
        except Fault as fault:
            self.end(str(fault), code[self.at].line)
        return self

    def end(self, fault: str, line: int) -> None:
        """Here it is over."""
        self.asks, self.choices = None, ()
        held = {name: value for name, (value, _) in self.registers.items()}
        self.history = History(tuple(self.events), held, fault, line)

    def happens(
        self,
        kind: Kind,
        place: str,
        value: Value,
        order: str,
        *,
        addr: int = 0,
        data: int = 0,
        pair: int = NO_PAIR,
        line: int = 0,
    ) -> int:
        """An event. The bit by which others depend on it."""
        self.events.append(Event(kind, place, value, order, addr, data, self.ctrl, pair, line))
        return 1 << (len(self.events) - 1)


class Instruction(Protocol):
    """A step of a thread. `step` goes on to the next or asks; `answer` goes on with the value."""

    @property
    def line(self) -> int: ...
    def step(self, run: Run) -> None: ...
    def answer(self, run: Run, value: Value) -> None: ...


@dataclass(frozen=True, slots=True)
class LitmusThread:
    """A thread of a litmus test, by its name in conditions: "0" for P0."""

    name: str
    code: tuple[Instruction, ...]
    registers: Mapping[str, Known]

    def begin(self) -> Run:
        """Where it is before anything was answered."""
        run = Run(self.code, self.registers)
        run.advanced()
        return run
