"""Certificates that are made by hand, and the verifier that they are given to.

It is loaded by its path, and not imported from racer: it has to work where racer is not.
"""

from __future__ import annotations

import copy
import hashlib
import importlib.util
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

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
