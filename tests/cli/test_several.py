"""`racer explore FILE|DIR`, `racer claims FILE`: all that is in it; `racer list NAME`: in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from racer.cli.several import worst

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]

FILE = '''"""Two loads of one cell, or one.

Question   Can two loads of x differ,
           while it is stored?
Bound      one store
"""

from typing import Annotated, Literal

from racer import (
    Answer, Claim, Configured, Expected, Meanings, Memory, Never, Program, Thread, Violation,
    WhatIf, scenario,
)


def program(loads) -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def read() -> None:
        if len({await x.load() for _ in range(loads)}) > 1:
            raise Violation("torn")

    async def write() -> None:
        await x.store(1)

    return Program(mem, {"R": Thread(read), "W": Thread(write)})


@scenario(expect=Expected("fail", ("torn",), "the store comes between"))
def two(
    *,
    order: Annotated[
        Literal["plain", "acquire"],
        Meanings({"plain": "as in the C", "acquire": "as it might be"}),
        WhatIf("acquire"),
        Configured(),
    ] = "plain",
    quiet: bool = False,
) -> Program:
    """Two loads.

    order  how x
           is loaded
    """
    return program(2)


@scenario
def one(*, order: Literal["plain", "acquire"] = "plain") -> Program:
    """One load."""
    return program(1)


CLAIM = Claim("Z1", "no", made="here", asks=(Never("torn", two),), expected=Answer("refuted"))
'''
WRONG = """from racer import Expected, scenario
from loads import program

@scenario(expect=Expected("pass"))
def wrong():
    return program(2)
"""
BROKEN = """from racer import Memory, Program, Thread, scenario

@scenario
def breaks():
    mem = Memory()
    x = mem.cell("x", 0)

    async def thread():
        await x.load()
        raise ValueError("no")

    return Program(mem, {"T": Thread(thread)})
