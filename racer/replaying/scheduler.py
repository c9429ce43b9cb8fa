"""The deterministic scheduler: real coroutines as trio tasks, one step at a time.

This is the reference semantics. It knows nothing of automata, packed states or reductions: it
has the cells in a Storage, runs each thread's coroutine in a task of its own, and lets exactly
one of them take a step whenever the schedule says so. Each task waits on its own memory channel
for its turn and hands the step's event back on another, so trio's own scheduling decides nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import trio

from racer.errors import Location, ModelError
from racer.lang.final import unmet
from racer.lang.operations import CellOperation, Misuse, Operation
from racer.lang.outcomes import DEADLOCK, OutcomeKey, outcome_of
from racer.lang.pending import AboutTo, Closing, Pending, Raised, Violated, Watched
from racer.lang.program import Program, ThreadInstance
from racer.lang.run import Run
from racer.lang.schedule import Move, Schedule
from racer.lang.watches import Observation, evaluate, inconsistent, said
from racer.replaying.cycles import Situation, differs, opened, situation, with_cycle
from racer.replaying.storage import Done, Storage
from racer.replaying.trace import ClosedWindow, Ending, Event, Trace

Refuse = Callable[[int, Move, str], Exception]


@dataclass(slots=True)
class _Open:
    """A window that is open: what it has seen of its watch so far."""

    watch: Watched
    opened_at: int
    seen: list[bool]

    def observation(self) -> Observation:
        return Observation(any(self.seen), not all(self.seen), self.seen[-1])


@dataclass(slots=True)
class _Task:
    """One thread: its run, its open windows, and the channel that gives it its turn."""

    instance: ThreadInstance
    run: Run
    turn: trio.MemorySendChannel[Move]
    windows: dict[int, _Open] = field(default_factory=dict)


class Scheduler:
    """The shared memory, the tasks, and the step that one task takes when it is its turn."""

    def __init__(self, program: Program, storage: Storage) -> None:
        self.program = program
        self.storage = storage
        self.moved = dict.fromkeys(storage.agents, 0)  # how often each agent has
        self.tasks: dict[str, _Task] = {}
        self.events: list[Event] = []
        self.initial_shown = self._shown()
        self.initial_broken = self._broken()

    async def run(self, schedule: Schedule, cycle: int, refuse: Refuse) -> Trace:
        """Follow `schedule`; `refuse(index, move, why)` makes the error for an impossible move.

        Its last `cycle` moves are made twice, and have to do the same both times.
        """
        initial, truths = dict(self.storage.values), self._truths()
        self._require_consistency()
        done_send, done = trio.open_memory_channel[Event](0)
        async with trio.open_nursery() as nursery:
            for instance in self.program.instances():
                send, turn = trio.open_memory_channel[Move](0)
                self.tasks[instance.name] = _Task(instance, instance.start(), send)
                nursery.start_soon(self._task, self.tasks[instance.name], turn, done_send)
            try:
                first = len(schedule) - cycle
                for move in schedule[:first]:
                    await self._make(move, done, refuse)
                if not cycle:
                    return self._trace(schedule, initial, truths)
                start = self._situation()
                unable = set[str]()
                for move in schedule[first:]:
                    unable |= self._unable()
                    await self._make(move, done, refuse)
                trace = self._trace(schedule, initial, truths)
                why = opened(start, self._situation())
                if why is not None:
                    raise refuse(len(schedule) - 1, schedule[-1], why)
                for index, move in enumerate(schedule[first:], start=first):
                    await self._make(move, done, refuse)
                    why = differs(self.events[index], self.events[-1])
                    if why is not None:
                        raise refuse(index, move, why)
                return with_cycle(trace, cycle, unable)
            finally:
                nursery.cancel_scope.cancel()
                for task in self.tasks.values():
                    task.run.close()

    async def _make(
        self, move: Move, done: trio.MemoryReceiveChannel[Event], refuse: Refuse
    ) -> None:
        self._admit(len(self.events), move, refuse)
        if move.thread in self.moved:
            self.events.append(self._agent_step(move))
        else:
            await self.tasks[move.thread].turn.send(move)
            self.events.append(await done.receive())

    def _unable(self) -> set[str]:
        """The threads and other agents that cannot make a move now."""
        threads = {name for name, task in self.tasks.items() if not self.enabled(task)}
        return threads | {agent for agent in self.moved if not self.storage.can_move(agent)}

    def _situation(self) -> Situation:
        pending = {name: task.run.pending for name, task in self.tasks.items()}
        return situation(self.storage.values, pending)

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
        operation, thread = pending.operation, task.instance.name
        if self.storage.obstacle(thread, operation) is not None:
            return False
        if not isinstance(operation, CellOperation):
            return True
        try:
            found = self.storage.find(thread, operation.cell).value
            return operation.execute(found) is not None
        except Exception:  # it can go on, into the exception
            return True

    def _admit(self, index: int, move: Move, refuse: Refuse) -> None:
        if move.thread in self.moved:
            if not self.storage.can_move(move.thread):
                raise refuse(index, move, "it cannot move now")
            if move.choice != 0:
                raise refuse(index, move, f"{move.thread} has no options to choose from")
            return
        task = self.tasks.get(move.thread)
        if task is None:
            raise refuse(index, move, f"there is no thread {move.thread!r} in this program")
        pending = task.run.pending
        if not isinstance(pending, AboutTo):
            raise refuse(index, move, f"thread {move.thread} has ended")
        operation = pending.operation
        if not self.enabled(task):
            obstacle = self.storage.obstacle(move.thread, operation)
            why = ", which blocks here" if obstacle is None else f": {move.thread} {obstacle}"
            raise refuse(index, move, f"{operation.text()}{why}")
        if not 0 <= move.choice < max(1, len(operation.facts.options)):
            raise refuse(index, move, f"{operation.text()}: no option {move.choice}")

    def _step(self, task: _Task, move: Move) -> Event:
        """Take one step of one thread, and everything that follows from it without a step."""
        pending = task.run.pending
        assert isinstance(pending, AboutTo)
        index, operation = len(self.events), pending.operation
        locations = task.run.locations()
        for window in pending.opens:
            opened = _Open(window.watch, index, [window.watch.holds(self.storage.values)])
            task.windows[window.slot] = opened
        done = self._execute(task, operation, move)
        self._observe()
        closed = self._close_windows(task)
        return self._event(
            move,
            task.run.steps,
            operation,
            done,
            locations=locations,
            opened=tuple(window.watch.name for window in pending.opens),
            closed=closed,
            ended=self._ending(task),
        )

    def _agent_step(self, move: Move) -> Event:
        """One move of an agent that is no thread."""
        operation, done = self.storage.move(move.thread, len(self.events))
        self.moved[move.thread] += 1
        self._observe()
        return self._event(move, self.moved[move.thread], operation, done)

    def _event(
        self,
        move: Move,
        step: int,
        operation: Operation,
        done: Done,
        *,
        locations: tuple[Location, ...] = (),
        opened: tuple[str, ...] = (),
        closed: tuple[ClosedWindow, ...] = (),
        ended: Ending | None = None,
    ) -> Event:
        return Event(
            index=len(self.events),
            thread=move.thread,
            step=step,
            operation=operation,
            result=done.result,
            before=done.before,
            after=done.after,
            source=done.source,
            locations=locations,
            opened=opened,
            closed=closed,
            truths=self._truths(),
            broken=self._broken(),
            ended=ended,
            shown=self._shown(),
            obstacles=self._obstacles(),
        )

    def _obstacles(self) -> dict[str, str]:
        """What the memory model keeps threads from their next operation by, by thread."""
        found = {}
        for name, task in self.tasks.items():
            if isinstance(task.run.pending, AboutTo):
                obstacle = self.storage.obstacle(name, task.run.pending.operation)
                if obstacle is not None:
                    found[name] = obstacle
        return found

    def _observe(self) -> None:
        """The state after a step, seen by all windows and held to what the model promises."""
        for task in self.tasks.values():
            for window in task.windows.values():
                window.seen.append(window.watch.holds(self.storage.values))
        self._require_consistency()

    def _execute(self, task: _Task, operation: Operation, move: Move) -> Done:
        """Do the operation and give the thread its result."""
        if not isinstance(operation, CellOperation):
            result = operation.facts.options[move.choice]
            task.run.resume(result)
            return Done(result, None, None, None)
        thread, cell = task.instance.name, operation.cell
        try:
            done = self.storage.perform(thread, operation, len(self.events))
        except Misuse as error:
            raise ModelError(
                f"thread {thread!r} fails with its step {task.run.steps + 1}: {error}",
                thread=thread,
                step=task.run.steps + 1,
            ) from error
        except Exception as error:
            found = self.storage.find(thread, cell)
            task.run.fail(error)
            return Done(None, found.value, found.value, found.source)
        task.run.resume(done.result)
        return done

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
                return Ending(outcome_of(pending, daemon=task.instance.daemon))

    def _truths(self) -> dict[str, bool]:
        watches = self.program.memory.watches
        return {name: watches[name].holds(self.storage.values) for name in sorted(watches)}

    def _shown(self) -> dict[str, str]:
        shows = self.program.shows
        return {
            name: said(f"shows {name!r}", shows[name], self.storage.values)
            for name in sorted(shows)
        }

    def _require_consistency(self) -> None:
        for name, predicate in sorted(self.program.consistency.items()):
            if not evaluate(f"consistency {name!r}", predicate, self.storage.values):
                raise inconsistent(name, self.storage.values)

    def _broken(self) -> tuple[str, ...]:
        """The invariants that are false now."""
        invariants = self.program.invariants
        return tuple(
            name
            for name in sorted(invariants)
            if not evaluate(f"invariant {name!r}", invariants[name], self.storage.values)
        )

    def _trace(
        self,
        schedule: Schedule,
        initial: dict[str, object],
        truths: dict[str, bool],
    ) -> Trace:
        runs = {name: task.run for name, task in self.tasks.items()}
        maximal = len(self._unable()) == len(runs) + len(self.moved)
        labels = {*self.initial_broken, *(name for each in self.events for name in each.broken)}
        labels |= {run.pending.label for run in runs.values() if isinstance(run.pending, Violated)}
        stuck = [name for name, run in runs.items() if isinstance(run.pending, AboutTo)]
        outcome: OutcomeKey = tuple(
            (name, outcome_of(run.pending, daemon=self.tasks[name].instance.daemon))
            for name, run in runs.items()
            if maximal or name not in stuck
        )
        if maximal and any(not self.tasks[name].instance.daemon for name in stuck):
            labels.add(DEADLOCK)
        elif maximal:
            groups = tuple(task.instance.group for task in self.tasks.values())
            labels.update(unmet(self.program.finally_, self.storage.values, outcome, groups))
        return Trace(
            schedule=schedule,
            initial=initial,
            initial_truths=truths,
            threads=(*runs, *self.moved),
            events=tuple(self.events),
            outcome=outcome,
            labels=tuple(sorted(labels)),
            maximal=maximal,
            final_locations={name: runs[name].locations() for name in stuck},
            waiting={name: _operation(runs[name].pending) for name in stuck},
            initial_shown=self.initial_shown,
            initial_broken=self.initial_broken,
            locks=frozenset(self.program.memory.locks),
            daemons=frozenset(n for n, task in self.tasks.items() if task.instance.daemon),
        )


def _operation(pending: Pending) -> Operation:
    assert isinstance(pending, AboutTo), "it has not ended"
    return pending.operation


def run_schedule(
    program: Program, schedule: Schedule, cycle: int, refuse: Refuse, storage: Storage
) -> Trace:
    """Run the program's coroutines on trio under `schedule`, over a storage that is new.

    In an operating system thread of its own, since the caller may be running trio already.
    """
    done: list[Trace | BaseException] = []

    def run() -> None:
        try:
            done.append(trio.run(Scheduler(program, storage).run, schedule, cycle, refuse))
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
