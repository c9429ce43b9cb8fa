"""Witness files: what they hold, how they are written, and how a wrong one is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from racer import Memory, Program, ReplayDiverged, Thread, Violation, WitnessError, choose, explore
from racer.exploration.witness_file import SavedWitness, check, load, save, saved_witness


def torn_read(first: int = 0, written: int = 1, cell: str = "x", writer: str = "W") -> Program:
    """R reads a cell twice while W writes it once: RWR is torn, WRR and RRW are not."""
    mem = Memory()
    x = mem.cell(cell, first)

    async def read() -> None:
        if await x.load() != await x.load():
            raise Violation("torn")

    async def write() -> None:
        await x.store(written)

    return Program(mem, {"R": Thread(read), writer: Thread(write)})


def witness_of(program: Program, label: str = "torn") -> SavedWitness:
    return saved_witness(
        explore(program),
        label,
        scenario="torn_read",
        parameters={"first": 0, "quick": True, "mode": "a b"},
    )


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A saved witness of torn_read, in an otherwise empty current directory."""
    monkeypatch.chdir(tmp_path)
    save(witness_of(torn_read()), tmp_path / "torn.json")
    return tmp_path / "torn.json"


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_a_witness_file_holds_the_steps_and_what_came_of_them(path: Path) -> None:
    content = json.loads(path.read_text())
    assert content["schema"] == "racer-witness/1"
    assert (content["label"], content["memory"]) == ("torn", "sc")
    assert (content["preemptions"], content["minimal"]) == (1, True)
    assert (content["interleavings"], content["total"]) == (1, 3)  # RWR of RWR, WRR, RRW
    assert content["parameters"] == {"first": 0, "quick": True, "mode": "a b"}
    assert content["initial"] == {"x": "0"}
    seen = [
        (step["thread"], step["operation"], step["cell"], step["result"], step["after"])
        for step in content["steps"]
    ]
    assert seen == [
        ("R", "load x", "x", "0", "0"),
        ("W", "store x = 1", "x", "None", "1"),
        ("R", "load x", "x", "1", "1"),
    ]
    assert all("test_witness.py:" in step["source"] for step in content["steps"])


def test_what_is_saved_is_what_is_loaded(path: Path) -> None:
    assert load(path) == witness_of(torn_read())


def test_equal_witnesses_are_equal_bytes(path: Path, tmp_path: Path) -> None:
    save(witness_of(torn_read()), tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def test_counts_of_any_length_survive(path: Path) -> None:
    large = msgspec.structs.replace(load(path), total=3**200)
    save(large, path)
    assert load(path).total == 3**200


def test_a_witness_is_written_whole_or_not_at_all(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="No space left"):
        save(witness_of(torn_read(written=2)), path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["torn.json"]


def test_a_saved_witness_replays(path: Path) -> None:
    trace = check(load(path), torn_read())
    assert trace.labels == ("torn",)
    assert [event.thread for event in trace.events] == ["R", "W", "R"]


def test_source_lines_may_have_moved(path: Path) -> None:
    edit(path, lambda content: content["steps"][0].update(source="elsewhere.py:1"))
    assert check(load(path), torn_read()).labels == ("torn",)


def test_a_digest_alone_is_no_reason_to_refuse(path: Path) -> None:
    edit(path, lambda content: content.update(digest="0"))
    assert check(load(path), torn_read()).labels == ("torn",)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WitnessError, match=r"none.json: No such file"):
        load(tmp_path / "none.json")


@pytest.mark.parametrize("size", [0, 1, 40, 300])
def test_a_truncated_file_says_where_it_ends(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(WitnessError, match=rf"torn.json .*ends in the middle.*{size} bytes"):
        load(path)


@pytest.mark.parametrize("content", [b"<svg/>", b"\xff\xfe", b'{"schema": "\xff"}', b"{} {}"])
def test_a_file_that_is_not_json_says_so(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(WitnessError, match="not JSON"):
        load(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: content.update(schema="racer-witness/9"), "racer-witness/9.*reads"),
        (lambda content: content.pop("schema"), "no schema"),
        (lambda content: content.pop("steps"), "missing required field 'steps'"),
        (lambda content: content["steps"][1].pop("thread"), r"'thread'.*steps\[1\]"),
        (lambda content: content["steps"][1].update(choice=-1), r"steps\[1\].choice"),
        (lambda content: content.update(preemptions="1"), "preemptions"),
        (lambda content: content.update(parameters={"n": [1]}), "parameters"),
    ],
)
def test_a_field_that_is_wrong_is_named(
    path: Path, change: Callable[[dict[str, Any]], object], said: str
) -> None:
    edit(path, change)
    with pytest.raises(WitnessError, match=said):
        load(path)


def test_fields_of_a_later_racer_are_ignored(path: Path) -> None:
    edit(path, lambda content: content.update(mood="calm"))
    assert load(path).label == "torn"


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (torn_read(writer="V"), "step 2 moves thread 'W'.*threads are R, V"),
        (torn_read(cell="y"), "cell 'x'.*cells are y"),
        (torn_read(first=5), "'x' starts as 0 in it, and as 5"),
    ],
)
def test_a_witness_of_another_program_is_refused_by_name(
    path: Path, program: Program, said: str
) -> None:
    with pytest.raises(WitnessError, match=said):
        check(load(path), program)


