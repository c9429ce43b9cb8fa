"""What an operation does: its effect, or how it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from racer.interrupts import is_from_outside
from racer.lang.declared import Allowed
from racer.lang.values import Unfit, describe, require_hashable, without_addresses


class Executed(Protocol):
    """An operation on a cell, as far as messages name it."""

    @property
    def cell(self) -> str: ...

    def text(self) -> str: ...


class Effect(NamedTuple):
    """What one execution of a cell operation does: the result it gives, the value it leaves."""

    result: object
    after: object


@dataclass(frozen=True, slots=True)
class Failed:
    """In place of the result of an operation that failed: what it raised, as text.

    It left its cell as it was, and the thread goes on with the exception.
    """

    error: str

    def __repr__(self) -> str:
        return f"raises {self.error}"


def failed(error: Exception) -> Failed:
    """The result that an operation has which raised `error`: "raises IndexError: ..."."""
    try:
        text = without_addresses(str(error)).partition("\n")[0]
    except Exception:  # a report must not fail because an exception cannot print itself
        text = ""
    return Failed(f"{type(error).__name__}: {text}" if text else type(error).__name__)


class Misuse(Exception):
    """An operation that the model may never do there: it is broken, whatever the thread does."""


def require_left(operation: Executed, value: object, declared: Allowed | None) -> None:
    """Refuse a value that an operation would leave in its cell, which holds those declared, or
    any if none are. Errors: Misuse."""
    try:
        require_hashable(value, f"the value left in {operation.cell!r}")
    except Unfit as error:
        raise Misuse(str(error)) from None
    if declared is not None and value not in declared:
        raise Misuse(declared.left_by(operation.text(), value))


def called(function: Callable[[object], object], value: object) -> object:
    """What the model's function makes of a value. Errors: its own; Misuse for SystemExit."""
    try:
        return function(value)
    except BaseException as error:
        if isinstance(error, Exception) or is_from_outside(error):
            raise
        raise Misuse(f"{describe(function)} raised {type(error).__name__}: {error}") from error
