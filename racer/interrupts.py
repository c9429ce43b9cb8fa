"""Ctrl-C: where it cuts something short, and where it is kept until nothing can be lost by it.

`deferred()` is put around what must not be lost, `allowed()` around what may be cut within that. A
Ctrl-C is "asked" for until somebody has answered it: code that swallows the KeyboardInterrupt, as
a model with a bare `except:` does, meets it again at the next `check()`.

Bound    signals are for the main thread of the operating system's: elsewhere all of this does
         nothing. What is deferred for longer than INSISTED seconds is cut all the same by the next
         Ctrl-C, so that a replay that hangs can be ended.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable
from types import FrameType, TracebackType
from typing import Any, Final

INSISTED: Final = 5.0  # seconds after the first Ctrl-C; whoever hits the key again by then is heard


class Stop(BaseException):
    """What ends a computation from outside; no fault of the code that it is raised in."""


class _Interrupts:
    """What has been asked for, and whether it is kept for later."""

    def __init__(self) -> None:
        self.asked_at: float | None = None
        self.kept = False
        self.handled = False  # whether a signal comes here
        self.ending = False  # whether nothing follows what is handled but the end of the process

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.asked_at is None:
            self.asked_at = now
        if not self.kept or now - self.asked_at > INSISTED:
            raise KeyboardInterrupt


_state: Final = _Interrupts()


def asked() -> bool:
    """Whether there is a Ctrl-C that nobody has answered yet."""
    return _state.asked_at is not None


def answered() -> None:
    """What was asked for is done, or will be said."""
    _state.asked_at = None


def process_ends_after() -> None:
    """From here on nothing follows what is `handled` but the end of the process: no signal of
    these is heard then, since all is said."""
    _state.ending = True


def nothing_follows() -> bool:
    """Whether nothing but the end of the process does."""
    return _state.ending


def check() -> None:
    """Errors: KeyboardInterrupt where one was asked for and swallowed, and is not deferred."""
    if _state.asked_at is not None and not _state.kept and _on_main_thread():
        raise KeyboardInterrupt


def is_from_outside(error: BaseException) -> bool:
    """Whether it is no fault of the code that it was raised in, be that code the model's."""
    if type(error) is KeyboardInterrupt:  # where signals are not looked at, it may be either
        return asked() or not _state.handled
    return isinstance(error, Stop | KeyboardInterrupt)


class handled:
    """`with handled():` these signals come here; one that is ignored, or another's, stays so."""

    def __init__(self, numbers: Iterable[int] = (signal.SIGINT,)) -> None:
        self._numbers = tuple(numbers)
        self._before: dict[int, Callable[..., Any] | int | None] = {}

    def __enter__(self) -> None:
        if _state.handled or not _on_main_thread():
            return
        for number in self._numbers:
            before = signal.getsignal(number)
            if before in (signal.default_int_handler, signal.SIG_DFL):
                self._before[number] = before
                signal.signal(number, _state.on_signal)
        if self._before:
            _state.handled = signal.SIGINT in self._before
            answered()

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, signal.SIG_IGN if _state.ending else before)
        if self._before:
            _state.handled = False
            answered()


class _Region:
    """A stretch of code in which Ctrl-C is kept for later, or is not."""

    def __init__(self, kept: bool) -> None:
        self._kept = kept
        self._before: bool | None = None

    def __enter__(self) -> None:
        if _on_main_thread():
            self._before = _state.kept
            _state.kept = self._kept
            check()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._before is not None:
            _state.kept = self._before
            if error is None:
                check()


class deferred(_Region):
    """`with deferred():` a Ctrl-C is raised when the block has ended, unless it was answered."""

    def __init__(self) -> None:
        super().__init__(kept=True)


class allowed(_Region):
    """`with allowed():` within what is deferred, Ctrl-C is raised at once; an earlier one, too."""

    def __init__(self) -> None:
        super().__init__(kept=False)


def _on_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
