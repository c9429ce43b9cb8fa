"""Text from elsewhere as text: names, values and files say nothing to a terminal or a reader.

What is no character to be seen is written as an escape of JSON's, so that it stays what it is in a
document: controls, half surrogate pairs, and what turns the direction of writing or has no width.
"""

from __future__ import annotations

import re
from typing import Final

_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_UNSEEN_IN_LINE: Final = re.compile(f"[\t\n]|{_UNSEEN.pattern}")


def safe_text(text: str) -> str:
    """The text without what cannot be seen; lines and tabs are kept."""
    return _UNSEEN.sub(_escape, text)


def safe_line(text: str) -> str:
    """The text in one line, without what cannot be seen."""
    return _UNSEEN_IN_LINE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", errors="surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
