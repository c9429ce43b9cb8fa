"""Two programs under one schedule, side by side, as text that can be pasted into a mail.

A step that both make alike is written once, over both columns. Where they differ each column
has its own, and the mark between them is that of sdiff: `|` both do something, `<` only the
first does, `>` only the second.

Units    7-bit characters; no line is wider than `width` or ends in a blank.
"""

from __future__ import annotations

from racer.difference.contrasting import Beside, Contrast
from racer.errors import UsageError
from racer.viz.mail import MINIMUM_WIDTH, wrapped
from racer.viz.wrapping import WIDTH

_INDENT = 2
_HANGING = 3
_MARK = 3  # a blank, the mark, a blank


def side_by_side(contrast: Contrast, *, width: int = WIDTH) -> str:
    """The rows under the names of both, in lines that each end in a newline.

    Errors   UsageError when `width` is below 40.
    """
    if width < MINIMUM_WIDTH:
        raise UsageError(f"two columns in {width} are illegible: give them {MINIMUM_WIDTH}.")
    column = (width - _INDENT - _MARK) // 2
    lines = _columns(contrast.names[0], contrast.names[1], " ", column)
    for row in contrast.rows:
        if isinstance(row, str):
            lines += wrapped(row, width - _INDENT, hanging=_HANGING)
        elif row.alike:
            lines += wrapped(row.first or "", width - _INDENT, hanging=_HANGING)
        else:
            lines += _columns(row.first or "", row.second or "", _mark(row), column)
    return "".join(f"{' ' * _INDENT}{line}".rstrip() + "\n" for line in lines)


def _mark(row: Beside) -> str:
    if row.first is None:
        return ">"
    return "<" if row.second is None else "|"


def _columns(first: str, second: str, mark: str, column: int) -> list[str]:
    left, right = (wrapped(text, column, hanging=_HANGING) for text in (first, second))
    height = max(len(left), len(right))
    left += [""] * (height - len(left))
    right += [""] * (height - len(right))
    return [f"{one:{column}} {mark} {other}" for one, other in zip(left, right, strict=True)]
