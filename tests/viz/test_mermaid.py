"""The sequence diagram for a pull request, line by line as Mermaid takes it."""

from __future__ import annotations

import re

import pytest

from racer import Memory, Program, Thread, Violation, explain, explore
from racer.explanation.data import Explanation
from racer.viz.mermaid import STEPS, mermaid
from scenarios.aba import aba
from scenarios.split_race import split_race
from tests.samples import crossed_locks, loop_beside_a_violation, rule_one
from tests.search.looping.waiting import each_waits_for_the_other
from tests.viz.test_brief import ring

# Of each line of a diagram; a text may hold neither `#` nor `;` but as an entity (#59;).
_TEXT = r"(?:[^#;<\n]|#(?:\d+|lt);|<br/>)+"
_LINES = (
    r"```mermaid",
    r"sequenceDiagram",
    rf"  title {_TEXT}",
    rf"  participant t\d+ as {_TEXT}",
    rf"  Note over t\d+(?:,t\d+)?:(?:wrap:)? {_TEXT}",
    rf"  t\d+--?>>t\d+: {_TEXT}",
    r"```",
)


def of(program: Program) -> Explanation:
    result = explore(program)
    (label,) = result.violations
    return explain(result, label)


def test_a_read_is_an_arrow_from_who_stored_and_all_else_a_note() -> None:
    # P1 stores the length, which C1 reads; C2 has to come before P2, which is not shown.
    assert mermaid(of(ring()), "a case") == (
        "```mermaid\n"
        "sequenceDiagram\n"
        "  title torn\n"
        "  participant t0 as C\n"
        "  participant t1 as P\n"
        "  Note over t0,t1:wrap: the consumer crashes: pop() hands out a slot that push() has not "
        "filled. Shown are 3 of 4 steps.\n"
        "  Note over t0,t1:wrap: a case\n"
        "  Note over t1: P1 q.length: 0 -> 1<br/>push()\n"
        "  t1->>t0: C1 load q.length -> 1<br/>pop()\n"
        "  Note over t0: C2 load q.slot -> empty<br/>pop()<br/>*** torn\n"
        "  Note over t0,t1:wrap: solid: reads what was stored, dashed: has to come after it\n"
        "```\n"
    )


def test_an_order_that_is_no_read_is_dashed() -> None:
    # S3 store refs = 1 is read by C2; C1, which has to see head, comes before S2 clears it.
    lines = mermaid(of(rule_one())).splitlines()
    assert any(re.match(r"  t0-->>t1: S2 head: True -> False", line) for line in lines)
    assert any(re.match(r"  t1->>t0: C2 load refs -> 1", line) for line in lines)


def hostile() -> Program:
    mem = Memory()
    cell = mem.cell("a;b#c<d>", "end; %%<b>#x")

    async def look() -> None:
        await cell.load()
        raise Violation("wrong; # <i>")

    return Program(mem, {"end; # <u>": Thread(look)})


@pytest.mark.parametrize(
    "program",
    [
        hostile(),
        rule_one(),
        crossed_locks(),
        loop_beside_a_violation(),
        each_waits_for_the_other(),
        aba(readers=3, rounds=3),
        split_race(),
    ],
)
def test_every_line_is_one_that_mermaid_takes(program: Program) -> None:
    told = mermaid(of(program), "case; of # <all>\nin one line")
    lines = told.split("\n")
    assert lines.pop() == ""
    for line in lines:
        assert any(re.fullmatch(each, line) for each in _LINES), line
    steps = [line for line in lines if re.match(r"  t\d+-|  Note over t\d+: ", line)]
    assert len(steps) <= STEPS
