"""Exit statuses: which there are, and which one follows from a result.

0, 1 and 3 come with a verdict on stdout, and 4 of `racer verify` with what came instead. 2, 4 and 5
come with none, but for 2 when the verdict is printed and a file or a picture could not be written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from racer.exploration.judgement import Judgement, Standing, standing
from racer.exploration.result import Result

OK: Final = 0
NOT_AS_DECLARED: Final = 1
USAGE: Final = 2
BOUND: Final = 3
DIVERGED: Final = 4
INTERNAL: Final = 5
INTERRUPTED: Final = 130


_OF_STANDINGS: Final[Mapping[Standing, int]] = {
    "as declared": OK,
    "not as declared": NOT_AS_DECLARED,
    "cut": BOUND,
}


def status_of(result: Result, judgement: Judgement) -> int:
    """0 as declared (pass, where nothing is), 3 where a limit cut that off, else 1."""
    return _OF_STANDINGS[standing(result, judgement)]
