"""Ctrl-C and SIGTERM, wherever they come; and models that try to end the process themselves."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from racer import Memory, ModelError, Program, Thread, Violation, explore, interrupts
from racer.__main__ import main as process
from racer.cli.guard import guarded
from racer.exploration.result import Interrupted

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]  # the fixtures `here` and `racer`


pytestmark = pytest.mark.usefixtures("signals_as_at_a_terminal")


def ctrl_c(times: int = 1) -> None:
    for _ in range(times):
        signal.raise_signal(signal.SIGINT)


# Regions


def test_what_is_deferred_is_raised_at_the_end() -> None:
    done = []
    with interrupts.handled():
        with pytest.raises(KeyboardInterrupt), interrupts.deferred():
            ctrl_c()
            done.append("the rest")
        assert interrupts.asked()
    assert done == ["the rest"]
    assert not interrupts.asked()


def test_within_what_is_deferred_an_earlier_one_is_raised_where_it_is_allowed() -> None:
    with interrupts.handled(), interrupts.deferred():
        ctrl_c()
        with pytest.raises(KeyboardInterrupt), interrupts.allowed():
            pytest.fail("it is raised at the beginning")
        interrupts.answered()


def test_one_that_is_swallowed_is_met_again() -> None:
    with interrupts.handled():
        with contextlib.suppress(BaseException):
            ctrl_c()
        with pytest.raises(KeyboardInterrupt):
            interrupts.check()


def test_whoever_insists_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 1.0, 1.0 + interrupts.INSISTED])
    monkeypatch.setattr("racer.interrupts.time.monotonic", lambda: next(clock))
    with interrupts.handled(), pytest.raises(KeyboardInterrupt), interrupts.deferred():
        ctrl_c(2)
        ctrl_c()
        pytest.fail("so long nothing is deferred")


def test_a_handler_of_somebody_elses_is_left_alone() -> None:
    seen = []
    signal.signal(signal.SIGINT, lambda *_: seen.append("theirs"))
    with interrupts.handled(), interrupts.deferred():
        ctrl_c()
    assert seen == ["theirs"]


# Modelled code


def in_a_lock(act: Callable[[], object], *, bare: bool = False) -> Program:
    mem = Memory()
    lock, x = mem.lock("lock"), mem.cell("x", 0)

    async def thread() -> None:
        try:
            async with lock:
                await x.load()
                act()
        except BaseException:
            if not bare:
                raise
        await x.store(1)

    return Program(mem, {"T": Thread(thread)})


@pytest.mark.parametrize("bare", [False, True])
def test_ctrl_c_while_lifting_is_neither_answered_by_the_model_nor_its_fault(
    bare: bool,
) -> None:
    with pytest.raises(KeyboardInterrupt) as stop:
        explore(in_a_lock(ctrl_c, bare=bare), count=False)
    assert not isinstance(stop.value, Interrupted)  # there is nothing yet


def raises(kind: type[BaseException]) -> Callable[..., Any]:
    def act(*_: object) -> None:
        raise kind("0")

    return act


@pytest.mark.parametrize("kind", [SystemExit, GeneratorExit, KeyboardInterrupt])
def test_what_a_model_raises_to_end_the_process_is_its_fault(kind: type[BaseException]) -> None:
    def one(**more: Any) -> Program:
        mem = Memory()
        x = mem.cell("x", 0)

        async def thread() -> None:
            await x.load()

        return Program(mem, {"T": Thread(thread)}, **more)

    def operating(operate: Callable[..., Any]) -> Program:
        mem = Memory()
        x = mem.cell("x", 0)

        async def thread() -> None:
            try:
                await operate(x)
            except BaseException:
                return

        return Program(mem, {"T": Thread(thread)})

    act = raises(kind)
    programs = {
        "invariant": one(invariants={"i": act}),
        "sometimes": one(sometimes={"s": act}),
        "finally": one(finally_={"f": act}),
        "consistency": one(consistency={"c": act}),
        "thread": in_a_lock(act),
        "update": operating(lambda x: x.update(act)),
        "wait": operating(lambda x: x.wait_until(act)),
        "when": operating(lambda x: x.update_when(act, act)),
        "shows": one(shows={"p": act}, invariants={"never": lambda state: False}),
    }
    for where, program in programs.items():
        with pytest.raises(ModelError, match=kind.__name__):
            explore(program)
            pytest.fail(f"nothing is wrong with {where}")


class Ends:
    """A value that ends the process when it is compared."""

    def __eq__(self, other: object) -> bool:
        raise SystemExit(0)

    def __hash__(self) -> int:
        return 1


def test_a_value_that_ends_the_process_is_the_models_fault() -> None:
    mem = Memory()
    x = mem.cell("x", Ends())

    async def thread() -> None:
        await x.store(Ends())

    with pytest.raises(ModelError, match="SystemExit: 0"):
        explore(Program(mem, {"T": Thread(thread)}))


ENDINGS = """
import os, posix, sys
from racer import Memory, Program, Thread, scenario


