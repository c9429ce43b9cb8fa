"""Where the parts of a space-time diagram stand: lanes, rows, and the ways between them.

Units    points, x to the right and y downwards; text is monospaced, so its size is known.
Shape    a row holds the box of one step, so a level line at a row's height meets no other box.
         Between lanes run gutters, where no box stands: a way from a store to a load leaves
         the store's box sideways, goes along a gutter next to it, and then level to the load.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field

from racer.explanation import Explanation, NoReturn, Row

CHAR = 6  # width of a character of 10 points
LINE = 12  # height of a line of text
_PAD = 5  # around text, left and right
_GAP = 6  # between rows
_GUTTER = 24  # between lanes, with one way or none; for every further one:
_TRACK = 7
_SIDE = 3  # a way leaves a box so far below its middle, and meets one so far above
_SHADE = 7  # a window's area is so much wider than its lane, on either side
_BAR = 4  # a lock's bar, with the space to the next one
_LONG, _SHORT = 40, 28  # characters at which text is wrapped, in steps and around them
_NARROWEST = 64  # characters in a line of the title

Lines = tuple[str, ...]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """Text around the point (x, y)."""

    x: float
    y: float
    lines: Lines

    @property
    def width(self) -> int:
        return _width(self.lines)

    @property
    def height(self) -> int:
        return _height(self.lines)


@dataclass(frozen=True, slots=True)
class Area:
    left: float
    top: float
    right: float
    bottom: float

    def covers(self, point: Point) -> bool:
        return self.left <= point[0] <= self.right and self.top <= point[1] <= self.bottom


@dataclass(frozen=True, slots=True)
class Grid:
    """The places of everything, by number."""

    title: Box
    notes: Box
    heads: Mapping[int, Box]  # by lane
    feet: Mapping[int, Box]  # by lane, of those that a deadlock leaves blocked
    lifelines: Mapping[int, float]  # by lane: how far down
    steps: tuple[Box, ...]
    changes: Mapping[int, Box]  # by row
    switches: Mapping[int, Box]  # by the row before which they happen
    openings: Mapping[int, Box]  # by window
    closings: Mapping[int, Box]  # by window
    windows: tuple[Area, ...]
    ways: Mapping[int, tuple[Point, ...]]  # by the row that reads: from the store to the load
    axes: tuple[tuple[Box, ...], ...]  # left of the lanes: the head, then each segment's text
    locks: tuple[Area, ...]  # bars left of the boxes in a lane, by `held`
    segments: tuple[tuple[Area, ...], ...]  # by axis
    rule: Box | None  # the point of no return, right of its line
    width: float


@dataclass(frozen=True, slots=True)
class _Texts:
    """What the grid has to hold, by number as there."""

    heads: dict[int, Lines]
    feet: dict[int, Lines]
    steps: list[Lines]
    changes: dict[int, Lines]
    switches: dict[int, Lines]
    openings: list[Lines]
    closings: dict[int, Lines]
    rule: tuple[int, Lines] | None  # under which row


@dataclass(slots=True)
class _Rows:
    """Heights from top to bottom."""

    y: float = 0
    steps: list[float] = field(default_factory=list)
    switches: dict[int, float] = field(default_factory=dict)
    openings: dict[int, float] = field(default_factory=dict)
    closings: dict[int, float] = field(default_factory=dict)
    rule: float | None = None
    top: float = 0  # under the heads

    def place(self, height: float) -> float:
        """The middle of the next thing of that height."""
        self.y += height + _GAP
        return self.y - _GAP - height / 2


@dataclass(frozen=True, slots=True)
class _Columns:
    """Lanes from left to right; `gutters` are the left edges, one more than there are lanes."""

    centres: dict[int, float]
    halves: dict[int, float]  # half a lane's width
    gutters: list[float]
    right: float


def drawn_reads(explanation: Explanation) -> Mapping[int, int]:
    """The rows whose reads get a way, with the rows of the stores.

    They are the violating thread's; where no step violates, as in a deadlock, all reads.
    """
    culprits = {row.lane for row in explanation.rows if row.violates}
    return {
        i: row.read.row
        for i, row in enumerate(explanation.rows)
        if row.read is not None
        and row.read.row is not None
        and (not culprits or row.lane in culprits)
    }


def lay_out(explanation: Explanation) -> Grid:
    """Rows from the heights of texts, lanes from their widths, gutters from the ways in them."""
    texts = _texts(explanation)
    tracks = _tracks(explanation, list(texts.heads))
    columns = _columns(explanation, texts, tracks)
    rows = _Rows()
    head = rows.place(max((_height(lines) for lines in texts.heads.values()), default=0))
    rows.top = rows.y
    for i, row in enumerate(explanation.rows):
        _place_row(rows, i, row, texts)
    bottom = rows.y + _GAP
    rows.y = bottom
    foot = rows.place(max((_height(lines) for lines in texts.feet.values()), default=-_GAP))
    centre = columns.centres
    lane_of = [row.lane for row in explanation.rows]
    steps = tuple(Box(centre[lane_of[i]], y, texts.steps[i]) for i, y in enumerate(rows.steps))
    changes = {
        i: Box(columns.right + _width(lines) / 2, rows.steps[i], lines)
        for i, lines in texts.changes.items()
    }
    rule = None
    if texts.rule is not None and rows.rule is not None:
        rule = Box(columns.right + _width(texts.rule[1]) / 2, rows.rule, texts.rule[1])
    beside = [*changes.values(), *([rule] if rule else [])]
    width = max([columns.right, *(box.x + box.width / 2 for box in beside)])
    axes, areas, right = list[tuple[Box, ...]](), list[tuple[Area, ...]](), -_GUTTER / 2
    for axis in reversed(explanation.axis):
        words = [_wrap(axis.name, _SHORT), *(_wrap(each.text, _LONG) for each in axis.segments)]
        left = right - max(_width(lines) for lines in words)
        x = (left + right) / 2
        tops = [rows.top if s.first is None else rows.steps[s.first] for s in axis.segments]
        ends = [*tops[1:], bottom]
        areas.append(
            tuple(Area(left, top, right, low) for top, low in zip(tops, ends, strict=True))
        )
        axes.append(
            (
                Box(x, head, words[0]),
                *(
                    Box(x, (top + low) / 2, lines)
                    for top, low, lines in zip(tops, ends, words[1:], strict=True)
                ),
            )
        )
        right = left - _GAP
    title = _paragraphs(_title(explanation), width)
    notes = _paragraphs([" ".join(explanation.notes)], width)
    windows = explanation.windows
    return Grid(
        title=Box(_width(title) / 2, -LINE - _height(title) / 2, title),
        notes=Box(_width(notes) / 2, rows.y + LINE + _height(notes) / 2, notes),
        heads={lane: Box(centre[lane], head, lines) for lane, lines in texts.heads.items()},
        feet={lane: Box(centre[lane], foot, lines) for lane, lines in texts.feet.items()},
        lifelines={
            number: bottom if lane.state != "ended" or lane.last is None else steps[lane.last].y
            for number, lane in enumerate(explanation.lanes)
            if number in texts.heads
        },
        steps=steps,
        changes=changes,
        switches={
            i: Box(centre[switch.lane], y, texts.switches[i])
            for i, y in rows.switches.items()
            if (switch := explanation.rows[i].switch) is not None
        },
        openings={
            n: Box(centre[windows[n].lane], y, texts.openings[n]) for n, y in rows.openings.items()
        },
        closings={
            n: Box(centre[windows[n].lane], y, texts.closings[n]) for n, y in rows.closings.items()
        },
        windows=_areas(explanation, texts, rows, columns, bottom),
        ways=_ways(explanation, steps, columns, tracks),
        axes=tuple(axes),
        segments=tuple(areas),
        locks=_locks(explanation, steps, columns, bottom),
        rule=rule,
        width=max(width, _width(title), _width(notes)),
    )


def _title(explanation: Explanation) -> list[str]:
    cells = [f"{cell.name}={cell.value}" for cell in explanation.cells if cell.touched]
    initially = f"Initially {', '.join(cells)}." if cells else ""
    said = [explanation.verdict, explanation.cause, f"{explanation.count}; {explanation.fact}."]
    return [*(line for line in said if line), initially]


def _texts(explanation: Explanation) -> _Texts:
    rows = explanation.rows
    lanes = {i: lane for i, lane in enumerate(explanation.lanes) if lane.state != "idle"}
    changes = {
        i: tuple(
            line
            for change in row.changes + row.truths
            for line in _wrap(f"{change.name}: {change.before} -> {change.after}", _LONG)
        )
        for i, row in enumerate(rows)
    }
    turn, rule = explanation.no_return, None
    if isinstance(turn, NoReturn) and turn.row is not None and not turn.last:
        rule = turn.row, _wrap("from here on it cannot be avoided", _LONG)
    return _Texts(
        heads={i: _wrap(lane.title, _SHORT) for i, lane in lanes.items()},
        feet={i: _wrap(lane.end, _SHORT) for i, lane in lanes.items() if lane.state == "blocked"},
        steps=[_step_lines(row, last=i + 1 == len(rows)) for i, row in enumerate(rows)],
        changes={i: lines for i, lines in changes.items() if lines},
        switches={i: _wrap(row.switch.text, _SHORT) for i, row in enumerate(rows) if row.switch},
        openings=[_wrap(f"window: {window.watch}", _SHORT) for window in explanation.windows],
        closings={
            n: _wrap(window.seen, _SHORT)
            for n, window in enumerate(explanation.windows)
            if window.seen is not None
        },
        rule=rule,
    )


def _step_lines(row: Row, *, last: bool) -> Lines:
    """The step as text. How a thread ended is with the switch that follows, if one does."""
    text = f"{row.name} {row.text}"
    if row.read is not None:
        text += " (initial)" if row.read.row is None else f" (from {row.read.source})"
    lines = [*_wrap(text, _LONG)]
    for name in row.broken:
        lines += _wrap(f"invariant {name!r} is false", _LONG)
    if row.ending is not None and (row.violates or last):
        lines += _wrap(row.ending, _LONG)
    return tuple(lines)


def _place_row(rows: _Rows, i: int, row: Row, texts: _Texts) -> None:
    if i in texts.switches:
        rows.switches[i] = rows.place(_height(texts.switches[i]))
    for n in row.opened:
        rows.openings[n] = rows.place(_height(texts.openings[n]))
    rows.steps.append(rows.place(max(_height(texts.steps[i]), _height(texts.changes.get(i, ())))))
    if texts.rule is not None and texts.rule[0] == i:
        rows.rule = rows.place(_height(texts.rule[1]))
    for n in reversed(row.closed):
        rows.closings[n] = rows.place(_height(texts.closings[n]))


def _columns(explanation: Explanation, texts: _Texts, tracks: list[dict[int, int]]) -> _Columns:
    centres, halves, gutters, x = dict[int, float](), dict[int, float](), list[float](), 0.0
    for place, lane in enumerate(texts.heads):
        own = [texts.heads[lane], texts.feet.get(lane, ())]
        own += [texts.steps[i] for i, row in enumerate(explanation.rows) if row.lane == lane]
        own += [
            texts.switches[i]
            for i, row in enumerate(explanation.rows)
            if row.switch and row.switch.lane == lane
        ]
        for n, window in enumerate(explanation.windows):
            if window.lane == lane:
                own += [texts.openings[n], texts.closings.get(n, ())]
        halves[lane] = max(_width(lines) for lines in own) / 2
        gutters.append(x)
        x += _gutter_width(tracks[place]) + halves[lane]
        centres[lane] = x
        x += halves[lane]
    gutters.append(x)
    return _Columns(centres, halves, gutters, x + _gutter_width(tracks[-1]))


def _gutter_width(tracks: dict[int, int]) -> int:
    return _GUTTER + _TRACK * max(tracks.values(), default=0)


def _areas(
    explanation: Explanation, texts: _Texts, rows: _Rows, columns: _Columns, bottom: float
) -> tuple[Area, ...]:
    """A window that closes no later than one of its thread that was open before is within it."""
    areas: list[Area] = []
    for n, window in enumerate(explanation.windows):
        end = len(rows.steps) if window.last is None else window.last
        around = sum(
            other.lane == window.lane and (other.last is None or other.last >= end)
            for other in explanation.windows[:n]
        )
        half = columns.halves[window.lane] + _SHADE - 3 * around
        centre = columns.centres[window.lane]
        top = rows.openings[n] - (_height(texts.openings[n]) + _GAP) / 2
        low = rows.closings.get(n)
        under = bottom if low is None else low + (_height(texts.closings[n]) + _GAP) / 2
        areas.append(Area(centre - half, top, centre + half, under))
    return tuple(areas)


def _locks(
    explanation: Explanation, steps: tuple[Box, ...], columns: _Columns, bottom: float
) -> tuple[Area, ...]:
    """A lock that is taken while its thread holds others has its bar left of theirs."""
    bars: list[Area] = []
    for n, held in enumerate(explanation.held):
        outer = sum(
            other.lane == held.lane and (other.last is None or other.last > held.first)
            for other in explanation.held[:n]
        )
        right = columns.centres[held.lane] - columns.halves[held.lane] - 1 - _BAR * outer
        low = bottom if held.last is None else steps[held.last].y
        bars.append(Area(right - _BAR + 1, steps[held.first].y, right, low))
    return tuple(bars)


def _tracks(explanation: Explanation, lanes: list[int]) -> list[dict[int, int]]:
    """By gutter: the track of every store that a way leads from. Ways of one store share it.

    Two stores share one only when their ways do not overlap.
    """
    spans: list[dict[int, int]] = [{} for _ in range(len(lanes) + 1)]
    for i, store in drawn_reads(explanation).items():
        gutter = _gutter(explanation, lanes, store, i)
        spans[gutter][store] = i  # rows come in order: the last one is the furthest
    tracks = []
    for span in spans:
        chosen: dict[int, int] = {}
        for store in sorted(span):
            taken = {chosen[other] for other in chosen if span[other] >= store}
            chosen[store] = next(t for t in range(len(span)) if t not in taken)
        tracks.append(chosen)
    return tracks


def _gutter(explanation: Explanation, lanes: list[int], store: int, load: int) -> int:
    """The one next to the store's lane on the side of the load's; on the right in one lane."""
    source = lanes.index(explanation.rows[store].lane)
    target = lanes.index(explanation.rows[load].lane)
    return source if target < source else source + 1


def _ways(
    explanation: Explanation,
    steps: tuple[Box, ...],
    columns: _Columns,
    tracks: list[dict[int, int]],
) -> dict[int, tuple[Point, ...]]:
    lanes = list(columns.centres)
    ways: dict[int, tuple[Point, ...]] = {}
    for i, store in drawn_reads(explanation).items():
        gutter = _gutter(explanation, lanes, store, i)
        x = columns.gutters[gutter] + _GUTTER / 2 + _TRACK * tracks[gutter][store]
        start, end = steps[store], steps[i]
        leave = start.x + (start.width if x > start.x else -start.width) / 2
        meet = end.x + (end.width if x > end.x else -end.width) / 2
        down, up = start.y + _SIDE, end.y - _SIDE
        ways[i] = ((leave, down), (x, down), (x, up), (meet, up))
    return ways


def _paragraphs(texts: list[str], width: float) -> Lines:
    columns = max(_NARROWEST, int(width / CHAR))
    return tuple(line for text in texts if text for line in _wrap(text, columns))


def _wrap(text: str, columns: int) -> Lines:
    """Lines of at most so many characters; "(from S3)" stays on one."""
    bound = printable(text).replace("(from ", "(from\0")
    lines = textwrap.wrap(bound, columns, break_on_hyphens=False)
    return tuple(line.replace("\0", " ") for line in lines)


def printable(text: str) -> str:
    """The text without what cannot be drawn: that, as Python would escape it."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _width(lines: Lines) -> int:
    return max((len(line) for line in lines), default=0) * CHAR + 2 * _PAD


def _height(lines: Lines) -> int:
    return LINE * len(lines) + 4 if lines else 0
