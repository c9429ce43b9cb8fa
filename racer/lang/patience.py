"""Modelled code that computes for ever would hang racer: it is interrupted instead.

It runs between two awaits, or as a predicate, without racer having a say. While `patience` is in
force, a watching (operating system) thread looks whether the same stretch of a modelled thread has
been running for too long, and if so raises OutOfPatience in it, so that its name and line can be
told. Past a deadline that racer's own loops have not kept to, because a predicate does not return
or a step of racer's takes long, it raises OutOfTime, again and again, until that is heeded.

Bound    only Python code can be interrupted, not a call that stays in C.
Source   CPython, PyThreadState_SetAsyncExc. A signal would not do: it may be ignored (as SIGINT
         is in background jobs), and reaches the main thread only.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from racer.lang import run

SECONDS = 5.0  # between two awaits a model computes for microseconds
GRACE = 0.25  # seconds past a deadline that whoever looks at the time has to keep to it


@contextmanager
def patience(seconds: float | None = None, deadline: float | None = None) -> Iterator[None]:
    """Interrupt a modelled thread that runs for SECONDS, or less, without awaiting.

    deadline   a time.monotonic() value; OutOfTime is raised in what still runs GRACE later
    """
    limit = SECONDS if seconds is None else min(SECONDS, seconds)
    over = threading.Event()
    watched = threading.get_ident()
    watcher = threading.Thread(target=_watch, args=(over, limit, watched, deadline), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(watched), None)  # one on its way


def _watch(over: threading.Event, seconds: float, watched: int, deadline: float | None) -> None:
    pause = seconds / 4 if deadline is None else min(seconds / 4, GRACE)
    needed = round(seconds / pause)  # so often the same stretch is met before patience runs out
    ticks, last = 0, None
    while not over.wait(pause):
        now = run.stretch()
        ticks = ticks + 1 if now is not None and now == last else 0
        last = now
        if ticks >= needed and now is not None:
            now.run.stalled_after = seconds
            _raise(run.OutOfPatience, watched)
            ticks = 0
        elif deadline is not None and time.monotonic() > deadline + GRACE and ticks < needed - 1:
            _raise(run.OutOfTime, watched)  # not where patience runs out next, which says more


def _raise(error: type[BaseException], thread: int) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))
