"""Digests of what an answer rests on: racer's sources, Python's version, and a model's files."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

import racer

RACER: Final = "racer"  # in place of a path: its sources, and what runs them


def digests(files: Iterable[Path]) -> dict[str, str]:
    """Of racer and of these files, by path."""
    return {RACER: of_racer(), **{str(path): of_file(path) for path in files}}


def first_other(expected: dict[str, str]) -> str:
    """The first of these that is not the same now, and here; empty if all are."""
    for name, digest in expected.items():
        if digest != (of_racer() if name == RACER else of_file(Path(name))):
            return name
    return ""


@cache
def of_racer() -> str:
    """Of the sources that this process runs, and of the version of Python."""
    root = Path(racer.__file__).parent
    found = hashlib.sha256(repr(platform.python_version_tuple()[:2]).encode())
    for directory, inner, files in os.walk(root, followlinks=True):
        inner.sort()
        for name in sorted(each for each in files if each.endswith((".py", ".c", ".h"))):
            path = Path(directory, name)
            found.update(f"{path.relative_to(root)} {of_file(path)}\n".encode())
    return found.hexdigest()


def of_file(path: Path) -> str:
    """Of what a file holds; "none" where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return "none"
