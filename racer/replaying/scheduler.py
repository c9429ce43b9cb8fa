"""The deterministic scheduler: real coroutines as trio tasks, one step at a time.

This is the reference semantics on trio: each thread is a task of its own, which waits on its own
memory channel for its turn, takes a step (`tasks.py`) and hands what happened back on another.
Exactly one of them takes a step whenever the schedule says so, so trio's own scheduling decides
nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import trio

from racer import interrupts
from racer.errors import Location
from racer.lang.endings import ended
from racer.lang.faults import told_as_the_models
from racer.lang.final import CameTo, unmet
from racer.lang.memory_use import start
from racer.lang.operations import Operation
from racer.lang.outcomes import DEADLOCK, OutcomeKey, labels_in_order
from racer.lang.patience import Limits, handed_over, patience
from racer.lang.pending import AboutTo, Pending, Violated
from racer.lang.program import Program
from racer.lang.schedule import Move, Schedule
from racer.lang.watches import UNKNOWN, Hangs, State, evaluate, inconsistent, said
from racer.replaying.cycles import Situation, differs, opened, situation, with_cycle
from racer.replaying.storage import Storage
from racer.replaying.tasks import Stepped, Tasks
from racer.replaying.trace import Event, Trace

Refuse = Callable[[int, Move, str], Exception]


class Scheduler:
    """The tasks on trio, who is next, and what is recorded of each step."""

    def __init__(self, program: Program, storage: Storage) -> None:
        self.program = program
        self.storage = storage
        self.tasks = Tasks(program, storage)
        self.turns: dict[str, trio.MemorySendChannel[Move]] = {}
        self.events: list[Event] = []
        self._unknown = set[str]()  # the `shows` that did not return, and are not called again
        self.initial_shown = self._shown()
        self.initial_broken = self._broken()

    async def run(self, schedule: Schedule, cycle: int, refuse: Refuse) -> Trace:
        """Follow `schedule`; `refuse(index, move, why)` makes the error for an impossible move.

        Its last `cycle` moves are made twice, and have to do the same both times.
        """
        initial, truths = dict(self.storage.values), self._truths()
        self._require_consistency()
        done_send, done = trio.open_memory_channel[Stepped](0)
        async with trio.open_nursery() as nursery:
            try:
                self.tasks.start()
                for name in self.tasks.by_name:
                    self.turns[name], turn = trio.open_memory_channel[Move](0)
                    nursery.start_soon(self._task, turn, done_send)
                first = len(schedule) - cycle
                for move in schedule[:first]:
                    await self._make(move, done, refuse)
                if not cycle:
                    return self._trace(schedule, initial, truths)
                start = self._situation()
                unable, chosen = set[str](), False
                for move in schedule[first:]:
                    if not self.tasks.held():
                        unable |= self.tasks.unable()
                        chosen = True
                    await self._make(move, done, refuse)
                if not chosen:  # a task goes round, and never yields to the event loop
                    unable = set(self.tasks.agents())
                trace = self._trace(schedule, initial, truths)
                why = opened(start, self._situation())
                if why is not None:
                    raise refuse(len(schedule) - 1, schedule[-1], why)
                for index, move in enumerate(schedule[first:], start=first):
                    await self._make(move, done, refuse)
                    why = differs(self.events[index], self.events[-1])
                    if why is not None:
                        raise refuse(index, move, why)
                over = ended(self.tasks.resting())
                return with_cycle(trace, cycle, unable, ended=over)
            finally:
                nursery.cancel_scope.cancel()
                self.tasks.close()

    async def _make(
        self, move: Move, done: trio.MemoryReceiveChannel[Stepped], refuse: Refuse
    ) -> None:
        why = self.tasks.refusal(move.thread, move.choice)
        if why is not None:
            raise refuse(len(self.events), move, why)
        locations = self.tasks.locations(move.thread)
        if self.tasks.is_thread(move.thread):
            await self.turns[move.thread].send(move)
            stepped = await done.receive()
        else:
            stepped = self.tasks.agent_step(move.thread)
        self._record(move, stepped, locations)

    def _situation(self) -> Situation:
        pending = {name: task.run.pending for name, task in self.tasks.by_name.items()}
        return situation(self.storage.values, pending)

    async def _task(
        self, turn: trio.MemoryReceiveChannel[Move], done: trio.MemorySendChannel[Stepped]
    ) -> None:
        async for move in turn:
            await done.send(self.tasks.thread_step(move.thread, move.choice))

    def _record(self, move: Move, stepped: Stepped, locations: tuple[Location, ...]) -> None:
        """The event of a step, with what is true after it."""
        self._require_consistency()
        self.events.append(
            Event(
                index=len(self.events),
                thread=move.thread,
                step=stepped.step,
                operation=stepped.operation,
                result=stepped.done.result,
                before=stepped.done.before,
                after=stepped.done.after,
                source=stepped.done.source,
                locations=locations,
                opened=stepped.opened,
                closed=stepped.closed,
                truths=self._truths(),
                broken=self._broken(),
                ended=self.tasks.ending(move.thread),
                shown=self._shown(),
                obstacles=self.tasks.obstacles(),
                atomic=self.tasks.atomic(),
                held_back=stepped.done.held_back,
                arrives=stepped.done.arrives,
                works_for=self.storage.agents.get(move.thread, ""),
            )
        )

    def _truths(self) -> dict[str, bool]:
        watches = self.program.memory.watches
        return {name: watches[name].holds(self.storage.values) for name in sorted(watches)}

    def _shown(self) -> dict[str, str]:
        return {name: self._said(name) for name in sorted(self.program.shows)}

    def _said(self, name: str) -> str:
        if name not in self._unknown:
            try:
                return said(f"shows {name!r}", self.program.shows[name], self.storage.values)
            except Hangs:  # the steps are what they are, whatever it would say of them
                self._unknown.add(name)
        return UNKNOWN

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
        tasks = self.tasks
        runs = {name: task.run for name, task in tasks.by_name.items()}
        maximal = len(tasks.unable()) == len(tasks.agents())
        labels = {*self.initial_broken, *(name for each in self.events for name in each.broken)}
        labels |= {run.pending.label for run in runs.values() if isinstance(run.pending, Violated)}
        stuck = tasks.stuck()
        outcome = OutcomeKey(
            (name, value) for name, value in tasks.outcome() if maximal or name not in stuck
        )
        daemons = frozenset(n for n, task in tasks.by_name.items() if task.instance.daemon)
        perpetual = frozenset(n for n, task in tasks.by_name.items() if task.instance.perpetual)
        told: dict[str, str] = {}
        if maximal and not ended(tasks.resting()):
            labels.add(DEADLOCK)
        elif maximal:
            groups = tuple(task.instance.group for task in tasks.by_name.values())
            found = unmet(self.program.finally_, self.storage.values, outcome, groups)
            labels.update(found)
            told = self._told(found, CameTo(outcome, groups))
        return Trace(
            schedule=schedule,
            initial=initial,
            initial_truths=truths,
            threads=tasks.agents(),
            events=tuple(self.events),
            outcome=outcome,
            labels=labels_in_order(labels),
            maximal=maximal,
            final_locations={name: runs[name].locations() for name in stuck},
            waiting={name: _operation(runs[name].pending) for name in stuck},
            initial_shown=self.initial_shown,
            initial_broken=self.initial_broken,
            locks=frozenset(self.program.memory.locks),
            daemons=daemons,
            perpetual=perpetual,
            about=self.program.about,
            agents=dict(self.storage.agents),
            told=told,
        )

    def _told(self, labels: tuple[str, ...], came_to: CameTo) -> dict[str, str]:
        """Of labels that the memory knows by itself: what is wrong at this end."""
        state = State(self.storage.values, None, "the end")
        said = {each: self.program.memory.told_at_end(each, state, came_to) for each in labels}
        return {label: text for label, text in said.items() if text is not None}


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

    def run(limits: Limits) -> None:
        try:
            with patience(*limits):  # which looks for what was raised, and not for a group of it
                try:
                    done.append(trio.run(Scheduler(program, storage).run, schedule, cycle, refuse))
                except BaseException as error:
                    raise _first(error) from None
        except BaseException as error:
            done.append(error)

    with interrupts.handled(), interrupts.deferred(), handed_over() as limits:
        worker = threading.Thread(target=run, args=(limits,), name="racer replay", daemon=True)
        start(worker)
        worker.join()
    with told_as_the_models():
        if isinstance(done[0], BaseException):
            raise done[0]
        return done[0]


def _first(error: BaseException) -> BaseException:
    """A nursery wraps what a task or the schedule raised; there is one cause, unwrap it.

    So does trio where it is interrupted itself.
    """
    while isinstance(error, BaseExceptionGroup | trio.TrioInternalError):
        inner = error.exceptions[0] if isinstance(error, BaseExceptionGroup) else error.__cause__
        if inner is None:
            break
        error = inner
    return error