def test_the_first_step_that_differs_is_named(path: Path) -> None:
    with pytest.raises(ReplayDiverged) as caught:
        check(load(path), torn_read(written=7))
    assert (caught.value.step, caught.value.thread) == (2, "W")
    assert "store x = 1" in caught.value.expected
    assert "store x = 7" in caught.value.found


def test_a_value_that_differs_is_named(path: Path) -> None:
    edit(path, lambda content: content["steps"][0].update(result="4"))
    with pytest.raises(ReplayDiverged) as caught:
        check(load(path), torn_read())
    assert caught.value.step == 1


def test_a_step_that_cannot_be_taken_is_named(path: Path) -> None:
    edit(path, lambda content: content["steps"].insert(2, content["steps"][1]))
    with pytest.raises(ReplayDiverged) as caught:  # W has ended after its one step
        check(load(path), torn_read())
    assert (caught.value.step, caught.value.thread) == (3, "W")
    assert "store x = 1" in caught.value.expected


def test_a_difference_before_the_step_that_cannot_be_taken_comes_first(path: Path) -> None:
    edit(path, lambda content: content["steps"].insert(2, content["steps"][1]))
    with pytest.raises(ReplayDiverged) as caught:
        check(load(path), torn_read(written=7))
    assert caught.value.step == 2


def test_an_option_that_is_not_there_is_named(tmp_path: Path) -> None:
    def choosing(*options: int) -> Program:
        mem = Memory()
        mem.cell("x", 0)

        async def thread() -> None:
            if await choose(*options) == 2:
                raise Violation("torn")

        return Program(mem, {"T": Thread(thread)})

    save(witness_of(choosing(0, 1, 2)), tmp_path / "choice.json")
    saved = load(tmp_path / "choice.json")
    assert [step.choice for step in saved.steps] == [2]
    with pytest.raises(ReplayDiverged) as caught:
        check(saved, choosing(0, 1))
    assert caught.value.step == 1


def test_a_schedule_that_no_longer_shows_its_label_has_diverged(path: Path) -> None:
    edit(path, lambda content: content.update(label="misclassified"))
    with pytest.raises(ReplayDiverged) as caught:
        check(load(path), torn_read())
    assert "misclassified" in caught.value.expected
    assert caught.value.found == "torn"


def test_a_violation_in_the_initial_state_needs_no_step(tmp_path: Path) -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def wait() -> None:
        await x.wait_until(lambda value: value == 1)

    program = Program(mem, {"T": Thread(wait)})
    save(witness_of(program, "deadlock"), tmp_path / "deadlock.json")
    assert check(load(tmp_path / "deadlock.json"), program).labels == ("deadlock",)
