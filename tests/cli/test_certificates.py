"""`racer explore --certificate`, and `racer verify` of one."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from racer.certificates import verifying
from racer.certificates.verifying import verify

if TYPE_CHECKING:
    from tests.cli.counting import Said

pytest_plugins = ["tests.command_line", "tests.cli.counting"]
pytestmark = pytest.mark.quick


def test_a_pass_is_certified_for_whoever_has_no_said(
    said: Said, model: str, here: Path, tmp_path: Path
) -> None:
    done = said("explore", model, "--certificate", "made/counter.json")
    assert done.rstrip().endswith("made/counter.json")
    path = here / "made" / "counter.json"
    assert verify(path.read_text()).interleavings == "2"
    alone = tmp_path / "alone.py"
    alone.write_text(Path(str(verifying.__file__)).read_text())
    command = [sys.executable, "-I", str(alone), str(path)]
    checked = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    assert checked.stdout == "right: 4 states, 4 steps, 2 interleavings\n"


def test_there_is_no_certificate_of_a_failure(said: Said, model: str, here: Path) -> None:
    found = ("explore", model, "--set", "atomic=false", "--certificate", "c.json", "--expect")
    done = said(*found, "fail", status=2)  # it was asked for, and is not there
    assert "cannot write c.json: there is no certificate of a FAIL, only of a PASS." in done
    assert not (here / "c.json").exists()


def test_what_is_no_certificate_is_not_replaced(said: Said, model: str, here: Path) -> None:
    (here / "c.json").write_text('{"mine": 1}\n')
    done = said("explore", model, "--certificate", "c.json", status=2)
    assert "no certificate of racer's" in done
    assert (here / "c.json").read_text() == '{"mine": 1}\n'
    assert "FILE::NAME" in said("explore", "models.py", "--certificate", "d.json", status=2)


def edited(path: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    """Change a certificate, and give it the checksum that it then has."""
    document = json.loads(path.read_text())
    edit(document)
    document["sha256"] = ""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    document["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    path.write_text(json.dumps(document, sort_keys=True, separators=(",", ":")) + "\n")


@pytest.fixture
def made(said: Said, model: str, here: Path) -> Path:
    said("explore", model, "--certificate", "c.json")
    return here / "c.json"


def test_a_certificate_is_confirmed_where_its_scenario_is_the_same(said: Said, made: Path) -> None:
    done = said("verify", "c.json")
    assert done.startswith("CONFIRMED\n  c.json\n  4 states and 4 steps are as a certificate")
    assert "models.py::counter atomic=true threads=2" in done.replace("\n  ", " ")


def test_one_that_was_edited_is_refuted(said: Said, made: Path) -> None:
    made.write_text(made.read_text().replace('"states":4', '"states":5'))
    assert "no right certificate: condition 1: sha256" in said("verify", "c.json", status=1)


def test_one_of_a_model_that_has_moved_says_what_differs(
    said: Said, made: Path, here: Path
) -> None:
    model = (here / "models.py").read_text()
    (here / "models.py").write_text(model.replace("fetch_add(1)", "fetch_add(2)"))
    done = said("verify", "c.json", status=1)
    assert "models.py::counter fails here: none lost" in done.replace("\n  ", " ")
    (here / "models.py").write_text(
        model.replace("await n.fetch_add(1)", "await n.fetch_add(1, order='relaxed')")
    )
    done = said("verify", "c.json", status=4).replace("\n  ", " ")
    assert "thread A.0 goes on otherwise, first at node 0 (fetch_add n 1)" in done


def test_one_whose_scenario_is_another_one_says_what_differs(said: Said, made: Path) -> None:
    edited(made, lambda document: document["claim"]["parameters"].update(threads="3"))
    done = said("verify", "c.json", status=4).replace("\n  ", " ")
    assert "is another program here: cell n has other values." in done


def test_one_whose_scenario_is_not_here_is_right_all_the_same(
    said: Said, made: Path, here: Path
) -> None:
    (here / "models.py").unlink()
    done = said("verify", "c.json", status=4)
    assert "4 states and 4 steps are as" in done
    assert "no file 'models.py'" in done
    edited(made, lambda document: document["claim"].update(scenario=""))
    assert "names no scenario" in said("verify", "c.json", status=3).replace("\n  ", " ")


def test_parameters_that_are_none_are_an_answer(said: Said, made: Path) -> None:
    edited(made, lambda document: document["claim"].update(parameters=7))
    assert "its parameters cannot be read" in said("verify", "c.json", status=1).replace(
        "\n  ", " "
    )
    edited(made, lambda document: document["claim"].update(parameters={"thread": "2"}))
    assert "no parameter 'thread'" in said("verify", "c.json", status=4).replace("\n  ", " ")


def test_certificates_and_trailers_are_counted_together(said: Said, made: Path, model: str) -> None:
    line = said("explore", model).rstrip().splitlines()[-1]
    (made.parent / "mail").write_text(f"It is so.\n\n{line}\n")
    done = said("verify", "c.json", "mail")
    assert done.rstrip().endswith("2 in all: 2 confirmed")
