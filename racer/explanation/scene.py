"""The scene of a violation: which step it is, whose, and what its thread read before."""

from __future__ import annotations

from dataclasses import dataclass

from racer.explanation.data import Side, Span
from racer.explanation.history import History
from racer.lang.values import value_key
from racer.replaying.trace import Event
from racer.words.names import step_name
from racer.words.phrases import effect_text, operation_text, source_places, value_text


@dataclass(frozen=True, slots=True)
class Scene:
    """A trace as the witness of a label.

    `at` is the row of the violating step, None for a deadlock or livelock; `end` is how many rows
    are shown. `names` are those of all rows, `shorts` of the threads.
    """

    past: History
    label: str
    names: tuple[str, ...]
    shorts: dict[str, str]
    at: int | None
    end: int
    windows: tuple[Span, ...]

    @property
    def events(self) -> tuple[Event, ...]:
        return self.past.trace.events

    @property
    def threads(self) -> tuple[str, ...]:
        """Not other agents of the memory model."""
        agents = self.past.trace.agents
        return tuple(name for name in self.past.trace.threads if name not in agents)

    @property
    def culprit(self) -> str | None:
        """The thread that takes the violating step."""
        return None if self.at is None else self.events[self.at].owner

    def stuck(self) -> tuple[str, ...]:
        """The threads that a deadlock leaves blocked, or that a livelock keeps."""
        end = len(self.events)
        return tuple(
            thread
            for thread in self.threads
            if thread in self.past.trace.kept or self.past.lane_state(thread, end) == "blocked"
        )

    def accused_windows(self) -> tuple[Span, ...]:
        """The windows that the verdict is about: those its thread closed last."""
        own = [w for w in self.windows if self.threads[w.lane] == self.culprit]
        latest = max((w.last for w in own if w.last is not None), default=None)
        return tuple(w for w in own if w.last is not None and w.last == latest)

    def reads(self) -> tuple[int, ...]:
        """The rows in which the violating thread reads a cell, within those windows if any."""
        if self.culprit is None:
            return ()
        rows = [i for i in self.past.steps[self.culprit] if i < self.end and self.events[i].reads]
        windows = self.accused_windows()
        if windows:
            first = min(window.first for window in windows)
            last = max(window.last for window in windows if window.last is not None)
            rows = [i for i in rows if first <= i <= last]
        return tuple(rows)

    def cell(self, row: int) -> str | None:
        return self.events[row].cell

    def writer(self, row: int) -> int | None:
        """The row of the store whose value the step finds in its cell; None: the initial one."""
        return self.events[row].source

    def stores_between(self, row: int, until: int) -> tuple[int, ...]:
        """The rows after `row` and before `until` that store to its cell, whatever they store."""
        cell = self.cell(row)
        between = range(row + 1, until)
        return tuple(
            i
            for i in between
            if self.cell(i) == cell and self.events[i].stored and not self.events[i].held_back
        )

    def changes(self, row: int) -> bool:
        """Whether memory holds another value after it."""
        event = self.events[row]
        return not event.held_back and value_key(event.before) != value_key(event.after)

    def side(self, row: int) -> Side:
        event = self.events[row]
        cell = self.cell(row)
        return Side(
            name=self.names[row],
            row=row if row < self.end else None,
            thread=event.owner,
            step=event.step,
            text=effect_text(event),
            cell=cell,
            before=None if cell is None else value_text(event, event.before),
            after=None if cell is None else value_text(event, event.after),
            source_places=source_places(event.locations),
        )

    def step_side(self, thread: str, step: int) -> Side:
        """The side of a thread's step by its number, which may be one that it never takes."""
        rows = self.past.steps[thread]
        if step <= len(rows):
            return self.side(rows[step - 1])
        waiting = self.past.trace.waiting.get(thread)
        text = "" if waiting is None else operation_text(waiting)
        waits = self.past.trace.final_locations.get(thread, ())
        return Side(
            name=step_name(self.shorts[thread], step),
            row=None,
            thread=thread,
            step=step,
            text=text,
            cell=None,
            before=None,
            after=None,
            source_places=source_places(waits),
        )
