"""What a thread came to, in words: the only place that words an outcome."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from racer.lang.operations import Show
from racer.lang.outcomes import Blocked, Idle, OutcomeKey, OutcomeValue, Violation
from racer.lang.values import describe
from racer.lang.watches import Observation
from racer.words.changes import shown


def outcome_value(value: OutcomeValue, show: Show = describe) -> str:
    """In short: its value, `!label (effect)`, `blocked at acquire L`, or of a daemon `idle at`."""
    if isinstance(value, Violation):
        return f"!{value.label} ({value.effect})" if value.effect else f"!{value.label}"
    if isinstance(value, Blocked):
        return f"blocked at {value.operation}"
    if isinstance(value, Idle):
        return f"idle at {value.operation}"
    return show(value)


def outcome_text(key: OutcomeKey) -> str:
    """What all threads came to, in short."""
    return "  ".join(f"{thread}={outcome_value(value)}" for thread, value in key)


def family_text(values: Iterable[tuple[str, Sequence[OutcomeValue]]]) -> str:
    """What threads came to, copies not told apart: "R={0 x2, 1}"; "R=0" where all came to that."""
    return "  ".join(f"{thread}={_together(each)}" for thread, each in values)


def _together(values: Sequence[OutcomeValue]) -> str:
    counts: dict[str, int] = {}
    for value in values:
        text = outcome_value(value)
        counts[text] = counts.get(text, 0) + 1
    if len(counts) == 1:
        return next(iter(counts))
    told = (text if count == 1 else f"{text} x{count}" for text, count in counts.items())
    return f"{{{', '.join(told)}}}"


def came_to(value: OutcomeValue) -> str:
    """As a predicate: "returns 1", "raises Violation 'misclassified', effect: panic"."""
    if isinstance(value, Violation):
        effect = f", effect: {value.effect}" if value.effect else ""
        return f"raises Violation {value.label!r}{effect}"
    if isinstance(value, Blocked):
        return f"is blocked at {value.operation}"
    if isinstance(value, Idle):
        return f"is idle at {value.operation}"
    return f"returns {shown(value)}"


def outcome_fields(value: OutcomeValue) -> dict[str, str]:
    """For JSON: {"returned": "True"}, {"violation": "misclassified", "effect": "panic"} without
    an effect that it has not, {"blocked": "acquire lock"}, or of a daemon {"idle": ...}."""
    if isinstance(value, Violation):
        effect = {"effect": value.effect} if value.effect else {}
        return {"violation": value.label, **effect}
    if isinstance(value, Blocked):
        return {"blocked": value.operation}
    if isinstance(value, Idle):
        return {"idle": value.operation}
    return {"returned": describe(value)}


def observation_text(seen: Observation) -> str:
    """What a window saw of its watch, as what the watch "was"."""
    if not seen.ever_true:
        return "never true"
    if not seen.ever_false:
        return "always true"
    return "true at times, also at the end" if seen.at_end else "true at times, not at the end"
