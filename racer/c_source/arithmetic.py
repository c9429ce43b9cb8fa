"""What C's operators are that Python has none for; and what entries of a map may call."""

from __future__ import annotations

from typing import Any, Final

from racer.c_source.kinds import narrow
from racer.lang.cells import choose, fence
from racer.lang.outcomes import Violation


def quotient(one: int, other: int) -> int:
    """`one / other`: towards 0. By 0 it is a violation, as C does not define it."""
    if other == 0:
        raise Violation("division by 0")
    found = abs(one) // abs(other)
    return found if (one < 0) == (other < 0) else -found


def remainder(one: int, other: int) -> int:
    """`one % other`: with the sign of the first."""
    return one - other * quotient(one, other)


def distance(by: int, bits: int) -> int:
    """By how many bits a value of that width is shifted; C defines no others than these."""
    if not 0 <= by < bits:
        raise Violation(f"a value of {bits} bits is shifted by {by}")
    return by


HELPERS: Final[dict[str, Any]] = {
    "quotient": quotient,
    "remainder": remainder,
    "narrow": narrow,
    "distance": distance,
    "fence": fence,
    "choose": choose,
    "Violation": Violation,
}
