"""Where the parts of a space-time diagram stand: lanes, rows, axes, and what is beside them.

Units    points, x to the right and y downwards.
Shape    a row holds the box of one step, so a level line at a row's height meets no other box.
         Between lanes run gutters, where no box stands, for arrows and the bars of locks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from racer.explanation.data import Axis, Explanation, NoReturn, Row
from racer.viz.diagram.boxes import CHAR, LINE, Area, Box, Lines, Point, height, width, wrap
from racer.viz.diagram.captions import diagram_legend, orders_text
from racer.viz.diagram.ways import GUTTER, Arrow, Tracks, tracks, ways
from racer.viz.mail import often_text

_GAP = 6  # between rows
_SHADE = 7  # a window's area is so much wider than its lane, on either side
_BAR = 3  # width of a lock's bar
_APART = 3  # between a bar and the boxes, or another bar beside or below it
_LONG, _SHORT = 40, 28  # characters at which text is wrapped, in steps and around them
_NARROWEST = 64  # characters in a line of the title


@dataclass(frozen=True, slots=True)
class DrawnAxis:
    """A column left of the lanes: its name, and each segment's text in the middle of its area."""

    head: Box
    segments: tuple[Box, ...]
    areas: tuple[Area, ...]


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
    ways: Mapping[Arrow, tuple[Point, ...]]  # from box to box
    axes: tuple[DrawnAxis, ...]  # as in `axis`
    locks: tuple[Area, ...]  # bars left of the boxes in a lane, as in `held`
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
    tracks: Tracks
    right: float


def lay_out(explanation: Explanation, title: str = "") -> Grid:
    """Rows from the heights of texts, lanes from their widths, gutters from the ways in them."""
    texts = _texts(explanation)
    columns = _columns(explanation, texts)
    rows = _Rows()
    head = rows.place(max((height(lines) for lines in texts.heads.values()), default=0))
    rows.top = rows.y
    for i, row in enumerate(explanation.rows):
        _place_row(rows, i, row, texts)
    bottom = rows.y + _GAP
    rows.y = bottom
    foot = rows.place(max((height(lines) for lines in texts.feet.values()), default=-_GAP))
    centre = columns.centres
    lane_of = [row.lane for row in explanation.rows]
    steps = tuple(Box(centre[lane_of[i]], y, texts.steps[i]) for i, y in enumerate(rows.steps))
    changes = {i: _beside(columns, rows.steps[i], lines) for i, lines in texts.changes.items()}
    rule = None
    if texts.rule is not None and rows.rule is not None:
        rule = _beside(columns, rows.rule, texts.rule[1])
    beside = [*changes.values(), *([rule] if rule else [])]
    right = max([columns.right, *(box.right for box in beside)])
    head_lines = _paragraphs([title, *_title(explanation)], right)
    notes = _paragraphs([" ".join(explanation.notes), " ".join(diagram_legend(explanation))], right)
    windows = explanation.windows
    return Grid(
        title=Box(width(head_lines) / 2, -LINE - height(head_lines) / 2, head_lines),
        notes=Box(width(notes) / 2, rows.y + LINE + height(notes) / 2, notes),
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
        ways=ways(explanation, steps, columns.tracks, columns.gutters),
        axes=_axes(explanation.axis, rows, head, bottom),
        locks=_locks(explanation, steps, columns, bottom),
        rule=rule,
        width=max(right, width(head_lines), width(notes)),
    )


def _beside(columns: _Columns, y: float, lines: Lines) -> Box:
    """Text right of all lanes."""
    return Box(columns.right + width(lines) / 2, y, lines)


def _axes(axes: tuple[Axis, ...], rows: _Rows, head: float, bottom: float) -> tuple[DrawnAxis, ...]:
    """The last one is nearest to the lanes."""
    found: list[DrawnAxis] = []
    right = -GUTTER / 2
    for axis in reversed(axes):
        name, texts = wrap(axis.name, _SHORT), [wrap(each.text, _LONG) for each in axis.segments]
        left = right - max(width(lines) for lines in [name, *texts])
        x = (left + right) / 2
        tops = [rows.top if s.first is None else rows.steps[s.first] for s in axis.segments]
        areas = [
            Area(left, top, right, low) for top, low in zip(tops, [*tops[1:], bottom], strict=True)
        ]
        segments = [
            Box(x, (area.top + area.bottom) / 2, lines)
            for area, lines in zip(areas, texts, strict=True)
        ]
        found.append(DrawnAxis(Box(x, head, name), tuple(segments), tuple(areas)))
        right = left - _GAP
    return tuple(reversed(found))


def _title(explanation: Explanation) -> list[str]:
    cells = [f"{cell.name}={cell.value}" for cell in explanation.cells if cell.touched]
    initially = f"Initially {', '.join(cells)}." if cells else ""
    said = [explanation.verdict, explanation.cause, often_text(explanation)]
    return [*said, orders_text(explanation), initially]


