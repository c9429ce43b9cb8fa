"""Cycles of a graph: topological order, strongly connected components."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Protocol

from racer.machine.moves import Move
from racer.search.edges import Edges
from racer.search.flat_edges import FlatEdges


def topological_order(edges: Edges) -> Sequence[int] | None:
    """Every state before those it leads to; None when there is a cycle.

    Source   Kahn, "Topological sorting of large networks", CACM 5(11), 1962.
    """
    if isinstance(edges, FlatEdges):
        return edges.order()
    after = edges.after
    waiting = [0] * len(edges)
    for state in range(len(edges)):
        for goal in after(state):
            waiting[goal] += 1
    ready = deque(state for state, count in enumerate(waiting) if count == 0)
    order = []
    while ready:
        state = ready.popleft()
        order.append(state)
        for goal in after(state):
            waiting[goal] -= 1
            if waiting[goal] == 0:
                ready.append(goal)
    return order if len(order) == len(edges) else None


class Graph(Protocol):
    """As many states as its length; after each, others by number."""

    def __len__(self) -> int: ...

    def after(self, state: int) -> Iterable[int]:
        """The states that follow a state."""


def components(edges: Graph) -> list[int]:
    """Each state's strongly connected component, by number; a component's successors come first.

    Source   Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Comput. 1(2),
             1972; with an explicit stack, as a schedule may be longer than Python's.
    """
    count = len(edges)
    order = [-1] * count
    low = [0] * count
    component = [-1] * count
    path: list[int] = []
    clock = numbered = 0
    for root in range(count):
        if order[root] >= 0:
            continue
        order[root] = low[root] = clock
        clock += 1
        path.append(root)
        work = [(root, iter(edges.after(root)))]
        while work:
            state, rest = work[-1]
            for goal in rest:
                if order[goal] < 0:
                    order[goal] = low[goal] = clock
                    clock += 1
                    path.append(goal)
                    work.append((goal, iter(edges.after(goal))))
                    break
                if component[goal] < 0:
                    low[state] = min(low[state], order[goal])
            else:
                work.pop()
                if work:
                    before = work[-1][0]
                    low[before] = min(low[before], low[state])
                if low[state] == order[state]:
                    while component[state] < 0:
                        component[path.pop()] = numbered
                    numbered += 1
    return component


def terminal_components(edges: Edges) -> list[list[int]]:
    """The components with a cycle that no move leaves, each as its states in order."""
    found = []
    for states in components_with_cycles(edges):
        inside = frozenset(states)
        if all(inside.issuperset(edges.after(state)) for state in states):
            found.append(states)
    return found


@dataclass(frozen=True, slots=True)
class _Without:
    """A graph without what follows some of its states."""

    edges: Edges
    states: Set[int]

    def __len__(self) -> int:
        return len(self.edges)

    def after(self, state: int) -> Iterable[int]:
        return () if state in self.states else self.edges.after(state)


def components_with_cycles(edges: Edges, cut: Set[int] = frozenset()) -> list[list[int]]:
    """The components with a cycle, each as its states in order, and in the order of their first.

    Those of the graph in which nothing follows the states `cut`.
    """
    graph = _Without(edges, cut)
    component = components(graph)
    cyclic = {
        component[state]
        for state in range(len(edges))
        if any(component[goal] == component[state] for goal in graph.after(state))
    }
    members: dict[int, list[int]] = {}
    for state, number in enumerate(component):
        if number in cyclic:
            members.setdefault(number, []).append(state)
    return list(members.values())


def looping_moves(edges: Edges) -> set[Move]:
    """The moves that lie on some cycle."""
    component = components(edges)
    return {
        move
        for state in range(len(edges))
        for move, goal in edges[state]
        if component[state] == component[goal]
    }
