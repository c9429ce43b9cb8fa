"""The space-time diagram of an explanation: DOT for graphviz, and SVG or PNG made from it.

One column per thread, time downwards, one step a row, steps that decide nothing folded. Beside
each step what it changed; to each load of the violating thread a line from the store that it
read; windows shaded; at the left what is true, by the program's `shows`; the violating step
black; under the point of no return a dashed rule; left of a lane's boxes a bar per lock held.
Everything is placed here and not by graphviz, so the DOT needs `neato -n2`.
"""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import sysconfig
import time
from collections.abc import Iterable
from typing import Literal

import graphviz  # type: ignore[import-untyped]  # it has neither stubs nor a py.typed

from racer.errors import RacerError
from racer.explanation.data import Axis, Explanation, Held, Row
from racer.viz.diagram.boxes import Area, Box, Lines, Point, printable
from racer.viz.diagram.captions import diagram_description
from racer.viz.diagram.condensing import condensed
from racer.viz.diagram.grid import DrawnAxis, Grid, lay_out
from racer.viz.diagram.ways import Arrow
from racer.words.printable import safe_text

_INK, _FAINT, _SHADE = "black", "gray65", "gray92"
_WAY, _OWN = "#1f4e8c", "gray40"  # from another thread's store, from one of the thread's own
_ORDER = "#8a3b00"  # with dashes, which tell it from a read in grey print
_LOUD = {"fillcolor": _INK, "fontcolor": "white"}  # what violates; stands out in grey print too
_TRUTHS = ("white", "gray88", "gray72")  # segments of an axis, by what they say
_HELD = "gray30"  # a lock's bar
_ROUND = 4.0  # radius of a way's corners
_ARROW = 6.0  # length of its head
_PNG_DPI = 144
_BREAK = '<br align="left"/>'
_TIMEOUT = 60.0  # seconds for graphviz; a picture of 60 steps takes less than one


def diagram(explanation: Explanation, title: str = "") -> str:
    """The diagram as DOT, headed by the title. The same explanation gives the same text.

    Shape    step C4 is node C4, with the id C4, folded ones are node C4..C9; a line from A2 to
             C4 says that C4 read A2's store; lanes and windows are named after their threads and
             first steps.
    """
    explanation = condensed(explanation)
    grid = lay_out(explanation, title)
    dot = graphviz.Digraph(
        name=_plain(f"racer: {explanation.label}"),
        comment="every node has its place: neato -n2 -Tsvg",
        graph_attr={
            "bgcolor": "white",
            "layout": "neato",
            "outputorder": "edgesfirst",
            "pad": "0.2",
            "splines": "true",
            "tooltip": _plain(f"{title} {diagram_description(explanation)}".lstrip()),
        },
        node_attr={
            "fixedsize": "true",
            "fontname": "Courier",
            "fontsize": "10",
            "margin": "0",
            "shape": "box",
        },
        edge_attr={"arrowhead": "none", "color": _FAINT},
    )
    for n, area in enumerate(grid.windows):
        _window(dot, explanation, grid, n, area)
    _text(dot, "title", grid.title)
    _text(dot, "notes", grid.notes)
    for i, box in grid.heads.items():
        _lane(dot, explanation, grid, i, box)
    for i, row in enumerate(explanation.rows):
        _step(dot, grid, i, row)
    for axis, places in zip(explanation.axis, grid.axes, strict=True):
        _axis(dot, axis, places)
    for n, (held, bar) in enumerate(zip(explanation.held, grid.locks, strict=True)):
        _lock(dot, explanation, n, held, bar)
    if grid.rule is not None:
        _rule(dot, grid.rule)
    for arrow, points in grid.ways.items():
        _arrow(dot, explanation, arrow, points)
    return safe_text(str(dot.source))


class NotDrawnInTime(RacerError):
    """Graphviz was still at work when the time for it was over."""


def render(
    dot: str,
    format: Literal["svg", "png"],
    layout: tuple[str, ...] = ("-Kneato", "-n2"),
    *,
    deadline: float | None = None,
) -> bytes:
    """The picture, by `graphviz-pure`, or by a `dot` of the system where that is missing.

    `layout` is what places the nodes: nothing, for a diagram. It is another process, which is
    ended at `deadline`, a time.monotonic() value.

    Errors   RacerError when there is neither, or when it cannot draw this text; NotDrawnInTime.
    """
    seconds = _TIMEOUT if deadline is None else max(deadline - time.monotonic(), 0.0)
    resolution = [f"-Gdpi={_PNG_DPI}"] if format == "png" else []
    command = [_graphviz(), *layout, f"-T{format}", *resolution]
    try:
        done = subprocess.run(
            command, input=dot.encode(), capture_output=True, check=False, timeout=seconds
        )
    except subprocess.TimeoutExpired as error:
        raise NotDrawnInTime(f"cannot draw the diagram: {command[0]} failed: {error}") from error
    except OSError as error:
        raise RacerError(f"cannot draw the diagram: {command[0]} failed: {error}") from error
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode(errors="replace").strip() or "nothing"
        raise RacerError(
            f"cannot draw the diagram: {command[0]} ended with status {done.returncode}.\n"
            f"It said: {said}"
        )
    return _described(done.stdout) if format == "svg" else done.stdout


