"""--jobs: the same bytes, whoever explores; and what is kept where that is cut."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from racer.cli import gathering
from racer.sharing.crew import Done
from tests.sharing.models import FIRST, SECOND, files

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]  # the fixtures `here` and `racer`


@pytest.fixture
def models(here: Path) -> Path:
    directory = here / "models"
    directory.mkdir()
    (directory / "a.py").write_text(FIRST)
    (directory / "b.py").write_text(SECOND)
    return directory


@pytest.mark.parametrize(
    "how",
    [
        [],
        ["--json"],
        pytest.param(["--ktap"], marks=pytest.mark.slow),
        pytest.param(["--patchwork"], marks=pytest.mark.slow),
    ],
)
def test_stdout_stderr_status_and_files_are_those_of_one_process(
    how: list[str], racer: Run, here: Path, models: Path
) -> None:
    """Both files have a scenario `same`, so whichever came second has files of a longer name."""
    words = ["explore", "models", "--memory", "sc,tso", "--sarif", "out/all.sarif", *how]
    alone = racer(*words, "--jobs", "1", "-o", "out")
    left = files(here / "out")
    for each in (here / "out").iterdir():
        each.unlink()
    assert racer(*words, "--jobs", "2", "-o", "out") == alone
    assert files(here / "out") == left
    assert alone[2].count("pages are made") == 4  # in the order of the scenarios
    assert alone[0] == 2 and "it cannot be made" in alone[2]


def test_a_parameter_that_no_scenario_has_is_refused(racer: Run, models: Path) -> None:
    alone = racer("explore", "models", "--set", "n=1", "--jobs", "1")
    assert alone[0] == 2
    assert racer("explore", "models", "--set", "n=1", "--jobs", "2") == alone


def test_what_was_done_before_ctrl_c_is_told(
    racer: Run, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a.py's pages, same, wrong, b.py's folios, same, wrong: both same are one item, as their
    files have one name, and so are both wrong. That and the folios were done."""

    def interrupted(work: Callable[[Any], object], items: list[Any], crew: object) -> Iterator[Any]:
        for number in (3, 1):
            yield number, Done(work(items[number]))
        raise KeyboardInterrupt

    monkeypatch.setattr(gathering, "done", interrupted)
    status, out, err = racer("explore", "models", "--jobs", "2")
    assert status == 130
    rows = [line.split()[0] for line in out.splitlines() if line.startswith(("folios ", "models/"))]
    assert rows == ["models/a.py::same", "folios", "models/b.py::same"]
    assert "interrupted; 3 of 6 scenarios were explored" in err


def test_a_scenario_whose_process_ends_is_an_error_and_the_others_are_explored(
    racer: Run, models: Path
) -> None:
    ends = "raise KeyError", "import ctypes; ctypes.string_at(0) #"
    (models / "b.py").write_text(SECOND.replace(*ends))
    status, out, err = racer("explore", "models/b.py", "--jobs", "2")
    assert status == 2
    assert "error: the process that was at it ended, twice" in err
    assert "3 scenarios" in out and "folios" in out


LITMUS = """C {name}
{{}}
P0(int *x, int *y) {{ WRITE_ONCE(*x, 1); int r0 = READ_ONCE(*y); }}
P1(int *x, int *y) {{ WRITE_ONCE(*y, 1); int r0 = READ_ONCE(*x); }}
exists (0:r0=0 /\\ 1:r0=0)
"""


@pytest.mark.parametrize("how", [[], ["--json"]])
def test_litmus_tests_are_answered_as_by_one_process(
    how: list[str], racer: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("racer.cli.litmus._BY_ITSELF", 0.0)
    directory = here / "tests"
    directory.mkdir()
    for name in ("SB", "other", "third"):
        (directory / f"{name}.litmus").write_text(LITMUS.format(name=name))
    (directory / "broken.litmus").write_text("C broken\n{")
    alone = racer("litmus", "tests", *how, "--jobs", "1")
    assert alone[0] == 2 and "SB" in alone[1]
    assert racer("litmus", "tests", *how, "--jobs", "2") == alone


WAITS = """
import pathlib, time
from racer import Memory, Program, scenario

@scenario
def first() -> Program:
    pathlib.Path("first").touch()
    time.sleep(60)

@scenario
def second() -> Program:
    pathlib.Path("second").touch()
    time.sleep(60)
"""


def test_processes_end_with_the_one_that_is_killed(here: Path) -> None:
    (here / "waits.py").write_text(WAITS)
    command = [sys.executable, "-m", "racer", "explore", "waits.py", "--jobs", "2"]
    started = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
    until = time.monotonic() + 60
    while not ((here / "first").exists() and (here / "second").exists()):
        assert time.monotonic() < until
        time.sleep(0.05)
    started.kill()
    started.communicate(timeout=60)  # which ends when nobody holds its stderr
    with pytest.raises(ProcessLookupError):
        while time.monotonic() < until:
            os.killpg(started.pid, 0)
            time.sleep(0.05)


def test_ctrl_c_ends_all_processes(here: Path) -> None:
    (here / "waits.py").write_text(WAITS)
    command = [sys.executable, "-m", "racer", "explore", "waits.py", "--jobs", "2"]
    started = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    until = time.monotonic() + 60
    while not ((here / "first").exists() and (here / "second").exists()):
        assert time.monotonic() < until
        time.sleep(0.05)
    os.killpg(started.pid, signal.SIGINT)  # as a terminal does, to all of them
    _, err = started.communicate(timeout=60)
    assert started.returncode == 130
    assert "interrupted; 0 of 2 scenarios were explored" in err
    assert "Traceback" not in err
