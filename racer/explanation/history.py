"""What a trace's steps alone do not say: the states between them, who holds what, who waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from racer.events import Blocked, Trace
from racer.explanation.data import LaneState, Switch, SwitchReason
from racer.explanation.naming import shown, writes
from racer.operations import Acquire, Operation, Release, WaitUntil, access, describe_operation
from racer.operations import effect as effect_of
from racer.steps import Violation
from racer.values import value_key


@dataclass(frozen=True, slots=True)
class Instant:
    """Between two steps: the cells' values, each lock's holder, each cell's last writing row."""

    values: Mapping[str, object]
    holders: Mapping[str, str]
    writers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class History:
    """A trace with its instants: `instants[i]` is just before row i, the last after them all."""

    trace: Trace
    instants: tuple[Instant, ...]
    steps: Mapping[str, tuple[int, ...]]  # the rows of each thread
    outcome: Mapping[str, object]

    def switches(
        self, preemptions: int, could_go_on: Sequence[frozenset[str]] | None = None
    ) -> dict[int, Switch]:
        """By the row before which they happen.

        Of a thread that takes no further step, the trace need not say whether it could have.
        `could_go_on` tells, by row, if it is known. Otherwise the number of preemptions does,
        unless it lies between the two extremes.
        """
        events = self.trace.events
        found = {
            i: self._switch(i, event.thread)
            for i, event in enumerate(events[:-1], start=1)
            if events[i].thread != event.thread
        }
        unknown = [i for i, switch in found.items() if switch.reason == "left"]
        if could_go_on is not None:
            for i in unknown:
                thread = found[i].thread
                free = thread in could_go_on[i]
                if free:
                    found[i] = self._make(thread, "preempted", "preempted")
                else:
                    found[i] = self._make(thread, "blocked", self._waits(thread, i))
            return found
        known = sum(switch.reason == "preempted" for switch in found.values())
        if known + len(unknown) == preemptions:
            for i in unknown:
                found[i] = self._make(found[i].thread, "preempted", "preempted")
        return found

    def lane_state(self, thread: str, end: int) -> LaneState:
        """Before row `end`; only after the last one is a deadlock for ever."""
        rows = [row for row in self.steps[thread] if row < end]
        if rows and self.trace.events[rows[-1]].ended is not None:
            return "ended"
        stuck = isinstance(self.outcome.get(thread), Blocked)
        if stuck and end == len(self.trace.events):
            return "blocked"
        return "open" if rows else "idle"

    def standing(self, thread: str, end: int) -> str:
        """How a thread stands before row `end`, as a predicate."""
        match self.lane_state(thread, end):
            case "ended":
                return came_to(self.outcome[thread])
            case "blocked":
                return self._stuck(thread)
            case "open":
                return "has not ended"
            case "idle":
                return "takes no step"

    def _switch(self, row: int, thread: str) -> Switch:
        ended = self.trace.events[row - 1].ended
        if ended is not None:
            return self._make(thread, "finished", f"finished: {came_to(ended.value)}")
        following = next((i for i in self.steps[thread] if i > row), None)
        if following is not None:
            obstacle = self._obstacle(thread, self.trace.events[following].operation, row)
            if obstacle is None:
                return self._make(thread, "preempted", "preempted")
            return self._make(thread, "blocked", obstacle)
        blocked = self.blocked_at(thread)
        obstacle = self._obstacle(thread, blocked, row) if blocked else None
        if obstacle is not None:
            return self._make(thread, "blocked", obstacle)
        if isinstance(blocked, Acquire):  # the lock was free when the thread was left
            return self._make(thread, "preempted", "preempted")
        return self._make(thread, "left", "left")

    def _waits(self, thread: str, row: int) -> str:
        """As far as the trace tells on what a thread is blocked that never goes on."""
        operation = self.blocked_at(thread)
        if isinstance(operation, WaitUntil):
            return self._waits_for(operation.cell, row)
        return "is blocked"

    def _waits_for(self, cell: str, row: int) -> str:
        return f"waits for cell {cell}, which is {shown(self.instants[row].values[cell])}"

    def _make(self, thread: str, reason: SwitchReason, predicate: str) -> Switch:
        lane = self.trace.threads.index(thread)
        return Switch(thread, lane, reason, f"{thread} {predicate}")

    def _obstacle(self, thread: str, operation: Operation, row: int) -> str | None:
        """What keeps a thread from its operation just before `row`; None: nothing does."""
        if not isinstance(operation, Acquire | WaitUntil):
            return None
        value = self.instants[row].values[operation.cell]
        if effect_of(operation, value) is not None:
            return None
        if isinstance(operation, WaitUntil):
            return self._waits_for(operation.cell, row)
        holder = self.instants[row].holders.get(operation.cell)
        owner = "itself" if holder == thread else holder
        return f"is blocked on lock {operation.cell}{f', held by {owner}' if owner else ''}"

    def blocked_at(self, thread: str) -> Acquire | WaitUntil | None:
        """The operation at which a deadlock leaves a thread.

        Bound    the trace keeps no predicate of a WaitUntil. It is false of the cell's last
                 value; of another value this claims that it may be true.
        """
        blocked = self.outcome.get(thread)
        if not isinstance(blocked, Blocked):
            return None
        for cell, last in self.instants[-1].values.items():
            for operation in (Acquire(cell), _wait_for_another_value(cell, last)):
                if describe_operation(operation) == blocked.operation:
                    return operation
        return None

    def _stuck(self, thread: str) -> str:
        operation = self.blocked_at(thread)
        end = len(self.trace.events)
        obstacle = self._obstacle(thread, operation, end) if operation else None
        if operation is None or obstacle is None:
            return "is blocked"
        holder = self.instants[-1].holders.get(operation.cell)
        if holder is None or isinstance(self.outcome.get(holder), Blocked):
            return obstacle
        return f"{obstacle}, which ended without releasing it"


def history(trace: Trace) -> History:
    """Walk the trace once."""
    steps: dict[str, list[int]] = {thread: [] for thread in trace.threads}
    instants = [Instant(trace.initial, {}, {})]
    for event in trace.events:
        steps[event.thread].append(event.index)
        now = instants[-1]
        cell = access(event.operation).cell
        if cell is None:
            instants.append(now)
            continue
        holders = {lock: holder for lock, holder in now.holders.items() if lock != cell}
        if isinstance(event.operation, Acquire):
            holders[cell] = event.thread
        elif not isinstance(event.operation, Release):
            holders = dict(now.holders)
        writers = {**now.writers, cell: event.index} if writes(event) else now.writers
        instants.append(Instant({**now.values, cell: event.after}, holders, writers))
    return History(
        trace,
        tuple(instants),
        {thread: tuple(rows) for thread, rows in steps.items()},
        dict(trace.outcome),
    )


def came_to(value: object) -> str:
    """What a thread that ended came to, as a predicate."""
    if isinstance(value, Violation):
        effect = f", effect: {value.effect}" if value.effect else ""
        return f"raises Violation {value.label!r}{effect}"
    return f"returns {shown(value)}"


def _wait_for_another_value(cell: str, value: object) -> WaitUntil:
    return WaitUntil(cell, lambda other: value_key(other) != value_key(value))