def _graphviz() -> str:
    beside = os.path.join(sysconfig.get_path("scripts"), "graphviz-pure")
    found = shutil.which(beside) or shutil.which("graphviz-pure") or shutil.which("dot")
    if found is None:
        raise RacerError(
            "cannot draw the diagram: there is no graphviz. Install it into this environment "
            "(`pip install graphviz-pure`) or into the system (`apt install graphviz`)."
        )
    return found


def _window(
    dot: graphviz.Digraph, explanation: Explanation, grid: Grid, n: int, area: Area
) -> None:
    window = explanation.windows[n]
    corners = (area.left, -area.bottom, area.right, -area.top)
    with dot.subgraph(name=f"cluster window {n + 1} from {window.opened}") as shade:
        shade.attr(
            bb=",".join(f"{corner:g}" for corner in corners),
            style="filled,dashed",
            fillcolor=_SHADE,
            color=_INK,
            tooltip=_plain(f"window on {window.watch}"),
        )
        fill = {"style": "filled", "fillcolor": _SHADE}
        _text(shade, f"window {n + 1} opens", grid.openings[n], **fill)
        if n in grid.closings:
            seen = grid.closings[n]
            _text(shade, f"window {n + 1} closes", seen, _bold(seen.lines), **fill)


def _lane(dot: graphviz.Digraph, explanation: Explanation, grid: Grid, i: int, box: Box) -> None:
    """The header, and the lifeline: dotted until the first step, ending with the thread."""
    lane = explanation.lanes[i]
    top, end = f"{lane.short} begins", f"{lane.short} ends"
    _box(dot, top, box, _bold(box.lines), style="filled", fillcolor=_SHADE)
    down = grid.lifelines[i]
    dot.node(end, pos=_at((box.x, down)), shape="none", label="", width="0", height="0")
    first = down if lane.first is None else grid.steps[lane.first].y
    start, begin, last = (box.x, box.y + box.height / 2), (box.x, first), (box.x, down)
    dot.edge(top, end, pos=_spline((start, begin)), style="dotted")
    dot.edge(top, end, pos=_spline((begin, last)))
    if i in grid.feet:
        stuck = grid.feet[i]
        _box(dot, f"{lane.short} stuck", stuck, _bold(stuck.lines), style="filled", **_LOUD)


def _step(dot: graphviz.Digraph, grid: Grid, i: int, row: Row) -> None:
    box = grid.steps[i]
    if i in grid.switches:
        switch = grid.switches[i]
        under = [area for area in grid.windows if area.covers((switch.x, switch.y))]
        fill = {"style": "filled", "fillcolor": _SHADE if under else "white"}
        _text(dot, f"before {row.name}", switch, _italic(switch.lines), **fill)
    colors = _LOUD if row.violates else {"fillcolor": "white"}
    where = {"tooltip": _plain(row.source_places[0])} if row.source_places else {}
    label = _bold(box.lines) if row.violates else _headed(box.lines, row.name)
    _box(dot, row.name, box, label, id=row.name, style="filled", **colors, **where)
    if i in grid.changes:
        change = grid.changes[i]
        _text(dot, f"changed by {row.name}", change)
        ends = ((box.x + box.width / 2, box.y), (change.x - change.width / 2, change.y))
        dot.edge(row.name, f"changed by {row.name}", pos=_spline(ends), style="dotted")


def _axis(dot: graphviz.Digraph, axis: Axis, places: DrawnAxis) -> None:
    """A column of segments, each with its words; the same words have the same shade."""
    _text(dot, f"axis {axis.name}", places.head, _bold(places.head.lines))
    texts = list(dict.fromkeys(each.text for each in axis.segments))
    for n, (each, box, area) in enumerate(
        zip(axis.segments, places.segments, places.areas, strict=True)
    ):
        _area(
            dot,
            f"axis {axis.name} {n + 1}",
            area,
            label=_label(box.lines),
            fillcolor=_TRUTHS[texts.index(each.text) % len(_TRUTHS)],
            tooltip=_plain(f"{axis.name}: {each.text}"),
        )


def _lock(dot: graphviz.Digraph, explanation: Explanation, n: int, held: Held, bar: Area) -> None:
    holder = explanation.lanes[held.lane].thread
    tooltip = _plain(f"{held.lock} held by {holder}")
    look = {"label": "", "fillcolor": _HELD, "color": _HELD}
    _area(dot, f"lock {n + 1} {held.lock}", bar, tooltip=tooltip, **look)


def _area(dot: graphviz.Digraph, name: str, area: Area, **attributes: str) -> None:
    place = ((area.left + area.right) / 2, (area.top + area.bottom) / 2)
    size = {
        "width": f"{(area.right - area.left) / 72:.4f}",
        "height": f"{(area.bottom - area.top) / 72:.4f}",
    }
    dot.node(name, pos=_at(place), style="filled", **size, **attributes)


