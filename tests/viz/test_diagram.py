"""The diagram: its structure as DOT, and that graphviz can draw it."""

from __future__ import annotations

import re
import subprocess
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from racer.errors import RacerError
from racer.explanation.data import Explanation, NoReturn, NotComputed, Ordering
from racer.lang.operations import Acquire, Release
from racer.replaying.trace import Trace
from racer.viz.diagram.boxes import Box
from racer.viz.diagram.condensing import condensed
from racer.viz.diagram.drawing import NotDrawnInTime, diagram, render
from racer.viz.diagram.grid import lay_out
from racer.viz.diagram.ways import arrows
from tests.viz.traces import (
    Did,
    explained,
    held_lock,
    lock_cycle,
    race_with_shows,
    residual_race,
    small_traces,
    trace,
)

SNAPSHOTS = Path(__file__).parent.parent / "snapshots"
SVG = "{http://www.w3.org/2000/svg}"


def race() -> Explanation:
    return explained(residual_race(), "misclassified")


def ordered(explanation: Explanation) -> Explanation:
    """With an order for each conflict: a trace alone does not tell which are decisive."""
    orders = tuple(Ordering(each.first, each.second) for each in explanation.conflicts)
    return replace(explanation, orderings=orders, enabling=())


def test_the_text_of_a_diagram() -> None:
    dot = diagram(explained(held_lock(), "n below 2"))
    assert dot == (SNAPSHOTS / "held_lock.dot").read_text()


def test_every_step_is_a_node_and_every_read_of_a_step_an_edge() -> None:
    root = ElementTree.fromstring(render(diagram(race()), "svg"))
    ids = {group.get("id") for group in root.iter(f"{SVG}g")}
    assert {row.name for row in condensed(race()).rows} <= ids
    edges = {
        title.text
        for group in root.iter(f"{SVG}g")
        if group.get("class") == "edge"
        for title in group.iter(f"{SVG}title")
    }
    assert {"A5->R3", "B6->R4"} <= edges
    assert not any(edge.endswith("->B1") for edge in edges if edge)  # B does not violate


def test_an_order_is_an_arrow_and_one_with_a_read_that_depends_on_it() -> None:
    explanation = ordered(race())
    pairs = {
        (order.first.name, order.then.name)
        for order in explanation.orderings  # type: ignore[union-attr]
    }
    short = condensed(explanation)
    drawn = {
        (short.rows[each.first].name, short.rows[each.then].name): each for each in arrows(short)
    }
    assert len(drawn) == len(arrows(short))
    assert {pair for pair, arrow in drawn.items() if arrow.decisive} == pairs
    assert drawn["A5", "R3"].kind == "read" and drawn["R3", "A6"].kind == "order"
    assert not any(each.decisive for each in arrows(condensed(race())))
    dot = diagram(explanation)
    (solid,) = re.findall(r"A5 -> R3 \[(.*)\]", dot)
    (dashed,) = re.findall(r"R3 -> A6 \[(.*)\]", dot)
    assert "penwidth=2.5" in solid and "dashed" not in solid
    assert "style=dashed" in dashed and 'tooltip="R3 before A6"' in dashed


def test_a_diagram_says_what_its_lines_mean_and_no_more() -> None:
    plain, with_orders, locked = (
        " ".join(lay_out(condensed(each)).notes.lines)
        for each in (race(), ordered(race()), explained(held_lock(), "n below 2"))
    )
    for text, in_plain, in_orders, in_locked in [
        ("Solid arrow: a load and the store it read.", True, True, True),
        ("Dashed arrow: an order that the violation depends on.", False, True, False),
        ("Heavy arrow: both.", False, True, False),
        ("Grey bar: holds a lock.", False, False, True),
    ]:
        assert (text in plain, text in with_orders, text in locked) == (
            in_plain,
            in_orders,
            in_locked,
        ), text


def test_a_diagram_says_why_no_order_is_known() -> None:
    unknown = replace(race(), orderings=NotComputed("more than 5 states"))
    assert "Decisive orders: not computed (more than 5 states)." in diagram(unknown)


def test_an_svg_has_a_title_and_a_description_for_screen_readers() -> None:
    root = ElementTree.fromstring(render(diagram(race()), "svg"))
    assert root.get("role") == "img"
    title, description = root[0], root[1]
    assert (title.tag, title.text) == (f"{SVG}title", "racer: misclassified")
    assert description.tag == f"{SVG}desc"
    assert description.text is not None
    assert description.text.startswith("R raised Violation 'misclassified' at R4")


