"""Whether the execution in a file is one of its program, and one that the memory model allows.

The threads are run with the values that the file has; who reads from whom is held against what was
stored; rf, co and dependencies make a graph anew, of which the model is asked as sets of pairs
(`models.py`); windows are asked along the order of instants that the file has; and the label has to
follow.

Bound    dependencies are taken from the file. The graph is asked once more with all that code could
         have: where the model forbids that, it is said that the violation rests on what the file
         says. A thread that goes on for ever without a store is watched for ROUNDS steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from racer.executions.record import RecordedStep
from racer.graph_witnesses.models import INITIAL, KNOWN, MODELS, Execution, Happening, incoherent
from racer.graph_witnesses.pairs import Pairs, often, pairs
from racer.graph_witnesses.refuted import NotKnown, Refuted
from racer.graph_witnesses.running import START, Played, Playing, final_memory
from racer.graph_witnesses.saved import SavedExecution
from racer.lang.endings import ended, outcome_of
from racer.lang.final import unmet
from racer.lang.operations import CellOperation
from racer.lang.outcomes import DEADLOCK, LIVELOCK
from racer.lang.pending import AboutTo, Closing, Pending, Returned, Violated
from racer.lang.program import Program
from racer.lang.values import describe, value_key
from racer.lang.watches import Observation

ROUNDS: Final = 1000


@dataclass(frozen=True, slots=True)
class Checked:
    """What holds of an execution that is as its file says.

    events  how many it has
    rests_on_dependencies  whether the model would forbid it if the threads had all dependencies
                           that code could have
    """

    events: int
    rests_on_dependencies: bool


def check(saved: SavedExecution, program: Program) -> Checked:
    """Check an execution. Errors: Refuted, saying what is wrong; NotKnown; ModelError."""
    if saved.memory not in MODELS:
        raise NotKnown(f"nothing is known here of the memory model {saved.memory!r}")
    initial = {name: describe(value) for name, value in sorted(program.memory.initial.items())}
    if saved.initial != initial:
        raise Refuted("its cells, or what they hold at the start, are others than the program's")
    steps = _steps_by_name(saved)
    for step in steps.values():
        for event in step.events:
            if event.mark not in KNOWN:
                raise NotKnown(f"step {step.name} has an event marked {event.mark!r}")
    playing = Playing(program, saved.threads, saved.memory)
    playing.play()
    graph = _Graph(saved, steps)
    execution = graph.execution()
    _check_stores(saved, steps, playing)
    why = incoherent(execution)
    if why:
        raise Refuted(f"no memory model allows it: {why}")
    model = MODELS[saved.memory]
    answer = model(execution)
    if answer.why:
        raise Refuted(f"{saved.memory} does not allow it: {answer.why}")
    if any(each.windows for each in playing.threads):
        whole = (
            answer.order
            | execution.com
            | execution.rmw
            | pairs((other, one) for one, other in execution.rmw)
        )
        own = execution.internal(execution.rf)  # a load may see its own thread's store early
        _check_windows(saved, program, playing, graph, often(whole - (own - answer.order)))
    _check_label(saved, program, playing)
    for each in playing.threads:
        each.run.close()
    return Checked(len(execution.events), bool(model(graph.with_all_dependencies()).why))


def execution_of(saved: SavedExecution) -> Execution:
    """The graph that a file has, whether it is one of a program or not. Errors: Refuted."""
    return _Graph(saved, _steps_by_name(saved)).execution()


def _steps_by_name(saved: SavedExecution) -> dict[str, RecordedStep]:
    found: dict[str, RecordedStep] = {}
    for thread in saved.threads:
        for step in thread.steps:
            if step.name in found:
                raise Refuted(f"two steps have the name {step.name}")
            found[step.name] = step
    return found


def _check_stores(
    saved: SavedExecution, steps: Mapping[str, RecordedStep], playing: Playing
) -> None:
    """Each store is in the order of its cell, once; each load has the value of its source."""
    for name in playing.stored:
        cell = next(each.cell for each in steps[name].events if each.kind == "W")
        if saved.stores.get(cell, []).count(name) != 1:
            raise Refuted(f"step {name} is not once in the order of stores to {cell}")
    listed = [name for names in saved.stores.values() for name in names]
    if sorted(listed) != sorted(playing.stored):
        raise Refuted("the order of stores has steps that store nothing there")
    for name, value in playing.loaded.items():
        source = steps[name].source
        if source != START and value_key(playing.stored[source]) != value_key(value):
            raise Refuted(f"step {name} does not load what {source} stores")


class _Graph:
    """The graph of an execution file: events by number, the initial writes first."""

    def __init__(self, saved: SavedExecution, steps: Mapping[str, RecordedStep]) -> None:
        self._saved = saved
        self._steps = steps
        self.events = [Happening(INITIAL, "W", cell, "initial") for cell in saved.initial]
        self._initial = {cell: number for number, cell in enumerate(saved.initial)}
        self.numbers: dict[tuple[str, str], int] = {}  # of each step's read, and of its write
        self._all_of: dict[str, list[int]] = {}
        for at, thread in enumerate(saved.threads):
            for step in thread.steps:
                for event in step.events:
                    number = len(self.events)
                    self.events.append(Happening(at, event.kind, event.cell, event.mark))
                    self._all_of.setdefault(step.name, []).append(number)
                    self.numbers[step.name, event.kind] = number

    def _write(self, name: str, cell: str) -> int:
        """The write of a step to a cell. Errors: Refuted where there is none."""
        if name == START:
            return self._initial[cell]
        number = self.numbers.get((name, "W"))
        if number is None or self.events[number].cell != cell:
            raise Refuted(f"{name} does not store to {cell}, and is said to")
        return number

    def execution(self) -> Execution:
        numbers = self.numbers
        rf, rmw = set[tuple[int, int]](), set[tuple[int, int]]()
        for name, step in self._steps.items():
            read, write = numbers.get((name, "R")), numbers.get((name, "W"))
            if read is not None:
                rf.add((self._write(step.source, self.events[read].cell), read))
                if write is not None:
                    rmw.add((read, write))
        return Execution(
            self.events,
            pairs(rf),
            pairs(self._order_of_stores()),
            pairs(rmw),
            *(pairs(self._dependencies(kind)) for kind in ("addr", "data", "ctrl")),
        )

    def _order_of_stores(self) -> Iterator[tuple[int, int]]:
        for cell, names in self._saved.stores.items():
            if cell not in self._initial:
                raise Refuted(f"there is no cell {cell}")
            order = [self._initial[cell], *(self._write(name, cell) for name in names)]
            for at, one in enumerate(order):
                yield from ((one, other) for other in order[at + 1 :])

    def _dependencies(self, kind: str) -> Iterator[tuple[int, int]]:
        for name, step in self._steps.items():
            for number, event in zip(self._all_of.get(name, []), step.events, strict=True):
                for on in getattr(event, kind):
                    read = self.numbers.get((on, "R"))
                    if read is None or read >= number or not self._are_one_threads(read, number):
                        raise Refuted(f"step {name} cannot depend on {on}, and is said to")
                    yield read, number

    def _are_one_threads(self, one: int, other: int) -> bool:
        return self.events[one].thread == self.events[other].thread

    def with_all_dependencies(self) -> Execution:
        """The same, where all depends on every load before it."""
        execution = self.execution()
        loads = {number for number, each in enumerate(self.events) if each.kind == "R"}
        every = pairs((one, other) for one, other in execution.po if one in loads)
        return replace(execution, addr=every, data=every, ctrl=every)

    def of_step(self, name: str) -> list[int]:
        """The accesses of a step."""
        kinds = ("R", "W")
        return [self.numbers[name, kind] for kind in kinds if (name, kind) in self.numbers]


def _check_windows(
    saved: SavedExecution, program: Program, playing: Playing, graph: _Graph, order: Pairs
) -> None:
    """Go through the instants: they keep to the order, and each window sees what it is said to."""
    windows = [window for thread in playing.threads for window in thread.windows]
    watched = {cell for window in windows for cell in window.watch.cells}
    needed = {step for window in windows for step in window.steps}
    needed |= {name for cell in watched for name in saved.stores.get(cell, [])}
    listed = [name for instant in saved.instants for name in instant]
    if sorted(listed) != sorted(set(listed)) or not needed <= set(listed):
        raise Refuted("its instants lack a step that matters to a window, or have one twice")
    position = {name: at for at, instant in enumerate(saved.instants) for name in instant}
    for one, at in position.items():
        for other, its in position.items():
            if at > its and _is_before(graph, order, one, other):
                raise Refuted(f"its instants have {other} before {one}, and the model has not")
    place = {name: at for names in saved.stores.values() for at, name in enumerate(names)}
    states = [dict(program.memory.initial)]
    for instant in saved.instants:
        state = dict(states[-1])
        for name in sorted(instant, key=lambda each: place.get(each, -1)):
            if name in playing.stored:
                state[graph.events[graph.numbers[name, "W"]].cell] = playing.stored[name]
        states.append(state)
    for window in windows:
        open_at = [position[name] for name in window.steps]
        if not open_at:
            raise Refuted(f"the window on {window.watch.name!r} accesses no cell")
        seen = states[min(open_at) : max(open_at) + 2]
        truths = [window.watch.holds(state) for state in seen]
        if Observation(any(truths), not all(truths), truths[-1]) != window.seen:
            raise Refuted(f"the window on {window.watch.name!r} sees something else")


def _is_before(graph: _Graph, order: Pairs, one: str, other: str) -> bool:
    return any((a, b) in order for a in graph.of_step(one) for b in graph.of_step(other))


def _check_label(saved: SavedExecution, program: Program, playing: Playing) -> None:
    """The label follows from what threads come to, and from what memory holds at the end."""
    memory = final_memory(program, saved.stores, playing.stored)
    resting = [(each.instance, each.run.pending) for each in playing.threads]
    labels = {pending.label for _, pending in resting if isinstance(pending, Violated)}
    turning = [_goes_round(each, memory) for each in playing.threads]
    for each, (_, pending), turns in zip(playing.threads, resting, turning, strict=True):
        if each.told.end != _end(pending, turns=turns):
            raise Refuted(
                f"thread {each.told.name} {_end(pending, turns=turns)}, and it is said of it that "
                f"it {each.told.end}"
            )
    if any(turning):
        waiting = [each for each, pending in resting if isinstance(pending, AboutTo)]
        alone = len(resting) > 1 and len(waiting) == len(resting)
        if alone or not all(each.daemon for each in waiting):
            labels.add(LIVELOCK)
    elif ended(resting):
        groups = tuple(each.instance.group for each in playing.threads)
        labels.update(unmet(program.finally_, memory, outcome_of(resting), groups))
    else:
        labels.add(DEADLOCK)
    if saved.label not in labels:
        shown = ", ".join(sorted(labels)) or "no violation"
        raise Refuted(f"it shows {shown}, and not {saved.label}")


def _end(pending: Pending, *, turns: bool) -> str:
    """What a thread has come to, in the words of the file."""
    match pending:
        case Returned(value=value):
            return "ends" if value is None else f"returns {describe(value)}"
        case Violated(label=label, effect=effect):
            return f"raises {label}" + (f" ({effect})" if effect else "")
        case AboutTo(operation=operation):
            stays = "goes round for ever at" if turns else "waits for ever at"
            return f"{stays} {operation.text()}"
        case _:
            return "fails"


def _goes_round(thread: Played, memory: Mapping[str, object]) -> bool:
    """Whether a thread that rests goes on for ever with what memory holds at the end, and does not
    merely wait. Errors: Refuted where it does neither: it takes more steps than the file has."""
    run, name = thread.run, thread.instance.name
    for _ in range(ROUNDS):
        pending = run.pending
        if isinstance(pending, Closing) or not isinstance(pending, AboutTo):
            if run.steps > len(thread.told.steps):
                raise Refuted(f"thread {name} goes on from where it is said to rest")
            return False
        operation = pending.operation
        if not isinstance(operation, CellOperation):
            raise Refuted(f"thread {name} goes on from where it is said to rest")
        found = memory[operation.cell]
        done = operation.execute(found)
        if done is None:
            if run.steps > len(thread.told.steps):
                raise Refuted(f"thread {name} goes on from where it is said to rest")
            return False
        if operation.stores_on(found):
            raise Refuted(f"thread {name} goes on from where it is said to rest")
        run.resume(done.result)
    return True
