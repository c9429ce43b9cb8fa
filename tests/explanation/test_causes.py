"""What the trace alone tells of a violation's cause: conflicts, values that came back, folds."""

from __future__ import annotations

from racer import explore
from racer.explanation.data import Explanation
from racer.explanation.exact import exactly
from racer.explanation.telling import explanation_of
from racer.lang.operations import Acquire, FetchAdd, Load, Release, Store, Swap, WaitUntil
from racer.lang.outcomes import Violation
from racer.machine.loaded import load_program
from racer.replaying.trace import Trace
from racer.words.changes import Change
from tests.samples import loop_beside_a_violation
from tests.viz.traces import Did, held_lock, lock_cycle, residual_race, trace


def told(example: Trace, label: str = "x") -> Explanation:
    return explanation_of(example, label, interleavings=1, total=10, preemptions=1, minimal=True)


def pairs(explanation: Explanation) -> list[tuple[str, str, str]]:
    return [(each.cell, each.first.name, each.second.name) for each in explanation.conflicts]


def stale() -> Trace:
    """R reads a, W changes a and then b, R reads b: the two never were so together."""
    return trace(
        {"a": 0, "b": 0, "c": 0},
        [
            Did("R", Load("c")),  # before the window: of no interest
            Did("W", Store("c", 1)),
            Did("R", Load("a"), opens=("w",)),
            Did("R", Load("a")),
            Did("W", Store("a", 0)),  # the value it had
            Did("W", Store("a", 1)),
            Did("W", Store("a", 2)),
            Did("W", Store("b", 1)),
            Did("R", Load("b")),
            Did("R", Load("b"), closes=("w",), ends=Violation("x")),
            Did("W", Store("b", 0), ends=None),  # after the violation
        ],
        watches={"w": lambda values: False},
    )


def test_a_conflict_has_two_sides_with_values_and_lines() -> None:
    explanation = told(stale())
    # R3 is the last read of a before W3, the first store to leave another value; W4 is a later
    # one. R4 is the first read of what W5 stored. c is read outside of the window.
    assert pairs(explanation) == [("a", "R3", "W3"), ("b", "W5", "R4")]
    store = explanation.conflicts[0].second
    assert (store.thread, store.step, store.row, store.text) == ("W", 3, 5, "store a: 0 -> 1")
    assert (store.cell, store.before, store.after, store.source_places[-1]) == (
        "a", "0", "1", "model.py:15",
    )  # fmt: skip
    read = explanation.conflicts[0].first
    assert (read.before, read.after, read.text) == ("0", "0", "load a -> 0")
    assert not any(each.decisive for each in explanation.conflicts)  # that takes the program
    assert explanation.cause == (
        "R4 finds b = 1, stored by W5 after R3 found a = 0, which W3 set to 1."
    )


def test_without_a_window_all_reads_of_the_thread_count() -> None:
    script = [
        Did("R", Load("a")),
        Did("W", Store("a", 1)),
        Did("R", Store("a", 2), ends=Violation("x")),
    ]
    explanation = told(trace({"a": 0}, script))
    assert pairs(explanation) == [("a", "R1", "W1")]
    assert explanation.cause == "R1 found a = 0, which W1 set to 1 before R2."


def test_a_thread_does_not_conflict_with_itself() -> None:
    script = [
        Did("R", FetchAdd("a", 1)),
        Did("R", Load("a")),
        Did("R", Store("a", 5)),
        Did("R", Load("a"), ends=Violation("x")),
    ]
    explanation = told(trace({"a": 0}, script, threads=("R", "W")))
    assert (explanation.conflicts, explanation.returned_values, explanation.cause) == ((), (), "")


def test_a_value_that_came_back_is_told_with_what_happened_in_between() -> None:
    explanation = told(residual_race(), "misclassified")
    (value,) = explanation.returned_values
    assert (value.cell, value.value, value.first.name, value.again.name) == (
        "p_head", "1", "R2", "R4",
    )  # fmt: skip
    assert [(s.name, s.before, s.after) for s in value.between] == [
        ("A1", "1", "0"),
        ("B6", "0", "1"),
    ]
    assert value.meanwhile == ()
    assert explanation.cause == (
        "R4 finds p_head = 1 again: since R2 it was 0 (A1) and 1 again (B6); in between R3 found "
        "h_type = 1, stored by A5."
    )


