"""The steps that tell most as a sequence diagram in Mermaid, for where Markdown is rendered.

A step that reads what a step before it stored is a solid arrow from that thread; one that has to
come after another is a dashed arrow; all others are notes over their thread.

Bound    STEPS steps; the diagram says of how many these are
Source   mermaid.js.org, "Sequence Diagrams": `#` and `;` have a meaning even in texts
"""

from __future__ import annotations

from typing import Final

from racer.explanation.data import Explanation, NotComputed, Row
from racer.words.printable import safe_line

STEPS: Final = 24

_LEGEND: Final = "solid: reads what was stored, dashed: has to come after it"
_MEANING: Final = {"#": "#35;", ";": "#59;", "<": "#lt;"}


def mermaid(explanation: Explanation, title: str = "") -> str:
    """A fenced block of Mermaid; `title` says which case it is of."""
    rows = sorted(explanation.telling[:STEPS])
    lanes = sorted({explanation.rows[i].lane for i in rows})
    lines = ["```mermaid", "sequenceDiagram", f"  title {_text(explanation.label)}"]
    lines += [f"  participant t{lane} as {_text(explanation.lanes[lane].title)}" for lane in lanes]
    if rows:
        wrong = f"{explanation.comes_to}." if explanation.comes_to else explanation.verdict
        said = [f"{wrong} Shown are {len(rows)} of {explanation.steps} steps.", title]
        lines += [f"  Note over {_over(lanes)}:wrap: {_text(each)}" for each in said if each]
    for place, i in enumerate(rows):
        lines.append(f"  {_step(explanation, explanation.rows[i], rows[:place])}")
    if any(arrow in line for line in lines for arrow in ("->>", "-->>")):
        lines.append(f"  Note over {_over(lanes)}:wrap: {_LEGEND}")
    return "\n".join([*lines, "```\n"])


def _over(lanes: list[int]) -> str:
    first, last = lanes[0], lanes[-1]
    return f"t{first}" if first == last else f"t{first},t{last}"


def _step(explanation: Explanation, row: Row, before: list[int]) -> str:
    """`before` are the rows shown above it."""
    text = _text(f"{row.name} {row.short}")
    if row.models:
        text += f"<br/>{_text(row.models)}"
    if row.violates:
        text += f"<br/>*** {_text(explanation.label)}"
    if row.read is not None and row.read.row in before:
        source = explanation.rows[row.read.row]
        if source.lane != row.lane:
            return f"t{source.lane}->>t{row.lane}: {text}"
    earlier = [i for i in _later_than(explanation, row) if i in before]
    if earlier:
        return f"t{explanation.rows[earlier[-1]].lane}-->>t{row.lane}: {text}"
    return f"Note over t{row.lane}: {text}"


def _later_than(explanation: Explanation, row: Row) -> list[int]:
    """The rows that decisive orders put before it."""
    orders = explanation.orderings
    if isinstance(orders, NotComputed):
        return []
    return sorted(
        each.first.row
        for each in orders
        if each.first.row is not None and each.then.row is not None and each.then.name == row.name
    )


def _text(text: str) -> str:
    return "".join(_MEANING.get(each, each) for each in safe_line(text))
