"""Which functions models mirror, and what is said when these are not what they were."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from racer.c_source.mirrors import Definitions, Drift, drift, mirrors, record, recorded
from racer.c_source.trees import Tree
from racer.catalogue.discovery import files_below
from racer.errors import UsageError
from racer.files import BUNDLED
from tests.c_source.mailing import AFTER, BEFORE

MODEL = '''"""A page is taken.

Question   Can it be taken twice?
Source     mm/use.c is_used(), limited_by();
           mm/none.h none(), as of then. Not: take_all(x)
Answer     No: give_back() of mm/give.c is no part of it.
"""


async def take():
    """take(), the first half of it."""


async def elsewhere():
    """put_page(): of another file."""


async def nothing():
    """Ours: is_owned() is not named here."""
'''


def models(tmp_path: Path, text: str = MODEL) -> Path:
    (tmp_path / "models").mkdir(exist_ok=True)
    (tmp_path / "models" / "takes.py").write_text(text)
    return tmp_path / "models"


def tree(tmp_path: Path, text: str = BEFORE, version: str = "6.12") -> Tree:
    at = tmp_path / "tree"
    (at / "mm").mkdir(parents=True, exist_ok=True)
    (at / "mm" / "use.c").write_text("#define limited_by(x) \\\n\t((x) + 1)\n" + text)
    major, minor = version.split(".")
    (at / "Makefile").write_text(f"VERSION = {major}\nPATCHLEVEL = {minor}\nSUBLEVEL = 0\n")
    return Tree(at)


def drifted(tmp_path: Path, now: Tree) -> Drift:
    directory = models(tmp_path)
    return drift(files_below(directory), now, recorded(directory))


def states(found: Drift) -> dict[str, str]:
    return {each.mirrored.name: each.state for each in found.functions}


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A directory whose models were recorded."""
    directory = models(tmp_path)
    record(directory, files_below(directory), tree(tmp_path))
    return tmp_path


def test_headers_and_docstrings_name_functions(tmp_path: Path) -> None:
    found = mirrors(files_below(models(tmp_path)), Definitions(tree(tmp_path)), None)
    assert [(each.path, each.name) for each in found.functions] == [
        ("mm/none.h", "none"),
        ("mm/use.c", "is_used"),
        ("mm/use.c", "limited_by"),
        ("mm/use.c", "take"),
    ]
    assert [each.rpartition("/")[2] for each in found.unplaced] == ["takes.py: put_page()"]


def test_what_is_as_it_was_is_said_to_be(kept: Path) -> None:
    found = drifted(kept, tree(kept))
    assert states(found) == {
        "none": "absent",
        "is_used": "same",
        "limited_by": "same",
        "take": "same",
    }
    assert (found.drifted, found.missing, found.since) == ((), ("mm/none.h",), "6.12")
    # The macro takes two lines before the file, and is_used() is at line 7 of that.
    lines = {each.mirrored.name: each.line for each in found.functions}
    assert lines == {"none": 0, "is_used": 9, "limited_by": 1, "take": 16}


def test_comments_white_space_and_other_functions_do_not_count(kept: Path) -> None:
    text = AFTER.replace("\tint i;\n", "\tint i; /* pages */\n\n")
    text = text.replace("\tif (is_owned(page))\n\t\treturn -EPERM;\n", "")
    assert drifted(kept, tree(kept, text.replace("for (i = 0;", "for ( i=0 ;"))).drifted == ()


@pytest.mark.parametrize(
    ("text", "name", "state"),
    [
        (AFTER, "take", "changed"),  # a test more
        (BEFORE.replace("i < limit", "i <= limit"), "take", "changed"),
        (BEFORE.replace("int order)", "unsigned int order)"), "take", "changed"),  # its first line
        (BEFORE.replace("bool is_used(", "bool is_in_use("), "is_used", "gone"),
        (BEFORE.replace("int take(", "void is_owned(void)\n{\n}\n\nint take("), "take", "same"),
    ],
)
def test_a_change_of_a_function_is_one_of_that_alone(
    kept: Path, text: str, name: str, state: str
) -> None:
    found = drifted(kept, tree(kept, text))
    assert states(found)[name] == state
    assert [each.mirrored.name for each in found.drifted] == ([name] if state != "same" else [])


