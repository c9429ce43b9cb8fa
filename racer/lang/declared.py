"""The values that a cell is declared to hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol, runtime_checkable

from racer.errors import ProgramError
from racer.lang.values import describe, require_hashable, value_key

MOST: Final = 65_536  # more are hardly meant


class Allowed(Protocol):
    """All values that a cell may hold."""

    def __contains__(self, value: object) -> bool: ...

    def left_by(self, operation: str, value: object) -> str:
        """That an operation would leave another value, with the usual cause and a remedy."""


class Declared:
    """All values that a cell may hold, by type and content: 1 is no True."""

    def __init__(self, name: str, values: Iterable[object]) -> None:
        self._name = name
        self._values: list[object] = []
        keys = set()
        for value in values:
            if len(self._values) == MOST:
                raise ProgramError(f"cell {name!r} declares more than {MOST:,} values.")
            try:
                require_hashable(value, f"a value that cell {name!r} declares")
            except TypeError as error:
                raise ProgramError(str(error)) from None
            keys.add(value_key(value))
            self._values.append(value)
        self._keys = frozenset(keys)

    def __contains__(self, value: object) -> bool:
        return value_key(value) in self._keys

    def __len__(self) -> int:
        return len(self._keys)

    def __str__(self) -> str:
        values = self._values
        if len(values) > 2 and all(type(v) is int and v == at for at, v in enumerate(values)):
            return f"0 to {len(values) - 1}"
        shown = [describe(value) for value in values[:8]]
        if len(values) > 8:
            return f"{', '.join(shown)} and {len(values) - 8:,} more"
        return f"{', '.join(shown[:-1])} or {shown[-1]}" if len(shown) > 1 else f"only {shown[0]}"

    def left_by(self, operation: str, value: object) -> str:
        """That an operation would leave another value, with the usual cause and a remedy."""
        return (
            f"{operation} would leave {describe(value)} in cell {self._name!r}, which is declared "
            f"to hold {self}.\n"
            f"Usual cause: a bound that is too small, or a count that goes below 0.\n"
            f"Try: declare more values, or look in the schedule for who goes too far."
        )


@runtime_checkable
class Fits(Protocol):
    """What knows which values it may hold in a program of so many threads."""

    def fits(self, value: object, threads: int) -> bool:
        """Whether that is one."""


class Limited:
    """The values of a cell in which each thread may be at most so often: they need no list."""

    def __init__(self, name: str, holder: Fits, threads: int) -> None:
        self._name = name
        self._holder = holder
        self._threads = threads

    def __contains__(self, value: object) -> bool:
        return self._holder.fits(value, self._threads)

    def left_by(self, operation: str, value: object) -> str:
        """That an operation would leave another value, with the usual cause and a remedy."""
        return (
            f"{operation} would leave {describe(value)} in {self._name!r}, which {self._threads} "
            f"thread{'' if self._threads == 1 else 's'} cannot come to.\n"
            f"Usual cause: a thread is in it a second time before it has left.\n"
            f"Try: look in the schedule for who does not give back what it took."
        )
