"""The verifier of certificates, on certificates that are made by hand.

It is loaded by its path, and not imported from racer: it has to work where racer is not.
"""

from __future__ import annotations

import copy
import hashlib
import importlib.util
import itertools
import json
import math
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

PATH = Path(__file__).parents[2] / "racer" / "certificates" / "verifying.py"
spec = importlib.util.spec_from_file_location("verifying_by_its_path", PATH)
assert spec is not None and spec.loader is not None
verifying = importlib.util.module_from_spec(spec)
spec.loader.exec_module(verifying)
Rejected, verify = verifying.Rejected, verifying.verify

Document = dict[str, Any]
Edit = Callable[[Document], object]


# How a certificate is made.


def act(
    cell: int,
    steps: Sequence[tuple[int, int, int]],
    blocked: Sequence[int] = (),
    windows: Sequence[tuple[int, int]] = (),
    opens: Sequence[tuple[int, int]] = (),
) -> Document:
    told = {"cell": cell, "steps": [list(step) for step in steps], "blocked": list(blocked)}
    return told | {
        "does": "acts",
        "windows": [list(window) for window in windows],
        "opens": [list(window) for window in opens],
    }


def choose(
    *goals: int, windows: Sequence[tuple[int, int]] = (), opens: Sequence[tuple[int, int]] = ()
) -> Document:
    return {
        "does": "chooses",
        "options": list(goals),
        "windows": [list(window) for window in windows],
        "opens": [list(window) for window in opens],
    }


def close(slot: int, watch: int, *goals: tuple[int, ...]) -> Document:
    return {"closes": slot, "watch": watch, "goals": [list(goal) for goal in goals]}


def end(bad: int = 0) -> Document:
    return {"ends": "done", "bad": bad}


def truth(name: str, cells: list[int], true: list[list[int]], false: list[list[int]]) -> Document:
    return {"name": name, "cells": cells, "true": true, "false": false}


def thread(nodes: list[Document], kind: str = "ordinary", slots: int = 0) -> Document:
    return {"kind": kind, "automaton": {"start": 0, "slots": slots, "nodes": nodes}}


def certificate(
    threads: list[Document],
    states: list[list[int]],
    interleavings: str | None,
    cells: Sequence[int] = (2,),
    finals: Sequence[list[int]] = (),
    **truths: list[Document],
) -> Document:
    """A document but for its sha256; each thread has an automaton, each cell that many values."""
    program = {
        "cells": [
            {"name": f"c{at}", "values": [str(value) for value in range(count)]}
            for at, count in enumerate(cells)
        ],
        "automata": [thread["automaton"] for thread in threads],
        "threads": [
            {"name": f"t{at}", "automaton": at, "kind": thread["kind"]}
            for at, thread in enumerate(threads)
        ],
        "finally": [{"name": f"f{at}", "holds": holds} for at, holds in enumerate(finals)],
    }
    claim = {
        "racer": "0.1.0",
        "scenario": "by hand",
        "parameters": {},
        "memory": "sc",
        "digest": "",
        "states": len(states),
        "interleavings": interleavings,
    }
    program |= {key: truths.get(key, []) for key in ("watches", "always", "sometimes")}
    return copy.deepcopy({"certificate": 1, "claim": claim, "program": program, "states": states})


def written(document: Any) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def sealed(document: Document) -> str:
    digest = hashlib.sha256(written(document | {"sha256": ""}).encode()).hexdigest()
    return written(document | {"sha256": digest}) + "\n"


def edited(document: Document, edit: Edit) -> Document:
    edit(changed := copy.deepcopy(document))
    return changed


def broken(document: Document) -> int:
    """Which condition the certificate is rejected for."""
    return broken_in_text(sealed(document))


def broken_in_text(text: str) -> int:
    with pytest.raises(Rejected) as caught:
        verify(text)
    told = re.match(r"condition ([1-9]): ", str(caught.value))
    assert told is not None
    return int(told[1])


def node(document: Document, automaton: int, at: int) -> Document:
    found: Document = document["program"]["automata"][automaton]["nodes"][at]
    return found


