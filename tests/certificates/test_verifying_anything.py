"""The verifier of certificates, given windows of any kind, any bytes, and any file."""

from __future__ import annotations

import itertools
import math
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.certificates.by_hand import (
    PATH,
    Document,
    Rejected,
    act,
    broken_in_text,
    certificate,
    close,
    edited,
    end,
    looking,
    sealed,
    spinning,
    thread,
    truth,
    verify,
    verifying,
    waiting,
    writers,
    written,
)
from tests.certificates.test_verifying_steps import two_windows

# Windows, told by the history of each run, in place of what a state remembers.

Lines = list[tuple[int, int]]  # of a thread: each step writes a value to a cell


def looking_at_lines(lines: Lines, opens: int, closes: int) -> Document:
    """A thread that writes as told; a window is open from one step to another, and then it ends.

    It ends at once when the window is closed, at one of eight ends by what that saw.
    """
    nodes = []
    for at, (cell, value) in enumerate(lines[: closes + 1]):
        windows = [(0, 0)] if opens < at <= closes else []
        steps = [(before, value, at + 1) for before in (0, 1)]
        nodes.append(act(cell, steps, windows=windows, opens=[(0, 0)] if at == opens else []))
    rows = [(*row, closes + 2 + at) for at, row in enumerate(itertools.product((0, 1), repeat=3))]
    return thread([*nodes, close(0, 0, *rows), *[end()] * 8], slots=1)


def state_of(history: list[tuple[int, tuple[int, int]]], looks: list[tuple[int, int]]) -> list[int]:
    """The state after a run: `history` has who took each step, and memory after it."""
    memories = [(0, 0), *(memory for _, memory in history)]
    row: list[int] = []
    for own, (opens, closes) in enumerate(looks):
        steps = [at for at, (who, _) in enumerate(history) if who == own]
        begun = steps[opens] if len(steps) > opens else None
        done = len(steps) > closes
        last = steps[closes] + 1 if done else len(history)
        looked = [] if begun is None else [a == b for a, b in memories[begun : last + 1]]
        seen = (1 if True in looked else 0) + (2 if False in looked else 0)
        if done:
            saw = 4 * (True in looked) + 2 * (False in looked) + looked[-1]
            row += [closes + 2 + saw, 0]
        else:
            row += [len(steps), seen]
    return [*row, *memories[-1]]


a_look = st.tuples(st.integers(0, 2), st.integers(0, 2)).map(lambda two: (min(two), max(two)))
a_line = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=3, max_size=3)


@given(st.lists(a_line, min_size=2, max_size=2), st.lists(a_look, min_size=2, max_size=2))
def test_windows_see_what_the_history_of_each_run_tells(
    lines: list[Lines], looks: list[tuple[int, int]]
) -> None:
    # The window of each of two threads is on whether the cells 0 and 1 have the same value.
    counts = [closes + 1 for _, closes in looks]
    states: list[list[int]] = []
    for order in set(itertools.permutations([0] * counts[0] + [1] * counts[1])):
        history: list[tuple[int, tuple[int, int]]] = []
        memory, taken = [0, 0], [0, 0]
        states.append(state_of(history, looks))
        for who in order:
            cell, value = lines[who][taken[who]]
            memory[cell], taken[who] = value, taken[who] + 1
            history.append((who, (memory[0], memory[1])))
            states.append(state_of(history, looks))
    start, *others = [list(row) for row in dict.fromkeys(map(tuple, states))]
    threads = [looking_at_lines(line, *look) for line, look in zip(lines, looks, strict=True)]
    watch = truth("same", [0, 1], [[0, 0], [1, 1]], [[0, 1], [1, 0]])
    document = certificate(
        threads,
        [start, *sorted(others)],
        str(math.comb(sum(counts), counts[0])),
        cells=(2, 2),
        watches=[watch],
    )
    assert verify(sealed(document)).states == len(others) + 1


# Whatever the text is.


