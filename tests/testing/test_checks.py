"""racer_check(): what is expected is held against what is found, and a failure is the report."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from racer import Program, Scenario, explore, load, replay
from racer.catalogue.discovery import find
from racer.errors import UsageError
from racer.testing.expecting import expectation
from tests.testing.projects import COUNTER, INTERLEAVINGS, LOST, failures, ran


def counter(**parameters: Any) -> Program:
    space: dict[str, Any] = {"__name__": "counting"}
    exec(compile(COUNTER, __file__, "exec"), space)
    made: Scenario = space["counter"]
    return made(**parameters)


def test_what_is_as_expected_passes_and_gives_the_result(pytester: pytest.Pytester) -> None:
    result = ran(
        pytester,
        test=f"""
def test_as_declared(racer_check):
    result = racer_check(counter)
    assert (result.verdict, result.interleavings) == ("fail", {INTERLEAVINGS})

def test_a_program_passes(racer_check):
    assert racer_check(counter(atomic=True)).verdict == "pass"

@pytest.mark.parametrize("expect", ["lost", ("lost",), {{"lost": None}}, {{"lost": {LOST}}},
                                    Expected("fail", ("lost",))])
def test_said_in_any_way(racer_check, expect):
    racer_check(counter(), expect=expect)
    racer_check(counter, expect=expect)
""",
    )
    result.assert_outcomes(passed=7)
    assert not Path("racer-out").exists()


STRICT = f"""
def test_unexpected(racer_check):
    racer_check(counter(), expect="pass")

def test_absent(racer_check):
    racer_check(counter, atomic=True, expect="lost")

def test_another(racer_check):
    racer_check(counter, expect="torn")

def test_one_more(racer_check):
    racer_check(counter, expect=("lost", "torn"))

def test_count(racer_check):
    racer_check(counter, expect={{"lost": {LOST - 1}}})

def test_loops(racer_check):
    racer_check(counter, expect=Expected("fail", ("lost",), loops=("A",)))

def test_bound(racer_check):
    mem = Memory()
    x = mem.cell("x", 0)

    async def thread():
        await x.load()
        await x.store(1)

    racer_check(Program(mem, {{"A": Thread(thread), "B": Thread(thread)}}), max_states=2)

def test_no_program(racer_check):
    racer_check(lambda: counter())

def test_no_parameter(racer_check):
    racer_check(counter, atomik=True)

def test_parameter_of_a_program(racer_check):
    racer_check(counter(), atomic=True)

def test_no_label(racer_check):
    racer_check(counter, expect="fail")

def test_no_model(racer_check):
    racer_check(counter, memory="arm65")
"""


def test_what_is_not_as_expected_fails_with_the_reason_in_its_first_line(
    pytester: pytest.Pytester,
) -> None:
    result = ran(pytester, test=STRICT)
    told = failures(result)
    assert {name: told[name] for name in list(told)[:7]} == {
        "test_unexpected": "lost: not expected (pass)",
        "test_absent": "lost: expected, and no interleaving shows it",
        "test_another": "lost: not expected (fail: torn)",
        "test_one_more": "torn: expected, and no interleaving shows it",
        "test_count": f"lost: {LOST - 1} interleavings expected, and {LOST} show it",
        "test_loops": "endless threads: fail: lost, loops in A is expected",
        "test_bound": "error: a limit cut the search, and what was not searched is not tested.",
    }
    assert all(told[name].startswith("error: ") for name in list(told)[7:])
    result.assert_outcomes(failed=12)
    assert "Traceback" not in result.stdout.str()
    assert not re.search(r"racer/\w+/\w+\.py", result.stdout.str())


def test_a_violation_that_is_expected_fails_where_a_limit_cut_the_search(
    pytester: pytest.Pytester,
) -> None:
    result = ran(
        pytester,
        test="""
def endless():
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def first():
        assert await x.load(), "unset"

    async def count():
        while True:
            await y.fetch_add(1)

    return Program(mem, {"A": Thread(first), "B": Thread(count)})

def test_cut(racer_check):
    racer_check(endless(), max_states=20, expect="unset")
