"""Counts and the number of preemptions as text, the same in every report and picture."""

from __future__ import annotations

import math
from typing import Final

DIGITS: Final = 40  # of a count that is written in full; the JSON document has all digits of any


def count_text(count: int, digits: int = DIGITS) -> str:
    """The count with its thousands marked; with more digits than that, its first three: 1.23e45.

    Bound    it never writes more than `digits` digits, since Python refuses to write some
             thousands of them.
    """
    power = int(math.log10(count)) if count else 0  # of its first digit, if floats are exact
    power += (count >= 10 ** (power + 1)) - (count < 10**power and count > 0)
    if power < digits:
        return f"{count:,}"
    first = count // 10 ** (power - 2)
    return f"{first // 100}.{first % 100:02}e{power}"


def preemptions_text(
    preemptions: int,
    minimal: bool,
    cpus: int = 1,
    *,
    endless: bool = False,
    shortly: bool = False,
) -> str:
    """What a schedule needs, stated as the fact it is; below none there is nothing to prove.

    Where it takes more than one CPU, since a thread in an atomic region keeps its own, it says so:
    of this schedule, which others of the same cost may do without. `endless`: what is told are the
    steps before it begins to go round. `shortly` leaves out what fewer would not do.
    """
    plural = "" if preemptions == 1 else "s"
    if preemptions == 0:
        needs = "needs no preemption"
    elif minimal:
        needs = f"needs {preemptions} preemption{plural}"
        if not shortly:
            needs += f"; impossible with {preemptions - 1 or 'none'}"
    else:
        needs = f"found with {preemptions} preemption{plural}; not proved minimal"
    if endless and preemptions:
        needs += ", up to its first turn"
    return needs if cpus == 1 else f"{needs}; on {cpus} CPUs as drawn"


_FEW: Final = 10_000  # interleavings: of so many both numbers are small


def ratio_text(count: int, total: int) -> str:
    """How often something is so, as one number: "about 1 in 430,000 interleavings".

    Bound    rounded to two digits; where there are few, both numbers are given, and exact
    """
    if count == total:
        return "every interleaving"
    if total < _FEW:
        return f"{count:,} of {total:,} interleavings"
    if 10 * count <= total:
        return f"about 1 in {count_text(_rounded(total, count))} interleavings"
    percent = _rounded(100 * count, total)
    return f"about {percent} % of interleavings" if percent < 100 else "almost every interleaving"


def _rounded(number: int, divisor: int) -> int:
    """The quotient to the nearest number of two digits, and zeros."""
    quotient = (2 * number + divisor) // (2 * divisor)
    unit = 1
    while quotient >= 100 * unit:
        unit *= 10
    return (quotient + unit // 2) // unit * unit
