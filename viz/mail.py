"""The picture of a schedule that can be pasted into a mail.

One column per thread, time downwards, one step a row. Since a row has one step only, its text
starts in its thread's column and may run on over the columns to the right. Of a long schedule
the rows are folded that the explanation says may be.

Units    columns of 7-bit characters. No line is wider than `width`, holds a tab or ends in a
         blank, and the picture starts in column 2: what begins a line may mean something to
         a mail reader, to `git am`, or to an editor for commit messages.
Bound    text is wrapped, never cut. Of more threads than fit, the last ones share a column.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from racer.errors import UsageError
from racer.explanation.data import (
    Explanation,
    Fold,
    Lane,
    NoReturn,
    NotComputed,
    Ordering,
    Row,
    Side,
)
from racer.viz.calls import calls_lead, calls_told, could_text
from racer.viz.wrapping import WIDTH
from racer.words.phrases import again_text

MINIMUM_WIDTH = 40
ENABLING = "These make those steps happen at all"  # stands above enabling orderings
_INDENT = 2
_GUTTER = 2  # a lane's mark and a blank, then its text
_TEXT = 28  # columns that even the last lane has for text
_WIDEST_STEP = 24
_LONG = 30  # rows; a longer picture is folded
_EASY_STEP = 8  # lanes nearer to each other than this are harder to tell apart

# A lane's mark: its thread has yet to start, is under way, is within a window, has ended.
_WAITING, _RUNNING, _WATCHING, _ENDED = ".", "|", "[", " "


def mail(explanation: Explanation, *, width: int = WIDTH, full: bool = False) -> str:
    """Put an explanation into text for a mail: what is wrong and why, then the schedule.

    The schedule has one column per thread, time downwards, one step a row; of a long one, rows
    that decide nothing are folded. `full`: with the orders that make the decisive steps happen.

    Units    7-bit characters; lines of at most `width` of them, each ending in a newline
    Errors   UsageError when `width` is below 40: a step could not be told from the next.
    """
    if width < MINIMUM_WIDTH:
        raise UsageError(f"a picture {width} columns wide is illegible: give it {MINIMUM_WIDTH}.")
    head = [explanation.verdict, explanation.cause]
    head += [often_text(explanation), no_return_text(explanation)]
    paragraphs = [
        [line for sentence in head for line in wrapped(sentence, width)],
        _calls(explanation, width),
        _orderings(explanation, width, enabling=full),
        _conflicts(explanation, width),
        _returned(explanation, width),
        _initial(explanation, width),
        _best_picture(explanation, width),
        wrapped(" ".join(explanation.notes), width),
    ]
    lines = [line for paragraph in paragraphs if paragraph for line in ["", *paragraph]]
    return "".join(f"{line.rstrip()}\n" for line in lines[1:])


def often_text(explanation: Explanation) -> str:
    """How often it happens and what it takes, as a sentence: threads where that is not all."""
    said = [explanation.count, explanation.fact]
    needed = explanation.threads_needed
    if not isinstance(needed, NotComputed) and 0 < len(needed.threads) < len(explanation.lanes):
        verb = "suffices" if len(needed.threads) == 1 else "suffice"
        said.append(f"{len(needed.threads)} of {len(explanation.lanes)} threads {verb}")
    return f"{'; '.join(said)}."


def no_return_text(explanation: Explanation) -> str:
    """From where on it cannot be avoided, as a sentence; empty where nothing is known."""
    if explanation.cycle:
        return _no_end_text(explanation)
    match explanation.no_return:
        case NotComputed(reason=reason):
            return f"Point of no return: not computed ({reason})." if reason else ""
        case each if each.name is None:
            return "Every interleaving shows it."
        case each if each.last:
            return f"It can be avoided until the last step, {each.name}."
        case each:
            return f"It can be avoided until {each.name}; then every continuation shows it."


def _no_end_text(explanation: Explanation) -> str:
    """Whether a livelock can still be left, and since when not."""
    if explanation.spent and isinstance(explanation.no_return, NoReturn):
        since = explanation.no_return.name
        *others, last = explanation.spent
        who = f"{', '.join(others)} and {last} change" if others else f"{last} changes"
        when = "From the start on" if since is None else f"From {since} on"
        return f"{when} {who} no cell any more, whatever the scheduler does."
    match explanation.no_return:
        case NoReturn(name=None):
            return "No run of the program comes to an end."
        case NoReturn(name=name):
            return f"From {name} on no end can be reached, whatever the scheduler does."
        case NotComputed(reason=reason) if reason:
            return f"Whether an end can still be reached: not computed ({reason})."
    if explanation.escapable:
        return "An end could still be reached; but a fair scheduler need not go there."
    return ""


def decisive_text(orders: tuple[Ordering, ...]) -> str:
    """What stands above decisive orderings."""
    if len(orders) > 1:
        return (
            f"Every schedule with these {len(orders)} orders shows it, and none of them can be "
            "left out"
        )
    return f"Every schedule with this {'step' if orders[0].happens else 'order'} shows it"


def unknown_orders_text(unknown: NotComputed) -> str:
    """Why no decisive orderings are told, as a sentence; empty where nothing was asked."""
    return f"Decisive orders: not computed ({unknown.reason})." if unknown.reason else ""


def _calls(explanation: Explanation, width: int) -> list[str]:
    if explanation.calls is None:
        return []
    lines = wrapped(f"{calls_lead(explanation.calls)}:", width)
    for call in calls_told(explanation.calls):
        lines += [" " * _INDENT + line for line in wrapped(call, width - _INDENT, hanging=2)]
    return lines + wrapped(could_text(explanation.calls), width)


def _orderings(explanation: Explanation, width: int, *, enabling: bool) -> list[str]:
    """Both sides of each decisive ordering, in one line if they fit; then of `enabling` ones."""
    match explanation.orderings:
        case NotComputed() as unknown:
            return wrapped(unknown_orders_text(unknown), width)
        case ():
            return []
        case orderings:
            lines = wrapped(f"{decisive_text(orderings)}:", width)
            lines += [line for each in orderings for line in _ordered(each, width)]
    match explanation.enabling if enabling else ():
        case NotComputed(reason=reason):
            lines += wrapped(f"What makes these steps happen: not computed ({reason}).", width)
        case ():
            pass
        case further:
            lines += wrapped(f"{ENABLING}:", width)
            lines += [line for each in further for line in _ordered(each, width)]
    return lines


def conflicts_text(explanation: Explanation) -> str:
    """What stands above the conflicts that are no decisive or enabling ordering."""
    more = "More steps" if any(each.decisive for each in explanation.conflicts) else "Steps"
    return f"{more} in conflict, in the order of this schedule"


def _conflicts(explanation: Explanation, width: int) -> list[str]:
    """Both sides of each conflict, where no orderings tell which of them decide it."""
    untold = explanation.conflicts
    if not untold or not isinstance(explanation.orderings, NotComputed):
        return []
    lines = wrapped(f"{conflicts_text(explanation)}:", width)
    return lines + [
        line for each in untold for line in _pair(each.first, "then", each.second, width)
    ]


def _ordered(ordering: Ordering, width: int) -> list[str]:
    if not ordering.happens:
        return _pair(ordering.first, "before", ordering.then, width)
    first = _side(ordering.first, *ordering.first.source_places[:1])
    lines = wrapped(ordering.told(first, ""), width - _INDENT, hanging=2)
    return [" " * _INDENT + line for line in lines]


def _pair(one: Side, word: str, other: Side, width: int) -> list[str]:
    """Two sides in one line, or in two, which say as much of where they are as fits."""
    first, then = (_side(side, *side.source_places[:1]) for side in (one, other))
    together = wrapped(f"{first} {word} {then}", width - _INDENT)
    if len(together) == 1:
        return [" " * _INDENT + together[0]]
    found = []
    for indent, before, side in ((2, "", one), (4, f"{word} ", other)):
        told = [
            wrapped(before + _side(side, place), width - indent, hanging=2)
            for place in side.source_places or ("",)
        ]
        lines = next((lines for lines in told if len(lines) == 1), told[0])
        found += [" " * indent + line for line in lines]
    return found


def _side(side: Side, place: str = "") -> str:
    return f"{side.told} ({place})" if place else side.told


def _returned(explanation: Explanation, width: int) -> list[str]:
    """What happened to the value that came back last, and to what it names."""
    if not explanation.returned_values or not explanation.returned_values[-1].meanwhile:
        return []  # the cause says what happened to the value
    value = explanation.returned_values[-1]
    steps = sorted([*value.between, *value.meanwhile], key=lambda side: side.row or 0)
    told = [f"{side.name} {side.cell}: {side.before} -> {side.after}" for side in steps]
    return wrapped(f"From {value.first.name} to {value.again.name}: {', '.join(told)}.", width)


def _initial(explanation: Explanation, width: int) -> list[str]:
    """The cells that the steps access, for the others have no part in it; then what is shown."""
    said = []
    cells = [f"{cell.name}={cell.value}" for cell in explanation.cells if cell.touched]
    if cells:
        said.append(f"Initially {', '.join(cells)}.")
    said += [f"At first {axis.name} is {axis.segments[0].text}." for axis in explanation.axis]
    return wrapped(" ".join(said), width)


def _best_picture(explanation: Explanation, width: int) -> list[str]:
    """The lanes as far apart as they can be at hardly any cost in lines."""
    lanes = {i: lane for i, lane in enumerate(explanation.lanes) if lane.state != "idle"}
    last = width - _GUTTER - _TEXT  # where the last lane may be at most
    widest = (last - _INDENT) // max(len(lanes) - 1, 1)
    best, lowest = list[str](), float("inf")
    for step in range(min(_WIDEST_STEP, max(widest, 2)), 1, -1):
        columns = {i: min(_INDENT + n * step, last) for n, i in enumerate(lanes)}
        lines = _Picture(explanation, lanes, columns, width).lines()
        cost = len(lines) + max(_EASY_STEP - step, 0)
        if cost < lowest:
            best, lowest = lines, cost
    return best


@dataclass(frozen=True, slots=True)
class _Picture:
    """The rows under a header. `lanes` are those to draw, `columns` where each one begins."""

    explanation: Explanation
    lanes: Mapping[int, Lane]
    columns: Mapping[int, int]
    width: int

    def lines(self) -> list[str]:
        """The header, the rows, and where a deadlock leaves its threads."""
        lines = self._header()
        folded = self.explanation.folded if len(self.explanation.rows) > _LONG else ()
        folds = {i: fold for fold in folded for i in range(fold.first, fold.last + 1)}
        for i, row in enumerate(self.explanation.rows):
            fold = folds.get(i)
            if fold is None:
                lines += self._row(i, row)
            elif i == fold.first:
                lines += self._fold(fold, row)
        end = len(self.explanation.rows)
        cycle = self.explanation.cycle
        if cycle:
            row = self.explanation.rows[end - cycle]
            lines += self._remark(end, row.lane, f"-- {again_text(row.name)} --")
        for number, lane in self.lanes.items():
            if lane.is_kept:
                lines += self._remark(end, number, f"-- {lane.thread} {lane.end} --")
        return lines

    def _header(self) -> list[str]:
        """The threads' names in one line, or one below the other where they are too long."""
        titles = [(self.columns[i], ascii_text(lane.title)) for i, lane in self.lanes.items()]
        one_line = ""
        for column, title in titles:
            if one_line and len(one_line) + 2 > column:
                break
            one_line = one_line.ljust(column) + title
        else:
            if len(one_line) <= self.width:
                return [one_line] if titles else []
        lines = []
        for i, lane in self.lanes.items():
            for part in wrapped(lane.title, self.width - self.columns[i]):
                line = " " * self.width
                for earlier in (n for n in self.lanes if n < i):
                    line = _put(line, self.columns[earlier], _WAITING)
                lines.append(_put(line, self.columns[i], part))
        return lines

    def _row(self, i: int, row: Row) -> list[str]:
        windows = self.explanation.windows
        lines = self._switch(i, row)
        for window in (windows[n] for n in row.opened):
            lines += self._remark(i, row.lane, f"window opens: {window.watch}")
        lines += self._step(i, row)
        for window in (windows[n] for n in row.closed):
            lines += self._remark(i, row.lane, f"window closes; {window.watch} was {window.seen}")
        for name in row.broken:
            lines += self._remark(i, row.lane, f"*** invariant {name!r} is false")
        if row.raised and self._is_last(i):
            lines += self._remark(i, row.lane, f"*** {row.ending}")
        no_return = self.explanation.no_return
        if not isinstance(no_return, NotComputed) and no_return.row == i and not no_return.last:
            lines += self._remark(i, row.lane, "*** from here on it cannot be avoided")
        return lines

    def _switch(self, i: int, row: Row) -> list[str]:
        if row.switch is None:
            return []
        return self._remark(i - 0.5, row.switch.lane, f"-- {row.switch.text} --")

    def _fold(self, fold: Fold, row: Row) -> list[str]:
        """Its rows as one; `row` is the first of them."""
        lines = self._switch(fold.first, row)
        return lines + self._remark(fold.first, fold.lane, f"{fold.name} ({fold.text})")

    def _step(self, i: int, row: Row) -> list[str]:
        """The operation, and right of it, or below, what it changed."""
        text = _step_text(row)
        if row.ending and not row.raised and self._is_last(i):
            text += f"; {row.ending}"
        parts = self._parts(row.lane, text, hanging=len(row.name) + 1)
        lines = [self._draw(i, row.lane, part) for part in parts]
        begin = self.columns[row.lane] + _GUTTER
        end = begin + len(parts[-1])  # of what the last line has already
        for change in row.changes + row.truths + row.shown:
            text = ascii_text(f"{change.name}: {change.before} -> {change.after}")
            start = self.width - len(text)
            if end + 2 <= start:
                lines[-1] = _put(lines[-1][: start - 2].ljust(start), start, text)
            elif begin <= start:
                lines.append(
                    _put(self._draw(i, row.lane, "")[: start - 2].ljust(start), start, text)
                )
            else:
                lines += self._remark(i, row.lane, text)
            end = self.width
        return lines

    def _is_last(self, i: int) -> bool:
        """How the thread of any other row ends, the next switch tells."""
        return i + 1 == len(self.explanation.rows)

    def _remark(self, time: float, lane: int, text: str) -> list[str]:
        return [self._draw(time, lane, part) for part in self._parts(lane, text, hanging=3)]

    def _parts(self, lane: int, text: str, *, hanging: int) -> list[str]:
        return wrapped(text, self.width - self.columns[lane] - _GUTTER, hanging=hanging)

    def _draw(self, time: float, lane: int, text: str) -> str:
        """One line: every lane's mark, and the text over those to the right of its lane."""
        line = " " * self.width
        for other in [*self.lanes, lane]:  # where lanes share a column, this one's mark shows
            line = _put(line, self.columns[other], self._mark(time, other))
        begin = self.columns[lane] + _GUTTER
        return _put(line, begin - 1, f" {text} ")[: self.width] if text else line

    def _mark(self, time: float, lane: int) -> str:
        """At row `time`, or between two rows."""
        for window in self.explanation.windows:
            still_open = window.last is None or time <= window.last
            if window.lane == lane and window.first <= time and still_open:
                return _WATCHING
        first, last = self.lanes[lane].first, self.lanes[lane].last
        if first is None or last is None or time < first:
            return _WAITING
        return _ENDED if time > last and self.lanes[lane].state == "ended" else _RUNNING


def _step_text(row: Row) -> str:
    if row.read is None:
        return f"{row.name} {row.text}"
    return f"{row.name} {row.text}  ({row.read.origin})"


def _put(line: str, column: int, text: str) -> str:
    return line[:column] + text + line[column + len(text) :]


def wrapped(text: str, width: int, *, hanging: int = 0) -> list[str]:
    """Lines of at most `width`; a word that is longer than a line is broken."""
    bound = ascii_text(text).replace("(from ", "(from\0")  # keeps "(from S3)" on one line
    indent = " " * min(hanging, width // 2)
    lines = textwrap.wrap(bound, width, subsequent_indent=indent, break_on_hyphens=False)
    return [line.replace("\0", " ") for line in lines]


def ascii_text(text: str) -> str:
    """The text in printable 7-bit characters; any other one as Python would escape it."""
    return "".join(
        c if " " <= c <= "~" else c.encode("unicode_escape").decode("ascii") for c in text
    )
