"""The README says what the commands print."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from racer.cli import main
from tests.command_line import assert_printed

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def block(after: str) -> str:
    """The first output that the README shows after a text."""
    return README[README.index(after) :].split("```\n")[1]


def block_of(title: str) -> str:
    """A section of the README."""
    return README[README.index(title) :].split("\n## ")[0]


def test_the_readme_shows_what_the_first_command_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["explore", "split_race"]) == 0
    assert_printed(block("pip install ."), capsys.readouterr().out)


def test_the_readme_shows_the_brief_that_its_command_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (command,) = re.findall(r"^    racer (explore .* --brief)$", README, re.MULTILINE)
    assert main(command.split()) == 0
    assert capsys.readouterr().out == block(f"    racer {command}\n")


def test_the_readme_shows_a_mail_and_the_picture_that_its_commands_make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    title = "## A schedule to put in a mail\n"
    section = README[README.index(title) :].split("\n## ")[0]
    explore, explain = re.findall(r"^    racer (.*)$", section, re.MULTILINE)
    assert main(explore.split()) == 0
    capsys.readouterr()
    assert main(explain.split()) == 0
    assert_printed(block(title), capsys.readouterr().out)
    (picture,) = re.findall(r"^!\[[^]]*\]\((.*)\)$", section, re.MULTILINE)
    (drawn,) = re.findall(r"`(racer-out/.*[.]svg)`", section)
    again = f"draw it again: racer {explore}, then cp {drawn} {picture}"
    assert elements(Path(drawn)) == elements(ROOT / picture), again


def elements(svg: Path) -> list[tuple[str, str | None, str | None]]:
    """What is drawn, in its order: graphviz may place it a hair otherwise in its next version."""
    root = ElementTree.parse(svg).getroot()
    return [(each.tag, each.get("class"), each.text) for each in root.iter()]


def test_the_readme_shows_what_the_claims_command_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["claims", "C7", "C12"]) == 0
    assert capsys.readouterr().out == block("racer claims C7 ")


def test_the_readme_shows_what_models_of_memory_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    title = "## On which machine\n"
    (command, _) = re.findall(r"^    racer (.*)$", block_of(title), re.MULTILINE)
    assert main(command.split()) == 0
    assert_printed(block(title), capsys.readouterr().out)


def test_the_readme_example_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    example = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert example is not None
    exec(example.group(1), {})
    first, *outcomes = capsys.readouterr().out.splitlines()
    # Two readers, each: flag unset (1 step), or flag and data (2). By hand, over the writer's two
    # steps W1 W2: a reader's first load comes before W2 or after it. Both before: 4 steps with
    # W1 < W2 and both loads before W2: 3! = 6 orders. One of them after: choose which (2), the
    # other before W2, with W1: 2 orders, then 2 loads in order: 2 * 2 = 4. Both after: the two
    # readers' 2 steps each interleave: C(4, 2) = 6. In all 16.
    assert first == "pass 16"
    assert len(outcomes) == 4


def test_the_first_screen_has_only_the_two_commands_a_fresh_machine_needs() -> None:
    commands = re.findall(r"^    (pip .*)$", README, re.MULTILINE)
    assert commands == [
        "pip install . && racer explore split_race",
        "pip install '.[test]' && pytest",
    ]
    assert len(README.splitlines()) <= 260
