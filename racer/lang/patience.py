"""Modelled code that computes for ever would hang racer: it is interrupted instead.

It runs between two awaits, or as a predicate, without racer having a say. While `patience` is in
force, a watching (operating system) thread looks whether the same stretch of a modelled thread, or
the same call of another function of the model, has been running for too long, and if so raises
OutOfPatience in it, so that its name and line can be told. Past a deadline that racer's own loops
have not kept to, because a predicate does not return or a step of racer's takes long, it raises
OutOfTime, again and again, until that is heeded.

Bound    only Python code can be interrupted, not a call that stays in C.
Source   CPython, PyThreadState_SetAsyncExc. A signal would not do: it may be ignored (as SIGINT
         is in background jobs), and reaches the main thread only.
"""

from __future__ import annotations

import ctypes
import functools
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import FrameType
from typing import NamedTuple, TypeVar

from racer.errors import ModelError
from racer.lang.asking import here
from racer.lang.run import OutOfPatience, OutOfTime, is_stretch, stalled_text
from racer.lang.whose import called_at, is_models

T = TypeVar("T")

SECONDS = 5.0  # between two awaits a model computes for microseconds
LOADING = 10.0  # for a file that is loaded, or a scenario's function: one that loops costs no more
GRACE = 0.25  # seconds past a deadline that whoever looks at the time has to keep to it


class Limits(NamedTuple):
    """How long modelled code may run: what patience() was given."""

    seconds: float | None = None
    deadline: float | None = None


class _InForce(threading.local):
    """By operating system thread, who watches it, the innermost last."""

    def __init__(self) -> None:
        self.watchers: list[_Watcher] = []


_in_force = _InForce()


@contextmanager
def patience(seconds: float | None = None, deadline: float | None = None) -> Iterator[None]:
    """Interrupt a modelled thread that runs for SECONDS, or less, without awaiting.

    Without a deadline, a predicate or another function of the model may run no longer, either.

    deadline   a time.monotonic() value; OutOfTime is raised in what still runs GRACE later

    Errors   ModelError for a function that does not return; OutOfTime.
    """
    outer = tuple(_in_force.watchers)
    watcher = _Watcher(Limits(seconds, deadline))
    try:
        with _hushed(outer):  # what is raised within Thread.start() may leave it waiting for ever
            watcher.start()
            _in_force.watchers.append(watcher)
        yield
    except OutOfPatience as stall:
        raise ModelError(f"a function of the model hangs: {stalled_text(stall)}") from None
    finally:
        try:
            _end(watcher, outer)
        except (OutOfPatience, OutOfTime):  # before it had hushed them
            _end(watcher, outer)


def _end(watcher: _Watcher, outer: tuple[_Watcher, ...]) -> None:
    with _hushed((*outer, watcher)):
        watcher.stop()
        del _in_force.watchers[len(outer) :]


@contextmanager
def _hushed(watchers: tuple[_Watcher, ...]) -> Iterator[None]:
    """While these raise nothing, and nothing that they raised is on its way."""
    try:
        _undisturbed(lambda: _hush(watchers))
        yield
    finally:
        for watcher in watchers:
            watcher.paused = False


class Endless(Exception):
    """What was to end within LOADING seconds has not; the text says so, and where it was."""


def in_good_time(work: Callable[[], T]) -> T:
    """What `work` gives, which runs code of the model's before there is a Program.

    Errors   Endless past LOADING seconds; OutOfTime where a deadline in force has passed, since
             then it is not known whether the work would have ended.
    """
    try:
        with patience(LOADING, time.monotonic() + LOADING):
            return work()
    except OutOfTime as stop:
        if is_over():
            raise
        at = called_at(stop)
        where = f", in {at}" if at else ""
        raise Endless(f"it ran for {LOADING:g} s without coming to an end{where}") from None


def _hush(watchers: tuple[_Watcher, ...]) -> None:
    for watcher in watchers:
        watcher.hush()


def heed() -> None:
    """Out of time has been heeded: what is left to be done in this thread is not interrupted."""
    for watcher in _in_force.watchers:
        watcher.calm()


def until(deadline: float | None) -> AbstractContextManager[None]:
    """Raise OutOfTime in what still runs GRACE after a deadline; None: nothing is watched."""
    return nullcontext() if deadline is None else patience(deadline=deadline)


