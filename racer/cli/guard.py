"""Errors to exit statuses, and writing to stdout and stderr. No traceback leaves here."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import TextIO

from racer.cli.statuses import BOUND, DIVERGED, INTERNAL, INTERRUPTED, USAGE
from racer.errors import InternalError, RacerError, ReplayDiverged, suggestion


def guarded(command: Callable[[], int]) -> int:
    """The exit status of a command, whatever it raises."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a label outside the locale's charset
    try:
        return command()
    except ReplayDiverged as error:
        return _failed(DIVERGED, str(error))
    except RacerError as error:
        return _failed(USAGE, str(error))
    except KeyboardInterrupt:
        return _failed(INTERRUPTED, "interrupted before the result was shown")
    except MemoryError:
        return _failed(BOUND, "out of memory; try --max-states, or smaller parameters")
    except InternalError as error:
        return _bug(str(error))
    except Exception as error:
        return _bug(str(InternalError(f"{type(error).__name__}: {error}")))


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

    A reader that has seen enough (`| head -1`) is no error. Any other failure is a RacerError.
    """
    if sys.stdout is None:
        return
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _discard(sys.stdout)
    except OSError as error:
        _discard(sys.stdout)
        raise RacerError(_unwritable(error)) from error


def complain(text: str) -> None:
    """Write a diagnostic to stderr; nothing can be done when that fails too."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"{text}\n")
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


def _unwritable(error: OSError) -> str:
    return f"cannot write to stdout: {error.strerror}"


def _failed(status: int, text: str) -> int:
    complain(f"error: {text}")
    return status


def _bug(text: str) -> int:
    if os.environ.get("RACER_DEBUG") == "1":
        import traceback

        complain(traceback.format_exc())
        return _failed(INTERNAL, text)
    return _failed(INTERNAL, f"{text}\nRACER_DEBUG=1 shows where.")
