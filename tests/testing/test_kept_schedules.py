"""Schedules that are kept: each a test, first of all, never rewritten unless that is asked for."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

import racer.testing.kept  # see projects.py
import racer.testing.schedules
from tests.testing.projects import COUNTER, failures, ran, with_xdist

CHECKS = """
@pytest.mark.parametrize("n", [1, 2])
def test_program(racer_check, n):
    racer_check(counter(), expect="lost")

class TestIt:
    def test_scenario(self, racer_check):
        racer_check(counter)

    def test_method(self, racer_check):
        assert not hasattr(self, "has_run")
        self.has_run = True
        racer_check(counter(), expect="lost")
"""
# What mends it: the steps of A are a fetch_add of n and one of done, in place of three.
MENDED = COUNTER.replace("if atomic:", "if True:")
ONE_MORE = COUNTER.replace("copies=2", "copies=3").replace("== 2", "== 3").replace("!= 2", "!= 3")


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project whose checks have been kept: three of Programs that tests made, and a scenario."""
    ran(pytester, "--racer-update", test=CHECKS).assert_outcomes(passed=4)
    assert len(kept()) == 4
    return pytester


def kept() -> list[Path]:
    return sorted(Path("schedules").iterdir())


def contents() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in kept()}


def of(name: str) -> Path:
    (found,) = (path for path in kept() if name in path.name)
    return found


def test_each_is_a_test_and_they_are_first(project: pytest.Pytester) -> None:
    result = ran(project, "-v")
    result.assert_outcomes(passed=8)
    names = [line.split(" ")[0] for line in result.outlines if line.endswith("%]")]
    assert len(set(names)) == 8
    assert [name.partition("[")[0] for name in names[:4]] == [
        "schedules/counter.lost.json::lost",
        "test_it.py::test_program",
        "test_it.py::test_program",
        "test_it.py::TestIt::test_method",
    ]
    assert [name for name in names if "schedule" not in name and ".lost" not in name] == names[4:]
    # by the file of the test alone; and one by its name
    ran(project, "test_it.py").assert_outcomes(passed=7)
    ran(project, names[1]).assert_outcomes(passed=1)
    ran(project, names[3]).assert_outcomes(passed=1)
    ran(project, "test_it.py::test_program").assert_outcomes(passed=4)


def test_none_is_written_unless_that_is_asked_for(project: pytest.Pytester) -> None:
    before = contents()
    ran(project, "--racer-update").assert_outcomes(passed=8)
    assert contents() == before
    of("counter").unlink()
    ran(project, test=CHECKS, header=MENDED).assert_outcomes(failed=7)  # 3 schedules, 4 checks
    assert contents() == {name: before[name] for name in before if name != "counter.lost.json"}


def test_one_whose_label_is_gone_fails_at_its_step_until_that_is_confirmed(
    project: pytest.Pytester,
) -> None:
    result = ran(project, test=CHECKS, header=MENDED)
    result.assert_outcomes(failed=8)
    told = failures(result)
    # Up to symmetry there are 8 states: both have taken 0, 1 or 2 of their steps, in any order, 6;
    # then C has seen two threads, and has ended. A.0 was left after its load of n, before it
    # stored; there is neither now, so it takes one step, as it did. A.1 takes its two, A.0 the
    # other one, and C both of its own: 6.
    assert told["lost"] == (
        "lost: stale: every turn can be taken, and after step 6 nothing is violated"
    )
    text = result.stdout.str()
    assert text.count("lost is gone: none of 8 states shows it. That is good news, and") == 4
    confirmed = ran(project, "--racer-update")
    confirmed.assert_outcomes(passed=4, failed=4)  # the checks expect it still
    assert all(json.loads(path.read_text())["gone"] for path in kept())
    assert "racer: schedules that were written" in confirmed.stdout.str()
    ran(project).assert_outcomes(passed=4, failed=4)

    back = ran(project, test=CHECKS, header=COUNTER)
    back.assert_outcomes(passed=4, failed=4)
    assert set(failures(back).values()) == {
        "lost: it is back: the schedule that was not to show it again does"
    }
    assert back.stdout.str().count("A0.1 load n -> 0") == 4


