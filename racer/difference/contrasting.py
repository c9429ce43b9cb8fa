"""contrast(): an alignment becomes text in two columns, and sentences on where they part."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from racer.difference.aligning import came_to_key
from racer.difference.data import Absence, Aligned, Alignment, Difference, Side
from racer.lang.outcomes import Violation
from racer.replaying.trace import Event
from racer.words.changes import shown
from racer.words.names import short_names, step_name, title
from racer.words.outcomes import came_to
from racer.words.phrases import event_text, operation_text

_BEFORE, _AFTER = 2, 1  # alike steps that are shown before and after those that differ
_OWN = 6  # and of the thread that parts first, its last ones before that
_LONG_COUNT = 10**40  # of so many digits nobody reads one in a sentence


@dataclass(frozen=True, slots=True)
class Beside:
    """A step of each side, as text; None where a side makes none. `alike`: both do the same."""

    first: str | None
    second: str | None
    alike: bool


@dataclass(frozen=True, slots=True)
class Contrast:
    """An alignment, told. A row that is a text is a remark on what is not shown, or follows.

    `legend` explains the steps' short names, if they need it. `sentences` are whole ones: where
    the two part, what the follower comes to instead, from when on it cannot show the label.
    """

    names: tuple[str, str]
    legend: str
    rows: tuple[Beside | str, ...]
    sentences: tuple[str, ...]


def contrast(found: Difference, alignment: Alignment) -> Contrast:
    """Tell an alignment: steps that are alike and far from any difference are only counted."""
    teller = _Teller(found, alignment)
    return Contrast(
        names=(found.first.name, found.second.name),
        legend=_legend(teller.shorts),
        rows=tuple(teller.rows()),
        sentences=tuple(teller.sentences()),
    )


def _legend(shorts: Mapping[str, str]) -> str:
    """Whose steps are whose, of the names that do not say so themselves."""
    short_for = [
        (short, thread) for thread, short in shorts.items() if title(thread, short) != thread
    ]
    if not short_for:
        return ""
    return f"{', '.join(f'{short} is {thread}' for short, thread in short_for)}."


class _Teller:
    def __init__(self, found: Difference, alignment: Alignment) -> None:
        self.found = found
        self.alignment = alignment
        self.leader: Side = found.side(alignment.leader)
        self.follower: Side = found.other(alignment.leader)
        self.shorts = short_names(alignment.leading.threads)
        self.parts = alignment.parts

    def rows(self) -> Iterator[Beside | str]:
        kept = self._kept()
        rows = self.alignment.rows
        scheduled = len(self.alignment.leading.events)
        absent: tuple[str, Absence] | None = None
        for hidden, group in itertools.groupby(range(len(rows)), lambda i: i not in kept):
            numbers = list(group)
            if hidden:
                yield self._folded([rows[i] for i in numbers])
                continue
            for i in numbers:
                if i == scheduled:
                    yield f"the schedule ends here; {self.follower.name} goes on:"
                row = rows[i]
                repeated = row.absent is not None and absent == (_thread(row), row.absent)
                yield self._beside(row, repeated=repeated)
                if row.absent is not None:
                    absent = (_thread(row), row.absent)

    def sentences(self) -> Iterator[str]:
        if self.parts is not None:
            yield self._parting(self.alignment.rows[self.parts])
        if self.alignment.unfinished is not None:
            yield f"{self.follower.name} is not brought to an end: {self.alignment.unfinished}."
        elif not self.alignment.shown and self.alignment.following.maximal:
            yield self._instead()
        if self.alignment.escape is not None:
            yield self._escape()

    def _kept(self) -> set[int]:
        """The rows to show: those that differ, and what is needed to see why."""
        rows = self.alignment.rows
        differing = [i for i, row in enumerate(rows) if not row.alike]
        scheduled = [i for i in differing if rows[i].leader is not None]
        near = {j for i in scheduled for j in range(i - _BEFORE, i + _AFTER + 1)}
        kept = set(differing) | near
        if self.parts is not None:
            thread = _thread(rows[self.parts])
            own = [i for i in range(self.parts) if _thread(rows[i]) == thread]
            kept |= set(own[-_OWN:])
            decisive = [i for i in differing if i == self.parts or _violates(rows[i])]
            kept |= {source for i in decisive for source in self._sources(i)}
        alone = {i for i in range(len(rows)) if i not in kept and {i - 1, i + 1} <= kept}
        return (kept | alone) & set(range(len(rows)))

    def _sources(self, row: int) -> Iterator[int]:
        """The rows that stored last to what the steps of a row access."""
        rows = self.alignment.rows
        for event in (rows[row].leader, rows[row].follower):
            cell = None if event is None else event.cell
            if cell is not None:
                yield from [i for i in range(row) if _stores(rows[i].leader, cell)][-1:]

    def _folded(self, rows: list[Aligned]) -> str:
        turns = [(name, len(list(steps))) for name, steps in itertools.groupby(rows, _thread)]
        each = ", ".join(f"{name} x{steps}" for name, steps in turns)
        return f"... {len(rows)} steps alike: {each}"

    def _beside(self, row: Aligned, *, repeated: bool) -> Beside:
        leading = (
            None if row.leader is None else self._step(row.leader, self.alignment.leading.events)
        )
        following: str | None
        if row.follower is not None:
            following = self._step(row.follower, self.alignment.following.events)
        elif row.absent is None or repeated:
            following = None
        else:
            following = f"({self.shorts[_thread(row)]} {_absence(row.absent)})"
        sides = (leading, following)
        first, second = sides if self.alignment.leader == "first" else sides[::-1]
        return Beside(first, second, row.alike)

    def _step(self, event: Event, events: tuple[Event, ...]) -> str:
        parts = [f"{self._name(event)} {event_text(event)}"]
        before = events[event.index - 1].broken if event.index else ()
        parts += [f"invariant {name!r} is false" for name in event.broken if name not in before]
        if event.ended is not None:
            parts.append(came_to(event.ended.value))
        return "; ".join(parts)

    def _name(self, event: Event) -> str:
        return step_name(self.shorts[event.thread], event.step)

    def _parting(self, row: Aligned) -> str:
        """The first row that differs, in words."""
        thread, other = _thread(row), self.follower.name
        if row.leader is None:
            return f"They part after the schedule: {thread} of {other} has not ended."
        begin = f"They part at {self._name(row.leader)}: "
        if row.follower is None:
            return f"{begin}{thread} of {other} {_absence(row.absent)}."
        told: list[tuple[str, Callable[[Event], str]]] = [
            ("", lambda event: operation_text(event.operation)),
            ("", event_text),
            ("it leaves ", lambda event: shown(event.after)),
            (f"{thread} then ", _ending),
        ]
        for phrase, tell in told:
            texts = tell(row.leader), tell(row.follower)
            if texts[0] != texts[1]:
                first, second = texts if self.alignment.leader == "first" else texts[::-1]
                names = self.found.first.name, self.found.second.name
                return f"{begin}{phrase}{first} in {names[0]}, {second} in {names[1]}."
        return f"{begin}what holds of the whole state then differs."

    def _instead(self) -> str:
        """What the follower comes to where it is not what the leader does."""
        leading = dict(self.alignment.leading.outcome)
        ends = [
            f"{thread} {came_to(value)}"
            for thread, value in self.alignment.following.outcome
            if thread not in leading or came_to_key(leading[thread]) != came_to_key(value)
        ]
        if not ends:
            return f"In {self.follower.name} every thread then ends as in {self.leader.name}."
        return f"In {self.follower.name} {', '.join(ends)}."

    def _escape(self) -> str:
        escape, label, other = self.alignment.escape, self.alignment.of, self.follower
        assert escape is not None
        if self.alignment.shown:
            alike = (
                ""
                if self.parts is not None
                else f": all {len(self.alignment.rows)} steps are alike"
            )
            return f"Under the schedule of {self.leader.name}, {other.name} shows it too{alike}."
        if escape.unknown is not None:
            return f"From which step on {other.name} cannot show it is unknown: {escape.unknown}."
        if escape.rows == 0:
            count = other.result.interleavings
            many = f"{count:,} " if count is not None and count < _LONG_COUNT else ""
            return f"{other.name} cannot show {label} at all: none of its {many}interleavings does."
        if escape.rows is None:
            return f"{other.name} could still come to {label} from there."
        event = self.alignment.rows[escape.rows - 1].follower
        assert event is not None, "a move that is not made loses nothing"
        return (
            f"{other.name} escapes {label} at {self._name(event)}, {event_text(event)}: before it "
            "some continuation still leads there, after it none does."
        )


def _thread(row: Aligned) -> str:
    event = row.leader or row.follower
    assert event is not None
    return event.thread


def _violates(row: Aligned) -> bool:
    events = [event for event in (row.leader, row.follower) if event is not None]
    endings = [event.ended.value for event in events if event.ended is not None]
    return any(isinstance(value, Violation) for value in endings)


def _stores(event: Event | None, cell: str) -> bool:
    return event is not None and event.cell == cell and event.stored


def _absence(absent: Absence | None) -> str:
    assert absent is not None
    if absent.operation is None:
        return f"has ended: {came_to(absent.ended)}"
    if absent.what == "is blocked":
        return f"is blocked at {absent.operation}"
    return f"lacks that option of {absent.operation}"


def _ending(event: Event) -> str:
    return "goes on" if event.ended is None else came_to(event.ended.value)
