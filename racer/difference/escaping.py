"""Escaping: from which state of a path on a label is out of reach, whatever comes next.

A state from which a label cannot be reached leads only to such states. So the path is gone
through from its end, and what was found hopeless is never entered again: every state is looked
at once, but for those of the one search that finds the label.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from racer.difference.data import Escape
from racer.exploration.shown import Examiner
from racer.system import Broken, State, System

ESCAPE_STATES: Final = 100_000


def escape(
    system: System,
    path: Sequence[State],
    label: str,
    *,
    states: int = ESCAPE_STATES,
    deadline: float | None = None,
) -> Escape:
    """After how many states' steps of `path` no continuation shows `label`.

    Bound    `states` are looked at, until `deadline`; past either the answer is unknown.
    """
    hopeless: set[State] = set()
    budget = _Budget(states, deadline)
    for rows in range(len(path) - 1, -1, -1):
        try:
            if _reaches(system, path[rows], label, hopeless, budget):
                return Escape(rows + 1 if rows + 1 < len(path) else None)
        except _Spent as spent:
            return Escape(None, unknown=str(spent))
        except Broken as broken:  # in a state that a search that was cut had not come to
            return Escape(None, unknown=f"the model fails there: {broken.text}")
    return Escape(0)


class _Spent(Exception):
    """The budget, as text, is spent."""


class _Budget:
    def __init__(self, states: int, deadline: float | None) -> None:
        self._states = states
        self._left = states
        self._deadline = deadline

    def take(self) -> None:
        if not self._left:
            raise _Spent(f"more than {self._states:,} states to look at")
        self._left -= 1
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise _Spent("out of time")


def _reaches(
    system: System, start: State, label: str, hopeless: set[State], budget: _Budget
) -> bool:
    """Whether a state that shows the label follows; if none does, all seen are hopeless."""
    examiner = Examiner(system, system.groups)
    seen = {start} - hopeless
    waiting = list(seen)
    while waiting:
        state = waiting.pop()
        budget.take()
        successors = system.successors(state)
        shown = system.labels(state) if successors else examiner.labels_at_end(state)
        if label in shown:
            return True
        for _, after in reversed(successors):
            if after not in seen and after not in hopeless:
                seen.add(after)
                waiting.append(after)
    hopeless |= seen
    return False
