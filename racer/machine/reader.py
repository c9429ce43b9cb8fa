"""What a packed state means: labels, outcomes, endings."""

from __future__ import annotations

from racer.automata.lifting import Lifted
from racer.lang import endings
from racer.lang.final import unmet
from racer.lang.outcomes import OutcomeKey
from racer.lang.pending import AboutTo, Violated
from racer.machine.layout import Cells, Layout, State
from racer.machine.predicates import Truth


class Reader:
    """What a packed state means: labels, outcomes, endings. Shared by all operational models."""

    def __init__(self, lifted: Lifted, layout: Layout) -> None:
        self._lifted = lifted
        self._layout = layout
        self._final = lifted.program.finally_
        self._groups = tuple(instance.group for instance in lifted.instances)
        self._sometimes = {
            name: Truth(f"sometimes {name!r}", predicate, layout, lifted.tables)
            for name, predicate in lifted.program.sometimes.items()
        }

    def labels(self, state: State) -> tuple[str, ...]:
        found = {name for name, field in self._layout.broken.items() if field.get(state)}
        found.update(each.label for _, each in self._at(state) if isinstance(each, Violated))
        return tuple(sorted(found))

    def outcome(self, state: State) -> OutcomeKey:
        return endings.outcome_of(self._at(state))

    def _at(self, state: State) -> endings.Resting:
        """Each thread with what it is about to do or has come to."""
        threads = zip(
            self._lifted.instances, self._lifted.automata, self._layout.nodes, strict=True
        )
        return [
            (instance, automaton.pending(field.get(state)))
            for instance, automaton, field in threads
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
        return unmet(self._final, cells, self.outcome(state), self._groups)

    def reached(self, state: State, predicate: str) -> bool:
        return self._sometimes[predicate](state)
