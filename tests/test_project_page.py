"""racer/PROJECT.md: a project as the page says, in which its commands print what the page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.testing.projects import INSTALLED

# The numbers of the page. Of two threads that load and store there are C(4, 2) = 6 interleavings;
# in 2 one is over before the other begins, so 4 lose one. late_get, v1: find() is T R I F (table,
# refs, inc, freed), the put is t d f, and f comes only where d took the last reference.
#     t before T: find() ends with T, which is in one of 3 places after t              3
#     T first, R after d: find() ends with R, before f or after it                     2
#     T first, I before d: R I F and t d with I before d; C(5, 2) - 3                  7
#     T first, R before d, I after it: R and t in 2 orders, d, then I F and f in 3     6
# In all 18. Wrong is F after f in the last row: 2 orders, times 2 of 3: 4.
PAGE = (Path(__file__).parent.parent / "racer" / "PROJECT.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def commands(block: str) -> list[tuple[str, str]]:
    """Each command of a console block with what it is said to print."""
    first, *rest = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)
    assert first == ""
    return list(zip(rest[::2], rest[1::2], strict=True))


def ran(command: str, project: Path) -> str:
    """What a command prints there, with the commands of this environment first."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=project,
        env={**os.environ, "PATH": path, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.stderr == "", command
    return done.stdout


def assert_says(said: str, printed: str, command: str) -> None:
    """`[...]` stands for anything that is left out, within a line or of whole lines."""
    parts = [re.escape(part) for part in said.split("[...]")]
    assert re.fullmatch(".*?".join(parts) + r"\s*", printed, re.DOTALL), (
        f"{command} does not print\n{said}\nbut\n{printed}"
    )


def test_every_file_and_command_of_the_page_does_what_it_says(tmp_path: Path) -> None:
    assert INSTALLED, "racer was installed before it had a plugin: pip install -e '.[test]'"
    run = 0
    for language, block in BLOCKS:
        if language == "console":
            for command, said in commands(block):
                assert_says(said, ran(command, tmp_path), command)
                run += 1
        else:
            name = re.match(r"# (\S+)\n", block)
            assert name is not None, f"no file: {block}"
            (tmp_path / name[1]).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name[1]).write_text(block)
    assert run >= 12


def test_what_ci_runs_is_green(tmp_path: Path) -> None:
    files = {block.split("\n")[0][2:]: block for _, block in BLOCKS if block.startswith("# ")}
    for name in ("scenarios/counting.py", "tests/test_counting.py", "pyproject.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(
            files[name].replace("atomic: bool = False", "atomic: bool = True")
        )
    steps = re.findall(r"- run: (.*)", files[".github/workflows/tests.yml"])
    install, tests = steps
    assert install.startswith("pip install ")
    printed = ran(tests, tmp_path)
    assert "2 passed" in printed
    assert (tmp_path / "junit.xml").is_file()


def test_its_scenario_and_its_test_are_as_short_as_they_are_said_to_be() -> None:
    files = {block.split("\n")[0][2:]: block for _, block in BLOCKS if block.startswith("# ")}
    for name in ("scenarios/counting.py", "tests/test_counting.py"):
        code = [line for line in files[name].splitlines()[1:] if line.strip()]
        assert len(code) <= 10, name
