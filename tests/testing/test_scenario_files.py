"""`pytest --racer`: what files of scenarios and claims declare, a test each."""

from __future__ import annotations

from pathlib import Path

import pytest

import racer.testing.scenarios  # noqa: F401  # see projects.py
from tests.command_line import MODELS
from tests.testing.projects import COUNTER, PLUGIN, failures

CLAIMS = """
from racer import Answer, Claim, Never, Shows

from .counting import counter

CLAIMS = (
    Claim("L1", "an atomic add loses nothing", "here", (Never("lost", counter, atomic=True),),
          Answer("holds")),
    Claim("L2", "nothing is ever lost", "here", (Never("lost", counter, atomic=False),),
          Answer("holds")),
)
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    folder = pytester.mkdir("scenarios")
    (folder / "counting.py").write_text(COUNTER)
    (folder / "claims.py").write_text(CLAIMS)
    (folder / "broken.py").write_text("import nosuchmodule\n@scenario\ndef f(): ...\n")
    (folder / "setup.py").write_text("raise SystemExit('nothing is declared here')\n")
    pytester.makepyfile(test_it="def test_unrelated():\n    pass\n")
    return pytester


def ran(project: pytest.Pytester, *words: str) -> pytest.RunResult:
    return project.runpytest_inprocess(*PLUGIN, "-p", "no:cacheprovider", *words)


def test_each_point_and_each_claim_is_a_test_and_a_broken_file_hides_no_other(
    project: pytest.Pytester,
) -> None:
    result = ran(project, "--racer", "-v", "--continue-on-collection-errors", "scenarios")
    # the counter as it is and atomic=true; L1; L2, which it refutes; broken.py
    result.assert_outcomes(passed=3, failed=1, errors=1)
    result.stdout.fnmatch_lines_random(
        [
            "scenarios/counting.py::counter PASSED*",
            "scenarios/counting.py::counter[[]atomic=true[]] PASSED*",
            "scenarios/claims.py::L1 PASSED*",
            "scenarios/claims.py::L2 FAILED*",
            "error: scenarios/broken.py cannot be loaded: ModuleNotFoundError*",
        ]
    )
    text = result.stdout.str()
    assert "Traceback" not in text
    assert failures(result)["L2"] == "claim L2: refuted, and holds is expected"
    assert "REFUTED  NOT as expected (holds)" in text and "A0.1 load n -> 0" in text
    assert (list(Path("racer-out").glob("*L2*/counter.lost.svg"))) != []


def test_a_file_may_be_named_by_itself_and_a_point_by_its_parameters(
    project: pytest.Pytester,
) -> None:
    ran(project, "--racer", "scenarios/counting.py").assert_outcomes(passed=2)
    one = ran(project, "--racer", "scenarios/counting.py::counter[atomic=true]")
    one.assert_outcomes(passed=1)
    ran(project, "--racer", "scenarios/claims.py::L1", "test_it.py").assert_outcomes(passed=2)


def test_without_the_option_no_file_of_scenarios_is_looked_at(project: pytest.Pytester) -> None:
    ran(project).assert_outcomes(passed=1)


def test_what_is_not_as_declared_fails_and_what_cannot_happen_is_skipped(
    project: pytest.Pytester,
) -> None:
    (project.path / "scenarios" / "models.py").write_text(MODELS)
    result = ran(project, "--racer", "-rs", "scenarios/models.py", "-k", "reads or refuses or vac")
    # reads: torn as it is, once; "declared wrongly" shows what it declares not to. An int stays as
    # it is. refuses() cannot happen. vacuous() declares nothing, and so has to pass.
    result.assert_outcomes(passed=2, failed=2, skipped=1)
    told = failures(result)
    assert told["reads[variant=declared wrongly]"] == "torn: not expected (pass)"
    assert told["vacuous"] == "x is 1: not expected (pass)"
    assert "it cannot happen: this needs more writers" in result.stdout.str()
    every = ran(project, "--racer", "--racer-grid=all", "--collect-only", "-q", "-k", "reads",
                "scenarios/models.py")  # fmt: skip
    assert len([line for line in every.outlines if "::reads" in line]) == 3 * 4


def test_a_limit_fails_a_point_and_a_claim(project: pytest.Pytester) -> None:
    (project.path / "scenarios" / "endless.py").write_text(
        """
from racer import Answer, Claim, Expected, Memory, Never, Program, Thread, scenario

@scenario(expect=Expected("pass"))
def endless() -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def count():
        while True:
            await x.fetch_add(1)

    return Program(mem, {"A": Thread(count, copies=2)})

E1 = Claim("E1", "it never fails", "here", (Never("deadlock", endless),), Answer("bound"))
"""
    )
    result = ran(project, "--racer", "--racer-timeout=0.5", "scenarios/endless.py")
    result.assert_outcomes(failed=2)
    assert {each.split(",")[0] for each in failures(result).values()} == {
        "error: a limit cut the search"
    }


def test_a_project_with_an_option_in_its_settings_runs_both(project: pytest.Pytester) -> None:
    (project.path / "scenarios" / "broken.py").unlink()
    (project.path / "scenarios" / "__init__.py").write_text("")
    project.makeini(
        "[pytest]\naddopts = --racer --strict-markers\ntestpaths = test_it.py scenarios\n"
    )
    ran(project, "-q").assert_outcomes(passed=4, failed=1)
