"""Witnesses and names from somebody else: nothing runs, and nothing is taken for a fact."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from racer.words.printable import safe_line, safe_text

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]  # the fixtures `here` and `racer`


@pytest.fixture
def witness(racer: Run, here: Path) -> dict[str, object]:
    """What racer-out/reads.torn.json holds."""
    racer("explore", "models.py::reads")
    content: dict[str, object] = json.loads((here / "racer-out" / "reads.torn.json").read_text())
    return content


def rewritten(here: Path, witness: dict[str, object], **fields: object) -> str:
    (here / "theirs.json").write_text(json.dumps({**witness, **fields}))
    return "theirs.json"


# What runs


def test_a_witness_does_not_run_a_file_from_elsewhere(
    racer: Run, here: Path, witness: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = "open('ran', 'w')\ndef reads(): pass\n"
    (here / "trap.py").write_text(trap)
    (here / "inside.py").write_text("open('ran', 'w')  # no scenario\n")
    (here / "below").mkdir()
    (here / "below" / "link.py").symlink_to(here / "trap.py")
    monkeypatch.chdir(here / "below")
    (here / "below" / "inside.py").write_text("open('ran', 'w')  # no scenario\n")
    for named in (f"{here}/trap.py", "../trap.py", "trap.py", "link.py", "inside.py"):
        path = rewritten(here / "below", witness, scenario=f"{named}::reads")
        for command in ("replay", "explain"):
            status, out, err = racer(command, path)
            assert (status, out) == (2, "")
            assert "a scenario is code" in err
    assert not (here / "below" / "ran").exists()
    racer("replay", path, "--trust")
    assert (here / "below" / "ran").exists()


def test_the_last_line_names_a_scenario_from_elsewhere(
    racer: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "below").mkdir()
    monkeypatch.chdir(here / "below")
    _, out, _ = racer("explore", f"{here}/models.py::reads")
    words = shlex.split(out.splitlines()[-1])
    assert words == ["racer", "replay", "racer-out/reads.torn.json", f"{here}/models.py::reads"]
    assert racer(*words[1:])[0] == 0
    assert racer(*words[1:-1])[0] == 2


# What is taken for a fact: reads has 3 interleavings, one of which is torn, by 1 preemption


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"interleavings": -1}, ">= 0"),
        ({"total": -3}, ">= 0"),
        ({"preemptions": -1}, ">= 0"),
        ({"interleavings": 4}, "4 of 3 interleavings"),
        ({"interleavings": 0}, "0 of 3 interleavings"),
        ({"interleavings": 2}, "2 of 3 interleavings show it, and 1 of 3 do"),
        ({"total": 10**30}, "interleavings show it, and 1 of 3 do"),
        ({"preemptions": 0}, "has 0 preemptions, and it has 1"),
    ],
)
def test_numbers_of_a_witness_are_checked(
    racer: Run, here: Path, witness: dict[str, object], fields: dict[str, object], said: str
) -> None:
    path = rewritten(here, witness, **fields)
    for command in ("replay", "explain"):
        status, out, err = racer(command, path)
        assert (status, out) == (2, "")
        assert said in err


def test_a_schedule_that_is_not_the_least_is_not_told_as_such(
    racer: Run, here: Path, witness: dict[str, object]
) -> None:
    """With two writers, R W.0 R W.1 needs one preemption; R W.0 R, with W.1 first, one as well."""
    racer("explore", "models.py::reads", "--set", "writers=2", "-o", "two")
    least = json.loads((here / "two" / "reads.writers=2.torn.json").read_text())
    assert least["preemptions"] == 1
    worse = {**least, "minimal": True, "preemptions": 2}
    status, _, err = racer("replay", rewritten(here, worse))
    assert status == 2
    assert "has 2 preemptions, and it has 1" in err


def test_numbers_that_take_too_long_are_told_as_saved(
    racer: Run, here: Path, witness: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("racer.cli.witnesses._STATES_TO_CHECK_NUMBERS", 1)
    path = rewritten(here, witness, interleavings=2)
    for command in ("replay", "explain"):
        status, out, _ = racer(command, path)
        assert status == 0
        assert "as saved, not checked" in out


# What is shown

ODD = "a\x1b[31m\x07\x9b\u202eb\u2066\u200b\0\\N"


def test_what_cannot_be_seen_is_spelled_out() -> None:
    assert safe_text("a\x1b[0m\x00\x9b\u202e\ud800\U000e0041\n\tb") == (
        "a\\u001b[0m\\u0000\\u009b\\u202e\\ud800\\udb40\\udc41\n\tb"
    )
    assert safe_line("a\nb\tc\rd") == "a\\u000ab\\u0009c\\u000dd"
    for plain in ("Größe → 5, 日本語", "a\\b", ""):
        assert safe_line(plain) == plain


NAMES = """
from racer import Memory, Program, Thread, Violation, scenario

ODD = {odd!r}


@scenario
def odd(*, text: str = ODD) -> Program:
    {doc!r}
    mem = Memory()
    x = mem.cell("x" + ODD, "value" + ODD)

    async def read():
        if await x.load() == await x.load():
            raise Violation("label" + ODD, effect="effect" + ODD)

    return Program(mem, {{"R" + ODD: Thread(read)}}, shows={{"p" + ODD: lambda state: ODD}})
"""


@pytest.mark.parametrize("odd", [ODD, "\ud800", "\r\u2028"])
def test_names_and_values_are_text_wherever_they_are_shown(
    racer: Run, here: Path, odd: str
) -> None:
    (here / "odd.py").write_text(NAMES.format(odd=odd, doc=f"Doc {odd}"))
    status, out, err = racer("explore", "odd.py", "--html", "--png")
    assert status == (2 if "\ud800" in odd else 1), err
    for text in (out, err, racer("explore", "odd.py", "--json")[1]):
        assert safe_text(text) == text
    for file in (here / "racer-out").iterdir():
        if file.suffix in (".svg", ".dot", ".html"):
            text = file.read_text()
            assert safe_text(text) == text
        if file.suffix == ".svg":
            ElementTree.parse(file)
    for words in (["graph", "odd.py"], ["graph", "odd.py", "--thread", f"R{odd}"]):
        status, out, _ = racer(*words, "-o", "graphs")
        assert status == 0
        assert safe_text(out) == out
    svgs = list((here / "graphs").glob("*.svg"))
    assert len(svgs) == 2
    for svg in svgs:
        ElementTree.parse(svg)
        assert safe_text(svg.read_text()) == svg.read_text()


def test_modules_beside_it_are_not_taken_for_those_that_racer_needs(here: Path) -> None:
    for name in ("typer", "json", "typing", "signal", "trio"):
        (here / f"{name}.py").write_text("raise SystemExit('taken for the module')\n")
    command = [sys.executable, "-m", "racer", "explore", "models.py::reads"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "FAIL  as expected: torn" in done.stdout
    assert (
        "json.py, signal.py, trio.py, typer.py, typing.py in the current directory" in done.stderr
    )
