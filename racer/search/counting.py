"""Exact counts: interleavings are paths through the state graph from its first state to an end.

An interleaving is a distinct maximal sequence of moves, so their number is the number of paths;
no execution is ever enumerated. Paths are counted forwards in topological order: a state's
count is how many schedules lead to it, and an end's count belongs to its outcome and labels.
A cycle makes the number infinite. In a quotient by symmetry every move of every copy is an edge
of its own, so the paths to a state are the schedules to all the states it stands for.
"""

from __future__ import annotations

from collections.abc import Sequence

from racer.search.flat_edges import FlatEdges
from racer.search.state_graph import StateGraph


def schedules_to(graph: StateGraph) -> Sequence[int] | None:
    """How many schedules lead to each state, exactly; None when the graph has a cycle."""
    order = graph.order()
    if order is None:
        return None
    if isinstance(graph.edges, FlatEdges):
        return graph.edges.paths(order)
    counts = [0] * len(graph.states)
    counts[0] = 1
    for state in order:
        for goal in graph.edges.after(state):
            counts[goal] += counts[state]
    return counts


def continuations_of(graph: StateGraph) -> list[int] | None:
    """In how many ways each state can go on to an end, exactly; None when there is a cycle.

    What goes through an edge is the schedules to its source times the continuations of its
    target.
    """
    order = graph.order()
    if order is None:
        return None
    counts = [1] * len(graph.states)
    for state in reversed(order):
        if graph.edges.count(state):
            counts[state] = sum(counts[goal] for goal in graph.edges.after(state))
    return counts
