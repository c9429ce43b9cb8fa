"""How modelled code asks for something: whose run it is in, and the one function that yields.

Code that awaits an operation does not say which thread it is of. That is whoever runs in the same
operating system thread: `here` says so.
"""

from __future__ import annotations

import functools
import sys
import threading
import types
from collections.abc import Callable, Coroutine, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NoReturn, ParamSpec, Protocol, TypeVar

from racer.errors import ProgramError
from racer.lang.checkpoints import (
    CANCELLED,
    Cancelled,
    lets_others_go,
    waits_or_is_cancelled,
    would_wait,
)
from racer.lang.operations import CellOperation, Operation
from racer.lang.pending import AboutTo, CloseWindow, Watched
from racer.lang.values import Unfit, require_hashable


class Asking(Protocol):
    """A run of a modelled thread, as far as its code has to do with it."""

    handles: Mapping[str, object]  # the cells and locks of its Program's Memory, by name
    abandoned: bool  # it takes no further step; its code is left, by way of its clean-up
    cancellable: bool  # a task that may be cancelled where it awaits, once
    refusal: Exception | None  # what its code did that no model may, caught or not

    def note_call(self, operation: Coroutine[Any, Any, object], path: str, line: int) -> None:
        """An operation has been called at that line; it takes place when it is awaited."""

    def open_window(self, watch: Watched) -> int:
        """Reserve a slot for a window that opens before the next step."""

    def enter_region(self) -> None:
        """An atomic region begins with the next step."""

    def leave_region(self) -> None:
        """The atomic region that was entered last has ended with the last step."""

    def take_lock(self, lock: str) -> None:
        """With its last step the thread has got a lock that is an atomic region."""

    def has_lock(self, lock: str) -> bool:
        """Whether the thread has got that lock, which is an atomic region."""

    def give_lock(self, lock: str) -> None:
        """With its last step it has released such a lock."""

    def keep(self, name: str, value: tuple[Any, ...]) -> None:
        """Let the thread know that of what has this name, until it is told otherwise."""

    def kept(self, name: str) -> tuple[Any, ...]:
        """What it knows of what has this name; nothing at first."""


class Part:
    """A handle of something that lies within a cell, and has a name of its own."""

    __slots__ = ()

    def whole(self, inner: CellOperation) -> CellOperation:
        """The operation on the cell that does this to the part of it."""
        raise NotImplementedError


class Pulse:
    """That an operating system thread gets on, for one that watches it without its frames.

    `count` goes up with each stretch of a modelled thread, and whenever a search asks for time.
    `inside`: a stretch runs. An exception that comes in between may leave it so.
    """

    __slots__ = ("count", "inside")

    def __init__(self) -> None:
        self.count = 0
        self.inside = False


class _Here(threading.local):
    """Of one operating system thread: the run whose code it is in, and that it gets on."""

    run: Asking | None = None

    def __init__(self) -> None:
        self.pulse = Pulse()


here = _Here()


def refuse(error: Exception) -> NoReturn:
    """Raise `error` for what no model may do: the thread is broken, also if it catches that."""
    run = here.run
    if run is not None and run.refusal is None:
        run.refusal = error
    raise error


def require_fit(value: object, what: str) -> None:
    """Refuse a value that a state could not hold."""
    try:
        require_hashable(value, what)
    except Unfit as error:
        refuse(error)


def require_outside(what: str) -> None:
    """Refuse `what` within a modelled thread: that is run again and again, and by itself."""
    if here.run is not None:
        refuse(
            ProgramError(
                f"{what} is called by a modelled thread, which is itself being explored or "
                f"replayed. Call it outside of the functions given to Thread(...)."
            )
        )


def thread_run(what: str) -> Asking:
    """The thread that is running now; `what` is named when none is."""
    run = here.run
    if run is None:
        raise ProgramError(
            f"{what} is awaited outside a modelled thread. Operations work only in the functions "
            f"given to Thread(...), run by racer.explore() or racer.replay()."
        )
    if run.abandoned:
        _leave()
    return run


@types.coroutine
def _hand_over(request: AboutTo | CloseWindow) -> Generator[AboutTo | CloseWindow, object, object]:
    """The one place where modelled code yields."""
    return (yield request)


async def perform(operation: Operation) -> Any:
    """Do one operation: one step of the running thread. Its result is of the cell's type."""
    if _require_thread(operation).cancellable and operation.facts.blocks:
        _refuse_to_cancel(operation)
    return await _hand_over(AboutTo(operation))


def _require_thread(operation: Operation) -> Asking:
    # Whoever hands over must not hold the run in a local: that would be part of its identity.
    run = here.run
    return thread_run(operation.text()) if run is None or run.abandoned else run