def test_the_same_explanation_gives_the_same_bytes() -> None:
    dot = diagram(race())
    assert dot == diagram(race())
    assert render(dot, "svg") == render(dot, "svg")
    assert render(dot, "png") == render(dot, "png")
    assert render(dot, "png").startswith(b"\x89PNG")


def overlap(a: Box, b: Box) -> bool:
    beside = abs(a.x - b.x) * 2 >= a.width + b.width
    apart = abs(a.y - b.y) * 2 >= a.height + b.height
    return not (beside or apart)


def crosses(a: tuple[float, float], b: tuple[float, float], box: Box) -> bool:
    """Whether a level or upright line runs through the inside of a box."""
    left, right = sorted((a[0], b[0]))
    top, bottom = sorted((a[1], b[1]))
    half = (box.width / 2, box.height / 2)
    return (
        left < box.x + half[0]
        and right > box.x - half[0]
        and top < box.y + half[1]
        and bottom > box.y - half[1]
    )


@settings(deadline=None)
@given(trace=small_traces())
def test_nothing_lies_on_anything_else(trace: Trace) -> None:
    grid = lay_out(condensed(explained(trace, "x")))
    texts = [*grid.steps, *grid.heads.values(), *grid.feet.values(), *grid.switches.values()]
    texts += [*grid.changes.values(), *grid.openings.values(), *grid.closings.values()]
    texts += [grid.title, grid.notes]
    for n, text in enumerate(texts):
        assert not any(overlap(text, other) for other in texts[n + 1 :])
    for way in grid.ways.values():
        for a, b in pairwise(way):
            assert not any(crosses(a, b, box) for box in grid.steps)


@settings(deadline=None)
@given(trace=small_traces())
def test_two_ways_run_on_one_line_only_when_they_come_from_one_step(trace: Trace) -> None:
    explanation = ordered(explained(trace, "x"))
    grid = lay_out(explanation)
    uprights: dict[float, list[tuple[tuple[str, int], float, float]]] = {}
    for arrow, way in grid.ways.items():
        source = (arrow.kind, arrow.first)
        uprights.setdefault(way[1][0], []).append((source, way[1][1], way[2][1]))
    for x, lines in uprights.items():
        assert not any(bar.left - 1 <= x <= bar.right + 1 for bar in grid.locks)
        for n, (source, top, bottom) in enumerate(lines):
            for other, other_top, other_bottom in lines[n + 1 :]:
                assert source == other or bottom < other_top or other_bottom < top


@settings(deadline=None, max_examples=15)
@given(trace=small_traces())
def test_any_names_and_values_can_be_drawn(trace: Trace) -> None:
    ElementTree.fromstring(render(diagram(explained(trace, "x")), "svg"))


def test_a_backslash_is_drawn_as_it_is() -> None:
    told = explained(held_lock(), "a \\N b")  # \N is a node's name to graphviz
    svg = render(diagram(told), "svg")
    drawn = [text.text or "" for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]
    assert any(repr("a \\N b") in text for text in drawn)


def test_a_deadlock_ends_in_what_each_thread_is_blocked_on() -> None:
    dot = diagram(explained(lock_cycle(), "deadlock"))
    assert re.findall(r'"(\w) stuck" \[label', dot) == ["F", "S"]


def test_without_graphviz_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(RacerError, match="pip install graphviz-pure"):
        render("digraph {}", "svg")


def test_text_that_is_not_dot_is_an_error_with_what_graphviz_said() -> None:
    with pytest.raises(RacerError, match="syntax error"):
        render("digraph {", "svg")


def test_graphviz_that_does_not_end_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(command: list[str], **more: Any) -> None:
        raise subprocess.TimeoutExpired(command, 60)

    monkeypatch.setattr("subprocess.run", hang)
    with pytest.raises(RacerError, match="timed out"):
        render("digraph {}", "svg")


def test_graphviz_is_ended_at_a_deadline() -> None:
    with pytest.raises(NotDrawnInTime, match="timed out after 0"):
        render("digraph {}", "svg", deadline=0.0)


