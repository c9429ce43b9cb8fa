"""Following: a program under the schedule of another one, as far as it goes, and to an end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from racer.difference.data import Absence
from racer.events import Blocked, Schedule
from racer.exploration.graph import ModelFailed
from racer.exploration.report import model_error
from racer.system import CHOICES, Broken, Move, State, System

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


def follow(system: System, schedule: Schedule, *, complete: bool) -> Followed:
    """Make the moves of `schedule` that can be made; with `complete`, go on to an end.

    Errors   ModelError where the model fails on the way.
    """
    position = {name: thread for thread, name in enumerate(system.names)}
    state = system.initial()
    states, moves, absences = [state], list[Move](), list[Absence | None]()
    for named in schedule:
        thread = position[named.thread]
        move = thread * CHOICES + named.choice
        options = dict(_successors(system, states))
        if move in options:
            state = options[move]
            moves.append(move)
            absences.append(None)
        else:
            enabled = any(other // CHOICES == thread for other in options)
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
    if not isinstance(value, Blocked):
        return Absence("has ended", ended=value)
    return Absence("lacks the option" if enabled else "is blocked", operation=value.operation)


def _to_an_end(system: System, path: Sequence[State]) -> list[tuple[Move, State]] | str:
    """The least moves to a state without any, never twice through one; a text: why not."""
    trail = list(path)
    taken: list[tuple[Move, State]] = []
    seen = {trail[-1]}
    following = _successors(system, trail)
    stack: list[Iterator[tuple[Move, State]]] = []
    while following:
        stack.append(iter(following))
        step = None
        while stack and step is None:
            step = next((step for step in stack[-1] if step[1] not in seen), None)
            if step is None:
                stack.pop()
                if stack:
                    taken.pop()
                    trail.pop()
        if step is None:
            return "it never ends from there"
        if len(seen) >= COMPLETION_STATES:
            return f"no end was met within {COMPLETION_STATES:,} states"
        seen.add(step[1])
        taken.append(step)
        trail.append(step[1])
        following = _successors(system, trail)
    return taken


def _successors(system: System, path: Sequence[State]) -> Sequence[tuple[Move, State]]:
    """The moves from the last state of `path`. Errors: ModelError with a schedule to there."""
    try:
        return system.successors(path[-1])
    except Broken as broken:
        steps = [state for i, state in enumerate(path) if i == 0 or state != path[i - 1]]
        raise model_error(ModelFailed(steps, broken), system, lambda state: state) from None
