"""racer/SERIES.md: its files are written, its commands run in order, and print what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from racer.cli import main

PAGE = (Path(__file__).parent.parent / "racer" / "SERIES.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
STATUSES = {"racer review v1.patch": 1, "racer equiv steady once v1.patch": 1}


def test_every_command_of_the_page_prints_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = []
    for language, block in BLOCKS:
        if language != "console":
            named = re.match(r"(?:#|//) (\S+)\n", block)
            assert named is not None
            path = Path(named[1])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block)
            continue
        first, *rest = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)
        assert first == ""
        for command, said in zip(rest[::2], rest[1::2], strict=True):
            _, *words = shlex.split(command)
            assert main(words) == STATUSES.get(command, 0), command
            assert capsys.readouterr().out == said
            asked.append(command)
    assert set(STATUSES) < set(asked)


def test_the_lines_it_names_are_those_it_shows() -> None:
    [model] = [block for language, block in BLOCKS if language == "python"]
    lines = model.split("\n")
    at = next(n for n, line in enumerate(lines, 1) if "await flag.set.load()" in line)
    assert f"scenarios/steady.py:{at} | lib/flag.c:5" in PAGE
