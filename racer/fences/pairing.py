"""With what of other threads an addition stands in a circle: barriers are of use in pairs.

With the additions an execution is forbidden by a cycle. In each thread that it goes through there
is something that keeps the order of where it comes in and where it goes out: what is added, and in
the others a barrier, an order, a lock, a dependency, or what the model keeps anyway.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from racer.axiomatic.checking import check
from racer.axiomatic.models.axioms import Model
from racer.axiomatic.models.known import MODELS
from racer.errors import Location
from racer.fences.additions import Addition, Additions, in_order
from racer.fences.data import Pair, ToldAddition
from racer.fences.lacking import Lacking, Taken
from racer.fences.seeking import Shown
from racer.lang.changes import Notes, Site
from racer.lang.program import ThreadInstance


def told_set(
    additions: Additions,
    shown: Sequence[Shown],
    model: Model,
    instances: Sequence[ThreadInstance],
    notes: Mapping[str, Notes],
) -> tuple[ToldAddition, ...]:
    """A set of additions, each with what it pairs with in the executions that it forbids."""
    found: dict[str, dict[Pair, None]] = {}  # by the thread of an addition
    for each in shown:
        if isinstance(each, Lacking):
            for thread, texts in _pairs(each, additions, model, instances, notes):
                found.setdefault(thread, {}).update(dict.fromkeys(texts))
    return tuple(
        _told(each, notes, tuple(found.get(each.thread, {}))) for each in in_order(additions)
    )


def _told(addition: Addition, notes: Mapping[str, Notes], pairs: tuple[Pair, ...]) -> ToldAddition:
    noted = notes[addition.thread][addition.site]
    text, line = noted.operation.access_text(), noted.lines[-1]
    return ToldAddition(addition.kind, addition.thread, text, line, pairs)


def _pairs(
    lacking: Lacking,
    additions: Additions,
    model: Model,
    instances: Sequence[ThreadInstance],
    notes: Mapping[str, Notes],
) -> Iterator[tuple[str, list[Pair]]]:
    """By the thread of an addition on the cycle, what the others have there."""
    for each in (model, MODELS["sc"]):
        violation = check(each, lacking.graph(additions))
        if violation is None:  # windows forbid it
            return
        segments = _segments(lacking, [edge.before for edge in violation.cycle])
        if _goes_through(lacking, additions, segments, instances):
            break  # else the model says in one edge what several steps make
    texts = {}
    for thread, first, last in segments:
        name, group = instances[thread].name, instances[thread].group
        kept, line = _keeps(lacking, additions, thread, group, first, last, notes)
        texts[thread] = Pair(name, kept, line)
    for thread in texts:
        others = [text for other, text in texts.items() if other != thread]
        yield instances[thread].group, others


def _goes_through(
    lacking: Lacking,
    additions: Additions,
    segments: Sequence[tuple[int, int, int]],
    instances: Sequence[ThreadInstance],
) -> bool:
    """Whether a cycle goes through each addition."""
    passed = {
        (instances[thread].group, step.site)
        for thread, first, last in segments
        if first < last
        for step in lacking.steps_between(thread, first, last)
    }
    return all((each.thread, each.site) in passed for each in additions)


def _segments(lacking: Lacking, events: Sequence[int]) -> list[tuple[int, int, int]]:
    """The threads that a cycle goes through, each with the first and last event there."""
    of = [(lacking.step_of(event), event) for event in events]
    known = [(step[0], event) for step, event in of if step is not None]
    found: dict[int, list[int]] = {}
    for thread, event in known:
        found.setdefault(thread, []).append(event)
    return [(thread, min(own), max(own)) for thread, own in found.items()]


def _keeps(
    lacking: Lacking,
    additions: Additions,
    thread: int,
    group: str,
    first: int,
    last: int,
    notes: Mapping[str, Notes],
) -> tuple[str, Location]:
    """What keeps the order of two events of a thread, with its line."""
    steps = lacking.steps_between(thread, first, last)
    at = notes[group]
    for each in in_order(additions):
        if each.thread == group and each.site in [step.site for step in steps]:
            return f"what is added at {at[each.site].operation.access_text()}", _line(at, each.site)
    chosen = next(filter(None, (pick(steps) for pick in (_fence, _released, _acquired))), None)
    if chosen is not None or len(steps) == 1:
        kept = chosen or steps[0]
        return kept.operation.access_text(), _line(at, kept.site)
    ends = " before ".join(each.operation.access_text() for each in (steps[0], steps[-1]))
    return f"the order of {ends}", _line(at, steps[-1].site)


def _line(notes: Notes, site: Site) -> Location:
    return notes[site].lines[-1]


def _fence(steps: Sequence[Taken]) -> Taken | None:
    """A barrier between the two, or a read-modify-write that is one."""
    inner = steps[1:-1] or ()
    fences = [each for each in inner if each.operation.facts.fence is not None]
    full = [each for each in steps if any(event.kind == "F" for event in each.events)]
    return next(iter((*fences, *full)), None)


def _released(steps: Sequence[Taken]) -> Taken | None:
    last = steps[-1]
    return last if any(event.order in ("release", "unlock") for event in last.events) else None


def _acquired(steps: Sequence[Taken]) -> Taken | None:
    first = steps[0]
    return first if any(event.order in ("acquire", "lock") for event in first.events) else None