def _rule(dot: graphviz.Digraph, box: Box) -> None:
    """Across all lanes, to its words on the right."""
    start, end = (0.0, box.y), (box.x - box.width / 2, box.y)
    _text(dot, "no return", box, _bold(box.lines))
    dot.node("no return left", pos=_at(start), shape="none", label="", width="0", height="0")
    line = {"style": "dashed", "color": _INK, "penwidth": "2"}
    dot.edge("no return left", "no return", pos=_spline((start, end)), **line)


def _arrow(
    dot: graphviz.Digraph, explanation: Explanation, arrow: Arrow, points: tuple[Point, ...]
) -> None:
    """Solid to a load from the store that it read, heavy if their order is decisive; else dashed.

    It has round corners.
    """
    first, then = explanation.rows[arrow.first], explanation.rows[arrow.then]
    if arrow.kind == "order":
        style = {"color": _ORDER, "style": "dashed", "arrowhead": "empty"}
        tooltip = f"{first.name} before {then.name}"
    else:
        own = first.lane == then.lane
        style = {"color": _OWN} if own else {"color": _WAY, "penwidth": "1.5"}
        style |= {"arrowhead": "normal"} | ({"penwidth": "2.5"} if arrow.decisive else {})
        tooltip = f"{then.name} reads {first.name}"
    *_, before, tip = points
    back = _ARROW if before[0] > tip[0] else -_ARROW
    spline = _spline((*points[:-1], (tip[0] + back, tip[1])))
    dot.edge(
        first.name,
        then.name,
        pos=f"e,{_at(tip)} {spline}",
        arrowsize=f"{_ARROW / 10:g}",
        tooltip=_plain(tooltip),
        **style,
    )


def _spline(points: tuple[Point, ...]) -> str:
    """Straight pieces with round corners, as the control points of cubic curves."""
    controls = [points[0]]
    for previous, corner, following in zip(points, points[1:], points[2:], strict=False):
        into, out = _towards(corner, previous), _towards(corner, following)
        controls += [controls[-1], into, into, corner, corner, out]
    controls += [controls[-1], points[-1], points[-1]]
    return " ".join(_at(point) for point in controls)


def _towards(corner: Point, other: Point) -> Point:
    """The point on the way from a corner at which its rounding ends."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = abs(dx) + abs(dy)  # one of them is 0
    part = min(_ROUND, length / 2) / length if length else 0.0
    return (corner[0] + dx * part, corner[1] + dy * part)


def _text(
    dot: graphviz.Digraph, name: str, box: Box, label: str | None = None, **attributes: str
) -> None:
    """Text without a border; none where there is nothing to say."""
    if box.lines:
        _box(dot, name, box, label or _label(box.lines), color="none", **attributes)


def _box(dot: graphviz.Digraph, name: str, box: Box, label: str, **attributes: str) -> None:
    size = {"width": f"{box.width / 72:.4f}", "height": f"{box.height / 72:.4f}"}
    dot.node(name, label=label, pos=_at((box.x, box.y)), **size, **attributes)


def _at(point: Point) -> str:
    return f"{point[0]:.6g},{-point[1] + 0:.6g}"


def _plain(text: str) -> str:
    """Text for an attribute, in which graphviz is to find no escapes of its own."""
    return str(graphviz.escape(printable(text)))


def _escaped(text: str) -> str:
    """Text for a label, in which graphviz would replace \\N by the name of its node."""
    return html.escape(text).replace("\\", "\\\\")


def _label(lines: Iterable[str]) -> str:
    return _html(_escaped(line) for line in lines)


def _bold(lines: Iterable[str]) -> str:
    return _html(f"<b>{_escaped(line)}</b>" for line in lines)


def _italic(lines: Iterable[str]) -> str:
    return _html(f"<i>{_escaped(line)}</i>" for line in lines)


def _headed(lines: Lines, head: str) -> str:
    """With the bold words at the beginning of the first line."""
    first = _escaped(lines[0].removeprefix(head))
    return _html([f"<b>{_escaped(head)}</b>{first}", *map(_escaped, lines[1:])])


def _html(lines: Iterable[str]) -> str:
    """A label of lines that begin at the left."""
    return f"<{''.join(f'{line}{_BREAK}' for line in lines)}>"


def _described(svg: bytes) -> bytes:
    """With a title and a description of the whole, for screen readers."""
    text = svg.decode()
    title = re.search("<title>(.*?)</title>", text, re.DOTALL)
    description = re.search('xlink:title="(.*?)"', text, re.DOTALL)
    inner = f"<title>{title[1]}</title>\n" if title else ""
    inner += f"<desc>{description[1]}</desc>\n" if description else ""
    return re.sub(
        "<svg [^>]*>", lambda tag: f'{tag[0][:-1]} role="img">\n{inner}', text, count=1
    ).encode()
