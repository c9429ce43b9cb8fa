"""--ktap: what a kernel's CI reads, by the grammar of ktap.rst and, if there is one, its parser."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_schemas import MORE

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]


@dataclass(frozen=True)
class Test:
    """A result line, and the diagnostic lines above it."""

    __test__ = False

    ok: bool
    name: str
    directive: str
    told: tuple[str, ...]


def read(text: str) -> list[Test]:
    """The tests of a document, by Documentation/dev-tools/ktap.rst; nothing else may be in it.

    Version line, plan line, then per test diagnostic lines, which begin with "# ", and a result:
    <result> <number> [<description>][ # [<directive>] [<diagnostic data>]].
    """
    version, plan, *lines = text.splitlines()
    assert version == "KTAP version 1"
    assert re.fullmatch(r"1\.\.\d+", plan)
    tests: list[Test] = []
    told: list[str] = []
    for line in lines:
        if line.startswith("# "):
            told.append(line[2:])
            continue
        found = re.fullmatch(r"(ok|not ok) (\d+) ([^#\n]*?)(?: # (\S.*))?", line)
        assert found, line
        assert int(found[2]) == len(tests) + 1
        tests.append(Test(found[1] == "ok", found[3], found[4] or "", tuple(told)))
        told = []
    assert told == [] and plan == f"1..{len(tests)}"
    return tests


def test_what_is_as_declared_is_ok_and_what_is_not_is_not(racer: Run) -> None:
    status, out, _ = racer("explore", "models.py::reads", "--ktap")
    (torn,) = read(out)
    assert (status, torn.ok, torn.name, torn.directive) == (0, True, "models.py::reads", "")
    assert torn.told[0] == "FAIL as expected: torn"
    assert any(line.startswith("Racer: models.py::reads ") for line in torn.told)
    assert torn.told[-1] == "witness: racer-out/reads.torn.json"
    status, out, _ = racer("explore", "models.py::reads", "--variant", "once", "--ktap")
    (once,) = read(out)
    assert (status, once.ok, once.name) == (0, True, "models.py::reads variant=once")
    status, out, _ = racer("explore", "models.py::reads", "--expect", "pass", "--ktap")
    assert (status, read(out)[0].ok) == (1, False)


def test_what_a_limit_cut_has_a_directive(racer: Run) -> None:
    status, out, _ = racer("explore", "models.py::reads", "--max-states", "2", "--ktap")
    (cut,) = read(out)
    assert (status, cut.ok, cut.directive) == (3, False, "TIMEOUT max_states=2")


def test_what_a_sample_does_not_prove_is_said_once(racer: Run) -> None:
    _, out, _ = racer("explore", "models.py::reads", "--sample", "pos", "--runs", "20", "--ktap")
    (sampled,) = read(out)
    assert "torn" in sampled.told[0]
    assert " ".join(sampled.told).count("is not proved") == 1


def test_all_of_a_directory_are_tests_of_one_plan(racer: Run, here: Path) -> None:
    """Ctrl-C comes while `interrupts` is explored; what is after it by name is not come to."""
    (here / "broken.py").write_text("@scenario\ndef broken(:\n")
    status, out, _ = racer("explore", ".", "--max-states", "20", "--ktap")
    tests = {test.name: test for test in read(out)}
    assert status == 130
    assert tests["models.py::build_raises"].directive.endswith(
        "ZeroDivisionError: division by zero"
    )
    assert not tests["models.py::deadlocks"].ok
    reads = "models.py::reads"
    assert tests[reads] == Test(True, reads, "SKIP interrupted before it", ())
    assert tests["broken.py"].directive.startswith("ERROR broken.py cannot be loaded")


def test_each_memory_model_is_a_test(racer: Run) -> None:
    status, out, err = racer("explore", "models.py::reads", "--memory", "sc,tso", "--ktap")
    sc, tso = read(out)
    assert err == ""
    assert (status, sc.ok, tso.ok) == (0, True, True)
    assert (sc.name, tso.name) == ("models.py::reads", "models.py::reads memory=tso")


def test_claims_are_tests(racer: Run, here: Path) -> None:
    (here / "more.py").write_text(MORE)
    status, out, _ = racer("claims", "more.py", "--ktap")
    assert (status, read(out)) == (
        0,
        [Test(True, "W1", "", ("it never hangs", "answer: refuted", "expected: refuted"))],
    )
    (here / "more.py").write_text(MORE.replace('Answer("refuted")', 'Answer("holds")'))
    status, out, _ = racer("claims", "more.py", "--ktap")
    assert (status, read(out)[0].ok) == (1, False)
    status, out, _ = racer("claims", "more.py", "--ktap", "--max-states", "1")
    (cut,) = read(out)
    assert (status, cut.ok, cut.directive) == (3, False, "TIMEOUT a limit cut the search")


NAMES = """
from racer import Memory, Program, Thread, Violation, scenario


@scenario
def named(*, text: str = "") -> Program:
    x = (mem := Memory()).cell("x", 0)

    async def thread() -> None:
        await x.load()
        raise Violation("ok 2 # SKIP\\nnot ok 3")

    return Program(mem, {"T": Thread(thread)})
"""


def test_no_name_makes_a_line_or_a_directive(racer: Run, here: Path) -> None:
    (here / "names.py").write_text(NAMES)
    out = racer("explore", "names.py::named", "--set", "text=a # SKIP b\nok 2 c", "--ktap")[1]
    (test,) = read(out)
    assert (test.ok, test.directive) == (False, "")
    assert test.name == "names.py::named text=a %23 SKIP b\\u000aok 2 c"


def test_stdout_has_one_document(racer: Run) -> None:
    status, out, err = racer("explore", "models.py::reads", "--ktap", "--json")
    assert (status, out) == (2, "") and "--json and --ktap exclude each other" in err


# A check of Patchwork


@pytest.mark.parametrize(
    ("words", "state", "context", "said"),
    [
        (
            "models.py::reads",
            "success",
            "racer-models-py-reads",
            "as declared: fail: torn; 3 inter",
        ),
        (
            "models.py::reads --expect pass",
            "fail",
            "racer-models-py-reads",
            "not as declared: fail",
        ),
        (
            "models.py::reads --variant once",
            "success",
            "racer-models-py-reads-variant-once",
            "as d",
        ),
        ("models.py::reads --max-states 2", "warning", "racer-models-py-reads", "cut: bound; "),
        (
            "models.py --max-states 20",
            "fail",
            "racer-models-py",
            "14 scenarios, not as declared: models.py::deadlocks; cut by a limit: ",
        ),
    ],
)
def test_a_check_is_what_patchwork_takes(
    racer: Run, words: str, state: str, context: str, said: str
) -> None:
    check = json.loads(racer("explore", *words.split(), "--patchwork")[1])
    assert list(check) == ["state", "context", "description"]
    assert (check["state"], check["context"]) == (state, context)
    assert re.fullmatch(r"[-a-zA-Z0-9_]{1,255}", check["context"])
    assert check["description"].startswith(said)


# The kernel's own parser

PARSE = """
import sys
sys.path.insert(0, sys.argv[1])
import kunit_parser
test = kunit_parser.parse_run_tests(sys.stdin.read().splitlines())
counts = test.counts
print("COUNTS", counts.passed, counts.failed, counts.crashed, counts.skipped, counts.errors)
"""


def test_the_parser_of_the_kernel_reads_what_is_meant(racer: Run, here: Path) -> None:
    """LINUX_TREE names the sources of Linux; 6.12 was tried."""
    tools = Path(os.environ.get("LINUX_TREE", "/nowhere")) / "tools/testing/kunit"
    if not (tools / "kunit_parser.py").is_file():
        pytest.skip("LINUX_TREE names no sources of Linux, so their kunit_parser.py is not tried")
    (here / "broken.py").write_text("@scenario\ndef broken(:\n")
    (here / "names.py").write_text(NAMES)
    (here / "more.py").write_text(MORE)
    for words in (
        ["explore", "."],
        ["explore", "names.py::named", "--set", "text=# SKIP\n1..9"],
        ["explore", "models.py::reads"],
        ["claims", "more.py"],
    ):
        limit = ["--max-states", "20"] if words[0] == "explore" else []
        out = racer(*words, *limit, "--ktap")[1]
        tests = read(out)
        skipped = sum(test.directive.startswith("SKIP") for test in tests)
        failed = sum(not test.ok for test in tests)
        run = subprocess.run(
            [sys.executable, "-c", PARSE, str(tools)],
            input=out,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        passed = len(tests) - failed - skipped
        assert f"COUNTS {passed} {failed} 0 {skipped} 0\n" in run.stdout, run.stdout
