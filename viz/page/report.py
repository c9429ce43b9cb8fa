"""What a report on one page consists of: texts and their places, nothing left to compute.

A witness gets a stepper: `steps` are the rows of its table, and `states.values[n]` what every
cell holds after n of them, so that 0 stands for the initial state.
"""

from __future__ import annotations

import linecache
import os
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from racer.errors import Location
from racer.explanation.data import Explanation, Lane, NoReturn, NotComputed, Ordering, Row, Side
from racer.explanation.states import States
from racer.exploration.result import Verdict
from racer.files import shown_path
from racer.viz.calls import calls_lead, calls_told, could_text
from racer.viz.mail import ENABLING, conflicts_text, decisive_text, no_return_text, often_text
from racer.viz.page.executions import ExecutionTold, Paragraph
from racer.words.changes import Change
from racer.words.phrases import again_text

_CONTEXT = 2  # lines of source shown above a step's own, and below
_CALLERS = 3  # lines shown that led there

Mark = Literal["waiting", "running", "watching", "ended"]


@dataclass(frozen=True, slots=True)
class Call:
    """A line of source that calls a function; `text` is empty where the file cannot be read."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Source:
    """Lines of a file around the one that takes a step; none where the file cannot be read.

    `callers` are the nearest of the lines that led there, each called by the one before.
    """

    callers: tuple[Call, ...]
    place: str
    first: int
    lines: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Remark:
    """Something between two steps: a switch, the edge of a window, or what went wrong.

    `marks` are by lane, as a step's.
    """

    kind: Literal["switch", "window", "wrong"]
    text: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the table. `marks` are by lane, as in the text; `spoken` tells it in a sentence.

    `source` is the position of its lines in the witness's `sources`, None without any.
    """

    row: Row
    marks: tuple[Mark, ...]
    before: tuple[Remark, ...]
    after: tuple[Remark, ...]
    spoken: str
    source: int | None


@dataclass(frozen=True, slots=True)
class Told:
    """A label with its witness. `anchor` names it in permalinks: #ANCHOR/C4.

    `picture` is an SVG, None when there is none; then `unpictured` is a phrase, why. `brief` and
    `mail` are the witness as text.
    """

    label: str
    anchor: str
    why: tuple[Paragraph, ...]
    explanation: Explanation
    lanes: tuple[Lane, ...]
    steps: tuple[Step, ...]
    states: States
    sources: tuple[Source, ...]
    picture: str | None
    brief: str
    mail: str
    replay: str | None
    unpictured: str = "it could not be drawn"


@dataclass(frozen=True, slots=True)
class LabelRow:
    """A line of the verdict table; `anchor` None where there is no schedule to show."""

    label: str
    anchor: str | None
    share: str
    needs: str
    steps: str
    effects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A line of the claims table. `wrong` says what was expected, where that is another answer.

    `universal` is what became of one about all that could be written. `asked` is what one case was
    asked, where the answer is about that case only; then there is no answer of the C as it is,
    which is about many. `schedules` are the anchors and labels of those on this page that it is
    about; elsewhere `told_by` is the command that shows one.
    """

    name: str
    text: str
    made: str
    answer: str
    condition: str
    wrong: str
    because: str
    searched: str
    as_the_c_is: str = ""
    universal: str = ""
    asked: str = ""
    schedules: tuple[tuple[str, str], ...] = ()
    told_by: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A page. `verdict` None: it is about claims only. `agreed` is None where nothing is declared.

    `claims_lead` says what the answers to `claims` are about, where that is not all of each.
    `outcomes` are pairs of a count and what the threads came to; `more` says what is left out.
    `counted` is what is counted; where these are executions, labels have these in place of `told`.
    """

    title: str
    summary: str
    settings: tuple[tuple[str, str], ...]
    verdict: Verdict | None
    agreed: bool | None
    remark: str
    because: str
    numbers: tuple[tuple[str, str], ...]
    labels: tuple[LabelRow, ...] = ()
    untold: str = ""  # a sentence about labels whose witness is left out
    outcomes: tuple[tuple[str, str], ...] = ()
    more: str = ""
    told: tuple[Told, ...] = ()
    executions: tuple[ExecutionTold, ...] = ()
    counted: str = "interleavings"
    claims: tuple[ClaimRow, ...] = ()
    claims_lead: str = ""
    command: str = ""


def told(
    explanation: Explanation,
    states: States,
    *,
    anchor: str,
    picture: str | None,
    brief: str,
    mail: str,
    replay: str | None,
) -> Told:
    """A witness as its part of the page shows it; threads without a step have no lane."""
    numbers = [i for i, lane in enumerate(explanation.lanes) if lane.state != "idle"]
    chains = list(dict.fromkeys(row.locations for row in explanation.rows if row.locations))
    return Told(
        label=explanation.label,
        anchor=anchor,
        why=tuple(_why(explanation)),
        explanation=explanation,
        lanes=tuple(explanation.lanes[i] for i in numbers),
        steps=tuple(
            _step(explanation, i, row, numbers, chains) for i, row in enumerate(explanation.rows)
        ),
        states=states,
        sources=tuple(_source(*chain) for chain in chains),
        picture=picture,
        brief=brief,
        mail=mail,
        replay=replay,
    )


def _why(explanation: Explanation) -> Iterator[Paragraph]:
    """The headings of what is said before the steps; one without sentences is left out."""
    found = (
        Paragraph("What happens", _sentences(explanation.verdict, explanation.cause)),
        _calls(explanation),
        Paragraph("How often", (often_text(explanation),)),
        _orders("Decisive", explanation.orderings, decisive_text),
        _orders("Enabling", explanation.enabling, lambda orders: ENABLING),
        _conflicts(explanation),
        Paragraph("No return", _sentences(no_return_text(explanation))),
        Paragraph("Also", explanation.notes),
    )
    return (paragraph for paragraph in found if paragraph.sentences)


