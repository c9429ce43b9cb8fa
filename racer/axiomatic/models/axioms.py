"""What a model is: axioms over a graph, in order, and what the edges of each consist of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from racer.axiomatic.graphs import Graph
from racer.axiomatic.relations import Relation


class Part(NamedTuple):
    """A relation with a name, and what it is composed of, where that has names of its own."""

    name: str
    relation: Relation
    factors: tuple[Factor, ...] = ()


class Factor(NamedTuple):
    """One of several relations in a row: any of its parts, once, at most once, or any number."""

    parts: Sequence[Part]
    times: Literal["1", "?", "*"] = "1"


@dataclass(frozen=True, slots=True)
class Axiom:
    """A relation that must not lead from an event to itself.

    name    as the .cat has it
    parts   what the relation is made of: the first that has an edge says what that is
    kind    "acyclic", or "irreflexive": in one step of the relation
    """

    name: str
    relation: Relation
    parts: Callable[[], Sequence[Part]]
    kind: Literal["acyclic", "irreflexive"] = "acyclic"

    @property
    def holds(self) -> bool:
        return self.relation.acyclic if self.kind == "acyclic" else self.relation.irreflexive


def simple(*named: tuple[str, Relation]) -> Callable[[], Sequence[Part]]:
    """Parts that consist of nothing else."""
    return lambda: [Part(name, relation) for name, relation in named]


@dataclass(frozen=True, slots=True)
class Model:
    """A memory model.

    name            as `--memory` takes it
    title           the same in words
    axioms          of a graph, in the order in which they are looked at
    architectures   the kinds of test it can be asked about
    flags           what else it says of a graph that it allows, such as a data race
    """

    name: str
    title: str
    axioms: Callable[[Graph], Iterator[Axiom]]
    architectures: tuple[str, ...]
    flags: Callable[[Graph], Iterator[str]] | None = None