def writers() -> Document:
    """Two threads, of which t0 writes 1 to the cell 0, and t1 to the cell 1.

    A state is: node of t0, node of t1, the cells. Each thread is before or after its one step:
    4 states, 2 + 1 + 1 + 0 = 4 steps, 2! = 2 interleavings, one end, in which both cells are 1.
    """
    rows = [[0, 0], [0, 1], [1, 0]]
    return certificate(
        [thread([act(0, [(0, 1, 1)]), end()]), thread([act(1, [(0, 1, 1)]), end()])],
        [[0, 0, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 1, 1]],
        "2",
        cells=(2, 2),
        finals=[[3]],
        always=[truth("told", [0, 1], [*rows, [1, 1]], [])],
        sometimes=[truth("both", [1, 0], [[1, 1]], rows)],
    )


def waiting() -> Document:
    """A daemon t0 waits for ever for cell 0 to be 1, while t1 ends with a step of its own.

    Two states, one step, one run; the second state is an end, as a daemon need not end.
    """
    waiter = thread([act(0, [(1, 1, 1)], blocked=[0]), end()], kind="daemon")
    return certificate([waiter, thread([choose(1), end()])], [[0, 0, 0], [0, 1, 0]], "1")


def spinning() -> Document:
    """t0 reads cell 0 again and again until it is 1, and t1 writes that.

    A state is: node of t0, node of t1, cell 0. In state 0, t0 spins (to state 0) and t1 writes (to
    state 1); from there t0 ends in state 2. So 3 states, 3 steps, and a circle.
    State 0 is a component in which t0, which is ordinary, goes round for ever; it is unfair, as t1
    can take a step there and its only step leaves.
    """
    spinner = thread([act(0, [(0, 0, 0), (1, 1, 1)]), end()])
    writer = thread([act(0, [(0, 1, 1)]), end()])
    return certificate([spinner, writer], [[0, 0, 0], [0, 1, 1], [1, 1, 1]], None, finals=[[2]])


ROWS = [(1, 0, 1, 3), (0, 1, 0, 4), (1, 1, 1, 5), (1, 1, 0, 6)]


def looking() -> Document:
    """t0 looks with a window whether cell 0 is 1; t1 writes 1, and then 0.

    t0 opens the window (node 0), closes it (node 1 and 2), and is at an end that tells what it saw:
    3 only true, 4 only false, 5 both and at last true, 6 both and at last false.
    A state is: node of t0, what its window has seen (1 true, 2 false, 3 both), node of t1, cell 0.
    """
    looker = [choose(1, opens=[(0, 0)]), choose(2, windows=[(0, 0)]), close(0, 0, *ROWS)]
    states = [
        # t0 has not begun, t1 is before, between or behind its two steps
        [0, 0, 0, 0],
        [0, 0, 1, 1],
        [0, 0, 2, 0],
        # the window was opened when t1 was before, and then t1 took none, one or two steps
        [1, 2, 0, 0],
        [1, 3, 1, 1],
        [1, 3, 2, 0],  # and here too if it was opened between, and then t1 took a step
        # it was opened between, or behind
        [1, 1, 1, 1],
        [1, 2, 2, 0],
        # it was closed: having seen false only (before: and then t1 took 0, 1, 2 steps; behind)
        [4, 0, 0, 0],
        [4, 0, 1, 1],
        [4, 0, 2, 0],
        # between, having seen both, or true only, and then t1 took 0 or 1 step
        [5, 0, 1, 1],
        [5, 0, 2, 0],
        [3, 0, 1, 1],
        [3, 0, 2, 0],
        # behind, having seen both
        [6, 0, 2, 0],
    ]
    writer = thread([act(0, [(0, 1, 1)]), act(0, [(1, 0, 2)]), end()])
    watch = truth("is 1", [0], [[1]], [[0]])
    threads = [thread([*looker, end(), end(), end(), end()], slots=1), writer]
    # Each takes two steps: C(4, 2) = 6 interleavings.
    return certificate(threads, states, "6", watches=[watch], finals=[[10, 12, 14, 15]])


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


# Conditions 4, 5 and 6.


def test_4_each_state_is_reached() -> None:
    # Nobody writes 1 to cell 1 before t1 has taken its step. All that follows is there.
    def add(document: Document) -> None:
        document["states"] += [[0, 0, 0, 1]]
        document["claim"]["states"] = 5

    assert broken(edited(writers(), add)) == 4