def _calls(explanation: Explanation) -> Paragraph:
    """Those of an object that is not linearizable."""
    if explanation.calls is None:
        return Paragraph("Calls", ())
    told = (*calls_told(explanation.calls), could_text(explanation.calls))
    return Paragraph("Calls", told, f"{calls_lead(explanation.calls)}:")


def _sentences(*sentences: str) -> tuple[str, ...]:
    return tuple(sentence for sentence in sentences if sentence)


def _orders(
    heading: str,
    orders: tuple[Ordering, ...] | NotComputed,
    lead: Callable[[tuple[Ordering, ...]], str],
) -> Paragraph:
    """Each with both sides; that they are not known where that is so, with the reason."""
    if isinstance(orders, NotComputed):
        return Paragraph(
            heading, _sentences(f"not computed ({orders.reason})" if orders.reason else "")
        )
    told = tuple(each.told(_side(each.first), _side(each.then)) for each in orders)
    return Paragraph(heading, told, f"{lead(orders)}:" if orders else "")


def _conflicts(explanation: Explanation) -> Paragraph:
    """Those that are not told as an ordering."""
    untold = [each for each in explanation.conflicts if not each.decisive]
    told = tuple(f"{_side(each.first)}, then {_side(each.second)}" for each in untold)
    return Paragraph("Conflicts", told, f"{conflicts_text(explanation)}:")


def _side(side: Side) -> str:
    place = next(iter(side.source_places[-2:]), "")
    return f"{side.told} ({place})" if place else side.told


def _step(
    explanation: Explanation,
    i: int,
    row: Row,
    lanes: list[int],
    chains: list[tuple[Location, ...]],
) -> Step:
    between = tuple(_mark(explanation, i - 0.5, lane) for lane in lanes)
    marks = tuple(_mark(explanation, i, lane) for lane in lanes)
    before = tuple(_before(explanation, row, between, marks))
    after = tuple(_after(explanation, i, row, marks))
    return Step(
        row=row,
        marks=marks,
        before=before,
        after=after,
        spoken=_spoken(explanation, i, row, after),
        source=chains.index(row.locations) if row.locations else None,
    )


def _before(
    explanation: Explanation, row: Row, between: tuple[Mark, ...], marks: tuple[Mark, ...]
) -> Iterator[Remark]:
    if row.switch is not None:
        yield Remark("switch", row.switch.text, between)
    for n in row.opened:
        yield Remark("window", f"window opens: {explanation.windows[n].watch}", marks)


def _after(explanation: Explanation, i: int, row: Row, marks: tuple[Mark, ...]) -> Iterator[Remark]:
    for n in row.closed:
        window = explanation.windows[n]
        yield Remark("window", f"window closes; {window.watch} was {window.seen}", marks)
    for name in row.broken:
        yield Remark("wrong", f"invariant {name!r} is false", marks)
    turn = explanation.no_return
    if isinstance(turn, NoReturn) and turn.row == i and not turn.last:
        yield Remark("wrong", "from here on it cannot be avoided", marks)
    last = i + 1 == len(explanation.rows)
    if row.ending is not None and last:  # of any other, the next switch tells it
        kind: Literal["wrong", "switch"] = "wrong" if row.raised else "switch"
        yield Remark(kind, f"{row.thread} {row.ending}", marks)
    if last and explanation.cycle:
        first = explanation.rows[-explanation.cycle].name
        yield Remark("switch", again_text(first), marks)
    if last:
        for lane in explanation.lanes:
            if lane.is_kept:
                yield Remark("wrong", f"{lane.thread} {lane.end}", marks)


def _spoken(explanation: Explanation, i: int, row: Row, after: tuple[Remark, ...]) -> str:
    read = f" ({row.read.origin})" if row.read is not None else ""
    parts = [f"{row.name}, {row.thread}: {row.text}{read}"]
    parts += [f"{each.name} from {each.before} to {each.after}" for each in _changes(row)]
    parts += [remark.text for remark in after]
    return f"Step {i + 1} of {len(explanation.rows)}. {'; '.join(parts)}."


def _changes(row: Row) -> tuple[Change, ...]:
    return row.changes + row.truths + row.shown


def _mark(explanation: Explanation, i: float, lane: int) -> Mark:
    """How a thread's lane looks beside row i, or between two rows."""
    own = (window for window in explanation.windows if window.lane == lane)
    if any(each.first <= i and (each.last is None or i <= each.last) for each in own):
        return "watching"
    about = explanation.lanes[lane]
    if about.first is None or about.last is None or i < about.first:
        return "waiting"
    return "ended" if i > about.last and about.state == "ended" else "running"


def _source(*chain: Location) -> Source:
    """Of the lines that await each other, outermost first."""
    *callers, place = chain
    lines = _lines(place)
    first = max(place.line - _CONTEXT, 1)
    around = textwrap.dedent("".join(lines[first - 1 : place.line + _CONTEXT]))
    return Source(
        callers=tuple(_call(each) for each in callers[-_CALLERS:]),
        place=shown_path(place.path),
        first=first,
        lines=tuple(line.rstrip() for line in around.splitlines()),
        line=place.line,
    )


def _call(place: Location) -> Call:
    line = "".join(_lines(place)[place.line - 1 : place.line])
    return Call(f"{os.path.basename(place.path)}:{place.line}", line.strip())


def _lines(place: Location) -> list[str]:
    linecache.checkcache(place.path)
    return linecache.getlines(place.path)
