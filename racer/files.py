"""Files of the user's: how a path is shown, and writing one so that nobody sees half of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from racer.errors import Location

PACKAGE: Final = Path(__file__).parent  # racer itself
BUNDLED: Final = PACKAGE / "scenarios"  # the scenarios that come with it; in a checkout, a link


def shown_path(path: str | Path) -> str:
    """The path as reports and witness files name it, so that they do not differ by machine.

    A file that was installed with racer is marked: `<installed>/scenarios/aba.py`. Any other is
    relative to the current directory when it lies below it, else absolute.
    """
    absolute = Path(os.path.abspath(path))
    bundled = BUNDLED.resolve()
    if absolute.is_relative_to(BUNDLED):
        absolute = bundled / absolute.relative_to(BUNDLED)
    here = Path.cwd()
    ours = absolute.is_relative_to(bundled)
    if absolute.is_relative_to(here) and not (ours and bundled == BUNDLED):
        return absolute.relative_to(here).as_posix()
    if ours:
        return f"<installed>/scenarios/{absolute.relative_to(bundled).as_posix()}"
    return absolute.as_posix()


def source_line(error: BaseException, near: str | Path) -> Location | None:
    """The line an exception came from: as deep as it goes in the directory of file `near`."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return Location(shown_path(error.filename), error.lineno)
    found, inside = None, False
    directory = Path(near).parent
    traceback = error.__traceback__
    while traceback is not None:
        path = Path(traceback.tb_frame.f_code.co_filename)
        if path.parent == directory or not inside:
            found = Location(shown_path(path), traceback.tb_lineno)
            inside = path.parent == directory
        traceback = traceback.tb_next
    return found


def write_atomically(path: Path, content: bytes) -> None:
    """Write a whole file or leave what was there: a temporary file beside it, then a rename.

    Errors   OSError; the temporary file is gone then.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
