"""Files of the user's: how a path is shown, and writing one so that nobody sees half of it."""

from __future__ import annotations

import os
from pathlib import Path

_INSTALLED = Path(__file__).resolve().parent.parent  # where racer, scenarios and viz lie


def shown_path(path: str | Path) -> str:
    """The path as reports and witness files name it, so that they do not differ by machine.

    Relative to the current directory when it lies below it, else relative to where racer is
    installed (`scenarios/classifier.py`), else absolute.
    """
    absolute = Path(os.path.abspath(path))
    for root in (Path.cwd(), _INSTALLED):
        if absolute.is_relative_to(root):
            return absolute.relative_to(root).as_posix()
    return absolute.as_posix()


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
