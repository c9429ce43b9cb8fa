"""What whoever does items of others does: one after the other, and tells what came of each."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from racer.errors import InternalError, RacerError, UsageError
from racer.lang.memory_use import share_was_passed
from racer.sharing import parcels

_alone: Final = threading.Lock()  # whose code runs, and where it prints, is one for a process


@dataclass(frozen=True, slots=True)
class Job:
    """An item, and the function of a module that does it."""

    work: Callable[[Any], object]
    item: Any

    def packed(self) -> bytes:
        """As other processes take it, with the directory that it is to be done in."""
        return pickle.dumps((self.work, self.item, os.getcwd()), pickle.HIGHEST_PROTOCOL)


@dataclass(frozen=True, slots=True)
class Raised:
    """In place of an answer, what doing the item has raised."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a job.

    answer    or a Raised
    said      what was written to stderr; stdout, too, as models do
    seconds   how long it took
    cramped   whether it was cut as others have their share of the memory
    """

    answer: Any
    said: str
    seconds: float
    cramped: bool = False


def carried_out(job: bytes) -> bytes:
    """Do a job; the Told of it. Errors: none but what ends a process."""
    with _alone:
        said = io.StringIO()
        began = time.monotonic()
        share_was_passed()
        answer: object
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            try:
                work, item, directory = pickle.loads(job)
                _go_to(directory)
                answer = work(item)
            except BaseException as error:
                answer = Raised(_fit(error))
        seconds = time.monotonic() - began
        cramped = share_was_passed()
        try:
            return parcels.packed(Told(answer, said.getvalue(), seconds, cramped))
        except Exception as error:
            told = Raised(InternalError(f"an answer cannot be carried: {error}"))
            return parcels.packed(Told(told, said.getvalue(), seconds))


def unpacked(found: bytes) -> Told:
    """What carried_out() gave."""
    told = parcels.unpacked(found)
    assert isinstance(told, Told)
    return told


def _go_to(directory: str) -> None:
    """Errors: UsageError where there is no such directory."""
    try:
        if os.getcwd() != directory:
            os.chdir(directory)
    except OSError as error:
        raise UsageError(
            f"{directory} cannot be used by another process, or on another machine: "
            f"{error.strerror}.\nTry: a directory that all share."
        ) from error


def _fit(error: BaseException) -> BaseException:
    """What can be carried: the error, or one of its kind with its text."""
    try:
        again = parcels.unpacked(parcels.packed(error))
        if type(again) is type(error) and str(again) == str(error):
            return error
    except Exception:  # not every exception survives the way
        pass
    for kind in (UsageError, RacerError):
        if isinstance(error, kind):
            return kind(str(error))
    return InternalError(f"{type(error).__name__}: {error}")
