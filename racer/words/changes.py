"""Values as text, and what of a value is another than before."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from racer.lang.values import describe, value_key


@dataclass(frozen=True, slots=True)
class Change:
    """What is another after a step: a cell, a field of one, a watch's truth, or a `shows`."""

    name: str
    before: str
    after: str


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


def _fields(value: Any) -> list[dataclasses.Field[object]]:
    """Of a dataclass, those that its text has."""
    return [field for field in dataclasses.fields(value) if field.repr]


def _at_default(field: dataclasses.Field[object], value: object) -> bool:
    return field.default is not dataclasses.MISSING and value_key(field.default) == value_key(value)


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