""",
    )
    result.assert_outcomes(failed=1)
    assert failures(result)["test_cut"].startswith("error: a limit cut the search")
    result.stdout.fnmatch_lines(["FAIL: unset", "  the search was cut (max_states=20*"])


def test_one_interleaving_of_several_threads_is_an_error(pytester: pytest.Pytester) -> None:
    result = ran(
        pytester,
        test="""
def in_turn(threads):
    mem = Memory()
    x = mem.cell("x", 0)

    async def first():
        await x.store(1)

    async def second():
        await x.wait_until(lambda value: value == 1)

    return Program(mem, {"A": Thread(first), "B": Thread(second)} if threads == 2
                   else {"A": Thread(first)})

def test_two(racer_check):
    racer_check(in_turn(2))

def test_one(racer_check):
    assert racer_check(in_turn(1)).interleavings == 1
""",
    )
    result.assert_outcomes(failed=1, passed=1)
    assert failures(result)["test_two"].startswith("error: one interleaving of 2 threads (A, B)")
    result.stdout.fnmatch_lines(["Usual cause: *", "Try: *"])


def test_a_failure_is_the_report_with_the_brief_and_the_paths_of_the_rest(
    pytester: pytest.Pytester,
) -> None:
    result = ran(pytester, "--racer-dir=left", test=STRICT.split("def test_absent")[0])
    result.stdout.fnmatch_lines(
        [
            "lost: not expected (pass)",
            "FAIL: lost  NOT as expected (pass)",
            f"lost           {LOST} of {INTERLEAVINGS} interleavings",
            "C raised Violation 'lost' at C2.*",
            "*A0.1 load n -> 0",
            "pytest test_it.py::test_unexpected  # racer *",
            "checked at test_it.py:*",
        ]
    )
    paths = [Path(line) for line in result.outlines if line.startswith("left/")]
    (directory,) = {path.parent for path in paths}
    assert {path.name.removeprefix("test_unexpected.") for path in paths} == {
        "lost.mail.txt",
        "lost.svg",
        "lost.json",
        "html",
    }
    by_ending = {path.suffix: path for path in paths}
    assert ElementTree.parse(by_ending[".svg"]).getroot().tag.endswith("svg")
    assert "lost" in by_ending[".html"].read_text()
    subject, empty, *mail = by_ending[".txt"].read_text().splitlines()
    assert subject.startswith("Subject: racer: lost in ") and empty == "" and mail
    assert all(len(line) <= 72 for line in mail[2:])
    assert replay(counter(), load(by_ending[".json"])).labels == ("lost",)
    assert directory.parent == Path("left")


def test_no_two_checks_leave_files_of_one_name(pytester: pytest.Pytester) -> None:
    result = ran(
        pytester,
        "--racer-fresh",
        test="""
def thrice(racer_check):
    with pytest.raises(pytest.fail.Exception):
        racer_check(counter, expect="pass")
    with pytest.raises(pytest.fail.Exception):
        racer_check(counter, expect="pass")
    racer_check(counter(), expect="pass")

@pytest.mark.parametrize("word", ["a/b", "a-b"])
def test_words(racer_check, word):
    thrice(racer_check) if word == "a/b" else racer_check(counter, expect="pass")
""",
    )
    result.assert_outcomes(failed=2)
    left = list(Path("racer-out").iterdir())
    names = {"counter.lost.json", "counter.2.lost.json", "test_words.lost.json"}
    found = [{path.name for path in directory.glob("*.json")} for directory in left]
    assert sorted(found, key=len) == [{"counter.lost.json"}, names]


def test_marks_are_what_checks_have_by_default(pytester: pytest.Pytester) -> None:
    result = ran(
        pytester,
        "--strict-markers",
        test="""
@pytest.mark.racer(atomic=True)
class TestIt:
    def test_of_the_class(self, racer_check):
        assert racer_check(counter).verdict == "pass"

    @pytest.mark.racer(atomic=False, expect="lost")
    def test_the_nearest_counts(self, racer_check):
        racer_check(counter)

    def test_the_call_counts_most(self, racer_check):
        racer_check(counter, atomic=False)

    def test_without(self):
        pass

@pytest.mark.racer(expect="lost")
def test_that_checks_nothing():
    pass

def test_that_takes_it_and_checks_nothing(racer_check):
    pass

@pytest.mark.racer("lost")
def test_positional(racer_check):
    racer_check(counter)