def perform_on(handle: object, operation: CellOperation) -> Coroutine[Any, Any, Any]:
    """Do one operation on a cell or lock, which must be of the Memory of the thread's Program."""
    run = _require_thread(operation)
    if run.handles.get(operation.cell) is not handle:
        refuse(
            ProgramError(
                f"{operation.text()}: {handle!r} is not of the Memory that this thread's "
                f"Program was made with. Every cell a thread uses must come from that one."
            )
        )
    if isinstance(handle, Part):
        operation = handle.whole(operation)
    waits = run.cancellable and operation.facts.blocks
    return _wait_or_be_cancelled(operation) if waits else _perform(operation)


async def _perform(operation: Operation) -> Any:
    return await _hand_over(AboutTo(operation))


async def _wait_or_be_cancelled(operation: CellOperation) -> Any:
    """What a task does that may be cancelled where it has to wait, and nowhere else.

    Nobody comes between its steps until it waits, so it is known by then whether it will. Being
    cancelled comes as late as others like, be it after what was waited for: asyncio and trio raise
    the exception then, too, if the task has not gone on yet.
    """
    if not operation.leaves_nothing:
        _refuse_to_cancel(operation)
    waits = can_be_cancelled() and await _perform(would_wait(operation))
    if waits and await _perform(waits_or_is_cancelled()) == CANCELLED:
        await _perform(lets_others_go())
        cancel()
    return await _perform(operation)


def _refuse_to_cancel(operation: Operation) -> NoReturn:
    refuse(
        ProgramError(
            f"{operation.text()}: a thread that may be cancelled would leave its place among those "
            f"who wait there, for which a wake-up may be. It can wait for a cell (wait_until, "
            f"update_when), a lock, a semaphore or a queue."
        )
    )


def can_be_cancelled() -> bool:
    """Whether the running thread is a task that may be cancelled, and has not been."""
    run = thread_run("a checkpoint")
    return run.cancellable and not run.kept(_HAS_BEEN)


def cancel() -> NoReturn:
    """Raise what a task is cancelled by; it is no more from then on."""
    thread_run("a checkpoint").keep(_HAS_BEEN, (CANCELLED,))
    raise Cancelled


_HAS_BEEN: Final = ""  # the name that this is kept by; no handle has it


def operation_of(awaited: Any) -> Operation | None:
    """The operation that a suspended coroutine is handing over, if it is one that only does that.

    It and what it awaits are determined by the operation: they give its result, and nothing else.
    """
    if getattr(awaited, "cr_code", None) not in _HANDING_OVER:
        return None
    operation: Operation = awaited.cr_frame.f_locals["operation"]
    return operation


_HANDING_OVER = (perform.__code__, _perform.__code__)


async def perform_silently(request: CloseWindow) -> object:
    """Ask for something that is not a step."""
    thread_run("a window's end")
    return await _hand_over(request)


P = ParamSpec("P")
R = TypeVar("R")


def operation(
    method: Callable[P, Coroutine[Any, Any, R]],
) -> Callable[P, Coroutine[Any, Any, R]]:
    """Marks what a thread awaits to take a step, so that a forgotten `await` can be told."""

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R]:
        called = method(*args, **kwargs)
        run = here.run
        if run is not None and not run.abandoned:
            caller = sys._getframe(1)
            run.note_call(called, caller.f_code.co_filename, caller.f_lineno)
        return called

    return call


def never_awaited(operation: Coroutine[Any, Any, object]) -> bool:
    """As inspect.getcoroutinestate() has it; asked at every step."""
    coroutine: Any = operation
    started = coroutine.cr_suspended or coroutine.cr_running or coroutine.cr_frame is None
    return not started


# --- leaving a thread that is abandoned -----------------------------------------------------

_PATIENT = 50  # GeneratorExits that the clean-up code of a thread may get, one for each `finally`


class _Leaving(threading.local):
    """How often modelled code that is being left has asked for an operation."""

    asked = 0


_leaving = _Leaving()


@contextmanager
def leaving() -> Iterator[None]:
    """While a coroutine is closed: however it clings to its life, it is left in the end.

    Whoever awaits an operation in clean-up code gets a GeneratorExit once more. A bare `except:`
    in a loop catches that, too, and asks again for ever. So it is then raised at one of the next
    lines that the code comes to, later each time; one of them is in no `try`.
    """
    outer, tracing = _leaving.asked, sys.gettrace()
    _leaving.asked = 0
    try:
        yield
    finally:
        _leaving.asked = outer
        if sys.gettrace() is not tracing:
            sys.settrace(tracing)


def _leave() -> NoReturn:
    _leaving.asked += 1
    if _leaving.asked > _PATIENT:
        _raise_at_line(_leaving.asked - _PATIENT)
    raise GeneratorExit


def _raise_at_line(number: int) -> None:
    """Raise GeneratorExit at the so-manieth line from here that is not racer's."""
    left = number

    def trace(frame: types.FrameType, event: str, _: object) -> Any:
        nonlocal left
        if event == "line" and frame.f_globals.get("__name__") != __name__:
            left -= 1
            if not left:
                raise GeneratorExit  # which ends the tracing, too
        return trace

    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_flags & (0x80 | 0x100 | 0x20 | 0x2):
        frame.f_trace = trace
        frame = frame.f_back
    sys.settrace(trace)
