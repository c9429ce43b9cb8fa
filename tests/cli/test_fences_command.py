"""`racer fences`: what is printed, and the exit status."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]


def test_each_way_is_told_with_its_line_and_what_it_pairs_with(racer: Run) -> None:
    status, out, err = racer("fences", "fake_head", "--set", "fix=swapped")
    assert (status, err) == (0, "")
    # Derived in tests/fences/test_fences.py.
    assert "tso    PASS   no violation to be removed" in out
    assert "arm64  FAIL   writes_read_only: 2 ways to remove it" in out
    assert "writes_read_only under arm64, lkmm: each of these removes it" in out
    assert "  1  acquire of load page.refs, walk" in out
    assert "  2  smp_rmb() before load page.mapping, walk" in out
    assert out.count("pairs with store page.refs (release), hvo") == 2
    assert max(map(len, out.split("\n"))) <= 72


def test_what_no_barrier_removes_is_status_1(racer: Run) -> None:
    status, out, _ = racer("fences", "fake_head", "--memory", "sc")
    assert status == 1
    assert "an interleaving shows it, so no barrier removes it" in " ".join(out.split())


def test_a_limit_is_status_3_and_an_unknown_model_2(racer: Run) -> None:
    status, out, _ = racer(
        "fences", "fake_head", "--set", "fix=swapped", "--memory", "lkmm", "--max-states", "3"
    )
    assert status == 3 and "BOUND" in out
    status, _, err = racer("fences", "fake_head", "--memory", "lkm")
    assert status == 2 and "lkmm" in err


def test_json_has_what_is_printed(racer: Run) -> None:
    _, out, _ = racer("fences", "fake_head", "--set", "fix=swapped", "--memory", "lkmm", "--json")
    document = json.loads(out)
    [model] = document["models"]
    [lack] = model["lacks"]
    assert [[each["kind"] for each in one] for one in lack["sets"]] == [["acquire"], ["rmb"]]
    assert lack["standing"] == "removed" and model["verdict"] == "fail"
