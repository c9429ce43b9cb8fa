"""Which functions a patch changes, with the tree and without."""

from __future__ import annotations

from pathlib import Path

import pytest

from racer.c_source.inputs import read_source
from racer.c_source.touching import touched
from racer.errors import UsageError
from tests.c_source.mailing import AFTER, BEFORE, OWNED, headed, mailbox, patch, posted

TIGHT = BEFORE.replace("3;\n\n", "3;\n")
REMOVED = BEFORE.replace(BEFORE[BEFORE.index("static bool is_used") : BEFORE.index("int take")], "")


def functions(tmp_path: Path, diff: str, text: str | None) -> list[tuple[str, str]]:
    (tmp_path / "it.diff").write_text(diff)
    base = None
    if text is not None:
        (tmp_path / "tree" / "mm").mkdir(parents=True)
        (tmp_path / "tree" / "mm" / "use.c").write_text(text)
        base = str(tmp_path / "tree")
    (stage,) = read_source(str(tmp_path / "it.diff"), base).stages
    return [(each.name, each.how) for each in touched(stage)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (BEFORE, AFTER, [("is_owned", "added"), ("take", "changed")]),
        (AFTER, BEFORE, [("take", "changed"), ("is_owned", "removed")]),
        (BEFORE, BEFORE.replace("\tint i;", "\tint i; /* why */"), [("take", "comments only")]),
        (BEFORE, BEFORE.replace("limit = 3", "limit = 4"), []),  # no function's line
        (TIGHT, TIGHT.replace("static int limit = 3;\n", ""), []),  # right before is_used()
        (BEFORE, REMOVED, [("is_used", "removed")]),  # and not take(), which follows it
        (BEFORE, BEFORE.replace("\tget_page(page);\n", ""), [("take", "changed")]),
        (
            BEFORE,
            BEFORE.replace("is_used", "is_in_use"),
            [("is_in_use", "added"), ("take", "changed"), ("is_used", "removed")],
        ),
    ],
)
def test_with_the_tree_all_is_known(
    tmp_path: Path, before: str, after: str, expected: list[tuple[str, str]]
) -> None:
    assert functions(tmp_path, patch(before, after), before) == expected


def test_without_the_tree_what_a_patch_adds_is_known_and_what_it_touches(tmp_path: Path) -> None:
    diff = headed(patch(BEFORE, AFTER), "int take(struct page *page, int order)")
    assert functions(tmp_path, diff, None) == [("is_owned", "added"), ("take", "changed")]


def test_a_function_stays_known_by_its_hunk_when_a_later_patch_moves_it(tmp_path: Path) -> None:
    # The first patch touches take(), and says so behind its @@; the second puts a function above.
    heading = "int take(struct page *page, int order)"
    changed = BEFORE.replace("-EBUSY", "-EAGAIN")
    first = headed(patch(BEFORE, changed), heading)
    second = patch(changed, changed.replace("static int limit", f"{OWNED}static int limit"))
    mails = [posted(diff, f"[PATCH {n}/2] mm: {n}") for n, diff in ((1, first), (2, second))]
    (tmp_path / "it.mbox").write_text(mailbox(*mails))
    source = read_source(str(tmp_path / "it.mbox"))
    with pytest.raises(UsageError) as refused:
        source.function("take")
    # Line 23 is changed, and three lines around it are shown; 15 lines came before.
    assert "only lines 35-41 of mm/use.c, which are of take()" in str(refused.value)


def test_a_file_that_is_made_has_its_functions_added(tmp_path: Path) -> None:
    made = patch("", OWNED).replace("--- a/mm/use.c", "--- /dev/null")
    assert functions(tmp_path, made, None) == [("is_owned", "added")]
