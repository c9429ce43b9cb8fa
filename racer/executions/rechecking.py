"""An execution that shows a violation is checked once more, by code that did not find it.

The threads are run as the coroutines that they are, with the values that their reads have in the
execution: each operation, each value that is stored, and what each comes to must be as it says.
Then rf, co and atomicity are looked at as plain pairs, and the model is asked of a graph that is
made anew of these. An order of instants is gone through, and each state of a window is asked.

Shares   nothing with the enumeration or the automata; with the models, what they are made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from racer.automata.automaton import ValueTable
from racer.axiomatic.checking import allowed
from racer.axiomatic.events import NO_PAIR, Event
from racer.axiomatic.graphs import Graph, Part, Skeleton
from racer.axiomatic.models.axioms import Model
from racer.axiomatic.relations import Relation
from racer.errors import InternalError
from racer.executions.asking import Example
from racer.executions.threads import Way
from racer.executions.windows import Windows, order_of
from racer.lang.operations import CellOperation
from racer.lang.pending import AboutTo, Closing, Ended, Pending, Returned
from racer.lang.program import ThreadInstance
from racer.lang.run import Run
from racer.lang.values import value_key
from racer.lang.watches import OBSERVATIONS, Observation

_Numbered = list[tuple[int, str, Event]]  # number, thread, event


def recheck(
    example: Example,
    model: Model,
    instances: Sequence[ThreadInstance],
    tables: Mapping[str, ValueTable],
    windows: Windows,
) -> None:
    """Check an execution once more. Errors: InternalError where it is not what it is said to be."""
    for instance, way in zip(instances, example.ways, strict=True):
        _run(instance, way, tables)
    graph = example.execution.graph
    events = list(_events(example))
    rf, co = _pairs(graph.rf), _pairs(graph.co)
    _check_reads(events, rf)
    _check_writes(events, co)
    fr = {(read, later) for write, read in rf for before, later in co if before == write}
    _check_order(events, rf | co | fr)
    _check_atomicity(events, rf, co)
    layout = graph.skeleton.layout
    parts = [Part(layout, at, way) for at, way in enumerate(example.ways)]
    relations = [layout.space.relation(sorted(each)).bits for each in (rf, co, fr)]
    anew = Graph(Skeleton(layout, parts), *relations)
    if not allowed(model, anew):
        raise InternalError(f"an execution is shown that the model {model.name!r} forbids")
    if any(way.seen for way in example.ways):
        instants = windows.shown(model, anew, example.ways)
        _check_windows(example, order_of(model, anew), instants, tables)


def _check_windows(
    example: Example,
    order: Relation,
    instants: Sequence[Sequence[int]] | None,
    tables: Mapping[str, ValueTable],
) -> None:
    """Go through instants in order: each window must see what it is said to have seen."""
    if instants is None:
        raise InternalError("a window has seen what it sees in no order of instants")
    graph = example.execution.graph
    first = graph.skeleton.layout.first
    states = [dict.fromkeys(tables, 0)]
    for at, now in enumerate(instants):
        if any(
            order.has(later, one) for one in now for each in instants[at + 1 :] for later in each
        ):
            raise InternalError("instants are in an order that the model does not have")
        state = dict(states[-1])
        events = [(number, graph.event(number)[2]) for number in now]
        for number, event in events:
            later = [each for each, its in events if its.place == event.place and its.kind == "W"]
            last = not any(graph.co.has(number, each) for each in later)
            if event.kind == "W" and last and isinstance(event.value, int):
                state[event.place] = event.value
        states.append(state)
    for thread, way in enumerate(example.ways):
        for seen in way.seen:
            numbers = {first[thread] + access for access in seen.accesses}
            open_at = [at for at, now in enumerate(instants) if numbers & set(now)]
            truths = [
                seen.watch.holds({cell: tables[cell].values[state[cell]] for cell in tables})
                for state in states[open_at[0] : open_at[-1] + 2]
            ]
            told = Observation(any(truths), not all(truths), truths[-1])
            if told != OBSERVATIONS[seen.observation]:
                raise InternalError(f"the window on {seen.watch.name!r} sees something else")


def _run(instance: ThreadInstance, way: Way, tables: Mapping[str, ValueTable]) -> None:
    """Run a thread as a coroutine, with the values of the execution."""
    run = instance.start()
    for step in way.steps:
        pending = run.pending
        if isinstance(pending, Closing):
            run.resume(OBSERVATIONS[step.answer])
            continue
        if not isinstance(pending, AboutTo):
            raise InternalError(f"thread {instance.name!r} takes a step less than in the execution")
        operation = pending.operation
        if not isinstance(operation, CellOperation):
            run.resume(operation.facts.options[step.answer])
            continue
        values = tables[operation.cell].values
        read = way.events[step.read] if step.read != NO_PAIR else None
        write = way.events[step.write] if step.write != NO_PAIR else None
        named = {each.place for each in (read, write) if each is not None}
        if named != {operation.cell}:
            raise InternalError(f"thread {instance.name!r} accesses another cell than it is said")
        written = None
        if write is not None:
            assert isinstance(write.value, int), "a value is its number in a table"
            written = values[write.value]
        _give(run, operation, values[step.answer], written)
    if not _same(run.pending, way.end):
        raise InternalError(f"thread {instance.name!r} does not come to what it is said to")
    run.close()


def _give(run: Run, operation: CellOperation, found: object, written: object) -> None:
    """Execute an operation on what it finds; what it leaves must be what is said to be written."""
    try:
        done = operation.execute(found)
    except Exception as error:
        run.fail(error)
        return
    if done is None:
        raise InternalError(f"{operation.text()} goes on where it waits")
    if written is not None and value_key(done.after) != value_key(written):
        raise InternalError(f"{operation.text()} stores another value than it is said")
    run.resume(done.result)


def _same(found: Pending, expected: Pending) -> bool:
    if isinstance(found, Returned) and isinstance(expected, Returned):
        return value_key(found.value) == value_key(expected.value)
    if isinstance(found, Ended) or isinstance(expected, Ended):
        return found == expected
    if isinstance(found, AboutTo) and isinstance(expected, AboutTo):
        return found.operation.text() == expected.operation.text()
    return type(found) is type(expected)


def _events(example: Example) -> Iterator[tuple[int, str, Event]]:
    for number in example.numbers:
        thread, _, event = example.execution.graph.event(number)
        yield number, thread, event


def _pairs(relation: Relation) -> set[tuple[int, int]]:
    size = relation.space.size
    return {
        (before, after)
        for before in range(size)
        for after in range(size)
        if relation.has(before, after)
    }


def _check_reads(events: _Numbered, rf: set[tuple[int, int]]) -> None:
    """Each read has one write, of its location and its value."""
    known = {number: event for number, _, event in events}
    for number, _, event in events:
        if event.kind != "R":
            continue
        sources = [known[write] for write, read in rf if read == number]
        if len(sources) != 1 or sources[0][:3] != ("W", event.place, event.value):
            raise InternalError(f"event {number} reads what was not written")


def _check_writes(events: _Numbered, co: set[tuple[int, int]]) -> None:
    """The writes of a location are in one order, the initial one first."""
    writes = [(number, thread, event) for number, thread, event in events if event.kind == "W"]
    for one, thread, event in writes:
        for other, _, its in writes:
            if one == other:
                continue
            ordered = ((one, other) in co) + ((other, one) in co)
            if ordered != (event.place == its.place):
                raise InternalError(f"the writes {one} and {other} are in no order, or in two")
            if event.place == its.place and not thread and (other, one) in co:
                raise InternalError(f"the initial write {one} comes after {other}")


def _check_order(events: _Numbered, com: set[tuple[int, int]]) -> None:
    """To one location, accesses go one after the other: acyclic po-loc | rf | co | fr."""
    after: dict[int, set[int]] = {number: set() for number, _, _ in events}
    for before, later in com:
        after[before].add(later)
    for one, thread, event in events:
        for other, its_thread, its in events:
            if one < other and thread == its_thread and thread and event.place == its.place:
                after[one].add(other)
    left = dict(after)
    while left:
        free = [each for each, goals in left.items() if not goals & left.keys()]
        if not free:
            raise InternalError("accesses of one location go round in a circle")
        for each in free:
            del left[each]


def _check_atomicity(events: _Numbered, rf: set[tuple[int, int]], co: set[tuple[int, int]]) -> None:
    """No write comes between the two halves of a read-modify-write."""
    first: dict[str, int] = {}
    for number, thread, _ in events:
        first.setdefault(thread, number)
    for number, thread, event in events:
        if event.kind != "W" or event.pair == NO_PAIR:
            continue
        read = first[thread] + event.pair
        [source] = [write for write, its in rf if its == read]
        if any((source, each) in co and (each, number) in co for each, _, _ in events):
            raise InternalError(f"a write comes between the halves of event {number}")
