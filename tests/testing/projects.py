"""Projects of somebody else's, as tests of the plugin run pytest in them."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import pytest

# What a run in this process imports is forgotten after it, unless it was there before.
import racer.api
import racer.testing.checking
import racer.testing.kept
import racer.viz.page.page  # noqa: F401

COUNTER = '''
from racer import Expected, Memory, Program, Thread, Violation, scenario


def declared(atomic):
    return Expected("pass") if atomic else Expected("fail", ("lost",), "two loads, then two stores")


@scenario(expect=declared)
def counter(*, atomic: bool = False) -> Program:
    """Two threads add one to n."""
    mem = Memory()
    n, done = mem.cell("n", 0), mem.cell("done", 0)

    async def add():
        if atomic:
            await n.fetch_add(1)
        else:
            seen = await n.load()
            await n.store(seen + 1)
        await done.fetch_add(1)

    async def check():
        await done.wait_until(lambda threads: threads == 2)
        if await n.load() != 2:
            raise Violation("lost")

    return Program(mem, {"A": Thread(add, copies=2), "C": Thread(check)})
'''

# Of the plain counter: L and S are load and store of one thread, l and s of the other, D and d
# their last steps; C comes after both. C(6, 3) = 20 interleavings of LSD and lsd. None is lost if S
# comes before l: L S are the first two then, and D is anywhere among l s d, 4 ways; or the other
# way round, 4 more. So 20 - 8 = 12 lose one.
INTERLEAVINGS, LOST = 20, 12

INSTALLED = any(each.name == "racer" for each in entry_points(group="pytest11"))
PLUGIN = () if INSTALLED else ("-p", "racer.testing.plugin")


with_xdist = pytest.mark.skipif(find_spec("xdist") is None, reason="pytest-xdist is not installed")


def ran(
    pytester: pytest.Pytester, *words: str, test: str | None = None, header: str = COUNTER
) -> pytest.RunResult:
    """pytest in a project that has one file of tests, in this process."""
    if test is not None:
        pytester.makepyfile(test_it=f"import pytest\n{header}\n{test}")
    return pytester.runpytest_inprocess(*PLUGIN, "-p", "no:cacheprovider", *words)


def ran_alone(project: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """pytest in a process of its own."""
    command = [sys.executable, "-m", "pytest", *PLUGIN, "-p", "no:cacheprovider", *words]
    return subprocess.run(
        command,
        cwd=project,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def failures(result: pytest.RunResult) -> dict[str, str]:
    """The first line of the report of each test that failed, by the test's name."""
    found: dict[str, str] = {}
    lines = result.outlines
    for at, line in enumerate(lines):
        name = line.strip("_ ")
        if line.startswith("___") and name:
            found[name] = lines[at + 1]
    return found
