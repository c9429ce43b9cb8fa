"""What a space-time diagram says of itself: what its lines mean, and all of it in words."""

from __future__ import annotations

from collections.abc import Iterator

from racer.explanation.data import Axis, Explanation, NotComputed, Ordering, Row
from racer.viz.diagram.ways import arrows
from racer.viz.mail import no_return_text, often_text, unknown_orders_text


def orders_text(explanation: Explanation) -> str:
    """The orders that the violation depends on, as a sentence; or why they are not known."""
    if isinstance(explanation.orderings, NotComputed):
        return unknown_orders_text(explanation.orderings)
    if not explanation.orderings:
        return ""
    text = f"Every schedule with {_orders(explanation.orderings)} shows it"
    if isinstance(explanation.enabling, NotComputed) or not explanation.enabling:
        return f"{text}."
    verb = "makes" if len(explanation.enabling) == 1 else "make"
    return f"{text}; {_orders(explanation.enabling)} {verb} those steps happen."


def _orders(orders: tuple[Ordering, ...]) -> str:
    """Each as what schedules are with: an order, or a step."""
    pairs = [(order, order.first.called, order.then.called) for order in orders]
    return ", ".join(
        first if order.happens else order.told(first, then) for order, first, then in pairs
    )


def diagram_description(explanation: Explanation) -> str:
    """What a space-time diagram shows, for those who cannot see it; its steps have own texts."""
    said = [
        explanation.verdict,
        explanation.cause,
        often_text(explanation),
        orders_text(explanation),
        no_return_text(explanation),
        *(_axis_text(axis, explanation.rows) for axis in explanation.axis),
        *explanation.notes,
    ]
    return " ".join(sentence for sentence in said if sentence)


def _axis_text(axis: Axis, rows: tuple[Row, ...]) -> str:
    start, *turns = axis.segments
    texts = [start.text]
    texts += [
        f"from {rows[each.first].name} on {each.text}" for each in turns if each.first is not None
    ]
    return f"{axis.name} is {', '.join(texts)}."


def diagram_legend(explanation: Explanation) -> Iterator[str]:
    """Sentences about the lines of a space-time diagram, of those kinds that it has."""
    drawn = arrows(explanation)
    if any(arrow.kind == "read" for arrow in drawn):
        yield "Solid arrow: a load and the store it read."
    if any(arrow.kind == "order" for arrow in drawn):
        yield "Dashed arrow: an order that the violation depends on."
    if any(arrow.kind == "read" and arrow.decisive for arrow in drawn):
        yield "Heavy arrow: both."
    if explanation.held:
        yield "Grey bar: holds a lock."
    if explanation.axis:
        yield f"Left: what is true of {' and '.join(axis.name for axis in explanation.axis)}."
    if explanation.cycle:
        again = explanation.rows[-explanation.cycle].name
        yield f"All from {again} on is repeated for ever."