def came_back(*between: object) -> Trace:
    return trace(
        {"p.info": "H", "H.type": "none", "H.refs": 1, "p.refs": 1},
        [
            Did("R", Load("p.info")),
            Did("R", Load("H.type")),
            Did("R", Load("p.refs")),
            *(Did("W", Store("p.info", value)) for value in between),
            Did("W", Store("H.type", "slab")),
            Did("W", Store("H.type", "slab")),  # changes nothing
            Did("W", Store("H.refs", 0)),  # R does not read it
            Did("W", Store("p.refs", 0)),  # not of H
            Did("R", Load("p.info"), ends=Violation("x")),
        ],
    )


def test_what_else_changed_is_of_the_object_and_read_by_the_thread() -> None:
    (value,) = told(came_back("None", "H")).returned_values
    assert [side.name for side in value.between] == ["W1", "W2"]
    assert [(side.name, side.cell) for side in value.meanwhile] == [("W3", "H.type")]


def test_a_value_that_never_left_did_not_come_back() -> None:
    assert told(came_back()).returned_values == ()
    assert told(came_back("H")).returned_values == ()  # stored, but the same
    assert told(came_back("None")).returned_values == ()  # it is not H at the end


def test_of_many_changes_the_sentence_names_the_first_and_the_last() -> None:
    cause = told(came_back("A", "B", "C", "H")).cause
    assert cause == (
        "R4 finds p.info = H again: since R1 it was A (W1), B (W2), ... and H again (W4)."
    )


def test_a_value_with_brackets_comes_back_as_it_is() -> None:
    script = [
        Did("R", Load("n")),
        Did("W", Store("n", 0)),
        Did("W", Store("n", (1, (2, 3))), ends=None),
        Did("R", Load("n"), ends=Violation("x")),
    ]
    assert told(trace({"n": (1, (2, 3))}, script)).cause == (
        "R2 finds n = (1, (2, 3)) again: since R1 it was 0 (W1) and (1, (2, 3)) again (W2)."
    )


def test_a_deadlock_is_caused_by_what_was_taken_before() -> None:
    assert told(lock_cycle(), "deadlock").cause == "K is held since S1; L is held since F1."


def test_what_was_so_from_the_start_is_not_said_to_be_so_since_a_step() -> None:
    again = trace(
        {"n": 0},
        [Did("A", Store("n", 0), ends=None)],
        stuck={"B": WaitUntil("n", lambda value: value == 1)},
    )
    assert told(again, "deadlock").cause == ""


def test_a_read_modify_write_is_told_with_what_it_found() -> None:
    # W1 leaves another value than R1 found, though it may be the one that R1 left.
    for stored in (1, 2):
        script = [
            Did("R", Swap("n", 2)),
            Did("W", Store("n", stored), ends=None),
            Did("R", Load("m"), ends=Violation("x")),
        ]
        explanation = told(trace({"n": 0, "m": 0}, script))
        assert pairs(explanation) == [("n", "R1", "W1")]
        assert explanation.cause == f"R1 found n = 0, and W1 stored {stored} before R2."


def test_what_a_thread_stored_itself_did_not_come_back() -> None:
    def between(*steps: Did) -> Explanation:
        last = Did("R", Load("n"), ends=Violation("x"))
        return told(trace({"n": 1}, [Did("R", Load("n")), *steps, last]))

    others = [Did("W", Store("n", 0)), Did("W", Store("n", 1), ends=None)]
    assert len(between(*others).returned_values) == 1
    restored = between(Did("W", Store("n", 0), ends=None), Did("R", Store("n", 1)))
    assert restored.returned_values == ()
    # R2 finds 1 and leaves 0, R3 finds the 1 that W1 stored: it read 1 twice, but changed it.
    changed = between(Did("R", Swap("n", 0)), Did("W", Store("n", 1), ends=None))
    assert changed.returned_values == ()


