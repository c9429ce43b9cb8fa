"""Every schedule of steps and flushes behind store buffers, each run on the real coroutines from
their start: it knows neither the System nor the Storage that it is held against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from racer import Program, Violation
from racer.lang.effects import Effect
from racer.lang.pending import AboutTo, Closing, Returned, Violated
from racer.lang.watches import Observation, evaluate


class Execution:
    """One execution, from the start: the coroutines, memory, and a list of stores for each."""

    def __init__(self, program: Program, depth: int) -> None:
        self.program = program
        self.depth = depth
        self.memory = dict(program.memory.initial)
        self.runs = [instance.start() for instance in program.instances()]
        self.buffers: list[list[tuple[str, object]]] = [[] for _ in self.runs]
        self.windows: list[dict[int, tuple[object, list[bool]]]] = [{} for _ in self.runs]
        self.labels: set[str] = set()
        self.preemptions = 0
        self.last: int | None = None
        self.look()

    def look(self) -> None:
        """Windows and invariants see memory."""
        for opened in self.windows:
            for watch, truths in opened.values():
                truths.append(watch.holds(self.memory))  # type: ignore[attr-defined]
        for name, predicate in self.program.invariants.items():
            if not evaluate(name, predicate, self.memory):
                self.labels.add(name)

    def seen(self, thread: int, cell: str) -> object:
        own = [value for name, value in self.buffers[thread] if name == cell]
        return own[-1] if own else self.memory[cell]

    def can_step(self, thread: int) -> bool:
        pending = self.runs[thread].pending
        if not isinstance(pending, AboutTo):
            return False
        operation, waiting = pending.operation, len(self.buffers[thread])
        if operation.verb in ("store", "release"):
            return waiting < self.depth
        locked = operation.verb in (
            *("swap", "compare_exchange", "fetch_add", "update", "update_when"),
            *("acquire", "try_acquire"),
        )
        if waiting and (locked or operation.text() == "fence mb"):
            return False
        facts = operation.facts
        if facts.cell is None:
            return True
        try:
            return operation.execute(self.seen(thread, facts.cell)) is not None  # type: ignore[attr-defined]
        except Exception:  # it can go on, into the exception
            return True

    def moves(self) -> list[tuple[int, int]]:
        """(thread, option) for steps, (-1 - thread, 0) for flushes."""
        found = []
        for thread, run in enumerate(self.runs):
            if self.can_step(thread):
                assert isinstance(run.pending, AboutTo)
                options = len(getattr(run.pending.operation, "options", (None,)))
                found += [(thread, option) for option in range(options)]
        return found + [(-1 - thread, 0) for thread, own in enumerate(self.buffers) if own]

    def take(self, move: tuple[int, int]) -> None:
        thread, option = move
        if thread < 0:
            cell, value = self.buffers[-1 - thread].pop(0)
            self.memory[cell] = value
            self.look()
            return
        if self.last not in (None, thread):
            self.preemptions += self.can_step(self.last)  # type: ignore[arg-type]
        self.last = thread
        run = self.runs[thread]
        assert isinstance(run.pending, AboutTo)
        for window in run.pending.opens:
            self.windows[thread][window.slot] = window.watch, [window.watch.holds(self.memory)]
        operation = run.pending.operation
        cell, error = operation.facts.cell, None
        if cell is None:
            result = operation.facts.options[option]
        else:
            try:
                done = operation.execute(self.seen(thread, cell))  # type: ignore[attr-defined]
            except Exception as raised:  # a step like any other, which changes nothing
                done, error = Effect(None, self.seen(thread, cell)), raised
            result = done.result
            if operation.verb in ("store", "release"):
                self.buffers[thread].append((cell, done.after))
            else:
                changed = done.after != self.seen(thread, cell)
                self.memory[cell] = done.after if changed else self.memory[cell]
        self.look()
        if error is None:
            run.resume(result)
        else:
            run.fail(error)
        while isinstance(run.pending, Closing):
            _, truths = self.windows[thread].pop(run.pending.slot)
            run.resume(Observation(any(truths), not all(truths), truths[-1]))
        if isinstance(run.pending, Violated):
            self.labels.add(run.pending.label)
            self.windows[thread].clear()

    def outcome(self) -> tuple[object, ...]:
        came_to: list[object] = []
        for run in self.runs:
            match run.pending:
                case Returned(value=value):
                    came_to.append(value)
                case Violated(label=label, effect=effect):
                    came_to.append(Violation(label, effect))
                case AboutTo():
                    came_to.append("blocked")
                    self.labels.add("deadlock")
        return tuple(came_to)

    def close(self) -> None:
        for run in self.runs:
            run.close()


def executions(program: Program, depth: int, most: int) -> Iterator[Execution]:
    """Every maximal one, each run from its start. Errors: OverflowError past so many."""
    waiting: list[tuple[tuple[int, int], ...]] = [()]
    made = 0
    while waiting:
        schedule = waiting.pop()
        execution = Execution(program, depth)
        for move in schedule:
            execution.take(move)
        made += 1
        if made > most:
            raise OverflowError
        following = execution.moves()
        if not following:
            yield execution
        waiting += [(*schedule, move) for move in following]
        execution.close()


class BruteForce:
    def __init__(self, program: Program, depth: int, most: int = 6_000) -> None:
        self.outcomes: Counter[tuple[object, ...]] = Counter()
        self.violations: Counter[str] = Counter()
        self.preemptions: dict[str, int] = {}
        for execution in executions(program, depth, most):
            self.outcomes[execution.outcome()] += 1
            for label in execution.labels:
                self.violations[label] += 1
                least = self.preemptions.get(label, execution.preemptions)
                self.preemptions[label] = min(least, execution.preemptions)