def test_5_no_thread_is_at_an_end_that_is_bad() -> None:
    assert broken(edited(writers(), lambda d: node(d, 0, 1).update(bad=1))) == 5

    def add(document: Document) -> None:  # an end which is bad, and where no thread comes to
        document["program"]["automata"][0]["nodes"].append(end(bad=1))

    assert verify(sealed(edited(writers(), add))) == (4, 4, "2")


@pytest.mark.parametrize("row", [[0, 0], [0, 1], [1, 0], [1, 1]])
def test_5_what_is_always_so_is_so_in_every_state(row: list[int]) -> None:
    def move(document: Document) -> None:
        always = document["program"]["always"][0]
        always["true"].remove(row)
        always["false"].append(row)

    assert broken(edited(writers(), move)) == 5


def test_6_what_is_sometimes_so_is_so_in_some_state() -> None:
    def move(document: Document) -> None:
        sometimes = document["program"]["sometimes"][0]
        sometimes["false"].append(sometimes["true"].pop())

    assert broken(edited(writers(), move)) == 6

    # One that is so and one that is not: the second has no cells, and is false.
    document = looking()
    document["program"]["sometimes"] = [truth("is 1", [0], [[1]], [[0]])]
    assert verify(sealed(document)) == (16, 17, "6")
    document["program"]["sometimes"].append(truth("never", [], [], [[]]))
    assert broken(document) == 6


# Condition 7.


@pytest.mark.parametrize("kind", ["ordinary", "perpetual"])
def test_7_only_daemons_may_wait_for_ever(kind: str) -> None:
    assert broken(edited(waiting(), lambda d: d["program"]["threads"][0].update(kind=kind))) == 7


def waiting_daemons(count: int) -> Document:
    """As many daemons as said, each waiting for cell 0 to be 1: one state, no step, one run."""
    daemon = thread([act(0, [(1, 1, 1)], blocked=[0]), end()], kind="daemon")
    return certificate([daemon] * count, [[0] * count + [0]], "1")


def test_7_some_thread_has_ended_or_there_is_but_one() -> None:
    assert verify(sealed(waiting_daemons(1))) == (1, 0, "1")
    assert broken(waiting_daemons(2)) == 7
    assert broken(waiting_daemons(0)) == 7


@pytest.mark.parametrize("holds", [[], [0], [2], [0, 3], [2, 3], [3, 3]])
def test_7_what_finally_holds_holds_in_just_the_ends(holds: list[int]) -> None:
    # The one end of writers() is state 3.
    assert broken(edited(writers(), lambda d: d["program"]["finally"][0].update(holds=holds))) == 7


def test_7_what_finally_holds_is_told_for_each_end_in_ascending_order() -> None:
    def set_holds(holds: list[int]) -> Document:
        return edited(looking(), lambda d: d["program"]["finally"][0].update(holds=holds))

    assert broken(set_holds([12, 10, 14, 15])) == 7
    assert broken(set_holds([10, 12, 14])) == 7


def test_7_what_finally_holds_has_an_end_to_hold_in() -> None:
    # One daemon that chooses to go on, for ever: one state, one step, and it is in a circle.
    document = certificate([thread([choose(0)], kind="daemon")], [[0, 0]], None)
    assert verify(sealed(document)) == (1, 1, None)
    document["program"]["finally"] = [{"name": "f", "holds": []}]
    assert broken(document) == 7


# Condition 8.


def test_8_an_ordinary_thread_may_not_go_round_for_ever_where_that_is_fair() -> None:
    # As in spinning(), but t1 writes 0, so that t0 goes on to spin: in state 0, which is unfair,
    # and in state 1, where no other thread can take a step.
    spinner = thread([act(0, [(0, 0, 0), (1, 1, 1)]), end()])
    writer = thread([act(0, [(0, 0, 1)]), end()])
    assert broken(certificate([spinner, writer], [[0, 0, 0], [0, 1, 0]], None)) == 8
    # As a daemon, it may.
    spinner["kind"] = "daemon"
    document = certificate([spinner, writer], [[0, 0, 0], [0, 1, 0]], None)
    assert verify(sealed(document)) == (2, 3, None)


