"""The verifier of certificates: their shape, and that all states and steps are there (1 to 3)."""

from __future__ import annotations

import itertools
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.certificates.by_hand import (
    Document,
    Edit,
    Rejected,
    act,
    broken,
    broken_in_text,
    certificate,
    choose,
    close,
    edited,
    end,
    looking,
    node,
    sealed,
    spinning,
    thread,
    truth,
    verify,
    waiting,
    writers,
    written,
)


def test_the_certificates_made_by_hand_are_right() -> None:
    assert verify(sealed(writers())) == (4, 4, "2")
    assert verify(sealed(waiting())) == (2, 1, "1")
    assert verify(sealed(spinning())) == (3, 3, None)
    # Steps: t0 not begun: 2 + 2 + 1; open: 2 + 2 + 1 + 2 + 1; closed: 1 + 1 + 0, 1 + 0, 1 + 0, 0.
    assert verify(sealed(looking())) == (16, 5 + 8 + 4, "6")


# Condition 1.

SHAPES: dict[str, Edit] = {
    "another version": lambda d: d.update(certificate=2),
    "a version that is true": lambda d: d.update(certificate=True),
    "a superfluous key": lambda d: d.update(more=0),
    "a superfluous key of the claim": lambda d: d["claim"].update(more=0),
    "a missing key of the claim": lambda d: d["claim"].pop("digest"),
    "a missing part": lambda d: d.pop("program"),
    "another memory": lambda d: d["claim"].update(memory="tso"),
    "a number for a text": lambda d: d["claim"].update(racer=1),
    "a number of interleavings": lambda d: d["claim"].update(interleavings=2),
    "a number of states that is a float": lambda d: d["claim"].update(states=4.0),
    "no states": lambda d: d.update(states={}),
    "no number": lambda d: d["claim"].update(parameters=math.nan),
    "a program that is a list": lambda d: d.update(program=[]),
    "values that are numbers": lambda d: d["program"]["cells"][0].update(values=[0, 1]),
    "a negative start": lambda d: d["program"]["automata"][0].update(start=-1),
    "a start beyond": lambda d: d["program"]["automata"][0].update(start=2),
    "slots beyond memory": lambda d: d["program"]["automata"][0].update(slots=10**15),
    "slots without bound": lambda d: d["program"]["automata"][0].update(slots=10**4000),
    "slots beyond the states": lambda d: d["program"]["automata"][0].update(slots=1),
    "an automaton beyond": lambda d: d["program"]["threads"][0].update(automaton=2),
    "an automaton that is false": lambda d: d["program"]["threads"][0].update(automaton=False),
    "an automaton that is a text": lambda d: d["program"]["threads"][0].update(automaton="0"),
    "another kind": lambda d: d["program"]["threads"][0].update(kind="odd"),
    "a kind that is a list": lambda d: d["program"]["threads"][0].update(kind=["daemon"]),
    "a node that is none": lambda d: node(d, 0, 1).pop("ends"),
    "a node that is a list": lambda d: d["program"]["automata"][0]["nodes"].append([]),
    "a node of two sorts": lambda d: node(d, 0, 0).update(ends="done", bad=0),
    "a node with options too": lambda d: node(d, 0, 0).update(options=[1]),
    "a bad of two": lambda d: node(d, 0, 1).update(bad=2),
    "a cell beyond": lambda d: node(d, 0, 0).update(cell=2),
    "a cell of no sort": lambda d: node(d, 0, 0).update(cell=None),
    "a short step": lambda d: node(d, 0, 0).update(steps=[[0, 1]]),
    "a value before beyond": lambda d: node(d, 0, 0)["steps"].append([2, 0, 1]),
    "a value after beyond": lambda d: node(d, 0, 0)["steps"].append([1, 2, 1]),
    "a goal beyond": lambda d: node(d, 0, 0)["steps"].append([1, 0, 2]),
    "a blocked value beyond": lambda d: node(d, 0, 0)["blocked"].append(2),
    "a slot beyond": lambda d: node(d, 0, 0)["opens"].append([0, 0]),
    "an always that is a text": lambda d: d["program"]["always"].append("x"),
    "a cell of a TRUTH beyond": lambda d: d["program"]["always"][0].update(cells=[0, 2]),
    "cells of a TRUTH that are none": lambda d: d["program"]["always"][0].update(cells=0),
    "a short row of a TRUTH": lambda d: d["program"]["always"][0]["false"].append([0]),
    "a value of a TRUTH beyond": lambda d: d["program"]["always"][0]["false"].append([0, 2]),
    "an end beyond": lambda d: d["program"]["finally"][0].update(holds=[3, 4]),
    "a state with a float": lambda d: d["states"][1].__setitem__(0, 1.0),
    "a state with true": lambda d: d["states"][1].__setitem__(0, True),
    "a state with a text": lambda d: d["states"][1].__setitem__(0, "1"),
    "a state with a node beyond": lambda d: d["states"][1].__setitem__(0, 2),
    "a state with a value beyond": lambda d: d["states"][1].__setitem__(3, 2),
    "a long state": lambda d: d["states"][3].append(0),
    "a short first state": lambda d: d["states"][0].pop(),
    "a state that is a text": lambda d: d["states"].__setitem__(1, "1010"),
}


