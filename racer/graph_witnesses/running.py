"""The threads of an execution file, run as the coroutines that they are, with the values it says.

A load is given what the step stored that the file names as its source. Where that step is not taken
yet, since it depends on this one in turn (load buffering), the value is read off the file's text,
and held against what is stored once it is.

Bound    then a value that is not written as a Python literal cannot be known, and nothing is said.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from racer.executions.accesses import marks_of
from racer.executions.record import RecordedEvent, RecordedStep, RecordedThread
from racer.graph_witnesses.refuted import NotKnown, Refuted
from racer.lang.operations import CellOperation, Operation
from racer.lang.pending import AboutTo, Closing, Watched
from racer.lang.program import Program, ThreadInstance
from racer.lang.run import Run
from racer.lang.values import describe, value_key
from racer.lang.watches import Observation

START: Final = "the start"


@dataclass(frozen=True, slots=True)
class Sighted:
    """A window that has closed: its watch, the steps within it, what it is said to have seen."""

    watch: Watched
    steps: tuple[str, ...]
    seen: Observation


@dataclass(slots=True)
class Played:
    """A thread that was run to the end of its steps.

    run      where it rests, or has ended
    windows  those that have closed
    """

    instance: ThreadInstance
    told: RecordedThread
    run: Run
    windows: list[Sighted] = field(default_factory=list)
    at: int = 0  # so many steps are taken
    opened: dict[int, tuple[Watched, int]] = field(default_factory=dict)

    @property
    def left(self) -> RecordedStep | None:
        """The step that comes next."""
        return self.told.steps[self.at] if self.at < len(self.told.steps) else None


class Playing:
    """Runs all threads, each as far as the values that it needs are known.

    stored   by step, the value that it has stored
    loaded   by step, the value that it was given
    """

    def __init__(self, program: Program, threads: list[RecordedThread], memory: str) -> None:
        self._memory = memory
        self._initial = program.memory.initial
        self.stored: dict[str, object] = {}
        self.loaded: dict[str, object] = {}
        self._guessed: dict[str, tuple[str, object]] = {}  # by source: who was given what
        instances = {each.name: each for each in program.instances()}
        named = [each.name for each in threads]
        if sorted(named) != sorted(instances):
            raise Refuted(
                f"it has the threads {', '.join(named)}, and the program has {', '.join(instances)}"
            )
        self.threads = [
            Played(instances[each.name], each, instances[each.name].start()) for each in threads
        ]

    def play(self) -> None:
        """Take every step. Errors: Refuted where one is not as the file says; NotKnown."""
        try:
            while any(each.left for each in self.threads):
                went_on = [self._goes_on(each) for each in self.threads]
                if not any(went_on):
                    self._guess()
        finally:
            for each in self.threads:
                if each.left:
                    each.run.close()

    def _goes_on(self, thread: Played) -> bool:
        """Take the steps of a thread whose values are known; whether there were any."""
        before = thread.at
        while thread.left is not None and self._is_known(thread.left):
            self._take(thread, thread.left)
            thread.at += 1
        return thread.at > before

    def _is_known(self, step: RecordedStep) -> bool:
        known = (*self.stored, *self._guessed, START, "")
        return step.source in known

    def _guess(self) -> None:
        """Read a value off the text of the step that is to be given it."""
        steps = [each.left for each in self.threads if each.left is not None]
        step = min(steps, key=lambda each: each.name)
        text = next((event.value for event in step.events if event.kind == "R"), "")
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            raise NotKnown(
                f"step {step.name} loads {text}, which {step.source} stores, and that depends on "
                f"{step.name} in turn; it is no literal, so it is not known before"
            ) from None
        self._guessed[step.source] = step.name, value

    def _take(self, thread: Played, step: RecordedStep) -> None:
        pending = thread.run.pending
        if not isinstance(pending, AboutTo):
            raise Refuted(f"step {step.name}: {thread.instance.name} takes no step any more")
        operation = pending.operation
        if operation.text() != step.operation:
            raise Refuted(
                f"step {step.name}: {step.operation} is expected, and {thread.instance.name} is "
                f"about to {operation.text()}"
            )
        thread.opened.update({each.slot: (each.watch, thread.at) for each in pending.opens})
        if isinstance(operation, CellOperation):
            self._access(thread, operation, step)
        else:
            options = operation.facts.options or (None,)
            if not 0 <= step.choice < len(options):
                raise Refuted(f"step {step.name}: there is no choice {step.choice}")
            self._hold(step, _events(thread, operation, self._memory, None, None))
            thread.run.resume(options[step.choice])
        self._close_windows(thread, step)

    def _access(self, thread: Played, operation: CellOperation, step: RecordedStep) -> None:
        found = self._found(operation, step)
        if operation.facts.blind == bool(step.source):
            does = "looks at nothing" if operation.facts.blind else "loads"
            raise Refuted(
                f"step {step.name}: {operation.text()} {does}, and the file has it so not"
            )
        stores = False
        try:
            stores = operation.stores_on(found)
            done = operation.execute(found)
        except Exception as error:
            self._hold(step, _events(thread, operation, self._memory, found, None))
            thread.run.fail(error)
            return
        if done is None:
            raise Refuted(f"step {step.name}: {operation.text()} waits there")
        after = (done.after,) if stores else None
        self._hold(step, _events(thread, operation, self._memory, found, after))
        gives = "" if operation.facts.gives == "nothing" else describe(done.result)
        if gives != step.result:
            raise Refuted(f"step {step.name}: it gives {gives}, and not {step.result}")
        if step.source:
            self.loaded[step.name] = found
        if stores:
            self.stored[step.name] = done.after
            by, guessed = self._guessed.pop(step.name, (step.name, done.after))
            if value_key(guessed) != value_key(done.after):
                raise Refuted(
                    f"step {by} loads {describe(guessed)} from {step.name}, which stores "
                    f"{describe(done.after)}"
                )
        thread.run.resume(done.result)

    def _found(self, operation: CellOperation, step: RecordedStep) -> object:
        """What the operation finds; of one that looks at nothing, any value: a lock is held."""
        if not step.source:
            return True if operation.facts.lock is not None else self._initial[operation.cell]
        if step.source == START:
            return self._initial[operation.cell]
        if step.source in self.stored:
            return self.stored[step.source]
        return self._guessed[step.source][1]

    def _hold(self, step: RecordedStep, derived: list[RecordedEvent]) -> None:
        """Hold the events of a step against what the operation is."""
        said = [(each.kind, each.cell, each.value, each.mark) for each in step.events]
        found = [(each.kind, each.cell, each.value, each.mark) for each in derived]
        if said != found:
            shown = "; ".join(" ".join(filter(None, each)) for each in found) or "none"
            raise Refuted(f"step {step.name}: its events are others: {shown}")

    def _close_windows(self, thread: Played, step: RecordedStep) -> None:
        for sight in step.saw:
            pending = thread.run.pending
            if not isinstance(pending, Closing):
                raise Refuted(f"step {step.name}: no window closes with it")
            watch, first = thread.opened.pop(pending.slot)
            inside = thread.told.steps[first : thread.at + 1]
            names = tuple(e.name for e in inside if any(each.kind != "F" for each in e.events))
            seen = Observation(sight.ever_true, sight.ever_false, sight.at_end)
            thread.windows.append(Sighted(watch, names, seen))
            thread.run.resume(seen)
        if isinstance(thread.run.pending, Closing):
            raise Refuted(f"step {step.name}: a window closes with it, and nothing is said of that")


def _events(
    thread: Played,
    operation: Operation,
    memory: str,
    found: object,
    after: tuple[object] | None,
) -> list[RecordedEvent]:
    """What an operation is to memory, by the table in `executions/accesses.py`: `after` is what it
    stores, None where it stores nothing."""
    facts = operation.facts
    marks = marks_of(thread.instance.name, operation, memory)
    fence = [RecordedEvent(kind="F", mark=marks.fence)] if marks.fence else []
    if facts.cell is None:
        return fence
    accesses = list(_accesses(facts.cell, describe(found), after, marks.reads, marks.writes))
    if facts.stores and after is None:
        failed = [RecordedEvent(kind="R", cell=facts.cell, value=describe(found), mark=marks.fails)]
        return failed if marks.reads else []
    return [*fence, *accesses, *fence] if after is not None else accesses


def _accesses(
    cell: str, found: str, after: tuple[object] | None, reads: str, writes: str
) -> Iterator[RecordedEvent]:
    if reads:
        yield RecordedEvent(kind="R", cell=cell, value=found, mark=reads)
    if after is not None:
        yield RecordedEvent(kind="W", cell=cell, value=describe(after[0]), mark=writes)


def final_memory(
    program: Program, stores: Mapping[str, list[str]], stored: Mapping[str, object]
) -> dict[str, object]:
    """What memory holds once all is taken in."""
    values = dict(program.memory.initial)
    for cell, steps in stores.items():
        if steps:
            values[cell] = stored[steps[-1]]
    return values
