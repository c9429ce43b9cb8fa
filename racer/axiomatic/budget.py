"""How much may be enumerated, and what is raised where that is over."""

from __future__ import annotations


class TooMany(Exception):
    """There are more histories, combinations or line-ups than the limit."""


class Budget:
    """How much may still be enumerated."""

    def __init__(self, limit: int) -> None:
        self._left = limit

    def spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise TooMany
