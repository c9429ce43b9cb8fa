"""`racer review`: what a series changes that models are about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.c_source.mailing import AFTER, BEFORE, headed, mail, mailbox, patch, posted
from tests.c_source.test_mirrors import MODEL, tree

if TYPE_CHECKING:
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
    assert "models are about 2 of the 3 functions it changes" in " ".join(out.split())
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
