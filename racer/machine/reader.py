"""What a packed state means: labels, outcomes, endings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from racer.automata.lifting import Lifted
from racer.automata.seeds import Seeds
from racer.lang import endings
from racer.lang.final import unmet
from racer.lang.outcomes import OutcomeKey
from racer.lang.pending import AboutTo, Violated
from racer.machine.layout import Cells, Layout, State
from racer.machine.predicates import truth_of


class Reader:
    """What a packed state means: labels, outcomes, endings. Shared by all operational models."""

    def __init__(self, lifted: Lifted, layout: Layout) -> None:
        self._lifted = lifted
        self._layout = layout
        self._final = lifted.program.finally_
        self._groups = tuple(instance.group for instance in lifted.instances)
        self._seeds: dict[str, Seeds] = {}
        self._sometimes = {
            name: truth_of(f"sometimes {name!r}", predicate, layout, lifted)
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
        outcome = self.outcome(state)
        found = unmet(self._final, cells, outcome, self._groups, self._observed)
        for name, predicate in self._final.items():
            seeds = self._seeds.get(name)
            if seeds is None:
                seeds = Seeds(self._lifted.environment_of(f"finally {name!r}"), predicate)
                self._seeds[name] = seeds

            def asked(copy: Callable[..., object], values: Mapping[str, object]) -> bool:
                return bool(unmet({name: copy}, values, outcome, self._groups))  # noqa: B023

            seeds.require_one_answer(name in found, cells, cells, asked)
        return found

    def _observed(self, owner: str) -> AbstractContextManager[None]:
        return self._lifted.environment_of(owner).observed()

    def reached(self, state: State, predicate: str) -> bool:
        return self._sometimes[predicate](state)