def test_one_of_a_program_that_moved_says_so_and_is_written_anew(
    project: pytest.Pytester,
) -> None:
    before = contents()
    result = ran(project, "schedules", test=CHECKS, header=ONE_MORE)
    # two of three threads have added when C's turn comes: it waits for the third
    result.assert_outcomes(failed=1)
    assert failures(result)["lost"] == (
        "lost: stale at step 7, where C runs to its end: wait_until done, which blocks here"
    )
    assert "The program moved: lost is still there, by another schedule." in result.stdout.str()
    assert contents() == before
    ran(project, "--racer-update").assert_outcomes(passed=8)
    assert all(contents()[name] != before[name] for name in before)
    ran(project).assert_outcomes(passed=8)


def test_where_a_search_is_cut_it_is_not_said_that_a_label_is_gone(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(racer.testing.schedules, "STATES", 3)
    before = contents()
    result = ran(project, "--racer-update", "schedules", test=CHECKS, header=MENDED)
    result.assert_outcomes(failed=1)
    assert "Whether lost is gone is not known: the search was cut" in result.stdout.str()
    assert contents() == before


@pytest.mark.parametrize(
    "corrupt",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "\0\xff",
        lambda text: "[]",
        lambda text: text.replace("racer-schedule/1", "racer-schedule/9"),
        lambda text: text.replace('"label": "lost"', '"label": 3'),
        lambda text: text.replace('"turns": [', '"turns": [3,'),
        lambda text: text.replace('"memory": "sc"', '"memory": "arm65"'),
        lambda text: re.sub(r'"scenario": "[^"]*"', '"scenario": "nobody.py::counter"', text),
        lambda text: re.sub(r'"scenario": "[^"]*"', '"scenario": "../../x.py::counter"', text),
        lambda text: text.replace("::counter", "::nobody"),
        lambda text: text.replace('"A.0"', '"nobody"').replace('"A.1"', '"somebody"'),
        lambda text: text.replace('"label": "lost"', '"label": "lost", "parameters": {"n": 3}'),
    ],
)
def test_a_corrupted_one_is_one_failing_test_and_the_rest_run(
    project: pytest.Pytester, corrupt: object
) -> None:
    assert callable(corrupt)
    path = of("counter")
    # a second one, since of a directory with none that begins as racer's, none is taken for one
    (path.parent / "good.json").write_bytes(path.read_bytes())
    path.write_text(corrupt(path.read_text()))
    result = ran(project, "schedules")
    result.assert_outcomes(passed=1, failed=1)
    (told,) = failures(result).values()
    assert told.startswith("error: ") and "Traceback" not in result.stdout.str()


def test_one_whose_test_is_not_there_fails(project: pytest.Pytester) -> None:
    renamed = CHECKS.replace("test_program", "test_other")
    result = ran(project, test=renamed)
    result.assert_outcomes(passed=6, failed=2)
    assert all("there is no 'test_program' in that file" in t for t in failures(result).values())
    without = CHECKS.replace("racer_check, n", "n").replace("racer_check(counter(), ", "dict(", 1)
    result = ran(project, test=without)
    result.assert_outcomes(passed=6, failed=2)
    assert all("which makes no racer_check() now" in told for told in failures(result).values())
    other_ids = CHECKS.replace("[1, 2]", "[1, 3]")
    ran(project, test=other_ids).assert_outcomes(passed=7, failed=1)
    later = re.sub(r"( +)racer_check\(counter\(", r"\1return\n\g<0>", CHECKS)
    result = ran(project, "-W", "ignore", test=later)
    told = list(failures(result).values())
    assert sum("made no check of number 1" in each for each in told) == 3
    assert sum("takes racer_check and checked nothing" in each for each in told) == 3  # the tests
    assert len(told) == 6
    Path("test_it.py").unlink()
    result = ran(project)
    assert result.stdout.str().count("its file cannot be read: No such file or directory") == 3


