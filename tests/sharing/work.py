"""What items of tests are done by: functions that other processes find by their names."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from racer.errors import ProgramError
from racer.lang import memory_use
from racer.lang.memory_use import MemoryLimit


def squared(item: int) -> int:
    print(f"square of {item}")
    return item * item


def refused(item: int) -> int:
    if item % 2:
        raise ProgramError(f"{item} is odd")
    return item


class Unfit(ProgramError):
    """An error that cannot be made again from what it has."""

    def __init__(self, one: int, other: int) -> None:
        super().__init__(f"{one} and {other}")


def unfit(item: int) -> int:
    raise Unfit(item, item)


def killed_at_two(item: int) -> int:
    if item == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def killed_once(item: tuple[int, str]) -> int:
    number, mark = item
    if number == 2 and not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def seven_gigabytes(item: int) -> str:
    """Whether 7 of 16 GiB are too much for the process that does it."""
    memory_use.memory_used = lambda root=None, reserved=False: 7 * 2**30  # type: ignore[assignment]
    memory_use.memory_limit = lambda: MemoryLimit(16 * 2**30, "machine")  # type: ignore[assignment]
    memory_use._looked.due = 0.0
    return memory_use.used_up() or "there is memory"


def where(item: int) -> str:
    return os.getcwd()


def waits(item: str) -> None:
    Path(item).touch()
    sys.stdout.flush()
    time.sleep(60)
