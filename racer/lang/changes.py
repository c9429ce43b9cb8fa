"""Threads with changes: barriers put in, orders changed, barriers and re-reads left out.

A changed thread is the same coroutine. What runs it asks for one step more, for another order or
for no step, where the coroutine stands at a site that is changed. So whatever explores or replays
threads does so with changed ones, and knows of no change.

Bound    A load that is left out gives what the thread read from that cell last, if that was by a
         load and it has not stored there since; else it is a load all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, cast

from racer.errors import Location
from racer.lang.memory import Memory
from racer.lang.operations import Fence, FenceKind, Load, Operation, fields_of
from racer.lang.pending import AboutTo, Pending, Raised
from racer.lang.program import Program, Thread
from racer.lang.run import CoroutineKey, CoroutineRun, Run
from racer.lang.values import value_key


class Site(NamedTuple):
    """Where in the code of a thread a step is taken: of each function that waits there, outermost
    first, its file, name and first line, and the instruction."""

    frames: tuple[tuple[str, str, int, int], ...]

    @property
    def order(self) -> tuple[int, ...]:
        """Sites of one thread by this are in the order of its code."""
        return tuple(frame[-1] for frame in self.frames)


@dataclass(frozen=True, slots=True)
class Change:
    """What is changed at one site.

    barrier  a fence that comes just before the step
    order    the order that its operation has instead
    gone     the step is left out: of a fence, or of a load of what the thread has read before
    """

    barrier: FenceKind | None = None
    order: str | None = None
    gone: bool = False


@dataclass(slots=True)
class Noted:
    """A site that runs of a thread have come to: its operation there, as it was met first, and the
    lines that wait. `first`: some run begins there. `again`: some run had loaded that cell before.
    """

    operation: Operation
    lines: tuple[Location, ...]
    first: bool = False
    again: bool = False


Changes = Mapping[Site, Change]
Notes = dict[Site, Noted]


def with_changes(
    program: Program, changes: Mapping[str, Changes], notes: dict[str, Notes] | None = None
) -> Program:
    """The program with changed threads: by name, what is changed at their sites.

    Where there are `notes`, the sites that runs come to are noted there, by the name of a thread.
    """
    threads = {
        name: ChangedThread(
            thread, changes.get(name, {}), None if notes is None else notes.setdefault(name, {})
        )
        for name, thread in program.threads.items()
    }
    return replace(program, threads=threads)


class ChangedThread(Thread):
    """A thread with changes. `notes`: where its runs note the sites that they come to."""

    def __init__(self, thread: Thread, changes: Changes, notes: Notes | None) -> None:
        super().__init__(
            thread.fn,
            *thread.args,
            copies=thread.copies,
            daemon=thread.daemon,
            cancellable=thread.cancellable,
        )
        self._changes = changes
        self._notes = notes

    def start(self, name: str, memory: Memory) -> Run:
        return ChangedRun(name, self, memory.handles, self._changes, self._notes)

    def copied(self, copy: Callable[[Any], Any]) -> Thread:
        return ChangedThread(super().copied(copy), self._changes, self._notes)


@dataclass(slots=True)
class _Ahead:
    """A step that comes after the barrier that is pending; what was read last, by cell."""

    step: AboutTo | None = None
    read: dict[str, object] = field(default_factory=dict)


class ChangedRun(CoroutineRun):
    """A run of a thread with changes."""

    def __init__(
        self,
        name: str,
        thread: Thread,
        handles: Mapping[str, object],
        changes: Changes,
        notes: Notes | None,
    ) -> None:
        self._changes = changes
        self._notes = notes
        self._ahead = _Ahead()
        self.original: Operation | None = None  # what is pending, or comes after, without changes
        super().__init__(name, thread.fn, thread.args, handles, thread.cancellable)

    @property
    def is_at_barrier(self) -> bool:
        """Whether what is pending is a fence that was put in."""
        return self._ahead.step is not None

    def resume(self, result: object) -> Pending:
        step = self._ahead.step
        if step is not None:
            self.steps += 1
            self._ahead.step = None
            self._pending = step
            return step
        self._remember(result)
        return super().resume(result)

    def fail(self, error: Exception) -> Pending:
        self._forget()
        return super().fail(error)

    def key(self, of_coroutine: CoroutineKey) -> Hashable | None:
        known = super().key(of_coroutine)
        if known is None:
            return None
        # What was read counts where a load may be left out.
        read = tuple((cell, value_key(value)) for cell, value in sorted(self._ahead.read.items()))
        counts = any(each.gone for each in self._changes.values())
        return (known, self.is_at_barrier, read if counts else ())

    def position(self) -> Hashable:
        return (super().position(), self.is_at_barrier)

    def site(self) -> Site:
        """Where it stands, in the code of the thread and of all that it awaits."""
        found, awaited = list[tuple[str, str, int, int]](), cast(Any, self.coroutine)
        while awaited is not None:
            frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
            if frame is not None:
                code = frame.f_code
                place = (code.co_filename, code.co_qualname, code.co_firstlineno, frame.f_lasti)
                found.append(place)
            awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)
        return Site(tuple(found))

    def _advance(self, run_on: Callable[[Any], object], given: object) -> Pending:
        pending, passed = super()._advance(run_on, given), set[Site]()
        while isinstance(pending, AboutTo):
            site = self.site()
            self._note(site, pending.operation)
            self.original = pending.operation
            change = self._changes.get(site)
            if change is None:
                return pending
            if change.gone and (left := self._left_out(pending.operation)) is not None:
                if site in passed:
                    self.close()
                    return Raised(f"without {pending.operation.text()} a loop takes no step")
                passed.add(site)
                pending = super()._advance(self.coroutine.send, left[0])
                continue
            if change.order is not None:
                pending = replace(pending, operation=ordered(pending.operation, change.order))
            if change.barrier is None:
                return pending
            self._ahead.step = pending
            return AboutTo(Fence(change.barrier), (), pending.atomic)
        return pending

    def _left_out(self, operation: Operation) -> tuple[object] | None:
        """What a step gives that is left out; None where it cannot be."""
        if isinstance(operation, Fence):
            return (None,)
        if isinstance(operation, Load) and operation.cell in self._ahead.read:
            return (self._ahead.read[operation.cell],)
        return None

    def _note(self, site: Site, operation: Operation) -> None:
        if self._notes is None:
            return
        if site not in self._notes:
            self._notes[site] = Noted(operation, self.locations())
        noted = self._notes[site]
        noted.first |= self.steps == 0
        noted.again |= isinstance(operation, Load) and operation.cell in self._ahead.read

    def _remember(self, result: object) -> None:
        pending = self._pending
        if not isinstance(pending, AboutTo):
            return
        if isinstance(pending.operation, Load):
            self._ahead.read[pending.operation.cell] = result
        elif pending.operation.facts.stores:
            self._forget()

    def _forget(self) -> None:
        pending = self._pending
        if isinstance(pending, AboutTo) and pending.operation.facts.cell is not None:
            self._ahead.read.pop(pending.operation.facts.cell, None)


def has_order(operation: Operation) -> bool:
    """Whether it is of those whose order can be changed."""
    return "order" in fields_of(type(operation))


def ordered(operation: Operation, order: str) -> Operation:
    """The operation with another order; itself where it has none."""
    if not has_order(operation):
        return operation
    changed: Operation = replace(operation, order=order)  # type: ignore[type-var]  # a dataclass
    return changed
