"""The history of an object that is not linearizable: its calls up to the end that has no order."""

from __future__ import annotations

from racer.explanation.data import CallHistory, CallTold
from racer.explanation.scene import Scene
from racer.lang.effects import Failed
from racer.lang.specs.calls import Calls
from racer.lang.specs.linearizable import NOT_LINEARIZABLE, call_step
from racer.words.changes import shown
from racer.words.names import title


def call_history(scene: Scene) -> CallHistory | None:
    """None where the violation is another, or one that a thread raised under that name itself."""
    if scene.at is None or scene.label != NOT_LINEARIZABLE:
        return None
    last = scene.events[scene.at]
    ending = call_step(last.operation, shown)
    if ending is None or ending.number is None or not isinstance(last.result, Failed):
        return None
    before, start = last.before, scene.past.trace.initial[ending.object]
    assert isinstance(before, Calls) and isinstance(start, Calls)
    spans = _spans(scene, ending.object)
    return CallHistory(
        name=ending.object,
        specification=ending.specification,
        start=repr(start.ways[0].state),
        calls=tuple(_told(scene, span, spans) for span in spans),
        could=tuple(map(repr, before.ends(ending.number))),
        untold=not ending.told,
    )


Span = tuple[int, int | None]  # the rows of a call's begin, and of its end if it has one


def _spans(scene: Scene, name: str) -> list[Span]:
    """By begin. A thread ends a call before it begins the next."""
    found: dict[int, Span] = {}
    begun: dict[str, int] = {}
    for row, event in enumerate(scene.events[: scene.end]):
        step = call_step(event.operation, shown)
        if step is None or step.object != name:
            continue
        if step.number is None:
            begun[event.thread] = row
            found[row] = row, None
        else:
            begin = begun.pop(event.thread)
            found[begin] = begin, row
    return list(found.values())


def _told(scene: Scene, span: Span, spans: list[Span]) -> CallTold:
    first, last = span
    begin = call_step(scene.events[first].operation, shown)
    end = None if last is None else call_step(scene.events[last].operation, shown)
    assert begin is not None
    thread = scene.events[first].thread
    beside = (other for other in spans if other != span and _overlap(span, other))
    return CallTold(
        text=begin.call,
        thread=title(thread, scene.shorts[thread]),
        first=scene.names[first],
        last=None if last is None else scene.names[last],
        end="" if end is None else end.came,
        beside=tuple(scene.names[row] for row, _ in beside),
    )


def _overlap(one: Span, other: Span) -> bool:
    """Whether neither ends before the other begins."""
    (begin, end), (its_begin, its_end) = one, other
    before = end is not None and end < its_begin
    after = its_end is not None and its_end < begin
    return not before and not after
