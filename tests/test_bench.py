"""The benchmark is not run by tests, but it must not be out of date: its racer half is tried."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parent / "bench"

SMALLEST = """
from measured import Limits
from racer_side import LABEL, Racer, counts
measured = Racer().measure((1, 1), Limits(60, 4096))
print(measured.states, measured.misclassified, measured.cut, counts((1, 1)).states)
"""


def run(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=BENCH, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_benchmark_starts() -> None:
    assert "--pairs" in run("against_spin.py", "--help")


def test_the_smallest_size_has_as_many_states_as_spin_stores() -> None:
    # 80 states of the reduced graph and 165 of all: what SPIN stores with and without being told
    # which accesses commute, by the table in the README.
    assert run("-c", SMALLEST).split() == ["80", "True", "None", "165"]
