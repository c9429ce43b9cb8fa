"""How explanations call things: threads and steps by short names, values and operations by text."""

from __future__ import annotations

import dataclasses
import os.path
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from racer.errors import Location
from racer.events import Event
from racer.explanation.data import Change
from racer.operations import (
    Acquire,
    Choose,
    CompareExchange,
    FetchAdd,
    Load,
    Operation,
    Release,
    Store,
    Swap,
    WaitUntil,
    access,
    describe_access,
    describe_operation,
)
from racer.values import describe, value_key

STEP_NAME: Final = r"\w+(?:\.\d+)?"  # matches whatever step_name() may give


def step_name(short: str, step: int) -> str:
    """C4; R0.4 where the short name ends in a digit."""
    return f"{short}.{step}" if short[-1].isdigit() else f"{short}{step}"


def short_names(threads: Iterable[str]) -> dict[str, str]:
    """A short name for each thread: ASCII letters and digits, different for each.

    Copies share letters: R.0 and R.1 are R0 and R1. A group takes its first letter, else its
    words' initials, else its shortest beginning, that is no other group's in the same place.
    """
    groups = {thread: _group(thread) for thread in threads}
    distinct = list(dict.fromkeys(group for group, _ in groups.values()))
    candidates = {group: _candidates(group) for group in distinct}
    longest = max((len(each) for each in candidates.values()), default=0)
    for each in candidates.values():
        each.extend(each[-1:] * (longest - len(each)))
    places = list(zip(*candidates.values(), strict=True))
    chosen = {
        group: next((own for i, own in enumerate(each) if places[i].count(own) == 1), "")
        for group, each in candidates.items()
    }
    shorts = {thread: f"{chosen[group]}{copy}" for thread, (group, copy) in groups.items()}
    if "" in chosen.values() or len(set(shorts.values())) < len(shorts):
        return {thread: f"T{i}" for i, thread in enumerate(groups)}
    return shorts


def title(thread: str, short: str) -> str:
    """The thread's name, with its short name where that is not obvious."""
    return thread if short == thread.replace(".", "") else f"{thread} ({short})"


def _group(thread: str) -> tuple[str, str]:
    """A thread's group and its copy number: R.1 is ("R", "1")."""
    group, _, copy = thread.rpartition(".")
    return (group, copy) if group and re.fullmatch("[0-9]+", copy) else (thread, "")


def _candidates(group: str) -> list[str]:
    words = re.findall("[A-Za-z0-9]+", group)
    letters = "".join(words).upper()
    initials = "".join(word[0] for word in words).upper()
    return [letters[:1], initials, *(letters[:n] for n in range(2, len(letters) + 1))]


def shown(value: object) -> str:
    """The value as text: a word without quotes, a record without the fields at their default."""
    if type(value) is str and value.isidentifier() and value not in ("None", "True", "False"):
        return value
    if not is_record(value):
        return describe(value)
    fields = [
        f"{field.name}={shown(getattr(value, field.name))}"
        for field in _fields(value)
        if not _at_default(field, getattr(value, field.name))
    ]
    return f"{type(value).__qualname__}({', '.join(fields)})"


def is_record(value: object) -> bool:
    """Whether it is a dataclass whose text spells out its fields, rather than one of its own."""
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return False
    fields = ", ".join(f"{field.name}={getattr(value, field.name)!r}" for field in _fields(value))
    return repr(value) == f"{type(value).__qualname__}({fields})"


def _fields(value: object) -> list[dataclasses.Field[object]]:
    return [field for field in dataclasses.fields(value) if field.repr]  # type: ignore[arg-type]


def _at_default(field: dataclasses.Field[object], value: object) -> bool:
    return field.default is not dataclasses.MISSING and value_key(field.default) == value_key(value)


class _Text:
    """Stands in an operation for a value, so that describe_operation() shows it as text."""

    def __init__(self, value: object) -> None:
        self._text = shown(value)

    def __repr__(self) -> str:
        return self._text


