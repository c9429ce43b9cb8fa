"""What the cgroups of this process allow: its own, and those that it lies in.

Source   the kernel's Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

# Where systems mount cgroups, by version; of the first version with the controller's name.
_V2 = ("sys/fs/cgroup", "sys/fs/cgroup/unified")


def texts(root: Path, controller: str, v2: str, v1: str) -> Iterator[tuple[str, str]]:
    """What the files of these names say, in each cgroup that has one, with the version, "v2" or
    "v1". Where nothing is set there is no file, or it says so."""
    paths = {}
    with suppress(OSError, ValueError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers:
                paths["v2"] = path
            elif controller in controllers.split(","):
                paths["v1"] = path
    places = [("v2", mounted, v2) for mounted in _V2]
    places.append(("v1", f"sys/fs/cgroup/{controller}", v1))
    for version, mounted, name in places:
        if version in paths:
            parts = [part for part in paths[version].split("/") if part]
            if ".." in parts:  # it lies outside of what this process can see
                parts = []
            # Within a container the path may be the host's, and what is mounted is its own cgroup:
            # that is the last one asked.
            for depth in range(len(parts), -1, -1):
                with suppress(OSError, ValueError):
                    yield version, root.joinpath(mounted, *parts[:depth], name).read_text()


def least_cores(root: Path = Path("/")) -> int | None:
    """How many processors' time they allow, rounded up; None where they allow all."""
    found = [
        allowed
        for version, text in texts(root, "cpu", "cpu.max", "cpu.cfs_quota_us")
        if (allowed := _cores(root, version, text)) is not None
    ]
    return min(found, default=None)


def _cores(root: Path, version: str, text: str) -> int | None:
    with suppress(OSError, ValueError, ZeroDivisionError):
        words = text.split()
        if version == "v1":
            words.append("100000")  # the kernel's default period, in microseconds
        quota, period = int(words[0]), int(words[1])  # a ValueError for "max"
        if quota > 0:
            return -(-quota // period)
    return None
