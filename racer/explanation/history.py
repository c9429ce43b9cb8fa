"""What a trace's steps alone do not say: the states between them, who holds what, who waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from racer.explanation.data import LaneState, Switch, SwitchReason
from racer.lang.operations import CellOperation, Operation
from racer.lang.outcomes import Blocked, Violation
from racer.lang.values import value_key
from racer.replaying.trace import Trace
from racer.words.changes import shown
from racer.words.outcomes import came_to
from racer.words.phrases import value_text


@dataclass(frozen=True, slots=True)
class Instant:
    """Between two steps: the cells' values, and each lock's holder."""

    values: Mapping[str, object]
    holders: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class History:
    """A trace with its instants: `instants[i]` is just before row i, the last after them all."""

    trace: Trace
    instants: tuple[Instant, ...]
    steps: Mapping[str, tuple[int, ...]]  # the rows of each thread
    outcome: Mapping[str, object]

    def switches(self) -> dict[int, Switch]:
        """By the row before which they happen."""
        found: dict[int, Switch] = {}
        last: str | None = None  # the thread of the step before, whatever other agents did since
        for i, event in enumerate(self.trace.events):
            if event.thread in self.trace.agents:
                continue
            if last is not None and last != event.thread:
                found[i] = self._switch(i, last)
            last = event.thread
        return found

    def lane_state(self, thread: str, end: int) -> LaneState:
        """Before row `end`; only after the last one is a deadlock or a cycle for ever."""
        rows = [row for row in self.steps[thread] if row < end]
        if rows and self.trace.events[rows[-1]].ended is not None:
            return "ended"
        if end == len(self.trace.events):
            if self.cycle_of(thread):
                return "endless"
            if isinstance(self.outcome.get(thread), Blocked) or self.waits_in_cycle(thread):
                return "blocked"
        return "open" if rows else "idle"

    def standing(self, thread: str, end: int) -> str:
        """How a thread stands before row `end`, as a predicate."""
        match self.lane_state(thread, end):
            case "ended":
                return came_to(self.outcome[thread])
            case "blocked":
                return self._stuck(thread)
            case "endless":
                return self._going_round(thread)
            case "open":
                return "has not ended"
            case "idle":
                return "takes no step"

    def _switch(self, row: int, thread: str) -> Switch:
        ended = self.trace.events[max(i for i in self.steps[thread] if i < row)].ended
        if ended is not None:
            return self._make(thread, "finished", f"finished: {came_to(ended.value)}")
        operation = self._next_operation(thread, row)
        obstacle = None if operation is None else self._obstacle(thread, operation, row)
        if obstacle is None and thread in self.trace.events[row - 1].atomic:
            return self._make(thread, "atomic", "is in an atomic region; another CPU runs")
        if obstacle is None:
            yields = operation is not None and operation.facts.yields
            return self._make(thread, "preempted", "yields" if yields else "preempted")
        return self._make(thread, "blocked", obstacle)

    def _next_operation(self, thread: str, row: int) -> Operation | None:
        """What a thread is about to do just before `row`."""
        following = next((i for i in self.steps[thread] if i > row), None)
        if following is not None:
            return self.trace.events[following].operation
        return self.trace.waiting.get(thread)

    def _make(self, thread: str, reason: SwitchReason, predicate: str) -> Switch:
        lane = self.trace.threads.index(thread)
        return Switch(thread, lane, reason, f"{thread} {predicate}")

    def _obstacle(self, thread: str, operation: Operation, row: int) -> str | None:
        """What keeps a thread from its operation just before `row`; None: nothing does."""
        held_up = self.trace.events[row - 1].obstacles if row else {}
        if thread in held_up:
            return held_up[thread]
        facts = operation.facts
        if not facts.blocks:
            return None
        if not isinstance(operation, CellOperation):
            waits = not operation.can_go(self.instants[row].values)
            return operation.obstacle("") if waits else None
        value = self.instants[row].values[operation.cell]
        try:
            if operation.execute(value) is not None:
                return None
        except Exception:  # it goes on, into the exception
            return None
        if facts.lock is None:
            return operation.obstacle(shown(value))
        holder = self.instants[row].holders.get(operation.cell)
        owner = "itself" if holder == thread else holder
        return f"is blocked on lock {facts.cell}{f', held by {owner}' if owner else ''}"

    def cycle_of(self, thread: str) -> tuple[int, ...]:
        """The rows of the cycle, if there is one, in which the thread takes its steps."""
        first = len(self.trace.events) - self.trace.cycle
        return tuple(row for row in self.steps[thread] if row >= first)

    def waits_in_cycle(self, thread: str) -> bool:
        """Whether it is kept by a cycle of others, and takes no step there."""
        return thread in self.trace.kept and not self.cycle_of(thread)

    def spins_on(self, thread: str) -> str | None:
        """The only cell that the thread looks at in a cycle, if it leaves all cells as they are."""
        events = [self.trace.events[row] for row in self.cycle_of(thread)]
        cells = {event.cell for event in events}
        idle = all(value_key(event.before) == value_key(event.after) for event in events)
        return events[0].cell if len(cells) == 1 and idle else None

    def _going_round(self, thread: str) -> str:
        """How a thread that goes on for ever does."""
        rows = self.cycle_of(thread)
        cell = self.spins_on(thread)
        values = {value_text(self.trace.events[row], self.trace.events[row].after) for row in rows}
        if cell is not None and len(values) == 1:
            return f"spins on {cell}, which is {values.pop()}"
        if cell is not None:
            return f"spins on {cell}"
        first, last = (self.trace.events[row].step for row in (rows[0], rows[-1]))
        return f"repeats its steps {first} to {last}" if last > first else f"repeats step {first}"

    def blocked_at(self, thread: str) -> Operation | None:
        """The operation at which a deadlock, or a cycle of others, leaves a thread."""
        blocked = isinstance(self.outcome.get(thread), Blocked) or self.waits_in_cycle(thread)
        return self.trace.waiting.get(thread) if blocked else None

    def _stuck(self, thread: str) -> str:
        operation = self.blocked_at(thread)
        if operation is None:
            return "is blocked"
        end = len(self.trace.events)
        instants = range(end, end - max(self.trace.cycle, 1), -1)
        obstacles = [self._obstacle(thread, operation, row) for row in instants]
        obstacle = next((each for each in obstacles if each is not None), None)
        if obstacle is None:
            return "is blocked"
        if self.trace.cycle:
            often = "" if None not in obstacles else ", again and again"
            return f"{obstacle}{often}"
        holder = self.instants[-1].holders.get(operation.facts.cell or "")
        if holder is None or isinstance(self.outcome.get(holder), Blocked):
            return obstacle
        came = self.outcome.get(holder)
        by = f" by Violation {came.label!r}" if isinstance(came, Violation) else ""
        return f"{obstacle}, which ended{by} without releasing it"


def history(trace: Trace) -> History:
    """Walk the trace once."""
    steps: dict[str, list[int]] = {thread: [] for thread in trace.threads}
    instants = [Instant(trace.initial, {})]
    for event in trace.events:
        steps[event.thread].append(event.index)
        now = instants[-1]
        if event.cell is None or event.held_back:
            instants.append(now)
            continue
        holders = now.holders
        if (
            event.arrives is not None
            and trace.events[event.arrives].operation.facts.lock == "frees"
        ):
            holders = {lock: holder for lock, holder in holders.items() if lock != event.cell}
        if event.operation.facts.lock is not None and event.stored:
            holders = {lock: holder for lock, holder in holders.items() if lock != event.cell}
            if event.operation.facts.lock == "takes":
                holders[event.cell] = event.thread
        instants.append(Instant({**now.values, event.cell: event.after}, holders))
    return History(
        trace,
        tuple(instants),
        {thread: tuple(rows) for thread, rows in steps.items()},
        dict(trace.outcome),
    )