def test_the_point_of_no_return_is_a_rule_under_its_step() -> None:
    explanation = race()
    unavoidable = replace(explanation, no_return=NoReturn(2, explanation.rows[2].name, last=False))
    grid = lay_out(unavoidable)
    assert grid.rule is not None and lay_out(explanation).rule is None
    assert grid.rule.lines == ("from here on it cannot be avoided",)
    assert grid.steps[2].y < grid.rule.y < grid.steps[3].y
    assert '"no return left" -> "no return"' in diagram(unavoidable)
    at_last = replace(explanation, no_return=NoReturn(2, explanation.rows[2].name, last=True))
    assert lay_out(at_last) == lay_out(explanation)


def test_a_fold_is_one_row_and_everything_refers_to_the_new_rows() -> None:
    whole = race()
    assert whole.folded, "the trace has steps to fold"
    short = condensed(whole)
    names = [row.name for row in short.rows]
    for fold in whole.folded:
        row = short.rows[names.index(fold.name)]
        assert row.text == f"({fold.last - fold.first + 1} steps)"
        assert row.changes == fold.changes
    hidden = sum(fold.last - fold.first for fold in whole.folded)
    assert len(short.rows) == len(whole.rows) - hidden
    for row in short.rows:
        if row.read is not None and row.read.row is not None:
            assert names[row.read.row] == row.read.source
    for window in short.windows:
        assert names[window.first] == window.opened
        assert window.last is None or names[window.last] == window.closed
    assert short.notes[0].startswith("Cut: ")
    assert condensed(short) == short


def shown_race() -> Explanation:
    return explained(race_with_shows(), "misclassified")


def test_an_axis_says_what_is_true_from_row_to_row() -> None:
    explanation = shown_race()
    (axis,) = explanation.axis
    names = [row.name for row in explanation.rows]
    assert axis.name == "type"
    ends = [None if s.first is None else names[s.first] for s in axis.segments]
    assert [s.text for s in axis.segments] == ["0", "1", "0"]
    assert ends == [None, "A5", "A6"]
    assert [s.last for s in axis.segments] == [*(s.first for s in axis.segments[1:]), None]
    folded = {i for fold in explanation.folded for i in range(fold.first, fold.last + 1)}
    assert not folded & {s.first for s in axis.segments}


def test_the_segments_of_an_axis_are_drawn_left_of_the_lanes_without_a_gap() -> None:
    grid = lay_out(condensed(shown_race()))
    (axis,) = grid.axes
    assert all(area.right < 0 for area in axis.areas)
    assert all(a.bottom == b.top for a, b in pairwise(axis.areas))
    for box, area in zip(axis.segments, axis.areas, strict=True):
        assert box.height <= area.bottom - area.top and box.width <= area.right - area.left
    assert '"axis type 3"' in diagram(shown_race())


def test_a_lock_is_a_bar_in_the_lane_from_its_acquire_to_its_release() -> None:
    explanation = explained(held_lock(), "n below 2")
    assert explanation.held, "the trace takes a lock"
    for held in explanation.held:
        row = explanation.rows[held.first]
        assert row.lane == held.lane and row.operation == f"acquire {held.lock}"
        if held.last is not None:
            assert explanation.rows[held.last].operation == f"release {held.lock}"
    short = condensed(explanation)
    grid = lay_out(short)
    assert len(grid.locks) == len(short.held)
    for held, bar in zip(short.held, grid.locks, strict=True):
        boxes = [grid.steps[i] for i, row in enumerate(short.rows) if row.lane == held.lane]
        assert all(bar.right < box.x - box.width / 2 for box in boxes)


def test_bars_of_locks_that_are_held_together_stand_beside_each_other() -> None:
    script = [("L", Acquire), ("M", Acquire), ("N", Acquire), ("M", Release), ("K", Acquire)]
    script += [("N", Release), ("L", Release), ("M", Acquire), ("M", Release), ("K", Release)]
    done = [Did("T", what(lock)) for lock, what in script]
    explanation = explained(trace(dict.fromkeys("KLMN", False), done), "x")
    bars = lay_out(explanation).locks
    assert [held.lock for held in explanation.held] == ["L", "M", "N", "K", "M"]
    for n, bar in enumerate(bars):
        for other in bars[n + 1 :]:
            beside = bar.right < other.left or other.right < bar.left
            assert beside or bar.bottom < other.top or other.bottom < bar.top
    assert len({bar.left for bar in bars}) == 3  # never more at a time: K takes M's place
