"""The algebra that models are written in: sets of events, relations between them, as in a .cat.

    .cat          here             .cat          here
    r ; s         r @ s            r^-1          r.inverse
    [S] ; r       S @ r            r?            r.opt
    r | s, r & s  r | s, r & s     r+, r*        r.plus, r.star
    r & s^-1      r.against(s)
    r \\ s         r - s            S * T         S * T
    [S]           S.identity       ~S            ~S

`@` binds tighter than `-`, and that tighter than `&` and `|`.

A relation is one integer, row after row: whether event i is before event j is bit i * n + j. So a
union is one operation of the machine, and `r @ s` one multiplication for each event that `s` leads
from: that of the column of those who lead to it, by the row of those whom it leads to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final


class Space:
    """The events there may be, by number: those of one test, in all of its executions."""

    __slots__ = ("column", "diagonal", "everything", "nothing", "row", "size")

    def __init__(self, size: int) -> None:
        self.size: Final = size
        self.row: Final = (1 << size) - 1
        self.column: Final = sum(1 << (at * size) for at in range(size))
        self.diagonal: Final = sum(1 << (at * size + at) for at in range(size))
        self.everything: Final = (1 << size * size) - 1
        self.nothing: Final = Relation(self, 0)

    def relation(self, pairs: Iterable[tuple[int, int]]) -> Relation:
        """The relation of these pairs."""
        bits = 0
        for before, after in pairs:
            bits |= 1 << (before * self.size + after)
        return Relation(self, bits)

    def events(self, numbers: Iterable[int]) -> Events:
        """The set of these events."""
        members = 0
        for number in numbers:
            members |= 1 << number
        return Events(self, members)


@lru_cache(maxsize=64)
def space(size: int) -> Space:
    """The space of so many events."""
    return Space(size)


class Events:
    """A set of events; before or after an `@` it stands for those pairs (e, e)."""

    __slots__ = ("_rows", "members", "space")

    def __init__(self, space: Space, members: int) -> None:
        self.space: Final = space
        self.members: Final = members
        self._rows: int | None = None

    @property
    def rows(self) -> int:
        """All pairs that begin in the set."""
        if self._rows is None:
            size, row, rows, left = self.space.size, self.space.row, 0, self.members
            while left:
                lowest = left & -left
                rows |= row << ((lowest.bit_length() - 1) * size)
                left ^= lowest
            self._rows = rows
        return self._rows

    @property
    def columns(self) -> int:
        """All pairs that end in the set."""
        return self.space.column * self.members

    @property
    def identity(self) -> Relation:
        """The pairs (e, e) of the set."""
        return Relation(self.space, self.rows & self.space.diagonal)

    def __or__(self, other: Events) -> Events:
        return Events(self.space, self.members | other.members)

    def __and__(self, other: Events) -> Events:
        return Events(self.space, self.members & other.members)

    def __sub__(self, other: Events) -> Events:
        return Events(self.space, self.members & ~other.members)

    def __invert__(self) -> Events:
        return Events(self.space, self.space.row & ~self.members)

    def __mul__(self, other: Events) -> Relation:
        return Relation(self.space, self.rows & other.columns)

    def __matmul__(self, other: Relation) -> Relation:
        return Relation(self.space, self.rows & other.bits)

    def __bool__(self) -> bool:
        return self.members != 0

    def __iter__(self) -> Iterator[int]:
        left = self.members
        while left:
            lowest = left & -left
            yield lowest.bit_length() - 1
            left ^= lowest


class Relation:
    """Pairs of events: the first is before the second."""

    __slots__ = ("bits", "space")

    def __init__(self, space: Space, bits: int) -> None:
        self.space: Final = space
        self.bits: Final = bits

    def __or__(self, other: Relation) -> Relation:
        return Relation(self.space, self.bits | other.bits)

    def __and__(self, other: Relation) -> Relation:
        return Relation(self.space, self.bits & other.bits)

    def __sub__(self, other: Relation) -> Relation:
        return Relation(self.space, self.bits & ~other.bits)

    def __matmul__(self, other: Relation | Events) -> Relation:
        space, ours = self.space, self.bits
        if isinstance(other, Events):
            return Relation(space, ours & other.columns)
        size, row, column = space.size, space.row, space.column
        bits, left = 0, other.bits if ours else 0
        while left:
            leads_to = left & row
            if leads_to:
                bits |= (ours & column) * leads_to
            left >>= size
            ours >>= 1
        return Relation(space, bits)

    @property
    def inverse(self) -> Relation:
        """The pairs the other way round."""
        return self.space.relation((after, before) for before, after in self)

    def against(self, other: Relation) -> Relation:
        """Those of its pairs that are the other way round in another relation: r & s^-1, for an r
        of few pairs."""
        return self.space.relation(
            (before, after) for before, after in self if other.has(after, before)
        )

    @property
    def opt(self) -> Relation:
        """The relation, or no step at all."""
        return Relation(self.space, self.bits | self.space.diagonal)

    @property
    def plus(self) -> Relation:
        """One step or more."""
        space, bits = self.space, self.bits
        size, row, column = space.size, space.row, space.column
        shift = 0
        for at in range(size):
            leads_to = (bits >> shift) & row
            if leads_to:
                bits |= ((bits >> at) & column) * leads_to
            shift += size
        return Relation(space, bits)

    @property
    def star(self) -> Relation:
        """Any number of steps."""
        return self.plus.opt

    @property
    def irreflexive(self) -> bool:
        """Whether no event is before itself."""
        return not self.bits & self.space.diagonal

    @property
    def acyclic(self) -> bool:
        """Whether no steps lead back to where they began."""
        return self.plus.irreflexive

    @property
    def domain(self) -> Events:
        """The events that are before another."""
        size, row, left, members, at = self.space.size, self.space.row, self.bits, 0, 0
        while left:
            if left & row:
                members |= 1 << at
            left >>= size
            at += 1
        return Events(self.space, members)

    @property
    def range(self) -> Events:
        """The events that another is before."""
        size, row, left, members = self.space.size, self.space.row, self.bits, 0
        while left:
            members |= left & row
            left >>= size
        return Events(self.space, members)

    def after(self, event: int) -> int:
        """The events that this one is before, as bits."""
        return (self.bits >> (event * self.space.size)) & self.space.row

    def has(self, before: int, after: int) -> bool:
        """Whether this pair is in it."""
        return bool(self.bits >> (before * self.space.size + after) & 1)

    def __bool__(self) -> bool:
        return self.bits != 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Relation) and self.bits == other.bits

    def __hash__(self) -> int:
        return self.bits

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """The pairs, in the order of their numbers."""
        left, size = self.bits, self.space.size
        while left:
            lowest = left & -left
            yield divmod(lowest.bit_length() - 1, size)
            left ^= lowest

    def cycle(self) -> Sequence[int]:
        """The events of a shortest cycle, from the one with the lowest number; empty if none."""
        best: list[int] = []
        for start in range(self.space.size):
            found = self._way_back(start)
            if found and (not best or len(found) < len(best)):
                best = found
        return best

    def _way_back(self, start: int) -> list[int]:
        """A shortest way from an event to itself, over none of a lower number."""
        came_from: dict[int, int] = {}
        layer = [start]
        while layer:
            following = []
            for event in layer:
                for goal in Events(self.space, self.after(event)):
                    if goal == start:
                        way = [event]
                        while way[-1] != start:
                            way.append(came_from[way[-1]])
                        return way[::-1]
                    if goal > start and goal not in came_from:
                        came_from[goal] = event
                        following.append(goal)
            layer = following
        return []
