"""Condensing: what automata are once a search has asked all that comes.

Their edges are those that some state takes. Two of their nodes are one if they do the same, and go
on alike, for all values that their cell has in some state: so locals that no longer matter tell no
states apart. To see that, threads are run on a little further, where one of the two was given less
than the other; that costs a part of what it takes to close automata.

Sound    What is one node goes on alike for every value of any state, so that following these
         automata is following those that grew, step by step.
Bound    PAIRS to compare for each node; past that, what is left stays apart, which is as right.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from racer.automata.automaton import CellStep, ClosedAutomaton, NotingAutomaton, ValueTable
from racer.automata.growing import GrowingAutomaton
from racer.automata.lifting import Lifted, behaviour, executed
from racer.automata.minimising import numbered
from racer.lang.effects import Misuse
from racer.lang.pending import AboutTo, Closing, Returned
from racer.lang.values import describe, value_key
from racer.lang.watches import OBSERVATIONS

PAIRS: Final = 50

_Pairs = Sequence[tuple[int, int]]
_Source = GrowingAutomaton | NotingAutomaton


class Condensed(NamedTuple):
    """What became of automata: `nodes` has by thread, for each node that was come to, its new one.

    Copies have one such table.
    """

    lifted: Lifted
    nodes: tuple[Mapping[int, int], ...]


def condensed(lifted: Lifted) -> Condensed:
    """The automata of a search that has reached every state, small and closed.

    `lifted` must have grown by that search alone, or be noted(): any edge that was asked for is
    taken for one that some state takes.

    Errors   ModelError for a thread that is no function of its results.
    """
    values: dict[str, Sequence[int]] = {
        name: range(len(table.values)) for name, table in lifted.tables.items()
    }
    noting = [each for each in lifted.automata if isinstance(each, NotingAutomaton)]
    if noting:
        for name in values:
            values[name] = sorted({0}.union(*(each.stored.get(name, ()) for each in noting)))
    known: dict[int, tuple[ClosedAutomaton, dict[int, int]]] = {}
    for each in lifted.automata:
        if id(each) not in known:
            assert isinstance(each, GrowingAutomaton | NotingAutomaton)
            reached = each.used() if isinstance(each, NotingAutomaton) else each.closed()
            known[id(each)] = _condensed(each, reached, lifted.tables, values)
    automata, nodes = zip(*(known[id(each)] for each in lifted.automata), strict=True)
    return Condensed(replace(lifted, automata=automata, closed=True), nodes)


def noted(lifted: Lifted) -> Lifted:
    """Closed automata, to be condensed when a search has asked for all that comes."""
    known: dict[int, NotingAutomaton] = {}
    for each in lifted.automata:
        assert isinstance(each, ClosedAutomaton)
        known[id(each)] = NotingAutomaton(each.nodes, each.slots, each.edges, each.start)
    return replace(lifted, automata=tuple(known[id(each)] for each in lifted.automata))


def _condensed(
    source: _Source,
    reached: ClosedAutomaton,
    tables: Mapping[str, ValueTable],
    values: Mapping[str, Sequence[int]],
) -> tuple[ClosedAutomaton, dict[int, int]]:
    """The automaton, and what each node of the source has become that was come to.

    Nodes are numbered breadth first, by the texts of the values that they are given, so that it
    makes no difference in which order an automaton grew.
    """

    def rank(node: int, answer: int) -> tuple[str, int]:
        pending = source.pending(node)
        cell = pending.operation.facts.cell if isinstance(pending, AboutTo) else None
        return ("" if cell is None else describe(tables[cell].values[answer])), answer

    order = numbered(reached, rank).origin
    blocks = _Blocks(source, len(order), tables, values)
    for node in reversed(order):  # so that mostly it is known what follows
        blocks.add(node)
    first: dict[int, int] = {}
    edges: list[dict[int, int]] = [{} for _ in reached.nodes]
    for node in order:
        first.setdefault(blocks.of(node), node)
    for node in order:
        for answer, goal in reached.edges[node].items():
            edges[first[blocks.of(node)]][answer] = first[blocks.of(goal)]
    start = first[blocks.of(reached.start)]
    joined = ClosedAutomaton(reached.nodes, reached.slots, tuple(edges), start)
    made, origin = numbered(joined, rank)
    number_of = {node: number for number, node in enumerate(origin)}
    return made, {node: number_of[first[blocks.of(node)]] for node in order}


class _Blocks:
    """Nodes in blocks of those that are one.

    Shape    `_into` has for a node that was joined to another one which that is. The nodes of
             `_apart` have been compared: two of them that are not joined are not one.
    """

    def __init__(
        self,
        source: _Source,
        nodes: int,
        tables: Mapping[str, ValueTable],
        values: Mapping[str, Sequence[int]],
    ) -> None:
        self._source = source
        self._tables = {name: copied(table) for name, table in tables.items()}
        self._values = values
        self._into: dict[int, int] = {}
        self._apart: set[int] = set()
        self._labels: dict[int, Hashable] = {}
        self._by_label: dict[Hashable, list[int]] = {}
        self._pairs = PAIRS * nodes

    def of(self, node: int) -> int:
        """The number of a node's block: that of one of its nodes."""
        while node in self._into:
            node = self._into[node]
        return node

    def add(self, node: int) -> None:
        """Join a node to the one that it is one with, if there is such a one."""
        others = self._by_label.setdefault(self._label(node), [])
        if self.of(node) == node:
            for other in others:
                if self._alike(other, node, self._known) is not None:
                    joined = self._alike(other, node, self._given)
                    if joined is not None:
                        self._into.update(joined)
                        break
            else:
                others.append(node)
        self._apart.add(node)

    def _alike(
        self, one: int, other: int, following: Callable[[int, int], _Pairs | None]
    ) -> dict[int, int] | None:
        """What has to be joined if two nodes are one; None if they are not.

        What is `following` two nodes has to be one as well; None: one of them cannot go on so.
        """
        into: dict[int, int] = {}

        def block(node: int) -> int:
            node = self.of(node)
            while node in into:
                node = self.of(into[node])
            return node

        waiting: list[tuple[int, int]] = [(one, other)]
        while waiting:
            self._pairs -= 1
            kept, gone = (block(node) for node in waiting.pop())
            if kept == gone:
                continue
            if gone in self._apart:
                kept, gone = gone, kept
            known = gone in self._apart  # then both are, and they are not one
            if known or self._pairs < 0 or self._label(kept) != self._label(gone):
                return None
            into[gone] = kept
            more = following(kept, gone)
            if more is None:
                return None
            waiting += more
        return into

    def _known(self, one: int, other: int) -> _Pairs:
        """Where the answers lead that both were given."""
        mine, its = self._source.known(one), self._source.known(other)
        return [(mine[answer], its[answer]) for answer in mine if answer in its]

    def _given(self, one: int, other: int) -> _Pairs | None:
        """Where every answer leads that can come."""
        pairs = []
        for answer in self._answers(one):
            goals = self._goal(one, answer), self._goal(other, answer)
            if goals[0] is None or goals[1] is None:
                if goals != (None, None):
                    return None
                continue
            pairs.append((goals[0], goals[1]))
        return pairs

    def _answers(self, node: int) -> Sequence[int]:
        pending = self._source.pending(node)
        if isinstance(pending, Closing):
            return range(len(OBSERVATIONS))
        if not isinstance(pending, AboutTo):
            return range(0)
        facts = pending.operation.facts
        return range(len(facts.options)) if facts.cell is None else self._values[facts.cell]

    def _goal(self, node: int, answer: int) -> int | None:
        """Where a node goes on from an answer, or from a value that is found; None: nowhere."""
        pending = self._source.pending(node)
        if isinstance(pending, Closing):
            step = CellStep(answer, OBSERVATIONS[answer], 0)
        else:
            assert isinstance(pending, AboutTo)
            made = executed(self._source, pending.operation, answer, self._tables)
            if made is None or isinstance(made.error, Misuse):
                return None
            step = made
        return self._source.target(node, step)

    def _label(self, node: int) -> Hashable:
        """Equal for nodes that do the same now."""
        known = self._labels.get(node)
        if known is None:
            known = self._labels[node] = self._made_label(node)
        return known

    def _made_label(self, node: int) -> Hashable:
        pending = self._source.pending(node)
        slots = tuple((slot, watch.name) for slot, watch in self._source.open_slots(node))
        match pending:
            case AboutTo(operation=operation, opens=opens, atomic=atomic):
                opening = tuple((window.slot, window.watch.name) for window in opens)
                does = behaviour(operation, self._tables, self._values)
                return ("step", does, opening, slots, atomic)
            case Returned(value=value):
                return ("returned", value_key(value))
            case _:
                return (pending, slots)


def copied(table: ValueTable) -> ValueTable:
    """Values that only come up here are no values of a state."""
    copy = ValueTable(table.values[0], lambda _: None, table.declared)
    for value in table.values[1:]:
        copy.intern(value)
    return copy
