"""Following: a program under the schedule of another one, as far as it goes, and to an end."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from racer.difference.data import Absence
from racer.exploration.confirming import model_error
from racer.lang.outcomes import Blocked, Idle
from racer.lang.schedule import Schedule
from racer.machine.interface import Broken, System
from racer.machine.layout import State
from racer.machine.moves import Move, agent_of, packed
from racer.search.state_graph import ModelFailed
from racer.search.walk import DepthFirst

# An end is mostly as near as the threads are long; only loops need any searching.
COMPLETION_STATES: Final = 20_000


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of a schedule.

    Shape    `absences` has an entry for each move of the schedule, None for one that was made.
             `moves` are those made, then those that complete it. `states` is the state before
             the first row and after each: the moves of the schedule, made or not, then the
             completing ones.
    """

    absences: tuple[Absence | None, ...]
    moves: tuple[Move, ...]
    states: tuple[State, ...]
    unfinished: str | None

    def closes(self, cycle: int) -> bool:
        """Whether the last so many moves were all made, and lead back to where they began."""
        made = not any(self.absences[len(self.absences) - cycle :])
        return made and cycle > 0 and self.states[-1] == self.states[-1 - cycle]


def follow(system: System, schedule: Schedule, *, complete: bool) -> Followed:
    """Make the moves of `schedule` that can be made; with `complete`, go on to an end.

    Errors   ModelError where the model fails on the way.
    """
    state = system.initial()
    states, moves, absences = [state], list[Move](), list[Absence | None]()
    for move in packed(schedule, system.agents):
        agent = agent_of(move)
        options = dict(_successors(system, states))
        if move in options:
            state = options[move]
            moves.append(move)
            absences.append(None)
        else:
            enabled = any(agent_of(other) == agent for other in options)
            thread = system.agents[agent].thread
            absences.append(_absence(system, state, thread, enabled=enabled))
        states.append(state)
    unfinished = None
    if complete:
        rest = _to_an_end(system, states)
        if isinstance(rest, str):
            unfinished = rest
        else:
            moves += (move for move, _ in rest)
            states += (after for _, after in rest)
    return Followed(tuple(absences), tuple(moves), tuple(states), unfinished)


def _absence(system: System, state: State, thread: int, *, enabled: bool) -> Absence:
    value = system.outcome(state)[thread][1]
    if not isinstance(value, Blocked | Idle):
        return Absence("has ended", ended=value)
    return Absence("lacks the option" if enabled else "is blocked", operation=value.operation)


def _to_an_end(system: System, path: Sequence[State]) -> list[tuple[Move, State]] | str:
    """The least moves to a state without any, never twice through one; a text: why not."""

    def following(state: State) -> list[State]:
        return [after for _, after in _successors(system, [*path[:-1], *walk.path])]

    walk: DepthFirst[State] = DepthFirst(path[-1], following)
    for event, _ in walk:
        if event != "enter":
            continue
        if not _successors(system, [*path[:-1], *walk.path]):
            return [
                (next(move for move, goal in system.successors(one) if goal == other), other)
                for one, other in itertools.pairwise(walk.path)
            ]
        if len(walk.seen) > COMPLETION_STATES:
            return f"no end was met within {COMPLETION_STATES:,} states"
    return "it never ends from there"


def _successors(system: System, path: Sequence[State]) -> Sequence[tuple[Move, State]]:
    """The moves from the last state of `path`. Errors: ModelError with a schedule to there."""
    try:
        return system.successors(path[-1])
    except Broken as broken:
        steps = [state for i, state in enumerate(path) if i == 0 or state != path[i - 1]]
        raise model_error(ModelFailed(steps, broken), system) from None
