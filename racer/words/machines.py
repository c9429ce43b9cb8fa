"""What each memory model is asked of, in words: which machine, and what decides nothing there.

Source   the heads of `axiomatic/models/tso.py` and `arm64.py`: what primitives are there
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

_SAID: Final[Mapping[str, str]] = {
    "sc": "one order of all steps: barriers, acquire and release decide nothing",
    "tso": "x86, where a store may wait while its thread goes on: smp_mb() and locked operations "
    "decide; smp_rmb(), smp_wmb(), acquire and release do not",
    "arm64": "ARMv8, with what a compiler makes of plain accesses left out",
    "lkmm": "the kernel's memory model, which allows what machines do, and more",
}


def machines_lines(memories: Iterable[str]) -> list[tuple[str, str]]:
    """Each model with what it is asked of."""
    return [(memory, _SAID[memory]) for memory in memories if memory in _SAID]
