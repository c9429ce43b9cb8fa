"""What is wrong, in so few lines that a stranger reads them: for a mail, before all the rest.

What it comes to and why, who is who, how often; the steps that tell most, in lanes; the trailer and
what explores it again. Of the steps there are as many as there is room for, and it says how many
there are; where the trailer would leave fewer than FEWEST of them, it is left out.

Units    lines of 7-bit characters, at most WIDTH columns wide
Bound    LINES lines, if the command does not take half of them. What is said above the steps and
         would take more than its part ends in [...].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from racer.explanation.data import Explanation, Row
from racer.lang.pools import NULL
from racer.viz.calls import calls_lead, calls_told, untold_text
from racer.viz.mail import often_text, wrapped
from racer.viz.wrapping import WIDTH
from racer.words.counts import preemptions_text, ratio_text

LINES: Final = 20
_SAID = 8  # lines above the steps, at most
_OTHERS = 3  # lines about other labels, at most
FEWEST: Final = 6  # steps that are not left out for a trailer
_LANE_STEPS = (8, 6, 4, 3, 2)  # columns from one lane to the next: the first at which all fits
_INDENT = 2


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an explanation comes from, as whoever reads about it needs it; each may be empty.

    `title` is its case, in a line; `what_if` says what of that the code does not do. `because` is
    the reason that is declared, `remedy` what would help; `others` are the labels besides, each
    with its reason if that is another. `command` explores it again, in lines that fit, and
    `version` is racer's. `trailer` is the result in a line, or in some that fit.
    """

    title: str = ""
    what_if: str = ""
    because: str = ""
    remedy: str = ""
    command: str = ""
    version: str = ""
    others: tuple[tuple[str, str], ...] = ()
    trailer: str = ""


def brief(explanation: Explanation) -> str:
    """Put the gist of an explanation into a few lines for a mail.

    What it comes to, in the words of the Program's About if it has any; how often; the steps that
    tell most, with the functions of the code under test that they are steps of. A function of a
    model stands for one of these where its docstring begins with that: f().

    Units    at most 20 lines of 72 7-bit characters, each line ending in a newline
    """
    return brief_of(explanation, Origin())


def brief_of(explanation: Explanation, origin: Origin) -> str:
    """The same of a scenario: what its author declares, and the command that explores it."""
    said = _cut(wrapped(" ".join(_sentences(explanation, origin)), WIDTH), _SAID)
    about, command = _about(explanation, origin), _command(origin)
    closing = [*about, *command]
    number, steps = _steps(explanation, _room(said, closing))
    if origin.trailer:
        whole = [*about, *origin.trailer.splitlines(), *command]
        fewer, left = _steps(explanation, _room(said, whole))
        if fewer >= min(number, FEWEST):
            steps, closing = left, whole
    lines = [*said, *([""] if steps else []), *steps, *([""] if closing else []), *closing]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _room(said: list[str], closing: list[str]) -> int:
    """How many lines there are for steps, with the blank ones beside them."""
    return LINES - len(said) - len(closing) - bool(closing) - 1


def _sentences(explanation: Explanation, origin: Origin) -> list[str]:
    said = [explanation.verdict]
    if explanation.comes_to:
        after = "after " if explanation.label == NULL else ""
        at = next((f" ({after}{row.name})" for row in explanation.rows if row.violates), "")
        said = [f"{explanation.comes_to}{at}."]
    if origin.what_if:
        said.insert(0, f"({origin.what_if})")
    if origin.because:
        said.append(f"Why: {origin.because}.")
    elif explanation.cause:
        said.append(explanation.cause)
    if explanation.calls is not None:
        said.append(f"{calls_lead(explanation.calls)}:")
        said.append(f"{'; '.join(calls_told(explanation.calls))}.")
        said += [untold_text(explanation.calls)] if explanation.calls.untold else []
    if explanation.names:
        said.append("; ".join(f"{name}: {text}" for name, text in explanation.names) + ".")
    said.append(_how_often(explanation))
    if origin.remedy:
        said.append(origin.remedy)
    return said


def _how_often(explanation: Explanation) -> str:
    """Of the label; where it has several effects, of the one that is told first, then of all."""
    count, total = explanation.interleavings, explanation.total
    if explanation.cycle:
        return often_text(explanation)
    if count is None or total is None:
        return f"{explanation.label}: {often_text(explanation)}"
    label, ratio = explanation.label, ratio_text(count, total)
    if explanation.with_effect is not None:
        some = ratio_text(explanation.with_effect, total)
        ratio = f"{some}, with any effect {ratio}"
        label += f" ({explanation.effect or 'without effect'})"
    needs = preemptions_text(
        explanation.preemptions, explanation.minimal, explanation.cpus, shortly=True
    )
    return f"{label}: {ratio}; {needs}."


