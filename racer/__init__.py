"""racer exhausts the interleavings of modelled threads.

    from racer import Memory, Program, Thread, explore

    def counter() -> Program:
        mem = Memory()
        n = mem.cell("n", 0)

        async def add() -> int:
            seen = await n.load()           # one await, one step
            await n.store(seen + 1)
            return seen

        return Program(mem, {"A": Thread(add, copies=2)})

    explore(counter()).outcomes             # who returned what, in how many interleavings

Write a program
    Memory          has the cells and locks: mem.cell(name, initial), mem.lock(name), mem.watch(...)
    Cell, Lock      await cell.load(), .store(value), .fetch_add(n), ...; async with lock:
    Condition ...   what threads wait with: mem.condition, .event, .semaphore, .queue, .rwlock,
                    .latch, .barrier
    Pool, Rcu       objects with a lifetime: mem.pool(...); read sections, grace periods: mem.rcu()
    PerThread       mem.per_thread("flag", False): one for each thread, and copies stay alike
    Linearizable    mem.linearizable("stack", Stack): is there an order of the calls that Stack has?
    Refcount        mem.refcount("refs", 1, most=3): .inc_not_zero(), .dec_and_test(), ...
    choose, fence   await choose(*options) explores each; await fence("mb")
    checkpoint      await checkpoint() lets others go first: Program(..., event_loop=True)
    atomic          async with atomic(): its steps are not preempted, as with interrupts off
    Window          async with watch.window() as seen: what was true meanwhile
    Thread          an async function, or copies of it
    Program         threads over a memory; invariants, and what must be reached
    Violation       raise it in a thread: what is wrong is named by its label

Explore, and read what was found
    explore         every interleaving of a Program: a Result
    Result          verdict, exact counts, outcomes, violations; .assert_holds() in a test
    Finding         of one violation: how often, its least schedule, the replayed events
    diff            two programs: what only one of them shows, and where the other escapes it
    Sample          explore(program, sample=Sample()): runs by lot, of what is too much to search
    estimate        how many states a search would have, and how long it may take

Tell others
    explain, mail   why a Result has a label, as data, and as text with a picture of the schedule
    brief, About    the gist of that in 20 lines; the words for it that a Program brings
    save, load      a Witness to and from a file
    replay          run a witness on trio: a Trace of Events
    certificate     a PASS as a table of all states, which others can check without racer

Keep questions
    scenario        @scenario makes a function of parameters one that `racer explore` finds
    Expected, Range what it is declared to show; what an int parameter may be
    WhatIf          values that the code under test does not have; Configured: a system has one;
    Meanings        values in words
    InC, Role       functions for which C can be given: `--patch v11.mbox`; lifted asks for it
    Claim           a sentence, and what decides it: Never, Shows, Same, Only, for `racer claims`

Errors are RacerErrors: ModelError (the model is broken, not the code under test), ProgramError,
UsageError, WitnessError, ReplayDiverged.

Under pytest, racer_check(program, expect="label") explores, and fails unless that is what shows.

In the repository, racer/WRITING.md is the guide, racer/API.md has every public name with its
signature, racer/PROJECT.md is about tests and CI, racer/DESIGN.md says how racer works.
help(racer.explore) tells of one name.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # as typing has it, which a file of that name might hide; see __main__
if TYPE_CHECKING:
    from racer.api import Result as Result
    from racer.api import explore as explore
    from racer.api import load as load
    from racer.api import replay as replay
    from racer.api import save as save
    from racer.catalogue.in_c import InC as InC
    from racer.catalogue.in_c import Role as Role
    from racer.catalogue.in_c import lifted as lifted
    from racer.catalogue.parameters import Configured as Configured
    from racer.catalogue.parameters import Meanings as Meanings
    from racer.catalogue.parameters import Range as Range
    from racer.catalogue.parameters import WhatIf as WhatIf
    from racer.catalogue.scenario import Expected as Expected
    from racer.catalogue.scenario import Scenario as Scenario
    from racer.catalogue.scenario import scenario as scenario
    from racer.certificates.making import certificate as certificate
    from racer.claims.data import Answer as Answer
    from racer.claims.data import Claim as Claim
    from racer.claims.data import Never as Never
    from racer.claims.data import Only as Only
    from racer.claims.data import Same as Same
    from racer.claims.data import Shows as Shows
    from racer.claims.data import Universal as Universal
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
    from racer.exploration.estimating import Estimate as Estimate
    from racer.exploration.estimating import estimate as estimate
    from racer.exploration.explaining import explain as explain
    from racer.exploration.result import Finding as Finding
    from racer.exploration.result import Interrupted as Interrupted
    from racer.exploration.result import Outcome as Outcome
    from racer.exploration.result import Witness as Witness
    from racer.exploration.wanted import Sample as Sample
    from racer.exploration.witness_file import SavedWitness as SavedWitness
    from racer.lang.about import About as About
    from racer.lang.atomic import atomic as atomic
    from racer.lang.cells import Cell as Cell
    from racer.lang.cells import Lock as Lock
    from racer.lang.cells import choose as choose
    from racer.lang.cells import fence as fence
    from racer.lang.checkpoints import Cancelled as Cancelled
    from racer.lang.event_loop import checkpoint as checkpoint
    from racer.lang.memory import Memory as Memory
    from racer.lang.outcomes import Blocked as Blocked
    from racer.lang.outcomes import Idle as Idle
    from racer.lang.outcomes import Violation as Violation
    from racer.lang.per_thread import PerThread as PerThread
    from racer.lang.pools import Address as Address
    from racer.lang.pools import Field as Field
    from racer.lang.pools import Object as Object
    from racer.lang.pools import Pool as Pool
    from racer.lang.program import Program as Program
    from racer.lang.program import Thread as Thread
    from racer.lang.refcounts import Refcount as Refcount
    from racer.lang.schedule import Move as Move
    from racer.lang.specs.linearizable import Call as Call
    from racer.lang.specs.linearizable import Linearizable as Linearizable
    from racer.lang.specs.states import NotEnabled as NotEnabled
    from racer.lang.sync.conditions import Condition as Condition
    from racer.lang.sync.events import EventFlag as EventFlag
    from racer.lang.sync.meetings import Barrier as Barrier
    from racer.lang.sync.meetings import Latch as Latch
    from racer.lang.sync.queues import Queue as Queue
    from racer.lang.sync.queues import QueueClosed as QueueClosed
    from racer.lang.sync.rcu import Rcu as Rcu
    from racer.lang.sync.rcu import ReadSide as ReadSide
    from racer.lang.sync.rwlocks import RwLock as RwLock
    from racer.lang.sync.rwlocks import RwLockSide as RwLockSide
    from racer.lang.sync.semaphores import Semaphore as Semaphore
    from racer.lang.watches import State as State
    from racer.lang.watches import Watch as Watch
    from racer.lang.watches import Window as Window
    from racer.replaying.trace import Event as Event
    from racer.replaying.trace import Trace as Trace
    from racer.viz.brief import brief as brief
    from racer.viz.mail import mail as mail

# Where each public name lives. A module is imported when a name of it is first used, so that
# `racer --help` need not wait for the engine.
_HOMES = {
    "api": "Result explore load replay save",
    "certificates.making": "certificate",
    "catalogue.in_c": "InC Role lifted",
    "catalogue.parameters": "Configured Meanings Range WhatIf",
    "catalogue.scenario": "Expected Scenario scenario",
    "claims.data": "Answer Claim Never Only Same Shows Universal",
    "difference.data": "DiffInterrupted Difference",
    "difference.diffing": "diff",
    "errors": (
        "InternalError ModelError ProgramError RacerError ReplayDiverged UsageError WitnessError"
    ),
    "explanation.data": "Explanation",
    "exploration.explaining": "explain",
    "exploration.result": "Finding Interrupted Outcome Witness",
    "exploration.estimating": "Estimate estimate",
    "exploration.wanted": "Sample",
    "exploration.witness_file": "SavedWitness",
    "lang.about": "About",
    "lang.atomic": "atomic",
    "lang.cells": "Cell Lock choose fence",
    "lang.checkpoints": "Cancelled",
    "lang.event_loop": "checkpoint",
    "lang.refcounts": "Refcount",
    "lang.memory": "Memory",
    "lang.outcomes": "Blocked Idle Violation",
    "lang.per_thread": "PerThread",
    "lang.pools": "Address Field Object Pool",
    "lang.program": "Program Thread",
    "lang.schedule": "Move",
    "lang.specs.linearizable": "Call Linearizable",
    "lang.specs.states": "NotEnabled",
    "lang.sync.conditions": "Condition",
    "lang.sync.events": "EventFlag",
    "lang.sync.meetings": "Barrier Latch",
    "lang.sync.queues": "Queue QueueClosed",
    "lang.sync.rcu": "Rcu ReadSide",
    "lang.sync.rwlocks": "RwLock RwLockSide",
    "lang.sync.semaphores": "Semaphore",
    "lang.watches": "State Watch Window",
    "replaying.trace": "Event Trace",
    "viz.brief": "brief",
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
