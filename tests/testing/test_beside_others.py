"""The plugin beside whatever else a run of pytest has: other plugins, workers, no terminal."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from tests.testing.projects import (
    COUNTER,
    INSTALLED,
    LOST,
    PLUGIN,
    failures,
    ran,
    ran_alone,
    with_xdist,
)

RED_AND_GREEN = """
def test_green(racer_check):
    racer_check(counter, atomic=True)

def test_red(racer_check):
    racer_check(counter, expect="pass")
"""


def test_pytest_finds_the_plugin_that_is_installed() -> None:
    assert INSTALLED, "racer was installed before it had a plugin: pip install -e '.[test]'"


def test_nothing_of_the_engine_is_imported_until_a_test_asks(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        """
import sys

import pytest

OF_RACER = {"racer", "racer.testing", "racer.testing.plugin", "racer.testing.stashed"}

def test_unrelated():
    assert {name for name in sys.modules if name.split(".")[0] == "racer"} <= OF_RACER
    assert not {"trio", "msgspec", "jinja2", "typer", "graphviz"} & set(sys.modules)

@pytest.fixture
def of_theirs(racer_check):
    return racer_check

def test_that_does_not_call_it(of_theirs):
    test_unrelated()
"""
    )
    done = ran_alone(tmp_path, "-p", "no:anyio", "-p", "no:trio", "-p", "no:hypothesispytest")
    assert done.returncode == 0, done.stdout
    assert "racer" not in done.stdout.replace(str(tmp_path), "").split("collected")[1]
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) in (
        [],
        ["__pycache__"],
    )


def test_it_can_be_left_out(pytester: pytest.Pytester) -> None:
    words = ["-p", "no:racer"] if INSTALLED else []
    pytester.makepyfile(
        test_it="""
def test_unrelated():
    pass

def test_related(racer_check):
    pass
"""
    )
    result = pytester.runpytest_inprocess(*words)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*fixture 'racer_check' not found*"])


def test_all_of_it_is_in_a_junit_file_with_strict_markers(pytester: pytest.Pytester) -> None:
    ran(pytester, "--strict-markers", "--junitxml=junit.xml", test=RED_AND_GREEN)
    green, red = ElementTree.parse("junit.xml").getroot().iter("testcase")
    result = green.find("./properties/property")
    assert result is not None and result.attrib["name"] == "racer"
    assert result.attrib["value"].startswith("pass; ")
    failure = red.find("failure")
    assert failure is not None and failure.text is not None
    assert failure.text.splitlines()[0] == "lost: not expected (pass)"
    assert "A0.1 load n -> 0" in failure.text


@with_xdist
def test_a_worker_that_dies_is_told_and_the_others_leave_what_one_process_does(
    pytester: pytest.Pytester,
) -> None:
    test = f"""
import os

@pytest.mark.parametrize("n", range(2))
def test_green(racer_check, n):
    racer_check(counter, expect={{"lost": {LOST}}})

@scenario
def ends() -> Program:
    os.kill(os.getpid(), 9)

def test_that_dies(racer_check):
    racer_check(ends)

@pytest.mark.parametrize("n", range(2))
def test_red(racer_check, n):
    racer_check(counter(), expect="pass")
"""
    result = ran(pytester, "-n2", "--racer-dir=two", test=test)
    result.assert_outcomes(passed=2, failed=3)
    result.stdout.fnmatch_lines(["*worker 'gw*' crashed while running '*::test_that_dies'"])
    assert result.stdout.str().count("checked at test_it.py:") == 2
    ran(
        pytester,
        "--racer-fresh",
        "--racer-dir=one",
        "--deselect=test_it.py::test_that_dies",
        test=test,
    )
    two, one = (sorted(p.relative_to(d) for p in Path(d).rglob("*")) for d in ("two", "one"))
    assert len(two) == 2 * 6  # a directory; witness, dot, svg, mail and page
    assert two == one


@pytest.mark.parametrize("plugin", ["trio", "anyio"])
def test_a_failure_in_an_async_test_is_the_report(pytester: pytest.Pytester, plugin: str) -> None:
    module = {"trio": "pytest_trio", "anyio": "anyio.pytest_plugin"}[plugin]
    pytest.importorskip(module)
    result = ran(
        pytester,
        test=f"""
@pytest.mark.{plugin}
async def test_green(racer_check):
    racer_check(counter)

@pytest.mark.{plugin}
async def test_red(racer_check):
    racer_check(counter, expect="pass")
