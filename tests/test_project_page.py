"""racer/PROJECT.md: a project as the page says, in which its commands print what the page says."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from racer.cli import main
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


Run = Callable[[str], str]


@pytest.fixture
def run(pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]) -> Run:
    """What a command prints in a project of its own; pytest's and racer's run in this process."""

    def printed(command: str) -> str:
        program, *words = shlex.split(command)
        capsys.readouterr()
        if program == "pytest":
            return pytester.runpytest_inprocess(*words).stdout.str() + "\n"
        if program == "racer":
            file = Path(words[words.index(">") + 1]) if ">" in words else None
            assert main(words[: -2 if file else None]) == 0, command
            out = capsys.readouterr().out
            if file is None:
                return out
            file.write_text(out)
            return ""
        return subprocess.run([program, *words], capture_output=True, text=True, check=True).stdout

    return printed


def assert_says(said: str, printed: str, command: str) -> None:
    """`[...]` stands for anything that is left out, within a line or of whole lines."""
    parts = [re.escape(part) for part in said.split("[...]")]
    assert re.fullmatch(".*?".join(parts) + r"\s*", printed, re.DOTALL), (
        f"{command} does not print\n{said}\nbut\n{printed}"
    )


def test_every_file_and_command_of_the_page_does_what_it_says(
    pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert INSTALLED, "racer was installed before it had a plugin: pip install -e '.[test]'"
    commands_run = 0
    for language, block in BLOCKS:
        if language == "console":
            for command, said in commands(block):
                assert_says(said, run(command), command)
                commands_run += 1
        else:
            name = re.match(r"# (\S+)\n", block)
            assert name is not None, f"no file: {block}"
            (pytester.path / name[1]).parent.mkdir(parents=True, exist_ok=True)
            (pytester.path / name[1]).write_text(block)
    assert commands_run >= 12


def test_what_ci_runs_is_green(pytester: pytest.Pytester, run: Run) -> None:
    files = {block.split("\n")[0][2:]: block for _, block in BLOCKS if block.startswith("# ")}
    for name in ("scenarios/counting.py", "tests/test_counting.py", "pyproject.toml"):
        (pytester.path / name).parent.mkdir(exist_ok=True)
        mended = files[name].replace("atomic: bool = False", "atomic: bool = True")
        (pytester.path / name).write_text(mended)
    steps = re.findall(r"- run: (.*)", files[".github/workflows/tests.yml"])
    install, tests = steps
    assert install.startswith("pip install ")
    assert "2 passed" in run(tests)
    assert (pytester.path / "junit.xml").is_file()


def test_its_scenario_and_its_test_are_as_short_as_they_are_said_to_be() -> None:
    files = {block.split("\n")[0][2:]: block for _, block in BLOCKS if block.startswith("# ")}
    for name in ("scenarios/counting.py", "tests/test_counting.py"):
        code = [line for line in files[name].splitlines()[1:] if line.strip()]
        assert len(code) <= 10, name
