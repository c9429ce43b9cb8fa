"""The line-ups of a location: in which orders its accesses can go, one after the other.

After each write, some threads read it; then one of them writes. Nothing comes between the halves of
a read-modify-write. That is all that coherence and atomicity ask for.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from racer.axiomatic.budget import Budget
from racer.axiomatic.events import NO_PAIR, Value

# Of one location in one history: kind, value, number of the event, number of the read of a pair.
Access = tuple[str, Value, int, int]


@dataclass(frozen=True, slots=True)
class Lineup:
    """rf, co and fr of one location, as bits of relations, and its value at the end."""

    rf: int
    co: int
    fr: int
    last: Value


def lineups_of(
    lines: Sequence[Sequence[Access]], first: int, value: Value, size: int, budget: Budget
) -> Iterator[Lineup]:
    """The line-ups of a location that threads access in these ways.

    first   the number of the initial write, which writes `value`
    size    how many events there may be: that of the relations
    """
    pairs = [_open_pairs(line) for line in lines]
    for reads, writes, last in _orders(lines, pairs, [0] * len(lines), first, value, budget):
        yield _lineup(size, [first, *writes], reads, last)


def _orders(
    lines: Sequence[Sequence[Access]],
    pairs: Sequence[Sequence[bool]],
    at: Sequence[int],
    source: int,
    value: Value,
    budget: Budget,
) -> Iterator[tuple[list[tuple[int, int]], list[int], Value]]:
    """Who reads from which write, and the writes in order, from the write `source` on.

    After each write, every thread takes it for so many of its next reads; then one goes on with
    its next write. So what is taken where says which line-up it is, and none comes twice. While
    one is between the halves of a read-modify-write, no other writes.
    """
    budget.spend()
    ranges = [
        range(start, _readable(line, start, value) + 1)
        for line, start in zip(lines, at, strict=True)
    ]
    for stops in itertools.product(*ranges):
        reads = [
            (source, line[each][2])
            for line, start, stop in zip(lines, at, stops, strict=True)
            for each in range(start, stop)
        ]
        if all(stop == len(line) for line, stop in zip(lines, stops, strict=True)):
            yield reads, [], value
            continue
        between = [thread for thread, stop in enumerate(stops) if pairs[thread][stop]]
        for thread, (line, stop) in enumerate(zip(lines, stops, strict=True)):
            if stop == len(line) or line[stop][0] != "W" or any(each != thread for each in between):
                continue
            _, written, number, _ = line[stop]
            after = list(stops)
            after[thread] += 1
            for later, writes, last in _orders(lines, pairs, after, number, written, budget):
                yield reads + later, [number, *writes], last


def _readable(line: Sequence[Access], start: int, value: Value) -> int:
    """Up to where the next accesses are reads of this value."""
    at = start
    while at < len(line) and line[at][0] == "R" and line[at][1] == value:
        at += 1
    return at


def _open_pairs(line: Sequence[Access]) -> list[bool]:
    """Of each place in it, whether a read-modify-write has read before, and not yet written."""
    found, begun, open_now = [False], set[int](), 0
    written_later = {pair for _, _, _, pair in line if pair != NO_PAIR}
    for _, _, number, pair in line:
        if number in written_later:
            begun.add(number)
            open_now += 1
        if pair in begun:
            open_now -= 1
        found.append(open_now > 0)
    return found


def _lineup(
    size: int, writes: Sequence[int], reads: Sequence[tuple[int, int]], last: Value
) -> Lineup:
    """The relations of a location whose writes have this order."""
    co, after, later = 0, {}, 0
    for write in reversed(writes):
        after[write] = later
        co |= later << (write * size)
        later |= 1 << write
    rf = fr = 0
    for write, read in reads:
        rf |= 1 << (write * size + read)
        fr |= after[write] << (read * size)
    return Lineup(rf, co, fr, last)
