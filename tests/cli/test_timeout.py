"""A timeout holds before there is a program, too; and a file that loops costs a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from racer.catalogue import packages
from racer.lang import patience

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]

MODEL = """
from racer import Memory, Program, Thread, scenario


def for_ever(*given):
    while True:
        pass


def made():
    mem = Memory()
    x = mem.cell("x", 0)

    async def thread() -> None:
        await x.store(1)

    return Program(mem, {"T": Thread(thread)})


@scenario
def building() -> Program:
    for_ever()


@scenario(expect=for_ever)
def expecting() -> Program:
    return made()


@scenario
def fine() -> Program:
    return made()
"""
LOOPS = "while True:\n    pass\n"


@pytest.fixture(autouse=True)
def without_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "GRACE", 0.01)


@pytest.fixture(autouse=True)
def files(here: Path) -> None:
    (here / "model.py").write_text(MODEL)
    (here / "loops.py").write_text(LOOPS)


@pytest.mark.parametrize(
    ("scenario", "at"),
    [
        ("model.py::building", "building() at model.py:20"),
        ("model.py::expecting", "for_ever() at model.py:5"),
        ("loops.py", "<module>() at loops.py:1"),
    ],
)
def test_what_hangs_before_there_is_a_program(racer: Run, scenario: str, at: str) -> None:
    status, out, err = racer("explore", scenario, "--timeout", "0.3", "--json")
    found = json.loads(out)
    assert (status, err) == (3, "")
    assert found["verdict"] == "bound"
    assert found["bound"] == f"timeout of 0.3 s, in {at}, before there was a program"


def test_a_file_that_loops_costs_a_line_once(
    racer: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "LOADING", 0.3)
    (here / "scenarios").mkdir()
    (here / "scenarios" / "fine.py").write_text(MODEL)
    (here / "scenarios" / "loops.py").write_text(LOOPS)
    for _ in range(2):  # it is not loaded again
        status, out, err = racer("list")
        assert status == 2
        assert "\nfine" in out
        assert "scenarios/loops.py cannot be loaded: it ran for 0.3 s" in err
        monkeypatch.setattr(packages, "LOADING", 100.0)
