"""Exit statuses: which there are, and which one follows from a result.

0, 1 and 3 come with a verdict on stdout. 2, 4 and 5 come with none, but for 2 when the verdict
is printed and a file or a picture could not be written.
"""

from __future__ import annotations

from typing import Final

OK: Final = 0
NOT_AS_DECLARED: Final = 1
USAGE: Final = 2
BOUND: Final = 3
DIVERGED: Final = 4
INTERNAL: Final = 5
INTERRUPTED: Final = 130


def status_of(verdict: str, as_expected: bool | None) -> int:
    """0 as declared (pass, where nothing is declared), 3 where a limit cut the search, else 1."""
    if verdict == "bound":
        return BOUND
    holds = verdict == "pass" if as_expected is None else as_expected
    return OK if holds else NOT_AS_DECLARED
