"""The command line ends, also where modelled code is inside a call that nothing can interrupt."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from racer.cli import guard
from racer.cli.statuses import BOUND, USAGE
from racer.lang import patience
from racer.lang.patience import Stuck
from racer.lang.run import OutOfTime

MODEL = """
import time

from racer import Memory, Program, Thread, Violation, scenario


def program(**more) -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def thread() -> None:
        await x.store(1)

    return Program(mem, {"T": Thread(thread)}, **more)


@scenario
def building() -> Program:
    time.sleep(1000)


@scenario
def asking() -> Program:
    return program(invariants={"named": lambda state: time.sleep(1000) is None})


@scenario
def ending() -> Program:
    return program(finally_={"named": lambda state: time.sleep(1000) is None})


@scenario
def stepping() -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def thread() -> None:
        await x.load()
        time.sleep(1000)

    return Program(mem, {"T": Thread(thread)})
"""
THREAD = "import threading, time\nthreading.Thread(target=time.sleep, args=(1000,)).start()\n"


def racer(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A process of its own, which is given a minute: what is tested for would take a quarter of
    an hour."""
    root = Path(__file__).parents[2]
    return subprocess.run(
        [sys.executable, "-m", "racer", *words],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("scenario", "at"),
    [
        ("building", "building() at model.py:19"),
        ("asking", "<lambda>() at model.py:24"),
        ("ending", "<lambda>() at model.py:29"),
        ("stepping", "thread() at model.py:39"),
    ],
)
def test_a_call_of_c_ends_with_the_timeout(tmp_path: Path, scenario: str, at: str) -> None:
    (tmp_path / "model.py").write_text(MODEL)
    done = racer(tmp_path, "explore", f"model.py::{scenario}", "--timeout", "0.5")
    assert done.returncode == BOUND
    assert f"{at} is inside a call of C" in done.stderr


@pytest.mark.parametrize("command", ["graph", "explore"])
def test_without_a_timeout_it_is_a_broken_model(tmp_path: Path, command: str) -> None:
    """Which takes the five seconds of patience."""
    (tmp_path / "model.py").write_text(MODEL)
    done = racer(tmp_path, command, "model.py::asking")
    assert done.returncode == USAGE
    assert "it ran too long" in done.stderr
    assert "<lambda>() at model.py:24 is inside a call of C" in done.stderr


def test_a_thread_that_a_file_started_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "model.py").write_text(THREAD + MODEL)
    done = racer(tmp_path, "list")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\nbuilding" in done.stdout


def test_what_is_stuck_is_told_with_its_line_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told by the watcher, while this thread waits inside a lock's C."""
    told: list[Stuck] = []
    over = threading.Event()

    def tell(stuck: Stuck) -> None:
        told.append(stuck)
        over.set()

    monkeypatch.setattr(patience, "GRACE", 0.01)
    monkeypatch.setattr(patience, "STILL", 0.02)
    patience.when_stuck(tell)
    try:
        with (
            pytest.raises(OutOfTime),
            patience.patience(deadline=time.monotonic()),
        ):
            over.wait(60)
            over.wait(60)
    finally:
        patience.when_stuck(None)
    assert (told[0].moves, told[0].late) == (False, True)
    assert "test_stuck.py" in told[0].at


@pytest.mark.parametrize(("late", "status"), [(True, BOUND), (False, USAGE)])
def test_the_status_says_whether_it_was_the_timeout(
    late: bool, status: int, capfd: pytest.CaptureFixture[str]
) -> None:
    left: list[int] = []
    guard._end_stuck(Stuck("f() at model.py:3", moves=True, late=late), left.append)
    assert left == [status]
    assert "f() at model.py:3 goes on, whatever is raised in it" in capfd.readouterr().err
