"""Outcomes: what each thread of an execution came to, and the violations among them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from racer.errors import ProgramError
from racer.lang.values import value_key

# Labels of racer's own.
DEADLOCK: Final = "deadlock"  # an interleaving ends, and some thread has not
LIVELOCK: Final = "livelock"  # it never ends, whatever a fair scheduler does
OWN_LABELS: Final = (DEADLOCK, LIVELOCK)


def labels_in_order(labels: Iterable[str]) -> tuple[str, ...]:
    """Labels, each once, as they are told: what the model names comes before deadlock and livelock,
    which a thread that it ends may leave behind; else in the order of their names."""
    return tuple(sorted(set(labels), key=lambda label: (label in OWN_LABELS, label)))


class Violation(Exception):
    """`raise Violation("misclassified")` in a thread ends it and labels the execution.

    The other threads run on. A failed `assert` in a thread is a violation, too: its label is the
    text of the assert, or its source line if it has none. Any other exception is a ModelError.

    label    a short name of what is wrong, by which a Result has it; not empty
    effect   what the violation leads to ("panic"); one label may have several effects

    Two violations with the same texts are equal: as a thread's outcome it is a value.

    Errors   ProgramError when one of the two is no text, or the label is empty.
    """

    def __init__(self, label: str, effect: str = "") -> None:
        if not isinstance(label, str) or not label:
            raise ProgramError("a Violation needs a non-empty text as its label.")
        if not isinstance(effect, str):
            raise ProgramError(f"the effect of a Violation is a text, not {effect!r}.")
        super().__init__(label)
        self.label = label
        self.effect = effect

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Violation) and self._texts == other._texts

    def __hash__(self) -> int:
        return hash((Violation, *self._texts))

    def __repr__(self) -> str:
        effect = f", effect={self.effect!r}" if self.effect else ""
        return f"Violation({self.label!r}{effect})"

    @property
    def _texts(self) -> tuple[str, str]:
        return (self.label, self.effect)


@dataclass(frozen=True, slots=True)
class Blocked:
    """The outcome of a thread that can never go on, in an interleaving that ends in a deadlock.

    `operation` is the one that it waits to do, as text: "acquire L".
    """

    operation: str


@dataclass(frozen=True, slots=True)
class Idle:
    """The outcome of a daemon that waits for more where an interleaving ends.

    `operation` is the one that it waits to do, as text: "wait_until items".
    """

    operation: str


OutcomeValue = object | Violation | Blocked | Idle  # a value that was returned, or one of these


class OutcomeKey(tuple[tuple[str, OutcomeValue], ...]):
    """What the threads of an execution came to: (thread, value), in the order of their names.

    A tuple, but equal only to one whose values no thread could tell from its own: an outcome with
    1 is another than one with True or 1.0, also as a key of a dict. A plain tuple with such values
    finds it there.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, tuple) and value_key(tuple(self)) == value_key(tuple(other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(tuple([(thread, _hashed(value)) for thread, value in self]))


def _hashed(value: OutcomeValue) -> OutcomeValue:
    """The value, or in place of nan, which has another hash in every object, a text."""
    return "nan" if isinstance(value, float) and math.isnan(value) else value