def test_8_a_step_that_stays_makes_no_component_unfair() -> None:
    # t0 chooses to go on, or to end. It can take a step in state 0, but not each of them leaves.
    document = certificate([thread([choose(0, 1), end()])], [[0, 0], [1, 0]], None)
    assert broken(document) == 8


def toggling(
    kind: str, steps: list[tuple[int, int, int]], blocked: list[int], other: str = "ordinary"
) -> Document:
    """t0 toggles cell 0 for ever, and t1 takes a step if the cell has a value that lets it.

    A state is: node of t0, node of t1, cell 0. t0 goes round states 0 and 1, and, when t1 has
    ended, round 2 and 3.
    """
    toggler = thread([act(0, [(0, 1, 0), (1, 0, 0)])], kind=kind)
    states = [[0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1]]
    return certificate([toggler, thread([act(0, steps, blocked), end()], other)], states, None)


def test_8_a_component_is_unfair_to_a_thread_that_can_take_a_step_in_each_state_of_it() -> None:
    either, one = [(0, 0, 1), (1, 1, 1)], [(0, 0, 1)]
    # 4 steps of t0 and 2 of t1; it is 4 and 1 where t1 has to wait for cell 0 to be 0.
    assert verify(sealed(toggling("daemon", either, []))) == (4, 6, None)
    assert broken(toggling("daemon", one, [1])) == 8
    assert verify(sealed(toggling("daemon", one, [1], "daemon"))) == (4, 5, None)
    # When t1 has ended, t0 goes round alone, which an ordinary thread may not.
    assert broken(toggling("ordinary", either, [])) == 8
    # It changes a cell, which is what a perpetual thread has to do.
    assert verify(sealed(toggling("perpetual", either, []))) == (4, 6, None)


def idling(*kinds: str, writes: bool = False) -> Document:
    """Threads of the given kinds that read cell 0 for ever; the first may also toggle it."""
    steps = [(0, 1, 0), (1, 0, 0)] if writes else [(0, 0, 0)]
    reader = thread([act(0, [(0, 0, 0), (1, 1, 0)])])
    threads = [thread([act(0, steps)]) | {"kind": kinds[0]}]
    threads += [reader | {"kind": kind} for kind in kinds[1:]]
    states = [[0] * len(kinds) + [value] for value in range(1 + writes)]
    return certificate(threads, states, None)


def test_8_each_perpetual_thread_has_to_change_a_cell_in_a_component_that_no_step_leaves() -> None:
    assert broken(idling("perpetual")) == 8
    assert verify(sealed(idling("perpetual", writes=True))) == (2, 2, None)
    assert broken(idling("perpetual", "perpetual", writes=True)) == 8
    assert broken(idling("daemon", "perpetual", writes=True)) == 8
    assert verify(sealed(idling("perpetual", "daemon", writes=True))) == (2, 4, None)


def test_8_two_daemons_may_not_both_do_nothing_for_ever() -> None:
    assert verify(sealed(idling("daemon"))) == (1, 1, None)
    assert broken(idling("daemon", "daemon")) == 8
    assert verify(sealed(idling("daemon", "daemon", writes=True))) == (2, 4, None)


def idle_beside(other: list[Document], kind: str, idler: str, states: list[list[int]]) -> Document:
    """t0 reads cell 0 for ever, beside a t1 of the given nodes and kind."""
    reader = thread([act(0, [(0, 0, 0)])], kind=idler)
    return certificate([reader, thread(other, kind)], states, None)


def test_8_one_that_has_ended_lets_daemons_do_nothing_for_ever() -> None:
    # t1 ends. Then t0 alone goes round state 1: daemons may, as one thread has ended.
    states = [[0, 0, 0], [0, 1, 0]]
    document = idle_beside([choose(1), end()], "daemon", "daemon", states)
    assert verify(sealed(document)) == (2, 3, None)
    document = idle_beside([choose(1), end()], "ordinary", "daemon", states)
    assert verify(sealed(document)) == (2, 3, None)
    assert broken(idle_beside([choose(1), end()], "daemon", "perpetual", states)) == 8


