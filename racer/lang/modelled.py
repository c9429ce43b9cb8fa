"""Which function of the code under test a function of a model stands for: its docstring says so."""

from __future__ import annotations

import inspect
import re
from types import CodeType
from typing import Final

_FIRST_CALL: Final = re.compile(r"[A-Za-z_][\w.:]*\(\)")


def modelled(code: CodeType) -> str:
    """`f()` where the docstring begins with that, such as "f(), under the lock"; else empty."""
    if not code.co_consts or not isinstance(code.co_consts[0], str):
        return ""
    marked = getattr(inspect, "CO_HAS_DOCSTRING", 0)  # since CPython 3.13; before, the first is it
    if marked and not code.co_flags & marked:
        return ""
    return first_call(code.co_consts[0])


def first_call(docstring: str) -> str:
    """`f()` where a docstring begins with that; else empty."""
    found = _FIRST_CALL.match(docstring.lstrip())
    return found.group() if found else ""
