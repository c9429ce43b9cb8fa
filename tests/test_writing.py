"""racer/WRITING.md: every example of it runs, in order, and prints what the page says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from racer.cli import main
from tests.command_line import assert_printed

PAGE = (Path(__file__).parent.parent / "racer" / "WRITING.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def follows(blocks: list[tuple[str, str]], at: int) -> str:
    """What the block at that place is said to print: the text right after it, else nothing."""
    after = blocks[at + 1 : at + 2]
    return after[0][1] if after and after[0][0] == "text" else ""


def commands(block: str) -> list[tuple[str, str]]:
    """Each command of a console block with what it is said to print."""
    first, *rest = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)
    assert first == ""
    return list(zip(rest[::2], rest[1::2], strict=True))


def test_every_example_of_the_guide_runs_and_prints_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").mkdir()
    namespace: dict[str, object] = {"__name__": "guide"}
    for at, (language, block) in enumerate(BLOCKS):
        if language == "python":
            named = re.match(r"# (\S+\.py)\n", block)
            name = named.group(1) if named else "guide.py"
            Path(name).write_text(block)
            if not name.startswith("scenarios/"):  # these are loaded by the commands
                exec(compile(block, name, "exec"), namespace)
            assert capsys.readouterr().out == follows(BLOCKS, at), f"block {at}: {block}"
        elif language in ("c", "toml"):
            comment = re.match(r"(?:/\*|#) (\S+)", block)
            assert comment is not None
            Path(comment[1]).write_text(block)
        elif language == "console":
            for command, said in commands(block):
                racer, *words = shlex.split(command)
                assert (racer, main(words)) == ("racer", 0), command
                assert_printed(said, capsys.readouterr().out)
    tests = [value for name, value in namespace.items() if name.startswith("test_")]
    assert len(tests) == 1
    for test in tests:
        test()  # type: ignore[operator]


def numbers_after(text: str) -> list[int]:
    """The numbers of the output that the page shows after some text, thousands as they are."""
    output = re.split(r"^```(?:text|console)\n", PAGE[PAGE.index(text) :], flags=re.MULTILINE)[1]
    return [int(found) for found in re.findall(r"(?<![\w.])\d+(?![\w.])", output.split("```")[0])]


def test_the_counts_of_the_first_program_are_as_derived_by_hand() -> None:
    # Each adder: load, store, done; then the check, wait and load. The check comes last, so the
    # interleavings are those of 3 and 3 steps: C(6, 3) = 20. Nothing is lost if one adder's store
    # comes before the other's load: its done then has 4 places among the other's 3 steps. So 2 * 4
    # are right and 12 are not. 8 = 3 + 3 + 2 steps.
    # States: an adder is at L, S (having seen 0 or 1), D, or E, its end. LL 1; one at S 2; both at
    # S 1; one at D or E and the other at L 4, at S with 0 seen 4, at S with 1 seen 4; both at D
    # or E: 4 where both saw 0, and 4 where one saw 1, so that n is 2.
    # The check, for n = 1 and 2: waited, ended: 4. In all 28.
    assert numbers_after("result = explore(counter())") == [20, 28]
    assert numbers_after("print(result.verdict, result.interleavings)")[:3] == [20, 8, 12]
    assert "\nlost 12 1 8\n" in PAGE


def test_the_counts_of_locks_and_waiting_are_as_derived_by_hand() -> None:
    # Two locks: A and B each take their first: 2 orders, both a deadlock. Else one takes both
    # before the other begins; the other may begin once that one has released the lock it took
    # last: before or after the last release, 2 orders for each of the two: 4.
    # Trying: the other tries before the release (3 places: after try, load, store) and returns
    # False, or after it, and both return True. Either may be first: 3, 3 and 1 + 1.
    assert numbers_after("def two_locks")[:5] == [6, 2, 3, 3, 2]
    # Three threads of two steps: 6! / 2^3 = 90 orders; in 3! * 3! = 36 all three are inside.
    assert numbers_after("def semaphore") == [90 - 36]


def test_the_counts_of_choices_and_windows_are_as_derived_by_hand() -> None:
    # The writer's 4 steps, 2 options. The reader's load of the flag comes before the last of them
    # in 4 places, and returns None: 8. After it, it loads the data too: 1 for each option.
    assert "1 (('R', 1), ('W', None))\n1 (('R', 2), ('W', None))\n8 (('R', None)" in PAGE
    # Left is loaded after its store: 2 places, and that is all. Before it: then right is loaded,
    # in 3 places, and only after both stores is it dark.
    assert numbers_after("def lamps") == [1, 5]


def test_the_counts_of_scenario_and_claims_are_as_derived_by_hand() -> None:
    # Three locked adders: 3! orders of their critical sections. Within one: the last done comes
    # after all; the second one's among the 4 steps of the third, and that done: 6 places; the
    # first one's among 4 + 4 steps and 2 dones: 11 places.
    assert f"interleavings  {6 * 6 * 11}\n" in PAGE
    # A1: with one adder 1 interleaving each; with two: plain 20, see above; locked 2 * 6, as
    # before; atomic C(4, 2) = 6. States, one adder: its steps and its end, and 2 of the check:
    # plain 6, locked 8, atomic 5. Two: plain 28; atomic 3 * 3 + 2; locked: outside of
    # the section are 3 places, inside 3: 3 * 3 + 2 * 3 * 3 + 2 = 29. Two plain adders: 24, where
    # those that saw 0 or 1 are alike once they have stored, since no local holds it, and 4.
    interleavings, states = 3 + 20 + 12 + 6, 6 + 8 + 5 + 28 + 11 + 29
    # A2, twice: of the C(4, 2) = 6 orders of sections, 2 leave both sections of one to the end:
    # the other's done has 8 + 2 places; in 4 it has 4 + 2. States: 4 places outside, 6 inside:
    # 4 * 4 + 2 * 6 * 4 + 2 = 66. The case without `twice` is one of A1's as well.
    twice, more = 2 * 10 + 4 * 6, 4 * 4 + 2 * 6 * 4 + 2
    assert f"6 cases, {states} states, {interleavings} interleavings\n" in PAGE
    assert f"2 cases, {29 + more} states, {12 + twice} interleavings\n" in PAGE
    total = f"7 cases, {states + more} states, {interleavings + twice} interleavings\n"
    assert total in PAGE
