"""`racer equiv`: what is printed, and the exit status."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]


def test_threads_that_part_are_told_with_the_answers_that_tell_them_apart(racer: Run) -> None:
    status, out, err = racer("equiv", "models.py::reads", "torn", "once")
    assert (status, err) == (1, "")
    # R loads x; the one loads it once more, the other is at its end. W is the same.
    assert "DIFFERENT  different: R; equivalent: W" in out
    assert "R: alike for 1 answer\n  1  load x -> 0" in out
    assert "  torn  does load x" in out and "  once  returns None" in out
    assert max(map(len, out.split("\n"))) <= 72


def test_threads_that_do_not_part_are_said_to_be_equivalent(racer: Run) -> None:
    # A variant that is declared otherwise is still the code of "torn".
    status, out, _ = racer("equiv", "models.py::reads", "torn", "declared wrongly")
    assert status == 0 and "EQUIVALENT  equivalent: R, W" in out
    assert "Over all values that cells may come to, whatever other threads do." in out


def test_two_scenarios_are_compared_by_the_names_of_their_threads(racer: Run) -> None:
    status, out, _ = racer("equiv", "models.py::reads", "models.py::spins", "--json")
    document = json.loads(out)
    assert status == 1 and document["verdict"] == "different"
    assert [document[side]["name"] for side in ("first", "second")] == [
        "models.py::reads",
        "models.py::spins",
    ]


def test_what_cannot_be_compared_is_refused(racer: Run) -> None:
    for words, text in (
        (("reads", "torn", "one"), "parameter 'variant' cannot be 'one'"),
        (("reads", "1", "2", "--parameter", "writer"), "has no parameter 'writer' to compare"),
        (("reads", "1", "2", "--set", "variant=torn"), "is the one compared: leave out its --set"),
        (("reads", "torn", "once", "--thread", "X"), "torn has no thread 'X'"),
    ):
        scenario, *rest = words
        status, out, err = racer("equiv", f"models.py::{scenario}", *rest)
        assert (status, out) == (2, "") and text in err
