"""What is read from mails, diffs and trees, held against the files that patches were made of."""

from __future__ import annotations

import base64
import gzip
import quopri
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from racer.c_source.diffs import FileDiff, diffs
from racer.c_source.inputs import Source, read_source
from racer.c_source.known import Known, NotApplied
from racer.c_source.mails import typed, unflowed
from racer.c_source.trees import known_file
from racer.errors import UsageError
from tests.c_source.lifting import source_of
from tests.c_source.mailing import (
    AFTER,
    BEFORE,
    FIRST,
    FUNCTION,
    headed,
    mail,
    mailbox,
    patch,
    posted,
    quote,
)


def read(tmp_path: Path, content: str | bytes, base: str | None = None, name: str = "in") -> Source:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_source(str(path), base)


def tree(tmp_path: Path, text: str = BEFORE) -> str:
    (tmp_path / "tree" / "mm").mkdir(parents=True, exist_ok=True)
    (tmp_path / "tree" / "mm" / "use.c").write_text(text)
    return str(tmp_path / "tree")


def is_owned(source: Source) -> None:
    """It has the new function, where it is in the file after the patch."""
    found = source.function("is_owned")
    assert (found.path, found.first, found.text) == ("mm/use.c", FIRST, FUNCTION)
    assert found.last == FIRST + FUNCTION.count("\n") - 1


DIFF = patch(BEFORE, AFTER)


@pytest.mark.parametrize(
    "content",
    [
        DIFF,
        posted(DIFF),
        mailbox(posted(DIFF)),
        mailbox(mail("Please look.\n", "[PATCH 0/1] mm"), posted(DIFF, "[PATCH 1/1] mm: owned")),
        posted(DIFF).replace("\n", "\r\n"),
        mail("\n".join(["Looks good.", *quote(posted(DIFF)), "Reviewed"]), "Re: [PATCH] mm"),
        mail("\n".join([">" + each for each in quote(posted(DIFF))]), "Re: Re: [PATCH] mm"),
        gzip.compress(mailbox(posted(DIFF)).encode()),
    ],
    ids=["diff", "mail", "mailbox", "series", "crlf", "reply", "twice-quoted", "gzip"],
)
def test_a_new_function_is_read_whole_from_whatever_carries_the_patch(
    tmp_path: Path, content: str | bytes
) -> None:
    is_owned(read(tmp_path, content))


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_encodings_of_mail_are_undone(tmp_path: Path, encoding: str) -> None:
    plain = f"Käse.\n---\n{DIFF}-- \n2.43\n".encode()
    body = base64.encodebytes(plain) if encoding == "base64" else quopri.encodestring(plain)
    headers = ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8"]
    headers.append(f"Content-Transfer-Encoding: {encoding}")
    is_owned(read(tmp_path, mail(body.decode(), headers=headers)))


