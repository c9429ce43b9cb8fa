"""The command line with wrong input, unwritable files, and witnesses that do not fit."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from racer import RacerError
from racer.artefacts.naming import file_label
from racer.exploration.result import Result
from tests.files import change

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]  # the fixtures `here` and `racer`


# Wrong input: status 2, a sentence on stderr, nothing on stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["exlpore"], "did you mean 'explore'"),
        (["explore"], "SCENARIO"),
        (["explore", "abba"], "did you mean 'aba'"),
        (["graph", "models.py"], "say which: models.py::"),
        (["explore", "models.py::raeds"], "did you mean 'reads'"),
        (["explore", "nowhere.py::reads"], "'nowhere.py': the file does not exist"),
        (["explore", "models.py::reads", "--set", "writer=2"], "did you mean 'writers'"),
        (["explore", "models.py::reads", "--set", "writers=5"], "'writers' cannot be 5.*1..4"),
        (["explore", "models.py::reads", "--set", "writers"], "--set name=value"),
        (["explore", "models.py::reads", "--set", "=3"], "--set name=value"),
        (["explore", "models.py::reads", "--variant", "trn"], "did you mean 'torn'"),
        (["explore", "models.py::spins", "--variant", "v9"], "no parameter 'variant'"),
        (
            ["explore", "models.py::reads", "--variant", "torn", "--set", "variant=once"],
            "'variant' is set twice",
        ),
        (["explore", "models.py::reads", "--memory", "csc"], "'csc'"),
        (["explore", "models.py::reads", "--expect", "maybe"], "'pass' or 'fail', not 'maybe'"),
        (["explore", "models.py::reads", "--max-states", "many"], "--max-states"),
        (["explore", "models.py::reads", "--max-states", "0"], "max_states=0"),
        (["explore", "models.py::reads", "--timeout", "-1"], "timeout=-1"),
        (["explore", "models.py::reads", "--timeout", "nan"], "timeout=nan"),
        (["explore", "models.py::reads", "--memroy", "sc"], "--memory"),
        (["explore", "models.py::build_raises"], "n=1.*ZeroDivisionError.*\n.*models.py:"),
        (["explore", "models.py::refuses"], "this needs more writers"),
        (["explore", "models.py::returns_none"], "NoneType, not a Program"),
        (["explore", "models.py::thread_raises"], "thread 'T'.*KeyError: 'key'.*models.py:"),
        (["explore", "models.py::never_awaits"], "thread 'T'.*await"),
        (["explore", "models.py::unhashable"], "thread 'T'.*not hashable.*tuple"),
        (["explore", "models.py::foreign"], "thread 'T'.*not racer's"),
        (["replay", "none.json"], "none.json: No such file"),
        (["replay", "models.py"], "models.py cannot be used: it is not JSON"),
    ],
)
def test_wrong_input_is_status_two_with_a_remedy(racer: Run, words: list[str], said: str) -> None:
    status, out, err = racer(*words)
    assert (status, out) == (2, "")
    assert re.search(said, err), err


def test_a_deadlock_is_a_violation_with_a_witness(racer: Run) -> None:
    status, out, _ = racer("explore", "models.py::deadlocks")
    assert status == 1
    assert "FAIL: deadlock" in out
    assert racer("replay", "racer-out/deadlocks.deadlock.json")[0] == 0


def test_an_error_in_racer_itself_is_status_five(
    racer: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> Result:
        raise RuntimeError("lost my way")

    monkeypatch.setattr("racer.cli.commands.explore", broken)
    status, _, err = racer("explore", "models.py::reads")
    assert status == 5
    assert "bug in racer" in err
    assert "RuntimeError: lost my way" in err
    assert "RACER_DEBUG=1" in err


# Files


def test_the_verdict_is_printed_when_no_file_can_be_written(racer: Run, here: Path) -> None:
    (here / "taken").write_text("a file")
    status, out, err = racer("explore", "models.py::reads", "-o", "taken")
    assert status == 2
    assert "FAIL  as expected: torn" in out
    assert "needs 1 preemption" in out
    assert "racer replay" not in out
    assert "cannot write taken" in err


def test_all_but_the_picture_is_there_when_it_cannot_be_drawn(
    racer: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_graphviz(*_: object, **__: object) -> bytes:
        raise RacerError("cannot draw the diagram: there is no graphviz.")

    monkeypatch.setattr("racer.viz.diagram.drawing.render", no_graphviz)
    status, out, err = racer("explore", "models.py::reads")
    assert status == 2
    assert out.splitlines()[-1] == "racer replay racer-out/reads.torn.json"
    assert "there is no graphviz" in err
    assert not (here / "racer-out" / "reads.torn.svg").exists()
    assert racer("replay", "racer-out/reads.torn.json")[0] == 0


def test_json_is_printed_when_no_file_can_be_written(racer: Run, here: Path) -> None:
    (here / "taken").write_text("a file")
    status, out, err = racer("explore", "models.py::reads", "--json", "-o", "taken")
    assert status == 2
    assert json.loads(out)["violations"]["torn"]["witness_file"] is None
    assert "cannot write taken" in err


def test_a_label_of_any_text_makes_a_file_name_of_its_own(racer: Run, here: Path) -> None:
    _, out, _ = racer("explore", "models.py::prints")
    name = f"prints.{file_label('x / y: must hold')}.json"
    assert (here / "racer-out" / name).is_file()
    assert out.splitlines()[-1] == f"racer replay racer-out/{name}"
    labels = ["a b", "a/b", "a-b", "a  b", "../../etc", "..", "\u00e9", "x" * 500, "y" * 500]
    files = [file_label(label) for label in labels]
    assert len(set(files)) == len(labels)
    assert all(len(file) <= 80 and "/" not in file and ".." not in file for file in files)
    assert file_label("misclassified") == "misclassified"


def test_a_witness_of_a_file_is_found_from_elsewhere(
    racer: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    racer("explore", "models.py::reads")
    (here / "other").mkdir()
    monkeypatch.chdir(here / "other")
    status, out, err = racer("replay", "../racer-out/reads.torn.json")
    assert (status, out) == (2, "")  # a witness of somebody else's may name any file
    assert "a scenario is code" in err
    # What a replay says to type has the consent that this took.
    path = "../racer-out/reads.torn.json"
    for consent in ("--trust", "../models.py::reads"):
        status, out, _ = racer("replay", path, consent)
        assert (status, out.splitlines()[-1]) == (0, f"racer explain {path} {consent}")
        assert racer(*out.splitlines()[-1].split()[1:])[0] == 0
    monkeypatch.chdir(here)
    path = "racer-out/reads.torn.json"
    assert racer("replay", path, "--trust")[1].splitlines()[-1] == f"racer explain {path}"


def test_a_witness_away_from_its_scenario_is_replayed_once_that_is_named(
    racer: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By name in ./scenarios, too: the witness names the file, as another directory may have a
    scenario of that name."""
    for place in ("project/scenarios", "out", "other"):
        (here / place).mkdir(parents=True)
    (here / "models.py").rename(here / "project" / "scenarios" / "models.py")
    monkeypatch.chdir(here / "project")
    racer("explore", "reads", "-o", "../out")
    racer("explore", "reads")
    monkeypatch.chdir(here / "other")
    status, _, err = racer("replay", "../out/reads.torn.json")
    assert status == 2
    assert "there is no file 'scenarios/models.py' below the current directory" in err
    assert "racer replay ../out/reads.torn.json path/to/file.py::reads" in err
    named = "../project/scenarios/models.py::reads"
    assert racer("replay", "../out/reads.torn.json", named)[0] == 0
    _, _, err = racer("replay", "../project/racer-out/reads.torn.json")
    told = re.search("name it: racer (.*?);", err)
    assert told is not None
    assert racer(*shlex.split(told[1]))[0] == 0
    monkeypatch.chdir(here)
    assert racer("replay", "project/racer-out/reads.torn.json")[0] == 0


