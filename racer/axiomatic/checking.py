"""Whether a model allows a graph, or which of its axioms is violated, and by which cycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from racer.axiomatic.graphs import Graph
from racer.axiomatic.models.axioms import Axiom, Factor, Model, Part
from racer.axiomatic.relations import Events


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
    cycle, parts, edges = axiom.relation.cycle(), axiom.parts(), list[Edge]()
    for before, after in zip(cycle, [*cycle[1:], *cycle[:1]], strict=True):
        edges += _told(parts, before, after) or [Edge(before, after, axiom.name)]
    return Violation(axiom.name, tuple(edges))


def _told(parts: Sequence[Part], before: int, after: int) -> list[Edge]:
    """An edge by the first part that has it, or the edges that this is composed of."""
    for part in parts:
        if not part.relation.has(before, after):
            continue
        if not part.factors:
            return [Edge(before, after, part.name)]
        found = _composed(part.factors, before, after)
        if found:
            return found
    return []


_Place = tuple[int, int]  # an event, and the factor that comes next


def _composed(factors: Sequence[Factor], before: int, after: int) -> list[Edge]:
    """A shortest way through the factors, one after the other."""
    came_from: dict[_Place, tuple[_Place, Sequence[Part]]] = {}
    layer: list[_Place] = [(before, 0)]
    while layer:
        following = []
        for event, at in layer:
            if at == len(factors):
                continue
            parts, times = factors[at]
            steps: list[tuple[_Place, Sequence[Part]]] = []
            if times != "1":
                steps.append(((event, at + 1), ()))
            for part in parts:
                for goal in Events(part.relation.space, part.relation.after(event)):
                    steps.append(((goal, at if times == "*" else at + 1), (part,)))
            for reached, by in steps:
                if reached not in came_from and reached != (before, 0):
                    came_from[reached] = ((event, at), by)
                    following.append(reached)
        layer = following
    place, edges = (after, len(factors)), list[list[Edge]]()
    if place not in came_from:
        return []
    while place in came_from:
        previous, by = came_from[place]
        if by:
            edges.append(_told(by, previous[0], place[0]))
        place = previous
    return [edge for each in reversed(edges) for edge in each]
