"""Explanations: what a trace shows, as data. A renderer places it and computes nothing.

Values are text here, and every step has a name that people can quote: C4 is the fourth step
of the thread whose short name is C.
"""

from __future__ import annotations

from racer.explanation.data import (
    INITIAL,
    Cell,
    Change,
    Explanation,
    Lane,
    Read,
    Row,
    Span,
    Switch,
    SwitchReason,
)
from racer.explanation.naming import short_names, step_name
from racer.explanation.states import Field, States, states
from racer.explanation.telling import explain

__all__ = [
    "INITIAL",
    "Cell",
    "Change",
    "Explanation",
    "Field",
    "Lane",
    "Read",
    "Row",
    "Span",
    "States",
    "Switch",
    "SwitchReason",
    "explain",
    "short_names",
    "states",
    "step_name",
]
