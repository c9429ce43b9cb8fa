"""An explanation as a picture of it shows it: with a fold as one row."""

from __future__ import annotations

from dataclasses import replace

from racer.explanation.data import Explanation, Fold, NoReturn, NotComputed, Ordering, Row


def condensed(explanation: Explanation) -> Explanation:
    """Each fold becomes a row of its name; a note says how many steps that hides.

    Bound    lanes, windows, reads, orders, locks, axes and the point of no return refer to the
             new rows; the sides of conflicts and returned values still refer to the old ones.
    """
    if not explanation.folded:
        return explanation
    starts = {fold.first: fold for fold in explanation.folded}
    now: list[int] = []  # by old row
    rows: list[Row] = []
    fold: Fold | None = None
    for i, row in enumerate(explanation.rows):
        fold = starts.get(i, fold if fold is not None and i <= fold.last else None)
        if fold is None:
            rows.append(row)
        elif i == fold.first:
            rows.append(_folded(explanation, fold))
        now.append(len(rows) - 1)
    turn = explanation.no_return
    if isinstance(turn, NoReturn) and turn.row is not None:
        turn = replace(turn, row=now[turn.row])
    return replace(
        explanation,
        rows=tuple(_reading(row, rows, now) for row in rows),
        lanes=tuple(
            replace(lane, first=_moved(lane.first, now), last=_moved(lane.last, now))
            for lane in explanation.lanes
        ),
        windows=tuple(
            replace(window, first=now[window.first], last=_moved(window.last, now))
            for window in explanation.windows
        ),
        orderings=_moved_orders(explanation.orderings, now),
        enabling=_moved_orders(explanation.enabling, now),
        no_return=turn,
        held=tuple(
            replace(each, first=now[each.first], last=_moved(each.last, now))
            for each in explanation.held
            if each.last is None or now[each.first] != now[each.last]
        ),
        axis=tuple(
            replace(
                axis,
                segments=tuple(
                    replace(each, first=_moved(each.first, now), last=_moved(each.last, now))
                    for each in axis.segments
                ),
            )
            for axis in explanation.axis
        ),
        notes=(_hidden(explanation.folded), *explanation.notes),
        folded=(),
    )


def _folded(explanation: Explanation, fold: Fold) -> Row:
    first, last = explanation.rows[fold.first], explanation.rows[fold.last]
    text = f"({fold.last - fold.first + 1} steps)"
    return replace(
        first,
        name=fold.name,
        operation=text,
        text=text,
        read=None,
        changes=fold.changes,
        ending=last.ending,
        raised=last.raised,
    )


def _reading(row: Row, rows: list[Row], now: list[int]) -> Row:
    if row.read is None or row.read.row is None:
        return row
    source = now[row.read.row]
    return replace(row, read=replace(row.read, row=source, source=rows[source].name))


def _moved_orders(
    orders: tuple[Ordering, ...] | NotComputed, now: list[int]
) -> tuple[Ordering, ...] | NotComputed:
    """No step of an order is folded, so the names stay."""
    if isinstance(orders, NotComputed):
        return orders
    return tuple(
        Ordering(
            replace(each.first, row=_moved(each.first.row, now)),
            replace(each.then, row=_moved(each.then.row, now)),
        )
        for each in orders
    )


def _moved(row: int | None, now: list[int]) -> int | None:
    return None if row is None else now[row]


def _hidden(folded: tuple[Fold, ...]) -> str:
    steps = sum(fold.last - fold.first + 1 for fold in folded)
    boxes = "one box" if len(folded) == 1 else f"{len(folded)} boxes"
    return f"Cut: {steps} steps that decide nothing are drawn as {boxes}, with what they change."
