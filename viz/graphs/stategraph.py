"""The state graph as DOT: states as nodes, steps on the edges between them.

What can violate is solid, dark and at the least as wide as anything of its count; the rest is
dashed and light: so the ways to a violation stand out in grey print, too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from racer.graphs.data import DrawnStates, StateEdge, StateNode, Step
from racer.viz.graphs.captions import number, plural, states_caption
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

_WRONG = "#9c1c1c"  # dark enough to be black in grey print
_THIN, _THICK = 0.8, 5.0  # widths, in points
_WRONG_THIN = 1.6
_SHOWN, _FIRST, _LAST = 9, 5, 2  # steps in a label: all, or the first and the last of them
_WIDTH = 44  # characters of a line


def state_graph(graph: DrawnStates, title: str) -> str:
    """The graph as DOT. The same graph gives the same text."""
    dot = new_picture(title, states_caption(graph))
    raised = {edge.target for edge in graph.edges if any(step.raises for step in edge.steps)}
    for node in graph.nodes:
        _node(dot, graph, node, says_labels=node.number in raised or bool(node.outcome))
        if node.leaves:
            _stub(dot, node)
        if node.arriving is not None:
            _arrival(dot, node, node.arriving)
    for at, edge in enumerate(graph.edges):
        _edge(dot, graph, at, edge)
    return safe_text(str(dot.source))


def _node(dot: Picture, graph: DrawnStates, node: StateNode, *, says_labels: bool) -> None:
    name = f"s{node.number}"
    if node.kind == "initial":
        dot.node(name, label=lines([bold("start")]), style="filled,rounded")
    elif node.kind == "unexplored":
        dot.node(name, label=lines([italic("not searched")]), style="filled,dashed")
    elif node.kind == "final":
        dot.node(name, label=lines(_ending(graph, node)), style="filled,rounded", color=FAINT)
    elif node.labels and says_labels:  # white on black
        said = [bold(label) for label in node.labels]
        loud = {"fillcolor": INK, "fontcolor": "white"}
        dot.node(name, label=lines([*said, *_ending(graph, node)]), **loud)
    else:
        dot.node(name, label="", shape="circle", width="0.12", height="0.12", fillcolor=INK)


def _stub(dot: Picture, node: StateNode) -> None:
    """What leaves a node by moves that are not drawn."""
    name, away = f"s{node.number}", f"s{node.number} elsewhere"
    with dot.subgraph() as level:
        level.attr(rank="same")
        many = "" if node.elsewhere is None else f"{number(node.elsewhere)} "
        said = [italic(f"{many}to elsewhere")]
        level.node(away, label=lines(said), shape="none", style="", fontcolor="gray40")
        level.edge(name, away, style="dotted", color=FAINT, arrowhead="vee")


def _arrival(dot: Picture, node: StateNode, arriving: int) -> None:
    """What comes to a node by moves that are not drawn."""
    name, away = f"s{node.number}", f"elsewhere s{node.number}"
    with dot.subgraph() as level:
        level.attr(rank="same")
        said = [italic(f"{number(arriving)} from elsewhere")]
        level.node(away, label=lines(said), shape="none", style="", fontcolor="gray40")
        level.edge(away, name, style="dotted", color=FAINT, arrowhead="vee")


def _ending(graph: DrawnStates, node: StateNode) -> Iterator[str]:
    """What each thread came to, and how often: in what the lines count, too."""
    for thread, value in node.outcome:
        yield from wrapped(f"{thread}: {value}", _WIDTH)
    if graph.counted == "schedules" and node.outcome and node.paths is not None:
        yield italic(plural(node.paths, "schedule"))
    if node.interleavings is not None:
        yield italic(plural(node.interleavings, "interleaving"))


def _edge(dot: Picture, graph: DrawnStates, at: int, edge: StateEdge) -> None:
    width = _width(graph, edge)
    ordinary = {"color": FAINT, "style": "dashed" if graph.labels else "solid"}
    style = {"color": _WRONG, "style": "solid"} if edge.violating else ordinary
    noun = "schedule" if graph.counted == "schedules" else "interleaving"
    said = list(_steps(edge.steps))
    if edge.count is not None:
        said.append(italic(plural(edge.count, noun)))
    every = "\n".join(f"{step.thread} {step.text}" for step in edge.steps)
    dot.edge(
        f"s{edge.source}",
        f"s{edge.target}",
        id=f"e{at}",
        label=lines(aside(said)),
        penwidth=f"{width:.2f}",
        fontcolor=INK if edge.violating else "gray25",
        tooltip=plain(every),
        labeltooltip=plain(every),
        weight="3" if edge.violating else "1",
        **style,
    )


def _width(graph: DrawnStates, edge: StateEdge) -> float:
    """By the logarithm of the count: one of 10^18 and one of 10 are both to be seen."""
    least = _WRONG_THIN if edge.violating else _THIN
    if edge.count is None or not graph.total or graph.total == 1:
        return least
    share = math.log(edge.count) / math.log(graph.total) if edge.count > 1 else 0.0
    return least + (_THICK - _THIN) * share


def _steps(steps: tuple[Step, ...]) -> Iterator[str]:
    """The steps in order, the thread named where it changes; of many, the first and the last."""
    omitted = range(0)
    if len(steps) > _SHOWN:
        omitted = range(_FIRST, len(steps) - _LAST)
    thread, skipped = "", 0
    for at, step in enumerate(steps):
        if at in omitted and not step.raises:
            skipped += 1
            continue
        if skipped:
            yield italic(f"... {skipped} more")
            thread, skipped = "", 0
        head = step.thread if step.thread != thread else ""
        thread = step.thread
        first, *rest = wrapped(step.text, _WIDTH)
        under = " " * (len(thread) + 1)
        yield f"{bold(head)} {first}" if head else f"{under}{first}"
        yield from (f"{under}{line}" for line in rest)
        yield from (bold(f"*** {label}") for label in step.raises)
