"""Naive enumeration: every interleaving of a small program, one execution after the other.

The oracle the engine is held against. It merges no states, skips no schedule and remembers
nothing between executions: for each maximal schedule it runs the real coroutines from their
start. What it knows is the contract (DESIGN.md sections 2 and 3), nothing about the engine.

Bound    as many executions as the program has interleavings: small programs only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from racer.lang.cells import Lock
from racer.lang.checkpoints import Checkpoint
from racer.lang.operations import (
    Acquire,
    CellOperation,
    Choose,
    CompareExchange,
    Fence,
    FetchAdd,
    Load,
    Operation,
    Release,
    Store,
    Swap,
    TryAcquire,
    Update,
    UpdateWhen,
    WaitUntil,
)
from racer.lang.outcomes import Blocked, Idle, OutcomeKey, OutcomeValue, Violation
from racer.lang.pending import AboutTo, Closing, Returned, Violated
from racer.lang.pools import Access, Record
from racer.lang.program import Program
from racer.lang.watches import Observation, State, WaitFor, Watch, evaluate
from tests.oracles import linearizing, waiting
from tests.oracles.waiting import as_it_is

OPERATIONS = {
    **waiting.OPERATIONS,
    **linearizing.OPERATIONS,
    "has to wait": lambda does, value: (value, blocks(does.inner, {does.inner.cell: value})),
}
Step = tuple[int, int]  # the thread's position in Program.instances(), the chosen option
# Preemptions; threads with a step before the violation, steps before it; switches, steps, schedule:
# smaller is better.
Cost = tuple[int, int, int, int, int, tuple[Step, ...]]


class TooMany(Exception):
    """The program is too large to enumerate: give the oracle a smaller one."""


@dataclass(frozen=True)
class Naive:
    """What all interleavings of a program come to.

    `violations` counts, by label, the interleavings that show it. `witness` is the smallest
    Cost among those, `outcome_witness` the smallest among those that end in an outcome.
    `ended` says whether, at the end of some, no thread was left that is no daemon.
    `cut` holds the labels seen in executions that were given up after `longest` steps; these
    are no interleavings and count nowhere else. It is None when there were no such executions.
    """

    interleavings: int
    outcomes: dict[OutcomeKey, int]
    violations: dict[str, int]
    reached: frozenset[str]
    witness: dict[str, Cost]
    outcome_witness: dict[OutcomeKey, Cost]
    cut: frozenset[str] | None
    ended: bool


def enumerate_program(
    program: Program, limit: int = 200_000, *, longest: int | None = None
) -> Naive:
    """Run every interleaving of `program`.

    `longest` gives up executions after that many steps (for loops without a bound); without
    it, they are an error.
    Errors   TooMany past `limit` executions, or when one has more than 1,000 steps.
    """
    outcomes: Counter[str] = Counter()  # by text: 1, True and 1.0 are three outcomes
    keys: dict[str, OutcomeKey] = {}
    violations: Counter[str] = Counter()
    witness: dict[str, Cost] = {}
    outcome_witness: dict[OutcomeKey, Cost] = {}
    reached: set[str] = set()
    cut: set[str] | None = None
    ended = False
    path: list[tuple[list[Step], int]] = []  # at each state: its moves, and which was taken
    for _ in range(limit):
        execution = Execution(program)
        for moves, taken in path:
            execution.take(moves[taken])
        while (moves := execution.moves()) and len(path) != longest:
            if len(path) >= 1_000:
                raise TooMany("an execution has more than 1,000 steps: does a thread loop forever?")
            path.append((moves, 0))
            execution.take(moves[0])
        if moves:
            cut = (cut or set()) | execution.labels
        else:
            outcome, labels, cost = execution.finish()
            ended |= execution.has_ended()
            outcomes[repr(outcome)] += 1
            keys[repr(outcome)] = outcome
            outcome_witness[outcome] = min(cost, outcome_witness.get(outcome, cost))
            for label in labels:
                violations[label] += 1
                before = execution.first[label]
                cost = cost_of(execution.schedule, execution.preemptions, before)
                witness[label] = min(cost, witness.get(label, cost))
        reached |= execution.reached
        execution.close()
        while path and path[-1][1] + 1 == len(path[-1][0]):
            path.pop()
        if not path:
            return Naive(
                interleavings=outcomes.total(),
                outcomes={keys[text]: count for text, count in outcomes.items()},
                violations=dict(violations),
                reached=frozenset(reached),
                witness=witness,
                outcome_witness=outcome_witness,
                cut=None if cut is None else frozenset(cut),
                ended=ended,
            )
        moves, taken = path.pop()
        path.append((moves, taken + 1))
    raise TooMany(f"more than {limit:,} executions; the last began with {path[:5]}.")


def cost_of(schedule: Sequence[Step], preemptions: int, before: int | None = None) -> Cost:
    """What a schedule costs, so many steps of which come `before` the violation (None: all)."""
    before = len(schedule) if before is None else before
    threads = {thread for thread, _ in schedule[:before]}
    switches = sum(schedule[i][0] != schedule[i - 1][0] for i in range(1, len(schedule)))
    return preemptions, len(threads), before, switches, len(schedule), tuple(schedule)


def blocks(operation: Operation, values: Mapping[str, object]) -> bool:
    """Whether the operation cannot happen in that state."""
    match operation:
        case WaitUntil(cell=cell, predicate=predicate) | UpdateWhen(cell=cell, predicate=predicate):
            try:
                return not predicate(values[cell])
            except Exception:  # it happens: the thread gets the exception
                return False
        case Acquire(cell=lock):
            return bool(values[lock])
        case WaitFor(watch=watch):
            return not watch.holds(values)
        case Access(cell=cell, field=field, inner=inner):
            found = values[cell]
            assert isinstance(found, Record)
            return found.status == "live" and blocks(inner, {inner.cell: found[field]})
        case CellOperation(verb=verb, cell=cell) if verb in OPERATIONS:
            try:
                return OPERATIONS[verb](operation, values[cell]) is None
            except Exception:
                return False
        case _:
            return False


def _counted(change: int, least: int, gives: Callable[[int], object]) -> Callable[[Any], Any]:
    def count(before: int) -> tuple[int, object]:
        if before == 0:
            raise Violation("use after free")
        if before < least:
            raise Violation("leak")
        return before + change, gives(before)

    return count


# Of reference counts, by name: what is left of a count, and what is given for it.
_COUNTS: Mapping[str, Callable[[Any], tuple[object, object]]] = {
    "inc": _counted(1, 1, lambda before: before),
    "inc_not_zero": lambda before: (before + 1, True) if before else (0, False),
    "dec": _counted(-1, 2, lambda before: before),
    "dec_and_test": _counted(-1, 1, lambda before: before == 1),
}


def performed(
    operation: Operation, values: Mapping[str, object], choice: int
) -> tuple[dict[str, object], object]:
    """What its cell holds after the operation, if it has one, and what it gives to its thread."""
    if isinstance(operation, Choose | Checkpoint):
        return {}, operation.options[choice]
    if isinstance(operation, Fence | WaitFor):
        return {}, None
    before = values[operation.cell]
    after, result = before, before  # a Load, a WaitUntil that need not wait
    if isinstance(operation, WaitUntil | UpdateWhen):
        operation.predicate(before)  # which may fail
    match operation:
        case Store(value=value):
            after, result = value, None
        case Swap(value=value):
            after = value
        case CompareExchange(old=old, new=new) if before == old:
            after = new
        case FetchAdd(addend=addend):
            after = before + addend  # type: ignore[operator]
        case Update(function=function) | UpdateWhen(function=function):
            after = function(before)
        case TryAcquire():
            after, result = True, not before
        case Acquire():
            after, result = True, None
        case Access(field=field, inner=inner):
            assert isinstance(before, Record)
            if before.status != "live":
                raise Violation("use after free", f"{inner.access_text()} of a freed object")
            left, result = performed(inner, {inner.cell: before[field]}, 0)
            after = before.with_value(field, left[inner.cell])
        case CellOperation(verb=verb) if verb in OPERATIONS:
            done = OPERATIONS[verb](operation, before)
            assert done is not None, "only what does not block is performed"
            after, result = done
        case Operation(verb=verb) if verb in _COUNTS:
            after, result = _COUNTS[verb](before)
        case Release():
            after, result = False, None
        case _:
            assert isinstance(operation, Load | WaitUntil | CompareExchange)
    return {operation.cell: after}, result


class Execution:
    """The threads of a program run by hand along one schedule.

    `values` is the state; `labels` and `reached` gather what its states and threads showed so
    far. `seen[t]` maps the slot of each window that thread t has open to its watch and the
    watch's truth in every state since it opened.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.instances = program.instances()
        self.values = {name: as_it_is(value) for name, value in program.memory.initial.items()}
        self.labels: set[str] = set()
        self.first: dict[str, int] = {}  # by label: after so many steps it was first seen
        self.reached: set[str] = set()
        self.schedule: list[Step] = []
        self.preemptions = 0
        self.turn: int | None = None  # whose it is in an event loop, until it yields or ends
        # Of a loop that is first in, first out: who is ready, and who waits, each in their order.
        self.line: list[int] = []
        self.asleep: list[int] = []
        # By thread: the locks that it holds and that are atomic regions. It knows no atomic().
        self.holds: list[set[str]] = [set() for _ in self.instances]
        self.seen: list[dict[int, tuple[Watch, list[bool]]]] = [{} for _ in self.instances]
        self.runs = [instance.start() for instance in self.instances]
        for group in program.threads:
            self.line += [at for at, each in enumerate(self.instances) if each.group == group]
        for thread in range(len(self.runs)):
            self._note_end(thread)
        self._examine_state()

    def enabled(self, thread: int) -> bool:
        """The thread has not ended, and its operation does not block in this state."""
        pending = self.runs[thread].pending
        return isinstance(pending, AboutTo) and not blocks(pending.operation, self.values)

    def moves(self) -> list[Step]:
        """What can happen next: one move for each enabled thread, or for each of its options."""
        found = []
        undisturbed = self.turn if self.turn is not None and self.enabled(self.turn) else None
        if self.program.event_loop == "fifo" and undisturbed is None:
            undisturbed = next((each for each in self.line if self.enabled(each)), -1)
        for thread, run in enumerate(self.runs):
            if self.enabled(thread) and undisturbed in (None, thread):
                assert isinstance(run.pending, AboutTo)
                operation = run.pending.operation
                chooses = isinstance(operation, Choose | Checkpoint)
                options = len(operation.options) if chooses else 1
                found += [(thread, choice) for choice in range(options)]
        return found

    def take(self, step: Step) -> None:
        """One step: its windows open, the operation happens, all windows see, others close."""
        thread, choice = step
        if self.schedule and self.schedule[-1][0] != thread:
            last = self.schedule[-1][0]
            could = last in {each for each, _ in self.moves()}
            self.preemptions += could and not self.holds[last]
        self.schedule.append(step)
        run, windows = self.runs[thread], self.seen[thread]
        assert isinstance(run.pending, AboutTo)
        for window in run.pending.opens:
            windows[window.slot] = (window.watch, [window.watch.holds(self.values)])
        error: Exception | None = None
        try:
            result = self._perform(run.pending.operation, choice)
        except Exception as raised:  # a step that changes nothing
            error = raised
        if error is None:
            self._note_lock(thread, run.pending.operation, result)
        for opened in self.seen:
            for watch, truths in opened.values():
                truths.append(watch.holds(self.values))
        if error is None:
            run.resume(result)
        else:
            run.fail(error)
        while isinstance(run.pending, Closing):
            _, truths = windows.pop(run.pending.slot)
            run.resume(Observation(any(truths), not all(truths), truths[-1]))
        if self.program.event_loop:
            undisturbed = isinstance(run.pending, AboutTo)
            if isinstance(run.pending, AboutTo):
                undisturbed = not isinstance(run.pending.operation, Checkpoint)
            self.turn = thread if undisturbed else None
        if self.program.event_loop == "fifo":
            self._line_up(thread)
        self._note_end(thread)
        self._examine_state()

    def _line_up(self, moved: int) -> None:
        """Who moved was the first of the line that could: those before it had come in vain."""
        if moved in self.line:
            at = self.line.index(moved)
            self.asleep += self.line[:at]
            self.line = self.line[at + 1 :]
        woken = [each for each in self.asleep if self.enabled(each)]
        self.asleep = [each for each in self.asleep if each not in woken]
        self.line += woken
        if not isinstance(self.runs[moved].pending, AboutTo):
            return
        if self.turn is None:
            self.line.append(moved)
        elif not self.enabled(moved):
            self.asleep.append(moved)
            self.turn = None

    def _note_lock(self, thread: int, operation: Operation, result: object) -> None:
        taken = isinstance(operation, Acquire) or (isinstance(operation, TryAcquire) and result)
        if taken or isinstance(operation, Release):
            assert isinstance(operation, Acquire | TryAcquire | Release)
            lock = self.program.memory.handles[operation.cell]
            if not taken:
                self.holds[thread].discard(operation.cell)
            elif isinstance(lock, Lock) and lock.atomic:
                self.holds[thread].add(operation.cell)

    def finish(self) -> tuple[OutcomeKey, set[str], Cost]:
        """The outcome of a maximal schedule, the labels it shows, and what it costs in all."""
        outcome: list[tuple[str, OutcomeValue]] = []
        for instance, run in zip(self.instances, self.runs, strict=True):
            match run.pending:
                case Returned(value=value):
                    outcome.append((instance.name, value))
                case Violated(label=label, effect=effect):
                    outcome.append((instance.name, Violation(label, effect)))
                case AboutTo(operation=operation) if instance.daemon and not self.nobody_comes():
                    outcome.append((instance.name, Idle(operation.text())))
                case AboutTo(operation=operation):
                    outcome.append((instance.name, Blocked(operation.text())))
                    self.labels.add("deadlock")
                case other:
                    raise AssertionError(f"thread {instance.name} neither waits nor ended: {other}")
        if self.has_ended():
            self.labels |= self._unmet(outcome)
        self._note_labels()
        return OutcomeKey(outcome), self.labels, cost_of(self.schedule, self.preemptions)

    def has_ended(self) -> bool:
        """Whether no thread is left that is no daemon, and somebody has come to an end."""
        return not self.nobody_comes() and not any(
            isinstance(run.pending, AboutTo) and not instance.daemon
            for instance, run in zip(self.instances, self.runs, strict=True)
        )

    def nobody_comes(self) -> bool:
        """Whether all threads are daemons, more than one, and each is still there."""
        daemons = len(self.runs) > 1 and all(instance.daemon for instance in self.instances)
        return daemons and all(isinstance(run.pending, AboutTo) for run in self.runs)

    def _unmet(self, outcome: list[tuple[str, OutcomeValue]]) -> set[str]:
        """The predicates of ends that are false here. Copies are asked about together."""
        came: dict[str, Any] = {}
        for instance, (_, value) in zip(self.instances, outcome, strict=True):
            if instance.thread.copies == 1:
                came[instance.group] = value
            else:
                came[instance.group] = (*came.get(instance.group, ()), value)
        for instance in self.instances:
            if instance.thread.copies > 1:
                came[instance.group] = tuple(sorted(came[instance.group], key=repr))
        predicates: dict[str, Any] = dict(self.program.finally_)
        state = State(self.values, None, "finally")
        return {name for name, holds in predicates.items() if not holds(state, came)}

    def close(self) -> None:
        for run in self.runs:
            run.close()

    def _perform(self, operation: Operation, choice: int) -> object:
        """Change the state as the operation does; what it gives to its thread."""
        after, result = performed(operation, self.values, choice)
        self.values.update(after)
        return result

    def _note_end(self, thread: int) -> None:
        pending = self.runs[thread].pending
        if isinstance(pending, Violated):
            self.labels.add(pending.label)
        elif not isinstance(pending, AboutTo | Returned):
            raise AssertionError(f"thread {self.instances[thread].name} is broken: {pending}")

    def _examine_state(self) -> None:
        for name, predicate in self.program.invariants.items():
            if not evaluate(name, predicate, self.values):
                self.labels.add(name)
        for name, predicate in self.program.sometimes.items():
            if evaluate(name, predicate, self.values):
                self.reached.add(name)
        self._note_labels()

    def _note_labels(self) -> None:
        for label in self.labels:
            self.first.setdefault(label, len(self.schedule))