def test_a_witness_that_diverges_is_status_four_with_the_step(racer: Run, here: Path) -> None:
    racer("explore", "models.py::reads")
    change(here / "models.py", "x.store(1)", "x.store(12)")
    status, out, err = racer("replay", "racer-out/reads.torn.json")
    assert (status, out) == (4, "")
    assert "diverged at step 2, thread W" in err
    assert "store x = 12" in err
    assert "racer explore models.py::reads --set variant=torn --set writers=1" in err


def test_a_witness_of_other_behaviour_elsewhere_replays_with_a_note(racer: Run, here: Path) -> None:
    racer("explore", "models.py::reads")
    raised = 'raise Violation("torn")'
    change(here / "models.py", raised, f"{raised}\n        await x.load()")
    status, out, _ = racer("replay", "racer-out/reads.torn.json")
    assert status == 0
    assert "note: the scenario behaves otherwise" in out
    assert "impossible with none" not in out
    status, out, err = racer("explain", "racer-out/reads.torn.json", "--mail")
    assert status == 0  # what is for the mail is the mail alone, and whoever sends it is told
    assert "note: the scenario behaves otherwise" in err
    assert "note:" not in out


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("scenario", "abba", "broken.json cannot be replayed.*did you mean 'aba'"),
        ("parameters", {"writers": 9}, "broken.json cannot be replayed.*'writers' cannot be 9"),
        ("parameters", {"writers": 2}, "step 2 moves thread 'W'.*R, W.0, W.1"),
        ("memory", "pso", "memory model 'pso'"),
    ],
)
def test_a_witness_that_fits_no_program_is_status_two(
    racer: Run, here: Path, field: str, value: object, said: str
) -> None:
    racer("explore", "models.py::reads")
    content = json.loads((here / "racer-out" / "reads.torn.json").read_text())
    (here / "broken.json").write_text(json.dumps({**content, field: value}))
    status, out, err = racer("replay", "broken.json")
    assert (status, out) == (2, "")
    assert re.search(said, err), err