def test_a_patch_that_is_attached_is_read(tmp_path: Path) -> None:
    attached = base64.encodebytes(DIFF.encode()).decode()
    body = (
        "--=x\nContent-Type: text/html\n\n<p>see there</p>\n--=x\n"
        'Content-Type: application/octet-stream; name="0001.patch"\n'
        'Content-Disposition: attachment; filename="0001.patch"\n'
        f"Content-Transfer-Encoding: base64\n\n{attached}--=x--\n"
    )
    headers = ["MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="=x"']
    is_owned(read(tmp_path, mail(body, headers=headers)))


def test_a_patch_that_stands_in_the_mail_and_is_attached_is_one(tmp_path: Path) -> None:
    body = (
        f"--=x\nContent-Type: text/plain\n\nIt is attached, too.\n{DIFF}--=x\n"
        f"Content-Type: text/x-patch\nContent-Disposition: attachment\n\n{DIFF}--=x--\n"
    )
    headers = ["MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="=x"']
    for base in (None, tree(tmp_path)):
        source = read(tmp_path, mail(body, headers=headers), base)
        is_owned(source)
        assert source.notes == []


def flowed(text: str) -> str:
    """As RFC 3676 has a sender do it: lines that begin with a blank, `>` or "From " are stuffed,
    and those that are too long are broken behind a blank."""
    lines: list[str] = []
    for line in text.split("\n"):
        rest = line
        while len(rest) > 40 and " " in rest[1:40].rstrip():
            cut = rest.rindex(" ", 1, 40) + 1
            if rest[:cut].strip() == "":
                break
            lines.append(stuffed(rest[:cut]))
            rest = rest[cut:]
        lines.append(stuffed(rest))
    return "\n".join(lines)


def stuffed(line: str) -> str:
    return f" {line}" if line.startswith((" ", ">", "From ")) else line


def test_format_flowed_is_undone(tmp_path: Path) -> None:
    assert flowed(DIFF) != DIFF
    headers = ["MIME-Version: 1.0", "Content-Type: text/plain; format=flowed"]
    is_owned(read(tmp_path, mail(flowed(DIFF), headers=headers)))


def test_what_says_it_is_flowed_and_is_not_is_refused_with_its_cause(tmp_path: Path) -> None:
    headers = ["MIME-Version: 1.0", "Content-Type: text/plain; format=flowed"]
    with pytest.raises(UsageError, match=r"says format=flowed, (?s:.*)without `format=flowed`"):
        read(tmp_path, mail(DIFF, headers=headers))


def test_of_many_functions_those_are_named_that_are_named_most_alike(tmp_path: Path) -> None:
    names = [f"unrelated{number}" for number in range(30)]
    text = "".join(f"int {each}(void)\n{{\n\treturn 1;\n}}\n" for each in [*names, "is_owned"])
    source = source_of(tmp_path, f"#define is_used(p) (p)\n{text}")
    with pytest.raises(UsageError) as error:
        source.function("is_ownd")
    said = str(error.value)
    # 31 functions, of which ten are named.
    assert "did you mean 'is_owned'? Known: is_owned, unrelated" in said
    assert said.count("unrelated") == 9 and said.endswith(" and 21 more")
    with pytest.raises(UsageError, match=r"it is a macro, at \S*piece\.c:1\."):
        source.function("is_used")


@given(st.text(st.sampled_from("a +-\t>"), max_size=60))
def test_what_was_flowed_comes_back(line: str) -> None:
    if line.rstrip(" ") == line and not line.startswith(">"):  # a fixed line ends in no blank
        assert unflowed(flowed(line)) == line


lines = st.lists(st.sampled_from(["a", "b", "}", "", "\tc", "-- x", "++ y"]), max_size=12)


def of_text(own: list[str]) -> str:
    return "".join(f"{line}\n" for line in own)


@given(lines, lines, st.integers(0, 3))
def test_a_file_becomes_what_the_patch_was_made_of(
    old: list[str], new: list[str], context: int
) -> None:
    (diff,) = diffs(typed(patch(of_text(old), of_text(new), context=context)), "it")
    known = Known("mm/use.c", dict(enumerate(old, 1)), whole=True)
    known.apply(diff)
    assert known.lines == dict(enumerate(new, 1))


@given(lines, lines, lines)
def test_without_the_file_what_patches_show_is_true_of_it(
    first: list[str], second: list[str], third: list[str]
) -> None:
    known = Known("mm/use.c")
    for old, new in ((first, second), (second, third)):
        for diff in diffs(typed(patch(of_text(old), of_text(new), context=1)), "it"):
            known.apply(diff)
    assert all(third[number - 1] == line for number, line in known.lines.items())
    before, after = patch(of_text(second), of_text(third), context=1), known.lines.values()
    added = [line[1:] for line in before.split("\n") if line.startswith("+")][1:]
    assert all(line in after for line in added)


def test_a_function_that_a_patch_touches_is_whole_with_the_tree(tmp_path: Path) -> None:
    source = read(tmp_path, posted(DIFF), tree(tmp_path))
    assert source.function("take").text == AFTER[AFTER.index("int take(") :]
    assert (tmp_path / "tree" / "mm" / "use.c").read_text() == BEFORE


def test_without_the_tree_it_is_said_what_is_shown_of_it(tmp_path: Path) -> None:
    # The new function is 15 lines, with the empty one, so take() begins at 29. Its first three
    # lines follow what the first hunk adds; the second has three lines before its two, and three
    # behind them. Line 22, which they stand before, is line 9 of take(), so these are 6 to 13.
    diff = headed(patch(BEFORE, AFTER), "int take(struct page *page, int order)")
    with pytest.raises(
        UsageError, match=r"only lines 1-3 and 6-13 of take\(\) \(mm/use.c:29\).*\n.*\n.*--base"
    ):
        read(tmp_path, diff).function("take")


def test_a_file_of_a_tree_is_named_as_in_the_tree(tmp_path: Path) -> None:
    base = tree(tmp_path)
    for path in ("mm/use.c", f"{base}/mm/use.c"):
        found = read_source(path, base).function("take")
        assert (found.path, found.first, found.last) == ("mm/use.c", 14, 26)


def test_a_hunk_that_fits_elsewhere_is_applied_there_and_said(tmp_path: Path) -> None:
    source = read(tmp_path, DIFF, tree(tmp_path, "\n\n" + BEFORE))
    assert source.function("is_owned").first == FIRST + 2
    # Of the two hunks, the second is where it is to be once the first has moved.
    assert [note.partition(" fits ")[2] for note in source.notes] == [
        "2 lines later than it says",
        "2 lines later than it says",
    ]


def test_a_patch_that_does_not_apply_is_refused_by_hunk(tmp_path: Path) -> None:
    base = tree(tmp_path, BEFORE.replace("i == limit", "i >= limit"))
    with pytest.raises(UsageError) as refused:
        read(tmp_path, posted(DIFF), base)
    text = str(refused.value)
    assert "'[PATCH] mm: owned pages' does not apply to" in text
    assert "mm/use.c, hunk @@ -19,6 +34,8 @@" in text
    assert "line 22 is '\\tif (i >= limit)', not '\\tif (i == limit)'" in text


def cut(lines_shown: int) -> list[str]:
    """A reply's quote of the patch, up to so many lines of the new function."""
    lines = quote(posted(DIFF))
    begins = lines.index("> +static bool is_owned(struct page *page)")
    return lines[: begins + lines_shown]


def test_a_reply_that_stops_within_the_function_says_which_lines_it_shows(tmp_path: Path) -> None:
    source = read(tmp_path, mail("\n".join([*cut(9), "", "Why?"]), "Re: [PATCH] mm"))
    with pytest.raises(UsageError, match=r"only lines 1-9 of is_owned\(\) .*; give the patch"):
        source.function("is_owned")


def test_lines_that_may_be_left_out_between_two_quotes_are_not_guessed(tmp_path: Path) -> None:
    all_lines = cut(100)
    at = len(cut(5))
    commented = [*all_lines[:at], "", "Why?", "", *all_lines[at:]]
    is_owned(read(tmp_path, mail("\n".join(commented), "Re: [PATCH] mm")))
    left_out = [*all_lines[:at], "", "[...]", "", *all_lines[at + 1 :]]
    with pytest.raises(UsageError, match=r"only lines 1-5 of is_owned\(\)"):
        read(tmp_path, mail("\n".join(left_out), "Re: [PATCH] mm")).function("is_owned")


def test_of_several_replies_the_one_that_shows_most_of_a_hunk_counts(tmp_path: Path) -> None:
    one = mail("\n".join(cut(5)), "Re: [PATCH] mm")
    all_of_it = mail("\n".join(cut(100)), "Re: [PATCH] mm")
    for mails in ([one, all_of_it], [all_of_it, one]):
        is_owned(read(tmp_path, mailbox(*mails)))


LATER = AFTER.replace("\tbool owned;\n", "\tbool owned = false;\n")


def test_a_function_twice_in_a_series_is_the_last_and_that_is_said(tmp_path: Path) -> None:
    first = posted(DIFF, "[PATCH 1/2] mm: owned")
    second = posted(patch(AFTER, LATER), "[PATCH 2/2] mm: false")
    for base in (None, tree(tmp_path)):
        source = read(tmp_path, mailbox(second, first), base)  # as a list's archive may have them
        assert source.function("is_owned").text == FUNCTION.replace(
            "owned;\n", "owned = false;\n", 1
        )
        assert source.notes == [
            "is_owned() is changed by '[PATCH 1/2] mm: owned' and '[PATCH 2/2] mm: false': its "
            "text after the last of them counts"
        ]


def test_of_two_versions_the_later_counts_and_that_is_said(tmp_path: Path) -> None:
    old = posted(patch(BEFORE, LATER), "[PATCH v9] mm: owned")
    new = posted(DIFF, "[PATCH v10] mm: owned")
    reply = mail("\n".join(cut(5)), "Re: [PATCH v10] mm: owned")
    for base in (None, tree(tmp_path)):
        source = read(tmp_path, mailbox(new, old, reply), base)
        is_owned(source)
        assert source.notes == ["'[PATCH v9] mm: owned' is left out: v10 is there as well"]


def test_a_series_can_be_looked_at_after_each_of_its_patches(tmp_path: Path) -> None:
    first = posted(DIFF, "[PATCH 1/2] mm: owned")
    second = posted(patch(AFTER, LATER), "[PATCH 2/2] mm: false")
    source = read(tmp_path, mailbox(first, second), tree(tmp_path))
    takes = [source.after(number).function("take").text for number in (0, 1, 2)]
    assert takes[0] == BEFORE[BEFORE.index("int take(") :]
    assert takes[1] == takes[2] == AFTER[AFTER.index("int take(") :]
    assert "is_owned" not in source.after(0).names()
    owned = [source.after(number).function("is_owned").text for number in (1, 2)]
    assert owned == [FUNCTION, source.function("is_owned").text]


@pytest.mark.parametrize("number", ["", " 1/1"])
def test_of_a_version_that_was_sent_twice_what_was_sent_last_counts(
    tmp_path: Path, number: str
) -> None:
    subject = f"[RFC v10{number}] mm: owned"
    old = posted(patch(BEFORE, LATER), subject).replace("30 Jun", "26 Jun")
    for mails in ([old, posted(DIFF, subject)], [posted(DIFF, subject), old]):
        source = read(tmp_path, mailbox(*mails))
        is_owned(source)
        assert source.notes == [f"{subject!r} is there twice: the last one counts"]


@pytest.mark.parametrize("tag", ["v10 PATCH 1/2", "PATCH mm-unstable v10 1/2", "RFC v10 01/02"])
def test_a_version_and_a_number_are_read_wherever_they_stand(tmp_path: Path, tag: str) -> None:
    first = posted(DIFF, f"[{tag}] mm: owned")
    second = posted(patch(AFTER, LATER), f"[{tag.replace('1/', '2/')}] mm: false")
    source = read(tmp_path, mailbox(second, posted(DIFF, "[PATCH v9] mm: owned"), first))
    assert source.function("is_owned").text == FUNCTION.replace("owned;\n", "owned = false;\n", 1)
    assert "'[PATCH v9] mm: owned' is left out: v10 is there as well" in source.notes


def test_a_version_is_left_out_as_a_whole(tmp_path: Path) -> None:
    # The second patch of v9 is about another file, which v10 does not touch.
    made = patch("", BEFORE, "mm/other.c").replace("--- a/mm/other.c", "--- /dev/null")
    old = [posted(patch(BEFORE, LATER), "[PATCH v9 1/2] mm"), posted(made, "[PATCH v9 2/2] mm: o")]
    source = read(tmp_path, mailbox(*old, posted(DIFF, "[PATCH v10] mm")))
    assert [*source.files] == ["mm/use.c"] and len(source.notes) == 2
    unrelated = posted(made, "[PATCH v9 1/3] mm: something else")
    both = read(tmp_path, mailbox(unrelated, posted(DIFF, "[PATCH v10] mm")))
    assert sorted(both.files) == ["mm/other.c", "mm/use.c"]
    assert both.notes == [
        "of v9 of a series of 3 patches, these are not there: 2/3, 3/3",
    ]


def test_a_function_that_two_patches_add_is_that_of_the_last(tmp_path: Path) -> None:
    first, second = (
        posted(patch(BEFORE, each), f"[PATCH {n}/2] mm") for n, each in ((1, LATER), (2, AFTER))
    )
    source = read(tmp_path, mailbox(first, second))
    is_owned(source)
    assert "does not follow from the patches before it" in source.notes[0]


def test_what_a_patch_changes_is_known_by_function(tmp_path: Path) -> None:
    source = read(tmp_path, posted(DIFF), tree(tmp_path))
    (stage,) = source.stages
    before, after = stage.before[0], stage.after[0]
    assert before is not None and after is not None
    assert [part.name for part in after.changed_parts()] == ["is_owned", "take"]
    assert [part.name for part in before.parts()] == ["is_used", "take"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (mail("Hello.\n"), "has no patch: the mail has none, nor does it quote one"),
        (mailbox(mail("a\n"), mail("b\n")), "none of its mails has one"),
        (
            mail(f"<pre>{DIFF}</pre>", headers=["Content-Type: text/html"]),
            "has no patch: it is HTML, which keeps no white space",
        ),
        (b"\x7fELF\0\0", "is a binary: there is a zero byte at 4"),
        (b"  \n", "is empty"),
        (b"\x1f\x8bxx", "is compressed, and cannot be unpacked"),
        (gzip.compress(DIFF.encode())[:-9], "cannot be unpacked: it ends too early"),
        ("Some words.\n", "it is no mail and no unified diff"),
        (DIFF.replace("@@ -", "@@@ -", 1), "has the diff of a merge"),
        ("*** a/x.c\n--- b/x.c\n***************\n", "has a context diff"),
        ("\n".join(quote(DIFF)[4:]), "has a hunk without the name of its file"),
        (DIFF.replace("mm/use.c", "../x.c"), "names a file outside of the tree: '../x.c'"),
        (DIFF.replace("+static bool is", "+int a;\n+static bool is"), "has more lines"),
        (
            "diff --git a/x.o b/x.o\nindex 1..2 100644\nBinary files a/x.o and b/x.o differ\n",
            "it changes binary files only",
        ),
    ],
)
def test_what_has_no_patch_is_refused_in_words(
    tmp_path: Path, content: str | bytes, says: str
) -> None:
    with pytest.raises(UsageError, match=says.replace("(", r"\(")):
        read(tmp_path, content)


def test_what_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read .*: No such file"):
        read_source(str(tmp_path / "none.mbox"))
    with pytest.raises(UsageError, match=r"cannot read .*: It is a directory"):
        read_source(str(tmp_path))
    with pytest.raises(UsageError, match="there is no such directory"):
        read(tmp_path, DIFF, str(tmp_path / "none"))
    with pytest.raises(UsageError, match=r"has no file mm/use\.c"):
        read(tmp_path, DIFF, str(tmp_path))
    with pytest.raises(UsageError, match=r"no function 'is_owed'; did you mean 'is_owned'\?"):
        read(tmp_path, DIFF).function("is_owed")


def test_a_patch_whose_lines_were_wrapped_is_cut_short_there(tmp_path: Path) -> None:
    wrapped = DIFF.replace("+\towned = PageSlab(head) || ", "+\towned = PageSlab(head) ||\n")
    with pytest.raises(UsageError, match=r"only lines 1-8 of is_owned"):
        read(tmp_path, wrapped).function("is_owned")
    with pytest.raises(UsageError, match=r"is cut short after .* before 'PageTable\(head\);'"):
        read(tmp_path, wrapped, tree(tmp_path))


def test_a_renamed_file_takes_what_is_known_of_it_along(tmp_path: Path) -> None:
    moved = DIFF.replace("b/mm/use.c", "b/mm/used.c")
    source = read(tmp_path, moved, tree(tmp_path))
    assert [*source.files] == ["mm/used.c"]
    assert source.function("take").path == "mm/used.c"


def test_a_file_that_was_there_is_not_made(tmp_path: Path) -> None:
    made = patch("", BEFORE).replace("--- a/mm/use.c", "--- /dev/null")
    assert read(tmp_path, made).function("take").first == 14
    with pytest.raises(UsageError, match=r"it makes mm/use\.c, which is there"):
        read(tmp_path, made, tree(tmp_path))


def test_a_failed_hunk_changes_nothing() -> None:
    known = known_file("mm/use.c", AFTER.encode())
    (diff,) = diffs(typed(DIFF), "it")
    with pytest.raises(NotApplied):
        known.apply(FileDiff(diff.old, diff.new, diff.hunks))
    assert known.lines == known_file("mm/use.c", AFTER.encode()).lines
