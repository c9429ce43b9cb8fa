"""An estimate in words."""

from __future__ import annotations

from racer.exploration.estimating import Estimate
from racer.viz.summary import counted
from racer.viz.wrapping import filled

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def estimate_text(estimate: Estimate) -> str:
    """How many states, how long, and what that rests on."""
    rate = f"{_rounded(estimate.per_second):,} a second were searched here, just now"
    if estimate.exact:
        return filled(
            f"{counted(estimate.states, 'state')} up to symmetry, exactly: all were searched while "
            f"it was estimated; {rate}."
        )
    return filled(
        f"At least about {counted(_rounded(estimate.states), 'state')} up to symmetry, by "
        f"{counted(estimate.runs, 'run')} drawn by lot, the longest of "
        f"{counted(estimate.longest, 'step')}: there may be a multiple of that. {rate}, so a "
        f"search of all takes {duration_text(estimate.seconds)} or more. The search for the "
        f"verdict is reduced where it can be, and then takes less."
    )


def duration_text(seconds: float) -> str:
    """A time in the largest unit that it has one of."""
    for unit, name in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute"), (1, "second")):
        if seconds >= unit or unit == 1:
            number = max(1, round(seconds / unit))
            return f"{number:,} {name}{'' if number == 1 else 's'}"
    raise AssertionError


def _rounded(number: float) -> int:
    """To two digits that count."""
    return round(float(f"{number:.2g}"))
