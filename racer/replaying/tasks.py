"""The threads of a program as real coroutines, beside a storage: what a step of one does.

This is what racer takes for the meaning of a program. It knows nothing of automata, packed states
or reductions: it has the cells in a Storage, a run of each thread's coroutine, and the windows
that are open. Whose step is next is for others to say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from racer.errors import Location, ModelError
from racer.lang.checkpoints import keeps_the_loop
from racer.lang.effects import Misuse, failed
from racer.lang.endings import Resting, came_to, outcome_of
from racer.lang.operations import CellOperation, Operation
from racer.lang.outcomes import OutcomeKey
from racer.lang.pending import AboutTo, Closing, Raised, Watched, is_atomic
from racer.lang.program import Program, ThreadInstance
from racer.lang.ready_queue import ReadyQueue, begun, task_order
from racer.lang.run import CoroutineRun, Run
from racer.lang.watches import Observation
from racer.lang.whose import last_line
from racer.replaying.storage import Done, Storage
from racer.replaying.trace import ClosedWindow, Ending


@dataclass(slots=True)
class Open:
    """A window that is open: what it has seen of its watch so far."""

    watch: Watched
    opened_at: int
    seen: list[bool]

    def observation(self) -> Observation:
        return Observation(any(self.seen), not all(self.seen), self.seen[-1])


@dataclass(slots=True)
class Task:
    """One thread: its run, and its open windows."""

    instance: ThreadInstance
    run: Run
    windows: dict[int, Open] = field(default_factory=dict)
    raised_at: Location | None = None  # as Ending has it


class Stepped(NamedTuple):
    """A step that was taken. `step` is which one of its thread, or other agent, it is, from 1."""

    step: int
    operation: Operation
    done: Done
    opened: tuple[str, ...] = ()
    closed: tuple[ClosedWindow, ...] = ()


class Tasks:
    """All threads, and the memory between them. `steps` are those taken so far, of everybody."""

    def __init__(self, program: Program, storage: Storage) -> None:
        self.storage = storage
        self.steps = 0
        self.by_name: dict[str, Task] = {}
        self._instances = program.instances()
        self._program = program
        self._holder: Task | None = None  # of the event loop
        self._queue = ReadyQueue(())  # of one that is first in, first out
        self._moved = dict.fromkeys(storage.agents, 0)  # how often each agent has

    def start(self) -> None:
        """Run every thread to its first operation."""
        for instance in self._instances:
            self.by_name[instance.name] = Task(instance, instance.start())
        if self._program.event_loop == "fifo":
            self._queue = begun(task_order(self._program), self._numbered_can_go)
            self._holder = self._first_ready()

    def close(self) -> None:
        """Abandon the runs."""
        for task in self.by_name.values():
            task.run.close()

    def agents(self) -> tuple[str, ...]:
        """Names of all threads, then of other agents of the memory model."""
        return (*self.by_name, *self._moved)

    def unable(self) -> set[str]:
        """The threads and other agents that cannot make a move now."""
        threads = {name for name, task in self.by_name.items() if not self.enabled(task)}
        return threads | {agent for agent in self._moved if not self.storage.can_move(agent)}

    def stuck(self) -> list[str]:
        """The threads that have not ended."""
        return [
            name for name, task in self.by_name.items() if isinstance(task.run.pending, AboutTo)
        ]

    def outcome(self) -> OutcomeKey:
        """What each thread has come to; those that have not ended, as if they never could."""
        return outcome_of(self.resting())

    def resting(self) -> Resting:
        """Where each thread is."""
        return [(task.instance, task.run.pending) for task in self.by_name.values()]

    def enabled(self, task: Task) -> bool:
        """Whether the thread can take a step now."""
        return self._could_go(task) and not self._is_kept_by_another(task)

    def held(self) -> bool:
        """Whether a task holds the event loop, and can go on: then nobody chooses who does."""
        return self._holder is not None and self._could_go(self._holder)

    def _first_ready(self) -> Task | None:
        names = list(self.by_name)
        return self.by_name[names[self._queue.ready[0]]] if self._queue.ready else None

    def _numbered_can_go(self, number: int) -> bool:
        return self._could_go(self.by_name[self._instances[number].name])

    def _is_kept_by_another(self, task: Task) -> bool:
        """Whether the event loop is held by another task, which can go on."""
        holder = self._holder
        return holder is not None and holder is not task and self._could_go(holder)

    def _could_go(self, task: Task) -> bool:
        """Whether the thread can take a step whenever the event loop lets it."""
        pending = task.run.pending
        if not isinstance(pending, AboutTo):
            return False
        operation, thread = pending.operation, task.instance.name
        if self.storage.obstacle(thread, operation) is not None:
            return False
        if not isinstance(operation, CellOperation):
            return operation.can_go(self.storage.values)
        try:
            found = self.storage.find(thread, operation.cell).value
            return operation.execute(found) is not None
        except Exception:  # it can go on, into the exception
            return True

    def obstacles(self) -> dict[str, str]:
        """What the memory model keeps threads from their next operation by, by thread."""
        found = {}
        for name, task in self.by_name.items():
            if isinstance(task.run.pending, AboutTo):
                obstacle = self.storage.obstacle(name, task.run.pending.operation)
                if obstacle is not None:
                    found[name] = obstacle
        return found

    def atomic(self) -> tuple[str, ...]:
        """The threads that are in an atomic region."""
        return tuple(name for name, task in self.by_name.items() if is_atomic(task.run.pending))

    def refusal(self, name: str, choice: int) -> str | None:
        """Why a thread or other agent cannot make this move now; None: it can."""
        if name in self._moved:
            if not self.storage.can_move(name):
                return "it cannot move now"
            return f"{name} has no options to choose from" if choice != 0 else None
        task = self.by_name.get(name)
        if task is None:
            return f"there is no thread {name!r} in this program"
        pending = task.run.pending
        if not isinstance(pending, AboutTo):
            return f"thread {name} has ended"
        operation = pending.operation
        if self._is_kept_by_another(task):
            assert self._holder is not None
            return f"{name} has to wait while {self._holder.run.name} holds the event loop"
        if not self.enabled(task):
            obstacle = self.storage.obstacle(name, operation)
            why = ", which blocks here" if obstacle is None else f": {name} {obstacle}"
            return f"{operation.text()}{why}"
        if not 0 <= choice < max(1, len(operation.facts.options)):
            return f"{operation.text()}: no option {choice}"
        return None

    def locations(self, name: str) -> tuple[Location, ...]:
        """The lines that a thread waits at, outermost first; none of another agent."""
        return self.by_name[name].run.locations() if name in self.by_name else ()

    def is_thread(self, name: str) -> bool:
        """Whether it is a thread, and no other agent of the memory model."""
        return name not in self._moved

    def agent_step(self, name: str) -> Stepped:
        """One move of an agent that is no thread, and no option."""
        operation, done = self.storage.move(name, self.steps)
        self.steps += 1
        self._moved[name] += 1
        self._observe()
        return Stepped(self._moved[name], operation, done)

    def thread_step(self, name: str, choice: int, *, told: bool = True) -> Stepped:
        """Take one step of one thread, and everything that follows from it without a step.

        `told`: somebody is told of it, so that it matters by which line a thread ended.
        """
        task = self.by_name[name]
        pending = task.run.pending
        assert isinstance(pending, AboutTo)
        operation = pending.operation
        for window in pending.opens:
            opened = Open(window.watch, self.steps, [window.watch.holds(self.storage.values)])
            task.windows[window.slot] = opened
        run = task.run
        flying = run.in_flight() if told and isinstance(run, CoroutineRun) else ()
        done = self._execute(task, operation, choice)
        if flying and isinstance(run, CoroutineRun) and run.ended_by in flying:
            assert run.ended_by is not None
            task.raised_at = last_line(run.ended_by)
        self.steps += 1
        self._observe()
        closed = self._close_windows(task)
        if self._program.event_loop == "fifo":
            self._queue = self._queue.after_step(task.run.pending, self._numbered_can_go)
            self._holder = self._first_ready()
        elif self._program.event_loop:
            self._holder = task if keeps_the_loop(task.run.pending) else None
        return Stepped(
            task.run.steps,
            operation,
            done,
            tuple(window.watch.name for window in pending.opens),
            closed,
        )

    def _observe(self) -> None:
        """The state after a step, seen by all windows."""
        for task in self.by_name.values():
            for window in task.windows.values():
                window.seen.append(window.watch.holds(self.storage.values))

    def _execute(self, task: Task, operation: Operation, choice: int) -> Done:
        """Do the operation and give the thread its result."""
        if not isinstance(operation, CellOperation):
            result = operation.facts.options[choice]
            task.run.resume(result)
            return Done(result, None, None, None)
        thread, cell = task.instance.name, operation.cell
        try:
            done = self.storage.perform(thread, operation, self.steps)
        except Misuse as error:
            raise ModelError(
                f"thread {thread!r} fails with its step {task.run.steps + 1}: {error}",
                thread=thread,
                step=task.run.steps + 1,
            ) from error
        except Exception as error:
            found = self.storage.find(thread, cell)
            task.run.fail(error)
            return Done(failed(error), found.value, found.value, found.source)
        task.run.resume(done.result)
        return done

    def _close_windows(self, task: Task) -> tuple[ClosedWindow, ...]:
        closed = []
        while isinstance(task.run.pending, Closing):
            window = task.windows.pop(task.run.pending.slot)
            seen = window.observation()
            closed.append(ClosedWindow(window.watch.name, window.opened_at, seen))
            task.run.resume(seen)
        if not isinstance(task.run.pending, AboutTo):
            task.windows.clear()
        return tuple(closed)

    def ending(self, name: str) -> Ending | None:
        """What a thread has come to; None of one that goes on, and of other agents.

        Errors   ModelError where the thread failed.
        """
        task = self.by_name.get(name)
        if task is None:
            return None
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
                return Ending(came_to(pending), task.raised_at)
