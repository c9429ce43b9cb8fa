"""Claims whose processes end before they have a result, and limits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]  # the fixtures `here` and `racer`

ENDING = """
import os, time
from racer import Answer, Claim, Memory, Never, Program, Thread, scenario

@scenario
def ends(*, how: str = "well") -> Program:
    if how == "killed":
        os.kill(os.getpid(), 9)
    if how == "ended":
        os._exit(0)
    if how == "sleeps":
        time.sleep(60)
    mem = Memory()
    x = mem.cell("x", 0)
    async def thread():
        for _ in range(3):
            await x.fetch_add(1)
    return Program(mem, {"T": Thread(thread, copies=2)})

def claim(name, *how):
    asks = (Never("deadlock", ends, how=how),)
    return Claim(name, "ends", made="here", asks=asks, expected=Answer("holds"))

CLAIMS = (claim("E1", "well", "fine"), claim("E2", "killed", "well"), claim("E3", "ended"))
SLEEPS = (claim("S1", "sleeps", "well", "fine"),)
"""


def declared(here: Path) -> None:
    (here / "scenarios").mkdir()
    (here / "scenarios" / "ending.py").write_text(ENDING)


def test_a_process_that_is_killed_is_told_by_name_with_what_was_decided(
    racer: Run, here: Path
) -> None:
    declared(here)
    status, out, err = racer("claims", "E1", "E2", "E3", "--jobs", "2")
    assert status == 2
    assert "E1    holds" in out
    assert "E2" not in out and "E3" not in out
    assert "ends how=killed: the process that was at it ended" in err
    assert "ends how=ended: the process that was at it ended" in err
    assert "1 of 3 claims were decided" in err


def test_a_limit_is_told_as_one(racer: Run, here: Path) -> None:
    declared(here)
    for names in (["E1"], ["E1", "E1"]):
        status, out, _ = racer("claims", *names, "--max-states", "2", "--jobs", "1")
        assert status == 3
        assert "NOT as expected" not in out
        assert "a limit cut the search" in " ".join(out.split())


def test_sigterm_leaves_no_process(here: Path) -> None:
    declared(here)
    command = [sys.executable, "-m", "racer", "claims", "S1", "--jobs", "2"]
    started = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    children = Path(f"/proc/{started.pid}/task/{started.pid}/children")
    while len(children.read_text().split()) < 2:
        time.sleep(0.05)
    time.sleep(0.3)
    started.send_signal(signal.SIGTERM)
    _, err = started.communicate(timeout=20)  # which ends when nobody holds its stdout
    assert started.returncode == 130
    assert "0 of 1 claims were decided" in err
    with pytest.raises(ProcessLookupError):
        while True:  # whose child has lost its parent is gone once init has noticed
            os.killpg(started.pid, 0)
            time.sleep(0.05)
