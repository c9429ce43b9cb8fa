"""How wide text is that may go into a mail, and how it is wrapped."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

WIDTH: Final = 72  # columns, of everything that is printed to be read or mailed


def filled(text: str, indent: str = "", hang: int | None = None, width: int = WIDTH) -> str:
    """The text in lines of `width` columns; a word that is longer stays whole.

    Every line begins with `indent`; with `hang`, those after the first with so many blanks.
    """
    return textwrap.fill(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent if hang is None else " " * hang,
        break_long_words=False,
        break_on_hyphens=False,
    )


def beside(text: str, place: str) -> str:
    """What is done, and at the right, or below, where."""
    lines = filled(text, hang=7).split("\n")
    if not place:
        return "\n".join(lines)
    if len(lines[-1]) + 2 + len(place) <= WIDTH:
        lines[-1] = f"{lines[-1]}{place:>{WIDTH - len(lines[-1])}}"
    else:
        lines += [line.rjust(WIDTH) for line in filled(place).split("\n")]
    return "\n".join(lines)


def listed(entries: Sequence[tuple[str, str]]) -> str:
    """Each name with what is said of it beside it."""
    width = max((len(name) for name, _ in entries), default=0)
    return "\n".join(filled(f"{name:{width}}  {text}", hang=width + 2) for name, text in entries)
