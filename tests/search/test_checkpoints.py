"""Searches that are cut, and gone on with by way of a file: what is found is the same."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from racer import Memory, Program, Thread
from racer.errors import UsageError
from racer.machine.interface import Successors, System
from racer.machine.layout import State
from racer.machine.loaded import load_program
from racer.native import library
from racer.search import checkpoints
from racer.search.checkpoints import checkpoint
from racer.search.graph import search
from racer.search.limits import Budget, LimitHit
from racer.search.state_graph import StateGraph
from racer.search.stubborn import StubbornSets
from racer.search.symmetry import Symmetric

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]  # the fixtures `here` and `racer`


@pytest.fixture(autouse=True)
def in_python(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """By the engine in Python, which saves its searches; and all that is found, at once."""
    monkeypatch.setenv("RACER_PURE", "1")
    monkeypatch.setattr(checkpoints, "_SECONDS", 0.0)
    monkeypatch.setattr(checkpoints, "_SHARE", 0)
    monkeypatch.setattr(checkpoints, "_AT_ONCE", 7)
    monkeypatch.setattr("racer.search.graph.STATES_BETWEEN", 10)
    library.loaded.cache_clear()
    yield
    monkeypatch.undo()
    library.loaded.cache_clear()


def stores() -> Program:
    """Two stores and a load each: under TSO states have numbers of what buffers hold."""
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def thread(mine, other) -> int:  # type: ignore[no-untyped-def]
        await mine.store(1)
        await mine.store(2)
        return int(await other.load())

    threads = {"A": Thread(thread, x, y), "B": Thread(thread, y, x)}
    return Program(mem, threads, sometimes={"both": lambda state: state[x] == state[y] == 2})


def circles() -> Program:
    """Two spin on a cell each, which nobody sets, while a third stores elsewhere: a reduced search
    goes round with one of them, and has to expand a state again for the others."""
    mem = Memory()
    cells = [mem.cell(name, 0) for name in ("x", "y", "z")]

    async def spin(cell) -> None:  # type: ignore[no-untyped-def]
        while await cell.load() == 0:
            await cell.load()

    async def end(cell) -> None:  # type: ignore[no-untyped-def]
        for number in (1, 2, 3):
            await cell.store(number)

    threads = {
        "A": Thread(spin, cells[0]),
        "B": Thread(spin, cells[1]),
        "C": Thread(end, cells[2]),
    }
    return Program(mem, threads)


class Cut(Budget):
    """Ends a search when it has been asked so often."""

    def __init__(self, checks: int) -> None:
        super().__init__()
        self._left = checks

    def check(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise LimitHit("cut")


class Stopping:
    """A system that is interrupted while it says what follows the state of some number."""

    def __init__(self, system: System, number: int) -> None:
        self._system = system
        self._left = number

    def __getattr__(self, name: str) -> object:
        return getattr(self._system, name)

    def successors(self, state: State) -> Successors:
        self._left -= 1
        if self._left < 0:
            raise KeyboardInterrupt
        return self._system.successors(state)


def found(graph: StateGraph) -> tuple[object, ...]:
    edges = graph.edges
    arrays = (edges.first, edges.last, edges.moves, edges.goals)
    return (list(graph.states), list(graph.parents), graph.expanded, graph.reached, *arrays)


CASES = [
    (stores, "sc", "whole"),
    pytest.param(stores, "tso", "whole", marks=pytest.mark.slow),
    (stores, "tso", "reduced"),
    (circles, "sc", "whole"),
    (circles, "sc", "reduced"),
    (circles, "sc", "cycles"),
]


@pytest.mark.parametrize(("made", "memory", "how"), CASES)
def test_wherever_it_is_cut_it_comes_to_the_same(  # type: ignore[no-untyped-def]
    made, memory: str, how: str, tmp_path: Path
) -> None:
    """By a limit at a state, by one on states in the middle of one, and by Ctrl-C in one; each time
    by a system of its own, as another process has it."""
    program = made()
    sometimes = tuple(sorted(program.sometimes))
    loaded = load_program(program)
    loaded.closed()

    def system() -> System:
        loaded._systems.clear()
        return Symmetric(loaded.system(memory))

    def run(budget: Budget, cut: int | None = None, saved=None) -> StateGraph:  # type: ignore[no-untyped-def]
        of = system()
        choose = None if how == "whole" else StubbornSets(loaded._systems[memory])
        if cut is not None:
            of = Stopping(of, cut)  # type: ignore[assignment]
        return search(of, sometimes, budget, choose, cycles=how == "cycles", saved=saved)

    whole = run(Budget())
    assert whole.complete
    if made is circles and how != "whole":
        assert whole.transitions < len(whole.edges.goals)  # some state was expanded again
    count = len(whole.states)
    for number in sorted({1, count // 2, count - 1}):
        path = tmp_path / f"{number}.checkpoint"
        with checkpoint(path, {"scenario": "it"}) as file:
            run(Cut(number), saved=file.part("search"))
        with checkpoint(path, {"scenario": "it"}) as file:
            run(Budget(number + 2), saved=file.part("search"))
        with checkpoint(path, {"scenario": "it"}) as file:
            run(Budget(), cut=2, saved=file.part("search"))
        with checkpoint(path, {"scenario": "it"}) as file:
            assert found(run(Budget(), saved=file.part("search"))) == found(whole)
        with checkpoint(path, {"scenario": "it"}) as file:  # there is nothing left to be searched
            assert found(run(Budget(), cut=0, saved=file.part("search"))) == found(whole)


def test_what_is_there_is_not_more_than_may_be(tmp_path: Path) -> None:
    """Where more states are saved than are allowed now, it is what it would be without them."""
    loaded = load_program(stores())
    loaded.closed()
    system = loaded.system("sc")
    with checkpoint(tmp_path / "c", {}) as file:
        search(system, (), Budget(), saved=file.part("search"))
        cut = search(system, (), Budget(5), saved=file.part("search"))
    assert found(cut) == found(search(system, (), Budget(5)))
    assert cut.bound == "more than 5 states"


def test_another_exploration_is_refused_by_what_differs(tmp_path: Path) -> None:
    path, about = tmp_path / "c", {"scenario": "aba", "parameters": "n=1", "file f.py": "12"}
    with checkpoint(path, about):
        pass
    with checkpoint(path, about):
        pass
    for changed, told in (
        ({"scenario": "other"}, "scenario aba, and this is other"),
        ({"parameters": "n=2"}, "parameters n=1, and this is n=2"),
        ({"file f.py": "13"}, "another file f.py: it has changed since"),
        ({"file g.py": "1"}, "another file g.py: it has changed since"),
    ):
        with pytest.raises(UsageError, match=told), checkpoint(path, {**about, **changed}):
            pass


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    with (
        checkpoint(tmp_path / "c", {}),
        pytest.raises(UsageError, match="in use: another process searches"),
        checkpoint(tmp_path / "c", {}),
    ):
        pass


def test_what_is_not_racers_is_left_as_it_is(tmp_path: Path) -> None:
    text, database = tmp_path / "notes.txt", tmp_path / "mine.db"
    text.write_text("what somebody has written\n" * 100)
    with sqlite3.connect(database) as mine:
        mine.execute("CREATE TABLE t (x)")
    mine.close()
    for path in (text, database):
        before = path.read_bytes()
        with (
            pytest.raises(UsageError, match="no checkpoint of racer's, and is left as it is"),
            checkpoint(path, {}),
        ):
            pass
        assert path.read_bytes() == before
    with pytest.raises(UsageError, match="cannot be used"), checkpoint(tmp_path, {}):
        pass


def saved_stores(path: Path) -> None:
    loaded = load_program(stores())
    loaded.closed()
    with checkpoint(path, {}) as file:
        search(loaded.system("sc"), (), Budget(), saved=file.part("search"))


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    saved_stores(tmp_path / "c")
    with sqlite3.connect(tmp_path / "c") as newer:
        newer.execute("PRAGMA user_version = 2")
    newer.close()
    with pytest.raises(UsageError, match="format 2, and this racer has format 1"):
        saved_stores(tmp_path / "c")


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_a_truncated_file_is_refused(part: float, tmp_path: Path) -> None:
    path = tmp_path / "c"
    saved_stores(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(UsageError, match=r"is damaged|cannot be used"):
        saved_stores(path)


def test_a_disk_that_is_full_ends_the_saving_and_not_the_search(tmp_path: Path) -> None:
    loaded = load_program(stores())
    loaded.closed()
    with checkpoint(tmp_path / "c", {}) as file:
        # which SQLite takes for as many as there are
        file._database.execute("PRAGMA max_page_count = 1")
        graph = search(loaded.system("tso"), (), Budget(), saved=file.part("search"))
    assert graph.complete
    assert "full" in file.failure


COUNTS = """
from racer import Memory, Program, Thread, scenario

