"""racer exhausts the interleavings of modelled threads.

    from racer import Memory, Program, Thread, Violation, choose, explore, fence, replay

See README.md for a first example and racer/DESIGN.md for how it works.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from racer.api import Result as Result
    from racer.api import explore as explore
    from racer.api import load as load
    from racer.api import replay as replay
    from racer.api import save as save
    from racer.catalogue.parameters import Range as Range
    from racer.catalogue.scenario import Expected as Expected
    from racer.catalogue.scenario import Scenario as Scenario
    from racer.catalogue.scenario import scenario as scenario
    from racer.claims.data import Answer as Answer
    from racer.claims.data import Claim as Claim
    from racer.claims.data import Never as Never
    from racer.claims.data import Only as Only
    from racer.claims.data import Same as Same
    from racer.claims.data import Shows as Shows
    from racer.difference.data import Difference as Difference
    from racer.difference.data import DiffInterrupted as DiffInterrupted
    from racer.difference.diffing import diff as diff
    from racer.errors import InternalError as InternalError
    from racer.errors import ModelError as ModelError
    from racer.errors import ProgramError as ProgramError
    from racer.errors import RacerError as RacerError
    from racer.errors import ReplayDiverged as ReplayDiverged
    from racer.errors import UsageError as UsageError
    from racer.errors import WitnessError as WitnessError
    from racer.explanation.data import Explanation as Explanation
    from racer.exploration.explaining import explain as explain
    from racer.exploration.result import Finding as Finding
    from racer.exploration.result import Interrupted as Interrupted
    from racer.exploration.result import Outcome as Outcome
    from racer.exploration.result import Witness as Witness
    from racer.exploration.witness_file import SavedWitness as SavedWitness
    from racer.lang.cells import Cell as Cell
    from racer.lang.cells import Lock as Lock
    from racer.lang.cells import choose as choose
    from racer.lang.cells import fence as fence
    from racer.lang.memory import Memory as Memory
    from racer.lang.outcomes import Blocked as Blocked
    from racer.lang.outcomes import Violation as Violation
    from racer.lang.program import Program as Program
    from racer.lang.program import Thread as Thread
    from racer.lang.schedule import Move as Move
    from racer.lang.watches import State as State
    from racer.lang.watches import Watch as Watch
    from racer.lang.watches import Window as Window
    from racer.replaying.trace import Event as Event
    from racer.replaying.trace import Trace as Trace
    from racer.viz.mail import mail as mail

# Where each public name lives. A module is imported when a name of it is first used, so that
# `racer --help` need not wait for the engine.
_HOMES = {
    "api": "Result explore load replay save",
    "catalogue.parameters": "Range",
    "catalogue.scenario": "Expected Scenario scenario",
    "claims.data": "Answer Claim Never Only Same Shows",
    "difference.data": "DiffInterrupted Difference",
    "difference.diffing": "diff",
    "errors": (
        "InternalError ModelError ProgramError RacerError ReplayDiverged UsageError WitnessError"
    ),
    "explanation.data": "Explanation",
    "exploration.explaining": "explain",
    "exploration.result": "Finding Interrupted Outcome Witness",
    "exploration.witness_file": "SavedWitness",
    "lang.cells": "Cell Lock choose fence",
    "lang.memory": "Memory",
    "lang.outcomes": "Blocked Violation",
    "lang.program": "Program Thread",
    "lang.schedule": "Move",
    "lang.watches": "State Watch Window",
    "replaying.trace": "Event Trace",
    "viz.mail": "mail",
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
