"""How many states a graph of canonical states stands for, and how many moves these have."""

from __future__ import annotations

import math
from typing import Final

from racer.search.flat_edges import FlatEdges
from racer.search.state_graph import StateGraph
from racer.search.symmetry import Symmetric

# As many permutations of all copies as the compiled engine can count.
_MOST_PERMUTATIONS: Final = 1 << 60


def orbits_of(graph: StateGraph, quotient: Symmetric) -> tuple[int, int]:
    """States and moves of the system of which `graph` is a quotient, every state of it."""
    permutations = math.prod(math.factorial(len(group.threads)) for group in quotient.copies)
    if isinstance(graph.edges, FlatEdges) and permutations <= _MOST_PERMUTATIONS:
        return graph.edges.engine.orbits()
    orbits = [quotient.orbit(state) for state in graph.states]
    moves = sum(size * graph.edges.count(at) for at, size in enumerate(orbits))
    return sum(orbits), moves
