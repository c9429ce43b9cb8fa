"""Which rows a picture may fold, so that a schedule of 60 steps is legible.

A row stays when it is decisive:

- it violates, breaks an invariant, or is the point of no return;
- it opens or closes a window, or changes a watch's truth or what a `shows` of the program says;
- it is a side of an ordering, of a decisive conflict (of any, where there are no orderings), or
  of a value that came back, or a sentence of the explanation names it;
- it is a read that the violating thread makes within the windows that the verdict is about, or
  it changes a cell that is read so; but not where more than MOST rows would stay and the
  orderings tell which of these matter (a reader may go round a loop).

What is left is folded where a thread takes at least FEWEST such steps in a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from racer.explanation.data import Conflict, Fold, NoReturn, NotComputed, Ordering, Returned, Row
from racer.explanation.scene import Scene
from racer.words.changes import Change, changes, lock_state
from racer.words.names import STEP_NAME

FEWEST: Final = 3
MOST: Final = 60


def decisive_rows(
    scene: Scene,
    rows: tuple[Row, ...],
    conflicts: tuple[Conflict, ...],
    returned: tuple[Returned, ...],
    orderings: tuple[Ordering, ...],
    no_return: NoReturn | NotComputed,
    sentences: Iterable[str],
) -> frozenset[int]:
    """The rows that stay. `orderings` are the decisive and the enabling ones, if computed."""
    stay = {i for i, row in enumerate(rows) if _stands_out(row)}
    named = {word for text in sentences for word in re.findall(STEP_NAME, text)}
    stay |= {i for i, row in enumerate(rows) if row.name in named}
    sides = [side for each in orderings for side in (each.first, each.then)]
    for each in conflicts:
        if each.decisive or not orderings:
            sides += [each.first, each.second]
    for value in returned:
        sides += [value.first, value.again, *value.between]
    stay |= {side.row for side in sides if side.row is not None}
    if isinstance(no_return, NoReturn) and no_return.row is not None:
        stay.add(no_return.row)
    read = {scene.cell(row) for row in scene.reads()}
    about = {i for i in range(scene.end) if scene.cell(i) in read and scene.changes(i)}
    about |= set(scene.reads())
    if not orderings or len(stay | about) <= MOST:
        stay |= about
    return frozenset(stay)


def _stands_out(row: Row) -> bool:
    return bool(row.violates or row.broken or row.opened or row.closed or row.truths)


def folds(scene: Scene, stay: frozenset[int]) -> tuple[Fold, ...]:
    """The runs of rows that need not stay, by their first row."""
    found = []
    for run in _runs(scene, stay):
        if len(run) < FEWEST:
            continue
        net = tuple(_net_changes(scene, run))
        text = f"{len(run)} steps"
        if net:
            text += ": " + ", ".join(f"{c.name} {c.before} -> {c.after}" for c in net)
        found.append(
            Fold(
                name=f"{scene.names[run[0]]}..{scene.names[run[-1]]}",
                lane=scene.threads.index(scene.events[run[0]].owner),
                first=run[0],
                last=run[-1],
                text=text,
                changes=net,
            )
        )
    return tuple(found)


def _runs(scene: Scene, stay: frozenset[int]) -> Iterator[list[int]]:
    run: list[int] = []
    for i in range(scene.end):
        if run and (i in stay or scene.events[i].owner != scene.events[run[-1]].owner):
            yield run
            run = []
        if i not in stay:
            run.append(i)
    if run:
        yield run


def _net_changes(scene: Scene, run: list[int]) -> Iterable[Change]:
    cells = dict.fromkeys(scene.cell(i) for i in run)
    before, after = scene.past.instants[run[0]].values, scene.past.instants[run[-1] + 1].values
    for cell in cells:
        if cell is None:
            continue
        if cell not in scene.past.trace.locks:
            yield from changes(cell, before[cell], after[cell])
        elif before[cell] != after[cell]:
            yield Change(cell, lock_state(before[cell]), lock_state(after[cell]))
