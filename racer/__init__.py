"""racer exhausts the interleavings of modelled threads.

    from racer import Memory, Program, Thread, Violation, choose, explore, fence, replay

See README.md for a first example and racer/DESIGN.md for how it works.
"""

from __future__ import annotations

from racer.errors import (
    InternalError,
    ModelError,
    ProgramError,
    RacerError,
    ReplayDiverged,
    UsageError,
    WitnessError,
)
from racer.events import Blocked, Event, Move, Trace
from racer.explore import explore
from racer.memory import Cell, Lock, Memory, choose, fence
from racer.program import Program, Thread
from racer.registry import Expected, Range, Scenario, scenario
from racer.replay import replay
from racer.result import Finding, Interrupted, Outcome, Result, Witness
from racer.steps import Violation
from racer.watches import State, Watch, Window

__all__ = [
    "Blocked",
    "Cell",
    "Event",
    "Expected",
    "Finding",
    "InternalError",
    "Interrupted",
    "Lock",
    "Memory",
    "ModelError",
    "Move",
    "Outcome",
    "Program",
    "ProgramError",
    "RacerError",
    "Range",
    "ReplayDiverged",
    "Result",
    "Scenario",
    "State",
    "Thread",
    "Trace",
    "UsageError",
    "Violation",
    "Watch",
    "Window",
    "Witness",
    "WitnessError",
    "choose",
    "explore",
    "fence",
    "replay",
    "scenario",
]
