"""An execution as plain data, which a file can hold: no number of it means anything elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from racer.automata.automaton import ValueTable
from racer.axiomatic.events import Event
from racer.executions.asking import Example
from racer.executions.threads import Way
from racer.executions.told import ToldExecution, ToldStep, ToldThread, following, step_names
from racer.lang.values import describe
from racer.lang.watches import OBSERVATIONS


class RecordedEvent(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """A read, a write or a fence.

    kind   "R", "W" or "F"
    cell   what it accesses; of a fence empty
    value  what is read or written, as text; of a fence empty
    mark   how it is marked: once, plain, acquire, release, lock, lock-write, unlock,
           compare-failed; of a fence mb, rmb, wmb
    addr   the earlier steps of its thread whose loads its cell was computed from
    data   those that its value was computed from
    ctrl   those that decided whether it comes to it at all
    """

    kind: str
    cell: str = ""
    value: str = ""
    mark: str
    addr: list[str] = []
    data: list[str] = []
    ctrl: list[str] = []


class Sight(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a window saw that closes with a step.

    ever_true   whether its watch ever held
    ever_false  whether it ever did not
    at_end      whether it held at the end
    """

    ever_true: bool
    ever_false: bool
    at_end: bool


class RecordedStep(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """One step of a thread.

    name       the letter of the thread and the number of the step: by this others name it
    operation  as text
    result     what it gives, as text; empty where that is nothing
    source     the step whose store it reads; "the start" for the initial value; empty where it
               reads nothing
    choice     of an operation that accesses no cell, which of its options it takes, from 0
    events     in order
    saw        what the windows saw that close with it, in order
    """

    name: str
    operation: str
    result: str = ""
    source: str = ""
    choice: int = 0
    events: list[RecordedEvent] = []
    saw: list[Sight] = []


class RecordedThread(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A thread.

    name   the thread
    steps  in the order of the code
    end    what it comes to, in words
    """

    name: str
    steps: list[RecordedStep]
    end: str


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """An execution.

    threads   in the order of their names
    stores    by cell, the steps that store to it, in the order in which memory takes them in
    instants  where there are windows, the steps that matter to them in an order of instants that
              the model allows; those of one instant together
    """

    threads: list[RecordedThread]
    stores: dict[str, list[str]]
    instants: list[list[str]]


OF_RECORDS: Final = (RecordedThread, RecordedStep, RecordedEvent, Sight)  # what files are made of


def recorded(
    example: Example,
    told: ToldExecution,
    tables: Mapping[str, ValueTable],
    instants: Sequence[Sequence[int]],
) -> Record:
    """The record of an execution that was told, with an order of instants by event number."""
    layout = example.execution.graph.skeleton.layout
    names: dict[int, str] = {}  # of the step of each event
    threads = []
    for number, (way, thread) in enumerate(zip(example.ways, told.threads, strict=True)):
        of_steps = step_names(number, way)
        for at, (step, name) in enumerate(zip(way.steps, of_steps, strict=True)):
            for event in range(step.first, following(way, at)):
                names[layout.first[number] + event] = name
        threads.append(_thread(way, thread, of_steps, tables))
    return Record(
        threads=threads,
        stores=dict(_stores(example, names)),
        instants=[list(dict.fromkeys(names[event] for event in now)) for now in instants],
    )


def _thread(
    way: Way, thread: ToldThread, names: Sequence[str], tables: Mapping[str, ValueTable]
) -> RecordedThread:
    steps = list[RecordedStep]()
    of_event = [""] * len(way.events)
    for at, (step, name) in enumerate(zip(way.steps, names, strict=True)):
        of_event[step.first : following(way, at)] = [name] * (following(way, at) - step.first)
    told = iter(thread.steps)
    for at, step in enumerate(way.steps):
        if step.closes:
            seen = OBSERVATIONS[step.answer]
            sight = Sight(ever_true=seen.ever_true, ever_false=seen.ever_false, at_end=seen.at_end)
            steps[-1] = msgspec.structs.replace(steps[-1], saw=[*steps[-1].saw, sight])
            continue
        events = way.events[step.first : following(way, at)]
        accesses = any(event.place for event in events)
        steps.append(_step(next(told), 0 if accesses else step.answer, events, of_event, tables))
    return RecordedThread(name=thread.name, steps=steps, end=thread.end)


def _step(
    told: ToldStep,
    choice: int,
    events: Sequence[Event],
    of_event: Sequence[str],
    tables: Mapping[str, ValueTable],
) -> RecordedStep:
    def steps_of(mask: int) -> list[str]:
        return [name for number, name in enumerate(of_event) if mask >> number & 1]

    return RecordedStep(
        name=told.name,
        operation=told.text,
        result=told.result,
        source=told.source,
        choice=choice,
        events=[
            RecordedEvent(
                kind=event.kind,
                cell=event.place,
                value=_value(event, tables),
                mark=event.order,
                addr=steps_of(event.addr),
                data=steps_of(event.data),
                ctrl=steps_of(event.ctrl),
            )
            for event in events
        ],
    )


def _value(event: Event, tables: Mapping[str, ValueTable]) -> str:
    if not event.place:
        return ""
    assert isinstance(event.value, int), "a value is its number in a table"
    return describe(tables[event.place].values[event.value])


def _stores(example: Example, names: Mapping[int, str]) -> Iterator[tuple[str, list[str]]]:
    graph = example.execution.graph
    writes: dict[str, list[int]] = {}
    for number in example.numbers:
        thread, _, event = graph.event(number)
        if event.kind == "W" and thread:
            writes.setdefault(event.place, []).append(number)
    for cell, numbers in sorted(writes.items()):
        earlier = {one: sum(graph.co.has(each, one) for each in numbers) for one in numbers}
        yield cell, [names[each] for each in sorted(numbers, key=earlier.__getitem__)]
