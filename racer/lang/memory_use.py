"""How much of the machine's memory this process may use, and whether it has: a limit like time.

It is 3/4 of the least of what the machine has and what the cgroups of this process allow: the
rest is for telling what was found, which takes some, too, and for others. Whoever asks stops
while nothing is lost; without that the system would end the process, and nothing would be told.

Bound    only Linux says how much a process uses; elsewhere nothing is limited here, and only a
         MemoryError is. What grows between two looks is noticed at the second: a step that takes
         more than a quarter of all at once may still be the end of the process. All that the
         process holds counts, that of others than racer, too.
Source   proc(5), statm and meminfo; cgroups.py
"""

from __future__ import annotations

import errno
import functools
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from racer.lang.cgroups import texts

OUT_OF_MEMORY: Final = "out of memory"

SHARE: Final = (3, 4)  # of what there is
_LOOKS: Final = 0.01  # seconds between two looks, each of which takes some microseconds

# What the dynamic linker says of a library that there is no memory for.
_NO_ROOM: Final = ("failed to map segment", "annot allocate memory", "annot map zero-fill pages")


@dataclass(frozen=True, slots=True)
class MemoryLimit:
    """What this process may use: SHARE of `whole`, divided by so many processes.

    whole      in bytes, what the machine has or the cgroup allows, whichever is less
    whose      which of them that is; or "address space", where one was set for this process alone
               (ulimit -v), which counts what is reserved, too
    """

    whole: int
    whose: Literal["machine", "cgroup", "address space"]
    processes: int = 1

    @property
    def bytes(self) -> int:
        """How many bytes this process may use."""
        return self.whole * SHARE[0] // (SHARE[1] * self.processes)

    def text(self) -> str:
        """How much that is, and of what."""
        whole = f"{SHARE[0]}/{SHARE[1]} of the {_size(self.whole)} of the {self.whose}"
        among = f", divided by {self.processes} processes" if self.processes > 1 else ""
        return f"{_size(self.bytes)}, which is {whole}{among}"


class _Looked:
    """What was seen at the last look, and when it is time for the next."""

    def __init__(self) -> None:
        self.due = 0.0
        self.answer: str | None = None
        self.processes = 1
        self.share_passed = False  # since somebody asked: more than a share, and not more than all


_looked = _Looked()


def used_up() -> str | None:
    """As a phrase, that the limit is passed, and by how much; None: there is memory left.

    It may be asked at every step: it looks only now and then.
    """
    now = time.monotonic()
    if now >= _looked.due:
        _looked.due = now + _LOOKS
        _looked.answer = _look()
    return _looked.answer


def require_room(wanted: int) -> None:
    """Whether so many bytes can be taken at once. Errors: MemoryError."""
    limit, used = memory_limit(), memory_used()
    if limit is not None and used is not None:
        limit = replace(limit, processes=_looked.processes)
        if used + wanted > limit.bytes:
            raise MemoryError(_passed(limit, used) if used > limit.bytes else OUT_OF_MEMORY)


def divide(processes: int) -> None:
    """From here on this process is one of so many, each of which may use as much."""
    _looked.processes = processes
    _looked.due = 0.0


def share_was_passed() -> bool:
    """Whether this process, which is one of several, has had more than its share since this was
    asked last: alone it might not have been cut."""
    found, _looked.share_passed = _looked.share_passed, False
    return found


def _look() -> str | None:
    limit, used = memory_limit(), memory_used()
    if limit is not None and used is not None:
        limit = replace(limit, processes=_looked.processes)
        if used > limit.bytes:
            _looked.share_passed = limit.processes > 1
            return _passed(limit, used)
    limit = address_limit()
    if limit is not None:
        used = memory_used(reserved=True)
        if used is not None and used > limit.bytes:
            return _passed(limit, used)
    return None


def _passed(limit: MemoryLimit, used: int) -> str:
    return (
        f"{OUT_OF_MEMORY}: {_size(used)} are used, and the limit is {limit.text()}; "
        f"try more memory, fewer copies or values, or --max-states"
    )


def memory_used(root: Path = Path("/"), *, reserved: bool = False) -> int | None:
    """How many bytes of memory this process occupies, or has reserved; None where the system does
    not say."""
    try:
        # Opened each time: a file that is kept open tells of the parent in a forked process.
        with open(root / "proc/self/statm", "rb") as file:
            return int(file.read().split()[0 if reserved else 1]) * _page_size()
    except (OSError, ValueError, IndexError):
        return None


@functools.cache
def _page_size() -> int:
    return os.sysconf("SC_PAGE_SIZE")


def address_limit() -> MemoryLimit | None:
    """What this process may reserve, if that is limited."""
    try:
        import resource

        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    except (ImportError, AttributeError, OSError):  # not on every system
        return None
    return None if soft == resource.RLIM_INFINITY else MemoryLimit(soft, "address space")


def start(thread: threading.Thread) -> None:
    """Start it. Errors: MemoryError where there is none for its stack."""
    try:
        thread.start()
    except RuntimeError as error:
        if "can't start new thread" in str(error):
            raise MemoryError(str(error)) from error
        raise


def lacks_memory(error: BaseException) -> bool:
    """Whether what was raised by an import, say, is that there is no memory for it."""
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        return True
    text = str(error)
    return isinstance(error, ImportError) and any(each in text for each in _NO_ROOM)


@functools.cache
def memory_limit(root: Path = Path("/")) -> MemoryLimit | None:
    """The limit as this process would have it alone; None where the system does not say."""
    machine = _machine_memory(root)
    if machine is None:
        return None
    cgroup = min(_cgroup_limits(root), default=machine)
    return MemoryLimit(cgroup, "cgroup") if cgroup < machine else MemoryLimit(machine, "machine")


def _machine_memory(root: Path) -> int | None:
    with suppress(OSError, ValueError, IndexError):
        for line in (root / "proc/meminfo").read_text().splitlines():
            if line.startswith("MemTotal:"):
                return int(line.split()[1]) * 1024
    return None


def _cgroup_limits(root: Path) -> Iterator[int]:
    """What each cgroup of this process allows; where none is set, more than any machine has."""
    for _, text in texts(root, "memory", "memory.max", "memory.limit_in_bytes"):
        with suppress(ValueError):  # "max"
            yield int(text)


def _size(count: int) -> str:
    return f"{count / 2**30:,.1f} GiB" if count >= 2**30 else f"{count / 2**20:,.0f} MiB"
