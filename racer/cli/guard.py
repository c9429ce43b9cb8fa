"""Errors to exit statuses, and writing to stdout and stderr. No traceback leaves here."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import TextIO

from racer import interrupts
from racer.cli.statuses import BOUND, DIVERGED, INTERNAL, INTERRUPTED, USAGE
from racer.errors import InternalError, RacerError, ReplayDiverged, UsageError, suggestion
from racer.files import shown_path
from racer.lang.memory_use import lacks_memory
from racer.lang.patience import Stuck, when_stuck
from racer.lang.run import OutOfTime
from racer.lang.staying import nobody_leaves
from racer.lang.whose import called_at
from racer.words.printable import safe_text

_NO_MEMORY = "out of memory; try --max-states, or smaller parameters"


def guarded(command: Callable[[], int]) -> int:
    """The exit status of a command, whatever it raises. Ctrl-C and SIGTERM interrupt it."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a label outside the locale's charset
    _stdout.failure = None
    status: int | None = None
    try:
        signals = interrupts.handled((signal.SIGINT, signal.SIGTERM))
        with signals, _stuck_ends(), nobody_leaves(), _interrupts_are_told_once():
            _require_directory()
            status = command()
    except ReplayDiverged as error:
        status = _failed(DIVERGED, str(error))
    except RacerError as error:
        status = _failed(USAGE, str(error))
    except KeyboardInterrupt:
        if status is None:  # else all has been said
            warnings.simplefilter("ignore", RuntimeWarning)  # of what is dropped before its `await`
            status = _failed(INTERRUPTED, "interrupted before the result was shown")
    except OutOfTime as stop:
        at = called_at(stop)
        where = f", in {at}" if at else ""
        return _failed(BOUND, f"the timeout was over{where}; try a longer one")
    except MemoryError:
        status = _failed(BOUND, _NO_MEMORY)
    except InternalError as error:
        status = _bug(str(error))
    except (OSError, ImportError) as error:
        if lacks_memory(error):
            status = _failed(BOUND, _NO_MEMORY)
        elif isinstance(error, OSError) and error.filename:
            status = _failed(USAGE, _unusable(error))
        else:
            status = _unexpected(error)
    except Exception as error:
        status = _unexpected(error)
    except BaseException as error:  # SystemExit, which might say 0
        status = _failed(USAGE, f"a file of the model's ended the command: {_named(error)}")
    if _stdout.failure is None:
        return status
    return _failed(INTERRUPTED if status == INTERRUPTED else USAGE, _stdout.failure)


@contextlib.contextmanager
def _stuck_ends() -> Iterator[None]:
    """End the process where modelled code does not come back, if nothing follows the command.

    What was found by then is in witness files, and on stdout.
    """
    if interrupts.nothing_follows():
        when_stuck(_end_stuck)
    try:
        yield
    finally:
        when_stuck(None)


def _end_stuck(stuck: Stuck, leave: Callable[[int], object] = os._exit) -> None:
    """In another thread than the one that is stuck, which may hold the locks of the streams."""
    usual = "Usual cause: it waits, or computes, where a model has to await a step."
    with contextlib.suppress(OSError):
        os.write(2, f"error: {safe_text(stuck.text)}.\n{usual}\n".encode(errors="backslashreplace"))
    leave(BOUND if stuck.late else USAGE)


class _Stdout:
    """What has become of stdout: why it takes nothing any more, if so."""

    failure: str | None = None


_stdout = _Stdout()


def stdout_takes_all() -> bool:
    """Whether all that was emitted has been written, or nobody wanted to read more."""
    return _stdout.failure is None


def _require_directory() -> None:
    """Errors: UsageError where the current directory has gone, or may not be looked into."""
    try:
        os.stat(os.path.join(os.getcwd(), os.curdir))
    except OSError as error:
        raise UsageError(
            f"the current directory cannot be used: {error.strerror}.\n"
            f"Usual cause: it was removed, or replaced, after this shell went there.\n"
            f"Try: cd into one that is there."
        ) from error


@contextlib.contextmanager
def _interrupts_are_told_once() -> Iterator[None]:
    """What comes from outside, as Ctrl-C, in a `__del__` cannot be raised from there: it is met
    again, without a traceback."""
    before = sys.unraisablehook

    def told(found: sys.UnraisableHookArgs) -> None:
        if not issubclass(found.exc_type, KeyboardInterrupt | interrupts.Stop):
            before(found)

    sys.unraisablehook = told
    try:
        yield
    finally:
        sys.unraisablehook = before


def unknown_command(name: str, known: list[str]) -> int:
    """Refuse a command by name, with the nearest one."""
    complain(f"error: there is no command {name!r}{suggestion(name, known)}")
    complain("Try 'racer --help'.")
    return USAGE


def unwritable(error: OSError) -> int:
    """Refuse to go on with a stdout that takes nothing."""
    _discard(sys.stdout)
    return _failed(USAGE, _unwritable(error))


def on_terminal() -> bool:
    """Whether somebody watches stderr, so that progress is worth a line."""
    return sys.stderr is not None and sys.stderr.isatty()


def emit(text: str) -> None:
    """Write a part of the result to stdout, now.

    A reader that has seen enough (`| head -1`) is no error. After any other failure the command
    goes on, since there may be files to write; it is told at the end.
    """
    if sys.stdout is None or _stdout.failure is not None:
        return
    try:
        sys.stdout.write(f"{safe_text(text)}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _discard(sys.stdout)
    except (OSError, ValueError) as error:  # a ValueError: it was closed
        _stdout.failure = _unwritable(error)
        with contextlib.suppress(ValueError):
            _discard(sys.stdout)


def complain(text: str) -> None:
    """Write a diagnostic to stderr; nothing can be done when that fails too."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"{safe_text(text)}\n")
        sys.stderr.flush()


def pass_on(text: str) -> None:
    """Write to stderr what another process would have written there."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(text)
        sys.stderr.flush()


@contextlib.contextmanager
def models_print_to_stderr() -> Iterator[None]:
    """What a scenario prints is no part of the result."""
    with contextlib.redirect_stdout(sys.stderr):
        yield


def _discard(stream: TextIO) -> None:
    """Send what is still buffered nowhere: the interpreter flushes once more as it ends."""
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def _unwritable(error: OSError | ValueError) -> str:
    why = error.strerror if isinstance(error, OSError) else error
    return f"cannot write to stdout: {why}"


def _unusable(error: OSError) -> str:
    """A file that cannot be used, where no more is known than what the system said."""
    return f"cannot use {shown_path(os.fsdecode(error.filename))}: {error.strerror}"


def _unexpected(error: Exception) -> int:
    return _bug(str(InternalError(_named(error))))


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _failed(status: int, text: str) -> int:
    complain(f"error: {text}")
    return status


def _bug(text: str) -> int:
    if os.environ.get("RACER_DEBUG") == "1":
        import traceback

        complain(traceback.format_exc())
        return _failed(INTERNAL, text)
    return _failed(INTERNAL, f"{text}\nRACER_DEBUG=1 shows where.")
