"""Explanations: the data that every picture is drawn from."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from racer.errors import Location
from racer.explanation.data import Explanation, Read, Span
from racer.explanation.telling import explanation_of
from racer.exploration.exploring import explore
from racer.lang.operations import (
    Acquire,
    Choose,
    CompareExchange,
    Fence,
    FetchAdd,
    Load,
    Store,
    Swap,
    Update,
    WaitUntil,
)
from racer.lang.outcomes import Violation
from racer.replaying.trace import Trace
from racer.words.changes import Change
from racer.words.names import short_names, step_name
from racer.words.phrases import source_places
from scenarios.aba import aba
from tests.viz.traces import Did, held_lock, lock_cycle, residual_race, trace


def told(trace: Trace, label: str = "x", *, preemptions: int = 0) -> Explanation:
    return explanation_of(
        trace, label, interleavings=1, total=10, preemptions=preemptions, minimal=True
    )


def is_zero(value: object) -> bool:
    return value == 0


# --- names ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("threads", "shorts"),
    [
        (["classify", "split"], ["C", "S"]),
        (["R.0", "R.1", "W"], ["R0", "R1", "W"]),
        (["free_head", "free_tail"], ["FH", "FT"]),
        (["alloc", "aux"], ["AL", "AU"]),
        (["A", "AB"], ["A", "AB"]),
        (["a", "A"], ["T0", "T1"]),  # equal but for case, which a quoted name may lose
        (["\N{GREEK SMALL LETTER ALPHA}", "b"], ["T0", "T1"]),
        (["w.0.1", "w.0.2"], ["W1", "W2"]),
        ([".7", "8"], ["7", "8"]),
    ],
)
def test_a_thread_is_called_by_the_shortest_letters_that_tell_it_from_the_others(
    threads: list[str], shorts: list[str]
) -> None:
    assert list(short_names(threads).values()) == shorts


def test_a_short_name_does_not_depend_on_the_order_of_the_threads() -> None:
    names = ["alloc", "aux", "split", "R.0", "R.1"]
    assert short_names(names) == short_names(reversed(names))


def test_a_step_is_told_from_the_number_of_a_copy() -> None:
    assert [step_name("C", 12), step_name("R1", 2)] == ["C12", "R1.2"]


# --- verdicts -------------------------------------------------------------------------------


def test_a_violation_is_told_with_its_step_and_what_the_window_saw() -> None:
    assert told(residual_race(), "misclassified").verdict == (
        "R raised Violation 'misclassified' at R4: "
        "'p kernel-owned' was true at no instant from R1 to R4."
    )


def test_a_deadlock_is_told_as_who_waits_for_whom() -> None:
    assert told(lock_cycle(), "deadlock").verdict == (
        "deadlock: first is blocked on lock K, held by second; "
        "second is blocked on lock L, held by first."
    )


def test_a_lock_that_is_never_released_is_told_with_its_last_holder() -> None:
    steps = [Did("A", Acquire("L"), ends=None)]
    stuck = trace(
        {"L": False, "n": 3},
        steps,
        threads=("A", "B", "C"),
        stuck={
            "B": Acquire("L"),
            "C": WaitUntil("n", is_zero),
        },
    )
    assert told(stuck, "deadlock").verdict == (
        "deadlock: B is blocked on lock L, held by A, which ended without releasing it; "
        "C waits for cell n, which is 3."
    )


def test_a_thread_that_takes_its_own_lock_twice_is_blocked_by_itself() -> None:
    stuck = trace({"L": False}, [Did("A", Acquire("L"))], stuck={"A": Acquire("L")})
    assert told(stuck, "deadlock").verdict == ("deadlock: A is blocked on lock L, held by itself.")


def test_an_invariant_is_told_with_the_step_that_broke_it() -> None:
    explanation = told(held_lock(), "n below 2")
    assert explanation.verdict == "invariant 'n below 2' is false after B3: store n = 2."
    assert [row.name for row in explanation.rows if row.violates] == ["B3"]
    assert explanation.rows[-1].broken == ("n below 2",)


def test_an_invariant_that_never_held_is_told_as_such() -> None:
    def never(values: object) -> bool:
        return False

    for first in (Load("n"), Store("n", 1)):  # whatever the first step changes
        broken = trace({"n": 0}, [Did("A", first)], invariants={"n odd": never})
        explanation = told(broken, "n odd")
        assert explanation.verdict == "invariant 'n odd' is false in the initial state."
        assert (explanation.rows, explanation.cause) == ((), "")
        assert [cell.touched for cell in explanation.cells] == [True]  # its value is what is wrong
        assert explanation.notes == ("Not shown: the steps that follow, 1 of A.",)


def test_a_step_that_raises_a_violation_and_breaks_an_invariant_is_told_as_both() -> None:
    both = trace(
        {"n": 0},
        [Did("A", Store("n", 1), ends=Violation("x"))],
        invariants={"n is 0": lambda values: values["n"] == 0},
    )
    for label in ("x", "n is 0"):
        (row,) = told(both, label).rows
        assert (row.raised, row.broken, row.violates) == (True, ("n is 0",), True)


def test_a_thread_that_takes_no_step_at_all_is_not_said_to_take_one_later() -> None:
    never = trace(
        {"n": 0},
        [Did("A", Load("n"), ends=Violation("x")), Did("C", Load("n"), ends=None)],
        threads=("A", "B", "C"),
        stuck={"B": _waits_for("n")},
    )
    assert told(never, "x").notes[:2] == ("B takes no step.", "C takes no step until A1.")


def test_threads_that_take_no_step_share_a_sentence() -> None:
    script = [Did("A", Load("n"), ends=Violation("x")), Did("C", Load("n"), ends=None)]
    waiting = {name: _waits_for("n") for name in ("B.0", "B.1", "B.2")}
    example = trace({"n": 0}, script, threads=("A", *waiting, "C"), stuck=waiting)
    assert told(example, "x").notes[0] == "B.0, B.1 and B.2 take no step."


def test_a_thread_that_is_left_for_ever_names_what_it_waits_for() -> None:
    script = [Did("B", Load("m")), Did("A", Store("n", 1), ends=Violation("x"))]
    waiting = trace({"m": 0, "n": 1}, script, stuck={"B": _waits_for("n")})
    switch = told(waiting, "x").rows[1].switch
    assert switch is not None
    assert (switch.reason, switch.text) == ("blocked", "B waits for cell n, which is 1")


def _waits_for(cell: str) -> WaitUntil:
    return WaitUntil(cell, lambda value: value == 2)


def test_a_trace_without_the_label_is_not_said_to_show_it() -> None:
    explanation = told(held_lock(), "misclassified")
    assert explanation.verdict == "this schedule does not show 'misclassified'."
    assert not any(row.violates for row in explanation.rows)


@pytest.mark.parametrize(
    ("interleavings", "total", "phrase"),
    [
        (1, 24621, "1 of 24,621 interleavings"),
        (1, 1, "1 of 1 interleaving"),
        (None, None, "interleavings not counted"),
        (None, 15, "at least 1 of 15 interleavings"),
    ],
)
def test_the_count_has_its_denominator(
    interleavings: int | None, total: int | None, phrase: str
) -> None:
    explanation = explanation_of(
        held_lock(), "x", interleavings=interleavings, total=total, preemptions=0, minimal=True
    )
    assert explanation.count == phrase


@pytest.mark.parametrize(
    ("preemptions", "minimal", "fact"),
    [
        (3, True, "needs 3 preemptions; impossible with 2"),
        (1, True, "needs 1 preemption; impossible with none"),
        (3, False, "found with 3 preemptions; not proved minimal"),
        (0, True, "needs no preemption"),
        (0, False, "needs no preemption"),  # there is nothing below 0 to be proved
    ],
)
def test_the_number_of_preemptions_is_a_fact_only_where_it_is_proved(
    preemptions: int, minimal: bool, fact: str
) -> None:
    explanation = explanation_of(
        held_lock(), "x", interleavings=1, total=2, preemptions=preemptions, minimal=minimal
    )
    assert explanation.fact == fact


# --- rows -----------------------------------------------------------------------------------


def test_a_load_names_the_last_step_that_stored_to_its_cell() -> None:
    script = [
        Did("R", Load("n")),
        Did("W", Store("n", 0)),  # stores what was there: not a change, and yet the source
        Did("R", Load("n")),
        Did("W", CompareExchange("n", 7, 8)),  # fails: stores nothing
        Did("R", CompareExchange("n", 0, 5)),
        Did("W", Load("n")),
        Did("W", FetchAdd("n", 1)),
        Did("R", Load("n")),
        Did("W", Swap("n", 2)),
        Did("W", Update("n", lambda value: 9)),
        Did("R", Load("n")),
    ]
    rows = told(trace({"n": 0}, script)).rows
    assert [(row.name, row.text, row.read) for row in rows] == [
        ("R1", "load n -> 0", Read("0", "initial", None)),
        ("W1", "store n = 0", None),
        ("R2", "load n -> 0", Read("0", "W1", 1)),
        ("W2", "compare_exchange n 7 -> 8, was 0: fails", Read("0", "W1", 1)),
        ("R3", "compare_exchange n 0 -> 5, was 0", Read("0", "W1", 1)),
        ("W3", "load n -> 5", Read("5", "R3", 4)),
        ("W4", "fetch_add n 1, was 5", Read("5", "R3", 4)),
        ("R4", "load n -> 6", Read("6", "W4", 6)),
        ("W5", "swap n = 2, was 6", Read("6", "W4", 6)),
        ("W6", "update n, was 2", Read("2", "W5", 8)),
        ("R5", "load n -> 9", Read("9", "W6", 9)),
    ]
    assert [row.name for row in rows if row.changes] == ["R3", "W4", "W5", "W6"]


def test_only_what_changed_is_shown_of_a_value_with_fields() -> None:
    @dataclass(frozen=True)
    class Flags:
        lru: bool = False
        head: bool = False

    script = [Did("A", Store("flags", Flags(lru=True, head=True))), Did("A", Load("flags"))]
    rows = told(trace({"flags": Flags(head=True)}, script)).rows
    assert rows[0].changes == (Change("flags.lru", "False", "True"),)
    name = Flags.__qualname__
    assert rows[1].text == f"load flags -> {name}(lru=True, head=True)"
    assert told(trace({"flags": Flags()}, script)).cells[0].value == f"{name}()"


def test_what_has_no_cell_changes_nothing() -> None:
    rows = told(trace({}, [Did("A", Fence("mb")), Did("A", Choose(("one", "two")))])).rows
    assert [row.text for row in rows] == ["fence mb", "choose one, two -> two"]
    assert [(row.read, row.changes) for row in rows] == [(None, ())] * 2


def test_a_lock_is_free_or_held() -> None:
    explanation = told(held_lock())
    assert explanation.rows[0].changes == (Change("L", "free", "held"),)
    assert [(cell.name, cell.value) for cell in explanation.cells] == [("L", "free"), ("n", "0")]


def test_cells_that_no_step_accesses_are_told_apart() -> None:
    cells = told(trace({"n": 0, "unused": 0}, [Did("A", Load("n"))])).cells
    assert [(cell.name, cell.touched) for cell in cells] == [("n", True), ("unused", False)]


def test_each_switch_has_its_reason() -> None:
    explanation = told(held_lock(), "n below 2", preemptions=1)
    switches = {row.name: row.switch for row in explanation.rows if row.switch}
    assert {name: (switch.reason, switch.text) for name, switch in switches.items()} == {
        "B1": ("preempted", "A preempted"),
        "A3": ("blocked", "B is blocked on lock L, held by A"),
        "B2": ("finished", "A finished: returns None"),
    }


def test_a_thread_that_waits_for_a_value_is_blocked_only_while_it_is_another() -> None:
    wait = WaitUntil("n", is_zero)
    script = [
        Did("B", Load("n")),
        Did("A", Load("n")),  # here B waits for n to be 0
        Did("A", Store("n", 0)),
        Did("B", wait),
        Did("A", Load("n")),
    ]
    rows = told(trace({"n": 1}, script, about_to={"B": wait})).rows
    assert [(row.name, row.switch.text) for row in rows if row.switch] == [
        ("A1", "B waits for cell n, which is 1"),
        ("B2", "A preempted"),
        ("A3", "B preempted"),  # it would wait once more, for what is there
    ]


def test_a_thread_that_takes_no_further_step_was_preempted_if_it_could_have() -> None:
    script = [Did("A", Load("n")), Did("B", Load("n"))]
    for next_step, reason in ((Load("n"), "preempted"), (_waits_for("n"), "blocked")):
        switch = told(trace({"n": 1}, script, about_to={"A": next_step})).rows[1].switch
        assert switch is not None and switch.reason == reason


def test_a_deadlock_leaves_each_switch_with_its_reason() -> None:
    row = told(lock_cycle(), "deadlock", preemptions=1).rows[1]
    assert row.switch is not None  # lock K was still free when the first thread was left
    assert row.switch.reason == "preempted"


def test_windows_span_rows_and_tell_what_they_saw() -> None:
    always = {"w": lambda values: True, "v": lambda values: values["n"] == 1}
    script = [
        Did("A", Load("n"), opens=("w", "v")),
        Did("B", Store("n", 1)),
        Did("A", Load("n"), closes=("v",)),
        Did("B", Store("n", 0), opens=("v",)),
        Did("A", Load("n"), closes=("w",)),
    ]
    explanation = told(trace({"n": 0}, script, watches=always))
    assert explanation.windows == (
        Span("w", 0, 0, 4, "A1", "A3", "always true"),
        Span("v", 0, 0, 2, "A1", "A2", "true at times, also at the end"),
        Span("v", 1, 3, None, "B2", None, None),
    )
    rows = explanation.rows
    assert [row.opened for row in rows] == [(0, 1), (), (), (2,), ()]
    assert [row.closed for row in rows] == [(), (), (1,), (), (0,)]
    assert [row.truths for row in rows if row.truths] == [
        (Change("v", "false", "true"),),
        (Change("v", "true", "false"),),
    ]


def test_a_lane_says_where_its_steps_are_and_how_its_thread_stands() -> None:
    lanes = told(residual_race(), "misclassified").lanes
    assert [(lane.thread, lane.first, lane.last, lane.state) for lane in lanes] == [
        ("A", 2, 10, "ended"),
        ("B", 11, 18, "ended"),
        ("R", 0, 19, "ended"),
    ]


def test_what_follows_the_violation_is_left_out_and_counted() -> None:
    script = [
        Did("A", Load("n")),
        Did("B", Load("n"), ends=Violation("x")),
        Did("A", Store("m", 1), ends=None),
        Did("C", Store("m", 2), ends=None),
        Did("C", Store("m", 3), ends=None),
    ]
    explanation = told(trace({"n": 0, "m": 0}, script), preemptions=1)
    assert [row.name for row in explanation.rows] == ["A1", "B1"]
    assert [(lane.thread, lane.state) for lane in explanation.lanes] == [
        ("A", "open"),
        ("B", "ended"),
        ("C", "idle"),
    ]
    assert [cell.name for cell in explanation.cells if cell.touched] == ["n"]
    assert explanation.notes == (
        "C takes no step until B1.",
        "Not shown: the steps after B1, 1 of A, 2 of C.",
        "B1 is at model.py:11.",
    )


def test_a_row_knows_its_line_in_the_source() -> None:
    row = told(held_lock()).rows[1]
    assert (row.location, row.source_places[-1]) == (Location("/src/model.py", 11), "model.py:11")
    assert row.source_places == ("model.py:11",)


def test_the_line_that_calls_a_helper_stands_before_the_helper_s_own() -> None:
    outer = Location("/src/split.py", 70, "split")
    caller = Location("/src/classifier.py", 128, "v9")
    inner = Location("/src/pages.py", 183, "compound_head")
    assert source_places((outer, caller, inner)) == (
        "classifier.py:128, in compound_head pages.py:183",
        "classifier.py:128, pages.py:183",
        "pages.py:183",
    )
    nearby = Location("/src/pages.py", 90, "folio")
    assert source_places((nearby, inner)) == (
        "pages.py:90, in compound_head :183",
        "pages.py:90, :183",
        "pages.py:183",
    )
    of_c = Location("mm/memory-failure.c", 1361, "is_owned", "is_owned()")
    assert source_places((caller, of_c)) == (
        "mm/memory-failure.c:1361 in is_owned()",
        "memory-failure.c:1361 in is_owned()",
        "is_owned()",
        "memory-failure.c:1361",
    )
    assert source_places(()) == ()


# --- a real one -----------------------------------------------------------------------------


def test_the_preempted_threads_of_a_real_witness_are_as_many_as_it_needs_preemptions() -> None:
    result = explore(aba(readers=1, rounds=1))
    finding = result.violations["misclassified"]
    explanation = explanation_of(
        finding.trace,
        "misclassified",
        interleavings=finding.interleavings,
        total=result.interleavings,
        preemptions=finding.witness.preemptions,
        minimal=finding.witness.minimal,
    )
    switches = [row.switch for row in explanation.rows if row.switch is not None]
    assert sum(switch.reason == "preempted" for switch in switches) == 3
    assert not any(switch.reason == "left" for switch in switches)
    assert explanation.count == "3 of 24,621 interleavings"
    sources = {row.name: row.read.source for row in explanation.rows if row.read is not None}
    # The race in two reads: the slab type while A had made H a slab, the head from B's new THP.
    assert (sources["R3"], sources["R4"]) == ("A5", "B6")
