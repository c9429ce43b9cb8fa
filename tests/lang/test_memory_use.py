"""What a process may use of the memory there is, read from files that are laid out here."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from racer.lang import memory_use
from racer.lang.memory_use import MemoryLimit, divide, memory_limit, memory_used, used_up
from tests.conftest import MemoryReadings

GIB = 2**30
NO_LIMIT_V1 = 9223372036854771712  # what the kernel writes there: LONG_MAX in whole pages


def write(root: Path, files: dict[str, object]) -> Path:
    """A machine of 16 GiB with these files, of /proc and /sys."""
    for name, content in {"proc/meminfo": f"MemTotal:  {16 * 2**20} kB\n", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content}\n")
    return root


def test_without_a_cgroup_it_is_three_quarters_of_the_machine(tmp_path: Path) -> None:
    limit = memory_limit(write(tmp_path, {}))
    assert limit == MemoryLimit(16 * GIB, "machine")
    assert limit.bytes == 12 * GIB


V2 = {"proc/self/cgroup": "0::/user/racer.scope", "sys/fs/cgroup/user/memory.max": 8 * GIB}
V1 = {
    "proc/self/cgroup": "5:devices:/x\n4:memory:/jobs/7\n0::/",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": NO_LIMIT_V1,
}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({**V2, "sys/fs/cgroup/user/racer.scope/memory.max": 2 * GIB}, 2),
        ({**V2, "sys/fs/cgroup/user/racer.scope/memory.max": "max"}, 8),  # of the one around it
        ({**V2, "sys/fs/cgroup/other/memory.max": 2 * GIB}, 8),  # of another one
        ({"proc/self/cgroup": "0::/", "sys/fs/cgroup/memory.max": 4 * GIB}, 4),  # in a container
        ({"proc/self/cgroup": "0::/../x", "sys/fs/cgroup/memory.max": 4 * GIB}, 4),
        ({**V1, "sys/fs/cgroup/memory/jobs/7/memory.limit_in_bytes": 2 * GIB}, 2),
        ({**V1, "sys/fs/cgroup/memory/jobs/memory.limit_in_bytes": 3 * GIB}, 3),
        ({**V1, "sys/fs/cgroup/unified/memory.max": 5 * GIB}, 5),  # both versions at once
    ],
)
def test_the_least_limit_of_its_cgroups_counts(
    files: dict[str, object], expected: int, tmp_path: Path
) -> None:
    limit = memory_limit(write(tmp_path, files))
    assert limit == MemoryLimit(expected * GIB, "cgroup")
    assert limit.bytes == expected * GIB * 3 // 4


@pytest.mark.parametrize(
    "files",
    [
        {**V1, "sys/fs/cgroup/memory/jobs/7/memory.limit_in_bytes": NO_LIMIT_V1},
        {"proc/self/cgroup": "0::/x", "sys/fs/cgroup/x/memory.max": "max"},
        {"proc/self/cgroup": "0::/x", "sys/fs/cgroup/x/memory.max": 32 * GIB},
        {"proc/self/cgroup": "what no kernel writes", "sys/fs/cgroup/memory.max": "nothing"},
    ],
)
def test_what_limits_nothing_leaves_the_machines(files: dict[str, object], tmp_path: Path) -> None:
    assert memory_limit(write(tmp_path, files)) == MemoryLimit(16 * GIB, "machine")


def test_a_system_that_does_not_say_has_no_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory_readings: MemoryReadings
) -> None:
    assert memory_limit(tmp_path) is None
    assert memory_used(tmp_path) is None
    memory_readings(lambda: 16 * GIB, None)
    assert used_up() is None
    memory_readings(lambda: None, MemoryLimit(16 * GIB, "machine"))
    assert used_up() is None


def test_what_is_used_is_the_resident_part(tmp_path: Path) -> None:
    write(tmp_path, {"proc/self/statm": "9000 700 300 5 0 800 0"})
    assert memory_used(tmp_path) == 700 * os.sysconf("SC_PAGE_SIZE")


def test_past_the_limit_it_is_said_how_much_of_what(memory_readings: MemoryReadings) -> None:
    used = 12 * GIB
    memory_readings(lambda: used, MemoryLimit(16 * GIB, "machine"))
    assert used_up() is None  # as much as there is, and not more
    used += GIB // 2
    assert used_up() == (
        "out of memory: 12.5 GiB are used, and the limit is 12.0 GiB, which is 3/4 of the 16.0 GiB "
        "of the machine; try more memory, fewer copies or values, or --max-states"
    )
    used -= GIB
    assert used_up() is None
    divide(24)
    said = used_up()
    assert said is not None
    assert "is 512 MiB, which is 3/4 of the 16.0 GiB of the machine, divided by 24" in said


def test_it_looks_only_now_and_then(
    monkeypatch: pytest.MonkeyPatch, memory_readings: MemoryReadings
) -> None:
    looks = 0

    def used() -> int:
        nonlocal looks
        looks += 1
        return 0

    memory_readings(used, MemoryLimit(GIB, "machine"))
    now = 100.0
    monkeypatch.setattr(memory_use, "_LOOKS", 0.01)
    monkeypatch.setattr(memory_use, "time", SimpleNamespace(monotonic=lambda: now))
    for _ in range(1000):
        used_up()
    assert looks == 1
    now += 0.02
    used_up()
    assert looks == 2


def test_the_address_space_is_a_limit_of_its_own(
    memory_readings: MemoryReadings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`ulimit -v` limits what is reserved, which may be much more than what is occupied."""
    monkeypatch.setattr(
        memory_use, "address_limit", lambda: MemoryLimit(1000 * 2**20, "address space")
    )

    def used(*, reserved: bool = False) -> int:
        return (751 if reserved else 10) * 2**20

    memory_readings(used, MemoryLimit(4 * GIB, "machine"))
    told = used_up()
    assert told is not None
    assert told.startswith("out of memory: 751 MiB are used, and the limit is 750 MiB")
    assert "of the address space" in told
    memory_readings(lambda *, reserved=False: 749 * 2**20, MemoryLimit(4 * GIB, "machine"))
    assert used_up() is None


def test_a_thread_without_room_for_its_stack_is_out_of_memory() -> None:
    def refuse(text: str) -> SimpleNamespace:
        def begin() -> None:
            raise RuntimeError(text)

        return SimpleNamespace(start=begin)

    with pytest.raises(MemoryError):
        memory_use.start(refuse("can't start new thread"))  # type: ignore[arg-type]
    with pytest.raises(RuntimeError):
        memory_use.start(refuse("threads can only be started once"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "lacks"),
    [
        (MemoryError(), True),
        (OSError(12, "Cannot allocate memory"), True),
        (OSError(2, "No such file or directory"), False),
        (ImportError("libssl.so.3: failed to map segment from shared object"), True),
        (ImportError("cannot import name 'x'"), False),
        (RuntimeError("failed to map segment"), False),
    ],
)
def test_which_errors_say_that_there_is_no_memory(error: Exception, lacks: bool) -> None:
    assert memory_use.lacks_memory(error) == lacks
