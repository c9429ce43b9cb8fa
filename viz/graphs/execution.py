"""An execution as DOT: a column for each thread, its steps in the order of the code, and who reads
from whom. The circle that no order of steps can have is bold; the edges that it is missing are
dashed, each with the barrier that would add it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Final

from racer.executions.told import ToldEdge, ToldExecution, ToldStep, ToldThread
from racer.viz.executions import ONE_OF_THESE, barriers_text, passing_text
from racer.viz.graphs.dot import (
    FAINT,
    INK,
    Picture,
    aside,
    bold,
    italic,
    lines,
    new_picture,
    plain,
    wrapped,
)
from racer.words.printable import safe_text

_WIDTH: Final = 32  # characters of a step's line
_COLOURS: Final = {"po": FAINT, "rf": "#1f4e8c", "co": "#6b4c9a", "fr": "#8a3b00"}
_MISSING: Final = "#b00020"
_MEANINGS: Final = (
    "Down: the order of the code. rf: who reads what it stored. co: the order of stores to a cell. "
    "fr: a load, and the store that overwrites what it read. Within a thread these three follow "
    "the code, and are left out."
)


def execution_graph(execution: ToldExecution, label: str, title: str) -> str:
    """The graph as DOT. The same execution gives the same text.

    Shape    step A2 is node A2; an edge of the circle has the id circle:A1:A2
    """
    heading = f"{label}: {title}" if title else label
    dot = new_picture(heading, _caption(execution), ranksep="0.45")
    dot.attr(nodesep="0.9", newrank="true")
    circle = {(edge.before, edge.after): edge for edge in execution.circle}
    for number, thread in enumerate(execution.threads):
        _thread(dot, number, thread, circle)
    names = {step.name: thread for thread in execution.threads for step in thread.steps}
    for edge in execution.edges:
        own = names[edge.before] is names[edge.after]
        if not own and (edge.before, edge.after) not in circle:
            _edge(dot, edge)
    added = {
        (each.after, each.before): f"smp_{each.kind}()"
        for each in execution.barriers
        if each.after in names
    }
    for edge in circle.values():
        if edge.before != edge.after:
            _of_circle(dot, edge, added)
    return safe_text(str(dot.source))


def _caption(execution: ToldExecution) -> list[str]:
    said = [_MEANINGS]
    if execution.circle:
        said.append("Bold: the circle by which no order of all steps explains this execution.")
    if any(edge.missing for edge in execution.circle):
        said.append("Dashed: the edges that it is missing, since the model does not keep them.")
    if len(execution.passings) > 1:
        said.append(f"{ONE_OF_THESE[0].upper()}{ONE_OF_THESE[1:]}:")
    said += [f"{text[0].upper()}{text[1:]}." for text in map(passing_text, execution.passings)]
    if execution.barriers:
        text = barriers_text(execution.barriers)
        said.append(f"{text[0].upper()}{text[1:]}.")
    return said


def _thread(
    dot: Picture, number: int, thread: ToldThread, circle: Mapping[tuple[str, str], ToldEdge]
) -> None:
    """Its steps one below the other, under its name, and what it comes to."""
    head, end = f"head {number}", f"end {number}"
    with dot.subgraph(name=f"cluster {number}") as column:
        column.attr(style="dashed", color=FAINT, label="", margin="12")
        column.node(head, label=lines([bold(thread.name)]), shape="none", style="")
        names = [head]
        for step in thread.steps:
            column.node(step.name, label=lines(_step(step)), id=step.name)
            names.append(step.name)
        column.node(end, label=lines([italic(thread.end)]), shape="none", style="")
        names.append(end)
        for one, other in itertools.pairwise(names):
            shown = head != one and other != end and (one, other) not in circle
            style = "solid" if shown else "invis"
            column.edge(one, other, style=style, color=FAINT, arrowsize="0.5", weight="20")


def _step(step: ToldStep) -> list[str]:
    said = step.text if not step.result else f"{step.text} -> {step.result}"
    first, *rest = wrapped(said, _WIDTH)
    told = [f"<b>{plain(step.name)}</b> {first}", *(f"   {line}" for line in rest)]
    return [*told, *aside([plain(f"from {step.source}")])] if step.source else told


def _edge(dot: Picture, edge: ToldEdge) -> None:
    colour = _COLOURS[edge.why]
    dot.edge(
        edge.before,
        edge.after,
        label=f" {edge.why} ",
        color=colour,
        fontcolor=colour,
        constraint="false",
    )


def _of_circle(dot: Picture, edge: ToldEdge, added: Mapping[tuple[str, str], str]) -> None:
    barrier = added.get((edge.before, edge.after), "")
    said = [f"{edge.why}, not kept" if edge.missing else edge.why]
    if barrier:
        said.append(plain(f"{barrier} would add it" if edge.missing else f"{barrier} here"))
    colour = _MISSING if edge.missing else INK if edge.why == "po" else _COLOURS[edge.why]
    dot.edge(
        edge.before,
        edge.after,
        id=f"circle:{edge.before}:{edge.after}",
        label=lines(aside(said)),
        color=colour,
        fontcolor=colour,
        penwidth="2.4",
        style="dashed" if edge.missing else "solid",
        constraint="true" if edge.why == "po" else "false",
    )
