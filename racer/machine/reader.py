"""What a packed state means: labels, outcomes, endings."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from racer.automata.lifting import Lifted
from racer.automata.seeds import Seeds
from racer.lang import endings
from racer.lang.final import FinalPredicate, unmet
from racer.lang.outcomes import OutcomeKey
from racer.lang.pending import AboutTo, Violated, is_atomic
from racer.machine.flat import FlatTables
from racer.machine.interface import Future, Numbered, System
from racer.machine.layout import Cells, Layout, State
from racer.machine.predicates import Truth, truth_of


class Reader:
    """What a packed state means: labels, outcomes, endings. Shared by all operational models."""

    def __init__(self, lifted: Lifted, layout: Layout) -> None:
        self._lifted = lifted
        self._layout = layout
        self._final = lifted.program.finally_
        self._groups = tuple(instance.group for instance in lifted.instances)
        self._broken = tuple(layout.broken.items())
        self._places = tuple(zip(lifted.automata, layout.nodes, strict=True))
        # By thread: its automaton, where its node lies, and by node the label that has ended it.
        labels: dict[int, dict[int, str | None]] = {}  # copies share one
        self._labels = tuple(
            (automaton, field.shift, field.mask, labels.setdefault(id(automaton), {}))
            for automaton, field in self._places
        )
        self._seeds: dict[str, Seeds] = {}
        self._sometimes = {
            name: truth_of(f"sometimes {name!r}", predicate, layout, lifted)
            for name, predicate in lifted.program.sometimes.items()
        }

    def labels(self, state: State) -> tuple[str, ...]:
        found = [name for name, field in self._broken if field.get(state)]
        for automaton, shift, mask, known in self._labels:  # this is asked of very many states
            node = (state >> shift) & mask
            try:
                label = known[node]
            except KeyError:
                pending = automaton.pending(node)
                label = known[node] = pending.label if isinstance(pending, Violated) else None
            if label is not None:
                found.append(label)
        return tuple(sorted(set(found))) if found else ()

    def outcome(self, state: State) -> OutcomeKey:
        return endings.outcome_of(self._at(state))

    def _at(self, state: State) -> endings.Resting:
        """Each thread with what it is about to do or has come to."""
        places = zip(self._lifted.instances, self._places, strict=True)
        return [
            (instance, automaton.pending(field.get(state)))
            for instance, (automaton, field) in places
        ]

    def ended(self, state: State) -> bool:
        return endings.ended(self._at(state))

    def settled(self, state: State) -> bool:
        return endings.settled(self._at(state))

    def perpetual(self, state: State) -> tuple[int, ...]:
        return tuple(
            thread
            for thread, (instance, pending) in enumerate(self._at(state))
            if instance.perpetual and isinstance(pending, AboutTo)
        )

    def memory(self, state: State) -> int:
        return state & self._layout.cell_mask

    def unmet(self, state: State) -> tuple[str, ...]:
        if not self._final:
            return ()
        cells = Cells(state, self._layout.cells, self._lifted.tables)
        outcome = self.outcome(state)
        found = unmet(self._final, cells, outcome, self._groups, self._observed)
        for name, predicate in self._final.items():
            asked = functools.partial(self._is_unmet, name, outcome)
            seeds = self._seeds_of(name, predicate)
            seeds.require_one_answer(name in found, cells, cells, asked)
        return found

    def _is_unmet(
        self,
        name: str,
        outcome: OutcomeKey,
        predicate: FinalPredicate,
        values: Mapping[str, object],
    ) -> bool:
        return bool(unmet({name: predicate}, values, outcome, self._groups))

    def _seeds_of(self, name: str, predicate: FinalPredicate) -> Seeds:
        if name not in self._seeds:
            environment = self._lifted.environment_of(f"finally {name!r}")
            self._seeds[name] = Seeds(environment, predicate)
        return self._seeds[name]

    def _observed(self, owner: str) -> AbstractContextManager[None]:
        return self._lifted.environment_of(owner).observed()

    def atomic(self, state: State, thread: int) -> bool:
        automaton, field = self._places[thread]
        return is_atomic(automaton.pending(field.get(state)))

    def reached(self, state: State, predicate: str) -> bool:
        return self._sometimes[predicate](state)

    def of_sometimes(self, predicate: str) -> Truth:
        """The truth of the `sometimes` predicate of that name."""
        return self._sometimes[predicate]


class Telling:
    """What a System says of a state by way of its Reader, as machine/interface.py has it."""

    _reader: Reader

    def take_over(self, grown: System, nodes: Sequence[Mapping[int, int]]) -> None:
        """A model need not: what it does not know it finds again."""

    def flat(self, sometimes: Sequence[str]) -> FlatTables | None:
        return None

    def numbered(self) -> Sequence[Numbered]:
        return ()

    def number_again(self, found: Sequence[Numbered]) -> None:
        """Nothing has numbers of that kind."""

    def futures_by_node(self) -> tuple[Sequence[Future], ...] | None:
        return None

    def labels(self, state: State) -> tuple[str, ...]:
        return self._reader.labels(state)

    def outcome(self, state: State) -> OutcomeKey:
        return self._reader.outcome(state)

    def ended(self, state: State) -> bool:
        return self._reader.ended(state)

    def held(self, state: State) -> bool:
        return False

    def atomic(self, state: State, thread: int) -> bool:
        return self._reader.atomic(state, thread)

    def settled(self, state: State) -> bool:
        return self._reader.settled(state)

    def perpetual(self, state: State) -> tuple[int, ...]:
        return self._reader.perpetual(state)

    def memory(self, state: State) -> int:
        return self._reader.memory(state)

    def unmet(self, state: State) -> tuple[str, ...]:
        return self._reader.unmet(state)

    def reached(self, state: State, predicate: str) -> bool:
        return self._reader.reached(state, predicate)