@pytest.mark.parametrize("edit", SHAPES.values(), ids=SHAPES)
def test_1_what_has_not_the_shape_or_the_range_is_rejected(edit: Edit) -> None:
    assert broken(edited(writers(), edit)) == 1


def test_1_what_is_in_a_window_is_in_its_range() -> None:
    edits: list[Edit] = [
        lambda d: node(d, 0, 0).update(opens=[[1, 0]]),  # a slot beyond
        lambda d: node(d, 0, 0).update(opens=[[0, 1]]),  # a watch beyond
        lambda d: node(d, 0, 0).update(options=[7]),
        lambda d: node(d, 0, 2).update(closes=1),
        lambda d: node(d, 0, 2).update(watch=1),
        lambda d: node(d, 0, 2)["goals"].append([0, 0, 2, 3]),
        lambda d: node(d, 0, 2)["goals"].append([0, 0, 0, 7]),
        lambda d: d["states"][3].__setitem__(1, 4),
    ]
    for edit in edits:
        assert broken(edited(looking(), edit)) == 1


def test_1_the_bytes_are_those_that_json_dumps_writes() -> None:
    text = sealed(writers())
    assert verify(text)
    assert broken_in_text(text[:-1]) == 1
    assert broken_in_text(text + "\n") == 1
    assert broken_in_text(text[:-1] + "\r\n") == 1
    assert broken_in_text("\ufeff" + text) == 1
    assert broken_in_text(text.replace(",", ", ", 1)) == 1
    assert broken_in_text(text.replace('"certificate"', r'"\u0063ertificate"', 1)) == 1
    assert broken_in_text(text.replace('{"certificate":1,', '{"certificate":1,' * 2, 1)) == 1
    assert broken_in_text(json.dumps(json.loads(text), sort_keys=True) + "\n") == 1
    backwards = dict(reversed(json.loads(text).items()))
    assert broken_in_text(json.dumps(backwards, separators=(",", ":")) + "\n") == 1


def test_1_the_sha256_is_that_of_the_text() -> None:
    document = json.loads(sealed(writers()))
    digest = document["sha256"]
    for other in ("", "0" * 64, digest.upper(), digest + " ", None):
        assert broken_in_text(written(document | {"sha256": other}) + "\n") == 1


def test_1_texts_are_any_texts_and_parameters_anything() -> None:
    document = edited(writers(), lambda d: d["claim"].update(scenario="\ud800 \u20ac \0"))
    document["claim"]["parameters"] = {"fixed": True, "rate": 0.5, "less": [-1, None]}
    assert verify(sealed(document)) == (4, 4, "2")


# Condition 2.


def swap_states(document: Document) -> None:
    states = document["states"]
    states[0], states[1] = states[1], states[0]


def repeat_state(document: Document) -> None:
    document["states"].append(document["states"][1])
    document["claim"]["states"] = 5


STARTS: dict[str, Edit] = {
    "another state first": swap_states,
    "a state twice": repeat_state,
    "another count of states": lambda d: d["claim"].update(states=5),
    "no state at all": lambda d: (d.update(states=[]), d["claim"].update(states=0)),
    "a start at an end": lambda d: d["program"]["automata"][0].update(start=1),
}


@pytest.mark.parametrize("edit", STARTS.values(), ids=STARTS)
def test_2_the_states_begin_with_the_start_and_are_there_once(edit: Edit) -> None:
    document = writers()
    document["program"]["finally"] = []
    assert verify(sealed(document)) == (4, 4, "2")
    assert broken(edited(document, edit)) == 2


def test_2_no_window_is_open_and_no_cell_written_at_the_start() -> None:
    assert broken(edited(looking(), lambda d: d["states"][0].__setitem__(1, 2))) == 2
    assert broken(edited(looking(), lambda d: d["states"][0].__setitem__(3, 1))) == 2
    assert (
        broken(edited(looking(), lambda d: node(d, 0, 0).update(windows=[[0, 0]], opens=[]))) == 2
    )
    assert broken(edited(looking(), lambda d: d["program"]["automata"][0].update(start=2))) == 2


