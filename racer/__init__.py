"""racer exhausts the interleavings of modelled threads.

    from racer import Memory, Program, Thread, Violation, choose, explore, fence, replay

See README.md for a first example and racer/DESIGN.md for how it works.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from racer.claims.data import Answer as Answer
    from racer.claims.data import Claim as Claim
    from racer.claims.data import Never as Never
    from racer.claims.data import Only as Only
    from racer.claims.data import Same as Same
    from racer.claims.data import Shows as Shows
    from racer.difference import Difference as Difference
    from racer.difference import DiffInterrupted as DiffInterrupted
    from racer.difference import diff as diff
    from racer.errors import InternalError as InternalError
    from racer.errors import ModelError as ModelError
    from racer.errors import ProgramError as ProgramError
    from racer.errors import RacerError as RacerError
    from racer.errors import ReplayDiverged as ReplayDiverged
    from racer.errors import UsageError as UsageError
    from racer.errors import WitnessError as WitnessError
    from racer.events import Blocked as Blocked
    from racer.events import Event as Event
    from racer.events import Move as Move
    from racer.events import Trace as Trace
    from racer.exploration import explore as explore
    from racer.memory import Cell as Cell
    from racer.memory import Lock as Lock
    from racer.memory import Memory as Memory
    from racer.memory import choose as choose
    from racer.memory import fence as fence
    from racer.parameters import Range as Range
    from racer.program import Program as Program
    from racer.program import Thread as Thread
    from racer.registry import Expected as Expected
    from racer.registry import Scenario as Scenario
    from racer.registry import scenario as scenario
    from racer.replaying import replay as replay
    from racer.result import Finding as Finding
    from racer.result import Interrupted as Interrupted
    from racer.result import Outcome as Outcome
    from racer.result import Result as Result
    from racer.result import Witness as Witness
    from racer.steps import Violation as Violation
    from racer.watches import State as State
    from racer.watches import Watch as Watch
    from racer.watches import Window as Window

# Where each public name lives. A module is imported when a name of it is first used, so that
# `racer --help` need not wait for the engine.
_HOMES = {
    "claims.data": "Answer Claim Never Only Same Shows",
    "difference": "DiffInterrupted Difference diff",
    "errors": (
        "InternalError ModelError ProgramError RacerError ReplayDiverged UsageError WitnessError"
    ),
    "events": "Blocked Event Move Trace",
    "exploration": "explore",
    "memory": "Cell Lock Memory choose fence",
    "parameters": "Range",
    "program": "Program Thread",
    "registry": "Expected Scenario scenario",
    "replaying": "replay",
    "result": "Finding Interrupted Outcome Result Witness",
    "steps": "Violation",
    "watches": "State Watch Window",
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value