def test_8_of_a_component_that_a_step_leaves_no_work_is_asked() -> None:
    # In state 0, t0 and t1 both read for ever and do no work, but t1 can leave, by choice: then it
    # is ever and ever in state 1, where it toggles cell 0. t0 is a daemon that reads meanwhile.
    toggles = act(0, [(0, 1, 1), (1, 0, 1)])
    reader = thread([act(0, [(0, 0, 0), (1, 1, 0)])], kind="daemon")
    states = [[0, 0, 0], [0, 1, 0], [0, 1, 1]]
    leaver = thread([choose(0, 1), toggles], kind="perpetual")
    # 3 steps from state 0, and 2 from each of the others.
    assert verify(sealed(certificate([reader, leaver], states, None))) == (3, 7, None)
    leaver["kind"] = "ordinary"
    assert broken(certificate([reader, leaver], states, None)) == 8


def components_are_right(goals: Sequence[Sequence[int]]) -> None:
    """Compares the components of what is reached from state 0 with what reaches what (Warshall)."""
    reach = [{at, *own} for at, own in enumerate(goals)]
    for middle, start in itertools.product(range(len(goals)), repeat=2):
        if middle in reach[start]:
            reach[start] |= reach[middle]
    found = verifying.components([[(0, to, False) for to in own] for own in goals])
    expected = {frozenset(b for b in reach[0] if b in reach[a] and a in reach[b]) for a in reach[0]}
    assert sorted(map(sorted, found)) == sorted(map(sorted, expected))
    for early, late in itertools.combinations(found, 2):
        assert not any(b in reach[a] for a in early for b in late)


def test_8_states_are_in_one_component_if_each_is_reached_from_the_other() -> None:
    # All graphs of three states, with the steps from a state in any order: 16 ** 3.
    some = [own for count in range(4) for own in itertools.permutations(range(3), count)]
    for goals in itertools.product(some, repeat=3):
        components_are_right(goals)


graphs = st.integers(1, 9).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, n - 1), max_size=4), min_size=n, max_size=n)
)


@given(graphs)
def test_8_states_of_greater_graphs_are_too(goals: list[list[int]]) -> None:
    components_are_right(goals)


def test_8_a_component_may_be_as_deep_as_there_are_states() -> None:
    # No recursion: 50,000 states in one circle.
    count = 50_000
    (found,) = verifying.components([[(0, (at + 1) % count, False)] for at in range(count)])
    assert found == set(range(count))


# Condition 9.


@pytest.mark.parametrize("count", ["1", "3", "02", "2 ", "+2", "2.0", "two", "", "-2", None])
def test_9_the_interleavings_are_counted(count: str | None) -> None:
    assert broken(edited(writers(), lambda d: d["claim"].update(interleavings=count))) == 9


def test_9_where_a_run_can_go_on_for_ever_there_is_no_count() -> None:
    assert broken(edited(spinning(), lambda d: d["claim"].update(interleavings="1"))) == 9


def test_9_each_option_is_a_move_of_its_own() -> None:
    # Three options, two of which have one goal: 3 runs through 3 states.
    nodes = [choose(1, 1, 2), end(), end()]
    document = certificate([thread(nodes)], [[0, 0], [1, 0], [2, 0]], "3")
    assert verify(sealed(document)) == (3, 3, "3")


def test_9_a_count_may_have_more_digits_than_python_writes() -> None:
    # A chain of 5,000 choices of ten ways each: 10 ** 5000 runs.
    nodes = [choose(*[at + 1] * 10) for at in range(5000)]
    document = certificate(
        [thread([*nodes, end()])], [[at, 0] for at in range(5001)], "1" + "0" * 5000
    )
    assert verify(sealed(document)) == (5001, 50_000, "1" + "0" * 5000)
    document["claim"]["interleavings"] = "1" + "0" * 4999
    assert broken(document) == 9


