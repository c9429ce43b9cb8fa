"""What the tests of the command line share: models of every kind, and a way to run a command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from racer.cli import main

Run = Callable[..., tuple[int, str, str]]  # (*words) -> (status, stdout, stderr)

MODELS = '''
from typing import Annotated, Literal

from racer import (
    Expected, Memory, Program, Range, Thread, UsageError, Violation, scenario
)


def expected(*, variant: str) -> Expected:
    if variant == "torn":
        return Expected("fail", ("torn",), "the second load can see the store")
    return Expected("pass", because="one load is one value")


@scenario(expect=expected)
def reads(
    *,
    variant: Literal["torn", "once", "declared wrongly"] = "torn",
    writers: Annotated[int, Range(1, 4)] = 1,
) -> Program:
    """R reads x while W writes it."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def read() -> None:
        first = await x.load()
        if variant != "once" and await x.load() != first:
            raise Violation("torn")

    async def write() -> None:
        await x.store(1)

    return Program(mem, {"R": Thread(read), "W": Thread(write, copies=writers)})


def one(function, **more) -> Program:
    mem = Memory()
    x = mem.cell("x", 0)
    return Program(mem, {"T": Thread(function, x)}, **more)


@scenario
def prints() -> Program:
    print("while it is built")

    async def thread(x):
        print("while it runs")
        assert await x.load(), "x / y: must hold"

    return one(thread)


@scenario
def vacuous() -> Program:
    async def thread(x):
        await x.load()

    return one(thread, sometimes={"x is 1": lambda state: False})


@scenario
def spins() -> Program:
    async def thread(x):
        while not await x.load():
            pass

    return one(thread)


@scenario
def interrupts() -> Program:
    import signal

    mem = Memory()
    x = mem.cell("x", 0)

    async def thread():
        for _ in range(9):
            await x.fetch_add(1)

    def ctrl_c(state) -> bool:
        if state[x] == 5:
            signal.raise_signal(signal.SIGINT)
        return True

    return Program(mem, {"T": Thread(thread)}, invariants={"calm": ctrl_c})


@scenario
def counts() -> Program:
    async def thread(x):
        for _ in range(3000):
            await x.fetch_add(1)

    mem = Memory()
    x = mem.cell("x", 0)
    return Program(mem, {"T": Thread(thread, x), "U": Thread(thread, x)})


@scenario
def build_raises(*, n: int = 1) -> Program:
    return 1 / 0


@scenario
def refuses() -> Program:
    raise UsageError("this needs more writers")


@scenario
def returns_none() -> Program:
    pass


@scenario
def thread_raises() -> Program:
    async def thread(x):
        await x.load()
        {}["key"]

    return one(thread)


@scenario
def deadlocks() -> Program:
    async def thread(x):
        await x.wait_until(lambda value: value == 1)

    return one(thread)


@scenario
def never_awaits() -> Program:
    async def thread(x):
        return 1

    return one(thread)


@scenario
def unhashable() -> Program:
    async def thread(x):
        await x.store([1])

    return one(thread)


@scenario
def foreign() -> Program:
    import asyncio

    async def thread(x):
        await x.load()
        await asyncio.sleep(0)

    return one(thread)
'''


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current directory that holds models.py and nothing else."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models.py").write_text(MODELS)
    return tmp_path


@pytest.fixture
def racer(here: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run one command in this process."""

    def run(*words: str) -> tuple[int, str, str]:
        status = main(words)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return status, captured.out, captured.err

    return run


def assert_printed(said: str, printed: str) -> None:
    """`[...]` stands for lines that are left out."""
    if "[...]\n" not in said:
        assert printed == said
        return
    position = 0
    for part in said.split("[...]\n"):
        found = printed.find(part, position)
        assert found >= 0, f"not printed, or not in this order:\n{part}\nin:\n{printed}"
        position = found + len(part)
