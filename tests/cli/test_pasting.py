"""What a brief ends in is to be pasted into a shell, also where it takes several lines."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]  # the fixtures `here` and `racer`

MODELS = """
from typing import Literal

from racer import Expected, Memory, Program, Thread, Violation, scenario


@scenario(expect=Expected("fail", ("torn",)))
def looks(*, variant: Literal["a", "b"] = "a", name: str = "", other: str = "") -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def read() -> None:
        if await x.load() != await x.load():
            raise Violation("torn")

    async def write() -> None:
        await x.store(1)

    return Program(mem, {"R": Thread(read), "W": Thread(write)})
"""

SETTINGS = {
    "one line": {},
    "two lines": {"name": "thirty columns of a name, about", "other": "and as many of another"},
    "what a shell reads": {
        "name": "$HOME `id` \"quoted\" 'twice' \\ # no comment",
        "other": "!x ~",
    },
    "longer than a line": {"name": 30 * "no blank " + 100 * "x", "other": "last"},
}


def pasted(brief: str) -> str:
    """From the command on, with the version that stands after it."""
    lines = brief.splitlines()
    (first,) = [i for i, line in enumerate(lines) if line.startswith("racer ")]
    return "\n".join(lines[first:]) + "\n"


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_a_command_of_several_lines_can_be_pasted(
    racer: Run, here: Path, settings: dict[str, str]
) -> None:
    Path("more.py").write_text(MODELS)
    given = [word for name, text in settings.items() for word in ("--set", f"{name}={text}")]
    words = ["explore", "more.py::looks", *given]
    status, out, _ = racer(*words, "--brief")
    assert status == 0
    command = pasted(out)
    again = ["racer", "explore", "more.py::looks", "--set", "variant=a", *given]
    listed = f'racer() {{ printf "%s\\0" racer "$@"; }}\n{command}'
    shell = subprocess.run(["bash", "-c", listed], capture_output=True, text=True, check=True)
    assert shell.stderr == ""
    assert shell.stdout.split("\0") == [*again, ""]
    subprocess.run(["bash", "-n"], input=command, text=True, check=True)
    assert ("\\\n" in command) == (len(shlex.join(again)) > 72)


def test_what_was_pasted_runs_and_finds_the_same(racer: Run, here: Path) -> None:
    """A run in a shell that has racer; the shell reads as it would what somebody types."""
    Path("more.py").write_text(MODELS)
    (here / "bin").mkdir()
    script = here / "bin" / "racer"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m racer "$@"\n')
    script.chmod(0o755)
    settings = SETTINGS["what a shell reads"]
    given = [word for name, text in settings.items() for word in ("--set", f"{name}={text}")]
    _, out, _ = racer("explore", "more.py::looks", *given, "--brief")
    command = pasted(out)
    assert "\\\n" in command
    path = f"{script.parent}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.run(
        ["bash"], input=command, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    assert (run.returncode, run.stderr) == (0, "")
    _, whole, _ = racer("explore", "more.py::looks", *given)
    assert run.stdout == whole
