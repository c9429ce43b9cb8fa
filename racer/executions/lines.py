"""The accesses of a location while an execution is built: its writes in order, who reads which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from racer.axiomatic.events import NO_PAIR
from racer.axiomatic.graphs import Layout

OWED: Final = -2  # in place of the write of a read that has a value only


class Write(NamedTuple):
    """A write: its number, its value, the read of its read-modify-write, its thread (-1: none)."""

    number: int
    value: int
    pair: int
    thread: int


class Line:
    """The writes of a location in co, the initial one first; its reads, each with its write.

    `rf`, `co` and `fr` are bits of relations.
    """

    __slots__ = ("co", "fr", "reads", "rf", "size", "writes")

    def __init__(
        self, size: int, writes: tuple[Write, ...], reads: tuple[tuple[int, int], ...]
    ) -> None:
        self.size: Final = size
        self.writes: Final = writes
        self.reads: Final = reads
        co, later, after = 0, 0, {OWED: 0}
        for write in reversed(writes):
            after[write.number] = later
            co |= later << (write.number * size)
            later |= 1 << write.number
        rf = fr = 0
        for source, read in reads:
            fr |= after[source] << (read * size)
            if source != OWED:
                rf |= 1 << (source * size + read)
        self.rf: Final = rf
        self.co: Final = co
        self.fr: Final = fr

    def read(self, source: int, read: int) -> Line:
        """With one more read, of that write."""
        return Line(self.size, self.writes, (*self.reads, (source, read)))

    def write(self, position: int, write: Write) -> Line:
        """With one more write, which comes after so many others."""
        writes = (*self.writes[:position], write, *self.writes[position:])
        return Line(self.size, writes, self.reads)

    def pay(self, read: int, source: int) -> Line:
        """With the write that a read was owed."""
        reads = tuple((source if its == read else of, its) for of, its in self.reads)
        return Line(self.size, self.writes, reads)

    def without(self, numbers: Sequence[int]) -> Line:
        """Without these reads."""
        kept = tuple(each for each in self.reads if each[1] not in numbers)
        return self if kept == self.reads else Line(self.size, self.writes, kept)

    def coherent(self, layout: Layout) -> bool:
        """Whether accesses line up, and nothing comes between the halves of a read-modify-write.

        Each thread goes along the writes, and never back: acyclic po-loc | com.
        """
        place = {write.number: at for at, write in enumerate(self.writes)}
        sources = {read: source for source, read in self.reads if source != OWED}
        accesses = [(read, place[source], False) for read, source in sources.items()]
        accesses += [(each.number, at, True) for at, each in enumerate(self.writes) if at]
        accesses.sort()
        thread, until, now = -1, 0, 0
        for number, at, writes in accesses:
            while number >= until:
                thread += 1
                until = (
                    layout.first[thread + 1]
                    if thread + 1 < len(layout.first)
                    else layout.space.size
                )
                now = 0
            if at < now or (writes and at == now):
                return False
            now = at
        for at, write in enumerate(self.writes):
            source = sources.get(write.pair)
            if write.pair != NO_PAIR and source is not None and place[source] != at - 1:
                return False
        return True


def sequential(lines: Sequence[Line], first: Sequence[int], counts: Sequence[int]) -> bool:
    """Whether one order of all events explains an execution: acyclic po | rf | co | fr.

    first, counts   of each thread the number of its first event, and how many it has
    """
    before: dict[int, int] = {}  # by event those that come before it, of other lines apart, as bits
    done = 0
    for line in lines:
        reads: dict[int, int] = {}
        for source, read in line.reads:
            reads[source] = reads.get(source, 0) | 1 << read
            if source != OWED:
                before[read] = 1 << source
        earlier = line.writes[0].number
        done |= 1 << earlier
        for write in line.writes[1:]:
            overwritten = reads.get(earlier, 0) & ~(1 << write.pair if write.pair >= 0 else 0)
            before[write.number] = before.get(write.number, 0) | 1 << earlier | overwritten
            earlier = write.number
    at, ends = list(first), [one + count for one, count in zip(first, counts, strict=True)]
    moved = True
    while moved:
        moved = False
        for thread, end in enumerate(ends):
            event = at[thread]
            while event < end and not before.get(event, 0) & ~done:
                done |= 1 << event
                event += 1
            moved |= event != at[thread]
            at[thread] = event
    return at == ends
