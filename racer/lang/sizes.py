"""How large a value is, so that one that grows without end is noticed while it is small."""

from __future__ import annotations

import dataclasses

_BITS_PER_PART = 30  # what CPython keeps of an int in one digit
_CHARACTERS_PER_PART = 8


def parts_of(value: object, enough: int) -> int:
    """How many parts a value has, itself among them; what it holds twice counts twice.

    That is what hashing and comparing it costs, too. Past `enough` it is not looked at further.
    """
    parts = 0
    waiting = [value]
    while waiting and parts <= enough:
        item = waiting.pop()
        parts += 1
        if isinstance(item, int):
            parts += item.bit_length() // _BITS_PER_PART
        elif isinstance(item, str | bytes):
            parts += len(item) // _CHARACTERS_PER_PART
        elif isinstance(item, tuple | frozenset):
            if len(item) > enough:
                return parts + len(item)
            waiting.extend(item)
        elif dataclasses.is_dataclass(item) and not isinstance(item, type):
            names = (field.name for field in dataclasses.fields(item))
            waiting.extend(getattr(item, name, None) for name in names)
    return parts
