"""What the violating thread's reads conflict with, and values that came back under it (ABA)."""

from __future__ import annotations

from collections.abc import Iterator

from racer.explanation.data import Conflict, Ordering, Returned
from racer.explanation.scene import Scene
from racer.lang.values import value_key


def conflicts(scene: Scene, orderings: tuple[Ordering, ...]) -> tuple[Conflict, ...]:
    """See Conflict. In the order of the second step, then of the first."""
    decided = {(each.first.row, each.then.row) for each in orderings}
    found = set(_sources(scene)) | set(_overwritings(scene))
    return tuple(
        Conflict(
            cell=scene.cell(first) or "",
            first=scene.side(first),
            second=scene.side(second),
            decisive=(first, second) in decided,
        )
        for first, second in sorted(found, key=lambda pair: (pair[1], pair[0]))
    )


def _sources(scene: Scene) -> Iterator[tuple[int, int]]:
    """Stores of other threads with the first read of each."""
    seen = set()
    for row in scene.reads():
        source = scene.writer(row)
        if source is None or scene.events[source].owner == scene.culprit or source in seen:
            continue
        seen.add(source)
        yield source, row


def _overwritings(scene: Scene) -> Iterator[tuple[int, int]]:
    """Stores of others that leave another value than was read, each with the last such read."""
    last = {}
    for row in scene.reads():
        read = value_key(scene.events[row].before)
        for store in scene.stores_between(row, scene.end):
            event = scene.events[store]
            if event.owner != scene.culprit and value_key(event.after) != read:
                last[store] = row
                break
    return ((row, store) for store, row in last.items())


def returned_values(scene: Scene) -> tuple[Returned, ...]:
    """See Returned. In the order of the later read."""
    rows = scene.reads()
    cells = {scene.cell(row) for row in rows}
    found = []
    for n, again in enumerate(rows):
        first = next((i for i in reversed(rows[:n]) if scene.cell(i) == scene.cell(again)), None)
        if first is None or not _same_value(scene, first, again):
            continue
        stores = scene.stores_between(first, again)
        between = [i for i in stores if scene.changes(i)]
        if not between or any(scene.events[i].owner == scene.culprit for i in stores):
            continue
        side = scene.side(again)
        thing = f"{side.before}."
        meanwhile = [
            i
            for i in range(first + 1, again)
            if scene.events[i].owner != scene.culprit
            and scene.changes(i)
            and scene.cell(i) != side.cell
            and scene.cell(i) in cells
            and (scene.cell(i) or "").startswith(thing)
        ]
        found.append(
            Returned(
                cell=side.cell or "",
                value=side.before or "",
                first=scene.side(first),
                again=side,
                between=tuple(scene.side(i) for i in between),
                meanwhile=tuple(scene.side(i) for i in meanwhile),
            )
        )
    return tuple(found)


def _same_value(scene: Scene, first: int, again: int) -> bool:
    """Whether the later read finds what the earlier one found, and did not change."""
    before, after = scene.events[first].before, scene.events[first].after
    found = value_key(scene.events[again].before)
    return value_key(before) == value_key(after) == found