def test_a_macro_and_a_function_that_has_come_are_seen(kept: Path) -> None:
    now = tree(kept)
    (now.path / "mm" / "none.h").write_text("int none(void)\n{\n}\n")
    use = now.path / "mm" / "use.c"
    use.write_text(use.read_text().replace("((x) + 1)", "((x) + 2)"))
    found = drifted(kept, now)
    assert [(each.mirrored.name, each.state) for each in found.drifted] == [
        ("none", "new"),
        ("limited_by", "changed"),
    ]


def test_what_was_not_recorded_and_what_is_named_no_more_are_said(kept: Path) -> None:
    models(kept, MODEL.replace("limited_by()", "is_owned()"))
    directory = kept / "models"
    found = drift(files_below(directory), tree(kept, AFTER), recorded(directory))
    assert states(found)["is_owned"] == "not recorded"
    assert found.forgotten == ("mm/use.c: limited_by()",)


def test_another_version_is_named(kept: Path) -> None:
    found = drifted(kept, tree(kept, version="6.18"))
    assert (found.tree, found.since, found.drifted) == ("6.18", "6.12", ())


def test_a_version_has_its_last_number_where_that_is_none_of_zero(tmp_path: Path) -> None:
    for sublevel, version in (("0", "6.12"), ("117", "6.12.117")):
        text = f"# SPDX\nVERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = {sublevel}\nEXTRAVERSION =\n"
        (tmp_path / "Makefile").write_text(text)
        assert Tree(tmp_path).version == version
    (tmp_path / "Makefile").write_text("all:\n")
    assert Tree(tmp_path).version == ""


def test_a_tree_without_any_of_the_files_is_refused(kept: Path) -> None:
    with pytest.raises(UsageError, match=r"none of the 2 files that scenarios mirror"):
        drifted(kept, Tree(kept))


def test_a_model_that_is_no_python_is_not_passed_over(kept: Path) -> None:
    models(kept, '"""Source     mm/use.c take()"""\ndef (')
    with pytest.raises(UsageError, match=r"cannot read which functions .*takes\.py mirrors"):
        drift(files_below(kept / "models"), tree(kept), recorded(kept / "models"))


def test_a_record_is_the_same_whenever_it_is_written(kept: Path) -> None:
    directory = models(kept)
    before = (directory / "mirrored.json").read_bytes()
    record(directory, files_below(directory), tree(kept))
    assert (directory / "mirrored.json").read_bytes() == before


@pytest.mark.parametrize("content", ["{", "[]", '{"schema": "racer-mirrored/9"}', '{"schema": 1}'])
def test_a_record_that_cannot_be_read_is_refused(kept: Path, content: str) -> None:
    (kept / "models" / "mirrored.json").write_text(content)
    with pytest.raises(UsageError, match=r"cannot read .*mirrored\.json"):
        recorded(kept / "models")


def test_racers_own_record_has_what_its_models_name_and_nothing_else(tmp_path: Path) -> None:
    # Where a header names other functions: racer drift --base linux-6.12 --record
    known = recorded(BUNDLED)
    assert known is not None and known.tree.startswith("6.12")
    found = mirrors(files_below(BUNDLED.resolve()), Definitions(Tree(tmp_path)), known)
    assert {(each.path, each.name) for each in found.functions} == {
        (path, name) for path, own in known.functions.items() for name in own
    }


@pytest.mark.skipif("LINUX_TREE" not in os.environ, reason="LINUX_TREE names no tree of 6.12")
def test_racers_own_record_is_that_of_the_tree() -> None:
    found = drift(
        files_below(BUNDLED.resolve()), Tree(Path(os.environ["LINUX_TREE"])), recorded(BUNDLED)
    )
    assert (found.drifted, found.those("not recorded"), found.forgotten) == ((), (), ())
