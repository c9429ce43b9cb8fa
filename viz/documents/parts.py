"""What more than one document has: what threads came to, schedules, events; and how all are dumped.

Documents are made of structs. Their schemas follow from these, and have of each key what the
docstring of its struct says of it: see `racer/viz/documents/schemas.py`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from racer.executions.told import ToldExecution
from racer.exploration import result
from racer.files import shown_path
from racer.lang.outcomes import OutcomeKey, OutcomeValue
from racer.lang.values import describe
from racer.replaying.trace import ClosedWindow, Event
from racer.words.outcomes import outcome_fields

Number = Annotated[int, msgspec.Meta(ge=0)]
Parameters = dict[str, bool | int | str]


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document or a part of one: it has these keys and no others."""


class CameTo(Entry, frozen=True, kw_only=True):
    """What a thread came to: one of the first four, and nothing else but the effect of a violation.

    returned   the value that it returned
    violation  the label of the violation that ended it
    blocked    the operation at which it can never go on
    idle       the operation at which it waits, being a daemon
    effect     what the violation leads to; left out where that is not declared
    """

    returned: str | UnsetType = UNSET
    violation: str | UnsetType = UNSET
    blocked: str | UnsetType = UNSET
    idle: str | UnsetType = UNSET
    effect: str | UnsetType = UNSET


_ONE_OF = [{"required": [key]} for key in ("returned", "violation", "blocked", "idle")]
Came = Annotated[CameTo, msgspec.Meta(extra_json_schema={"oneOf": _ONE_OF})]


class Coverage(Entry, frozen=True, kw_only=True):
    """How far real coroutines, run side by side, were compared with what was searched.

    edges     edges of the threads' automata that were taken
    of_edges  out of so many that the search used
    moves     moves of the state graph that were taken
    of_moves  out of so many that it has
    runs      interleavings along which the coroutines were run
    steps     their steps in all
    """

    edges: Number
    of_edges: Number
    moves: Number
    of_moves: Number
    runs: Number
    steps: Number


class Sampling(Entry, frozen=True, kw_only=True):
    """What runs that were drawn by lot say of those that were not.

    method    "pct" or "pos"
    depth     of "pct": how many steps have to come in order for what is looked for
    seed      of the lots
    runs      how many there were
    distinct  how many different schedules these are
    longest   how many steps the longest has
    ended     how many came to an end
    chance    how likely, at least, one run shows a violation of that depth; null: not known
    why_not   why that is not known; empty where it is
    steps     what `chance` rests on: no run has more steps
    unseen    how likely, at most, one more run comes to what none has come to, at 95 %
    """

    method: str
    depth: Number
    seed: int
    runs: Number
    distinct: Number
    longest: Number
    ended: Number
    chance: float | None
    why_not: str
    steps: Number
    unseen: float


class ExecutionStep(Entry, frozen=True, kw_only=True):
    """One step of a thread in an execution.

    name    the letter of the thread and the number of the step
    text    the operation
    result  what it gives; empty where that is nothing
    source  the step whose store it reads; empty where it reads nothing
    """

    name: str
    text: str
    result: str
    source: str


class ExecutionThread(Entry, frozen=True, kw_only=True):
    """A thread in an execution.

    name   the thread
    steps  its steps, in the order of the code
    end    what it comes to, in words
    """

    name: str
    steps: list[ExecutionStep]
    end: str


class ExecutionEdge(Entry, frozen=True, kw_only=True):
    """That one step is before another.

    before   the one
    after    the other
    why      "po", "rf", "co" or "fr"
    missing  whether the code has it so and the memory model does not keep it
    """

    before: str
    after: str
    why: str
    missing: bool


class ExecutionBarrier(Entry, frozen=True, kw_only=True):
    """A barrier that an execution lacks.

    kind    "mb", "rmb" or "wmb"
    after   the step that it would stand behind
    before  the step that it would stand before
    now     what happens without it, in words
    """

    kind: str
    after: str
    before: str
    now: str


class ExecutionPassing(Entry, frozen=True, kw_only=True):
    """What an edge that is missing comes to: the later of two steps came first.

    later    the later one in the code
    earlier  the earlier one
    now      that, in words
    cell     where the later is a load, what it reads; else empty
    source   where from
    way      then: the step that stored what it should have read, and those that lead from there to
             the earlier one
    """

    later: str
    earlier: str
    now: str
    cell: str
    source: str
    way: list[str]


class Execution(Entry, frozen=True, kw_only=True):
    """An execution, as a graph.

    threads   in the order of their names
    stores    by cell that is stored to more than once, the steps that do, in that order
    circle    why it is no interleaving: steps each of which would be before the next; else empty
    barriers  the fewest barriers with which the model forbids it
    passings  of each edge that the circle is missing, what came before what
    edges     who reads from whom (rf), and of the order of stores (co) and of loads before stores
              (fr) those between neighbours
    """

    threads: list[ExecutionThread]
    stores: dict[str, list[str]]
    circle: list[ExecutionEdge]
    barriers: list[ExecutionBarrier]
    passings: list[ExecutionPassing]
    edges: list[ExecutionEdge]


