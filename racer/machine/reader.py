"""What a packed state means: labels, outcomes, endings."""

from __future__ import annotations

from racer.automata.lifting import Lifted
from racer.errors import InternalError
from racer.lang.outcomes import Blocked, OutcomeKey, OutcomeValue, Violation
from racer.lang.pending import AboutTo, Closing, Raised, Returned, Violated
from racer.machine.layout import Layout, State
from racer.machine.predicates import Truth


class Reader:
    """What a packed state means: labels, outcomes, endings. Shared by all operational models."""

    def __init__(self, lifted: Lifted, layout: Layout) -> None:
        self._lifted = lifted
        self._layout = layout
        self._sometimes = {
            name: Truth(f"sometimes {name!r}", predicate, layout, lifted.tables)
            for name, predicate in lifted.program.sometimes.items()
        }

    def labels(self, state: State) -> tuple[str, ...]:
        found = {name for name, field in self._layout.broken.items() if field.get(state)}
        for automaton, field in zip(self._lifted.automata, self._layout.nodes, strict=True):
            pending = automaton.pending(field.get(state))
            if isinstance(pending, Violated):
                found.add(pending.label)
        return tuple(sorted(found))

    def outcome(self, state: State) -> OutcomeKey:
        return tuple(
            (instance.name, self._value(thread, state))
            for thread, instance in enumerate(self._lifted.instances)
        )

    def _value(self, thread: int, state: State) -> OutcomeValue:
        node = self._layout.nodes[thread].get(state)
        match self._lifted.automata[thread].pending(node):
            case Returned(value=value):
                return value
            case Violated(label=label, effect=effect):
                return Violation(label, effect)
            case AboutTo(operation=operation):
                return Blocked(operation.text())
            case Raised() | Closing() as pending:
                raise InternalError(f"a state in which a thread is at {pending!r}")

    def ended(self, state: State) -> bool:
        return not any(
            isinstance(automaton.pending(field.get(state)), AboutTo)
            for automaton, field in zip(self._lifted.automata, self._layout.nodes, strict=True)
        )

    def reached(self, state: State, predicate: str) -> bool:
        return self._sometimes[predicate](state)
