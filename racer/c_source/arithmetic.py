"""What C's operators are that Python has none for; and what entries of a map may call."""

from __future__ import annotations

from typing import Any, Final

from racer.lang.cells import choose, fence
from racer.lang.outcomes import Violation


def quotient(one: int, other: int) -> int:
    """`one / other`: towards 0."""
    found = abs(one) // abs(other)
    return found if (one < 0) == (other < 0) else -found


def remainder(one: int, other: int) -> int:
    """`one % other`: with the sign of the first."""
    return one - other * quotient(one, other)


HELPERS: Final[dict[str, Any]] = {
    "quotient": quotient,
    "remainder": remainder,
    "fence": fence,
    "choose": choose,
    "Violation": Violation,
}
