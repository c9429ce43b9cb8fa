"""LITMUS.md shows what its commands print, and its first test is the one they are about."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from racer.axiomatic.models.known import MODELS
from tests.axiomatic.files import CLASSICS

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "racer" / "LITMUS.md").read_text()


def test_it_shows_what_its_commands_print(racer: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    shown = re.findall(r"```\n\$ racer (.*)\n((?:.*\n)*?)```", GUIDE)
    assert shown
    for words, printed in shown:
        assert racer(*shlex.split(words)) == (0, printed, "")


def test_its_test_is_the_one_that_is_asked() -> None:
    [classic] = [each for each in CLASSICS if each.stem == "MP+wmb+ctrl"]
    code = re.sub(r"\(\*.*?\*\)\n*", "", classic.read_text(), flags=re.S)
    shown = "\n".join(re.findall(r"^    (.*)$", GUIDE.partition("Can the reader")[0], re.M))
    assert shown.split() == code.split()


def test_it_names_every_model_with_what_it_is_asked_about() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", GUIDE, re.M)
    assert rows == [(each.name, ", ".join(each.architectures)) for each in MODELS.values()]
