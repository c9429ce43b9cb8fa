"""The public names: a page that has them all, help() that tells of them, a quick start."""

from __future__ import annotations

import inspect
import pydoc
import re
import subprocess
import sys
from pathlib import Path

import pytest

import racer
from racer import Memory, Program, Thread, UsageError, Violation, explore, replay
from tests import api_page

ROOT = Path(__file__).parent.parent
HEAVY = ["trio", "typer", "rich", "msgspec", "jinja2", "graphviz"]


def test_the_reference_is_what_the_docstrings_say_now() -> None:
    remedy = "write it again: python -m tests.api_page > racer/API.md"
    assert (ROOT / "racer" / "API.md").read_text() == api_page.page(), remedy


def test_every_public_name_is_exactly_one_heading_of_the_reference() -> None:
    headings = re.findall(r"^### (.*)$", api_page.page(), re.MULTILINE)
    assert sorted(headings) == sorted(racer.__all__)


def test_the_reference_shows_no_address_and_no_module_of_racers_insides() -> None:
    signatures = re.findall(r"^```python\n(.*?)```", api_page.page(), re.MULTILINE | re.DOTALL)
    assert not re.search(r"0x[0-9a-f]{4,}| object at |<", "".join(signatures))
    assert "racer." not in "".join(signatures)


def test_the_reference_explains_every_type_in_a_signature_and_no_other() -> None:
    assert api_page.words_of_signatures() == set(api_page.TYPES)


def test_what_the_reference_leaves_out_exists() -> None:
    for name, members in api_page.INTERNAL.items():
        thing = getattr(racer, name)
        fields = {*inspect.get_annotations(thing), *getattr(thing, "__slots__", ())}
        for base in thing.__mro__:
            fields |= {*inspect.get_annotations(base), *vars(base)}
        asks = set(members.split()) if name in ("Never", "Shows", "Same", "Only") else set()
        assert set(members.split()) - asks <= fields, name


@pytest.mark.parametrize("name", racer.__all__)
def test_every_public_name_and_its_members_have_docstrings_of_whole_sentences(name: str) -> None:
    thing = getattr(racer, name)
    docs = [inspect.getdoc(thing) or "", *(doc for _, doc in api_page._members(name))]
    for doc in docs:
        first = doc.split("\n\n")[0]
        assert first.rstrip().endswith((".", ":", "`", ").")), f"{name}: {first!r}"
        assert not re.match(r"(The same|That|As|Ditto|See)\b[^.]{0,20}[,:]", first), first


def test_help_gives_an_overview_and_every_public_name() -> None:
    text = pydoc.plain(pydoc.render_doc(racer))
    overview = text[: text.index("PACKAGE CONTENTS")]
    for group in ("Write a program", "Explore, and read", "Tell others", "Keep questions"):
        assert group in overview
    for page in ("racer/WRITING.md", "racer/API.md"):
        assert page in overview
    missing = [name for name in racer.__all__ if not re.search(rf"\b{name}\b", text)]
    assert missing == []


def test_the_overview_names_only_what_there_is() -> None:
    rows = re.findall(r"^    (\w+(?:, \w+)*) +\S", racer.__doc__ or "", re.MULTILINE)
    named = {name for row in rows[rows.index("Memory") :] for name in row.split(", ")}
    assert named <= set(racer.__all__)


def test_dir_shows_the_public_names() -> None:
    assert dir(racer) == racer.__all__ == sorted(racer.__all__)


def loaded_after(code: str) -> list[str]:
    """Which modules a fresh Python has loaded after some code."""
    code += "\nimport sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_importing_racer_imports_neither_the_engine_nor_a_library() -> None:
    loaded = loaded_after("import racer; dir(racer)")
    assert [name for name in loaded if name.split(".")[0] in HEAVY] == []
    assert [name for name in loaded if name.startswith("racer.")] == []


