"""Escaping: from which state of a path on a label is out of reach, whatever comes next.

A state from which a label cannot be reached leads only to such states. So the path is gone
through from its end, and what was found hopeless is never entered again: every state is looked
at once, but for those of the one search that finds the label.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from racer.machine.interface import Broken, System
from racer.machine.layout import State
from racer.machine.moves import Move
from racer.search.limits import Budget, LimitHit
from racer.search.shown import Examiner
from racer.search.walk import reachable

ESCAPE_STATES: Final = 100_000


@dataclass(frozen=True, slots=True)
class Escape:
    """From when on a program cannot show a label, whatever comes next: exactly.

    `rows` is after how many steps of a path; 0: it never could. None: it shows the label, or it
    is not known, and `unknown` says why.
    """

    rows: int | None
    unknown: str | None = None


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
    budget = Budget(states, deadline, states_text="more than {:,} states to look at")
    for rows in range(len(path) - 1, -1, -1):
        try:
            if _reaches(system, path[rows], label, hopeless, budget):
                return Escape(rows + 1 if rows + 1 < len(path) else None)
        except LimitHit as limit:
            return Escape(None, unknown=str(limit))
        except Broken as broken:  # in a state that a search that was cut had not come to
            return Escape(None, unknown=f"the model fails there: {broken.text}")
    return Escape(0)


def way_to(
    system: System,
    start: State,
    label: str,
    *,
    states: int = ESCAPE_STATES,
    deadline: float | None = None,
) -> tuple[Move, ...] | None:
    """The fewest moves from a state to one that shows the label; None: no state that follows does.

    A livelock is shown by no state, so it is not looked for.

    Errors   LimitHit past `states` or the deadline; Broken where the model fails.
    """
    budget = Budget(states, deadline, states_text="more than {:,} states to look at")
    examiner = Examiner(system, system.groups)
    before: dict[State, tuple[State, Move] | None] = {start: None}
    waiting = deque([start])
    while waiting:
        budget.spend()
        state = waiting.popleft()
        following = system.successors(state)
        shown = system.labels(state) if following else examiner.labels_at_end(state)
        if label in shown:
            return _moves_to(before, state)
        for move, after in following:
            if after not in before:
                before[after] = (state, move)
                waiting.append(after)
    return None


def _moves_to(before: Mapping[State, tuple[State, Move] | None], state: State) -> tuple[Move, ...]:
    moves: list[Move] = []
    while (came := before[state]) is not None:
        state, move = came
        moves.append(move)
    return tuple(reversed(moves))


def _reaches(
    system: System, start: State, label: str, hopeless: set[State], budget: Budget
) -> bool:
    """Whether a state that shows the label follows; if none does, all seen are hopeless."""
    if start in hopeless:
        return False
    examiner = Examiner(system, system.groups)
    seen = []

    def following(state: State) -> list[State]:
        return [after for _, after in system.successors(state) if after not in hopeless]

    for state in reachable(start, following):
        budget.spend()
        seen.append(state)
        ends = not system.successors(state)
        shown = examiner.labels_at_end(state) if ends else system.labels(state)
        if label in shown:
            return True
    hopeless.update(seen)
    return False
