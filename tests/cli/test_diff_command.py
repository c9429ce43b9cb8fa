"""`racer diff`: two variants of a scenario compared on the command line."""

from __future__ import annotations

import json
import math
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]  # the fixtures `here` and `racer`

LONG = """
from racer import Memory, Program, Thread, scenario


@scenario
def long(*, steps: int = 1) -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def thread():
        for _ in range(steps):
            await x.load()

    return Program(mem, {"T": Thread(thread), "U": Thread(thread)})
"""

VARIANTS = """
from typing import Literal

from racer import Memory, Program, Thread, choose, scenario


@scenario
def answers(*, variant: Literal["few", "many"] = "few", more: int = 0) -> Program:
    async def thread():
        if variant == "few":
            return await choose("a", "b")
        return await choose("a", "b", "c", "d", "e", "f", "g")

    return Program(Memory(), {"T": Thread(thread)})


@scenario
def threads(*, copies: int = 1) -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def thread():
        await x.load()

    return Program(mem, {"T": Thread(thread, copies=copies)})


@scenario
def nothing() -> Program:
    return threads()


@scenario
def interrupts(*, steps: int = 9) -> Program:
    import signal

    mem = Memory()
    x = mem.cell("x", 0)

    async def thread():
        for _ in range(steps):
            await x.fetch_add(1)

    def ctrl_c(state) -> bool:
        if state[x] == 5:
            signal.raise_signal(signal.SIGINT)
        return True

    return Program(mem, {"T": Thread(thread)}, invariants={"calm": ctrl_c})
"""


@pytest.fixture
def variants(here: Path) -> str:
    (here / "variants.py").write_text(VARIANTS)
    return "variants.py"


def test_the_text_says_what_only_one_has_and_where_the_other_escapes(racer: Run) -> None:
    """R W R is the one interleaving of three that is torn; the other variant loads once."""
    status, out, err = racer("diff", "models.py::reads", "torn", "once")
    assert (status, err) == (0, "")
    assert (
        out
        == """\
models.py::reads  variant=torn|once writers=1  memory=sc
R reads x while W writes it.

DIFFERENT  torn only in torn

               torn                        once
verdict        FAIL: torn                  PASS
interleavings  3                           2
states         8                           4
outcomes       2 (1 only here)             1

torn           1                           none
               1 preemption, 3 steps

R
  None         2                           2
  !torn        1                           none

torn: only in torn, 1 of 3 interleavings; needs 1 preemption; impossible
with none.
They part at R1: R then goes on in torn, returns None in once.
In once R returns None.
once cannot show torn at all: none of its 2 interleavings does.

The schedule of torn, and once under it. A step written once is alike in
both.

  torn                                once
  R1 load x -> 0                    | R1 load x -> 0; returns None
  W1 store x = 1; returns None
  R2 load x -> 1; raises Violation  | (R has ended: returns None)
     'torn'                         |

racer-out/reads.torn.svg
racer-out/reads.torn.dot
racer replay racer-out/reads.torn.json
"""
    )


def test_what_only_the_second_has_stands_in_the_second_column(racer: Run) -> None:
    _, out, _ = racer("diff", "models.py::reads", "once", "torn")
    assert "DIFFERENT  torn only in torn" in out
    assert "\n  R1 load x -> 0; returns None      | R1 load x -> 0\n" in out


def test_the_last_line_replays_the_witness(racer: Run) -> None:
    _, out, _ = racer("diff", "models.py::reads", "torn", "once", "-o", "a directory")
    words = shlex.split(out.splitlines()[-1])
    assert words == ["racer", "replay", "a directory/reads.torn.json"]
    status, out, _ = racer(*words[1:])
    assert status == 0
    assert "REPLAYED  3 steps, each as saved: torn" in out


def test_variants_that_are_alike_are_told_so_and_leave_no_file(racer: Run, here: Path) -> None:
    status, out, _ = racer("diff", "models.py::reads", "torn", "declared wrongly")
    assert status == 0
    assert "ALIKE  the same labels and the same outcomes in both" in out
    assert "in both, 1 of 3 interleavings of torn and 1 of 3" in out
    assert "Under the schedule of torn, declared wrongly shows it too: all 3" in out
    assert not (here / "racer-out").exists()


def test_three_outcomes_are_shown_and_the_others_counted(racer: Run, variants: str) -> None:
    status, out, _ = racer("diff", f"{variants}::answers", "few", "many")
    assert status == 0
    assert "outcomes       2                           7 (5 only here)" in out
    assert out.count("They part at T1: T of few lacks that option of choose 'a', 'b'.") == 3
    assert out.endswith("\n2 more outcomes that only one has: all with --json\n")


def test_any_parameter_can_be_compared(racer: Run, variants: str) -> None:
    status, out, _ = racer(
        "diff", f"{variants}::answers", "1", "2", "--parameter", "more", "--set", "variant=many"
    )
    assert status == 0
    assert out.startswith("variants.py::answers  variant=many more=1|2  memory=sc\n")
    assert "more=1" in out.splitlines()[4]  # a number alone would not say what it is


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["models.py::reads", "torn", "onse"], "did you mean 'once'?"),
        (["models.py::reads", "tron", "once"], "did you mean 'torn'?"),
        (["models.py::spins", "1", "2"], "no parameter 'variant' to compare; it has none."),
        (["variants.py::threads", "1", "2"], "it has copies: name one with --parameter."),
        (
            ["models.py::reads", "torn", "once", "--set", "variant=torn"],
            "'variant' is the one compared: leave out its --set.",
        ),
        (
            ["variants.py::threads", "1", "2", "--parameter", "copies"],
            "because their threads have different names: copies=1 has T; copies=2 has T.0, T.1.",
        ),
        (["models.py::reads", "torn", "once", "--memory", "tos"], "unknown memory model 'tos'"),
        (["models.py::raeds", "torn", "once"], "reads"),
    ],
)
def test_wrong_usage_is_status_two(racer: Run, variants: str, words: list[str], error: str) -> None:
    status, out, err = racer("diff", *words)
    assert (status, out) == (2, "")
    assert error in err


