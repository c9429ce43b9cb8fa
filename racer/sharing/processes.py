"""Items in processes of this machine.

They are begun by a server that imports racer once and forks (multiprocessing's "forkserver"), where
there is one, else anew ("spawn"): never by a fork of this process, which may have threads, such as
what shows progress, whose locks would stay taken in the child.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import signal
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import BaseContext
from typing import Final

from racer.lang.memory_use import divide
from racer.lang.patience import Stuck, when_stuck
from racer.sharing.working import carried_out
from racer.words.printable import safe_text

_SERVER: Final = "forkserver"
# What the server imports for all: by name, since these are above this room.
_IMPORTED: Final = ["racer.claims.deciding", "racer.cli.several", "racer.axiomatic.directories"]


class ProcessHands:
    """A pool of so many processes."""

    def __init__(self, processes: int) -> None:
        self.broken = False
        self._processes = processes
        self._pool = ProcessPoolExecutor(
            processes, mp_context=_context(), initializer=_begin, initargs=(processes,)
        )
        self._waiting: dict[Future[bytes], int] = {}
        self._before = set(multiprocessing.active_children())

    def free(self) -> int:
        """How many jobs could be started now."""
        return 0 if self.broken else self._processes - len(self._waiting)

    def start(self, number: int, job: bytes) -> None:
        """Give a job of that number to one that is free."""
        try:
            self._waiting[self._pool.submit(carried_out, job)] = number
        except BrokenProcessPool:
            self.broken = True
            self._waiting[_gone()] = number

    def wait(self) -> list[tuple[int, bytes | None]]:
        """Wait for some to be done: what came of them; None: who did it is gone."""
        found: list[tuple[int, bytes | None]] = []
        for future in wait(self._waiting, return_when=FIRST_COMPLETED).done:
            number = self._waiting.pop(future)
            try:
                found.append((number, future.result()))
            except BrokenProcessPool:
                self.broken = True
                found.append((number, None))
        return sorted(found, key=lambda pair: pair[0])

    def close(self, *, at_once: bool) -> None:
        """Let them go; `at_once`, whatever they are at."""
        if at_once:
            for process in set(multiprocessing.active_children()) - self._before:
                process.terminate()
        self._pool.shutdown(wait=not at_once, cancel_futures=True)


def _gone() -> Future[bytes]:
    future: Future[bytes] = Future()
    future.set_exception(BrokenProcessPool())
    return future


def _context() -> BaseContext:
    if _SERVER not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context(_SERVER)
    context.set_forkserver_preload(_IMPORTED)
    return context


def begin_server() -> None:
    """Have the server import what all need, while this process does something else."""
    if _SERVER in multiprocessing.get_all_start_methods():
        _context()
        from multiprocessing.forkserver import ensure_running

        ensure_running()


def _begin(processes: int) -> None:
    """Leave Ctrl-C to the process that gathers the answers, and end with it.

    Memory is shared with the others: there are so many `processes`.
    """
    divide(processes)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    when_stuck(end_stuck)
    gc.set_threshold(20_000, 50, 100)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def end_stuck(stuck: Stuck) -> None:
    """End this process: that is found out by the one that gathers the answers."""
    with contextlib.suppress(OSError):  # sys.stderr is what is told with the item
        os.write(2, f"error: {safe_text(stuck.text)}\n".encode(errors="backslashreplace"))
    os._exit(1)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