def test_2_the_order_of_the_other_states_is_free() -> None:
    states = looking()["states"]
    document = looking() | {"states": [states[0], *reversed(states[1:])]}
    document["program"]["finally"] = []
    assert verify(sealed(document)) == (16, 17, "6")


# Condition 3, and the steps 1 to 5.


def forget_last_state(document: Document) -> None:
    document["states"].pop()
    document["claim"]["states"] -= 1
    document["program"]["finally"] = []


UNTOLD: dict[str, Edit] = {
    "a state that is missing": forget_last_state,
    "a value that is not told": lambda d: node(d, 0, 0).update(steps=[[1, 1, 1]]),
    "a value told twice": lambda d: node(d, 0, 0)["steps"].append([0, 1, 1]),
    "a value told and blocked": lambda d: node(d, 0, 0)["blocked"].append(0),
    "a value blocked twice": lambda d: node(d, 0, 0).update(blocked=[1, 1]),
    "a TRUTH with no row": lambda d: d["program"]["always"][0]["true"].pop(),
    "a TRUTH with a row twice": lambda d: d["program"]["always"][0]["true"].append([0, 0]),
    "a TRUTH with a row true and false": lambda d: d["program"]["always"][0]["false"].append(
        [0, 0]
    ),
    "a sometimes with no row": lambda d: d["program"]["sometimes"][0]["false"].pop(),
}


@pytest.mark.parametrize("edit", UNTOLD.values(), ids=UNTOLD)
def test_3_each_step_is_told_and_leads_to_a_state(edit: Edit) -> None:
    assert broken(edited(writers(), edit)) == 3


def test_3_a_value_that_no_thread_meets_need_not_be_told() -> None:
    # t0 finds 0 in cell 0, never 1: that it would be blocked by 1, or would write 0, is no matter.
    assert verify(sealed(edited(writers(), lambda d: node(d, 0, 0)["blocked"].append(1))))
    assert verify(sealed(edited(writers(), lambda d: node(d, 0, 0)["steps"].append([1, 0, 0]))))


UNSEEN: dict[str, Edit] = {
    "a row of goals that is missing": lambda d: node(d, 0, 2)["goals"].pop(),
    "a row of goals twice": lambda d: node(d, 0, 2)["goals"].append([1, 1, 0, 6]),
    "a row of a watch that is missing": lambda d: d["program"]["watches"][0]["true"].pop(),
    "a watch the other way round": lambda d: d["program"]["watches"][0].update(
        true=[[0]], false=[[1]]
    ),
    "a window that is closed without having been opened": lambda d: node(d, 0, 0).update(opens=[]),
    "a window that is forgotten": lambda d: node(d, 0, 1).update(windows=[]),
    "a window that is opened twice": lambda d: node(d, 0, 1).update(opens=[[0, 0]]),
    "a window that is there twice": lambda d: node(d, 0, 1).update(windows=[[0, 0], [0, 0]]),
}


@pytest.mark.parametrize("edit", UNSEEN.values(), ids=UNSEEN)
def test_3_each_window_is_told(edit: Edit) -> None:
    assert broken(edited(looking(), edit)) == 3


def test_3_a_window_that_was_not_opened_is_not_closed_even_if_a_row_tells_how() -> None:
    # It would have seen nothing: neither ever true nor ever false.
    nodes = [choose(1), close(0, 0, (0, 0, 0, 2), (0, 0, 1, 2)), end()]
    watch = truth("is 1", [0], [[1]], [[0]])
    states = [[0, 0, 0], [2, 0, 0]]
    document = certificate([thread(nodes, slots=1)], states, "1", watches=[watch])
    assert broken(document) == 3


def test_3_a_window_is_closed_with_the_watch_that_it_was_opened_with() -> None:
    document = looking()
    document["program"]["watches"] *= 2
    assert verify(sealed(document)) == (16, 17, "6")
    assert broken(edited(document, lambda d: node(d, 0, 0).update(opens=[[0, 1]]))) == 3
    assert broken(edited(document, lambda d: node(d, 0, 1).update(windows=[[0, 1]]))) == 3
    assert broken(edited(document, lambda d: node(d, 0, 2).update(watch=1))) == 3