def program(act=lambda: None, **more):
    mem = Memory()
    x = mem.cell("x", 0)

    async def thread():
        await x.load()
        act()

    return Program(mem, {"T": Thread(thread)}, **more)


def declared(how):
    if how == "expect":
        os._exit(0)


@scenario(expect=declared)
def ends(*, how: str = "no") -> Program:
    match how:
        case "build":
            posix._exit(0)
        case "exec":
            os.execvp("true", ["true"])
        case "thread":
            return program(lambda: os._exit(0))
        case "invariant":
            return program(invariants={"i": lambda state: os._exit(0)})
        case "exit":
            return program(invariants={"i": lambda state: sys.exit()})
        case "child":
            if (child := os.fork()) == 0:
                os._exit(7)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    return program()
"""


@pytest.mark.parametrize("how", ["build", "exec", "expect", "thread", "invariant", "exit"])
def test_no_command_ends_without_an_answer(racer: Run, here: Path, how: str) -> None:
    (here / "ends.py").write_text(ENDINGS)
    status, out, err = racer("explore", "ends.py::ends", "--set", f"how={how}")
    assert (status, out) == (2, "")
    assert "SystemExit" in err
    assert "ends.py:" in err or "invariant 'i'" in err


def test_a_process_that_a_model_starts_may_end(racer: Run, here: Path) -> None:
    before = os._exit
    (here / "ends.py").write_text(ENDINGS)
    assert racer("explore", "ends.py::ends", "--set", "how=child")[0] == 0
    assert os._exit is before


# Files of scenarios


BAD = {
    "exits.py": "import os\nos._exit(0)\n",
    "quits.py": "quit()\n",
    "base.py": "class Odd(BaseException): pass\nraise Odd('x')\n",
    "interrupts.py": "raise KeyboardInterrupt\n",
    "stops.py": "raise GeneratorExit\n",
    "syntax.py": "def (\n",
    "nul.py": "x = 1\0\n",
    "deep.py": "x = " + "(" * 10_000 + "\n",
}


def test_a_bad_file_costs_a_line_and_no_command(racer: Run, here: Path) -> None:
    directory = here / "scenarios"
    directory.mkdir()
    for name, text in BAD.items():
        (directory / name).write_text(text)
    os.mkfifo(directory / "fifo.py")
    (directory / "zero.py").symlink_to("/dev/zero")
    (directory / "nowhere.py").symlink_to("nowhere")
    (directory / "folder.py").mkdir()
    with (directory / "huge.py").open("wb") as huge:
        huge.truncate(1 << 32)
    (here / "models.py").rename(directory / "models.py")
    status, out, err = racer("list")
    assert status == 2
    assert "\nsplit_race\n" in out
    assert "\nreads  (scenarios/models.py)\n" in out
    for name in [*BAD, "fifo.py", "zero.py", "nowhere.py", "folder.py", "huge.py"]:
        assert f"error: scenarios/{name} cannot be loaded: " in err
    status, _, err = racer("explore", "reads")
    assert (status, err) == (0, "")
    status, _, err = racer("explore", "scenarios/fifo.py::reads")
    assert status == 2
    assert "a fifo, not a regular file" in err


# After the search


AFTER = [
    "racer.exploration.report.confirmed_label",
    "racer.exploration.report._note_outcomes",
    "racer.cli.commands.judge",
    "racer.cli.commands.write_witness",
    "racer.cli.commands.summary",
    "racer.artefacts.telling.explained",
    "racer.artefacts.telling.mail",
    "racer.cli.commands.diagram",
    "racer.cli.commands.with_pictures",
    "racer.cli.commands.emit_files",
]


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("name", AFTER)
def test_ctrl_c_after_the_search_loses_nothing_that_was_found(
    racer: Run, here: Path, monkeypatch: pytest.MonkeyPatch, name: str, times: int
) -> None:
    module, _, attribute = name.rpartition(".")
    real = getattr(__import__(module, fromlist=[attribute]), attribute)

    def interrupted(*given: Any, **more: Any) -> Any:
        ctrl_c(times)
        return real(*given, **more)

    monkeypatch.setattr(name, interrupted)
    status, out, err = racer("explore", "models.py::reads")
    assert status == 130
    assert "FAIL  as expected: torn" in out
    assert "R raised Violation 'torn'" in out
    assert out.splitlines()[-1] == "racer replay racer-out/reads.torn.json"
    assert err == "interrupted; what was found so far is above\n"
    monkeypatch.undo()
    monkeypatch.chdir(here)
    assert racer("replay", "racer-out/reads.torn.json")[0] == 0


def test_ctrl_c_once_all_is_said_changes_no_answer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes when the command has returned, and is still listened for."""

    @contextlib.contextmanager
    def late() -> Iterator[None]:
        yield
        ctrl_c()

    monkeypatch.setattr("racer.cli.guard._interrupts_are_told_once", late)
    assert guarded(lambda: 1) == 1
    assert capsys.readouterr() == ("", "")


