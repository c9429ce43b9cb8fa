"""An execution as data for a reader: steps of threads, who reads from whom, and why no order of all
steps explains it.

Steps are named as in the brief of a schedule: B2 is the second step of the second thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Final

from racer.automata.automaton import ValueTable, execute
from racer.axiomatic.checking import Edge, check
from racer.axiomatic.events import NO_PAIR
from racer.axiomatic.graphs import Graph
from racer.axiomatic.models.axioms import Model
from racer.axiomatic.models.known import MODELS
from racer.errors import InternalError
from racer.executions.asking import Example
from racer.executions.barriers import Gap, barriers
from racer.executions.threads import Step, Way
from racer.executions.windows import order_of
from racer.lang.operations import CellOperation, Operation
from racer.lang.pending import AboutTo, Closing, Returned, Violated
from racer.lang.program import ThreadInstance
from racer.lang.values import describe
from racer.lang.watches import OBSERVATIONS

START: Final = "the start"  # what initial values are from


@dataclass(frozen=True, slots=True)
class ToldStep:
    """One step of a thread.

    name     "B2"
    text     the operation
    result   what it gives, as text; empty where that is nothing
    source   the step whose store it reads; "the start" for the initial value; empty where it reads
             nothing
    """

    name: str
    text: str
    result: str
    source: str


@dataclass(frozen=True, slots=True)
class ToldThread:
    """A thread: its steps in the order of its code, and what it comes to."""

    name: str
    steps: tuple[ToldStep, ...]
    end: str


@dataclass(frozen=True, slots=True)
class ToldEdge:
    """That one step is before another. `why`: "po", the order of the code; "rf", the second reads
    what the first stored; "co", it stores to the same cell later; "fr", it overwrites what the
    first has read. `missing`: the code has it so, and the model does not keep it."""

    before: str
    after: str
    why: str
    missing: bool = False


@dataclass(frozen=True, slots=True)
class ToldPassing:
    """What an edge that is missing comes to: `later` came before `earlier`, as `now` says in a
    clause.

    Where it is a load, what it read of `cell` is from `source`, and older than what `way` begins
    with: steps each of which is before the next, up to the earlier one. Else these are empty.
    """

    later: str
    earlier: str
    now: str
    cell: str = ""
    source: str = ""
    way: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ToldBarrier:
    """A barrier that the execution lacks: of that kind, between two steps of a thread. `now` is
    what happens without it, as a clause."""

    kind: str
    after: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class ToldExecution:
    """An execution that shows a violation, or an outcome.

    threads   in the order of their names
    stores    of each cell that is stored to more than once, the steps that do, in that order
    circle    why it is no interleaving: steps each of which would have to be before the next, and
              the last before the first; empty where one order of all steps explains it
    barriers  the fewest barriers in that circle with which the model forbids this execution; empty
              where there is no circle, or none would do
    passings  of each edge that the circle is missing, what came before what
    edges     rf, and of co and fr those between neighbours, of steps that are different ones
    is_interleaving  whether one order of all steps explains it, with what its windows saw
    """

    threads: tuple[ToldThread, ...]
    stores: tuple[tuple[str, tuple[str, ...]], ...]
    circle: tuple[ToldEdge, ...]
    barriers: tuple[ToldBarrier, ...]
    is_interleaving: bool
    passings: tuple[ToldPassing, ...] = ()
    edges: tuple[ToldEdge, ...] = ()


def told_execution(
    example: Example,
    model: Model,
    instances: Sequence[ThreadInstance],
    tables: Mapping[str, ValueTable],
) -> ToldExecution:
    """An execution that the model allows, as data for a reader."""
    return _Telling(example, model, instances, tables).told()


class _Telling:
    def __init__(
        self,
        example: Example,
        model: Model,
        instances: Sequence[ThreadInstance],
        tables: Mapping[str, ValueTable],
    ) -> None:
        self._example = example
        self._model = model
        self._graph: Graph = example.execution.graph
        self._instances = instances
        self._tables = tables
        self._order = order_of(model, self._graph)
        self._names: dict[int, str] = {}  # of the step of each event, by its number
        layout = self._graph.skeleton.layout
        for thread, way in enumerate(example.ways):
            names = step_names(thread, way)
            for at, (step, name) in enumerate(zip(way.steps, names, strict=True)):
                end = following(way, at)
                for event in range(step.first, end):
                    self._names[layout.first[thread] + event] = name

    def told(self) -> ToldExecution:
        threads = tuple(
            ToldThread(instance.name, tuple(self._steps(thread, way)), _end(way))
            for thread, (instance, way) in enumerate(
                zip(self._instances, self._example.ways, strict=True)
            )
        )
        cycle = self._cycle()
        circle = tuple(self._edge(each, missing=self._is_missing(each)) for each in cycle)
        return ToldExecution(
            threads,
            tuple(self._stores()),
            circle,
            tuple(self._barriers(cycle)),
            self._example.is_interleaving,
            tuple(self._passings(cycle)),
            tuple(self._edges()),
        )

    def _steps(self, thread: int, way: Way) -> Iterator[ToldStep]:
        run = self._instances[thread].start()
        first = self._graph.skeleton.layout.first[thread]
        for step, name in zip(way.steps, step_names(thread, way), strict=True):
            pending = run.pending
            if isinstance(pending, Closing):
                run.resume(OBSERVATIONS[step.answer])
                continue
            if not isinstance(pending, AboutTo):
                raise InternalError("a thread takes fewer steps than in its execution")
            operation = pending.operation
            source = "" if step.read == NO_PAIR else self._source(first + step.read)
            result = self._result(operation, step)
            yield ToldStep(name, operation.text(), result, source)
            if isinstance(operation, CellOperation):
                done = execute(operation, step.answer, self._tables[operation.cell])
                assert done is not None, "a step that was taken does not block"
                if done.error is not None:
                    run.fail(done.error)
                else:
                    run.resume(done.result)
            else:
                run.resume(operation.facts.options[step.answer])
        run.close()

    def _result(self, operation: Operation, step: Step) -> str:
        if operation.facts.gives == "nothing":
            return ""
        if not isinstance(operation, CellOperation):
            return describe(operation.facts.options[step.answer])
        done = execute(operation, step.answer, self._tables[operation.cell])
        return "" if done is None else describe(done.result)

    def _source(self, read: int) -> str:
        """The step that stored what an event reads."""
        sources = [each for each in self._example.numbers if self._graph.rf.has(each, read)]
        return self._names.get(sources[0], START)

    def _stores(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        writes: dict[str, list[int]] = {}
        for number in self._example.numbers:
            thread, _, event = self._graph.event(number)
            if event.kind == "W" and thread:
                writes.setdefault(event.place, []).append(number)
        for cell, numbers in sorted(writes.items()):
            if len(numbers) > 1:
                co = self._graph.co
                earlier = {one: sum(co.has(each, one) for each in numbers) for one in numbers}
                ordered = sorted(numbers, key=earlier.__getitem__)
                yield cell, tuple(self._names[each] for each in ordered)

    def _cycle(self) -> Sequence[Edge]:
        violation = check(MODELS["sc"], self._graph)
        return () if violation is None else _from_one_thread(violation.cycle)

    def _edge(self, edge: Edge, *, missing: bool = False) -> ToldEdge:
        return ToldEdge(self._named(edge.before), self._named(edge.after), edge.name, missing)

    def _is_missing(self, edge: Edge) -> bool:
        return edge.name == "po" and not self._order.has(edge.before, edge.after)

    def _edges(self) -> Iterator[ToldEdge]:
        """Who reads from whom, and neighbours in co and fr; nothing of initial values."""
        graph, numbers = self._graph, self._example.numbers
        for name, relation in (("rf", graph.rf), ("co", graph.co), ("fr", graph.fr)):
            found = dict[tuple[str, str], None]()
            for before in numbers:
                goals = [each for each in numbers if relation.has(before, each)]
                near = [
                    each
                    for each in goals
                    if name == "rf" or not any(graph.co.has(other, each) for other in goals)
                ]
                found |= {(self._named(before), self._named(each)): None for each in near}
            for one, other in found:
                if one != other and one != START:
                    yield ToldEdge(one, other, name)

    def _passings(self, cycle: Sequence[Edge]) -> Iterator[ToldPassing]:
        for at, edge in enumerate(cycle):
            if not self._is_missing(edge):
                continue
            names = self._named(edge.after), self._named(edge.before)
            now = self._passed(Gap(edge.before, edge.after))
            following = cycle[(at + 1) % len(cycle)]
            if following.name != "fr":
                yield ToldPassing(*names, now)
                continue
            source = self._source(edge.after)
            _, _, event = self._graph.event(edge.after)
            others = [*cycle[at + 1 :], *cycle[:at]]
            way = tuple(dict.fromkeys(self._named(each.after) for each in others))
            yield ToldPassing(*names, now, event.place, source, way)

    def _barriers(self, cycle: Sequence[Edge]) -> Iterator[ToldBarrier]:
        gaps = [Gap(edge.before, edge.after) for edge in cycle if edge.name == "po"]
        for kind, gap in barriers(self._model, self._graph, gaps):
            first, second = self._named(gap.first), self._named(gap.second)
            yield ToldBarrier(kind, first, second, self._passed(gap))

    def _passed(self, gap: Gap) -> str:
        """What happens where the second access is not kept after the first; where it is, others
        see it otherwise."""
        names = [self._named(each) for each in gap]
        if self._order.has(*gap):
            return f"what {names[0]} saw need not be seen by all when {names[1]} is done"
        kinds = [self._graph.event(each)[2].kind for each in gap]
        later = "takes its value" if kinds[1] == "R" else "is seen by others"
        earlier = "has taken its own" if kinds[0] == "R" else "is"
        if kinds[0] != kinds[1]:
            earlier = "has taken its value" if kinds[0] == "R" else "is seen by others"
        return f"{names[1]} {later} before {names[0]} {earlier}"

    def _named(self, event: int) -> str:
        return self._names.get(event, START)


def _from_one_thread(cycle: Sequence[Edge]) -> Sequence[Edge]:
    """The cycle, from the first of its events on."""
    first = min(range(len(cycle)), key=lambda at: cycle[at].before)
    return [*cycle[first:], *cycle[:first]]


def following(way: Way, at: int) -> int:
    """The number of the first event after those of a step."""
    return way.steps[at + 1].first if at + 1 < len(way.steps) else len(way.events)


def step_names(thread: int, way: Way) -> list[str]:
    """The names of its steps; of what closes a window, that of the step before."""
    found, number = list[str](), 0
    for step in way.steps:
        number += not step.closes
        found.append(f"{_letter(thread)}{number}")
    return found


def _letter(thread: int) -> str:
    return ascii_uppercase[thread] if thread < len(ascii_uppercase) else f"T{thread + 1}."


def _end(way: Way) -> str:
    match way.end:
        case Returned(value=value):
            return "ends" if value is None else f"returns {describe(value)}"
        case Violated(label=label, effect=effect):
            return f"raises {label}" + (f" ({effect})" if effect else "")
        case AboutTo(operation=operation):
            stays = "goes round for ever at" if way.turns else "waits for ever at"
            return f"{stays} {operation.text()}"
        case _:
            return "fails"