def writes_and_looks(*goals: tuple[int, ...]) -> Document:
    """One thread, whose one step writes 1 to cell 0, opens a window on it, and closes that."""
    nodes = [act(0, [(0, 1, 1)], opens=[(0, 0)]), close(0, 0, *goals), end()]
    watch = truth("is 1", [0], [[1]], [[0]])
    return certificate([thread(nodes, slots=1)], [[0, 0, 0], [2, 0, 1]], "1", watches=[watch])


def test_3_a_window_sees_both_sides_of_the_step_that_opens_it() -> None:
    # Steps 1 and 3: cell 0 is 0 in S and 1 in S', so both were true, and at last it is true.
    assert verify(sealed(writes_and_looks((1, 1, 1, 2)))) == (2, 1, "1")
    for goal in itertools.product((0, 1), repeat=3):
        if goal != (1, 1, 1):
            assert broken(writes_and_looks((*goal, 2))) == 3


def two_windows(second: tuple[int, int, int] = (1, 1, 0)) -> Document:
    """t0 opens two windows with one step, and closes both with the next, which writes 1 to cell 0.

    Watch 0 is that cell 0 is 1, and watch 1 that it is 0. Both windows are opened while it is 0.
    Slot 1 has the window of watch 1, and is closed first: it saw true, then false. Slot 0, with the
    window of watch 0, saw false, then true.
    """
    windows = [(0, 0), (1, 1)]
    nodes = [
        choose(1, opens=windows),
        act(0, [(0, 1, 2)], windows=windows),
        close(1, 1, (*second, 3)),
        close(0, 0, (1, 1, 1, 4)),
        end(),
    ]
    watches = [truth("is 1", [0], [[1]], [[0]]), truth("is 0", [0], [[0]], [[1]])]
    states = [[0, 0, 0, 0], [1, 2, 1, 0], [4, 0, 0, 1]]
    return certificate([thread(nodes, slots=2)], states, "1", watches=watches)


def test_3_a_thread_goes_on_from_window_to_window() -> None:
    # Step 4.
    assert verify(sealed(two_windows())) == (3, 2, "1")
    assert broken(two_windows(second=(1, 1, 1))) == 3
    assert broken(edited(two_windows(), lambda d: d["states"][1].__setitem__(1, 1))) == 3


def test_3_a_window_may_stay_open_while_another_is_closed() -> None:
    # t0 opens slots 0 and 1, closes 1 with its second step, and 0 with its third; none sees a 1.
    watch = truth("is 1", [0], [[1]], [[0]])
    nodes = [
        choose(1, opens=[(0, 0), (1, 0)]),
        choose(2, windows=[(1, 0), (0, 0)]),
        close(1, 0, (0, 1, 0, 3)),
        choose(4, windows=[(0, 0)]),
        close(0, 0, (0, 1, 0, 5)),
        end(),
    ]
    states = [[0, 0, 0, 0], [1, 2, 2, 0], [3, 2, 0, 0], [5, 0, 0, 0]]
    document = certificate([thread(nodes, slots=2)], states, "1", watches=[watch])
    assert verify(sealed(document)) == (4, 3, "1")
    assert broken(edited(document, lambda d: d["states"][2].__setitem__(2, 2))) == 3
    assert broken(edited(document, lambda d: node(d, 0, 3)["windows"].append([1, 0]))) == 3


def test_3_what_is_open_when_a_thread_ends_is_forgotten() -> None:
    # Step 5.
    watch = truth("is 1", [0], [[1]], [[0]])
    nodes = [choose(1, opens=[(0, 0)]), choose(2, windows=[(0, 0)]), end()]
    states = [[0, 0, 0], [1, 2, 0], [2, 0, 0]]
    document = certificate([thread(nodes, slots=1)], states, "1", watches=[watch])
    assert verify(sealed(document)) == (3, 2, "1")
    assert broken(edited(document, lambda d: d["states"][2].__setitem__(1, 2))) == 3


def test_3_a_step_changes_its_cell_alone() -> None:
    # Step 2: t0 leaves 1 in cell 0, which is state 1, and nothing in cell 1.
    assert broken(edited(writers(), lambda d: d["states"][1].__setitem__(3, 1))) == 3


@given(st.data())
def test_3_no_number_of_a_state_can_be_another(data: st.DataObject) -> None:
    document = data.draw(st.sampled_from([writers(), waiting(), spinning(), looking()]))
    row = data.draw(st.sampled_from(document["states"]))
    at = data.draw(st.integers(0, len(row) - 1))
    row[at] = data.draw(st.integers(0, 7).filter(lambda number: number != row[at]))
    with pytest.raises(Rejected):
        verify(sealed(document))
