"""A thread that computes for ever without awaiting would hang racer: it is interrupted instead.

Modelled code runs between two awaits without racer having a say. While `patience` is in force,
a watching (operating system) thread looks whether the same stretch of modelled code has been
running for too long, and if so raises OutOfPatience in it, so that its name and line can be told.

Bound    only Python code can be interrupted, not a call that stays in C.
Source   CPython, PyThreadState_SetAsyncExc. A signal would not do: it may be ignored (as SIGINT
         is in background jobs), and reaches the main thread only.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from racer.lang import run

SECONDS = 5.0  # between two awaits a model computes for microseconds


@contextmanager
def patience(seconds: float | None = None) -> Iterator[None]:
    """Interrupt a modelled thread that runs for SECONDS, or less, without awaiting."""
    limit = SECONDS if seconds is None else min(SECONDS, seconds)
    over = threading.Event()
    watched = threading.get_ident()
    watcher = threading.Thread(target=_watch, args=(over, limit, watched), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _watch(over: threading.Event, seconds: float, watched: int) -> None:
    ticks, last = 0, None
    while not over.wait(seconds / 4):
        now = run.stretch()
        ticks = ticks + 1 if now is not None and now == last else 0
        last = now
        if ticks >= 4 and now is not None:
            now.run.stalled_after = seconds
            raised = ctypes.py_object(run.OutOfPatience)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(watched), raised)
            ticks = 0
