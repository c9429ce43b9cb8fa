"""All executions of a test that are coherent and atomic, each once, location by location.

1. Which values a read may get is a least fixpoint: what is there at the begin, and what some thread
   writes when its reads have got such values. A value that nothing but itself explains is none.
2. A combination has a history of each thread in which every value that is read is written.
3. To one location accesses go one after the other, in every model here: acyclic(po-loc | com) and
   empty(rmw & (fre;coe)). So rf and co of a location are a line-up: its writes in a row, and reads
   put between them. That a read-modify-write reads its predecessor in co permutes locks, too.
4. An execution is a combination with one line-up for each location. Where these are many, locations
   are added one by one, those with few line-ups first, as locks have: what nobody allows of some
   locations, nobody allows with more of them, since the axioms of all models here are monotone.

Source   the conditions on one location: Alglave, Maranget, Tautschnig, "Herding cats", TOPLAS 2014,
         section 4.
Bound    `limit` combinations and line-ups, then TooMany. A value that is computed along more writes
         than there are in the longest histories is not reached; no execution has it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Final

from racer.axiomatic.budget import Budget
from racer.axiomatic.events import NO_PAIR, History, Thread, Value
from racer.axiomatic.graphs import Graph, Layout, Part, Skeleton
from racer.axiomatic.lineups import Access, Lineup, lineups_of
from racer.axiomatic.values import Values

LIMIT: Final = 500_000

_MANY: Final = 200  # executions of one combination; below, each is made and shown to the models

_NOTHING: Final = object()

# Whether no model allows a graph, be it of some locations only.
Hopeless = Callable[[Graph], bool]


def _never(graph: Graph) -> bool:
    return False


@dataclass(frozen=True, slots=True, eq=False)
class Execution:
    """A graph, with what can be asked of its end."""

    graph: Graph
    histories: tuple[History, ...]
    memory: Mapping[str, Value]


def executions(
    threads: Sequence[Thread],
    initial: Mapping[str, Value],
    limit: int = LIMIT,
    hopeless: Hopeless = _never,
) -> Iterator[Execution]:
    """Every coherent and atomic execution, once, in an order that depends on the test alone.

    Some of those that are hopeless are left out, where that spares many.

    Errors   TooMany.
    """
    return _Enumeration(threads, initial, limit, hopeless).executions()


def histories(
    threads: Sequence[Thread], initial: Mapping[str, Value], limit: int = LIMIT
) -> list[list[History]]:
    """Of each thread, the histories over the values that its reads may get. Errors: TooMany."""
    return Values([each.begin() for each in threads], initial, Budget(limit)).histories()


@dataclass(slots=True, eq=False)
class _Choice:
    """One history of a thread, as combinations look at it.

    needs, gives   the values that it reads from others, and writes, as bits
    claims         the values that its read-modify-writes read, one by one: no two read one write
    supplies       how many writes it has of each value
    """

    part: Part
    accesses: Mapping[str, tuple[Access, ...]]
    needs: int
    gives: int
    claims: Counter[int]
    supplies: Counter[int]


class _Enumeration:
    def __init__(
        self,
        threads: Sequence[Thread],
        initial: Mapping[str, Value],
        limit: int,
        hopeless: Hopeless,
    ) -> None:
        self._budget = Budget(limit)
        self._hopeless = hopeless
        begins = [each.begin() for each in threads]
        found = Values(begins, initial, self._budget).histories()
        self._layout = Layout(
            initial, [max((len(each.events) for each in of), default=0) for of in found]
        )
        self._pairs: dict[tuple[str, Value], int] = {}  # a location and a value, as a bit
        self._given = 0
        for place, value in self._layout.initial.items():
            self._given |= self._bit(place, value)
        self._choices = [
            [self._choice(thread, each) for each in of] for thread, of in enumerate(found)
        ]
        # What the threads from here on can give at all, and how often.
        self._later = [0] * (len(threads) + 1)
        self._supply = [Counter[int]() for _ in range(len(threads) + 1)]
        for thread in reversed(range(len(threads))):
            self._later[thread] = self._later[thread + 1]
            most = Counter[int]()
            for choice in self._choices[thread]:
                self._later[thread] |= choice.gives
                most |= choice.supplies
            self._supply[thread] = self._supply[thread + 1] + most
        self._claims = any(each.claims for of in self._choices for each in of)
        self._lineups: dict[tuple[object, ...], list[Lineup]] = {}
        self._touched = {
            place: tuple(
                thread
                for thread, of in enumerate(self._choices)
                if any(place in each.accesses for each in of)
            )
            for place in self._layout.initial
        }

    def _bit(self, place: str, value: Value) -> int:
        return 1 << self._pairs.setdefault((place, value), len(self._pairs))

    def _choice(self, thread: int, history: History) -> _Choice:
        first = self._layout.first[thread]
        accesses: dict[str, list[Access]] = {}
        needs = gives = 0
        claims, supplies = Counter[int](), Counter[int]()
        latest: dict[str, Value] = {}
        for at, event in enumerate(history.events):
            if event.kind == "F":
                continue
            pair = first + event.pair if event.pair != NO_PAIR else NO_PAIR
            accesses.setdefault(event.place, []).append((event.kind, event.value, first + at, pair))
            if event.kind == "W":
                bit = self._bit(event.place, event.value)
                gives |= bit
                supplies[bit] += 1
                if event.pair != NO_PAIR:
                    claims[self._bit(event.place, history.events[event.pair].value)] += 1
                latest[event.place] = event.value
            elif latest.get(event.place, _NOTHING) != event.value:
                needs |= self._bit(event.place, event.value)
        kept = {place: tuple(each) for place, each in accesses.items()}
        part = Part(self._layout, thread, history)
        return _Choice(part, kept, needs, gives, claims, supplies)

    def executions(self) -> Iterator[Execution]:
        given = Counter(self._bit(place, value) for place, value in self._layout.initial.items())
        for chosen in self._combinations(0, 0, self._given, Counter(), given, ()):
            lineups = self._lineups_of(chosen)
            if lineups is None:
                continue
            skeleton = Skeleton(self._layout, tuple(each.part for each in chosen))
            histories = tuple(each.part.history for each in chosen)
            hopeless = self._hopeless if prod(map(len, lineups)) > _MANY else _never
            places = list(zip(self._layout.initial, lineups, strict=True))
            if hopeless is not _never:
                places.sort(key=lambda each: len(each[1]))
            for graph, memory in self._graphs(skeleton, hopeless, places, Graph(skeleton, 0, 0, 0)):
                yield Execution(graph, histories, memory)

    def _graphs(
        self,
        skeleton: Skeleton,
        hopeless: Hopeless,
        places: Sequence[tuple[str, Sequence[Lineup]]],
        graph: Graph,
    ) -> Iterator[tuple[Graph, dict[str, Value]]]:
        """The graph with a line-up of each of these locations, and what they hold at the end."""
        if not places:
            yield graph, {}
            return
        (place, lineups), *others = places
        rf, co, fr = graph.rf.bits, graph.co.bits, graph.fr.bits
        for lineup in lineups:
            self._budget.spend()
            more = Graph(skeleton, rf | lineup.rf, co | lineup.co, fr | lineup.fr)
            if others and hopeless is not _never and hopeless(more):
                continue
            for found, memory in self._graphs(skeleton, hopeless, others, more):
                memory[place] = lineup.last
                yield found, memory

    def _combinations(
        self,
        thread: int,
        needs: int,
        gives: int,
        claims: Counter[int],
        supplies: Counter[int],
        chosen: tuple[_Choice, ...],
    ) -> Iterator[tuple[_Choice, ...]]:
        """A choice for each thread, such that somebody gives what each needs, often enough."""
        if thread == len(self._choices):
            yield chosen
            return
        later = self._later[thread + 1]
        for choice in self._choices[thread]:
            needed, given = needs | choice.needs, gives | choice.gives
            if needed & ~(given | later):
                continue
            claimed, supplied = claims, supplies
            if self._claims:
                claimed, supplied = claims + choice.claims, supplies + choice.supplies
                more = self._supply[thread + 1]
                if any(count > supplied[bit] + more[bit] for bit, count in claimed.items()):
                    continue
            self._budget.spend()
            yield from self._combinations(
                thread + 1, needed, given, claimed, supplied, (*chosen, choice)
            )

    def _lineups_of(self, chosen: Sequence[_Choice]) -> list[list[Lineup]] | None:
        """The line-ups of each location, in order; None where one has none."""
        found = []
        for place, threads in self._touched.items():
            key = (place, *(chosen[thread].accesses.get(place, ()) for thread in threads))
            lineups = self._lineups.get(key)
            if lineups is None:
                lines = [
                    accesses
                    for thread in threads
                    if (accesses := chosen[thread].accesses.get(place, ()))
                ]
                lineups = self._lineups[key] = list(self._lined_up(place, lines))
            if not lineups:
                return None
            found.append(lineups)
        return found

    def _lined_up(self, place: str, lines: Sequence[Sequence[Access]]) -> Iterator[Lineup]:
        """The line-ups of a location that threads access like that."""
        first, value = self._layout.initial_of[place], self._layout.initial[place]
        return lineups_of(lines, first, value, self._layout.space.size, self._budget)
