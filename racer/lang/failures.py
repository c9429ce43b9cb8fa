"""Exceptions that end a modelled thread, as labels and in words."""

from __future__ import annotations

import linecache
import re
import types
from typing import Final

from racer.errors import RacerError
from racer.lang.values import without_addresses
from racer.lang.whose import last_line

# By this name code that was C has what its locals were called, by function and name in Python.
C_LOCALS: Final = "__locals_of_c__"
_OF_C: Final = "the C comes to a value with which the model cannot go on"
_LABEL_LIMIT = 120  # characters; an assertion's text can be a page long


def assertion_label(error: AssertionError) -> str:
    """The assertion's text; where it has none, its source line.

    pytest writes asserts anew, and gives those a text that have none, with the values of the run:
    there would be a label for each of these, and none that others have who explore without pytest.
    """
    text = str(error).strip()
    if not text or (text.startswith("assert ") and _is_pytests(error)):
        where = last_line(error)
        text = linecache.getline(where.path, where.line).strip() if where else ""
    return without_addresses((text or "assertion failed").splitlines()[0])[:_LABEL_LIMIT]


def _is_pytests(error: AssertionError) -> bool:
    """Whether pytest has written the assert anew."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback is not None and "@pytest_ar" in traceback.tb_frame.f_globals


def exception_text(error: BaseException) -> str:
    """What a thread that ended by an exception has come to, and at which line."""
    where = last_line(error)
    at = f" at {where}" if where else ""
    if isinstance(error, RacerError):
        return f"{error}{at}"
    frame = _last_of_c(error)
    if frame is not None:
        return f"{_OF_C}{at} ({type(error).__name__}: {error})"
    return f"it raised {type(error).__name__}: {error}{at}"


def remedy(text: str) -> str:
    """What to do about a thread that has come to that text, which `exception_text()` made."""
    if text.startswith(_OF_C):
        return (
            "Usual cause: an entry of the map gives a value that the C takes for another kind of "
            "value. Try: racer lift-c, which shows what each piece of the C was taken to mean."
        )
    return (
        "The model is broken there, not the code under test: mend the thread, or raise "
        "Violation(label) if this is what the model is to find."
    )


def uninitialised(error: UnboundLocalError) -> str:
    """The label of a local of C that is looked at before it is assigned, as nothing says what it is
    then; empty where it is no C that does so. It has no line, so that it is the same label where
    the lines of a patch have moved."""
    frame, found = _last_of_c(error), re.search(r"'(\w+)'", str(error))
    if frame is None or found is None:
        return ""
    names = frame.f_globals[C_LOCALS].get(frame.f_code.co_name, {})
    return f"{names.get(found[1], found[1])} is used uninitialised in {frame.f_code.co_name}()"


def _last_of_c(error: BaseException) -> types.FrameType | None:
    """The frame in which an exception was raised, if it is of code that was C."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    is_of_c = traceback is not None and C_LOCALS in traceback.tb_frame.f_globals
    return traceback.tb_frame if traceback is not None and is_of_c else None
