"""The deterministic scheduler: real coroutines as trio tasks, one step at a time.

This is the reference semantics. It knows nothing of automata, packed states or reductions: it
keeps the cells in a dict, runs each thread's coroutine in a task of its own, and lets exactly
one of them take a step whenever the schedule says so. Each task waits on its own memory channel
for its turn and hands the step's event back on another, so trio's own scheduling decides nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import trio

from racer.errors import InternalError, ModelError
from racer.events import (
    Blocked,
    ClosedWindow,
    Ending,
    Event,
    Move,
    OutcomeKey,
    OutcomeValue,
    Schedule,
    Trace,
)
from racer.operations import Choose, Fence, Operation, describe_operation, effect
from racer.program import Program, ThreadInstance
from racer.steps import AboutTo, Closing, Pending, Raised, Returned, ThreadRun, Violated, Violation
from racer.values import require_hashable
from racer.watches import Observation, Watch, evaluate, inconsistent, said

Refuse = Callable[[int, Move, str], Exception]


@dataclass(slots=True)
class _Open:
    """A window that is open: what it has seen of its watch so far."""

    watch: Watch
    opened_at: int
    seen: list[bool]

    def observation(self) -> Observation:
        return Observation(any(self.seen), not all(self.seen), self.seen[-1])


@dataclass(slots=True)
class _Task:
    """One thread: its run, its open windows, and the channel that gives it its turn."""

    instance: ThreadInstance
    run: ThreadRun
    turn: trio.MemorySendChannel[Move]
    windows: dict[int, _Open] = field(default_factory=dict)


class Scheduler:
    """The shared memory, the tasks, and the step that one task takes when it is its turn."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.values: dict[str, object] = dict(program.memory.initial)
        self.tasks: dict[str, _Task] = {}
        self.events: list[Event] = []
        self.initial_shown = self._shown()
        self.initial_broken = self._broken()

    async def run(self, schedule: Schedule, refuse: Refuse) -> Trace:
        """Follow `schedule`; `refuse(index, move, why)` makes the error for an impossible move."""
        initial, truths = dict(self.values), self._truths()
        labels = set(self.initial_broken)
        self._require_consistency()
        done_send, done = trio.open_memory_channel[Event](0)
        async with trio.open_nursery() as nursery:
            for instance in self.program.instances():
                send, turn = trio.open_memory_channel[Move](0)
                self.tasks[instance.name] = _Task(instance, instance.start(), send)
                nursery.start_soon(self._task, self.tasks[instance.name], turn, done_send)
            try:
                for index, move in enumerate(schedule):
                    self._admit(index, move, refuse)
                    await self.tasks[move.thread].turn.send(move)
                    self.events.append(await done.receive())
                    labels.update(self.events[-1].broken)
                return self._trace(schedule, initial, truths, labels)
            finally:
                nursery.cancel_scope.cancel()
                for task in self.tasks.values():
                    task.run.close()

    async def _task(
        self,
        task: _Task,
        turn: trio.MemoryReceiveChannel[Move],
        done: trio.MemorySendChannel[Event],
    ) -> None:
        async for move in turn:
            await done.send(self._step(task, move))

    def enabled(self, task: _Task) -> bool:
        """Whether the thread can take a step now."""
        pending = task.run.pending
        if not isinstance(pending, AboutTo):
            return False
        operation = pending.operation
        if isinstance(operation, Fence | Choose):
            return True
        try:
            return effect(operation, self.values[operation.cell]) is not None
        except Exception:  # it can go on, into the exception
            return True

    def _admit(self, index: int, move: Move, refuse: Refuse) -> None:
        task = self.tasks.get(move.thread)
        if task is None:
            raise refuse(index, move, f"there is no thread {move.thread!r} in this program")
        pending = task.run.pending
        if not isinstance(pending, AboutTo):
            raise refuse(index, move, f"thread {move.thread} has ended")
        operation = pending.operation
        if not self.enabled(task):
            raise refuse(index, move, f"{describe_operation(operation)}, which blocks here")
        options = len(operation.options) if isinstance(operation, Choose) else 1
        if not 0 <= move.choice < options:
            raise refuse(index, move, f"{describe_operation(operation)}: no option {move.choice}")

    def _step(self, task: _Task, move: Move) -> Event:
        """Take one step of one thread, and everything that follows from it without a step."""
        pending = task.run.pending
        assert isinstance(pending, AboutTo)
        index, operation = len(self.events), pending.operation
        locations = task.run.locations()
        for window in pending.opens:
            opened = _Open(window.watch, index, [window.watch.holds(self.values)])
            task.windows[window.slot] = opened
        before = None if isinstance(operation, Fence | Choose) else self.values[operation.cell]
        result = self._execute(task, operation, move)
        after = None if isinstance(operation, Fence | Choose) else self.values[operation.cell]
        for other in self.tasks.values():
            for open_window in other.windows.values():
                open_window.seen.append(open_window.watch.holds(self.values))
        self._require_consistency()
        closed = self._close_windows(task)
        return Event(
            index=index,
            thread=move.thread,
            step=task.run.steps,
            operation=operation,
            result=result,
            before=before,
            after=after,
            locations=locations,
            opened=tuple(window.watch.name for window in pending.opens),
            closed=closed,
            truths=self._truths(),
            broken=self._broken(),
            ended=self._ending(task),
            shown=self._shown(),
        )

    def _execute(self, task: _Task, operation: Operation, move: Move) -> object:
        """Do the operation on memory and give the thread its result."""
        if isinstance(operation, Fence):
            task.run.resume(None)
            return None
        if isinstance(operation, Choose):
            task.run.resume(operation.options[move.choice])
            return operation.options[move.choice]
        try:
            done = effect(operation, self.values[operation.cell])
            assert done is not None, "only enabled operations are executed"
            require_hashable(done.after, f"the value left in {operation.cell!r}")
        except Exception as error:
            task.run.fail(error)
            return None
        self.values[operation.cell] = done.after
        task.run.resume(done.result)
        return done.result

    def _close_windows(self, task: _Task) -> tuple[ClosedWindow, ...]:
        closed = []
        while isinstance(task.run.pending, Closing):
            window = task.windows.pop(task.run.pending.slot)
            seen = window.observation()
            closed.append(ClosedWindow(window.watch.name, window.opened_at, seen))
            task.run.resume(seen)
        if not isinstance(task.run.pending, AboutTo):
            task.windows.clear()
        return tuple(closed)

    def _ending(self, task: _Task) -> Ending | None:
        match task.run.pending:
            case AboutTo():
                return None
            case Raised(text=text):
                raise ModelError(
                    f"thread {task.run.name!r} fails after its step {task.run.steps}: {text}",
                    thread=task.run.name,
                    step=task.run.steps,
                )
            case pending:
                return Ending(_value(pending))

    def _truths(self) -> dict[str, bool]:
        watches = self.program.memory.watches
        return {name: watches[name].holds(self.values) for name in sorted(watches)}

    def _shown(self) -> dict[str, str]:
        shows = self.program.shows
        return {name: said(f"shows {name!r}", shows[name], self.values) for name in sorted(shows)}

    def _require_consistency(self) -> None:
        for name, predicate in sorted(self.program.consistency.items()):
            if not evaluate(f"consistency {name!r}", predicate, self.values):
                raise inconsistent(name, self.values)

    def _broken(self) -> tuple[str, ...]:
        """The invariants that are false now."""
        invariants = self.program.invariants
        return tuple(
            name
            for name in sorted(invariants)
            if not evaluate(f"invariant {name!r}", invariants[name], self.values)
        )

    def _trace(
        self,
        schedule: Schedule,
        initial: dict[str, object],
        truths: dict[str, bool],
        labels: set[str],
    ) -> Trace:
        runs = {name: task.run for name, task in self.tasks.items()}
        maximal = not any(self.enabled(task) for task in self.tasks.values())
        labels |= {run.pending.label for run in runs.values() if isinstance(run.pending, Violated)}
        stuck = [name for name, run in runs.items() if isinstance(run.pending, AboutTo)]
        if maximal and stuck:
            labels.add("deadlock")
        outcome: OutcomeKey = tuple(
            (name, _value(run.pending))
            for name, run in runs.items()
            if maximal or name not in stuck
        )
        return Trace(
            schedule=schedule,
            initial=initial,
            initial_truths=truths,
            threads=tuple(runs),
            events=tuple(self.events),
            outcome=outcome,
            labels=tuple(sorted(labels)),
            maximal=maximal,
            final_locations={name: runs[name].locations() for name in stuck},
            initial_shown=self.initial_shown,
            initial_broken=self.initial_broken,
            locks=frozenset(self.program.memory.locks),
        )


def _value(pending: Pending) -> OutcomeValue:
    match pending:
        case Returned(value=value):
            return value
        case Violated(label=label, effect=effect):
            return Violation(label, effect)
        case AboutTo(operation=operation):
            return Blocked(describe_operation(operation))
        case Raised() | Closing():
            raise InternalError(f"a thread rests at {pending!r}")


def run_schedule(program: Program, schedule: Schedule, refuse: Refuse) -> Trace:
    """Run the program's coroutines on trio under `schedule`.

    In an operating system thread of its own, since the caller may be running trio already.
    """
    done: list[Trace | BaseException] = []

    def run() -> None:
        try:
            done.append(trio.run(Scheduler(program).run, schedule, refuse))
        except BaseException as error:
            done.append(_first(error))

    worker = threading.Thread(target=run, name="racer replay")
    worker.start()
    worker.join()
    if isinstance(done[0], BaseException):
        raise done[0]
    return done[0]


def _first(error: BaseException) -> BaseException:
    """A nursery wraps what a task or the schedule raised; there is one cause, unwrap it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