@contextmanager
def handed_over() -> Iterator[Limits]:
    """While another thread does the work of this one: the limits that it has to be given."""
    watchers = tuple(_in_force.watchers)
    with _hushed(watchers):
        yield watchers[-1].limits if watchers else Limits()


def is_over() -> bool:
    """Whether a deadline has passed that is in force in this thread."""
    due = [each.limits.deadline for each in _in_force.watchers]
    return any(deadline is not None and time.monotonic() > deadline for deadline in due)


class _Watcher:
    """Watches the thread that makes it, from one of its own."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._seconds = SECONDS if limits.seconds is None else min(SECONDS, limits.seconds)
        self._deadline = limits.deadline
        self._only_threads = limits.deadline is not None
        self._watched = threading.get_ident()
        self._pulse = here.pulse
        self._count = self._pulse.count  # when it was last looked at
        self.paused = False
        self._over = threading.Event()
        self._raising = threading.Lock()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        # What is called from here on is watched; frames are kept, so that no other takes the id.
        frames = list(_outwards(sys._getframe()))
        self._below = {id(frame): frame for frame in frames}
        self._out_of_patience = _out_of_patience(self._seconds)

    def start(self) -> None:
        self._thread.start()

    def calm(self) -> None:
        """Raise OutOfTime no more."""
        self._deadline = None
        _undisturbed(self._wait_for_raising)

    def hush(self) -> None:
        """Raise nothing as long as it is paused; what was raised has arrived, or is on its way."""
        self.paused = True
        self._wait_for_raising()

    def stop(self) -> None:
        """It watches no more. It has to be hushed."""
        self._over.set()
        if self._thread.ident is not None:  # it was started
            self._thread.join()
        self._below.clear()

    def _wait_for_raising(self) -> None:
        with self._raising:
            pass

    def _watch(self) -> None:
        pause = min(self._seconds / 4, GRACE / 2)
        needed = round(self._seconds / pause)  # so often it is met before patience runs out
        ticks, last = 0, None
        while not self._over.wait(pause):
            now = self._running()
            ticks = ticks + 1 if now is not None and now == last else 0
            last = now
            if ticks >= needed:
                if isinstance(now, FrameType) or self._frame() is not None:
                    self._raise(self._out_of_patience)
                ticks = 0
            elif ticks < needed - 1 and self._is_due():  # patience runs out next: that says more
                self._raise(OutOfTime, unless_calm=True)

    def _is_due(self) -> bool:
        deadline = self._deadline
        return deadline is not None and time.monotonic() > deadline + GRACE

    def _running(self) -> FrameType | int | None:
        """What racer has called of the model: the same as long as that runs.

        With a deadline, only of a modelled thread: of anything else it is said that time is over.
        That is known without its frames, which change while they are looked at from here.
        """
        before, self._count = self._count, self._pulse.count
        if self._pulse.inside:
            return self._count
        return None if self._only_threads or self._count != before else self._frame()

    def _frame(self) -> FrameType | None:
        """The outermost frame of what racer has called of the model."""
        inside: FrameType | None = None
        for frame in _outwards(sys._current_frames().get(self._watched)):
            if id(frame) in self._below:
                break
            if is_stretch(frame) or (not self._only_threads and is_models(frame)):
                inside = frame
        return inside

    def _raise(self, error: type[BaseException], *, unless_calm: bool = False) -> None:
        with self._raising:
            if unless_calm and self._deadline is None:
                return
            if not self._over.is_set() and not self.paused:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self._watched), ctypes.py_object(error)
                )


def _undisturbed(wait: Callable[[], object]) -> None:
    """Wait for something, and drop what is on its way to this thread: it arrives in here.

    It is not called back, which CPython allows. CPython 3.11 would take an exception to be on its
    way from then on, and look for it for ever in a call that is profiled (sys.setprofile).
    """
    waited = False
    while not waited:
        try:
            wait()
            for _ in range(2):  # where a loop jumps back, what is on its way arrives
                pass
            waited = True
        except (OutOfPatience, OutOfTime):
            continue


@functools.cache
def _out_of_patience(seconds: float) -> type[OutOfPatience]:
    """Only a class can be raised in another thread, so the number stands in one."""
    return type("OutOfPatience", (OutOfPatience,), {"seconds": seconds})


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