""",
    )
    result.assert_outcomes(passed=4, failed=3)
    told = failures(result)
    taken = told["test_that_takes_it_and_checks_nothing"]
    assert taken.startswith("error: the test takes racer_check and checked nothing")
    assert told["test_that_checks_nothing"].startswith("error: the test has the mark racer and che")
    assert told["test_positional"].startswith("error: the mark racer takes keywords only")
    assert "racer(*, expect" in ran(pytester, "--markers").stdout.str()


def test_an_assert_has_the_label_that_it_has_without_pytest(pytester: pytest.Pytester) -> None:
    test = """
@scenario(expect=Expected("fail", ("assert await x.load() == 1", "set to 2")))
def asserting() -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def look():
        assert await x.load() == 1
        assert await x.load() == 1, "set to 2"

    async def store():
        await x.store(1)
        await x.store(2)

    return Program(mem, {"A": Thread(look), "B": Thread(store)})

def test_it(racer_check):
    racer_check(asserting)
"""
    ran(pytester, test=test).assert_outcomes(passed=1)
    found = explore(find("test_it.py::asserting").scenario())
    assert list(found.violations) == ["assert await x.load() == 1", "set to 2"]


BUFFERED = """
@scenario(expect=lambda memory: Expected("fail", ("one is seen",)) if memory == "tso"
          else Expected("pass"))
def buffered() -> Program:
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def thread(own, other):
        await own.store(1)
        return await other.load()

    return Program(mem, {"A": Thread(thread, x, y), "B": Thread(thread, y, x)},
                   finally_={"one is seen": lambda state, came: came["A"] or came["B"]})

def test_default(racer_check):
    racer_check(buffered)

def test_named(racer_check):
    racer_check(buffered, memory="tso")

@pytest.mark.racer(memory="tso")
def test_marked(racer_check):
    racer_check(buffered, expect="pass")
"""


def test_a_memory_model_is_named_by_a_check_or_for_all(pytester: pytest.Pytester) -> None:
    result = ran(pytester, test=BUFFERED)
    result.assert_outcomes(passed=2, failed=1)
    assert failures(result) == {"test_marked": "one is seen: not expected (pass)"}
    assert "(buffered)" in result.stdout.str()
    every = ran(pytester, "-v", "--racer-memory=tso", "--racer-update")
    every.assert_outcomes(passed=2, failed=1)
    (kept,) = Path("schedules").iterdir()
    assert kept.name.startswith("buffered.memory=tso.one-is-seen")
    again = ran(pytester, "schedules")
    again.assert_outcomes(passed=1)


def test_what_a_scenario_declares_stands_for_what_a_test_says_alike() -> None:
    space: dict[str, Any] = {"__name__": "counting"}
    exec(compile(COUNTER, __file__, "exec"), space)
    declared = space["declared"](atomic=False)
    assert expectation("lost", declared).declared.because == "two loads, then two stores"
    assert expectation("torn", declared).declared.because == ""


@pytest.mark.parametrize(
    "expect", [(), {}, 3, [""], {"lost": 0}, {"lost": True}, {"lost": "3"}, {3: 3}, "fail", b"x"]
)
def test_what_is_no_expectation_is_refused(expect: Any) -> None:
    with pytest.raises(UsageError, match="label"):
        expectation(expect, None)


def test_an_execution_that_is_no_interleaving_is_left_as_a_schedule_is(
    pytester: pytest.Pytester,
) -> None:
    test = """
@scenario
def buffering() -> Program:
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def run(mine, other):
        await mine.store(1)
        return await other.load()

    threads = {"A": Thread(run, x, y), "B": Thread(run, y, x)}
    return Program(mem, threads, finally_={"both": lambda state, came: came["A"] or came["B"]})


def test_it(racer_check):
    racer_check(buffering, memory="arm64")
"""
    result = ran(pytester, test=test)
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert "no order of all steps explains" in text and "smp_mb() between A1 and A2" in text
    names = {path.name.partition(".")[2] for path in Path("racer-out").rglob("*.*")}
    both = {"json", "svg", "dot", "mail.txt"}
    assert names >= {f"memory=arm64.both.{each}" for each in both} | {"memory=arm64.html"}