def operation_text(operation: Operation) -> str:
    """describe_operation(), with values as shown() has them."""
    match operation:
        case Store(value=value) | Swap(value=value):
            operation = dataclasses.replace(operation, value=_Text(value))
        case CompareExchange(old=old, new=new):
            operation = dataclasses.replace(operation, old=_Text(old), new=_Text(new))
        case FetchAdd(addend=addend):
            operation = dataclasses.replace(operation, addend=_Text(addend))
        case Choose(options=options):
            operation = Choose(tuple(_Text(option) for option in options))
        case _:
            pass
    return describe_operation(operation)


def event_text(event: Event) -> str:
    """The operation and what it gave: `load p.info -> H`."""
    return step_text(event.operation, event.result)


def step_text(operation: Operation, result: object) -> str:
    """The same, of an operation and its result; a read-modify-write gives the value before."""
    text = operation_text(operation)
    if isinstance(operation, Load | WaitUntil | Choose):
        return f"{text} -> {shown(result)}"
    if isinstance(operation, Store | Acquire | Release) or access(operation).cell is None:
        return text
    failed = isinstance(operation, CompareExchange) and result != operation.old
    return f"{text}, was {shown(result)}{': fails' if failed else ''}"


def effect_text(event: Event) -> str:
    """What it read, or how it changed its cell: `store H.page_type (plain): none -> slab`."""
    if isinstance(event.operation, Acquire | Release) or not writes(event):
        return event_text(event)
    return f"{describe_access(event.operation)}: {shown(event.before)} -> {shown(event.after)}"


def writes(event: Event) -> bool:
    """Whether the step stored to its cell, be it the value that was there already."""
    if isinstance(event.operation, CompareExchange):
        return bool(event.before == event.operation.old)
    return access(event.operation).writes


def reads(event: Event) -> bool:
    """Whether the step's result, or whether it could be taken, tells its cell's value."""
    silent = isinstance(event.operation, Store | Acquire | Release)
    return not silent and access(event.operation).cell is not None


def value_text(event: Event, value: object) -> str:
    """A value of the step's cell as text."""
    is_lock = isinstance(event.operation, Acquire | Release)
    return lock_state(value) if is_lock else shown(value)


def source_places(locations: Sequence[Location]) -> tuple[str, ...]:
    """Where an operation is, as texts that say less and less; the last, its own file and line.

    Before it stands the line that calls its function, which reads more like the C:
    `classifier.py:128, in compound_head pages.py:183`, `classifier.py:128, pages.py:183`; in one
    file `split.py:70, in split_pages :91`.
    """
    if not locations:
        return ()
    inner = locations[-1]
    if len(locations) == 1:
        return (_line(inner),)
    caller = locations[-2]
    line = f":{inner.line}" if inner.path == caller.path else _line(inner)
    within = (f"{_line(caller)}, in {inner.function} {line}",) if inner.function else ()
    return (*within, f"{_line(caller)}, {line}", _line(inner))


def _line(location: Location) -> str:
    return f"{os.path.basename(location.path)}:{location.line}"


def truth_texts(truths: Mapping[str, bool]) -> dict[str, str]:
    """By watch, "true" or "false"."""
    return {watch: "true" if holds else "false" for watch, holds in truths.items()}


def lock_state(held: object) -> str:
    return "held" if held else "free"


def changes(name: str, before: object, after: object) -> Iterator[Change]:
    """What differs: the fields of a dataclass one by one, or the value as a whole."""
    if value_key(before) == value_key(after):
        return
    if is_record(before) and type(before) is type(after):
        for field in dataclasses.fields(before):  # type: ignore[arg-type]  # is_record() says so
            old, new = getattr(before, field.name), getattr(after, field.name)
            yield from changes(f"{name}.{field.name}", old, new)
        return
    yield Change(name, shown(before), shown(after))