def test_other_json_is_left_alone_and_so_is_another_directory_of_that_name(
    pytester: pytest.Pytester,
) -> None:
    folder = pytester.mkdir("schedules")
    (folder / "trains.json").write_text('{"schema": "trains"}')
    pytester.mkdir("data")
    Path("data/schedule.json").write_text("{}")
    ran(pytester, test="def test_it():\n    pass\n").assert_outcomes(passed=1)


def test_the_settings_may_name_one_directory_for_all(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nracer_schedules = kept/here\n")
    below = pytester.mkdir("tests") / "deep"
    below.mkdir()
    (below / "test_deep.py").write_text(f"import pytest\n{COUNTER}\n{CHECKS}")
    ran(pytester, "--racer-update").assert_outcomes(passed=4)
    assert len(list(Path("kept/here").iterdir())) == 4
    ran(pytester).assert_outcomes(passed=8)
    ran(pytester, "kept").assert_outcomes(passed=1)


def test_what_the_last_run_found_is_tried_first(pytester: pytest.Pytester) -> None:
    test = "def test_it(racer_check):\n    racer_check(counter())\n"
    first = ran(pytester, test=test)
    assert "12 of 20 interleavings" in first.stdout.str()
    scratch = Path(".racer")
    assert (scratch / ".gitignore").read_text().splitlines()[-1] == "*"
    second = ran(pytester)
    second.assert_outcomes(failed=1)
    assert failures(second)["test_it"] == "lost: not expected (pass)"
    text = second.stdout.str()
    assert "nothing else was searched" in text and "12 of 20" not in text
    assert "A0.1 load n -> 0" in text
    assert "12 of 20" in ran(pytester, "--racer-fresh").stdout.str()
    # where what a run has left is gone, the next one leaves it again
    left = sorted(Path("racer-out").rglob("*.*"))
    assert any(path.suffix == ".svg" for path in left)
    shutil.rmtree("racer-out")
    assert "12 of 20" in ran(pytester).stdout.str()
    assert sorted(Path("racer-out").rglob("*.*")) == left
    assert "nothing else was searched" in ran(pytester).stdout.str()
    # what does not show it any more is removed, and all is searched
    mended = ran(pytester, test=test, header=MENDED)
    mended.assert_outcomes(passed=1)
    assert list((scratch / "schedules").iterdir()) == []
    # and what is expected is no failure, whoever has found it
    ran(pytester, test=test, header=COUNTER).assert_outcomes(failed=1)
    ran(pytester, test=test.replace("()", "(), expect='lost'", 1)).assert_outcomes(passed=1)


def test_where_schedules_cannot_be_written_that_is_told(pytester: pytest.Pytester) -> None:
    Path("schedules").write_text("no directory")
    Path(".racer").write_text("no directory, either")
    result = ran(pytester, "--racer-update", test=CHECKS)
    result.assert_outcomes(failed=4)
    assert all(told.startswith("error: cannot write") for told in failures(result).values())
    result = ran(pytester, test="def test_it(racer_check):\n    racer_check(counter())\n")
    assert failures(result)["test_it"] == "lost: not expected (pass)"


def test_only_what_is_a_schedule_is_replaced(project: pytest.Pytester) -> None:
    of("counter").write_text("mine")
    result = ran(project, "--racer-update", "test_it.py")
    result.assert_outcomes(passed=6, failed=1)
    assert of("counter").read_text() == "mine"


@pytest.mark.slow
@with_xdist
def test_workers_follow_and_write_them(project: pytest.Pytester) -> None:
    result = ran(project, "-n2", "--racer-update", test=CHECKS, header=MENDED)
    result.assert_outcomes(passed=4, failed=4)
    assert len([line for line in result.outlines if line.startswith("schedules/")]) == 4
