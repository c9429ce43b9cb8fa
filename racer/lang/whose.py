"""Whose code a frame is of: the model's, Python's, or racer's own; and where an error came from."""

from __future__ import annotations

import sys
import types
from typing import Any

from racer.errors import Location
from racer.files import shown_path

_PACKAGE = __name__.split(".")[0]


def is_racers_own(module: str) -> bool:
    """Whether a module is racer's, and no model: the scenarios that come with it are models."""
    own = module == _PACKAGE or module.startswith(f"{_PACKAGE}.")
    models = f"{_PACKAGE}.scenarios"
    return own and module != models and not module.startswith(f"{models}.")


def is_racers_own_space(namespace: dict[str, Any]) -> bool:
    """Whether code with these globals is of such a module."""
    return is_racers_own(str(namespace.get("__name__", "")))


def _is_pythons_own(namespace: dict[str, Any]) -> bool:
    """Of the standard library, or of trio: an error there is about how it was called."""
    top = str(namespace.get("__name__", "")).partition(".")[0]
    return top in ("trio", "outcome") or (top in sys.stdlib_module_names and top != "__main__")


def is_models(frame: types.FrameType) -> bool:
    """Whether it is of a function of the model's, or of anybody's but Python, trio and racer."""
    return not is_racers_own_space(frame.f_globals) and not _is_pythons_own(frame.f_globals)


def last_line(error: BaseException) -> Location | None:
    """The user's line an exception came from, as deep as the user's own code goes."""
    found = None
    traceback = error.__traceback__
    while traceback is not None:
        if is_models(traceback.tb_frame):
            found = Location(traceback.tb_frame.f_code.co_filename, traceback.tb_lineno)
        traceback = traceback.tb_next
    return found


def called_at(error: BaseException) -> str:
    """`f() at model.py:12`, the function of the model that was called where the error came from,
    and the line on which it begins; empty where none was."""
    traceback = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if is_models(traceback.tb_frame):
            return (
                f"{code.co_name}() at {Location(shown_path(code.co_filename), code.co_firstlineno)}"
            )
        traceback = traceback.tb_next
    return ""
