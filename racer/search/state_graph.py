"""The state graph: states that can be reached, and the moves between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from racer.errors import ModelError
from racer.machine.interface import Broken
from racer.machine.layout import State
from racer.native.library import Engine
from racer.search.components import topological_order
from racer.search.edges import Edges
from racer.search.flat_edges import FlatEdges


@dataclass(slots=True)
class StateGraph:
    """States in the order in which they were found, and the moves explored from each.

    Shape    `states[i]` is a packed state, `edges[i]` its moves with the index they lead to,
             `parents[i]` the index it was first found from; state 0 is the initial one. The
             first `expanded` states have their edges; when a limit cut the search (`bound`
             says which), later ones have none yet.
             `reached` holds the names of the `sometimes` predicates that some state satisfies.
    """

    states: Sequence[State] = field(default_factory=list)
    edges: Edges = field(default_factory=Edges)
    parents: Sequence[int] = field(default_factory=list)
    expanded: int = 0
    bound: str | None = None
    interrupted: bool = False
    reached: set[str] = field(default_factory=set)
    _order: tuple[int, Sequence[int] | None] | None = (
        None  # how many states it is of, and the order
    )

    def order(self) -> Sequence[int] | None:
        """The states, each before those it leads to; None where there is a cycle."""
        known = self._order
        if known is None or known[0] != self.edges.transitions:
            known = self._order = (self.edges.transitions, topological_order(self.edges))
        return known[1]

    @property
    def complete(self) -> bool:
        return self.bound is None

    @property
    def transitions(self) -> int:
        return self.edges.transitions

    @property
    def engine(self) -> Engine:
        """What has searched it."""
        return "compiled" if isinstance(self.edges, FlatEdges) else "python"

    def ends(self) -> Iterator[int]:
        """The indices of the states without a move, where every interleaving ends."""
        return iter(self.edges.ends(self.expanded))

    def path_to(self, state: int) -> list[State]:
        """The states on a way from the initial one to the state of that index, both included."""
        return [self.states[each] for each in self.way_to(state)]

    def way_to(self, state: int) -> list[int]:
        """The same by their indices."""
        way = []
        while state >= 0:
            way.append(state)
            state = self.parents[state]
        return way[::-1]


class ModelFailed(Exception):
    """The model fails in, or with a move from, the last state of `path`."""

    def __init__(self, path: list[State], cause: Broken | ModelError) -> None:
        super().__init__(str(cause))
        self.path = path
        self.cause = cause
