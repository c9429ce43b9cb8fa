"""The mail: what stands in it is data of the explanation; here its shape is held."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from racer.errors import UsageError
from racer.explanation.data import Explanation
from racer.explanation.telling import explanation_of
from racer.lang.operations import Store
from racer.replaying.trace import Trace
from racer.viz.mail import mail
from tests.viz.traces import Did, held_lock, lock_cycle, residual_race, small_traces, trace

SNAPSHOTS = Path(__file__).parent.parent / "snapshots"


def told(example: Trace, label: str, *, preemptions: int = 1) -> Explanation:
    return explanation_of(
        example, label, interleavings=3, total=24621, preemptions=preemptions, minimal=True
    )


def test_the_text_of_a_mail() -> None:
    text = mail(told(residual_race(), "misclassified", preemptions=3))
    assert text == (SNAPSHOTS / "residual_race.txt").read_text()


def check_shape(text: str, width: int) -> None:
    assert text.endswith("\n")
    assert text.isascii()
    for line in text.split("\n"):
        assert len(line) <= width
        assert line == line.rstrip()
        assert line.isprintable()  # no tab among them


@pytest.mark.parametrize("width", [40, 72, 100])
@pytest.mark.parametrize("example", [residual_race(), lock_cycle(), held_lock()])
def test_no_line_is_too_wide_for_a_mail(example: Trace, width: int) -> None:
    for label in example.labels:
        check_shape(mail(told(example, label), width=width), width)


@settings(deadline=None)
@given(example=small_traces(), width=st.integers(40, 100))
def test_any_names_and_values_give_a_legible_mail(example: Trace, width: int) -> None:
    explanation = told(example, "x")
    text = mail(explanation, width=width)
    check_shape(text, width)
    lines = iter(text.splitlines())
    for row in explanation.rows:  # each one below the one before it
        assert any(f" {row.name} " in f"{line} " for line in lines)


@settings(deadline=None)
@given(length=st.integers(1, 400))
def test_nothing_is_cut_off_however_long_it_is(length: int) -> None:
    explanation = told(trace({"n": 0}, [Did("A", Store("n", "@" * length))]), "x")
    # In the operation and in the change.
    assert mail(explanation).count("@") == 2 * length


def test_the_windows_lane_is_marked_from_its_first_step_to_its_last() -> None:
    lines = mail(told(residual_race(), "misclassified", preemptions=3)).splitlines()
    header = next(line for line in lines if line.split() == ["A", "B", "R"])
    column = header.index("R")
    marks = [line[column] for line in lines[lines.index(header) + 1 :] if len(line) > column]
    assert set(marks[:9]) == {"["}
    assert marks[-1] == "["


def test_a_thread_has_a_column_of_its_own() -> None:
    lines = mail(told(lock_cycle(), "deadlock")).splitlines()
    first, second = (next(line for line in lines if step in line) for step in ("F1 ", "S1 "))
    assert first.index("F1") < second.index("S1")


def test_many_threads_share_the_width() -> None:
    script = [Did(f"T.{n}", Store("n", n + 1)) for n in range(50)]
    text = mail(told(trace({"n": 0}, script), "x"))
    check_shape(text, 72)
    assert all(f"T{n}.1 store n = {n + 1}" in text for n in range(50))


def test_a_picture_too_narrow_to_read_is_refused() -> None:
    with pytest.raises(UsageError, match="39 columns"):
        mail(told(held_lock(), "x"), width=39)


def test_a_trace_without_steps_is_a_sentence() -> None:
    explanation = told(trace({"n": 0}, [], threads=("A",)), "x", preemptions=0)
    assert mail(explanation).startswith("this schedule does not show 'x'.\n3 of 24,621 ")
