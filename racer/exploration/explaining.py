"""Explaining: why a Result has a label, from its witness and from all schedules of the program."""

from __future__ import annotations

from racer.explanation.data import Explanation
from racer.explanation.exact import Exact, exactly
from racer.explanation.telling import explanation_of
from racer.exploration.result import Result, scheduled_finding, with_effect_of


def explain(result: Result, label: str) -> Explanation:
    """Say why `result` has the violation `label`: its minimal schedule, step by step, and what in
    it decides.

    Shape    data only: `rows` are the steps up to the one that violates, `cause` and `verdict`
             whole sentences, `orderings` the orders of steps that force the label. `racer.mail()`
             puts it into text.
    Bound    what is said of all schedules is computed over up to 100,000 states for each part (a
             second, mostly); past that a part is NotComputed and says why.
             Under a memory model other than "sc" the schedule is told, and these parts are
             NotComputed.
    Errors   UsageError when the result has no such label, or no schedule of it.
    """
    scheduled_finding(result, label)
    if result.loaded is None:
        return explained(result, label, None)
    with exactly(result.loaded, result.memory) as exact:
        return explained(result, label, exact)


def explained(result: Result, label: str, exact: Exact | None) -> Explanation:
    """The explanation of a violation that a result has; without `exact`, of its schedule alone."""
    finding = result.violations[label]
    return explanation_of(
        finding.trace,
        label,
        interleavings=finding.interleavings,
        total=result.interleavings,
        preemptions=finding.witness.preemptions,
        minimal=finding.witness.minimal,
        with_effect=with_effect_of(result, label),
        exact=exact,
    )
