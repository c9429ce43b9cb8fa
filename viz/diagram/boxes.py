"""Boxes of text and areas around them: what the parts of a space-time diagram are made of.

Units    points, x to the right and y downwards; text is monospaced, so its size is known.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

CHAR = 6  # width of a character of 10 points
LINE = 12  # height of a line of text
_PAD = 5  # around text, left and right

Lines = tuple[str, ...]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """Text around the point (x, y)."""

    x: float
    y: float
    lines: Lines

    @property
    def width(self) -> int:
        return width(self.lines)

    @property
    def height(self) -> int:
        return height(self.lines)

    @property
    def left(self) -> float:
        return self.x - self.width / 2

    @property
    def right(self) -> float:
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle without text of its own."""

    left: float
    top: float
    right: float
    bottom: float

    def covers(self, point: Point) -> bool:
        return self.left <= point[0] <= self.right and self.top <= point[1] <= self.bottom


def wrap(text: str, columns: int) -> Lines:
    """Lines of at most so many characters; "(from S3)" stays on one."""
    bound = printable(text).replace("(from ", "(from\0")
    lines = textwrap.wrap(bound, columns, break_on_hyphens=False)
    return tuple(line.replace("\0", " ") for line in lines)


def printable(text: str) -> str:
    """The text without what cannot be drawn: that, as Python would escape it."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def width(lines: Lines) -> int:
    """Of a box around them, as its height is; without lines there is no box."""
    return max((len(line) for line in lines), default=0) * CHAR + 2 * _PAD


def height(lines: Lines) -> int:
    return LINE * len(lines) + 4 if lines else 0
