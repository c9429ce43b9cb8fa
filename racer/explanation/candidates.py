"""Candidates for decisive orderings: what holds in the witness and may matter.

All orderings of the witness's dependent steps of which the first is shown, and of each step shown
with the first step of each other thread that is not.

Dependent are two steps as `machine/dependence.py` has it, with what the label is about: whole
states matter only to an invariant. A step that is not shown may do something else in another
schedule, so it is taken to depend on all that are. So schedules that satisfy all candidates are
equivalent to the witness as far as it is shown, but for the options of a choose.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from racer.explanation.scene import Scene
from racer.machine.dependence import Places, Watches
from racer.replaying.trace import Event
from racer.search.questions import Before, Point


def candidates(scene: Scene, watches: Watches) -> list[Before]:
    """Orderings that hold in the witness; the most telling first.

    Telling is what involves the violating thread (or one that is blocked), in a read that the
    verdict is about; then a store and the read of it, or a read and the store after it.
    """
    rows = _Rows(scene, watches)
    known = [
        (*rows.rank(i, j), i, j, Before(rows.points[i], rows.points[j]))
        for i, j in rows.dependent_pairs()
    ]
    end = len(scene.events)
    for then in _first_not_shown(scene):
        for i in range(scene.end):
            first = rows.points[i]
            if first.thread != then.thread:
                known.append((not rows.involved[i], True, True, i, end, Before(first, then)))
    known.sort(key=lambda each: each[:-1])
    return list(dict.fromkeys(each[-1] for each in known))


def last_steps(scene: Scene) -> list[int]:
    """By thread the number of its last step; of one that has not ended, that of the next."""
    ended = {event.thread for event in scene.events if event.ended is not None}
    return [len(scene.past.steps[thread]) + (thread not in ended) for thread in scene.threads]


def _first_not_shown(scene: Scene) -> Iterator[Point]:
    for position, (thread, last) in enumerate(zip(scene.threads, last_steps(scene), strict=True)):
        shown = sum(row < scene.end for row in scene.past.steps[thread])
        if shown < last:
            yield Point(position, shown + 1)


class _Rows:
    """What is asked of the rows again and again, a list for each question."""

    def __init__(self, scene: Scene, watches: Watches) -> None:
        events = scene.events
        guilty = scene.stuck() if scene.culprit is None else (scene.culprit,)
        position = {thread: n for n, thread in enumerate(scene.threads)}
        self.points = [Point(position[event.thread], event.step) for event in events]
        self.involved = [event.thread in guilty for event in events]
        self._scene = scene
        self._reads = frozenset(scene.reads())
        self._changes: dict[str | None, list[int]] = {}  # by cell, the rows that change it
        for i, event in enumerate(events):
            if scene.changes(i):
                self._changes.setdefault(event.cell, []).append(i)
        broken = scene.at is not None and scene.label in events[scene.at].broken
        places = Places(scene.past.trace.initial, watches, whole_states=broken)
        self._footprints = [
            places.of_access(event.operation.facts, _edges(event)) for event in events
        ]

    def rank(self, i: int, j: int) -> tuple[bool, bool, bool]:
        telling = not self._reads or i in self._reads or j in self._reads
        changes = self._changes.get(self._scene.events[i].cell, [])
        after = bisect_right(changes, i)
        nearest = after == len(changes) or changes[after] >= j
        return (not (self.involved[i] or self.involved[j]), not telling, not nearest)

    def dependent_pairs(self) -> Iterator[tuple[int, int]]:
        """Rows of different threads, the first of them shown."""
        for i in range(self._scene.end):
            own = self._footprints[i]
            for j in range(i + 1, len(self.points)):
                if self.points[i].thread != self.points[j].thread and own.conflicts(
                    self._footprints[j]
                ):
                    yield i, j


def _edges(event: Event) -> list[str]:
    """The watches on which a window opens or closes with a step."""
    return [*event.opened, *(closed.watch for closed in event.closed)]
