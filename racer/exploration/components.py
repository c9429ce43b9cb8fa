"""Cycles of a state graph: strongly connected components."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from racer.system import Move

Edges = Sequence[Sequence[tuple[Move, int]]]  # by state: its moves, and the state each leads to


def topological_order(edges: Edges) -> list[int] | None:
    """Every state before those it leads to; None when there is a cycle.

    Source   Kahn, "Topological sorting of large networks", CACM 5(11), 1962.
    """
    waiting = [0] * len(edges)
    for moves in edges:
        for _, goal in moves:
            waiting[goal] += 1
    ready = deque(state for state, count in enumerate(waiting) if count == 0)
    order = []
    while ready:
        state = ready.popleft()
        order.append(state)
        for _, goal in edges[state]:
            waiting[goal] -= 1
            if waiting[goal] == 0:
                ready.append(goal)
    return order if len(order) == len(edges) else None


def components(edges: Edges) -> list[int]:
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
        work = [(root, 0)] if order[root] < 0 else []
        while work:
            state, position = work.pop()
            if position == 0:
                order[state] = low[state] = clock
                clock += 1
                path.append(state)
            else:  # back from the successor before this position
                low[state] = min(low[state], low[edges[state][position - 1][1]])
            descent = _next_unvisited(edges[state], position, order)
            for _, goal in edges[state][position:descent]:
                if component[goal] < 0:
                    low[state] = min(low[state], order[goal])
            if descent < len(edges[state]):
                work += [(state, descent + 1), (edges[state][descent][1], 0)]
            elif low[state] == order[state]:
                while component[state] < 0:
                    component[path.pop()] = numbered
                numbered += 1
    return component


def _next_unvisited(moves: Sequence[tuple[Move, int]], start: int, order: list[int]) -> int:
    for at in range(start, len(moves)):
        if order[moves[at][1]] < 0:
            return at
    return len(moves)


def terminal_components(edges: Edges) -> list[list[int]]:
    """The components with a cycle that no move leaves, each as its states in order."""
    component = components(edges)
    left = {
        component[state]
        for state, moves in enumerate(edges)
        if any(component[goal] != component[state] for _, goal in moves)
    }
    members: dict[int, list[int]] = {}
    for state, number in enumerate(component):
        if number not in left and edges[state]:
            members.setdefault(number, []).append(state)
    return list(members.values())


def looping_moves(edges: Edges) -> set[Move]:
    """The moves that lie on some cycle."""
    component = components(edges)
    return {
        move
        for state, moves in enumerate(edges)
        for move, goal in moves
        if component[state] == component[goal]
    }