@given(st.data())
def test_an_edit_of_any_byte_is_rejected(data: st.DataObject) -> None:
    made = sealed(data.draw(st.sampled_from([writers(), waiting(), spinning(), looking()])))
    text = bytearray(made.encode())
    at = data.draw(st.integers(0, len(text) - 1))
    what = data.draw(st.sampled_from(["change", "insert", "delete"]))
    if what == "delete":
        del text[at]
    elif what == "insert":
        text.insert(at, data.draw(st.integers(0, 255)))
    else:
        text[at] ^= data.draw(st.integers(1, 255))
    # A digit after another of the same, or one that is deleted there, may leave the same text.
    if text != made.encode():
        assert broken_in_text(text.decode("latin-1")) == 1


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 9),
    st.sampled_from([10**17, 10**18, 2**64, 10**4000, -(10**4000)]),
    st.floats(),
    st.text(st.characters(codec=None), max_size=3),
    st.sampled_from(["sc", "ordinary", "daemon", "perpetual"]),
)
any_json = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
)


def only_rejects(text: str) -> None:
    try:
        assert isinstance(verify(text), verifying.Checked)
    except Rejected as problem:
        assert re.match(r"condition [1-9]: ", str(problem))


@given(any_json)
def test_nothing_but_rejected_is_raised_for_any_json(value: Any) -> None:
    only_rejects(written(value) + "\n")
    if isinstance(value, dict):
        only_rejects(sealed(value))


@given(st.text(st.characters(codec=None)))
@example("")
@example("\ud800")
@example('"\ud800"\n')
@example("[" * 100_000)
@example("[" * 900 + "]" * 900 + "\n")
@example('{"a":' * 100_000)
@example("9" * 5000 + "\n")
@example("NaN\n")
@example("\0")
def test_nothing_but_rejected_is_raised_for_any_text(text: str) -> None:
    assert broken_in_text(text) == 1


@pytest.mark.parametrize("inner", ["[" * 900 + "]" * 900, "[" * 99_000 + "]" * 99_000, "9" * 5000])
def test_parameters_may_be_deeper_or_longer_than_python_reads(inner: str) -> None:
    text = sealed(writers()).replace('"parameters":{}', f'"parameters":{inner}')
    assert broken_in_text(text) == 1


def places(value: Any) -> list[tuple[Any, Any]]:
    """Each place in a value: what it is in, and its key or number there."""
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    return [place for key in keys for place in ((value, key), *places(value[key]))]


@given(st.data())
def test_nothing_but_rejected_is_raised_for_a_certificate_with_anything_somewhere(
    data: st.DataObject,
) -> None:
    document = data.draw(
        st.sampled_from([writers(), waiting(), spinning(), looking(), two_windows()])
    )
    for _ in range(data.draw(st.integers(1, 2))):
        inside, key = data.draw(st.sampled_from(places(document)))
        if data.draw(st.booleans()):
            inside[key] = data.draw(any_json)
        elif isinstance(inside, list):
            inside.insert(key, inside[key])
        else:
            del inside[key]
    only_rejects(sealed(document))


# Standing alone.


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    copied = shutil.copy(PATH, folder / "copied.py")
    command = [sys.executable, "-I", "-S", str(copied), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False)


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_its_help_is_no_file(tmp_path: Path, word: str) -> None:
    done = run(tmp_path, word)
    assert (done.returncode, done.stderr) == (0, b"") and b"verifying.py FILE" in done.stdout


def test_it_works_copied_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "right").write_bytes(sealed(looking()).encode())
    done = run(tmp_path, "right")
    assert (done.returncode, done.stdout.count(b"\n"), done.stderr) == (0, 1, b"")


@pytest.mark.parametrize(
    "content",
    [
        sealed(edited(writers(), lambda d: d["claim"].update(states=5))).encode(),
        sealed(writers()).encode().replace(b"\n", b"\r\n"),
        sealed(writers()).encode().replace(b"by hand", b"by h\xff"),
        b"",
    ],
)
def test_it_tells_why_a_file_is_rejected(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "wrong").write_bytes(content)
    done = run(tmp_path, "wrong")
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"condition " in done.stderr


@pytest.mark.parametrize("arguments", [["missing"], ["."], [], ["a", "b"]])
def test_a_file_that_cannot_be_read_is_none_that_is_wrong(
    tmp_path: Path, arguments: list[str]
) -> None:
    done = run(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr and b"Traceback" not in done.stderr
