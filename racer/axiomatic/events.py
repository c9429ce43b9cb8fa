"""What happens in an execution: events, and the history of one thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, Protocol

# A number, or the name of a location: its address.
Value = int | str

Kind = Literal["R", "W", "F"]

NO_PAIR: Final = -1


class Event(NamedTuple):
    """A read, a write or a fence.

    kind     R, W or F
    place    the location; of a fence empty
    value    what is read or written
    order    how it is marked, as models have it: once, acquire, release, plain, mb, wmb, lock ...
    addr     the earlier reads of its thread, as bits, that its location was computed from
    data     those that its value was computed from
    ctrl     those that decided whether it comes to it at all
    pair     of the write of a read-modify-write, which event of its thread the read is
    line     where it stands in the file; 0 where there is none
    """

    kind: Kind
    place: str
    value: Value
    order: str
    addr: int = 0
    data: int = 0
    ctrl: int = 0
    pair: int = NO_PAIR
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """One way through a thread from its begin to its end, with the values its reads got.

    registers   what they hold at the end
    fault       what it did that no program may, in words: then it ends there; else empty
    line        where it did that
    """

    events: tuple[Event, ...]
    registers: Mapping[str, Value] = field(default_factory=dict)
    fault: str = ""
    line: int = 0


class Point(Protocol):
    """Where a thread is, after the values that its reads have got so far.

    asks      the location of the read that it has come to; None where it asks for a choice, or has
              ended
    choices   what it may be answered, where that does not depend on memory
    events    what has happened up to here
    history   all of it, if it has ended
    """

    @property
    def asks(self) -> str | None: ...
    @property
    def choices(self) -> tuple[Value, ...]: ...
    @property
    def events(self) -> list[Event]: ...
    @property
    def history(self) -> History | None: ...

    def answered(self, value: Value) -> Point | None:
        """Where it is after this value; the same for the same. None where it does not go on: a
        lock that is taken is waited for."""
        ...


class Thread(Protocol):
    """A thread of a test."""

    @property
    def name(self) -> str: ...

    def begin(self) -> Point:
        """Where it is before anything was answered."""
        ...
