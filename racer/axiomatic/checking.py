"""Whether a model allows a graph, or which of its axioms is violated, and by which cycle."""

from __future__ import annotations

from dataclasses import dataclass

from racer.axiomatic.graphs import Graph
from racer.axiomatic.models.axioms import Axiom, Model


@dataclass(frozen=True, slots=True)
class Edge:
    """A step of a cycle: from one event to the next, and what it is called."""

    before: int
    after: int
    name: str


@dataclass(frozen=True, slots=True)
class Violation:
    """An axiom that a graph breaks, and a shortest cycle that shows it."""

    axiom: str
    cycle: tuple[Edge, ...]


def allowed(model: Model, graph: Graph) -> bool:
    """Whether a model allows a graph."""
    return violated(model, graph) is None


def violated(model: Model, graph: Graph) -> Axiom | None:
    """The first axiom that a graph breaks.

    What one order of all events explains is allowed in every model here, but for grace periods,
    which are waited for in it.
    """
    if graph.is_sequential and not graph.skeleton.tagged("sync-rcu"):
        return None
    return next((each for each in model.axioms(graph) if not each.holds), None)


def check(model: Model, graph: Graph) -> Violation | None:
    """The axiom that a graph breaks, with the cycle; None where the model allows it."""
    axiom = violated(model, graph)
    if axiom is None:
        return None
    cycle = axiom.relation.cycle()
    edges = []
    for before, after in zip(cycle, [*cycle[1:], *cycle[:1]], strict=True):
        name = next((name for name, relation in axiom.edges if relation.has(before, after)), "")
        edges.append(Edge(before, after, name or axiom.name))
    return Violation(axiom.name, tuple(edges))