def test_writing_a_program_imports_neither_the_engine_nor_a_library() -> None:
    loaded = loaded_after(
        "from racer import Expected, Memory, Program, Range, Thread, Violation, choose, fence\n"
        "from racer import scenario"
    )
    assert [name for name in loaded if name.split(".")[0] in HEAVY] == []
    engine = [f"racer.{room}" for room in ("search", "automata", "exploration", "replaying", "viz")]
    assert [name for name in loaded if name.startswith(tuple(engine))] == []


def torn(label: str | None = "torn") -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def read() -> None:
        if await x.load() != await x.load() and label:
            raise Violation(label)

    async def write() -> None:
        await x.store(1)

    return Program(mem, {"R": Thread(read), "W": Thread(write)})


def test_a_global_with_the_name_of_a_method_may_change_between_exploring_and_explaining() -> None:
    """The code says `x.load()`: that names no global, so nobody's thread has changed one."""
    namespace: dict[str, object] = {"torn": None}
    source = inspect.getsource(torn)
    exec("from racer import Memory, Program, Thread, Violation\n" + source, namespace)
    result = explore(namespace["torn"]())  # type: ignore[operator]
    namespace["load"] = racer.load
    assert racer.explain(result, "torn").label == "torn"


def test_what_is_no_program_is_refused_with_what_to_do() -> None:
    with pytest.raises(UsageError, match=r"a function is no Program\. Call it: torn\(\)\."):
        explore(torn)  # type: ignore[arg-type]

    @racer.scenario
    def asked() -> Program:
        """Something."""
        return torn()

    with pytest.raises(UsageError, match=r"a Scenario is no Program\. Call it: asked\(\)\."):
        explore(asked)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="an int is no Program"):
        replay(3, ())  # type: ignore[arg-type]


def test_replay_takes_a_witness_or_moves_and_says_so_of_anything_else() -> None:
    finding = explore(torn()).violations["torn"]
    moves = [("R", 0), ("W", 0), ("R", 0)]  # the one order in which two loads differ
    assert finding.witness.schedule == tuple(moves)
    for good in (finding.witness, finding.witness.schedule, moves):
        assert replay(torn(), good).labels == ("torn",)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"a Finding .* Give it the `\.witness` of that"):
        replay(torn(), finding)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"Read a file with load\(\) first"):
        replay(torn(), "torn.json")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="a sequence of Moves"):
        replay(torn(), ["R", "W", "R"])  # type: ignore[arg-type]


def test_replay_of_a_witness_whose_label_no_longer_shows_says_so(tmp_path: Path) -> None:
    result = explore(torn())
    with pytest.raises(racer.ReplayDiverged, match="no longer calls this a violation") as caught:
        replay(torn(None), result.violations["torn"].witness)
    assert (caught.value.expected, caught.value.found) == ("violation 'torn'", "no violation")
    racer.save(result, "torn", tmp_path / "torn.json")
    with pytest.raises(racer.ReplayDiverged, match="no longer calls this a violation") as caught:
        replay(torn("other"), racer.load(tmp_path / "torn.json"))
    assert caught.value.found == "other"


def test_a_result_prints_in_one_line_and_asserts_with_the_report_and_the_mail() -> None:
    result = explore(torn())
    # 3 interleavings: the store comes before, between or after the loads. States: the reader has
    # taken 0, 1 or 2 loads, and before the store has seen 0 only: 3; with the store: not started,
    # saw 0, saw 1, ended well, ended with the violation: 5.
    assert repr(result) == "<Result fail: torn; 3 interleavings; 8 states; memory=sc>"
    with pytest.raises(AssertionError) as caught:
        result.assert_holds()
    text = str(caught.value)
    assert text.startswith("FAIL: torn\n")
    assert text.endswith(racer.mail(racer.explain(result, "torn")).rstrip())
    explore(torn(None)).assert_holds()
    with pytest.raises(AssertionError, match="BOUND"):
        explore(torn(None), max_states=1).assert_holds()
