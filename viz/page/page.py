"""The report as one HTML file: no server, no network; it works from a mail attachment.

Style and script are inline, and a Content-Security-Policy lets the page use these two and load
nothing. Without a script it is still a whole report: only the state at each step needs one.

Units    a file of UTF-8; the same report gives the same bytes.
Bound    LIMIT bytes: a witness of 77 steps takes some 200 kB, half of it the picture; what would
         make the file larger is left out, pictures first, and the page says so.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from racer.explanation.states import Field
from racer.viz.page.executions import ExecutionTold
from racer.viz.page.report import Report, Told
from racer.words.names import STEP_NAME
from racer.words.printable import safe_text

LIMIT = 1_000_000  # bytes: what a mail takes as an attachment without a second thought
_SHRINKABLE = 1500  # points: a picture that is no wider may be made smaller to fit a page


@dataclass(frozen=True, slots=True)
class _Shown:
    """A cell in its card: `at` is its position among the fields of all cards."""

    at: int
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class _Data:
    """What the stepper of a witness needs beside the table: `script` is read by the script."""

    cards: tuple[tuple[str, tuple[_Shown, ...]], ...]
    say: tuple[str, ...]
    script: dict[str, Any]


def page(report: Report, limit: int = LIMIT) -> bytes:
    """The file, below the limit if that can be had by leaving out pictures, or else witnesses."""
    whole = _page(report)
    if len(whole) <= limit or not (report.told or report.executions):
        return whole
    plain = _without_pictures(report)
    if not report.told:
        return _page(plain)
    fits, too_many = 0, len(report.told) + 1  # how many witnesses: these do, and so many do not
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if len(_page(_with_the_first(plain, middle))) <= limit:
            fits = middle
        else:
            too_many = middle
    return _page(_with_the_first(plain, fits))


def _without_pictures(report: Report) -> Report:
    said = "it is left out to keep this file small, and stands beside it"
    return replace(
        report,
        told=tuple(replace(told, picture=None, unpictured=said) for told in report.told),
        executions=tuple(
            replace(told, picture=None, unpictured=said) for told in report.executions
        ),
    )


def _with_the_first(report: Report, count: int) -> Report:
    left = {told.anchor for told in report.told[count:]}
    labels = tuple(
        replace(row, anchor=None) if row.anchor in left else row for row in report.labels
    )
    untold = (
        f"To keep this file small, the schedules of the last {len(left):,} are left out: `racer "
        "explain` shows that of a witness file."
    )
    return replace(report, told=report.told[:count], labels=labels, untold=untold if left else "")


def _page(report: Report) -> bytes:
    """All text is escaped, but for pictures, which graphviz made of escaped text."""
    environment = Environment(
        loader=PackageLoader("racer.viz.page", "assets"), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["inline_svg"] = _inline_svg
    environment.filters["step_links"] = _step_links
    style, script = _asset("report.css"), _asset("report.js")
    text = environment.get_template("report.html.jinja").render(
        report=report,
        data=[_data(told) for told in report.told],
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
    )
    return safe_text(text).encode()


def _asset(name: str) -> str:
    return (files("racer.viz.page") / "assets" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _data(told: Told) -> _Data:
    """Values as positions in a list of texts, because few of them are different."""
    states = told.states
    texts = {text: i for i, text in enumerate(dict.fromkeys(itertools.chain(*states.values)))}
    numbered = [_Shown(i, field.name, states.values[0][i]) for i, field in enumerate(states.fields)]
    cards = itertools.groupby(numbered, key=lambda shown: _card(states.fields[shown.at]))
    say = ("The initial state.", *(step.spoken for step in told.steps))
    return _Data(
        cards=tuple((card, tuple(fields)) for card, fields in cards),
        say=say,
        script={
            "names": ["start", *(step.row.name for step in told.steps)],
            "say": say,
            "texts": list(texts),
            "states": [[texts[value] for value in values] for values in states.values],
            "sources": [
                {
                    "callers": [[call.place, call.text] for call in each.callers],
                    "place": each.place,
                    "first": each.first,
                    "line": each.line,
                    "lines": each.lines,
                }
                for each in told.sources
            ],
            "source": [None, *(step.source for step in told.steps)],
        },
    )


def _card(field: Field) -> str:
    return field.card


def _step_links(text: str, told: Told | ExecutionTold) -> Markup:
    """The text with the names of steps that are shown as links to them."""
    if isinstance(told, ExecutionTold):
        names = set(told.names)
    else:
        names = {step.row.name for step in told.steps}
    parts = re.split(f"({STEP_NAME})", text)
    link = Markup('<a href="#{}/{}">{}</a>')
    return Markup("").join(
        link.format(told.anchor, part, part) if part in names else part for part in parts
    )


def _inline_svg(svg: str, anchor: str) -> Markup:
    """An SVG document as part of the page: without prolog and comments, its ids the witness's."""
    element = svg[svg.index("<svg") :]
    element = re.sub("<!--.*?-->\n?", "", element, flags=re.DOTALL)
    width = re.match(r'<svg width="(\d+)', element)
    if width and int(width[1]) <= _SHRINKABLE:
        element = element.replace("<svg", '<svg class="fits"', 1)
    return Markup(re.sub(' id="', f' id="{anchor}:', element))
