"""Execution graphs: what a model sees of one execution, in the words of the .cat files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Final

from racer.axiomatic.events import NO_PAIR, Event, History, Value
from racer.axiomatic.relations import Events, Relation, Space, space


class Layout:
    """Numbers for all events of a test: those of a thread have the same in all its histories.

    First the initial writes, in the order of the locations; then thread after thread.
    """

    def __init__(self, initial: Mapping[str, Value], lengths: Sequence[int]) -> None:
        self.initial: Final = dict(sorted(initial.items()))
        self.first: Final = []  # of each thread, the number of its first event
        at = len(self.initial)
        for length in lengths:
            self.first.append(at)
            at += length
        self.space: Final[Space] = space(at)
        self.initial_of: Final = {place: at for at, place in enumerate(self.initial)}


class Part:
    """What an execution has of one thread with one history, whatever the others do."""

    def __init__(self, layout: Layout, thread: int, history: History) -> None:
        self.history: Final = history
        size, first = self.size, self.first = layout.space.size, layout.first[thread]
        count = len(history.events)
        self.members: Final = ((1 << count) - 1) << first
        po = addr = data = ctrl = rmw = 0
        self.tagged: Final[dict[str, int]] = {}
        self.kinds: Final[dict[str, int]] = {"R": 0, "W": 0, "F": 0}
        self.places: Final[dict[str, int]] = {}
        for at, event in enumerate(history.events):
            number = first + at
            row = number * size
            po |= ((self.members >> (number + 1)) << (number + 1)) << row
            self.kinds[event.kind] |= 1 << number
            self.tagged[event.order] = self.tagged.get(event.order, 0) | 1 << number
            if event.place:
                self.places[event.place] = self.places.get(event.place, 0) | 1 << number
            addr |= _column(event.addr, first, size) << number
            data |= _column(event.data, first, size) << number
            ctrl |= _column(event.ctrl, first, size) << number
            if event.pair != NO_PAIR:
                rmw |= 1 << ((first + event.pair) * size + number)
        self.po, self.addr, self.data, self.ctrl, self.rmw = po, addr, data, ctrl, rmw
        self.fixed: Final[dict[object, tuple[int, ...]]] = {}  # by model: what it has made of it

    def fixed_by(self, model: Fixed) -> tuple[int, ...]:
        """What a model makes of it: found among its own events alone, which are few."""
        count = len(self.history.events)
        layout = Layout(dict.fromkeys(self.places, 0), [count])
        alone = Skeleton(layout, (Part(layout, 0, self.history),))
        size, first = layout.space.size, layout.first[0]
        row, found = (1 << count) - 1, []
        for relation in model(alone):
            bits, at = 0, self.first * self.size + self.first
            left = relation.bits >> (first * size + first)
            while left:
                bits |= (left & row) << at
                left >>= size
                at += self.size
            found.append(bits)
        return tuple(found)


def _column(mask: int, first: int, size: int) -> int:
    """The bits of reads of one thread, each at the begin of its row."""
    bits = 0
    while mask:
        lowest = mask & -mask
        bits |= 1 << ((first + lowest.bit_length() - 1) * size)
        mask ^= lowest
    return bits


class Skeleton:
    """An execution without rf and co: one history of each thread, and the initial writes.

    Sets        M, R, W, F; IW, the initial writes; `tagged("release")`
    Relations   po, addr, data, ctrl, rmw; int, ext, loc
    """

    def __init__(self, layout: Layout, parts: Sequence[Part]) -> None:
        self.layout: Final = layout
        self.parts: Final = parts
        self.space: Final = layout.space

    def _joined(self, of: Callable[[Part], int]) -> Relation:
        bits = 0
        for part in self.parts:
            bits |= of(part)
        return Relation(self.space, bits)

    def _gathered(self, of: Callable[[Part], int]) -> Events:
        return Events(self.space, self._joined(of).bits)

    @cached_property
    def po(self) -> Relation:
        return self._joined(lambda part: part.po)

    @cached_property
    def addr(self) -> Relation:
        return self._joined(lambda part: part.addr)

    @cached_property
    def data(self) -> Relation:
        return self._joined(lambda part: part.data)

    @cached_property
    def ctrl(self) -> Relation:
        return self._joined(lambda part: part.ctrl)

    @cached_property
    def rmw(self) -> Relation:
        return self._joined(lambda part: part.rmw)

    @cached_property
    def IW(self) -> Events:
        return Events(self.space, (1 << len(self.layout.initial)) - 1)

    @cached_property
    def R(self) -> Events:
        return self._gathered(lambda part: part.kinds["R"])

    @cached_property
    def W(self) -> Events:
        return self._gathered(lambda part: part.kinds["W"]) | self.IW

    @cached_property
    def F(self) -> Events:
        return self._gathered(lambda part: part.kinds["F"])

    @cached_property
    def M(self) -> Events:
        return self.R | self.W

    def tagged(self, *orders: str) -> Events:
        """The events that are marked as one of these."""
        return self._gathered(
            lambda part: sum(part.tagged.get(order, 0) for order in dict.fromkeys(orders))
        )

    def without(self, *orders: str) -> Events:
        """The accesses, those at the begin apart, that are marked as none of these."""
        return (self.M - self.IW) - self.tagged(*orders)

    @cached_property
    def int(self) -> Relation:
        """Events of one thread; an initial write is of none."""
        bits = 0
        for part in self.parts:
            among = Events(self.space, part.members)
            bits |= (among * among).bits
        return Relation(self.space, bits)

    @cached_property
    def ext(self) -> Relation:
        """Events of different threads, an initial write and any other among them."""
        return Relation(self.space, self.space.everything & ~self.int.bits)

    @cached_property
    def loc(self) -> Relation:
        """Accesses to one location."""
        bits = 0
        for place, number in self.layout.initial_of.items():
            among = Events(
                self.space, 1 << number | sum(part.places.get(place, 0) for part in self.parts)
            )
            bits |= (among * among).bits
        return Relation(self.space, bits)

    def fenced(self, *orders: str) -> Relation:
        """fencerel: pairs with such a fence between them."""
        return self.po @ self.tagged(*orders) @ self.po

    def fixed(self, model: Fixed) -> tuple[Relation, ...]:
        """What a model makes of po, dependencies and fences; thread by thread, and once for each
        history, since none of these leads from one thread to another."""
        joined: list[int] | None = None
        for part in self.parts:
            found = part.fixed.get(model)
            if found is None:
                found = part.fixed[model] = part.fixed_by(model)
            joined = (
                list(found)
                if joined is None
                else [a | b for a, b in zip(joined, found, strict=True)]
            )
        return tuple(Relation(self.space, bits) for bits in joined or ())


Fixed = Callable[[Skeleton], tuple[Relation, ...]]


class Graph:
    """An execution: a skeleton, and who reads from whom (rf) in which order of writes (co, fr)."""

    def __init__(self, skeleton: Skeleton, rf: int, co: int, fr: int) -> None:
        self.skeleton: Final = skeleton
        self.space: Final = skeleton.space
        self.rf: Final = Relation(self.space, rf)
        self.co: Final = Relation(self.space, co)
        self.fr: Final = Relation(self.space, fr)

    @cached_property
    def com(self) -> Relation:
        return self.rf | self.co | self.fr

    @cached_property
    def rfe(self) -> Relation:
        return self.rf - self.skeleton.int

    @cached_property
    def rfi(self) -> Relation:
        return self.rf & self.skeleton.int

    @cached_property
    def coe(self) -> Relation:
        return self.co - self.skeleton.int

    @cached_property
    def fre(self) -> Relation:
        return self.fr - self.skeleton.int

    @cached_property
    def is_sequential(self) -> bool:
        """Whether one order of all events explains it: acyclic po | rf | co | fr."""
        return (self.skeleton.po | self.com).acyclic

    def event(self, number: int) -> tuple[str, int, Event]:
        """The thread of an event, its place in that thread's history, and the event itself.

        Of an initial write the thread is empty.
        """
        layout = self.skeleton.layout
        for place, of in layout.initial_of.items():
            if of == number:
                return "", 0, Event("W", place, layout.initial[place], "initial")
        thread = max(at for at, first in enumerate(layout.first) if first <= number)
        at = number - layout.first[thread]
        return str(thread), at, self.skeleton.parts[thread].history.events[at]

    def text(self, number: int) -> str:
        """An event as `P0:2 W release y=1`: its thread, which of its events, and what it does."""
        thread, at, event = self.event(number)
        if not thread:
            return f"initial {event.place}={event.value}"
        if event.kind == "F":
            return f"P{thread}:{at + 1} F {event.order}"
        marked = "" if event.order == "once" else f" {event.order}"
        return f"P{thread}:{at + 1} {event.kind}{marked} {event.place}={event.value}"
