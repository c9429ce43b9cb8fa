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
        f"About {counted(_rounded(estimate.states), 'state')} up to symmetry, to an order of "
        f"magnitude, by how fast their number grows at first; {_rounded(estimate.least):,} at "
        f"least. Runs take {counted(estimate.longest, 'step')}. {rate}, so a search of all takes "
        f"some {duration_text(estimate.seconds)}. The search for the verdict is reduced where it "
        f"can be, and then takes less."
    )


def duration_text(seconds: float) -> str:
    """A time in the largest unit that it has one of."""
    larger = ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute"))
    unit, name = next((each for each in larger if seconds >= each[0]), (1, "second"))
    return counted(max(1, round(seconds / unit)), name)


def _rounded(number: float) -> int:
    """To two digits that count."""
    return round(float(f"{number:.2g}"))
