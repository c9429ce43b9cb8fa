"""Infinite schedules in which every thread that can go on does: fair cycles of a graph.

A spinning thread can go on for ever while another waits in vain; that the others take no step
meanwhile is no fault of theirs only if they are blocked again and again. A cycle is (weakly)
fair if each thread takes a step on it or cannot in some of its nodes. It lies in a strongly
connected component; and if some cycle of a component is fair, the one through all of it is.

Source   fairness of components as in Lichtenstein and Pnueli, "Checking that finite state
         concurrent programs satisfy their linear specification", POPL 1985.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from racer.machine.moves import Move, agent_of
from racer.search.components import components_with_cycles
from racer.search.edges import Edges
from racer.search.walk import shortest


def fair_schedule(
    edges: Edges, able: Sequence[frozenset[int]], turns: int
) -> list[tuple[Move, int]] | None:
    """A schedule from node 0 to a fair cycle and so many turns of it, or None; moves and nodes.

    `able[n]` are the threads that can move in node n, be it out of the graph.
    """
    for nodes in components_with_cycles(edges):
        inside = set(nodes)
        visits = _visits(edges, able, inside)
        if visits is not None:
            cycle = list(_cycle(edges, inside, visits))
            start = cycle[-1][1]
            return [*_way(edges, range(len(edges)), 0, start), *cycle * turns]
    return None


def _visits(
    edges: Edges, able: Sequence[frozenset[int]], inside: set[int]
) -> list[tuple[int, Move | None, int]] | None:
    """What makes a cycle fair: for each thread an edge of its own, or a node where it cannot move.

    None if that cannot be, or there is no cycle.
    """
    own: dict[int, tuple[int, Move | None, int]] = {}
    for node in sorted(inside):
        for move, goal in edges[node]:
            if goal in inside:
                own.setdefault(agent_of(move), (node, move, goal))
    if not own:
        return None
    for thread in sorted(frozenset().union(*(able[node] for node in inside)) - own.keys()):
        blocked = next((node for node in sorted(inside) if thread not in able[node]), None)
        if blocked is None:
            return None
        own[thread] = (blocked, None, blocked)
    return list(own.values())


def _cycle(
    edges: Edges, inside: set[int], visits: Sequence[tuple[int, Move | None, int]]
) -> Iterator[tuple[Move, int]]:
    """A closed way that makes all visits, from the first one's node back to it."""
    start = now = visits[0][0]
    for node, move, goal in visits:
        yield from _way(edges, inside, now, node)
        if move is not None:
            yield move, goal
        now = goal
    yield from _way(edges, inside, now, start)


def _way(edges: Edges, within: Container[int], start: int, goal: int) -> list[tuple[Move, int]]:
    """The shortest way there through these nodes."""
    return shortest(
        start, goal, lambda node: ((move, after) for move, after in edges[node] if after in within)
    )
