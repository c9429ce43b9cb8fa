"""Modelled code that computes for ever would hang racer: it is interrupted instead.

It runs between two awaits, or as a predicate, without racer having a say. While `patience` is in
force, a watching (operating system) thread looks whether the same stretch of a modelled thread, or
the same call of another function of the model, has been running for too long, and if so raises
OutOfPatience in it, so that its name and line can be told. Past a deadline that racer's own loops
have not kept to, because a predicate does not return or a step of racer's takes long, it raises
OutOfTime, again and again, until that is heeded.

What does not come back then is stuck: in a call of C, which nothing can interrupt, or in code that
swallows what is raised. Who has said so (`when_stuck`), as the command line does, is told.

Bound    only Python code can be interrupted, not a call that stays in C; a call that keeps all
         other threads from running, as sum() of a long range does, is not even noticed.
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
from racer.lang.memory_use import start
from racer.lang.run import OutOfPatience, OutOfTime, is_stretch, stalled_text
from racer.lang.whose import called_at, is_models, line_of

T = TypeVar("T")

SECONDS = 5.0  # between two awaits a model computes for microseconds
LOADING = 10.0  # for a file that is loaded, or a scenario's function: one that loops costs no more
GRACE = 0.25  # seconds past a deadline that whoever looks at the time has to keep to it
# Seconds after something was raised, or share of the time there was, in which it is met; where
# Python code goes on all the same, it has more, since it may be putting things in order.
STILL = 0.25
STILL_SHARE = 0.05
MOVING = 5.0


_LOOK_EVERY = 4  # pauses, while nothing of the model's is seen to run


class Limits(NamedTuple):
    """How long modelled code may run: what patience() was given."""

    seconds: float | None = None
    deadline: float | None = None


class Stuck(NamedTuple):
    """What does not come back: where it is, as text, and why it was to.

    `moves`: it is no call of C, but goes on whatever is raised in it. `late`: a deadline has
    passed; else it is a function of the model's, or a file, that ran too long.
    """

    at: str
    moves: bool
    late: bool

    @property
    def text(self) -> str:
        how = (
            "goes on, whatever is raised in it"
            if self.moves
            else "is inside a call of C, which cannot be interrupted"
        )
        why = "the timeout was over" if self.late else "it ran too long without coming to an end"
        return f"{why}: {self.at} {how}"


class _Listener:
    """Who is told of what is stuck, if anybody; in the watching thread."""

    tell: Callable[[Stuck], None] | None = None


def when_stuck(tell: Callable[[Stuck], None] | None) -> None:
    """Have what is stuck told to somebody, who may end the process: nothing else can end it."""
    _Listener.tell = tell


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
    watcher = _Watcher(Limits(seconds, deadline), outer)
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
            _in_force.watchers[-1].loads = True
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

    def __init__(self, limits: Limits, outer: tuple[_Watcher, ...] = ()) -> None:
        self.limits = limits
        self.loads = False  # what it watches is given so long because it is loaded, or built
        self._outer = outer
        self._began = time.monotonic()
        self._raised: float | None = None  # when something was that has not been met so far
        self._point: tuple[FrameType | None, int] | None = None  # where it was, late
        self._seconds = SECONDS if limits.seconds is None else min(SECONDS, limits.seconds)
        self._deadline = limits.deadline
        self._only_threads = limits.deadline is not None
        self._watched = threading.get_ident()
        self._pulse = here.pulse
        self._count = self._pulse.count  # when it was last looked at
        self._still = 0  # for so many pauses it has not moved since
        self._seen: FrameType | None = None  # what ran then
        self.paused = False
        self._over = threading.Event()
        self._raising = threading.Lock()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        # What is called from here on is watched; frames are kept, so that no other takes the id.
        frames = list(_outwards(sys._getframe()))
        self._below = {id(frame): frame for frame in frames}
        self._out_of_patience = _out_of_patience(self._seconds)

    def start(self) -> None:
        start(self._thread)

    def calm(self) -> None:
        """Raise OutOfTime no more."""
        self._deadline = self._raised = None
        _undisturbed(self._wait_for_raising)

    def hush(self) -> None:
        """Raise nothing as long as it is paused; what was raised has arrived, or is on its way."""
        self.paused = True
        self._wait_for_raising()
        self._raised = None

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
            if self._raised is not None and not self._is_due() and now != last:
                self._raised = None  # it was met
            ticks = ticks + 1 if now is not None and now == last else 0
            last = now
            self._tell_if_stuck()
            if ticks >= needed:
                found = self._frame()
                if found is not None and (found is now or not isinstance(now, FrameType)):
                    self._raise(self._out_of_patience)
                ticks, self._seen = 0, found
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
        if self._only_threads or self._count != before:
            self._seen, self._still = None, 0
            return None
        unmet = self._raised is not None
        if unmet or (self._seen is None and self._still % _LOOK_EVERY == 0):
            self._seen = self._frame()  # else it is looked at again when patience runs out
        self._still += 1
        return self._seen

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
                if self._raised is None:
                    self._raised, self._point = time.monotonic(), None

    def _tell_if_stuck(self) -> None:
        """Tell who wants to know that what was raised is not met."""
        tell, raised = _Listener.tell, self._raised
        if tell is None or raised is None or self.paused or self._over.is_set():
            return
        late = time.monotonic() - raised
        if late < max(STILL, STILL_SHARE * (raised - self._began)):
            return
        before, self._point = self._point, self._where()  # not looked at before that
        moves = before != self._point
        if late > MOVING or not moves:
            tell(Stuck(self._at(), moves, self._is_late()))

    def _where(self) -> tuple[FrameType | None, int]:
        frame = sys._current_frames().get(self._watched)
        return frame, frame.f_lasti if frame is not None else 0

    def _at(self) -> str:
        """The innermost line of the model's; else of whatever runs there."""
        frames = list(_outwards(sys._current_frames().get(self._watched)))
        inside = next((frame for frame in frames if is_models(frame)), frames[0])
        return f"{inside.f_code.co_name}() at {line_of(inside)}"

    def _is_late(self) -> bool:
        """Whether it is the deadline of somebody who wants an answer by then that has passed."""
        if self.loads:
            return any(each._is_due() for each in self._outer)
        # A timeout shorter than patience leaves no more of that.
        return self._seconds < SECONDS or any(e._is_due() for e in (*self._outer, self))


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
    # Of another thread: what CPython 3.11 gives there may be any object, if that runs meanwhile.
    while isinstance(frame, FrameType):
        yield frame
        frame = frame.f_back
