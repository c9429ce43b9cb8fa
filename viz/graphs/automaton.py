"""A thread's automaton as DOT: what it is about to do as nodes, the answers as edges."""

from __future__ import annotations

from collections.abc import Iterator

from racer.graphs.data import DrawnThread, ThreadEdge, ThreadNode
from racer.viz.graphs.captions import thread_caption
from racer.viz.graphs.dot import (
    INK,
    SHADE,
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

_WIDTH = 40  # characters of a line
_ANSWERS = 6  # that are listed on an edge
_PLACES = 4  # lines of the source that are listed in a node
_WINDOW = {"style": "filled,dashed", "fillcolor": SHADE}


def automaton(thread: DrawnThread, title: str) -> str:
    """The automaton as DOT. The same automaton gives the same text."""
    dot = new_picture(title, thread_caption(thread), ranksep="0.2")
    dot.node("start", label="", shape="circle", width="0.12", height="0.12", fillcolor=INK)
    dot.edge("start", "n0")
    for node in thread.nodes:
        _node(dot, node)
    for edge in thread.edges:
        _edge(dot, edge)
    if thread.limit is not None or not thread.closed:
        _continuations(dot, thread)
    return safe_text(str(dot.source))


def _node(dot: Picture, node: ThreadNode) -> None:
    name = f"n{node.number}"
    shade = {"fillcolor": SHADE} if node.inside or node.opens else {}
    match node.kind:
        case "step":
            where = {"tooltip": plain("\n".join(" > ".join(calls) for calls in node.places))}
            dot.node(name, label=lines(_step(node)), **shade, **(where if node.places else {}))
        case "closing":
            said = [italic("window closes:"), *wrapped(node.text, _WIDTH)]
            dot.node(name, label=lines(said), **_WINDOW)
        case "returned":
            said = [f"{bold('returns')} {wrapped(node.text, _WIDTH)[0]}"]
            dot.node(name, label=lines(said), style="filled,rounded", peripheries="2")
        case "violated":
            said = [bold("raises Violation"), *wrapped(node.text, _WIDTH)]
            dot.node(name, label=lines(said), fillcolor=INK, fontcolor="white")
        case "failed":
            said = [bold("the model fails"), *wrapped(node.text, _WIDTH)]
            dot.node(name, label=lines(said), style="filled,bold,dashed")


def _step(node: ThreadNode) -> Iterator[str]:
    for watch in node.opens:
        yield from (italic(line) for line in wrapped(f"window opens: {watch}", _WIDTH))
    yield from (f"<b>{line}</b>" for line in wrapped(node.text, _WIDTH))
    places = list(dict.fromkeys(_place(calls) for calls in node.places))
    for place in places[:_PLACES]:
        yield from wrapped(place, _WIDTH)
    if len(places) > _PLACES:
        yield italic(f"... {len(places) - _PLACES} more lines")


def _place(calls: tuple[str, ...]) -> str:
    """The line that calls, and the one that waits: `classifier.py:125, pages.py:183`.

    As elsewhere, in one file: `classifier.py:126, :71`.
    """
    *callers, inner = (line.rpartition("/")[2] for line in calls[-2:])
    if not callers:
        return inner
    file, _, number = inner.rpartition(":")
    same = callers[0].rpartition(":")[0] == file
    return f"{callers[0]}, {f':{number}' if same else inner}"


def _edge(dot: Picture, edge: ThreadEdge) -> None:
    said = wrapped(_answers(edge), _WIDTH)
    every = ", ".join(dict.fromkeys(edge.answers)) or "no result"
    dot.edge(
        f"n{edge.source}",
        f"n{edge.target}",
        label=lines(aside(said)) if any(said) and edge.meaning != "always" else "",
        tooltip=plain(every),
        labeltooltip=plain(every),
        style="dashed" if edge.meaning == "other" else "solid",
    )


def _answers(edge: ThreadEdge) -> str:
    if edge.meaning == "other":
        return "any other"
    texts = list(dict.fromkeys(edge.answers))
    if len(texts) > _ANSWERS:
        return f"{', '.join(texts[:_ANSWERS])}, ... {len(texts) - _ANSWERS} more"
    return ", ".join(texts)


def _continuations(dot: Picture, thread: DrawnThread) -> None:
    """An edge to nowhere from each node of which no edge is drawn, though it goes on."""
    going_on = {edge.source for edge in thread.edges}
    for node in thread.nodes:
        if node.kind in ("step", "closing") and node.number not in going_on:
            name = f"n{node.number} elsewhere"
            said = "not drawn" if thread.limit is not None else "not known yet"
            dot.node(name, label=lines([italic(said)]), shape="none", style="")
            dot.edge(f"n{node.number}", name, style="dotted")
