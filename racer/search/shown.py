"""What a searched graph shows: labels and outcomes, where each is first seen, and how often."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from racer.errors import ModelError
from racer.lang.outcomes import DEADLOCK, OutcomeKey, labels_in_order
from racer.lang.patience import heed
from racer.lang.run import OutOfTime
from racer.lang.watches import Hangs
from racer.machine.interface import System
from racer.machine.layout import State
from racer.search.flat_edges import FlatEdges
from racer.search.state_graph import ModelFailed, StateGraph
from racer.search.symmetry import outcome_family


@dataclass(frozen=True, slots=True)
class Label:
    """A violation. `at_end`: some interleaving comes to an end with it; else it is seen only
    before a search was cut, or where nothing but endless loops follow."""

    name: str
    at_end: bool


@dataclass(frozen=True, slots=True)
class Family:
    """The outcomes that permute the copies of one outcome."""

    key: Hashable


Goal = Label | Family


@dataclass(slots=True)
class Shown:
    """By goal the index of the first state that shows it, in the order in which they were found.

    `members` has one outcome for each family.
    """

    first: dict[Goal, int] = field(default_factory=dict)
    members: dict[Family, OutcomeKey] = field(default_factory=dict)

    def labels(self) -> set[str]:
        return {goal.name for goal in self.first if isinstance(goal, Label)}


class Examiner:
    """Says what states show. `groups` are those of the system, or all different."""

    def __init__(self, system: System, groups: tuple[str, ...]) -> None:
        self._system = system
        self.groups = groups
        # Why what must hold at an end is asked no more: a function that did not return.
        self.hangs: ModelFailed | OutOfTime | None = None

    def labels_at_end(self, state: State) -> tuple[str, ...]:
        """The labels of a state without moves: a deadlock if some thread has not ended, else what
        must hold at an end and does not."""
        labels = self._system.labels(state)
        if self._system.ended(state):
            unmet = () if self.hangs is not None else self._system.unmet(state)
            return labels_in_order([*labels, *unmet])
        return labels_in_order([*labels, DEADLOCK])  # a thread may have raised that label, too

    def goals_at_end(self, state: State) -> list[Goal]:
        goals: list[Goal] = [Label(name, at_end=True) for name in self.labels_at_end(state)]
        return [*goals, self.family(self._system.outcome(state))]

    def families_if_end(self, state: State, is_end: bool) -> Iterable[Goal]:
        """What a state shows as the end of an interleaving, labels apart."""
        return (self.family(self._system.outcome(state)),) if is_end else ()

    def family(self, outcome: OutcomeKey) -> Family:
        return Family(outcome_family(outcome, self.groups))

    def shown(self, graph: StateGraph) -> Shown:
        """What the graph shows. Errors: as note()."""
        found = Shown()
        self.note(graph, found)
        return found

    def note(self, graph: StateGraph, shown: Shown) -> None:
        """Note in `shown` what the graph shows, one state after the other.

        Labels that no end shows are looked for in every state.

        Errors   ModelFailed where what must hold at an end cannot be asked; that or OutOfTime where
                 it does not return, once all other labels are noted. They are `hangs` from then on.
        """
        try:
            self._note_ends(graph, shown)
        except OutOfTime as stop:
            heed()
            self.hangs = stop
        except ModelFailed as failed:
            if not isinstance(failed.cause, Hangs):
                raise
            self.hangs = failed
        if self.hangs is not None:
            self._note_labels(graph, shown)
            raise self.hangs
        if not graph.complete or graph.order() is None:
            self._note_labels(graph, shown)

    def _note_ends(self, graph: StateGraph, shown: Shown) -> None:
        for state in graph.ends():
            packed = graph.states[state]
            try:
                goals = self.goals_at_end(packed)
            except ModelError as error:
                raise ModelFailed(graph.path_to(state), error) from error
            for goal in goals:
                shown.first.setdefault(goal, state)
                if isinstance(goal, Family):
                    shown.members.setdefault(goal, self._system.outcome(packed))

    def _note_labels(self, graph: StateGraph, shown: Shown) -> None:
        at_ends = shown.labels()
        if isinstance(graph.edges, FlatEdges):
            first = graph.edges.engine.first_with_labels()
            for name, state in sorted(first.items(), key=lambda each: (each[1], each[0])):
                if name not in at_ends:
                    shown.first.setdefault(Label(name, at_end=False), state)
            return
        for state, packed in enumerate(graph.states):
            for name in self._system.labels(packed):
                if name not in at_ends:
                    shown.first.setdefault(Label(name, at_end=False), state)

    def totals(self, graph: StateGraph, counts: Sequence[int]) -> dict[Goal, int]:
        """How many interleavings end with each goal."""
        totals: dict[Goal, int] = {}
        for state in graph.ends():
            for goal in self.goals_at_end(graph.states[state]):
                totals[goal] = totals.get(goal, 0) + counts[state]
        return totals
