"""Candidates for decisive orderings: what holds in the witness and may matter.

All orderings of the witness's dependent steps of which the first is shown, and of the steps
shown with the next one of each thread that never takes it.

Dependent are two steps on one cell, one of which may store to it; a store to a watched cell and
a step at which a window on that watch opens or closes, or another store to that watch's cells;
for an invariant, any two stores. So schedules that satisfy all candidates are equivalent to the
witness as far as it is shown, but for the options of a choose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from racer.explanation.exact import Before, Point
from racer.explanation.scene import Scene
from racer.operations import access

Watches = Mapping[str, Sequence[str]]  # their cells


def candidates(scene: Scene, watches: Watches) -> list[Before]:
    """Orderings that hold in the witness; the most telling first.

    Telling is what involves the violating thread (or one that is blocked), in a read that the
    verdict is about; then a store and the read of it, or a read and the store after it.
    """
    known = [
        (*_rank(scene, i, j), i, j, Before(_point(scene, i), _point(scene, j)))
        for i, j in _dependent_pairs(scene, watches)
    ]
    end = len(scene.events)
    last = last_steps(scene)
    for position, thread in enumerate(scene.threads):
        then = Point(position, last[position])
        if then.step == len(scene.past.steps[thread]):
            continue
        for i in range(scene.end):
            if scene.events[i].thread != thread:
                before = Before(_point(scene, i), then)
                known.append((not _involved(scene, i), True, True, i, end, before))
    known.sort(key=lambda each: each[:-1])
    return [each[-1] for each in known]


def last_steps(scene: Scene) -> list[int]:
    """By thread the number of its last step; of one that has not ended, that of the next."""
    ended = {event.thread for event in scene.events if event.ended is not None}
    return [len(scene.past.steps[thread]) + (thread not in ended) for thread in scene.threads]


def _point(scene: Scene, row: int) -> Point:
    event = scene.events[row]
    return Point(scene.threads.index(event.thread), event.step)


def _involved(scene: Scene, row: int) -> bool:
    guilty = scene.stuck() if scene.culprit is None else (scene.culprit,)
    return scene.events[row].thread in guilty


def _rank(scene: Scene, i: int, j: int) -> tuple[bool, bool, bool]:
    reads = scene.reads()
    telling = not reads or i in reads or j in reads
    between = range(i + 1, j)
    nearest = not any(scene.cell(n) == scene.cell(i) and scene.changes(n) for n in between)
    involved = _involved(scene, i) or _involved(scene, j)
    return (not involved, not telling, not nearest)


def _dependent_pairs(scene: Scene, watches: Watches) -> Iterator[tuple[int, int]]:
    """Rows of different threads, the first of them shown."""
    touched = [access(event.operation) for event in scene.events]
    every_store = scene.at is not None and scene.label in scene.events[scene.at].broken
    for i in range(scene.end):
        for j in range(i + 1, len(scene.events)):
            if scene.events[i].thread == scene.events[j].thread:
                continue
            one, other = touched[i], touched[j]
            same = one.cell is not None and one.cell == other.cell
            if (
                (same and (one.writes or other.writes))
                or (every_store and one.writes and other.writes)
                or _share_a_watch(scene, watches, i, j)
            ):
                yield i, j


def _share_a_watch(scene: Scene, watches: Watches, i: int, j: int) -> bool:
    """Whether both steps touch a watch, and one of them by a store to its cells."""
    return any(
        (one := _touches(scene, name, cells, i))
        and (other := _touches(scene, name, cells, j))
        and "store" in (one, other)
        for name, cells in watches.items()
    )


def _touches(scene: Scene, name: str, cells: Sequence[str], row: int) -> str | None:
    event = scene.events[row]
    touched = access(event.operation)
    if touched.writes and touched.cell in cells:
        return "store"
    edge = name in event.opened or any(closed.watch == name for closed in event.closed)
    return "edge" if edge else None
