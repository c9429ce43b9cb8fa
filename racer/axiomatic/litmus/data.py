"""A litmus test, whatever it is written in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from racer.axiomatic.events import Thread, Value
from racer.axiomatic.litmus.conditions import Condition
from racer.axiomatic.litmus.text import Source


@dataclass(frozen=True, slots=True, eq=False)
class LitmusTest:
    """Threads, where they begin, and what is asked of where they end.

    initial         the value of every location there is
    register_name   the one name of a register that may be called by several
    """

    source: Source
    architecture: str
    name: str
    threads: tuple[Thread, ...]
    initial: Mapping[str, Value]
    condition: Condition
    register_name: Callable[[str], str] = str