def test_nor_does_one_while_the_process_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def command() -> int:
        status = guarded(lambda: 1)
        ctrl_c()
        return status

    monkeypatch.setattr("racer.cli.main", command)
    monkeypatch.setattr(interrupts._state, "ending", False)  # it is put back
    monkeypatch.setattr("gc.freeze", lambda: None)
    assert process() == 1


def test_ctrl_c_before_a_command_has_begun_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def guarded(command: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("racer.cli.guard.guarded", guarded)
    monkeypatch.setattr("sys.argv", ["racer", "list"])
    monkeypatch.setattr(interrupts._state, "ending", False)  # it is put back
    assert process() == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("error: interrupted before the result was shown\n")


def test_sigterm_is_like_ctrl_c(racer: Run, here: Path) -> None:
    model = (here / "models.py").read_text()
    (here / "models.py").write_text(model.replace("signal.SIGINT", "signal.SIGTERM"))
    status, out, err = racer("explore", "models.py::interrupts")
    assert status == 130
    assert "BOUND  nothing is proved: interrupted" in out
    assert err == "interrupted; what was found so far is above\n"


def torn() -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def read() -> None:
        if await x.load() != await x.load():
            raise Violation("torn")

    async def write() -> None:
        await x.store(1)

    return Program(mem, {"R": Thread(read), "W": Thread(write)})


def test_in_python_too_what_was_found_is_in_the_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    from racer.exploration import report

    real = report._Telling._violation

    def interrupted(*given: Any) -> Any:
        ctrl_c(2)
        return real(*given)

    monkeypatch.setattr(report._Telling, "_violation", interrupted)
    with pytest.raises(Interrupted) as stop:
        explore(torn())
    assert list(stop.value.result.violations) == ["torn"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(
    "name", ["racer.difference.diffing._alignment", "racer.cli.differences._write"]
)
def test_ctrl_c_after_two_variants_were_explored_shows_what_differs(
    racer: Run, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    module, _, attribute = name.rpartition(".")
    real = getattr(__import__(module, fromlist=[attribute]), attribute)

    def interrupted(*given: Any) -> Any:
        ctrl_c(2)
        return real(*given)

    monkeypatch.setattr(name, interrupted)
    status, out, err = racer("diff", "models.py::reads", "torn", "once")
    assert status == 130
    assert "torn" in out
    assert "interrupted; what was found so far is above" in err


# A full disk


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_stdout_loses_neither_the_verdict_nor_a_file(
    racer: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open("/dev/full", "w") as full:
        monkeypatch.setattr("racer.cli.guard.sys.stdout", full)
        monkeypatch.setattr("racer.cli.guard._discard", lambda stream: None)
        status, _, err = racer("explore", "models.py::reads")
        monkeypatch.undo()
        with pytest.raises(OSError):
            full.close()
    assert status == 2
    assert "models.py::reads: fail: torn; 3 interleavings" in err
    assert "cannot write to stdout: No space left" in err
    names = [f"reads.torn.{ending}" for ending in ("dot", "json", "svg")]
    assert sorted(file.name for file in (here / "racer-out").iterdir()) == names


def test_a_directory_that_has_gone_is_told(
    racer: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = here / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    status, out, err = racer("list")
    assert (status, out) == (2, "")
    assert "the current directory cannot be used: No such file or directory" in err


@pytest.mark.parametrize(
    "words",
    [
        ["explore", "x" * 5000 + ".py::reads"],
        ["explore", "models.py::reads", "-o", "x" * 5000],
        ["explore", "models.py::reads", "-o", "x/" * 5000],
        ["graph", "models.py::reads", "-o", "x" * 5000],
    ],
)
def test_a_path_that_is_too_long_is_told(racer: Run, words: list[str]) -> None:
    status, _, err = racer(*words)
    assert status == 2
    assert "File name too long" in err


def test_json_is_whole_after_ctrl_c(racer: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from racer.cli import commands

    real = commands.formatted

    def interrupted(*given: Any) -> Any:
        ctrl_c()
        return real(*given)

    monkeypatch.setattr(commands, "formatted", interrupted)
    status, out, _ = racer("explore", "models.py::reads", "--json")
    assert status == 130
    assert json.loads(out)["violations"]["torn"]["witness_file"] == "racer-out/reads.torn.json"
