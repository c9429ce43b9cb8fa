"""A thread that computes for ever without awaiting would hang racer: it is interrupted instead.

Modelled code runs between two awaits without racer having a say. While `patience` is in force,
a watching (operating system) thread looks whether the same stretch of modelled code has been
running for too long, and if so interrupts it with its name and line.

Bound    only Python's main thread can be interrupted; elsewhere nothing is watched.
"""

from __future__ import annotations

import _thread
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from racer import steps

SECONDS = 5.0  # between two awaits a model computes for microseconds


@contextmanager
def patience(seconds: float | None = None) -> Iterator[None]:
    """Interrupt a modelled thread that runs for `seconds` (default SECONDS) without awaiting."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    limit = SECONDS if seconds is None else seconds
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(over, limit), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _watch(over: threading.Event, seconds: float) -> None:
    ticks, last = 0, None
    while not over.wait(seconds / 4):
        now = steps.stretch()
        ticks = ticks + 1 if now is not None and now == last else 0
        last = now
        if ticks >= 4 and now is not None:
            now.run.stalled_after = seconds
            _thread.interrupt_main()
            ticks = 0
