"""`racer drift`: what is printed, and the exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.c_source.mailing import AFTER
from tests.c_source.test_mirrors import models, tree

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]


@pytest.fixture
def recorded_here(racer: Run) -> Run:
    models(Path())
    tree(Path())
    status, out, err = racer("drift", "models", "--base", "tree", "--record")
    assert (status, out, err) == (0, "recorded of 6.12: models/mirrored.json\n", "")
    return racer


def test_what_has_changed_is_told_with_its_models(recorded_here: Run) -> None:
    status, out, _ = recorded_here("drift", "models", "--base", "tree")
    assert status == 0 and "AS RECORDED  3 functions, each as it was in 6.12" in out
    tree(Path(), AFTER, version="6.18")
    status, out, _ = recorded_here("drift", "models", "--base", "tree")
    assert status == 1
    assert "DRIFTED  of 3 functions 1 not what it was in 6.12" in out
    # take() is 15 lines later than it was, which is line 16 with the macro.
    assert "mm/use.c\n  take() has changed (line 31): models/takes.py" in out
    assert "Not in this tree, nor when it was recorded: none()." in out
    assert max(map(len, out.split("\n"))) <= 72


def test_the_document_has_all_of_them(recorded_here: Run) -> None:
    status, out, _ = recorded_here("drift", "models", "--base", "tree", "--json")
    document = json.loads(out)
    assert (status, document["drifted"], document["tree"]) == (0, False, "6.12")
    assert {each["name"]: each["state"] for each in document["models"][0]["functions"]} == {
        "none": "absent",
        "is_used": "same",
        "limited_by": "same",
        "take": "same",
    }


def test_what_cannot_be_compared_is_refused(recorded_here: Run) -> None:
    for words, text in (
        (("models", "--base", "nowhere"), "--base nowhere: there is no such directory"),
        (("models", "--base", "models"), "models has none of the 2 files that scenarios mirror"),
        (("none", "--base", "tree"), "none: there is no such directory of models"),
    ):
        status, out, err = recorded_here("drift", *words)
        assert (status, out) == (2, "") and text in err
