"""Memory models by name. An operational model turns a lifted program into a System."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from racer.errors import UsageError, suggestion
from racer.lift import Lifted
from racer.models.sc import SequentialConsistency
from racer.system import System

_OPERATIONAL: Final[dict[str, Callable[[Lifted], System]]] = {"sc": SequentialConsistency}


def system_of(lifted: Lifted, memory: str) -> System:
    """The system of a program under the memory model of that name. Errors: UsageError."""
    check_model(memory)
    return _OPERATIONAL[memory](lifted)


def check_model(memory: str) -> None:
    """Refuse a memory model that racer does not have."""
    if memory not in _OPERATIONAL:
        known = sorted(_OPERATIONAL)
        raise UsageError(f"unknown memory model {memory!r}{suggestion(memory, known)}")
