"""Steps as phrases: the operation, what it gave, where in the source it is."""

from __future__ import annotations

import linecache
import os.path
from collections.abc import Sequence

from racer.errors import Location
from racer.lang.effects import Failed
from racer.lang.operations import CellOperation, Operation
from racer.replaying.trace import Event
from racer.words.changes import changes, lock_state, shown


def operation_text(operation: Operation) -> str:
    """The operation, its values as shown() has them."""
    return operation.text(shown)


def event_text(event: Event) -> str:
    """The operation and what it gave: `load p.info -> H`; of a store that it is held back."""
    text = step_text(event.operation, event.result)
    return f"{text} (buffered)" if event.held_back else text


def again_text(step: str) -> str:
    """What follows the last step of a cycle, as a remark: `step` is the name of its first."""
    return f"and again from {step} on, for ever"


def step_text(operation: Operation, result: object) -> str:
    """An operation and its result: `swap x = 1, was 0`, where it gives the value before."""
    text = operation_text(operation)
    if isinstance(result, Failed):
        return f"{text}: {result}"
    match operation.facts.gives:
        case "nothing":
            return text
        case "a value":
            return f"{text} -> {shown(result)}"
        case "the value before":
            stored = not isinstance(operation, CellOperation) or operation.stores_on(result)
            return f"{text}, was {shown(result)}{'' if stored else ': fails'}"


def effect_text(event: Event) -> str:
    """What it read, or how it changed its cell: `store H.page_type (plain): none -> slab`."""
    if event.operation.facts.lock is not None or not event.stored or event.held_back:
        return event_text(event)
    return f"{event.operation.access_text()}: {shown(event.before)} -> {shown(event.after)}"


def short_text(event: Event) -> str:
    """How it changed its cell, `p.refs: 2 -> 1`, or else what it did; without memory orders."""
    order = event.operation.facts.order
    text = event_text(event).replace(f" ({order})", "", 1) if order else event_text(event)
    if event.operation.facts.lock is not None or not event.stored or event.held_back:
        return text
    found = list(changes(event.operation.facts.cell or "", event.before, event.after))
    return ", ".join(f"{each.name}: {each.before} -> {each.after}" for each in found) or text


def value_text(event: Event, value: object) -> str:
    """A value of the step's cell as text."""
    return lock_state(value) if event.operation.facts.lock is not None else shown(value)


def source_places(locations: Sequence[Location]) -> tuple[str, ...]:
    """Where an operation is, as texts that say less and less; the last, its own file and line.

    Before it stands the line that calls its function, which reads more like the C:
    `classifier.py:128, in compound_head pages.py:183`, `classifier.py:128, pages.py:183`; in one
    file `split.py:70, in split_pages :91`. Where it is known which function of the code under test
    is modelled, that comes first, in place of the model's: `compound_head(), pages.py:183`. A line
    of C says by itself what it is, and what it has comes first of all:
    `mm/memory-failure.c:1361 in HWPoisonKernelOwned(): head = compound_head(page);`.
    """
    if not locations:
        return ()
    inner, models = locations[-1], modelled_function(locations)
    if inner.path.endswith((".c", ".h")):
        within = f"in {inner.function}()"
        full = f"{inner.path}:{inner.line} {within}"
        places = (full, f"{_line(inner)} {within}", models, _line(inner))
        text = " ".join(linecache.getline(inner.path, inner.line).split())
        return tuple(dict.fromkeys((f"{full}: {text}", *places) if text else places))
    found = [_line(inner)]
    if len(locations) > 1:
        caller = locations[-2]
        line = f":{inner.line}" if inner.path == caller.path else _line(inner)
        found.insert(0, f"{_line(caller)}, {line}")
        if inner.function and not models:
            found.insert(0, f"{_line(caller)}, in {inner.function} {line}")
    if not models:
        return tuple(found)
    return (*(f"{models}, {place}" for place in found), models, found[-1])


def modelled_function(locations: Sequence[Location]) -> str:
    """The function of the code under test that a step is one of: of the innermost that names it."""
    return next((each.models for each in reversed(locations) if each.models), "")


def _line(location: Location) -> str:
    return f"{os.path.basename(location.path)}:{location.line}"
