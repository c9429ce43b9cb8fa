"""A violation that was found before a limit cut the search: what is said of it."""

from __future__ import annotations

from dataclasses import replace

from racer import Expected, Memory, Program, Thread, Violation, explore
from racer.artefacts.pages import result_report
from racer.exploration.judgement import judge
from racer.exploration.result import Result
from racer.viz.summary import summary
from scenarios.aba import aba
from tests.samples import rule_one

CUT = (
    "  the search was cut (max_states=100): that there is no other violation,\n"
    "  and none with fewer preemptions, is not proved"
)


def cut() -> Result:
    mem = Memory()
    cell, noise = mem.cell("cell", 0), mem.cell("noise", 0)

    async def wrong() -> None:
        await cell.load()
        raise Violation("early")

    async def long() -> None:
        for value in range(500):
            await noise.store(value)

    result = explore(Program(mem, {"L": Thread(long), "W": Thread(wrong)}), max_states=100)
    assert result.bound is not None and result.bound.startswith("max_states=100; what grew ")
    return replace(result, bound="max_states=100")  # what grew has lines of this file in it


def opening(declared: Expected | None) -> str:
    """The first paragraph of the report."""
    result = cut()
    return summary(result, judge(result, declared, None)).split("\n\n")[0]


def test_the_verdict_comes_first_then_what_was_declared_then_what_is_not_proved() -> None:
    assert opening(None) == f"FAIL: early\n{CUT}"
    assert opening(Expected("fail", ("early", "late"))) == f"FAIL: early\n{CUT}"  # may be there
    assert opening(Expected("pass")) == f"FAIL: early  NOT as expected (pass)\n{CUT}"
    because = Expected("pass", because="W only loads")
    assert opening(because) == f"FAIL: early  NOT as expected (pass):\n  W only loads\n{CUT}"


def test_a_page_says_the_same() -> None:
    result = cut()
    judgement = judge(result, Expected("pass"), None)
    page = result_report(aba, "aba", aba.complete({}), result, judgement, {}, {})
    told = " ".join(CUT.split())
    assert page.remark == f"NOT as expected (pass); {told}"


def test_what_was_not_cut_has_no_word_of_it() -> None:
    result = explore(rule_one())
    assert "cut" not in summary(result, judge(result, None, None))
