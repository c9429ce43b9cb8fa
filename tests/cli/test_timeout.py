"""A timeout holds before there is a program, too; and a file that loops costs a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from racer import Memory, Program, Thread, Violation, explore, save
from racer.lang import patience

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]

MODEL = """
from typing import Literal

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
def building(*, variant: Literal["one", "two"] = "one") -> Program:
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
        ("model.py::building", "building() at model.py:22"),
        ("model.py::expecting", "for_ever() at model.py:7"),
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
    monkeypatch.setattr(patience, "LOADING", 0.3)
    (here / "scenarios").mkdir()
    (here / "scenarios" / "fine.py").write_text(MODEL)
    (here / "scenarios" / "loops.py").write_text(LOOPS)
    for _ in range(2):  # it is not loaded again
        status, out, err = racer("list")
        assert status == 2
        assert "\nfine" in out
        assert "scenarios/loops.py cannot be loaded: it ran for 0.3 s" in err
        monkeypatch.setattr(patience, "LOADING", 100.0)


@pytest.mark.parametrize(
    "words",
    [
        ("explore", "model.py::building"),
        ("graph", "model.py::building"),
        ("diff", "model.py::building", "one", "two"),
        ("replay", "one.json", "model.py::building"),
        ("explain", "one.json", "model.py::building"),
    ],
    ids=lambda words: words[0],
)
def test_a_scenario_that_loops_ends_no_command_without_an_error(
    racer: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    save(explore(made()), "seen", "one.json", scenario="building")
    monkeypatch.setattr(patience, "LOADING", 0.3)
    status, _, err = racer(*words)
    assert status == 2
    assert "scenario 'building' with variant=one could not be built: it ran for 0.3 s" in err
    assert err.endswith("without coming to an end, in building() at model.py:22.\n")


def made() -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def thread() -> None:
        await x.store(1)
        raise Violation("seen")

    return Program(mem, {"T": Thread(thread)})


@pytest.mark.parametrize("command", ["explore", "graph"])
def test_so_does_what_says_what_is_expected(
    racer: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(patience, "LOADING", 0.3)
    status, _, err = racer(command, "model.py::expecting")
    assert status == 2
    assert "could not be built while declaring what it expects: it ran for 0.3 s" in err


CLAIMS = """

from racer import Answer, Claim, Never

def claim(name, scenario):
    asks = (Never("deadlock", scenario),)
    return Claim(name, "it ends", made="here", asks=asks, expected=Answer("holds"))

CLAIMS = (claim("L1", building), claim("L2", fine))
"""


def test_a_case_that_is_never_built_is_cut_by_its_timeout(racer: Run, here: Path) -> None:
    (here / "scenarios").mkdir()
    (here / "scenarios" / "loops.py").write_text(MODEL + CLAIMS)
    status, out, err = racer("claims", "L1", "L2", "--jobs", "1", "--timeout", "0.3", "--json")
    answers = {each["claim"]: each["answer"] for each in json.loads(out)["claims"]}
    assert (status, answers) == (3, {"L1": "bound", "L2": "holds"})
    assert err == ""


def test_without_one_it_is_an_error_and_the_others_are_decided(
    racer: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "scenarios").mkdir()
    (here / "scenarios" / "loops.py").write_text(MODEL + CLAIMS)
    monkeypatch.setattr(patience, "LOADING", 0.3)
    status, out, err = racer("claims", "L1", "L2", "--jobs", "1")
    assert status == 2
    assert "L2    holds" in out
    assert "scenario 'building' with variant=one could not be built: it ran for 0.3 s" in err


def test_two_variants_are_built_within_the_timeout(racer: Run) -> None:
    status, _, err = racer("diff", "model.py::building", "one", "two", "--timeout", "0.3")
    assert status == 3
    assert err == "error: the timeout was over, in building() at model.py:22; try a longer one\n"


def is_past(deadline: float | None) -> bool:
    """In place of the clock: whatever has a deadline is late."""
    return deadline is not None


def test_a_label_that_there_is_no_time_to_tell_has_its_witness(
    racer: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("racer.cli.commands.is_past", is_past)
    status, out, err = racer("explore", "models.py::reads", "--timeout", "100")
    assert status == 0
    assert "FAIL" in out and "R2 load" not in out
    assert out.endswith("\nracer replay racer-out/reads.torn.json\n")
    assert err == (
        "note: the timeout of 100 s was over before all was told and drawn of 'torn'; "
        "racer explain racer-out/reads.torn.json tells\n"
    )
    assert [file.name for file in (here / "racer-out").iterdir()] == ["reads.torn.json"]


def test_a_page_that_takes_too_long_is_an_error_beside_the_verdict(
    racer: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("racer.cli.commands.end_of_telling", lambda deadline, timeout: 1.0)
    monkeypatch.setattr("racer.viz.page.page.page", lambda report: loop())
    status, out, err = racer("explore", "models.py::reads", "--timeout", "100", "--html")
    assert (status, out.count("\nFAIL")) == (2, 1)
    assert "cannot write racer-out/reads.html: the timeout of 100 s was over." in err


def loop() -> None:
    while True:
        pass


def test_a_picture_of_a_graph_is_drawn_until_the_timeout(
    racer: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("racer.cli.graphs.DRAWING", -1000.0)
    status, _, err = racer("graph", "models.py::reads", "--timeout", "100")
    assert status == 3
    assert err == (
        "note: the timeout of 100 s was over before the picture was drawn: there is only its DOT\n"
    )
    assert [file.name for file in (here / "racer-out").iterdir()] == ["reads.graph.dot"]


def test_what_was_not_aligned_in_time_is_said_and_has_its_witness(
    racer: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("racer.difference.diffing.is_past", is_past)
    words = ("diff", "models.py::reads", "torn", "once", "--timeout", "100")
    status, out, _ = racer(*words)
    assert status == 3
    cut = "timeout of 100 s, before 1 label or outcome had been aligned"
    assert f"CUT not all is told step by step: {cut}" in " ".join(out.split())
    assert (here / "racer-out" / "reads.torn.json").exists()
    found = json.loads(racer(*words, "--json")[1])
    assert (found["alignments"], found["cut"]) == ([], cut)
