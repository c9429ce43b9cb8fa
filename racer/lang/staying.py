"""Modelled code does not end the process that it is explored in."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any


@contextlib.contextmanager
def nobody_leaves() -> Iterator[None]:
    """Refuse calls that would end or replace this process before there is an answer.

    Of a scenario's: racer makes none. A process that was forked from this one may end, and so may
    (operating system) threads that were there before, be it what watches over a run of tests.

    Bound    Python code is kept from it, not code in C that does so itself.
    """
    own, kept = os.getpid(), {}
    others = {each.ident for each in threading.enumerate()} - {threading.get_ident()}
    for name in ("_exit", "execv", "execve"):  # all of os.exec* come to one of these two
        kept[name] = getattr(os, name)

        def refuse(*given: Any, name: str = name) -> Any:
            if os.getpid() != own or threading.get_ident() in others:
                return kept[name](*given)
            raise SystemExit(f"os.{name}() would end racer without an answer")

        for module in _homes():
            setattr(module, name, refuse)
    try:
        yield
    finally:
        for module in _homes():
            for name, function in kept.items():
                setattr(module, name, function)


def _homes() -> list[ModuleType]:
    """The modules that have what ends a process: os, and what it has them from."""
    return [os, *(sys.modules[name] for name in ("posix", "nt") if name in sys.modules)]
