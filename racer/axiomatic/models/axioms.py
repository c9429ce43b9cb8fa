"""What a model is: axioms over a graph, in order, each with the names of the edges it goes by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from racer.axiomatic.graphs import Graph
from racer.axiomatic.relations import Relation

# What an edge of a cycle is called: the first of these that has it.
Named = Sequence[tuple[str, Relation]]


@dataclass(frozen=True, slots=True)
class Axiom:
    """A relation that must not lead from an event to itself.

    name    as the .cat has it
    kind    "acyclic", or "irreflexive": in one step, of those it is composed of
    edges   the relations that its edges are named after
    """

    name: str
    relation: Relation
    edges: Named
    kind: str = "acyclic"

    @property
    def holds(self) -> bool:
        return self.relation.acyclic if self.kind == "acyclic" else self.relation.irreflexive


def empty(name: str, relation: Relation, edges: Named) -> Axiom:
    """No pair is in the relation: with the way back by any of `edges`, it would be a cycle."""
    back = Relation(relation.space, relation.bits)
    return Axiom(name, relation @ back.inverse, edges, "irreflexive")


@dataclass(frozen=True, slots=True)
class Model:
    """A memory model.

    name          as `--memory` takes it
    title         the same in words
    axioms        of a graph, in the order in which they are looked at
    flags         what else it says of a graph that it allows, such as a data race
    has_flags     whether a skeleton may have any
    architectures the kinds of test it can be asked about
    """

    name: str
    title: str
    axioms: Callable[[Graph], Iterator[Axiom]]
    architectures: tuple[str, ...]
    flags: Callable[[Graph], Iterator[str]] | None = None