def test_a_replay_lists_its_steps_and_names_the_command_that_explains_them(racer: Run) -> None:
    racer("explore", "models.py::reads")
    status, out, _ = racer("replay", "racer-out/reads.torn.json")
    assert status == 0
    steps = [line.split()[0] for line in out.splitlines() if line.startswith("  ")]
    assert steps == ["R1", "W1", "R2"]
    assert out.splitlines()[-1] == "racer explain racer-out/reads.torn.json"


def test_an_explanation_for_a_mail_ends_in_the_replay_command(racer: Run) -> None:
    _, explored, _ = racer("explore", "models.py::reads")
    status, out, err = racer("explain", "racer-out/reads.torn.json", "--mail")
    assert (status, err) == (0, "")
    assert out.splitlines()[0] == explored.splitlines()[0]  # the scenario and its parameters
    assert out.splitlines()[-1] == "racer replay racer-out/reads.torn.json"
    assert "1 of 3 interleavings" in out
    assert out.isascii() and "\t" not in out
    assert max(map(len, out.splitlines())) <= 72
    _, shown, _ = racer("explain", "racer-out/reads.torn.json")
    assert shown.rstrip() == "\n".join(out.splitlines()[:-2])
    assert shown.split("\n\n", 1)[1].rstrip() in explored  # the picture that explore printed


def test_a_stale_witness_is_not_explained(racer: Run, here: Path) -> None:
    racer("explore", "models.py::reads")
    change(here / "models.py", "x.store(1)", "x.store(12)")
    status, out, err = racer("explain", "racer-out/reads.torn.json")
    assert (status, out) == (4, "")
    assert "diverged at step 2, thread W" in err


@pytest.mark.parametrize(
    "directory",
    [
        "out",
        "d" * 150,
        "a directory with blanks, 'quotes' and \\ for " + "good " * 9 + "measure",
        "M\N{LATIN SMALL LETTER U WITH DIAERESIS}ll\t\n" + "\N{SNOWMAN}" * 20,
    ],
)
def test_a_mail_stays_a_mail_wherever_the_witness_is(
    racer: Run, here: Path, directory: str
) -> None:
    racer("explore", "models.py::reads", "-o", directory)
    witness = f"{directory}/reads.torn.json"
    status, out, err = racer("explain", witness, "--mail")
    assert (status, err) == (0, "")
    assert all(len(line) <= 72 and (line == "" or line.isprintable()) for line in out.split("\n"))
    assert out.isascii()
    command = out[out.index("\nracer replay ") + 1 :]
    shell = ["bash", "-c", f'racer() {{ printf %s "$2"; }}; {command}']
    assert subprocess.run(shell, capture_output=True, check=True).stdout.decode() == witness
