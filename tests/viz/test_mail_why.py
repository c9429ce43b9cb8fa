"""What a mail says of the cause: placed here, computed in racer.explanation."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from racer import Memory, Program, Thread, explain, explore
from racer.explanation.data import Explanation, NotComputed
from racer.explanation.telling import explanation_of
from racer.lang.operations import Store
from racer.lang.outcomes import Violation
from racer.viz.mail import mail
from scenarios.aba import aba
from scenarios.free_alloc_free import free_alloc_free
from tests.samples import crossed_locks, loop_beside_a_violation, rule_one
from tests.viz.test_text import check_shape
from tests.viz.traces import Did, trace

SNAPSHOTS = Path(__file__).parent.parent / "snapshots"


def whole(program: Program, label: str) -> Explanation:
    return explain(explore(program), label)


def test_the_text_of_a_mail_with_all_that_is_known() -> None:
    """Lines of the scenarios' files move with every edit, so they are left out of it."""
    text = mail(whole(free_alloc_free.build(caller="soft_offline"), "misclassified"))
    text = re.sub(r"([.]py| |, ):[0-9]+", r"\1:_", text)
    assert text == (SNAPSHOTS / "free_alloc_free.txt").read_text()


@pytest.mark.parametrize("width", [40, 72, 100])
@pytest.mark.parametrize(
    ("program", "label"),
    [
        (rule_one(), "misclassified"),
        (crossed_locks(), "deadlock"),
        (loop_beside_a_violation(), "seen"),
        (aba(readers=2, rounds=2), "misclassified"),
        (free_alloc_free.build(), "misclassified"),
    ],
)
def test_no_line_is_too_wide(program: Program, label: str, width: int) -> None:
    check_shape(mail(whole(program, label), width=width), width)


def test_both_sides_of_an_order_stand_in_one_line_where_they_fit() -> None:
    lines = mail(whole(crossed_locks(), "deadlock"), width=120).splitlines()
    assert "It can be avoided until the last step, Q1." in lines
    at = lines.index(
        "Every schedule with these 2 orders shows it, and none of them can be left out:"
    )
    assert lines[at + 1].startswith("  P1 acquire m (samples.py:")
    assert " before Q's next step, acquire m (samples.py:" in lines[at + 1]


def test_the_row_after_which_nothing_avoids_it_is_marked() -> None:
    lines = mail(whole(aba(readers=1, rounds=1), "misclassified")).splitlines()
    at = next(i for i, line in enumerate(lines) if "from here on it cannot be avoided" in line)
    assert " B6 store p_head = 1 " in lines[at - 1]


def test_what_was_not_computed_is_named_with_its_reason() -> None:
    explanation = whole(rule_one(), "misclassified")
    unknown = NotComputed("more than 20 states")
    text = mail(replace(explanation, orderings=unknown, no_return=unknown))
    assert "Decisive orders: not computed (more than 20 states).\n" in text
    assert "Point of no return: not computed (more than 20 states).\n" in text


def long(steps: int) -> Explanation:
    script = [Did("W", Store("n", n)) for n in range(1, steps)]
    script.append(Did("R", Store("m", 1), ends=Violation("x")))
    example = trace({"n": 0, "m": 0}, script)
    return explanation_of(example, "x", interleavings=1, total=2, preemptions=1, minimal=True)


def test_a_step_that_breaks_an_invariant_and_raises_says_both() -> None:
    mem = Memory()
    n = mem.cell("n", 0)

    async def wrong() -> None:
        await n.store(1)
        raise Violation("bad")

    program = Program(mem, {"A": Thread(wrong)}, invariants={"n is 0": lambda state: state[n] == 0})
    for label in ("bad", "n is 0"):
        text = mail(whole(program, label))
        assert "*** invariant 'n is 0' is false" in text
        assert "*** raises Violation 'bad'" in text


def test_only_a_long_picture_is_folded() -> None:
    assert "W1 store n = 1" in mail(long(30))
    folded = mail(long(31))
    assert "| W1..W30 (30 steps: n 0 -> 30)" in folded
    assert "W2 " not in folded
    check_shape(folded, 72)
