"""`racer review`: what a series changes that models are about."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from racer.difference import roles
from tests.c_source.mailing import AFTER, BEFORE, headed, mail, mailbox, patch, posted
from tests.c_source.reviewing import FILE, ONCE, TWICE, UNKNOWN, project
from tests.c_source.test_mirrors import MODEL, tree

if TYPE_CHECKING:
    from racer.exploration.result import Result
    from racer.exploration.wanted import Wanted
    from racer.lang.program import Program
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]

COMMENTED = AFTER.replace("\tint i;\n", "\tint i; /* pages */\n")
TAKE = "int take(struct page *page, int order)"  # as git puts it behind a hunk that is in it
TITLES = ["[PATCH 1/2] mm: owned pages", "[PATCH 2/2] mm: say why"]


@pytest.fixture
def series(here: Path, racer: Run) -> Run:
    """A model of take() in ./scenarios, its tree, and a series that changes that."""
    (here / "scenarios").mkdir()
    (here / "scenarios" / "takes.py").write_text(MODEL)
    tree(here)
    (here / "v1.mbox").write_text(
        mailbox(
            mail("Please look.\n", "[PATCH 0/2] mm"),
            posted(headed(patch(BEFORE, AFTER), TAKE), TITLES[0]),
            posted(headed(patch(AFTER, COMMENTED), TAKE), TITLES[1]),
        )
    )
    return racer


def test_each_patch_is_told_with_the_functions_that_models_mirror(series: Run) -> None:
    status, out, err = series("review", "v1.mbox", "--base", "tree")
    assert (status, err) == (0, "")
    first, second = out.split("\n\n")[1:3]
    # The tree has two lines before the file, for a macro; take() is at 14, and 15 lines later.
    assert first.startswith(f"1. {TITLES[0]}\n   take() changes (mm/use.c:31)\n")
    assert "mirrored by hand in scenarios/takes.py" in first
    assert first.endswith("no model is about is_owned()")
    assert "take() changes in comments and white space only" in second
    assert "models are about 1 of the 2 functions it changes" in " ".join(out.split())
    assert max(map(len, out.split("\n"))) <= 72


def test_a_place_of_which_the_function_is_not_said_is_not_passed_over(series: Run) -> None:
    Path("plain.diff").write_text(patch(BEFORE, AFTER))  # as diff without -p makes it
    out = series("review", "plain.diff")[1]
    # The second hunk adds two lines within take(); of the first, all is seen.
    text = "'plain.diff' changes 1 place in mm/use.c of which it does not say the function"
    assert text in " ".join(out.split())
    assert "does not say" not in series("review", "plain.diff", "--base", "tree")[1]


def test_the_mail_has_the_difference_in_seven_bits(series: Run) -> None:
    status, out, _ = series("review", "v1.mbox", "--base", "tree", "--mail")
    assert status == 0 and out.startswith("Subject: racer: 2 patches: models to look at\n\n")
    assert TITLES[0] in out and TITLES[1] not in out  # comments make no difference
    assert out.endswith("\n\nracer review v1.mbox --base tree\n")
    assert out.isascii() and max(map(len, out.split("\n"))) <= 72


def test_the_document_has_every_function(series: Run) -> None:
    document = json.loads(series("review", "v1.mbox", "--json")[1])
    assert (document["base"], document["worse"], document["open"]) == (None, False, False)
    changed = [
        [(each["name"], each["how"]) for each in one["changes"]] for one in document["patches"]
    ]
    # Without the tree nobody can say that a comment is all that changed.
    assert changed == [[("is_owned", "added"), ("take", "changed")], [("take", "changed")]]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (mail("Hello.\n"), "has no patch: the mail has none, nor does it quote one"),
        (mail("<p>x</p>", headers=["Content-Type: text/html"]), "it is HTML"),
        ("\0\1", "is a binary"),
        (posted(patch(BEFORE.replace("limit", "most"), AFTER)), "does not apply to tree: mm/use.c"),
        ("int f(void)\n{\n}\n", "is no series: it is C, and changes nothing"),
    ],
)
def test_what_is_no_series_is_refused(series: Run, content: str, text: str) -> None:
    Path("bad").write_text(content)
    status, out, err = series("review", "bad", "--base", "tree")
    assert (status, out) == (2, "") and text in err


def reviewed(here: Path, racer: Run, *versions: str) -> tuple[int, str, str]:
    """A series from the first of these versions of a file to the last, patch by patch."""
    project(here, versions[0])
    number = len(versions) - 1
    mails = [
        posted(patch(old, new, "lib/flag.c"), f"[PATCH {at}/{number}] flag: {at}")
        for at, (old, new) in enumerate(itertools.pairwise(versions), 1)
    ]
    Path("v1.mbox").write_text(mailbox(*mails))
    return racer("review", "v1.mbox", "--base", "tree")


def test_what_scenarios_show_is_told_before_each_patch_and_after_it(here: Path, racer: Run) -> None:
    status, out, err = reviewed(here, racer, FILE, f"{FILE}\n{TWICE}", f"{FILE}\n{ONCE}")
    first, second = out.split("\n\n")[1:3]
    assert (status, err) == (1, "") and "FAILS  models are about 1 of the 1 function" in out
    rows = [" ".join(text.split("\n")[-1].split()) for text in (first, second)]
    assert rows == ["steady (not there) FAIL torn", "steady * FAIL torn PASS"]


def test_a_label_more_than_before_is_worse(here: Path, racer: Run) -> None:
    status, out, _ = reviewed(here, racer, f"{FILE}\n{ONCE}", f"{FILE}\n{TWICE}")
    assert status == 1 and "WORSE  models are about 1 of the 1 function" in out
    status, out, _ = racer("review", "v1.mbox", "--base", "tree", "--mail")
    assert status == 1 and "\n    steady: PASS, then FAIL torn\n" in out
    case = json.loads(racer("review", "v1.mbox", "--base", "tree", "--json")[1])["patches"][0][
        "changes"
    ][0]["cases"][0]
    assert (case["before"]["verdict"], case["after"]["labels"], case["differs"]) == (
        "pass",
        ["torn"],
        True,
    )


def test_a_scenario_that_does_not_load_is_told(here: Path, racer: Run) -> None:
    reviewed(here, racer, f"{FILE}\n{TWICE}", f"{FILE}\n{ONCE}")
    Path("scenarios/broken.py").write_text("import nothing_like_that\n")
    status, out, err = racer("review", "v1.mbox", "--base", "tree")
    assert status == 2 and "OTHER VERDICTS  " in out and "nothing_like_that" in err


def test_a_label_less_is_another_verdict(here: Path, racer: Run) -> None:
    status, out, _ = reviewed(here, racer, f"{FILE}\n{TWICE}", f"{FILE}\n{ONCE}")
    assert status == 0 and "OTHER VERDICTS  " in out


def test_what_cannot_be_translated_is_not_decided(here: Path, racer: Run) -> None:
    status, out, _ = reviewed(here, racer, f"{FILE}\n{ONCE}", f"{FILE}\n{UNKNOWN}")
    assert status == 3 and "NOT DECIDED  " in out
    assert "after: not explored: " in out and "1 place means nothing to the model" in " ".join(
        out.split()
    )


def test_a_search_that_was_cut_is_not_decided(here: Path, racer: Run) -> None:
    reviewed(here, racer, f"{FILE}\n{TWICE}", f"{FILE}\n{ONCE}")
    status, out, _ = racer("review", "v1.mbox", "--base", "tree", "--max-states", "2")
    assert status == 3 and "BOUND max_states=2    BOUND max_states=2" in out


def test_without_the_tree_what_a_patch_shows_is_enough_for_what_it_adds(
    here: Path, racer: Run
) -> None:
    reviewed(here, racer, FILE, f"{FILE}\n{ONCE}")
    status, out, _ = racer("review", "v1.mbox")
    assert status == 0 and "steady                (not there)           PASS" in out


def test_after_a_ctrl_c_it_is_told_what_was_found_and_what_was_not_looked_at(
    here: Path, racer: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviewed(here, racer, FILE, f"{FILE}\n{ONCE}", f"{FILE}\n{TWICE}", f"{FILE}\n{ONCE}")
    explored, times = roles.explored, itertools.count(1)

    def until_the_second(program: Program, wanted: Wanted) -> Result:
        if next(times) == 2:
            raise KeyboardInterrupt
        return explored(program, wanted)

    monkeypatch.setattr(roles, "explored", until_the_second)
    # Of the first patch one side is explored, of the second what is there after it.
    status, out, err = racer("review", "v1.mbox", "--base", "tree")
    assert (status, err) == (130, "interrupted; what was found so far is above\n")
    assert "NOT DECIDED  " in out and "steady                (not there)           PASS" in out
    assert "FAIL" not in out and " ".join(out.split()).endswith(
        "Interrupted. Not looked at: some scenarios of is_steady() in patch 2, what follows in it, "
        "and 1 more patch."
    )


def test_threads_in_c_are_compared_as_others_are(here: Path, racer: Run) -> None:
    project(here, FILE)
    for name, text in (("one.c", ONCE), ("two.c", TWICE)):
        Path(name).write_text(text)
    status, out, err = racer("equiv", "steady", "one.c", "two.c")
    assert (status, err) == (1, "") and "\nIn C: is_steady() is the check.\n" in out
    # Both load the flag at line 3; then the one is at its end, and the other loads it at line 5.
    assert "R: alike for 1 answer" in out and "one.c:3 | two.c:3" in out
    assert "two.c  does load set" in out and out.rstrip().endswith("two.c:5")
