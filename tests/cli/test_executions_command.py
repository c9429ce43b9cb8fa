"""`racer explore` under a model of executions: what it leaves, mails and pages; `racer replay` of
that."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]

PASSING = '''
from racer import Memory, Program, Thread, Violation, fence, scenario


@scenario
def passing(*, barrier: bool = False) -> Program:
    """The reader may see y and not x."""
    memory = Memory()
    x, y = memory.cell("x", 0), memory.cell("y", 0)

    async def writer() -> None:
        await x.store(1)
        await fence("wmb")
        await y.store(1)

    async def reader() -> None:
        seen = await y.load()
        if barrier:
            await fence("rmb")
        if await x.load() == 0 and seen:
            raise Violation("stale")

    return Program(memory, {"reader": Thread(reader), "writer": Thread(writer)})
'''
STEM = "racer-out/passing.memory=arm64.stale"
EXPLORE = ("explore", "passing.py::passing", "--memory", "arm64")


@pytest.fixture
def passing(here: Path) -> Path:
    path = here / "passing.py"
    path.write_text(PASSING)
    return path


def test_an_execution_is_left_drawn_and_checked_again(racer: Run, passing: Path) -> None:
    status, out, _ = racer(*EXPLORE)
    assert status == 1
    assert out.endswith(f"{STEM}.svg\n{STEM}.dot\nracer replay {STEM}.json\n")
    assert "smp_rmb() would add it" in Path(f"{STEM}.svg").read_text()
    status, out, err = racer("replay", f"{STEM}.json")
    # two initial values, three events of the writer, two of the reader
    assert (status, err) == (0, "") and "CHECKED  7 events, an execution of arm64: stale" in out
    # MP with a wmb is forbidden where the address of the second load depends on the first
    assert "note: which dependencies the threads have is as saved, not checked" in " ".join(
        out.split()
    )
    assert "A2  load x -> 0  from the start" in out
    before = Path(f"{STEM}.json").read_bytes()
    assert racer(*EXPLORE)[0] == 1
    assert Path(f"{STEM}.json").read_bytes() == before


def test_a_file_that_does_not_fit_is_refuted_and_one_that_is_cut_is_none(
    racer: Run, passing: Path
) -> None:
    racer(*EXPLORE)
    passing.write_text(PASSING.replace('fence("wmb")', 'fence("mb")'))
    status, out, err = racer("replay", f"{STEM}.json")
    assert status == 4 and "CHECKED" not in out
    assert "is refuted: step B2: fence wmb is expected, and writer is about to fence mb" in err
    assert "Try: racer explore" in err
    whole = Path(f"{STEM}.json").read_text()
    Path(f"{STEM}.json").write_text(whole[:200])
    status, _, err = racer("replay", f"{STEM}.json")
    assert status == 2 and "it ends in the middle" in err
    Path(f"{STEM}.json").write_text(whole.replace('"mark": "once"', '"mark": "srcu-lock"', 1))
    status, _, err = racer("replay", f"{STEM}.json")
    assert status == 3 and "is not known: step A1 has an event marked 'srcu-lock'" in err


def test_what_is_not_shown_any_more_is_set_aside(racer: Run, passing: Path) -> None:
    """The label is called as that is, which is no reason to take one for the other."""
    racer(*EXPLORE)
    passing.write_text(PASSING.replace("if barrier:", "if True:"))
    status, _, err = racer(*EXPLORE)
    assert status == 0 and "shows what this case does not show any more" in err
    assert not Path(f"{STEM}.json").exists() and Path(f"{STEM}.stale.json").exists()
    passing.write_text(PASSING)
    assert racer(*EXPLORE)[0] == 1
    assert Path(f"{STEM}.json").exists() and not Path(f"{STEM}.stale.json").exists()


def test_a_mail_is_of_ascii_and_72_columns_and_ends_in_what_checks_it(
    racer: Run, passing: Path
) -> None:
    status, out, _ = racer(*EXPLORE, "--mail")
    assert status == 1 and out.isascii()
    assert max(map(len, out.splitlines())) <= 72 and not re.search(r"[ \t]\n", out)
    assert "The memory model arm64 allows an execution that shows stale" in out
    assert "an smp_rmb() between A1 and A2 forbids this execution" in out
    assert out.endswith(f"\nracer replay {STEM}.json\n")


def test_a_page_has_the_execution_with_its_picture(racer: Run, passing: Path) -> None:
    status, _, err = racer(*EXPLORE, "--html", "--png")
    assert (status, err) == (1, "")
    page = Path("racer-out/passing.memory=arm64.html").read_text()
    assert '<td id="stale/A2"><b>A2</b> <code>load x &rarr; 0</code>' in page
    assert '<a href="#stale/B3">B3</a>' in page
    assert '<svg class="fits"' in page and 'id="stale:circle:A1:A2"' in page
    assert f"racer replay {STEM}.json" in page
    assert "interleavings</th>" in page and "preemptions" not in page
    assert Path(f"{STEM}.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("option", ["--brief", "--mermaid", "--certificate=c.json"])
def test_what_tells_schedules_is_refused_by_name(racer: Run, passing: Path, option: str) -> None:
    status, _, err = racer(*EXPLORE, option)
    assert status == 2 and "tell schedules" in err and "Try: --mail" in err


def test_explain_says_that_it_tells_schedules(racer: Run, passing: Path) -> None:
    racer(*EXPLORE)
    status, _, err = racer("explain", f"{STEM}.json")
    assert status == 2 and "is an execution, which is no schedule" in err
    assert "racer replay" in err and "--mail" in err