""",
    )
    text = result.stdout.str()
    runs = {"trio": 1, "anyio": 2}[plugin]  # anyio's run on asyncio and on trio
    result.assert_outcomes(passed=runs, failed=runs)
    assert "Traceback" not in text
    assert set(failures(result).values()) == {"lost: not expected (pass)"}


def test_the_plugin_may_be_named_beside_its_entry_point(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("pytest_plugins = ['racer.testing.plugin']")
    for words in ([], ["-p", "racer.testing.plugin"]):
        result = ran(pytester, *words, test=RED_AND_GREEN)
        result.assert_outcomes(passed=1, failed=1)


@pytest.mark.skipif(
    pytest.version_tuple < (9,), reason="pytest 8 notices it later, by a traceback of its own"
)
def test_an_option_that_another_plugin_has_is_told_without_a_traceback(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        other="def pytest_addoption(parser):\n    parser.addoption('--racer-dir')\n",
        test_it="def test_it():\n    pass\n",
    )
    pytester.syspathinsert()
    result = ran(pytester, "-p", "other")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    text = result.stderr.str()
    assert "Traceback" not in text and "Try: -p no:racer" in text


def test_a_directory_that_takes_no_files_keeps_no_report(pytester: pytest.Pytester) -> None:
    pytester.makefile(".txt", left="a file where a directory should be")
    result = ran(pytester, "--racer-dir=left.txt", test=RED_AND_GREEN)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["lost: not expected (pass)", "*A0.1 load n -> 0", "error: cannot write *left.txt*"]
    )


def test_there_need_be_no_terminal(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(test_it=f"import pytest\n{COUNTER}\n{RED_AND_GREEN}")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "20")
    recorder = pytester.inline_run(*PLUGIN, "-p", "no:terminal", "-p", "no:cacheprovider")
    assert recorder.ret == 1
    assert len(list(Path("racer-out").glob("*/*.lost.json"))) == 1


def test_an_interrupted_check_keeps_what_it_found(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_it=f"""
import pytest
{COUNTER}

@scenario
def interrupted() -> Program:
    import signal
    mem = Memory()
    x = mem.cell("x", 0)

    async def count():
        for _ in range(9):
            if await x.fetch_add(1) == 0:
                raise Violation("first")

    def calm(state):
        if state[x] == 5:
            signal.raise_signal(signal.SIGINT)
        return True

    return Program(mem, {{"A": Thread(count), "B": Thread(count)}}, invariants={{"calm": calm}})

{RED_AND_GREEN}

def test_interrupted(racer_check):
    racer_check(interrupted)
"""
    )
    done = ran_alone(pytester.path)
    assert done.returncode == 2  # pytest.ExitCode.INTERRUPTED
    assert "lost: not expected (pass)" in done.stdout
    (found,) = Path("racer-out").glob("*/interrupted.first.json")
    summary = done.stdout.split("racer: found before it was interrupted")[1]
    assert str(found) in summary


def test_no_model_ends_the_run(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_it=f"""
import os
import pytest
{COUNTER}

@scenario
def ends_as_it_is_made() -> Program:
    os._exit(0)

def ending():
    mem = Memory()
    x = mem.cell("x", 0)

    async def end():
        await x.load()
        os._exit(0)

    return Program(mem, {{"A": Thread(end), "B": Thread(end)}})

def test_made(racer_check):
    racer_check(ends_as_it_is_made)

def test_run(racer_check):
    racer_check(ending())

{RED_AND_GREEN}
"""
    )
    done = ran_alone(pytester.path, "-rA")
    assert done.returncode == 1
    assert "3 failed, 1 passed" in done.stdout
    assert done.stdout.count("os._exit() would end racer without an answer") >= 2
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize("first", [True, False])
def test_an_option_of_two_plugins_is_told_and_no_traceback(tmp_path: Path, first: bool) -> None:
    """pytest 8 would find it when it parses; racer's plugin comes after what `-p` names, and before
    a conftest.py, of which pytest 9 tells by itself."""
    option = 'parser.getgroup("theirs").addoption("--racer-dir", action="store_true")'
    hook = f"def pytest_addoption(parser):\n    {option}\n"
    (tmp_path / ("theirs.py" if first else "conftest.py")).write_text(hook)
    (tmp_path / "test_it.py").write_text("def test_it():\n    pass\n")
    named = ("-p", "theirs") if first else ()
    done = ran_alone(tmp_path, *named, PYTHONPATH=str(tmp_path))
    assert done.returncode != 0
    if first or pytest.version_tuple < (9,):
        assert "racer's plugin for pytest cannot be loaded: " in done.stderr
        assert "Try: -p no:racer" in done.stderr and "Traceback" not in done.stderr + done.stdout
    done = ran_alone(tmp_path, *named, "-p", "no:racer", PYTHONPATH=str(tmp_path))
    assert done.returncode == 0 or not INSTALLED
