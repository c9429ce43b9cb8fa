"""--sarif FILE: each violation at its line, with its schedule as thread flows."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema.validators import validator_for

from tests.cli.test_schemas import MORE

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]

# Of every object that is used, what SARIF 2.1.0 requires (sections 3.13 to 3.58), by the name of
# the property that holds it; and what may not be empty.
NOT_EMPTY = {"codeFlows", "threadFlows"}
REQUIRED = {
    "": {"version", "runs"},
    "runs": {"tool"},
    "tool": {"driver"},
    "driver": {"name"},
    "rules": {"id"},
    "invocations": {"executionSuccessful"},
    "toolExecutionNotifications": {"message"},
    "results": {"message"},
    "codeFlows": {"threadFlows"},
    "threadFlows": {"locations"},
    "physicalLocation": {"artifactLocation"},
    "artifactLocation": {"uri"},
    "message": {"text"},
    "shortDescription": {"text"},
}


def objects(found: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of a document, with the name of the property that holds it."""
    if isinstance(found, dict):
        yield name, found
        for key, value in found.items():
            yield from objects(value, key)
    elif isinstance(found, list):
        for each in found:
            yield from objects(each, name)


def written(name: str = "out.sarif") -> dict[str, Any]:
    """The one run of a file, which is as SARIF has it."""
    document = json.loads(Path(name).read_text())
    assert document["version"] == "2.1.0"
    for held_by, each in objects(document):
        assert REQUIRED.get(held_by, set()) <= each.keys(), held_by
        assert None not in each.values()
        assert all(each[key] for key in NOT_EMPTY & each.keys())
        if held_by == "threadFlows":
            assert each["locations"]
    schema = os.environ.get("SARIF_SCHEMA")
    if schema:
        rules = json.loads(Path(schema).read_text())
        assert [error.message for error in validator_for(rules)(rules).iter_errors(document)] == []
    (run,) = document["runs"]
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert ids == sorted({*ids})
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert len(result["locations"]) == 1
    assert isinstance(run, dict)
    return run


def test_the_schema_of_sarif_is_tried_where_it_is() -> None:
    if "SARIF_SCHEMA" not in os.environ:
        pytest.skip("SARIF_SCHEMA names no file with the schema; what it requires is held by hand")


def test_a_schedule_is_a_code_flow_with_a_thread_flow_for_each_thread(
    racer: Run, here: Path
) -> None:
    status, out, _ = racer("explore", "models.py::reads", "--json", "--sarif", "out.sarif")
    events = json.loads(out)["violations"]["torn"]["events"]
    assert status == 0
    (result,) = written()["results"]
    (flow,) = result["codeFlows"]
    told = {
        each["executionOrder"]: (thread["id"], each["location"])
        for thread in flow["threadFlows"]
        for each in thread["locations"]
    }
    # R1 W1 R2, of which the last is torn.
    assert sorted(told) == [1, 2, 3]
    assert [told[order][0] for order in (1, 2, 3)] == ["R", "W", "R"]
    texts = [told[order][1]["message"]["text"] for order in (1, 2, 3)]
    assert texts == ["R1 load x -> 0", "W1 store x = 1", "R2 load x -> 1 *** torn"]
    lines = (here / "models.py").read_text().splitlines()
    for order, event in enumerate(events, 1):
        at = told[order][1]["physicalLocation"]
        line = at["region"]["startLine"]
        assert f"{at['artifactLocation']['uri']}:{line}" == event["source"]
        assert "await x." in lines[line - 1]
    assert result["locations"][0]["physicalLocation"] == told[3][1]["physicalLocation"]
    threads = {thread["id"]: thread for thread in flow["threadFlows"]}
    assert threads["R"]["initialState"] == {"x": {"text": "0"}}
    assert threads["W"]["locations"][0]["state"] == {"x": {"text": "1"}}


