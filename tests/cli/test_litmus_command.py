"""`racer litmus`: a file as herd7 tells it, a directory as a table, and what is not answered."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from racer.axiomatic import directories
from racer.axiomatic.directories import Asked
from racer.cli import litmus
from racer.errors import UsageError
from tests.axiomatic.files import CLASSICS

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]

BY_NAME = {path.stem: path for path in CLASSICS}


@pytest.fixture
def tests(here: Path) -> Path:
    """Three classics, one of which is broken."""
    folder = here / "tests"
    folder.mkdir()
    for name in ("MP", "SB", "MP+plain"):
        shutil.copy(BY_NAME[name], folder)
    broken = (folder / "SB.litmus").read_text().replace("exists", "exits")
    (folder / "broken.litmus").write_text(broken)
    return folder


def test_a_test_is_told_as_herd_does(racer: Run, tests: Path) -> None:
    status, out, err = racer("litmus", "tests/MP.litmus", "--memory", "lkmm")
    assert (status, err) == (0, "")
    assert out == (
        "Model lkmm: the kernel's memory model\n"
        "Test MP Allowed\n"
        "States 4\n"
        "1:r1=0; 1:r2=0;\n"
        "1:r1=0; 1:r2=1;\n"
        "1:r1=1; 1:r2=0;\n"
        "1:r1=1; 1:r2=1;\n"
        "Ok\n"
        "Witnesses\n"
        "Positive: 1 Negative: 3\n"
        "Condition exists (1:r1=1 /\\ 1:r2=0)\n"
        "Observation MP Sometimes 1 3\n"
    )


def test_of_what_never_happens_the_cycle_is_told(racer: Run, tests: Path) -> None:
    _, out, _ = racer("litmus", "tests/MP.litmus", "--memory", "sc")
    assert out.endswith(
        "Observation MP Never 0 3\n"
        "Forbidden by sc:\n"
        "  P0:1 W x=1 -po> P0:2 W y=1\n"
        "  P0:2 W y=1 -rf> P1:1 R y=1\n"
        "  P1:1 R y=1 -po> P1:2 R x=0\n"
        "  P1:2 R x=0 -fr> P0:1 W x=1\n"
    )


def test_of_a_directory_one_that_is_broken_is_named_and_the_rest_answered(
    racer: Run, tests: Path
) -> None:
    status, out, err = racer("litmus", "tests", "--memory", "sc,lkmm")
    assert status == 2
    assert err.startswith("error: tests/broken.litmus:") and "no quantifier" in err
    assert [line.split() for line in out.splitlines()[:5]] == [
        ["test", "sc", "lkmm"],
        ["MP+plain.litmus", *["Never", "0", "3", "Sometimes", "1", "3", "data-race"]],
        ["MP.litmus", *["Never", "0", "3", "Sometimes", "1", "3"]],
        ["SB.litmus", *["Never", "0", "3", "Sometimes", "1", "3"]],
        ["broken.litmus", "ERROR", "ERROR"],
    ]
    assert "cannot be read: tests/broken.litmus" in " ".join(out.split())


def test_what_separates_two_models_is_told_whatever_is_asked(racer: Run, here: Path) -> None:
    text = BY_NAME["SB"].read_text().replace("1:r1=0)", "1:r1=7)")
    (here / "x.litmus").write_text(text)
    _, out, _ = racer("litmus", "x.litmus", "--memory", "sc,tso,lkmm")
    # Nothing forbids what never happens, since nobody writes 7; both read 0 only where stores wait.
    assert out.endswith(
        "Observation SB Never 0 4\n\n"
        "Only tso allows, and sc does not: 0:r1=0; 1:r1=0;\n"
        "Forbidden by sc:\n"
        "  P0:1 W x=1 -po> P0:2 R y=0\n"
        "  P0:2 R y=0 -fr> P1:1 W y=1\n"
        "  P1:1 W y=1 -po> P1:2 R x=0\n"
        "  P1:2 R x=0 -fr> P0:1 W x=1\n"
    )


def test_the_document_has_what_was_not_answered_too(racer: Run, tests: Path) -> None:
    status, out, _ = racer("litmus", "tests", "--json", "--memory", "tso,arm64,lkmm")
    document = json.loads(out)
    assert status == 2
    assert [each["name"] for each in document["tests"]] == ["MP+plain", "MP", "SB"]
    assert [each["file"] for each in document["unanswered"]] == ["tests/broken.litmus"]
    [answer, *_] = document["tests"][1]["answers"]
    assert (answer["observation"], answer["positive"], answer["negative"]) == ("Never", 0, 3)
    assert answer["forbidden_by"]["axiom"] == "tso"
    between = [(each["stronger"], each["weaker"]) for each in document["tests"][1]["separations"]]
    assert between == [("tso", "arm64")]


def test_ctrl_c_ends_a_directory_and_what_is_answered_is_told(
    racer: Run, tests: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = litmus.ask_file

    def interrupted(file: Path, *more: object, reasons: bool) -> Asked:
        if file.name == "SB.litmus":
            raise KeyboardInterrupt
        return ask(file, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(litmus, "ask_file", interrupted)
    status, out, err = racer("litmus", "tests", "--memory", "sc")
    assert status == 130
    assert [line.split()[0] for line in out.splitlines()[1:3]] == ["MP+plain.litmus", "MP.litmus"]
    assert "2 of 4 tests were answered" in err


def test_a_limit_is_no_answer(racer: Run, tests: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = litmus.ask_file
    monkeypatch.setattr(
        litmus, "ask_file", lambda file, models, reasons: ask(file, models, limit=5)
    )
    status, out, err = racer("litmus", "tests/SB.litmus", "--memory", "sc")
    assert (status, out) == (3, "")
    assert "nothing is answered" in err


def test_models_are_asked_about_their_own_assembly_only(racer: Run, here: Path) -> None:
    (here / "x.litmus").write_text("X86 x\n{ }\n P0 ;\n MOV [x],$1 ;\nforall (x=1)\n")
    status, out, err = racer("litmus", "x.litmus")
    assert status == 0
    assert [line for line in out.splitlines() if line.startswith("Model")] == [
        "Model sc: sequential consistency",
        "Model tso: x86-TSO",
    ]
    assert "not asked: arm64, lkmm" in out
    status, _, err = racer("litmus", "x.litmus", "--memory", "lkmm")
    assert status == 2 and "of a test in X86" in err


def test_what_there_is_not_is_refused(racer: Run, here: Path) -> None:
    status, _, err = racer("litmus", "no.litmus")
    assert status == 2 and "cannot read no.litmus" in err
    status, _, err = racer("litmus", ".")
    assert status == 2 and "no litmus test below" in err
    (here / "x.litmus").write_text("")
    status, _, err = racer("litmus", "x.litmus", "--memory", "arm")
    assert status == 2 and "there is no memory model 'arm'" in err


def test_a_directory_without_tests_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        directories.files_of(str(tmp_path))