@scenario
def counts(*, n: int = 3) -> Program:
    mem = Memory()
    cells = [mem.cell(f"x{at}", 0) for at in range(4)]
    async def thread(cell, other):
        seen = 0
        for number in range(n):
            await cell.store(number)
            seen = 3 * seen + await other.load()
        return seen % 7
    return Program(mem, {f"T{at}": Thread(thread, cells[at], cells[at - 1]) for at in range(3)})
"""

KILLED = """
import os, signal, sys
from pathlib import Path
from racer.search import checkpoints, graph
checkpoints._SECONDS, checkpoints._SHARE, checkpoints._AT_ONCE = 0.0, 0, 50
graph.STATES_BETWEEN = 100
left = int(sys.argv.pop())
write, arrays = checkpoints.SavedSearch._write, checkpoints.SavedSearch.arrays
Path("states").write_text("0")

def killed(self, kind, data):
    global left
    left -= 1
    write(self, kind, data)
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)

def told(self, made):
    Path("states").write_text(str(made["states"]))
    return arrays(self, made)

checkpoints.SavedSearch._write, checkpoints.SavedSearch.arrays = killed, told
from racer.__main__ import main
sys.exit(main())
"""


@pytest.mark.thorough
def test_killed_again_and_again_it_prints_the_same_bytes(here: Path, racer: Run) -> None:
    """SIGKILL after so many writes, in the middle of one, in one process after the other."""
    (here / "counts.py").write_text(COUNTS)
    words = ["explore", "counts.py", "--json", "--no-count"]
    alone = racer(*words)
    assert alone[0] == 0
    (here / "killed.py").write_text(KILLED)
    environment = {**os.environ, "RACER_PURE": "1"}
    command = [sys.executable, "killed.py", *words, "--checkpoint", "c"]
    states = [-1]
    for writes in (5, 30, 20):
        ended = subprocess.run([*command, str(writes)], env=environment, timeout=100)
        assert ended.returncode == -9
        states.append(int((here / "states").read_text()))
    assert states == sorted(states) and states[-1] > 100  # each began where another had been
    assert racer(*words, "--checkpoint", "c") == alone


def test_several_scenarios_have_no_checkpoint(racer: Run, here: Path) -> None:
    (here / "counts.py").write_text(COUNTS)
    status, _, err = racer("explore", "counts.py", "--memory", "sc,tso", "--checkpoint", "c")
    assert status == 2 and "--checkpoint" in err


def test_an_edit_of_the_model_is_refused(racer: Run, here: Path) -> None:
    (here / "counts.py").write_text(COUNTS)
    words = ["explore", "counts.py", "--no-count", "--checkpoint", "c", "--set", "n=2"]
    assert racer(*words)[0] == 0
    assert racer(*words)[0] == 0
    (here / "counts.py").write_text(COUNTS.replace("range(3)", "range(2)"))
    status, _, err = racer(*words)
    assert status == 2
    assert "c is the checkpoint of another exploration" in err and "counts.py" in err
    status, _, err = racer(*words[:-1], "n=3")
    assert status == 2 and "parameters n=2, and this is n=3" in err


@pytest.mark.parametrize("how", [["--estimate"], ["--sample", "pct"], ["--memory", "arm64"]])
def test_what_searches_no_states_has_no_checkpoint(racer: Run, here: Path, how: list[str]) -> None:
    (here / "counts.py").write_text(COUNTS)
    status, _, err = racer("explore", "counts.py", *how, "--checkpoint", "c")
    assert status == 2 and "searches no states" in err
    assert not (here / "c").exists()