def test_9_thousands_of_states_and_a_number_of_many_digits() -> None:
    # Three threads that take 17 steps each, on cells of their own: 18 ** 3 states, of which a third
    # of 3 * 17 * 18 ** 2 steps belong to each thread, and 51! / 17! ** 3 interleavings.
    cells = (18, 18, 18, *[1] * 9)
    threads = [
        thread([*(act(own, [(at, at + 1, at + 1)]) for at in range(17)), end()]) for own in range(3)
    ]
    states = [[*at, *at, *[0] * 9] for at in itertools.product(range(18), repeat=3)]
    runs = str(math.factorial(51) // math.factorial(17) ** 3)
    text = sealed(certificate(threads, states, runs, cells, finals=[[18**3 - 1]]))
    assert verify(text) == (5832, 16_524, runs)


# Windows, told by the history of each run, in place of what a state remembers.

Lines = list[tuple[int, int]]  # of a thread: each step writes a value to a cell


def looking_at_lines(lines: Lines, opens: int, closes: int) -> Document:
    """A thread that writes as told; a window is open from one step to another, and then it ends.

    It ends at once when the window is closed, at one of eight ends by what that saw.
    """
    nodes = []
    for at, (cell, value) in enumerate(lines[: closes + 1]):
        windows = [(0, 0)] if opens < at <= closes else []
        steps = [(before, value, at + 1) for before in (0, 1)]
        nodes.append(act(cell, steps, windows=windows, opens=[(0, 0)] if at == opens else []))
    rows = [(*row, closes + 2 + at) for at, row in enumerate(itertools.product((0, 1), repeat=3))]
    return thread([*nodes, close(0, 0, *rows), *[end()] * 8], slots=1)


def state_of(history: list[tuple[int, tuple[int, int]]], looks: list[tuple[int, int]]) -> list[int]:
    """The state after a run: `history` has who took each step, and memory after it."""
    memories = [(0, 0), *(memory for _, memory in history)]
    row: list[int] = []
    for own, (opens, closes) in enumerate(looks):
        steps = [at for at, (who, _) in enumerate(history) if who == own]
        begun = steps[opens] if len(steps) > opens else None
        done = len(steps) > closes
        last = steps[closes] + 1 if done else len(history)
        looked = [] if begun is None else [a == b for a, b in memories[begun : last + 1]]
        seen = (1 if True in looked else 0) + (2 if False in looked else 0)
        if done:
            saw = 4 * (True in looked) + 2 * (False in looked) + looked[-1]
            row += [closes + 2 + saw, 0]
        else:
            row += [len(steps), seen]
    return [*row, *memories[-1]]


a_look = st.tuples(st.integers(0, 2), st.integers(0, 2)).map(lambda two: (min(two), max(two)))
a_line = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=3, max_size=3)


@given(st.lists(a_line, min_size=2, max_size=2), st.lists(a_look, min_size=2, max_size=2))
def test_windows_see_what_the_history_of_each_run_tells(
    lines: list[Lines], looks: list[tuple[int, int]]
) -> None:
    # The window of each of two threads is on whether the cells 0 and 1 have the same value.
    counts = [closes + 1 for _, closes in looks]
    states: list[list[int]] = []
    for order in set(itertools.permutations([0] * counts[0] + [1] * counts[1])):
        history: list[tuple[int, tuple[int, int]]] = []
        memory, taken = [0, 0], [0, 0]
        states.append(state_of(history, looks))
        for who in order:
            cell, value = lines[who][taken[who]]
            memory[cell], taken[who] = value, taken[who] + 1
            history.append((who, (memory[0], memory[1])))
            states.append(state_of(history, looks))
    start, *others = [list(row) for row in dict.fromkeys(map(tuple, states))]
    threads = [looking_at_lines(line, *look) for line, look in zip(lines, looks, strict=True)]
    watch = truth("same", [0, 1], [[0, 0], [1, 1]], [[0, 1], [1, 0]])
    document = certificate(
        threads,
        [start, *sorted(others)],
        str(math.comb(sum(counts), counts[0])),
        cells=(2, 2),
        watches=[watch],
    )
    assert verify(sealed(document)).states == len(others) + 1


# Whatever the text is.