def _texts(explanation: Explanation) -> _Texts:
    rows = explanation.rows
    lanes = {i: lane for i, lane in enumerate(explanation.lanes) if lane.state != "idle"}
    changes = {
        i: tuple(
            line
            for change in row.changes + row.truths
            for line in wrap(f"{change.name}: {change.before} -> {change.after}", _LONG)
        )
        for i, row in enumerate(rows)
    }
    turn, rule = explanation.no_return, None
    if isinstance(turn, NoReturn) and turn.row is not None and not turn.last:
        rule = turn.row, wrap("from here on it cannot be avoided", _LONG)
    return _Texts(
        heads={i: wrap(lane.title, _SHORT) for i, lane in lanes.items()},
        feet={i: wrap(lane.end, _SHORT) for i, lane in lanes.items() if lane.is_kept},
        steps=[_step_lines(row, last=i + 1 == len(rows)) for i, row in enumerate(rows)],
        changes={i: lines for i, lines in changes.items() if lines},
        switches={i: wrap(row.switch.text, _SHORT) for i, row in enumerate(rows) if row.switch},
        openings=[wrap(f"window: {window.watch}", _SHORT) for window in explanation.windows],
        closings={
            n: wrap(window.seen, _SHORT)
            for n, window in enumerate(explanation.windows)
            if window.seen is not None
        },
        rule=rule,
    )


def _step_lines(row: Row, *, last: bool) -> Lines:
    """The step as text. How a thread ended is with the switch that follows, if one does."""
    text = f"{row.name} {row.text}"
    if row.read is not None:
        text += f" ({row.read.origin})"
    lines = [*wrap(text, _LONG)]
    for name in row.broken:
        lines += wrap(f"invariant {name!r} is false", _LONG)
    if row.ending is not None and last:
        lines += wrap(row.ending, _LONG)
    return tuple(lines)


def _place_row(rows: _Rows, i: int, row: Row, texts: _Texts) -> None:
    if i in texts.switches:
        rows.switches[i] = rows.place(height(texts.switches[i]))
    for n in row.opened:
        rows.openings[n] = rows.place(height(texts.openings[n]))
    rows.steps.append(rows.place(max(height(texts.steps[i]), height(texts.changes.get(i, ())))))
    if texts.rule is not None and texts.rule[0] == i:
        rows.rule = rows.place(height(texts.rule[1]))
    for n in reversed(row.closed):
        rows.closings[n] = rows.place(height(texts.closings[n]))


def _columns(explanation: Explanation, texts: _Texts) -> _Columns:
    centres, halves, gutters, x = dict[int, float](), dict[int, float](), list[float](), 0.0
    chosen = tracks(explanation, tuple(texts.heads))
    for place, lane in enumerate(texts.heads):
        halves[lane] = max(width(lines) for lines in _own(explanation, texts, lane)) / 2
        gutters.append(x)
        bars = max((bar + 1 for bar in _bars(explanation, lane).values()), default=0)
        x += chosen.width(place) + bars * (_BAR + _APART) + halves[lane]
        centres[lane] = x
        x += halves[lane]
    gutters.append(x)
    return _Columns(centres, halves, gutters, chosen, x + chosen.width(len(centres)))


def _own(explanation: Explanation, texts: _Texts, lane: int) -> list[Lines]:
    """What stands in a lane."""
    own = [texts.heads[lane], texts.feet.get(lane, ())]
    for i, row in enumerate(explanation.rows):
        if row.lane == lane:
            own.append(texts.steps[i])
        if row.switch and row.switch.lane == lane:
            own.append(texts.switches[i])
    for n, window in enumerate(explanation.windows):
        if window.lane == lane:
            own += [texts.openings[n], texts.closings.get(n, ())]
    return own


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
        top = rows.openings[n] - (height(texts.openings[n]) + _GAP) / 2
        low = rows.closings.get(n)
        under = bottom if low is None else low + (height(texts.closings[n]) + _GAP) / 2
        areas.append(Area(centre - half, top, centre + half, under))
    return tuple(areas)


def _bars(explanation: Explanation, lane: int) -> dict[int, int]:
    """By position in `held`, for a lane's: how many bars are between it and the boxes.

    Those are of locks that the thread holds as it takes this one.
    """
    own = {n: held for n, held in enumerate(explanation.held) if held.lane == lane}
    found: dict[int, int] = {}
    for n, held in own.items():
        ends = {place: own[m].last for m, place in found.items()}  # of the last bar in each place
        free = [place for place, end in ends.items() if end is not None and end <= held.first]
        found[n] = min(free, default=len(ends))
    return found


def _locks(
    explanation: Explanation, steps: tuple[Box, ...], columns: _Columns, bottom: float
) -> tuple[Area, ...]:
    """Bars that follow each other in one place stay apart: each is of another lock, or time."""
    places = {n: k for lane in columns.centres for n, k in _bars(explanation, lane).items()}
    bars: list[Area] = []
    for n, held in enumerate(explanation.held):
        left = columns.centres[held.lane] - columns.halves[held.lane]
        right = left - _APART - places[n] * (_BAR + _APART)
        top = steps[held.first].y + _APART / 2
        low = bottom if held.last is None else steps[held.last].y - _APART / 2
        bars.append(Area(right - _BAR, top, right, low))
    return tuple(bars)


def _paragraphs(texts: list[str], right: float) -> Lines:
    columns = max(_NARROWEST, int(right / CHAR))
    return tuple(line for text in texts if text for line in wrap(text, columns))
