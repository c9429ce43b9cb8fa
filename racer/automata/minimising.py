"""Minimising: the nodes of an automaton that answer alike for ever become one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

from racer.automata.automaton import ClosedAutomaton


def minimise(automaton: ClosedAutomaton, label: Callable[[int], Hashable]) -> ClosedAutomaton:
    """The smallest automaton that answers alike: bisimilar nodes become one.

    `label(node)` tells apart nodes that are different whatever follows. Nodes of the result
    are numbered breadth first by answer from the start, so equal behaviour gives equal tables.

    Source   Hopcroft, "An n log n algorithm for minimizing states in a finite automaton", 1971;
             for automata that lack edges: Valmari and Lehtinen, "Efficient minimization of DFAs
             with partial transition functions", STACS 2008.
    """
    # Nodes of one block have edges for the same answers, so that a missing edge splits nothing.
    first = [(label(node), frozenset(edges)) for node, edges in enumerate(automaton.edges)]
    return _quotient(automaton, _Partition(_renumber(first)).refined(automaton.edges))


class _Partition:
    """Nodes in blocks, which are split until any two nodes of a block agree on every answer.

    Invariant  if nodes of one block disagree on an answer, because it leads some of them into a
               block and others not, then that block, or one that it was split from together, is
               waiting to be the splitter.
    """

    def __init__(self, block: list[int]) -> None:
        self._block = block
        self._members: list[set[int]] = [set() for _ in range(max(block) + 1)]
        for node, number in enumerate(block):
            self._members[number].add(node)

    def refined(self, edges: Sequence[dict[int, int]]) -> list[int]:
        """The number of each node's block once no block has to be split any more."""
        into: list[list[tuple[int, int]]] = [[] for _ in edges]  # what leads to a node, by answer
        for node, out in enumerate(edges):
            for answer, goal in out.items():
                into[goal].append((answer, node))
        waiting = list(range(len(self._members)))
        is_waiting = set(waiting)
        while waiting:
            splitter = waiting.pop()
            is_waiting.discard(splitter)
            sources: dict[int, list[int]] = {}
            for goal in self._members[splitter]:
                for answer, node in into[goal]:
                    sources.setdefault(answer, []).append(node)
            for nodes in sources.values():
                for old, new in self._split(nodes):
                    # Both halves are needed if the whole was waiting; else either one will do,
                    # and taking the smaller keeps the work at n log n.
                    smaller = len(self._members[new]) <= len(self._members[old])
                    added = new if old in is_waiting or smaller else old
                    waiting.append(added)
                    is_waiting.add(added)
        return self._block

    def _split(self, nodes: list[int]) -> list[tuple[int, int]]:
        """Split each block of which these are some nodes and not all: its number, the new one."""
        touched: dict[int, list[int]] = {}
        for node in nodes:
            touched.setdefault(self._block[node], []).append(node)
        made = []
        for old, moved in touched.items():
            if len(moved) < len(self._members[old]):
                new = len(self._members)
                self._members[old].difference_update(moved)
                self._members.append(set(moved))
                for node in moved:
                    self._block[node] = new
                made.append((old, new))
        return made


def _renumber(keys: Sequence[Hashable]) -> list[int]:
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(key, len(numbers)) for key in keys]


class Numbered(NamedTuple):
    """An automaton whose nodes have new numbers; `origin` has by number the old one."""

    automaton: ClosedAutomaton
    origin: tuple[int, ...]


def numbered(automaton: ClosedAutomaton, rank: Callable[[int, int], Any]) -> Numbered:
    """The nodes that can be come to, breadth first from the start.

    What leaves a node is followed by `rank(node, answer)`.
    """
    number_of = {automaton.start: 0}
    order = [automaton.start]
    for node in order:  # grows while it is read: breadth first
        edges = automaton.edges[node]
        for answer in sorted(edges, key=lambda answer: rank(node, answer)):
            if edges[answer] not in number_of:
                number_of[edges[answer]] = len(order)
                order.append(edges[answer])
    return Numbered(
        ClosedAutomaton(
            tuple(automaton.nodes[node] for node in order),
            tuple(automaton.slots[node] for node in order),
            tuple(
                {answer: number_of[goal] for answer, goal in automaton.edges[node].items()}
                for node in order
            ),
        ),
        tuple(order),
    )


def _quotient(automaton: ClosedAutomaton, block: list[int]) -> ClosedAutomaton:
    """One node for each block, the block's first member standing for all of them."""
    member: dict[int, int] = {}
    for node, number in enumerate(block):
        member.setdefault(number, node)
    stands = [member[number] for number in block]
    edges = tuple(
        {answer: stands[goal] for answer, goal in edges.items()} for edges in automaton.edges
    )
    joined = ClosedAutomaton(automaton.nodes, automaton.slots, edges, stands[automaton.start])
    return numbered(joined, lambda _, answer: answer).automaton
