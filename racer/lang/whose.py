"""Whose code a frame is of: the model's, Python's, or racer's own; and where an error came from."""

from __future__ import annotations

import functools
import sys
import types

from racer.errors import Location
from racer.files import shown_path

_PACKAGE = __name__.split(".")[0]


@functools.lru_cache(maxsize=4096)
def is_racers_own(module: str) -> bool:
    """Whether a module is racer's, and no model: the scenarios that come with it are models."""
    own = module == _PACKAGE or module.startswith(f"{_PACKAGE}.")
    models = f"{_PACKAGE}.scenarios"
    return own and module != models and not module.startswith(f"{models}.")


def is_pythons_own(module: str) -> bool:
    """Whether a module is of the standard library."""
    top = module.partition(".")[0]
    return top in sys.stdlib_module_names and top != "__main__"


@functools.lru_cache(maxsize=4096)
def is_a_users(module: str) -> bool:
    """Whether a module is part of a model: not Python's, not racer's, not an installed package."""
    if is_pythons_own(module) or is_racers_own(module):
        return False
    loaded = sys.modules.get(module)
    path = (getattr(loaded, "__file__", None) or "").replace("\\", "/")
    return module.startswith("racer.") or not (
        "/site-packages/" in path or "/dist-packages/" in path
    )


def module_of(frame: types.FrameType) -> str:
    """The name of the module whose code a frame runs; empty where it says none."""
    return str(frame.f_globals.get("__name__", ""))


def line_of(frame: types.FrameType) -> Location:
    """The line that a frame is at, its file as it is shown."""
    return Location(shown_path(frame.f_code.co_filename), frame.f_lineno)


def is_models(frame: types.FrameType) -> bool:
    """Whether it is of a function of the model's, or of anybody's but Python, trio and racer.

    An error in one of those is about how it was called.
    """
    module = module_of(frame)
    is_trios = module.partition(".")[0] in ("trio", "outcome")
    return not (is_trios or is_racers_own(module) or is_pythons_own(module))


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
