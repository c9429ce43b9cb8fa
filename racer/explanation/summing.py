"""Which rows tell most of a violation, where there is no room for all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from racer.explanation.data import Conflict, NoReturn, NotComputed, Ordering
from racer.explanation.deciding import Decided
from racer.explanation.scene import Scene
from racer.replaying.trace import Event
from racer.words.names import STEP_NAME


def telling_rows(
    scene: Scene, decided: Decided, conflicts: tuple[Conflict, ...], cause: str
) -> tuple[int, ...]:
    """The most telling first.

    The step that violates; those of which the cause speaks; of the decisive orders those of the
    thread that violates; what let that go on, where it had to wait, and what it chose; an update
    that is lost; the other decisive orders. Where no orders are
    known, conflicts stand for them; what is repeated for ever comes last, with the point of no
    return.
    """
    orders = () if isinstance(decided.orderings, NotComputed) else decided.orderings
    enabling = () if isinstance(decided.enabling, NotComputed) else decided.enabling
    pairs = [(each.first, each.then) for each in orders]
    if not pairs:
        pairs = [(each.first, each.second) for each in conflicts]
    rows = [(one.row, other.row) for one, other in pairs]
    involved = {thread for thread in (scene.culprit, *scene.stuck()) if thread is not None}
    own = [
        pair
        for pair, sides in zip(rows, pairs, strict=True)
        if involved & {side.thread for side in sides}
    ]
    found: list[int | None] = [scene.at]
    named = set(re.findall(STEP_NAME, cause))
    found += [row for row in reversed(range(scene.end)) if scene.names[row] in named]
    found += [row for pair in own for row in pair]
    found += [row for thread in sorted(involved) for row in _let_go_on(scene, thread)]
    found += [row for lost in _lost_updates(scene, (*orders, *enabling)) for row in lost]
    found += [row for pair in rows for row in pair]
    found += range(scene.end - scene.past.trace.cycle, scene.end)
    if isinstance(decided.no_return, NoReturn):
        found.append(decided.no_return.row)
    return tuple(dict.fromkeys(row for row in found if row is not None))


def _let_go_on(scene: Scene, thread: str) -> Iterator[int]:
    """The last step at which a thread may have had to wait and took something, locks apart, with
    the step of who let it go on; and its choices, such as a wake-up that is spurious, the last one
    first. One that only waits for a value has mostly been put there to look at the end."""
    rows = [row for row in reversed(scene.past.steps[thread]) if row < scene.end]
    waits = (row for row in rows if _waits(scene.events[row]))
    for row in islice(waits, 1):
        source = scene.writer(row)
        if source is not None and scene.events[source].owner != thread:
            yield from (row, source)
    yield from (row for row in rows if len(scene.events[row].operation.facts.options) > 1)


def _waits(event: Event) -> bool:
    facts = event.operation.facts
    return facts.blocks and facts.stores and facts.lock is None


def _lost_updates(scene: Scene, orders: tuple[Ordering, ...]) -> Iterator[tuple[int, int, int]]:
    """A thread's store, another's change that it stores over, and its access from before that.

    It stores what it made of the value from before: it has not looked at the cell since.
    """
    for each in orders:
        read, change = each.first.row, each.then.row
        if read is None or change is None or scene.cell(read) != scene.cell(change):
            continue
        if scene.cell(read) in (None, *scene.past.trace.locks) or not scene.changes(change):
            continue
        for row in scene.past.steps[each.first.thread]:
            if row > change and scene.cell(row) == scene.cell(read):
                if row < scene.end and scene.events[row].stored and not scene.events[row].reads:
                    yield row, change, read
                break