"""


@pytest.fixture
def models(here: Path) -> Path:
    (here / "models" / "deeper").mkdir(parents=True)
    (here / "models" / "loads.py").write_text(FILE)
    return here / "models"


def test_a_file_of_several_is_one_table_with_one_exit_status(racer: Run, models: Path) -> None:
    status, out, err = racer("explore", "models/loads.py")
    assert (status, err) == (0, "")
    # one: R's step and W's, 2 interleavings; 2 * 2 states. two: 2 steps and 1, C(3, 1) = 3. Its
    # states, x=0: R before, between, ended; x=1: before, between with 0 seen or 1, ended, torn.
    assert out == (
        "scenario sc     what it shows\n"
        "one      PASS\n"
        "two      FAIL   as expected: torn\n\n"
        "2 scenarios, all as declared; 12 states, 5 interleavings\n"
    )
    assert sorted(path.name for path in Path("racer-out").iterdir()) == ["two.torn.json"]
    assert racer("replay", "racer-out/two.torn.json")[0] == 0


def test_a_directory_is_all_that_is_in_it_and_below(racer: Run, models: Path) -> None:
    for package in (models, models / "deeper"):
        (package / "__init__.py").touch()
    (models / "deeper" / "wrong.py").write_text(WRONG.replace("from loads", "from ..loads"))
    (models / "deeper" / "no_scenario.py").write_text("raise ValueError('is not loaded')\n")
    for name in (".hidden", "_private", "venv"):
        (models / name).mkdir()
        (models / name / "x.py").write_text("@scenario\nraise ValueError('is not loaded')\n")
    (models / "venv" / "pyvenv.cfg").touch()
    status, out, err = racer("explore", "models")
    assert (status, err) == (1, "")
    assert "wrong    FAIL   NOT as expected (pass): torn\n" in out
    assert "3 scenarios, NOT as expected: wrong;" in out
    assert racer("explore", "models/")[:2] == (status, out)
    assert racer("explore", "models/deeper")[0] == 1


def test_what_does_not_run_is_named_and_the_others_are_explored(racer: Run, models: Path) -> None:
    (models / "broken.py").write_text(BROKEN)
    (models / "syntax.py").write_text("@scenario\ndef\n")
    status, out, err = racer("explore", "models")
    assert status == 2
    rows = [line.split() for line in out.splitlines()]
    assert [row[:2] for row in rows if row[1:2] in (["ERROR"], ["FAIL"], ["PASS"])] == [
        ["breaks", "ERROR"],
        ["one", "PASS"],
        ["two", "FAIL"],
        ["models/syntax.py", "ERROR"],
    ]
    assert "3 scenarios, does not load: models/syntax.py; does not run: breaks;" in out
    assert "ValueError: no" in err and "syntax.py cannot be loaded" in err


def test_a_file_that_does_not_load_is_counted_by_itself(racer: Run, here: Path) -> None:
    (here / "only").mkdir()
    (here / "only" / "imports.py").write_text("import nosuchmodule\n@scenario\ndef f(): ...\n")
    status, out, err = racer("explore", "only")
    assert status == 2 and "nosuchmodule" in err
    last = out.splitlines()[-1]
    assert last.startswith("0 scenarios, does not load: only/imports.py; ")


def test_settings_are_of_all_of_them(racer: Run, models: Path) -> None:
    status, out, _ = racer("explore", "models", "--set", "order=acquire", "--json")
    assert status == 0
    got = json.loads(out)
    assert got["schema"] == "racer-results/1" and got["errors"] == []
    assert [each["parameters"]["order"] for each in got["results"]] == ["acquire", "acquire"]
    assert [each["scenario"] for each in got["results"]] == [
        "models/loads.py::one",
        "models/loads.py::two",
    ]
    status, _, err = racer("explore", "models", "--set", "quiet=true")
    assert status == 2 and "scenario 'one' has no parameter 'quiet'" in err
    status, _, err = racer("explore", "models", "--html")
    assert status == 2 and "are for one scenario" in err


def test_a_limit_that_cut_one_is_status_three(racer: Run, models: Path) -> None:
    status, out, _ = racer("explore", "models", "--max-states", "1")
    assert status == 3
    assert "nothing is proved: " in out and "cut by a limit: one, two" in " ".join(out.split())


def test_the_worst_status_is_that_of_all() -> None:
    assert worst([]) == worst([0, 0]) == 0
    assert worst([0, 3]) == 3
    assert worst([3, 1, 0]) == 1
    assert worst([1, 2, 3]) == 2


def test_a_file_of_one_is_reported_whole(racer: Run, models: Path) -> None:
    (models / "wrong.py").write_text(WRONG)
    status, out, _ = racer("explore", "models/wrong.py")
    assert status == 1
    assert "needs 1 preemption" in out and out.splitlines()[-1].startswith("racer replay")


def test_a_directory_without_any_is_a_usage_error(racer: Run, models: Path) -> None:
    status, _, err = racer("explore", "models/deeper")
    assert status == 2 and "models/deeper has no scenario" in err
    status, _, err = racer("explore", "models/none")
    assert status == 2 and "does not exist" in err


def test_a_scenario_wins_over_a_directory_of_its_name(racer: Run, models: Path) -> None:
    Path("aba").mkdir()
    assert racer("explore", "aba", "--no-count")[1].startswith("aba  readers=1")


def test_claims_of_a_file_or_directory_are_those_in_it(racer: Run, models: Path) -> None:
    for words in (["models/loads.py"], ["models"]):
        status, out, _ = racer("claims", *words)
        assert status == 0
        assert "Z1    refuted no      no\n" in out and "1 claim, all as expected" in out
    # A single one is told with its schedule, which is that of the file's scenario.
    assert "models/loads.py::two" in racer("claims", "models/loads.py", "Z1")[1]
    status, _, err = racer("claims", "models/loads.py", "C10")
    assert status == 2 and "there is no claim 'C10'" in err
    (models / "empty.py").write_text("")
    status, _, err = racer("claims", "models/empty.py")
    assert status == 2 and "has no claims" in err


def test_a_scenario_is_told_in_words(racer: Run, models: Path) -> None:
    status, out, _ = racer("list", "models/loads.py::two")
    assert status == 0
    assert out == (
        "models/loads.py::two\n"
        "  Two loads.\n\n"
        "  Question: Can two loads of x differ, while it is stored?\n\n"
        "  order=plain  how x is loaded; a system has one of these\n"
        "    plain    as in the C\n"
        "    acquire  as it might be (what if)\n\n"
        "  quiet=false\n"
        "    true | false\n\n"
        "  By default it is declared to fail: torn (the store comes between).\n\n"
        "racer explore models/loads.py::two\n"
    )
    status, _, err = racer("list", "splitrace")
    assert status == 2 and "did you mean 'split_race'" in err


def test_one_scenario_under_several_memory_models_is_one_table(racer: Run, here: Path) -> None:
    (here / "sb.py").write_text(
        "from racer import Expected, Memory, Program, Thread, scenario\n\n\n"
        "def expected(memory: str) -> Expected:\n"
        "    if memory == 'sc':\n"
        "        return Expected('pass')\n"
        "    return Expected('fail', ('one sees the other',), 'a store buffer')\n\n\n"
        "@scenario(expect=expected)\n"
        "def buffered() -> Program:\n"
        '    """Each stores, and looks for the other."""\n'
        "    mem = Memory()\n"
        "    x, y = mem.cell('x', 0), mem.cell('y', 0)\n\n"
        "    async def run(mine, other) -> int:\n"
        "        await mine.store(1)\n"
        "        return await other.load()\n\n"
        "    return Program(mem, {'A': Thread(run, x, y), 'B': Thread(run, y, x)},\n"
        "                   finally_={'one sees the other': lambda s, it: it['A'] or it['B']})\n"
    )
    status, out, _ = racer("explore", "sb.py", "--memory", "sc,tso,sc")
    assert status == 0
    assert out.splitlines()[0] == "sb.py::buffered  memory=sc,tso"
    assert out.splitlines()[3:6] == [
        "memory model        what it shows",
        "sc           PASS   as expected",
        "tso          FAIL   as expected: one sees the other",
    ]
    # Counted by hand: 6 orders of two stores and two loads, and 80 with two flushes.
    assert "2 memory models, all as declared; " in out and "86 interleavings" in out
    assert "sc   one order of all steps: barriers, acquire and release decide" in out
    document = json.loads(racer("explore", "sb.py", "--memory", "sc,tso", "--json")[1])
    assert [each["memory"] for each in document["results"]] == ["sc", "tso"]
    status, _, err = racer("explore", "sb.py", "--memory", "sc,pso")
    assert status == 2 and "unknown memory model 'pso'" in err


def test_a_memory_model_that_cannot_be_asked_loses_nothing_of_the_others(
    racer: Run, here: Path
) -> None:
    (here / "met.py").write_text(
        "from racer import Memory, Program, Thread, scenario\n\n\n"
        "@scenario\n"
        "def met() -> Program:\n"
        "    mem = Memory()\n"
        "    places = mem.semaphore('places', 1)\n\n"
        "    async def takes_one() -> None:\n"
        "        await places.acquire()\n\n"
        "    return Program(mem, {'T': Thread(takes_one)})\n"
    )
    status, out, err = racer("explore", "met.py", "--memory", "sc,arm64,tso")
    assert status == 2
    rows = [line.split()[:2] for line in out.splitlines()]
    assert ["sc", "PASS"] in rows and ["tso", "PASS"] in rows and ["arm64", "ERROR"] in rows
    assert "cannot be asked about thread 'T'" in err
