"""explanation_of(): a trace becomes an Explanation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from racer.explanation.calls import call_history
from racer.explanation.causes import cause
from racer.explanation.conflicts import conflicts, returned_values
from racer.explanation.data import (
    INITIAL,
    Axis,
    Cell,
    Explanation,
    Held,
    Lane,
    NotComputed,
    Read,
    Row,
    Segment,
    Span,
    Switch,
)
from racer.explanation.deciding import decide
from racer.explanation.exact import Exact
from racer.explanation.folding import decisive_rows, folds
from racer.explanation.history import History, history
from racer.explanation.late import held_up
from racer.explanation.scene import Scene
from racer.explanation.summing import telling_rows
from racer.lang.outcomes import OWN_LABELS, Violation
from racer.lang.pools import NULL
from racer.replaying.trace import Event, Trace
from racer.words.changes import Change, changes, lock_state, shown, truth_texts
from racer.words.counts import count_text, preemptions_text
from racer.words.names import event_names, short_names, title
from racer.words.outcomes import came_to, observation_text
from racer.words.phrases import event_text, operation_text, short_text, source_places, value_text


def explanation_of(
    trace: Trace,
    label: str,
    *,
    interleavings: int | None,
    total: int | None,
    preemptions: int,
    minimal: bool,
    with_effect: int | None = None,
    exact: Exact | None = None,
) -> Explanation:
    """Tell `trace` as the witness of `label`; where it does not show it, the verdict says so.

    `interleavings` of `total` show the label, None where not counted; `with_effect` of them have
    the effect that it has here, None where it has no other. `preemptions` and `minimal` are the
    witness's. `exact` is the program it is a trace of (see `exactly`), for what a trace alone does
    not tell.
    """
    past = history(trace)
    threads = [name for name in trace.threads if name not in trace.agents]
    shorts, names = short_names(threads), event_names(trace)
    at = _violating_row(trace, label)
    end = len(trace.events) if at is None else at + 1
    if label in trace.initial_broken:
        end = 0
    cpus = trace.cpus(end)
    windows = _windows(trace, names, end)
    scene = Scene(past, label, names, shorts, at, end, windows)
    decided = decide(scene, exact)
    switches = past.switches()
    rows = tuple(
        _row(past, i, names, windows, switches.get(i), violates=i == at) for i in range(end)
    )
    ordered = tuple(
        each
        for orderings in (decided.orderings, decided.enabling)
        if not isinstance(orderings, NotComputed)
        for each in orderings
    )
    conflicting, returned = conflicts(scene, ordered), returned_values(scene)
    late = tuple(held_up(past, end, names))
    said = (_verdict(scene), cause(scene, conflicting, returned), *late)
    telling = telling_rows(scene, decided, conflicting, " ".join(said[1:]))
    axis, effect = _axis(trace, end), effect_of(trace, label)
    stay = decisive_rows(scene, rows, conflicting, returned, ordered, decided.no_return, said)
    stay |= frozenset(range(end - trace.cycle, end))
    return Explanation(
        label=label,
        verdict=said[0],
        cause=said[1],
        count="The run never ends" if trace.cycle else _count_phrase(interleavings, total),
        fact=preemptions_text(preemptions, minimal, cpus, endless=trace.cycle > 0),
        interleavings=interleavings,
        total=total,
        preemptions=preemptions,
        minimal=minimal,
        cpus=cpus,
        lanes=tuple(_lane(past, thread, shorts[thread], end) for thread in threads),
        cells=_cells(trace, end),
        truths=tuple(trace.initial_truths.items()),
        windows=windows,
        rows=rows,
        notes=(*late, *_notes(past, at, end, names)),
        conflicts=conflicting,
        returned_values=returned,
        orderings=decided.orderings,
        enabling=decided.enabling,
        no_return=decided.no_return,
        threads_needed=decided.threads_needed,
        folded=folds(scene, stay | _turns(axis)),
        axis=axis,
        held=_held(trace, end),
        cycle=trace.cycle,
        escapable=decided.escapable,
        spent=decided.spent,
        telling=telling,
        steps=len(trace.events),
        comes_to=trace.about.comes_to(label, effect),
        names=trace.about.names_in([cell for i in telling if (cell := scene.cell(i)) is not None]),
        models=trace.about.models,
        effect=effect,
        with_effect=with_effect,
        calls=call_history(scene),
    )


def effect_of(trace: Trace, label: str) -> str:
    """What the violation is said to lead to."""
    at = _violating_row(trace, label)
    ended = None if at is None else trace.events[at].ended
    return ended.value.effect if ended and isinstance(ended.value, Violation) else ""


def _held(trace: Trace, end: int) -> tuple[Held, ...]:
    """By first row."""
    found: list[Held] = []
    taken: dict[str, Event] = {}
    for event in trace.events[:end]:
        lock = event.cell
        if event.operation.facts.lock is None or lock is None or not event.stored:
            continue
        if event.operation.facts.lock == "takes":
            taken[lock] = event
        elif lock in taken:
            start = taken.pop(lock)
            found.append(Held(lock, trace.threads.index(start.owner), start.index, event.index))
    for lock, start in taken.items():
        found.append(Held(lock, trace.threads.index(start.owner), start.index, None))
    return tuple(sorted(found, key=lambda each: each.first))


def _axis(trace: Trace, end: int) -> tuple[Axis, ...]:
    found = []
    for name, text in trace.initial_shown.items():
        first: int | None = None
        segments = []
        for event in trace.events[:end]:
            if event.shown[name] != text:
                segments.append(Segment(first, event.index, text))
                first, text = event.index, event.shown[name]
        found.append(Axis(name, (*segments, Segment(first, None, text))))
    return tuple(found)


def _turns(axis: tuple[Axis, ...]) -> frozenset[int]:
    """The rows at which an axis goes on to another text: they are not folded."""
    rows = {segment.first for each in axis for segment in each.segments}
    return frozenset(row for row in rows if row is not None)


def _row(
    past: History,
    i: int,
    names: tuple[str, ...],
    windows: tuple[Span, ...],
    switch: Switch | None,
    *,
    violates: bool,
) -> Row:
    trace = past.trace
    event = trace.events[i]
    earlier = trace.events[i - 1] if i else None
    before = earlier.broken if earlier else trace.initial_broken
    return Row(
        name=names[i],
        thread=event.owner,
        lane=trace.threads.index(event.owner),
        operation=operation_text(event.operation),
        text=event_text(event),
        short=short_text(event),
        read=_read(event, names),
        changes=_changes(event, trace.locks),
        truths=_changed(
            truth_texts(earlier.truths if earlier else trace.initial_truths),
            truth_texts(event.truths),
        ),
        shown=_changed(earlier.shown if earlier else trace.initial_shown, event.shown),
        switch=switch,
        opened=tuple(n for n, window in enumerate(windows) if window.first == i),
        closed=tuple(n for n, window in enumerate(windows) if window.last == i),
        broken=tuple(b for b in event.broken if b not in before),
        ending=came_to(event.ended.value) if event.ended else None,
        raised=event.ended is not None and isinstance(event.ended.value, Violation),
        violates=violates,
        locations=event.locations,
        source_places=source_places(event.locations),
    )


def _lane(past: History, thread: str, short: str, end: int) -> Lane:
    steps = [row for row in past.steps[thread] if row < end]
    return Lane(
        thread=thread,
        short=short,
        title=title(thread, short),
        first=steps[0] if steps else None,
        last=steps[-1] if steps else None,
        state=past.lane_state(thread, end),
        end=past.standing(thread, end),
    )


def _notes(past: History, at: int | None, end: int, names: tuple[str, ...]) -> Iterator[str]:
    trace = past.trace
    threads = [thread for thread in trace.threads if thread not in trace.agents]
    idle = [thread for thread in threads if past.lane_state(thread, end) == "idle"]
    if end > 0:
        yield from _taking_no_step([t for t in idle if not past.steps[t]], "")
        yield from _taking_no_step([t for t in idle if past.steps[t]], f" until {names[end - 1]}")
    if len(trace.events) > end:
        after = [(thread, sum(row >= end for row in past.steps[thread])) for thread in past.steps]
        each = ", ".join(f"{steps} of {thread}" for thread, steps in after if steps)
        yield f"Not shown: the steps {f'after {names[end - 1]}' if end else 'that follow'}, {each}."
    if at is not None and (places := source_places(trace.events[at].locations)):
        ended = trace.events[at].ended
        if ended is not None and ended.raised_at is not None:
            raised_at = source_places((ended.raised_at,))[0]
            yield f"{trace.events[at].thread} raised it before {names[at]}, at {raised_at}."
        yield f"{names[at]} is at {places[0]}."


def _taking_no_step(threads: list[str], until: str) -> Iterator[str]:
    if threads:
        *others, last = threads
        names = f"{', '.join(others)} and {last}" if others else last
        yield f"{names} {'take' if others else 'takes'} no step{until}."


def _cells(trace: Trace, end: int) -> tuple[Cell, ...]:
    touched = {event.cell for event in trace.events[:end]}
    return tuple(
        Cell(
            name,
            lock_state(value) if name in trace.locks else shown(value),
            touched=name in touched or end == 0,  # what violates initially is to be seen there
        )
        for name, value in trace.initial.items()
    )


def _changes(event: Event, locks: frozenset[str]) -> tuple[Change, ...]:
    if event.cell is None or event.held_back:
        return ()
    if event.cell in locks:
        if not event.stored:
            return ()
        return (Change(event.cell, lock_state(event.before), lock_state(event.after)),)
    return tuple(changes(event.cell, event.before, event.after))


def _read(event: Event, names: tuple[str, ...]) -> Read | None:
    if not event.reads:
        return None
    row = event.source
    return Read(value_text(event, event.before), INITIAL if row is None else names[row], row)


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    return tuple(
        Change(name, before[name], text)
        for name, text in after.items()
        if name in before and before[name] != text
    )


def _windows(trace: Trace, names: tuple[str, ...], end: int) -> tuple[Span, ...]:
    """Those that open before row `end`: by first row, and those that close last come first."""
    found = []
    for lane, thread in enumerate(trace.threads):
        still_open: list[tuple[int, str]] = []
        for event in trace.events[:end]:
            if event.thread != thread:
                continue
            still_open.extend((event.index, watch) for watch in event.opened)
            for closed in event.closed:
                first, watch, last = closed.opened_at, closed.watch, event.index
                if (first, watch) in still_open:
                    still_open.remove((first, watch))
                seen = observation_text(closed.seen)
                found.append(Span(watch, lane, first, last, names[first], names[last], seen))
        found.extend(
            Span(watch, lane, first, None, names[first], None, None) for first, watch in still_open
        )
    return tuple(sorted(found, key=lambda w: (w.first, -(end if w.last is None else w.last))))


def _violating_row(trace: Trace, label: str) -> int | None:
    """None for a deadlock or livelock, and where the initial state violates already."""
    if label in trace.initial_broken:
        return None
    for event in trace.events:
        came_to = None if event.ended is None else event.ended.value
        violated = isinstance(came_to, Violation) and came_to.label == label
        if violated or label in event.broken:
            return event.index
    return None


def _verdict(scene: Scene) -> str:
    past, label, at = scene.past, scene.label, scene.at
    if at is not None and label not in scene.events[at].broken:
        return _violation_sentence(scene)
    if at is not None:
        step = f"{scene.names[at]}: {event_text(scene.events[at])}"
        return f"invariant {label!r} is false after {step}."
    if label in OWN_LABELS and scene.stuck():
        stand = [f"{t} {past.standing(t, len(scene.events))}" for t in scene.stuck()]
        return f"{label}: {'; '.join(stand)}."
    if label in past.trace.initial_broken:
        return f"invariant {label!r} is false in the initial state."
    if label in past.trace.labels and past.trace.maximal:
        ends = [f"{t} {past.standing(t, len(scene.events))}" for t in scene.threads]
        if label in past.trace.told:
            return f"{label}: {past.trace.told[label]}; {'; '.join(ends)}."
        return f"{label!r} is false at the end: {'; '.join(ends)}."
    return f"this schedule does not show {label!r}."


def _violation_sentence(scene: Scene) -> str:
    """Who raised it where, and what the windows saw that its thread closed last."""
    assert scene.at is not None, "a thread raised it"
    causes = "; ".join(_window_phrase(window) for window in scene.accused_windows())
    # What is not there cannot be accessed: that would have been the step after.
    when = "after" if scene.label == NULL else "at"
    raised = f"{scene.culprit} raised Violation {scene.label!r} {when} {scene.names[scene.at]}"
    return f"{raised}{f': {causes}' if causes else ''}."


def _window_phrase(window: Span) -> str:
    where = f"from {window.opened} to {window.closed}"
    if window.opened == window.closed:
        where = f"before or after {window.closed}"
    match window.seen:
        case "never true":
            return f"{window.watch!r} was true at no instant {where}"
        case "always true":
            return f"{window.watch!r} was true at every instant {where}"
        case _:
            return f"{window.watch!r} was {window.seen}, {where}"


def _count_phrase(interleavings: int | None, total: int | None) -> str:
    if interleavings is None:
        if total is None:
            return "interleavings not counted"
        return f"at least 1 of {count_text(total)} interleavings"
    of = f" of {count_text(total)}" if total is not None else ""
    plural = "s" if (total or interleavings) != 1 else ""
    return f"{count_text(interleavings)}{of} interleaving{plural}"