def test_a_watch_that_does_not_change_in_the_window_is_told_since_when() -> None:
    script = [
        Did("W", Store("a", 1)),
        Did("R", Load("b"), opens=("w",)),
        Did("R", Load("b"), closes=("w",), ends=Violation("x")),
        Did("W", Store("a", 0), ends=None),
    ]
    watches = {"w": lambda values: values["a"] == 1}
    explanation = told(trace({"a": 0, "b": 0}, script, watches=watches))
    assert explanation.cause == "'w' is true since W1."


def test_an_invariant_is_caused_by_what_its_thread_read_before() -> None:
    assert told(held_lock(), "n below 2").cause == "B1 finds n = 1, stored by A2."


# --- folds ----------------------------------------------------------------------------------


def test_steps_that_decide_nothing_are_folded_with_what_they_change_together() -> None:
    script = [
        Did("R", Load("a")),
        Did("W", Acquire("L")),  # W1..W4
        Did("W", Store("b", 1)),
        Did("W", Store("b", 2)),
        Did("W", Release("L")),
        Did("W", Store("a", 1)),  # R reads a
        Did("W", Acquire("L")),  # two are too few to fold
        Did("W", Store("b", 3)),
        Did("V", Store("b", 4)),  # another thread; W7 could be folded with none of its
        Did("W", Store("b", 5)),
        Did("W", Store("b", 6)),
        Did("W", Release("L")),
        Did("R", Load("a"), ends=Violation("x")),
    ]
    explanation = told(trace({"a": 0, "b": 0, "L": False}, script))
    assert [(fold.name, fold.first, fold.last) for fold in explanation.folded] == [
        ("W1..W4", 1, 4),
        ("W8..W10", 9, 11),
    ]
    first, second = explanation.folded
    assert (first.changes, first.text) == ((Change("b", "0", "2"),), "4 steps: b 0 -> 2")
    assert second.text == "3 steps: b 4 -> 6, L held -> free"


def test_a_step_that_a_sentence_names_is_never_folded() -> None:
    script = [
        *[Did("W", Store("b", n)) for n in (1, 2)],
        Did("W", Store("a", 0)),  # W3: what R1 reads, though it changes nothing
        Did("W", Store("b", 3)),
        Did("R", Load("a"), ends=Violation("x")),
    ]
    explanation = told(trace({"a": 0, "b": 0}, script))
    assert explanation.cause == "R1 finds a = 0, stored by W3."
    assert explanation.folded == ()


def test_a_window_edge_and_a_change_of_a_watch_are_never_folded() -> None:
    noise = [Did("W", Store("n", n)) for n in range(1, 4)]
    script = [
        *noise,
        Did("W", Store("a", 1)),  # W4: the watch becomes true
        *noise,
        Did("V", Store("b", 1), opens=("w",)),
        *[Did("V", Store("b", n)) for n in (2, 3, 4)],
        Did("V", Store("b", 5), closes=("w",)),
        Did("R", Store("c", 1), ends=Violation("x")),
    ]
    watches = {"w": lambda values: values["a"] == 1}
    explanation = told(trace({"a": 0, "b": 0, "c": 0, "n": 0}, script, watches=watches))
    assert [fold.name for fold in explanation.folded] == ["W1..W3", "W5..W7", "V2..V4"]


# --- switches -------------------------------------------------------------------------------


def test_the_program_tells_whether_a_thread_that_was_left_could_have_gone_on() -> None:
    program = loop_beside_a_violation()
    finding = explore(program).violations["seen"]
    script = [Did("A", Load("mine")), Did("B", Load("other"), ends=Violation("seen"))]
    left = trace({"mine": 0, "other": 0}, script)
    assert [event.thread for event in finding.trace.events] == ["B"]
    for preemptions in (0, 1):  # whatever is said of the schedule
        with exactly(load_program(program)) as exact:
            explanation = explanation_of(
                left, "seen", interleavings=None, total=None,
                preemptions=preemptions, minimal=True, exact=exact,
            )  # fmt: skip
        switch = explanation.rows[1].switch
        assert switch is not None and (switch.reason, switch.text) == ("preempted", "A preempted")
