"""What a packed state means: labels, outcomes, endings."""

from __future__ import annotations

from collections.abc import Iterator

from racer.automata.lifting import Lifted
from racer.lang.final import unmet
from racer.lang.outcomes import OutcomeKey, outcome_of
from racer.lang.pending import AboutTo, Pending, Violated
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
        found.update(each.label for each in self._at(state) if isinstance(each, Violated))
        return tuple(sorted(found))

    def outcome(self, state: State) -> OutcomeKey:
        return OutcomeKey(
            (instance.name, outcome_of(pending, daemon=instance.daemon))
            for instance, pending in zip(self._lifted.instances, self._at(state), strict=True)
        )

    def _at(self, state: State) -> Iterator[Pending]:
        """By thread, what it is about to do or has come to."""
        for automaton, field in zip(self._lifted.automata, self._layout.nodes, strict=True):
            yield automaton.pending(field.get(state))

    def ended(self, state: State) -> bool:
        return not any(
            isinstance(pending, AboutTo) and not instance.daemon
            for instance, pending in zip(self._lifted.instances, self._at(state), strict=True)
        )

    def unmet(self, state: State) -> tuple[str, ...]:
        if not self._final:
            return ()
        cells = Cells(state, self._layout.cells, self._lifted.tables)
        return unmet(self._final, cells, self.outcome(state), self._groups)

    def reached(self, state: State, predicate: str) -> bool:
        return self._sometimes[predicate](state)
