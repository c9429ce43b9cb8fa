"""States of several words, as a sequence of integers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from racer.machine.layout import WORD, State


class States(Sequence[State]):
    """States that lie word by word, the lowest first, in `words` of so many for each."""

    __slots__ = ("_bytes", "_size")

    def __init__(self, words: memoryview, each: int) -> None:
        self._bytes = words.cast("B")
        self._size = each * WORD // 8

    def __len__(self) -> int:
        return len(self._bytes) // self._size

    @overload
    def __getitem__(self, at: int) -> State: ...
    @overload
    def __getitem__(self, at: slice) -> list[State]: ...
    def __getitem__(self, at: int | slice) -> State | list[State]:
        if isinstance(at, slice):
            return [self[each] for each in range(len(self))[at]]
        place = range(len(self))[at] * self._size
        return int.from_bytes(self._bytes[place : place + self._size], "little")