@pytest.mark.parametrize(
    ("words", "rule", "level"),
    [
        ("models.py::reads", "torn", "note"),
        ("models.py::reads --expect fail", "torn", "note"),
        ("models.py::reads --expect pass", "torn", "error"),
        ("models.py::deadlocks", "deadlock", "error"),
        ("models.py::spins", "livelock", "error"),
        ("models.py::vacuous", "x is 1", "error"),
        ("models.py::reads --variant once --expect fail", "not as declared", "error"),
        ("more.py::waits", "deadlock", "note"),
    ],
)
def test_what_is_declared_is_a_note_and_all_else_an_error(
    racer: Run, here: Path, words: str, rule: str, level: str
) -> None:
    (here / "more.py").write_text(MORE)
    racer("explore", *words.split(), "--sarif", "out.sarif")
    (result,) = written()["results"]
    assert (result["ruleId"], result["level"]) == (rule, level)
    assert result["message"]["text"].startswith(words.partition(" ")[0])
    where = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert (here / where["uri"]).is_file() and where["uriBaseId"] == "%SRCROOT%"


def test_a_pass_has_no_result_and_a_limit_is_a_notification(racer: Run, here: Path) -> None:
    racer("explore", "models.py::reads", "--variant", "once", "--sarif", "out.sarif")
    run = written()
    assert run["results"] == [] and run["invocations"][0]["toolExecutionNotifications"] == []
    racer("explore", "models.py::reads", "--max-states", "2", "--sarif", "out.sarif")
    run = written()
    (told,) = run["invocations"][0]["toolExecutionNotifications"]
    assert run["results"] == [] and told["level"] == "warning"
    assert "bound; " in told["message"]["text"] and "max_states=2" in told["message"]["text"]


def test_all_of_a_directory_are_one_run(racer: Run, here: Path) -> None:
    (here / "broken.py").write_text("@scenario\ndef broken(:\n")
    status, out, _ = racer("explore", ".", "--max-states", "20", "--sarif", "new/out.sarif")
    run = written("new/out.sarif")
    assert status == 130 and out.endswith("\nnew/out.sarif\n")
    assert [result["ruleId"] for result in run["results"]] == ["deadlock"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    told = [each["message"]["text"] for each in invocation["toolExecutionNotifications"]]
    assert any(text.startswith("broken.py cannot be loaded") for text in told)
    assert "models.py::reads: interrupted before it" in told


def test_lines_of_installed_scenarios_are_of_no_checkout(racer: Run) -> None:
    racer("explore", "aba", "--sarif", "out.sarif")
    (result,) = written()["results"]
    where = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert where == {"uri": "scenarios/aba.py", "uriBaseId": "INSTALLED"}


def test_a_case_keeps_its_fingerprint_and_another_has_another(racer: Run) -> None:
    found = []
    for words in (["--set", "writers=1"], [], ["--set", "writers=2"]):
        racer("explore", "models.py::reads", *words, "--sarif", "out.sarif")
        found.append(written()["results"][0]["partialFingerprints"]["racerCase/v1"])
    assert found[0] == found[1] != found[2]


def test_a_file_that_is_no_sarif_of_racers_is_kept(racer: Run, here: Path) -> None:
    for text in ("mine", '{"$schema": "sarif", "runs": [{"tool": {"driver": {"name": "other"}}}]}'):
        (here / "out.sarif").write_text(text)
        status, out, err = racer("explore", "models.py::reads", "--sarif", "out.sarif")
        assert status == 2 and "FAIL  as expected" in out
        assert "there is a file that is no SARIF file of racer's" in err
        assert (here / "out.sarif").read_text() == text
    (here / "out.sarif").unlink()
    for _ in range(2):  # its own is replaced
        assert racer("explore", "models.py::reads", "--sarif", "out.sarif")[0] == 0
    status, _, err = racer("explore", "models.py::reads", "--sarif", "")
    assert status == 2 and "--sarif is empty" in err
