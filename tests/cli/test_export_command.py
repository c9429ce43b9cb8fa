"""`racer export --litmus`: what is written, what is told beside it, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]
pytestmark = pytest.mark.quick


def test_what_is_written_racer_litmus_reads_and_says_the_same_of(racer: Run, here: Path) -> None:
    status, out, err = racer(
        "export", "fake_head", "--litmus", "-o", "a.litmus", "--set", "fix=swapped"
    )
    assert (status, out) == (0, "a.litmus\n")
    assert "writes_read_only is shown by the test under: sc no, lkmm yes" in err
    assert "left out, as a test has no states: sometimes" in err
    status, out, _ = racer("litmus", "a.litmus", "--memory", "sc,lkmm")
    # MP with two loads of the mapping: shown where the count is read before the mapping is.
    observed = [line.split()[2] for line in out.splitlines() if line.startswith("Observation")]
    assert status == 0 and observed == ["Never", "Sometimes"]


def test_without_a_file_it_is_printed(racer: Run) -> None:
    status, out, _ = racer("export", "fake_head", "--litmus")
    assert status == 0
    assert out.startswith("C fake_head\n") and out.endswith("exists (1:end=3)\n")


def test_what_cannot_be_said_is_status_2(racer: Run, here: Path) -> None:
    status, out, err = racer("export", "fake_head")
    assert (status, out) == (2, "") and "--litmus" in err
    status, out, err = racer("export", "kpagecount", "--litmus")
    assert (status, out) == (2, "") and "cannot be written as a litmus test" in err
    status, _, err = racer("export", "fake_head", "--litmus", "-o", "nowhere/a.litmus")
    assert status == 2 and "cannot be written" in err
