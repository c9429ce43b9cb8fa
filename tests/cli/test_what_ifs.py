"""Wherever a report names a value that the code under test does not have, it says "what if"."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]

MODEL = '''
from typing import Annotated, Literal

from racer import Answer, Claim, Memory, Never, Program, Thread, Violation, WhatIf, scenario


@scenario
def adding(
    *,
    update: Annotated[Literal["split", "atomic"], WhatIf("atomic")] = "split",
    checks: Annotated[bool, WhatIf(False)] = True,
) -> Program:
    """Two threads add one."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def add() -> None:
        if update == "atomic":
            await x.fetch_add(1)
        else:
            await x.store(await x.load() + 1)
        if checks and await x.load() == 1:
            raise Violation("one")

    return Program(mem, {"A": Thread(add, copies=2)})


CLAIM = Claim(
    "W1",
    "it is never one",
    made="here",
    asks=(Never("one", adding, update=("split", "atomic"), checks=(False, True)),),
    expected=Answer("holds only if", "checks=false"),
    as_the_c_is=Answer("refuted"),
)
'''
HERE = "what if: update=atomic"


@pytest.fixture
def model(here: Path) -> None:
    (here / "scenarios").mkdir()
    (here / "scenarios" / "adding.py").write_text(MODEL)


ATOMIC = ("adding", "--set", "update=atomic")


def test_list_tells_what_ifs_from_the_other_values(racer: Run, model: None) -> None:
    _, out, _ = racer("list")
    assert "    update=split  split; what if atomic\n" in out
    assert "    checks=true   true; what if false\n" in out


def test_a_report_a_mail_and_a_page_name_the_what_ifs(racer: Run, model: None) -> None:
    _, out, _ = racer("explore", *ATOMIC, "--html")
    assert out.splitlines()[1] == HERE
    page = Path("racer-out/adding.update=atomic.html").read_text()
    assert "<dd>atomic (what if)</dd>" in page and "<dd>true</dd>" in page
    for words in (["replay"], ["explain"], ["explain", "--mail"]):
        _, out, _ = racer(*words, "racer-out/adding.update=atomic.one.json")
        assert out.splitlines()[1] == HERE, words
    _, out, _ = racer("explore", "adding")
    assert "what if" not in out


def test_a_graph_and_a_comparison_name_them(racer: Run, model: None) -> None:
    _, out, _ = racer("graph", *ATOMIC, "--format", "dot")
    assert out.splitlines()[1] == HERE
    assert HERE in Path("racer-out/adding.update=atomic.graph.dot").read_text().splitlines()[1]
    _, out, _ = racer("diff", "adding", "split", "atomic", "--parameter", "update")
    assert out.splitlines()[1] == HERE
    _, out, _ = racer("diff", "adding", "true", "false", "--parameter", "checks", *ATOMIC[1:])
    assert out.splitlines()[1] == "what if: update=atomic checks=false"


def test_documents_have_them_by_name(racer: Run, model: None) -> None:
    got = json.loads(racer("explore", *ATOMIC, "--json")[1])
    assert (got["what_ifs"], got["parameters"]["checks"]) == ({"update": "atomic"}, True)
    got = json.loads(
        racer("diff", "adding", "split", "atomic", "--parameter", "update", "--json")[1]
    )
    assert (got["first"]["what_ifs"], got["second"]["what_ifs"]) == ({}, {"update": "atomic"})
    (claim,) = json.loads(racer("claims", "W1", "--json")[1])["claims"]
    assert (claim["as_the_c_is"], claim["as_the_c_is_expected"]) == ("no", "no")
    marked = [point["what_ifs"] for ask in claim["asks"] for point in ask["points"]]
    assert marked == [
        {"checks": False},
        {},
        {"update": "atomic", "checks": False},
        {"update": "atomic"},
    ]


def test_a_claim_says_which_points_are_no_more_than_that(racer: Run, model: None) -> None:
    status, out, _ = racer("claims", "W1")
    assert status == 0
    assert "  as the C is: no\n" in out
    assert "  no       update=split checks=true\n" in out
    assert "  no       update=atomic checks=true (what if)\n" in out
    racer("claims", "W1", "--html")
    assert "as the C is" in Path("racer-out/claims.W1.html").read_text()


def test_an_answer_that_changes_is_status_one(racer: Run, model: None) -> None:
    path = Path("scenarios/adding.py")
    path.write_text(MODEL.replace('as_the_c_is=Answer("refuted")', 'as_the_c_is=Answer("holds")'))
    status, out, _ = racer("claims", "W1")
    assert status == 1
    assert "NOT as expected (holds only if checks=false; as the C is: yes)" in " ".join(out.split())
