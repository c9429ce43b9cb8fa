"""Every maximal schedule of a small program, by naive enumeration, with what it shows and when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from racer.lang.pending import AboutTo
from racer.lang.program import Program
from tests.oracles.naive import Execution, Step, TooMany

Points = dict[tuple[str, int], int]  # (thread, its step from 1) -> place in the schedule


@dataclass(frozen=True)
class Shown:
    """One maximal schedule. `first[label]`: after how many steps it is shown.

    `stuck` are the threads that have not ended and cannot go on.
    """

    schedule: tuple[Step, ...]
    points: Points
    first: dict[str, int]
    stuck: frozenset[str]


def schedules(program: Program, limit: int = 20_000) -> Iterator[Shown]:
    names = [instance.name for instance in program.instances()]
    path: list[tuple[list[Step], int]] = []
    for _ in range(limit):
        execution = Execution(program)
        first = dict.fromkeys(execution.labels, 0)

        def take(
            step: Step, execution: Execution = execution, first: dict[str, int] = first
        ) -> None:
            execution.take(step)
            for label in execution.labels:
                first.setdefault(label, len(execution.schedule))

        for moves, taken in path:
            take(moves[taken])
        while moves := execution.moves():
            path.append((moves, 0))
            take(moves[0])
        execution.finish()
        for label in execution.labels:  # a deadlock shows when nothing can move
            first.setdefault(label, len(execution.schedule))
        pending = zip(names, execution.runs, strict=True)
        stuck = frozenset(name for name, run in pending if isinstance(run.pending, AboutTo))
        yield Shown(tuple(execution.schedule), _points(names, execution.schedule), first, stuck)
        execution.close()
        while path and path[-1][1] + 1 == len(path[-1][0]):
            path.pop()
        if not path:
            return
        moves, taken = path.pop()
        path.append((moves, taken + 1))
    raise TooMany(f"more than {limit:,} schedules")


def _points(names: list[str], schedule: list[Step]) -> Points:
    taken = dict.fromkeys(names, 0)
    points = {}
    for place, (thread, _) in enumerate(schedule):
        taken[names[thread]] += 1
        points[names[thread], taken[names[thread]]] = place
    return points