@given(st.data())
def test_an_edit_of_any_byte_is_rejected(data: st.DataObject) -> None:
    made = sealed(data.draw(st.sampled_from([writers(), waiting(), spinning(), looking()])))
    text = bytearray(made.encode())
    at = data.draw(st.integers(0, len(text) - 1))
    what = data.draw(st.sampled_from(["change", "insert", "delete"]))
    if what == "delete":
        del text[at]
    elif what == "insert":
        text.insert(at, data.draw(st.integers(0, 255)))
    else:
        text[at] ^= data.draw(st.integers(1, 255))
    # A digit after another of the same, or one that is deleted there, may leave the same text.
    if text != made.encode():
        assert broken_in_text(text.decode("latin-1")) == 1


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 9),
    st.sampled_from([10**17, 10**18, 2**64, 10**4000, -(10**4000)]),
    st.floats(),
    st.text(st.characters(codec=None), max_size=3),
    st.sampled_from(["sc", "ordinary", "daemon", "perpetual"]),
)
any_json = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
)


def only_rejects(text: str) -> None:
    try:
        assert isinstance(verify(text), verifying.Checked)
    except Rejected as problem:
        assert re.match(r"condition [1-9]: ", str(problem))


@given(any_json)
def test_nothing_but_rejected_is_raised_for_any_json(value: Any) -> None:
    only_rejects(written(value) + "\n")
    if isinstance(value, dict):
        only_rejects(sealed(value))


@given(st.text(st.characters(codec=None)))
@example("")
@example("\ud800")
@example('"\ud800"\n')
@example("[" * 100_000)
@example("[" * 900 + "]" * 900 + "\n")
@example('{"a":' * 100_000)
@example("9" * 5000 + "\n")
@example("NaN\n")
@example("\0")
def test_nothing_but_rejected_is_raised_for_any_text(text: str) -> None:
    assert broken_in_text(text) == 1


@pytest.mark.parametrize("inner", ["[" * 900 + "]" * 900, "[" * 99_000 + "]" * 99_000, "9" * 5000])
def test_parameters_may_be_deeper_or_longer_than_python_reads(inner: str) -> None:
    text = sealed(writers()).replace('"parameters":{}', f'"parameters":{inner}')
    assert broken_in_text(text) == 1


def places(value: Any) -> list[tuple[Any, Any]]:
    """Each place in a value: what it is in, and its key or number there."""
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    return [place for key in keys for place in ((value, key), *places(value[key]))]


@given(st.data())
def test_nothing_but_rejected_is_raised_for_a_certificate_with_anything_somewhere(
    data: st.DataObject,
) -> None:
    document = data.draw(
        st.sampled_from([writers(), waiting(), spinning(), looking(), two_windows()])
    )
    for _ in range(data.draw(st.integers(1, 2))):
        inside, key = data.draw(st.sampled_from(places(document)))
        if data.draw(st.booleans()):
            inside[key] = data.draw(any_json)
        elif isinstance(inside, list):
            inside.insert(key, inside[key])
        else:
            del inside[key]
    only_rejects(sealed(document))


# Standing alone.


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    copied = shutil.copy(PATH, folder / "copied.py")
    command = [sys.executable, "-I", "-S", str(copied), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False)


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_its_help_is_no_file(tmp_path: Path, word: str) -> None:
    done = run(tmp_path, word)
    assert (done.returncode, done.stderr) == (0, b"") and b"verifying.py FILE" in done.stdout


def test_it_works_copied_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "right").write_bytes(sealed(looking()).encode())
    done = run(tmp_path, "right")
    assert (done.returncode, done.stdout.count(b"\n"), done.stderr) == (0, 1, b"")


@pytest.mark.parametrize(
    "content",
    [
        sealed(edited(writers(), lambda d: d["claim"].update(states=5))).encode(),
        sealed(writers()).encode().replace(b"\n", b"\r\n"),
        sealed(writers()).encode().replace(b"by hand", b"by h\xff"),
        b"",
    ],
)
def test_it_tells_why_a_file_is_rejected(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "wrong").write_bytes(content)
    done = run(tmp_path, "wrong")
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"condition " in done.stderr


@pytest.mark.parametrize("arguments", [["missing"], ["."], [], ["a", "b"]])
def test_a_file_that_cannot_be_read_is_none_that_is_wrong(
    tmp_path: Path, arguments: list[str]
) -> None:
    done = run(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr and b"Traceback" not in done.stderr
