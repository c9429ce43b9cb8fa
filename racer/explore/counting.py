"""Exact counts: interleavings are paths through the state graph from its first state to an end.

An interleaving is a distinct maximal sequence of moves, so their number is the number of paths;
no execution is ever enumerated. Paths are counted forwards in topological order: a state's
count is how many schedules lead to it, and an end's count belongs to its outcome and labels.
A cycle makes the number infinite, and then the threads that can go round are named.
"""

from __future__ import annotations

from collections import deque

from racer.explore.graph import StateGraph


def schedules_to(graph: StateGraph) -> list[int] | None:
    """How many schedules lead to each state, exactly; None when the graph has a cycle."""
    waiting = _in_degrees(graph)
    counts = [0] * len(graph.states)
    counts[0] = 1
    ready = deque([0] if waiting[0] == 0 else [])
    done = 0
    while ready:
        state = ready.popleft()
        done += 1
        for _, goal in graph.edges[state]:
            counts[goal] += counts[state]
            waiting[goal] -= 1
            if waiting[goal] == 0:
                ready.append(goal)
    return counts if done == len(graph.states) else None


def _in_degrees(graph: StateGraph) -> list[int]:
    degrees = [0] * len(graph.states)
    for moves in graph.edges:
        for _, goal in moves:
            degrees[goal] += 1
    return degrees


def looping_moves(graph: StateGraph) -> set[int]:
    """The moves that lie on some cycle of the graph."""
    component = _components(graph)
    return {
        move
        for state, moves in enumerate(graph.edges)
        for move, goal in moves
        if component[state] == component[goal]
    }


def _components(graph: StateGraph) -> list[int]:
    """Each state's strongly connected component, by number.

    Source   Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Comput. 1(2),
             1972; with an explicit stack, as a schedule may be longer than Python's.
    """
    count = len(graph.states)
    order: list[int] = [-1] * count
    low = [0] * count
    component = [-1] * count
    path: list[int] = []
    clock = components = 0
    for root in range(count):
        if order[root] >= 0:
            continue
        work = [(root, 0)]
        while work:
            state, position = work.pop()
            if position == 0:
                order[state] = low[state] = clock
                clock += 1
                path.append(state)
            else:  # back from the successor before this position
                low[state] = min(low[state], low[graph.edges[state][position - 1][1]])
            descended = False
            for at in range(position, len(graph.edges[state])):
                goal = graph.edges[state][at][1]
                if order[goal] < 0:
                    work.append((state, at + 1))
                    work.append((goal, 0))
                    descended = True
                    break
                if component[goal] < 0:
                    low[state] = min(low[state], order[goal])
            if descended:
                continue
            if low[state] == order[state]:
                while True:
                    member = path.pop()
                    component[member] = components
                    if member == state:
                        break
                components += 1
    return component
