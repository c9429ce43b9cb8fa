"""Unified diffs, as they stand in a patch, in a mail, or quoted in a reply with parts left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from racer.c_source.mails import Line
from racer.errors import UsageError

_HUNK: Final = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)")
_NOWHERE: Final = "/dev/null"
_SIGNATURE: Final = "--"  # with a blank, which mailers take away: what follows is no patch


@dataclass(frozen=True, slots=True)
class Hunk:
    """One hunk, in lines that begin with " ", "+" or "-".

    missing     how many lines more, at least, its header promises than stand in `lines`
    left_out    of a hunk that lacks some: something was typed between its lines, and what follows
                there is not among `lines`, since nobody can say which of it was left out
    stopped_at  the line that ended a hunk which lacks some
    """

    old_start: int
    old_length: int
    new_start: int
    new_length: int
    heading: str
    lines: tuple[str, ...]
    missing: int = 0
    left_out: bool = False
    stopped_at: str = ""

    @property
    def header(self) -> str:
        """Its first line, as it is named in messages."""
        return f"@@ -{self.old_start},{self.old_length} +{self.new_start},{self.new_length} @@"


@dataclass(slots=True)
class FileDiff:
    """What a patch does to one file.

    old, new  its paths in the tree; None where there is no such file before, or after
    binary    it is no text
    """

    old: str | None
    new: str | None
    hunks: list[Hunk] = field(default_factory=list)
    binary: bool = False

    @property
    def path(self) -> str:
        """The path that it has in the end."""
        return self.new or self.old or ""


def diffs(lines: Sequence[Line], where: str) -> list[FileDiff]:
    """What the lines say of each file, in their order; `where` names the text in errors.

    Errors   UsageError for a combined or a context diff, a hunk without a file, a header that does
             not say how many lines follow, and a path that leads out of the tree.
    """
    return list(_Reading(lines, where).found())


class _Reading:
    def __init__(self, lines: Sequence[Line], where: str) -> None:
        self._lines = lines
        self._where = where
        self._at = 0

    def found(self) -> Iterator[FileDiff]:
        current: FileDiff | None = None
        while self._at < len(self._lines):
            text, follows = self._text(self._at), self._text(self._at + 1)
            if text.startswith("diff --git "):
                if current is not None:
                    yield current
                current = self._git_header(text)
                continue
            if text.startswith("--- ") and follows.startswith("+++ "):
                if current is not None and (current.hunks or current.binary):
                    yield current
                current = FileDiff(self._path(text), self._path(follows))
                self._at += 2
                continue
            if text.startswith(("@@@ ", "diff --cc ", "diff --combined ")):
                raise UsageError(
                    f"{self._where} has the diff of a merge, which compares with two parents.\n"
                    f"Try: the diff with one of them, as `git format-patch` makes it."
                )
            if text.startswith("*** ") and follows.startswith("--- "):
                raise UsageError(
                    f"{self._where} has a context diff ({text!r}), which is not read.\n"
                    f"Try: a unified one, as `diff -u` and git make it."
                )
            found = _HUNK.match(text)
            if found:
                if current is None:
                    raise UsageError(
                        f"{self._where} has a hunk without the name of its file: {text!r}.\n"
                        f"Usual cause: a reply that quotes no more.\nTry: the patch itself."
                    )
                self._at += 1
                current.hunks.append(self._hunk(found))
                continue
            self._at += 1
        if current is not None:
            yield current

    def _text(self, at: int) -> str:
        return self._lines[at].text.rstrip("\r") if at < len(self._lines) else ""

    def _is_next_file(self) -> bool:
        """Whether the lines of a file begin here; a line that goes may look like the first."""
        begins = (("--- ", 0), ("+++ ", 1), ("@@ -", 2))
        return all(self._text(self._at + n).startswith(mark) for mark, n in begins)

    def _git_header(self, first: str) -> FileDiff:
        """What stands before the hunks: paths of a file without any are said nowhere else."""
        old = new = None
        names = re.fullmatch(r'diff --git "?a/(.*?)"? "?b/(.*?)"?', first)
        if names:
            old, new = names[1], names[2]
        found = FileDiff(old, new)
        self._at += 1
        while self._at < len(self._lines):
            text = self._text(self._at)
            if text.startswith(("rename from ", "copy from ")):
                found.old = text.partition(" from ")[2]
            elif text.startswith(("rename to ", "copy to ")):
                found.new = text.partition(" to ")[2]
            elif text.startswith("new file mode"):
                found.old = None
            elif text.startswith("deleted file mode"):
                found.new = None
            elif text.startswith(("Binary files ", "GIT binary patch")):
                found.binary = True
            elif text.startswith("--- "):
                found.old = self._path(text)
            elif text.startswith("+++ "):
                found.new = self._path(text)
            elif not re.match(r"(index|similarity|dissimilarity|old mode|new mode) ", text):
                break
            self._at += 1
        for path in (found.old, found.new):
            self._require_inside(path)
        return found

    def _path(self, text: str) -> str | None:
        """The path of a line `--- a/mm/x.c` or `+++ b/mm/x.c`, or None for /dev/null."""
        path = text[4:].partition("\t")[0].strip().strip('"')
        if path == _NOWHERE:
            return None
        if path.startswith(("a/", "b/")):
            path = path[2:]
        self._require_inside(path)
        return path

    def _require_inside(self, path: str | None) -> None:
        if path is not None and (path.startswith("/") or ".." in path.split("/")):
            raise UsageError(
                f"{self._where} names a file outside of the tree: {path!r}.\n"
                f"Try: a patch with paths as they are in the tree, such as a/mm/memory-failure.c."
            )

    def _hunk(self, found: re.Match[str]) -> Hunk:
        old, new = (1 if found[n] is None else int(found[n]) for n in (2, 4))
        want_old, want_new = old, new
        lines: list[str] = []
        until_gap: int | None = None
        stopped_at, run = "", self._lines[self._at - 1].run
        while (want_old or want_new) and self._at < len(self._lines):
            line = self._lines[self._at]
            text = self._text(self._at)
            kind = text[:1] or " "
            takes_old, takes_new = kind in " -", kind in " +"
            if kind == "\\":
                self._at += 1
                continue
            fits = kind in " +-" and want_old >= takes_old and want_new >= takes_new
            if not fits or text.rstrip() == _SIGNATURE or self._is_next_file():
                if text and kind in " +-" and not fits:
                    raise self._wrong(found[0], text)
                stopped_at = text
                break
            if line.run != run and until_gap is None:
                until_gap = len(lines)
            want_old, want_new = want_old - takes_old, want_new - takes_new
            lines.append(text or " ")
            self._at += 1
            run = line.run
        missing = max(want_old, want_new)
        if not missing:
            self._require_end(found[0])
            until_gap = None
        shown = lines if until_gap is None else lines[:until_gap]
        if missing and until_gap is None:
            while shown and shown[-1] == " ":  # blank lines behind the patch
                shown.pop()
                missing += 1
        elif missing:
            missing += len(lines) - len(shown)
        return Hunk(
            int(found[1]) + (not old),  # of no lines it is the line before
            old,
            int(found[3]) + (not new),
            new,
            found[5].strip(),
            tuple(shown),
            missing,
            left_out=until_gap is not None,
            stopped_at=stopped_at,
        )

    def _require_end(self, header: str) -> None:
        """Errors: UsageError where the hunk goes on, and its header does not say so."""
        text = self._text(self._at)
        if re.match(r"\+(?!\+\+ )|-\t", text):
            raise self._wrong(header, text)

    def _wrong(self, header: str, text: str) -> UsageError:
        return UsageError(
            f"{self._where}: the hunk {header!r} has more lines than that says; the first is "
            f"{text!r}.\nUsual cause: it was edited by hand.\nTry: the patch as git made it."
        )
