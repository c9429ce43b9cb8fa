"""Exceptions that end a modelled thread, as labels and in words."""

from __future__ import annotations

import linecache

from racer.errors import RacerError
from racer.lang.values import without_addresses
from racer.lang.whose import last_line

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
    return f"it raised {type(error).__name__}: {error}{at}"
