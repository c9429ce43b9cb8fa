"""Candidates for decisive orderings: what holds in the witness and may matter.

All orderings of the witness's dependent steps that are shown, and of each step shown with the
first step of each other thread that is not.

Dependent are two steps as `machine/dependence.py` has it, with what the label is about: whole
states matter only to an invariant. A step that is not shown may do something else in another
schedule, so it is taken to depend on all that are. So schedules that satisfy all candidates are
equivalent to the witness as far as it is shown, but for the options of a choose.

Of two sections under one lock, the order of their acquires says all, or that of a release and the
later acquire. So what comes before a release of that later section is left out: it says no more.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from racer.explanation.scene import Scene
from racer.lang.operations import Operation
from racer.machine.dependence import Places, Watches
from racer.replaying.trace import Event
from racer.search.questions import Before, Point


class _Rank(NamedTuple):
    """How much an ordering tells of a cause; the least rank tells most.

    Of steps that are shown, before any other. Among them first a conflict on one cell, which the
    value that was read or stored makes plain; then what a window or an invariant sees; last what
    a lock keeps apart. Within these first what involves the violating thread (or one that is
    blocked), in a read that the verdict is about; then a store and the read of it, or a read and
    the store after it.
    """

    not_shown: bool
    kind: int  # _CONFLICT, _SEEN, _ACQUIRES or _SECTIONS
    stranger: bool
    not_read: bool
    far: bool


_CONFLICT, _SEEN, _ACQUIRES, _SECTIONS = range(4)


def candidates(scene: Scene, watches: Watches) -> list[Before]:
    """Orderings that hold in the witness; the most telling first."""
    rows = _Rows(scene, watches)
    known = [
        (rows.rank(i, j), i, j, Before(rows.points[i], rows.points[j]))
        for i, j in rows.dependent_pairs()
    ]
    end = len(scene.events)
    for then, operation in _first_not_shown(scene):
        for i in range(scene.end):
            first = rows.points[i]
            if first.thread != then.thread:
                known.append((rows.rank_not_shown(i, operation), -i, end, Before(first, then)))
    known.sort(key=lambda each: each[:-1])
    return list(dict.fromkeys(each[-1] for each in known))


def last_steps(scene: Scene) -> list[int]:
    """By thread the number of its last step; of one that has not ended, that of the next."""
    ended = {event.thread for event in scene.events if event.ended is not None}
    return [len(scene.past.steps[thread]) + (thread not in ended) for thread in scene.threads]


def _first_not_shown(scene: Scene) -> Iterator[tuple[Point, Operation | None]]:
    """With what it does in the witness, or waits to do."""
    for position, (thread, last) in enumerate(zip(scene.threads, last_steps(scene), strict=True)):
        rows = scene.past.steps[thread]
        shown = sum(row < scene.end for row in rows)
        if shown < len(rows):
            yield Point(position, shown + 1), scene.events[rows[shown]].operation
        elif shown < last:
            yield Point(position, shown + 1), scene.past.trace.waiting.get(thread)


class _Rows:
    """What is asked of the rows again and again, a list for each question."""

    def __init__(self, scene: Scene, watches: Watches) -> None:
        events = scene.events
        guilty = scene.stuck() if scene.culprit is None else (scene.culprit,)
        position = {thread: n for n, thread in enumerate(scene.threads)}
        self.points = [Point(position[event.thread], event.step) for event in events]
        self._involved = [event.thread in guilty for event in events]
        self._events = events
        self._end = scene.end
        self._reads = frozenset(scene.reads())
        self._changes: dict[str | None, list[int]] = {}  # by cell, the rows that change it
        for i, event in enumerate(events):
            if scene.changes(i):
                self._changes.setdefault(event.cell, []).append(i)
        broken = scene.at is not None and scene.label in events[scene.at].broken
        places = Places(scene.past.trace.initial, watches, whole_states=broken)
        self._begins = _beginnings(events)
        self._footprints = [
            places.of_access(event.operation.facts, _edges(event)) for event in events
        ]

    def rank(self, i: int, j: int) -> _Rank:
        """Of two rows that are shown."""
        changes = self._changes.get(self._events[i].cell, [])
        after = bisect_right(changes, i)
        return _Rank(
            not_shown=False,
            kind=self._kind(i, j),
            stranger=not (self._involved[i] or self._involved[j]),
            not_read=bool(self._reads) and not (i in self._reads or j in self._reads),
            far=after < len(changes) and changes[after] < j,
        )

    def rank_not_shown(self, i: int, then: Operation | None) -> _Rank:
        """Of a row that is shown and a step that is not; the later row tells more."""
        first = self._events[i]
        if then is None or first.cell is None or then.facts.cell != first.cell:
            kind = _SEEN
        else:
            kind = _SECTIONS if first.operation.facts.lock == "frees" else _CONFLICT
        return _Rank(
            not_shown=True,
            kind=kind,
            stranger=not self._involved[i],
            not_read=bool(self._reads) and i not in self._reads,
            far=False,
        )

    def _kind(self, i: int, j: int) -> int:
        first, then = self._events[i], self._events[j]
        if first.cell is None or first.cell != then.cell:
            return _SEEN
        if then.operation.facts.lock is None:
            return _CONFLICT
        return _ACQUIRES if first.operation.facts.lock == "takes" else _SECTIONS

    def dependent_pairs(self) -> Iterator[tuple[int, int]]:
        """Rows of different threads that are shown, in their order."""
        for i in range(self._end):
            own = self._footprints[i]
            for j in range(i + 1, self._end):
                if self.points[i].thread == self.points[j].thread:
                    continue
                if own.conflicts(self._footprints[j]) and not self._says_less(i, j):
                    yield i, j

    def _says_less(self, i: int, j: int) -> bool:
        """Whether the later row ends a section under a lock that began after the earlier row."""
        return self._begins.get(j, -1) > i and self._events[i].cell == self._events[j].cell


def _beginnings(events: Sequence[Event]) -> dict[int, int]:
    """By the row that releases a lock, the row in which the same thread took it."""
    found: dict[int, int] = {}
    taken: dict[str | None, int] = {}
    for i, event in enumerate(events):
        if event.operation.facts.lock == "takes" and event.stored:
            taken[event.cell] = i
        elif event.operation.facts.lock == "frees" and event.cell in taken:
            begin = taken.pop(event.cell)
            if events[begin].thread == event.thread:
                found[i] = begin
    return found


def _edges(event: Event) -> list[str]:
    """The watches on which a window opens or closes with a step."""
    return [*event.opened, *(closed.watch for closed in event.closed)]
