"""The command line: verdicts, counts and limits, what is printed where, exit statuses."""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from racer import Expected, explore
from racer.catalogue.discovery import find
from racer.cli.statuses import status_of
from racer.explanation.deciding import Decided, decide
from racer.explanation.exact import Exact
from racer.explanation.scene import Scene
from racer.exploration.judgement import judge
from racer.exploration.result import Result
from racer.search.graph import Progress
from racer.viz.summary import count_text

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]  # the fixtures `here` and `racer`


def process(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run one command in a process of its own."""
    command = [sys.executable, "-m", "racer", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **more)


# The verdict and what surrounds it


def test_a_failure_as_declared_is_status_zero_and_leaves_files(racer: Run, here: Path) -> None:
    status, out, err = racer("explore", "models.py::reads")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "models.py::reads  variant=torn writers=1  memory=sc"
    assert "FAIL  as expected: torn" in lines
    assert any(line.split() == ["interleavings", "3"] for line in lines)  # WRR, RWR, RRW
    assert any(line.split()[:4] == ["torn", "1", "of", "3"] for line in lines)
    assert any("needs 1 preemption; impossible with none" in line for line in lines)
    assert lines[-1] == "racer replay racer-out/reads.torn.json"
    assert sorted(file.name for file in (here / "racer-out").iterdir()) == [
        "reads.torn.dot",
        "reads.torn.json",
        "reads.torn.svg",
    ]


def test_a_picture_is_written_as_png_where_that_is_asked_for(racer: Run, here: Path) -> None:
    _, out, _ = racer("explore", "models.py::reads", "--png")
    assert "racer-out/reads.torn.png" in out.splitlines()
    first = (here / "racer-out" / "reads.torn.png").read_bytes()
    assert first.startswith(b"\x89PNG\r\n\x1a\n")
    racer("explore", "models.py::reads", "--png")
    assert (here / "racer-out" / "reads.torn.png").read_bytes() == first


def test_the_last_line_replays_the_witness(racer: Run) -> None:
    _, out, _ = racer("explore", "models.py::reads", "-o", "a directory")
    words = shlex.split(out.splitlines()[-1])
    assert words == ["racer", "replay", "a directory/reads.torn.json"]
    status, out, err = racer(*words[1:])
    assert (status, err) == (0, "")
    assert "REPLAYED  3 steps, each as saved: torn" in out


def test_a_pass_as_declared_writes_nothing(racer: Run, here: Path) -> None:
    status, out, _ = racer("explore", "models.py::reads", "--variant", "once")
    assert status == 0
    assert "PASS  as expected\n  one load is one value" in out
    assert not (here / "racer-out").exists()


def test_a_verdict_that_is_not_as_declared_says_so_with_the_reason(racer: Run) -> None:
    status, out, _ = racer("explore", "models.py::reads", "--variant", "declared wrongly")
    assert status == 1
    assert "FAIL: torn  NOT as expected (pass):\n  one load is one value" in out


@pytest.mark.parametrize(
    ("variant", "expect", "status", "line"),
    [
        ("torn", "fail", 0, "FAIL  as expected: torn"),
        ("torn", "pass", 1, "FAIL: torn  NOT as expected (pass)"),
        ("once", "pass", 0, "PASS  as expected"),
        ("once", "fail", 1, "PASS  NOT as expected (fail)"),
    ],
)
def test_expect_overrides_what_is_declared(
    racer: Run, variant: str, expect: str, status: int, line: str
) -> None:
    got, out, _ = racer("explore", "models.py::reads", "--variant", variant, "--expect", expect)
    assert got == status
    assert line in out.splitlines()


@pytest.mark.parametrize(
    ("declared", "as_expected", "status"),
    [
        (None, None, 1),
        (Expected("fail", ("torn",)), True, 0),
        (Expected("fail", ("deadlock", "torn")), False, 1),
        (Expected("fail", ("other",)), False, 1),
        (Expected("pass"), False, 1),
    ],
)
def test_as_declared_means_the_verdict_and_all_its_labels(
    here: Path, declared: Expected | None, as_expected: bool | None, status: int
) -> None:
    result = explore(find("models.py::reads").scenario())
    judged = judge(result, declared, None)
    assert judged.as_expected == as_expected
    assert status_of(result, judged) == status


def a_result(**changes: object) -> Result:
    """A Result that passes with nothing in it, but for `changes`."""
    plain = Result(
        verdict="pass",
        memory="sc",
        interleavings=1,
        uncounted=None,
        states=2,
        transitions=1,
        searched=2,
        canonical=2,
        outcomes={},
        violations={},
    )
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


def test_a_sometimes_that_no_state_reaches_counts_as_a_label() -> None:
    result = a_result(verdict="fail", vacuous=("x is 1",))
    assert judge(result, Expected("fail", ("x is 1",)), None).as_expected is True
    assert judge(result, Expected("fail", ("torn",)), None).as_expected is False


def test_a_vacuous_model_fails_and_says_why(racer: Run) -> None:
    status, out, _ = racer("explore", "models.py::vacuous")
    assert status == 1
    assert "FAIL: x is 1" in out
    assert "x is 1         vacuous: no state reaches it" in out


def test_a_loop_is_uncounted_and_the_report_says_why(racer: Run) -> None:
    status, out, _ = racer("explore", "models.py::spins")
    assert status == 1  # nobody ever sets x, so that it is a livelock as well
    assert "interleavings  not counted: unbounded (loop in T)" in out


def test_parameters_reach_the_scenario(racer: Run) -> None:
    _, out, _ = racer("explore", "models.py::reads", "--set", "writers=2", "--set", "variant=once")
    assert any(line.split() == ["interleavings", "6"] for line in out.splitlines())  # 3!


def test_two_runs_print_the_same_bytes(racer: Run, here: Path) -> None:
    first = racer("explore", "models.py::reads", "-o", "one")
    second = racer("explore", "models.py::reads", "-o", "one")
    assert first == second
    assert racer("explore", "models.py::reads", "--json") == racer(
        "explore", "models.py::reads", "--json"
    )


def test_what_a_model_prints_is_no_part_of_the_result(racer: Run) -> None:
    status, out, err = racer("explore", "models.py::prints", "--json")
    assert status == 1
    assert json.loads(out)["verdict"] == "fail"
    assert "while it is built" in err
    assert "while it runs" in err


# JSON


def test_json_is_one_document_with_the_fields_of_the_result(racer: Run) -> None:
    status, out, err = racer("explore", "models.py::reads", "--json")
    assert (status, err) == (0, "")
    got = json.loads(out)
    assert got["schema"] == "racer-result/1"
    assert (got["scenario"], got["memory"]) == ("models.py::reads", "sc")
    assert got["parameters"] == {"variant": "torn", "writers": 1}
    assert (got["verdict"], got["as_expected"]) == ("fail", True)
    assert got["expected"]["labels"] == ["torn"]
    assert (got["interleavings"], got["uncounted"]) == (3, None)
    assert sum(each["interleavings"] for each in got["outcomes"]) == 3
    assert {"violation": "torn"} in [each["threads"]["R"] for each in got["outcomes"]]
    torn = got["violations"]["torn"]
    assert (torn["interleavings"], torn["preemptions"], torn["steps"]) == (1, 1, 3)
    assert torn["schedule"] == [["R", 0], ["W", 0], ["R", 0]]
    assert [event["result"] for event in torn["events"]] == ["0", "None", "1"]
    assert torn["witness_file"] == "racer-out/reads.torn.json"


def test_json_counts_have_all_their_digits(here: Path) -> None:
    from racer.viz.documents.case import ExploredCase
    from racer.viz.documents.result import document

    count = 7**6000  # 5,071 digits: beyond what Python prints unasked
    result = a_result(interleavings=count)
    text = document(ExploredCase("x", result, judge(result, None, None)))
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        assert json.loads(text)["interleavings"] == count
    finally:
        sys.set_int_max_str_digits(limit)


def test_counts_are_exact_until_nobody_could_read_them() -> None:
    assert count_text(0) == "0"
    assert count_text(2_780_307_675_937_002_456) == "2,780,307,675,937,002,456"
    assert count_text(10**5000 * 3) == "about 3.00e5000 (exact with --json)"


# Limits


def test_a_bound_is_status_three_and_proves_nothing(racer: Run) -> None:
    status, out, _ = racer("explore", "models.py::counts", "--timeout", "0.2")
    assert status == 3
    assert "BOUND  nothing is proved" in out
    assert "interleavings  not counted" in out


def test_a_bound_wins_over_an_expectation(racer: Run) -> None:
    words = ("explore", "models.py::reads", "--max-states", "1")
    assert racer(*words, "--expect", "pass")[0] == 3
    assert json.loads(racer(*words, "--json")[1])["verdict"] == "bound"


@pytest.mark.usefixtures("signals_as_at_a_terminal")
def test_an_interrupt_prints_what_was_found_so_far(racer: Run) -> None:
    status, out, err = racer("explore", "models.py::interrupts")
    assert status == 130
    assert "BOUND  nothing is proved: interrupted" in out
    assert any(line.startswith("states         ") for line in out.splitlines())
    assert "interrupted" in err


def test_an_interrupt_while_a_violation_is_explained_loses_no_violation(
    racer: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decides(scene: Scene, exact: Exact | None) -> Decided:
        if exact is not None:
            raise KeyboardInterrupt
        return decide(scene, None)

    monkeypatch.setattr("racer.explanation.telling.decide", decides)
    status, out, err = racer("explore", "models.py::reads")
    assert status == 130
    assert "R raised Violation 'torn'" in out
    assert out.splitlines()[-1] == "racer replay racer-out/reads.torn.json"
    assert "interrupted; what was found so far is above" in err
    assert racer("replay", "racer-out/reads.torn.json")[0] == 0


def test_an_interrupt_before_there_is_a_result_is_status_130_too(
    racer: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> Result:
        raise KeyboardInterrupt

    monkeypatch.setattr("racer.cli.commands.explore", interrupted)
    status, out, err = racer("explore", "models.py::reads")
    assert (status, out) == (130, "")
    assert "interrupted before the result was shown" in err


# list, --help, --version, pipes


def test_list_shows_scenarios_with_summary_and_parameters(racer: Run, here: Path) -> None:
    (here / "scenarios").mkdir()
    (here / "models.py").rename(here / "scenarios" / "models.py")
    status, out, _ = racer("list")
    assert status == 0
    for part in (
        "\nsplit_race\n",
        "reads  (scenarios/models.py)\n  R reads x while W writes it.\n",
        "    variant=torn  torn | once | declared wrongly\n    writers=1     int 1..4\n",
    ):
        assert part in out
    assert racer("explore", "reads")[0] == 0


def test_list_names_files_that_do_not_load_and_shows_the_others(racer: Run, here: Path) -> None:
    (here / "scenarios").mkdir()
    (here / "scenarios" / "bad.py").write_text("1 / 0\n")
    status, out, err = racer("list")
    assert status == 2
    assert "split_race" in out
    assert "scenarios/bad.py cannot be loaded: ZeroDivisionError" in err


def test_help_lists_the_commands_and_exit_statuses(racer: Run) -> None:
    status, out, _ = racer("--help")
    assert status == 0
    for word in ("explore", "list", "replay", "130 interrupted"):
        assert word in out


def test_the_version_is_one_line(racer: Run) -> None:
    status, out, _ = racer("--version")
    assert status == 0
    assert out.startswith("racer ")
    assert out.count("\n") == 1


def test_help_loads_nothing_that_takes_long() -> None:
    heavy = ("trio", "hypothesis", "msgspec", "rich", "graphviz", "racer.viz", "racer.scenarios")
    code = (
        "import sys; from racer.cli import main; status = main(['--help']); "
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr); "
        "sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "[]\n")


def test_a_process_gives_the_same_answer_whatever_the_hash_seed(here: Path) -> None:
    runs = [
        process("explore", "models.py::reads", "--set", "writers=2", env={**os.environ, **seed})
        for seed in ({"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2"}, {"NO_COLOR": "1"})
    ]
    assert {run.returncode for run in runs} == {0}
    assert len({run.stdout for run in runs}) == 1
    assert "\x1b" not in runs[0].stdout


@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="no pipes of this kind")
def test_a_reader_that_has_seen_enough_is_no_error(here: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "racer", "explore", "models.py::reads"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("words", [["explore", "models.py::reads"], ["list"], ["--help"]])
def test_a_full_disk_behind_stdout_is_an_error_and_no_traceback(
    here: Path, words: list[str]
) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "racer", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert done.returncode == 2
    assert "cannot write to stdout: No space left" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("few", "phases"),
    [(50_000, ["deciding", "minimising"]), (1, ["deciding", "counting", "minimising"])],
)
def test_progress_is_told_while_states_are_found_and_changes_nothing(
    few: int, phases: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from scenarios.aba import aba

    monkeypatch.setattr("racer.exploration.searching.FEW_STATES", few)
    program, told = aba(readers=3), []
    watched = explore(program, progress=told.append)
    assert told[0] == Progress("deciding", 1, 1)  # the first state, not expanded yet
    searching = [now for now in told if now.phase != "minimising"]
    assert all(0 < now.frontier <= now.states for now in searching)
    assert list(dict.fromkeys(now.phase for now in told)) == phases
    quiet = explore(program)
    assert (watched.states, watched.interleavings) == (quiet.states, quiet.interleavings)
    assert list(watched.outcomes) == list(quiet.outcomes)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["explore", "aba", "--set", "readers=4"], b"states/s"),
        (["graph", "aba", "--set", "readers=4"], b"states/s"),
        (["diff", "aba", "1", "2", "--parameter", "rounds"], b"aba rounds=2"),
        (["claims", "C12"], b"8 of 8 cases"),
    ],
)
def test_progress_is_shown_on_a_terminal_only_and_is_no_part_of_the_result(
    here: Path, words: list[str], said: bytes
) -> None:
    import pty

    command = [sys.executable, "-m", "racer", *words]
    master, slave = pty.openpty()
    slowly = {**os.environ, "RACER_PURE": "1"}  # what is compiled ends before it would be shown
    shown = subprocess.run(command, stdout=subprocess.PIPE, stderr=slave, timeout=120, env=slowly)
    os.close(slave)
    on_terminal = os.read(master, 1 << 16)
    os.close(master)
    assert said in on_terminal
    quiet = subprocess.run(command, capture_output=True, timeout=120)
    assert (quiet.stdout, quiet.stderr) == (shown.stdout, b"")


def test_an_interrupt_while_the_command_line_is_loaded_is_no_traceback(here: Path) -> None:
    interrupt = """
import sys
from racer.__main__ import main

class Interrupt:
    def find_spec(self, name, *_):
        if name == "typer":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupt())
sys.exit(main())
"""
    done = subprocess.run([sys.executable, "-c", interrupt], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "error: interrupted before the result was shown\n"


def test_help_does_not_load_rich() -> None:
    look = (
        "import sys; from racer.cli import main; main(['--help']); sys.exit('rich' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, timeout=60)
    assert done.returncode == 0
