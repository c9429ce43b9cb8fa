"""What claims look at of a Result: a Case."""

from __future__ import annotations

from racer.claims.cases import Case, CaseLabel
from racer.exploration.result import Result
from racer.lang.outcomes import OutcomeValue, Violation
from racer.words.outcomes import outcome_value


def case_of(result: Result) -> Case:
    """A result, as far as claims look at it."""
    returned: dict[str, set[str]] = {}
    for outcome in result.outcomes:
        for thread, value in outcome:
            returned.setdefault(thread, set()).add(_text(value))
    return Case(
        labels=_labels(result),
        returned={thread: frozenset(values) for thread, values in returned.items()},
        interleavings=result.interleavings,
        states=result.states,
        vacuous=result.vacuous,
        bound=result.bound,
        loops=result.loops,
        coverage=result.coverage,
        executions=result.executions.count if result.executions is not None else None,
    )


def _labels(result: Result) -> dict[str, CaseLabel]:
    return {
        label: CaseLabel(found.interleavings, tuple(result.effects(label)))
        for label, found in result.violations.items()
    }


def _text(value: OutcomeValue) -> str:
    """What a thread comes to: a label without its effect, a text it returns as it is."""
    if isinstance(value, Violation):
        value = Violation(value.label)
    return value if isinstance(value, str) else outcome_value(value)
