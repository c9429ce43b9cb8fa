"""What pictures of graphs share: DOT laid out by graphviz's `dot`, with a title and a caption."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterable
from typing import Any, Final, Literal

import graphviz  # type: ignore[import-untyped]  # it has neither stubs nor a py.typed

from racer.viz.diagram.boxes import printable
from racer.viz.diagram.drawing import render

INK: Final = "black"
FAINT: Final = "gray55"
SHADE: Final = "gray90"
LAYOUT: Final = ("-Kdot",)  # what places the nodes
_CAPTION = 92  # characters of a line
_BREAK = '<br align="left"/>'

Picture = Any  # a graphviz.Digraph, which has no types


def new_picture(title: str, caption: Iterable[str], *, ranksep: str = "0.35") -> Picture:
    """An empty graph under its title and caption, which are its description, too."""
    said = list(caption)
    under = [line for sentence in said for line in wrapped(sentence, _CAPTION)]
    return graphviz.Digraph(
        name=plain(" ".join(title.split())),
        comment="dot -Tsvg",
        graph_attr={
            "bgcolor": "white",
            "fontname": "Courier",
            "fontsize": "10",
            "label": lines([bold(title), *under]),
            "labeljust": "l",
            "labelloc": "t",
            "layout": "dot",
            "nodesep": "0.3",
            "pad": "0.2",
            "ranksep": ranksep,
            "tooltip": plain(" ".join(said)),
        },
        node_attr={
            "fillcolor": "white",
            "fontname": "Courier",
            "fontsize": "10",
            "height": "0.1",
            "margin": "0.08,0.05",
            "shape": "box",
            "style": "filled",
            "width": "0.1",
        },
        edge_attr={"arrowsize": "0.7", "fontname": "Courier", "fontsize": "9"},
    )


def drawn(dot: str, format: Literal["svg", "png"], deadline: float | None = None) -> bytes:
    """The picture, with the nodes where `dot` puts them. Errors: as viz.diagram.render."""
    return render(dot, format, LAYOUT, deadline=deadline)


def plain(words: str) -> str:
    """Text for an attribute, in which graphviz is to find no escapes of its own."""
    return "\\n".join(str(graphviz.escape(printable(line))) for line in words.split("\n"))


def text(words: str) -> str:
    """Words as part of a label."""
    return html.escape(printable(words)).replace("\\", "\\\\")  # \N is the node's name to it


def bold(words: str) -> str:
    return f"<b>{text(words)}</b>"


def italic(words: str) -> str:
    return f"<i>{text(words)}</i>"


def wrapped(words: str, width: int) -> list[str]:
    """Lines of a label, each of at most `width` characters."""
    found = textwrap.wrap(printable(words), width, subsequent_indent="  ", break_on_hyphens=False)
    return [text(line) for line in found] or [""]


def aside(given: Iterable[str]) -> list[str]:
    """The lines of an edge's label, kept off the edge."""
    return [f"  {line}" for line in given]


def lines(given: Iterable[str]) -> str:
    """A label of lines that begin at the left."""
    return f"<{''.join(f'{line}{_BREAK}' for line in given)}>"