class Scheduled(Entry, frozen=True, kw_only=True):
    """Something that a schedule shows.

    interleavings  how many show it; null where that is not counted
    preemptions    how many the schedule has
    minimal        whether fewer preemptions are proved not to do
    steps          how many moves the schedule has
    before         so many of them come before the violation, the one that violates included
    cycle          so many of them, the last ones, are repeated for ever: a livelock; else 0
    schedule       the moves in order: the agent, and which of its options it takes
    execution      what shows it in place of a schedule, which is empty then, under a memory model
                   of executions; null under any other
    """

    interleavings: Number | None
    preemptions: Number
    minimal: bool
    steps: Number
    before: Number
    cycle: Number
    schedule: list[tuple[str, Number]]
    execution: Execution | None


class Window(Entry, frozen=True, kw_only=True):
    """A window that a step closes.

    watch       the predicate that it is about
    opened_at   the number of the step that opened it
    ever_true   whether the predicate was true at some instant of it
    ever_false  whether it was false at some instant
    at_end      whether it was true at the last
    """

    watch: str
    opened_at: Number
    ever_true: bool
    ever_false: bool
    at_end: bool


class Step(Entry, frozen=True, kw_only=True):
    """One step of a schedule, as it was replayed. Values of the model are text.

    thread     who takes it
    step       the number of the step among those of its thread
    operation  what is done
    cell       the cell that this is done to; null for none
    result     what it gave the thread
    before     the value of the cell before it; null without a cell
    after      the value of the cell after it
    source     file.py:line of the model
    opened     the watches whose windows it opens
    closed     the windows that it closes
    watches    of every watch whether it is true after the step
    broken     the invariants that are broken after the step
    ended      what the thread came to, if this was its last step
    """

    thread: str
    step: Number
    operation: str
    cell: str | None
    result: str
    before: str | None
    after: str | None
    source: str | None
    opened: list[str]
    closed: list[Window]
    watches: dict[str, bool]
    broken: list[str]
    ended: CameTo | None


def came_to(value: OutcomeValue) -> CameTo:
    """What a thread came to."""
    return CameTo(**outcome_fields(value))


def threads_came_to(key: OutcomeKey) -> dict[str, CameTo]:
    """By thread, what it came to."""
    return {thread: came_to(value) for thread, value in key}


def coverage_of(compared: result.Coverage | None) -> Coverage | None:
    """How far coroutines were compared, where they were."""
    return None if compared is None else Coverage(**asdict(compared))


def sampling_of(drawn: result.Sampling | None) -> Sampling | None:
    """What single runs say, where they were drawn."""
    return None if drawn is None else Sampling(**asdict(drawn))


def scheduled(witness: result.Witness, interleavings: int | None) -> dict[str, Any]:
    """The fields of a Scheduled."""
    return {
        "interleavings": interleavings,
        "preemptions": witness.preemptions,
        "minimal": witness.minimal,
        "steps": witness.steps,
        "before": witness.before,
        "cycle": witness.cycle,
        "schedule": [(move.thread, move.choice) for move in witness.schedule],
        "execution": None if witness.execution is None else _execution(witness.execution),
    }


def _execution(told: ToldExecution) -> Execution:
    return Execution(
        threads=[
            ExecutionThread(
                name=each.name,
                steps=[ExecutionStep(**asdict(step)) for step in each.steps],
                end=each.end,
            )
            for each in told.threads
        ],
        stores={cell: list(names) for cell, names in told.stores},
        circle=[ExecutionEdge(**asdict(edge)) for edge in told.circle],
        barriers=[ExecutionBarrier(**asdict(each)) for each in told.barriers],
        passings=[
            ExecutionPassing(**{**asdict(each), "way": list(each.way)}) for each in told.passings
        ],
        edges=[ExecutionEdge(**asdict(edge)) for edge in told.edges],
    )


def step_of(event: Event) -> Step:
    """One event of a replay."""
    cell = event.cell
    where = event.location
    return Step(
        thread=event.thread,
        step=event.step,
        operation=event.operation.text(),
        cell=cell,
        result=describe(event.result),
        before=None if cell is None else describe(event.before),
        after=None if cell is None else describe(event.after),
        source=None if where is None else f"{shown_path(where.path)}:{where.line}",
        opened=list(event.opened),
        closed=[_window(window) for window in event.closed],
        watches=dict(event.truths),
        broken=list(event.broken),
        ended=None if event.ended is None else came_to(event.ended.value),
    )


def _window(window: ClosedWindow) -> Window:
    return Window(
        watch=window.watch,
        opened_at=window.opened_at,
        ever_true=window.seen.ever_true,
        ever_false=window.seen.ever_false,
        at_end=window.seen.at_end,
    )


def searched_fields(found: result.Result) -> dict[str, Any]:
    """How much was searched, and what cut it."""
    return {
        "bound": found.bound,
        "interleavings": found.interleavings,
        "uncounted": found.uncounted,
        "loops": None if found.loops is None else list(found.loops),
        "unfair": None if found.unfair is None else list(found.unfair),
        "coverage": coverage_of(found.coverage),
        "states": found.states,
        "transitions": found.transitions,
    }


def dumped(document: msgspec.Struct) -> str:
    """JSON in one line, with integers of any length: Python's limit on digits is meant for
    untrusted input."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        return json.dumps(msgspec.to_builtins(document))
    finally:
        sys.set_int_max_str_digits(limit)