def _about(explanation: Explanation, origin: Origin) -> list[str]:
    """What else there is, and what was modelled."""
    found = _cut(wrapped(_others(origin), WIDTH), _OTHERS) if origin.others else []
    found += wrapped(f"Models {explanation.models}.", WIDTH) if explanation.models else []
    return found


def _command(origin: Origin) -> list[str]:
    """What explores it again."""
    if not origin.command:
        return []
    *lines, last = origin.command.splitlines()
    by = f"# racer {origin.version}"
    if len(last) + 2 + len(by) <= WIDTH:
        return [*lines, f"{last}  {by}"]
    return [*lines, last, by]


def _others(origin: Origin) -> str:
    """What else there is; the command, which stands below, shows all."""
    number = len(origin.others)
    each = "; ".join(f"{label}{f' ({why})' if why else ''}" for label, why in origin.others)
    return f"{number} more label{'s' if number > 1 else ''}, by the command below: {each}."


def _cut(lines: list[str], most: int) -> list[str]:
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    while len(last) > WIDTH - len(" [...]"):
        last = last.rpartition(" ")[0]
    return [*lines[: most - 1], f"{last} [...]"]


def _steps(explanation: Explanation, room: int) -> tuple[int, list[str]]:
    """How many of the telling rows there is room for, and they under a line that says whose they
    are."""
    for number in range(len(explanation.telling), 0, -1):
        rows = sorted(explanation.telling[:number])
        lines = [
            *_heading(explanation, rows),
            *_drawn(explanation, rows),
            *_at_the_end(explanation),
        ]
        if len(lines) <= room:
            return number, lines
    return 0, []


def _heading(explanation: Explanation, rows: list[int]) -> list[str]:
    lanes = sorted({explanation.rows[i].lane for i in rows})
    who = ", ".join(explanation.lanes[lane].title for lane in lanes)
    again = f", the last {explanation.cycle} for ever" if explanation.cycle else ""
    return wrapped(f"{len(rows)} of {explanation.steps} steps{again}, by {who}:", WIDTH)


def _drawn(explanation: Explanation, rows: list[int]) -> list[str]:
    """With the lanes as far apart as they can be without a line more."""
    lanes = sorted({explanation.rows[i].lane for i in rows})
    pictures = []
    for step in _LANE_STEPS:
        columns = {lane: _INDENT + n * step for n, lane in enumerate(lanes)}
        pictures.append(
            [line for i in rows for line in _row(explanation, explanation.rows[i], columns)]
        )
    return min(pictures, key=len)


def _at_the_end(explanation: Explanation) -> list[str]:
    """The label where no step is marked with it: what rests at the end shows it."""
    if explanation.cycle or any(row.violates for row in explanation.rows):
        return []
    mark = wrapped(f"at the end  *** {explanation.label}", WIDTH - _INDENT)
    return [" " * _INDENT + line for line in mark]


def _row(explanation: Explanation, row: Row, columns: dict[int, int]) -> list[str]:
    """The step in its lane, and at the right the function that it is a step of."""
    begin = columns[row.lane]
    marks = "".join(
        "." if column in columns.values() and column < begin else " " for column in range(begin)
    )
    text, below = f"{row.name} {row.short}", list[str]()
    hanging = min(len(row.name) + 1, (WIDTH - begin) // 2)
    if row.violates:
        mark = f"*** {explanation.label}"
        if explanation.label == NULL:  # it is no step: what is not there is not accessed
            why = f", {explanation.effect}" if explanation.effect else ""
            after = f"then {mark}{why}"
            below = [" " * hanging + line for line in wrapped(after, WIDTH - begin - hanging)]
        elif len(f"{text}  {mark}") + 2 + len(row.models) <= WIDTH - begin:
            text = f"{text}  {mark}"
        else:
            below = [" " * hanging + line for line in wrapped(mark, WIDTH - begin - hanging)]
    lines = wrapped(text, WIDTH - begin, hanging=hanging)
    drawn = [f"{marks}{line}" for line in lines]
    free = WIDTH - len(drawn[-1]) - 2
    if len(row.models) <= free:
        drawn[-1] += row.models.rjust(free + 2)
    else:
        drawn.append(row.models.rjust(WIDTH))
    return [*drawn, *(f"{marks}{line}" for line in below)]
