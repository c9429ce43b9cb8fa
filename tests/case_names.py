"""How cases of a test are called: the same in every process, so without addresses and in order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import FunctionType


def case_name(value: object) -> str:
    """As str() has it, but functions by their names, and sets in order."""
    if isinstance(value, FunctionType):
        return value.__name__
    if isinstance(value, set | frozenset):
        return f"{{{', '.join(sorted(map(case_name, value)))}}}"
    if type(value) is dict and isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {case_name(item)}' for key, item in value.items())}}}"
    if type(value) in (list, tuple):
        assert isinstance(value, list | tuple)
        return f"[{', '.join(map(case_name, value))}]"
    return re.sub(r" at 0x[0-9a-f]+", "", str(value))
