"""Files as a user changes them between two commands."""

from __future__ import annotations

from pathlib import Path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
