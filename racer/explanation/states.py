"""The whole state before the first step and after each: every cell, every field, every watch."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from racer.explanation.history import Instant, history
from racer.replaying.trace import Trace
from racer.words.changes import is_record, lock_state, shown, truth_texts

TRUE = "what is true"
OTHERS = "other cells"


@dataclass(frozen=True, slots=True)
class Field:
    """A cell, a field of one, a watch or a `shows`; `card` is the object that it belongs to.

    `p.flags` is p's; watches and `shows` have a card of their own.
    """

    card: str
    name: str


@dataclass(frozen=True, slots=True)
class States:
    """`values[n]` are the values after n steps, as text and parallel to `fields`.

    A field that is not there in a state, because its cell holds no such record then, is "".
    Fields of one card stand together: objects first, other cells, then what is true.
    """

    fields: tuple[Field, ...]
    values: tuple[tuple[str, ...], ...]


def states(trace: Trace, end: int) -> States:
    """The states around the first `end` steps."""
    instants = history(trace).instants[: end + 1]
    truths = [
        _truths(trace.initial_shown, trace.initial_truths),
        *(_truths(event.shown, event.truths) for event in trace.events[:end]),
    ]
    cells = [dict(_cell_fields(instant, trace.locks)) for instant in instants]
    names = list(dict.fromkeys(name for state in cells for name in state))
    cards = _cards(names)
    return States(
        tuple(
            [Field(card, _within(card, name)) for card, own in cards.items() for name in own]
            + [Field(TRUE, name) for name, _ in truths[0]]
        ),
        tuple(
            tuple(
                [state.get(name, "") for own in cards.values() for name in own]
                + [text for _, text in truth]
            )
            for state, truth in zip(cells, truths, strict=True)
        ),
    )


def _truths(shows: Mapping[str, str], watches: Mapping[str, bool]) -> list[tuple[str, str]]:
    return [*shows.items(), *truth_texts(watches).items()]


def _cell_fields(instant: Instant, locks: frozenset[str]) -> Iterator[tuple[str, str]]:
    for cell, value in instant.values.items():
        if cell in locks:
            holder = instant.holders.get(cell)
            yield cell, f"held by {holder}" if holder else lock_state(value)
        else:
            yield from _flat(cell, value)


def _flat(name: str, value: object) -> Iterator[tuple[str, str]]:
    """A record field by field, as changes of it are told."""
    if not is_record(value):
        yield name, shown(value)
        return
    for field in dataclasses.fields(value):  # type: ignore[arg-type]  # is_record() says so
        yield from _flat(f"{name}.{field.name}", getattr(value, field.name))


def _cards(names: list[str]) -> dict[str, list[str]]:
    """By object, the names that begin with it and a dot, where there are two or more of them."""
    cards: dict[str, list[str]] = {}
    for name in names:
        cards.setdefault(name.partition(".")[0], []).append(name)
    objects = {head: own for head, own in cards.items() if len(own) > 1 and head != OTHERS}
    others = [name for name in names if name.partition(".")[0] not in objects]
    return {**objects, OTHERS: others} if others else objects


def _within(card: str, name: str) -> str:
    return name if card == OTHERS else name.partition(".")[2] or name
