"""How wide text is that may go into a mail, and how it is wrapped."""

from __future__ import annotations

import textwrap
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