def test_a_bound_proves_nothing_and_is_status_three(racer: Run) -> None:
    status, out, _ = racer("diff", "models.py::reads", "torn", "once", "--max-states", "5")
    assert status == 3
    assert "BOUND  nothing is proved: torn was cut (max_states=5)" in out


def test_without_counts_the_text_does_without_them(racer: Run) -> None:
    status, out, _ = racer("diff", "models.py::reads", "torn", "once", "--no-count")
    assert status == 0
    assert "torn: only in torn; needs 1 preemption; impossible with none." in out
    assert "once cannot show torn at all: none of its interleavings does." in out


def test_a_count_too_long_for_the_table_has_lines_of_its_own(racer: Run) -> None:
    """The binomial coefficients are the counts of two threads without a branch."""
    Path("long.py").write_text(LONG)
    _, out, _ = racer("diff", "long.py::long", "40", "41", "--parameter", "steps")
    first, second = f"{math.comb(80, 40):,}", f"{math.comb(82, 41):,}"
    assert f"interleavings\n  steps=40: {first}\n  steps=41: {second}\n" in out


@pytest.mark.usefixtures("signals_as_at_a_terminal")
def test_an_interrupt_shows_what_was_found(racer: Run, variants: str) -> None:
    status, out, err = racer("diff", f"{variants}::interrupts", "9", "8", "--parameter", "steps")
    assert status == 130
    assert "BOUND  nothing is proved: steps=9 was cut (interrupted), steps=8 was cut" in out
    assert "interrupted before it was explored" in out
    assert "interrupted; what was found so far is above" in err


def test_json_is_one_document_with_everything(racer: Run) -> None:
    status, out, err = racer("diff", "models.py::reads", "torn", "once", "--json")
    assert (status, err) == (0, "")
    got = json.loads(out)
    assert got["schema"] == "racer-diff/1"
    assert (got["parameter"], got["complete"], got["memory"]) == ("variant", True, "sc")
    assert got["first"]["parameters"] == {"variant": "torn", "writers": 1}
    assert (got["first"]["interleavings"], got["second"]["interleavings"]) == (3, 2)
    [label] = got["labels"]
    assert (label["label"], label["only"], label["second"]) == ("torn", "first", None)
    assert (label["first"]["interleavings"], label["first"]["preemptions"]) == (1, 1)
    assert [(each["only"], each["threads"]["R"]) for each in got["outcomes"]] == [
        (None, {"returned": "None"}),
        ("first", {"violation": "torn"}),
    ]
    [aligned] = got["alignments"]
    assert (aligned["leader"], aligned["parts"], aligned["shown"]) == ("first", 0, False)
    assert aligned["escape"] == {"rows": 0, "unknown": None}
    assert [row["alike"] for row in aligned["rows"]] == [False, True, False]
    assert aligned["rows"][2]["absent"] == {
        "what": "has ended",
        "ended": {"returned": "None"},
        "operation": None,
    }
    assert aligned["witness_file"] == "racer-out/reads.torn.json"


def test_json_aligns_every_outcome(racer: Run, variants: str) -> None:
    _, out, _ = racer("diff", f"{variants}::answers", "few", "many", "--json")
    got = json.loads(out)
    assert (len(got["alignments"]), got["unaligned"]) == (5, 0)


def test_two_runs_print_the_same_bytes(racer: Run) -> None:
    words = ["diff", "models.py::reads", "torn", "once"]
    assert racer(*words) == racer(*words)
    assert racer(*words, "--json") == racer(*words, "--json")


@pytest.mark.parametrize(
    "words",
    [
        ["split_race", "headonly", "v9", "--set", "flags_rmw=atomic"],
        ["split_race", "v9", "reviewed", "--set", "caller=soft_offline"],
        ["aba", "2", "3", "--parameter", "rounds"],
    ],
)
def test_every_line_can_be_pasted_into_a_mail(racer: Run, words: list[str]) -> None:
    status, out, _ = racer("diff", *words, "-o", "out")
    assert status == 0
    assert out.isascii()
    for line in out.splitlines():
        assert len(line) <= 72 or " out/" in f" {line}"  # files are as long as their names
        assert line == line.rstrip()


def test_the_read_that_parts_two_versions_of_the_classifier(racer: Run) -> None:
    """v9 re-reads p's head after the type tests; the head's type alone is not enough."""
    status, out, _ = racer("diff", "split_race", "headonly", "v9", "--set", "flags_rmw=atomic")
    assert status == 0
    assert "DIFFERENT  misclassified only in headonly" in out
    assert "C3 load p.info -> H\n" in out  # the stale head
    assert "A8 store H.page_type = slab (plain)\n" in out  # what makes it wrong
    assert "> C5 load p.info -> None\n" in out  # the re-read
