"""What a user names to have C read: a mail, a mailbox, a diff, a file of C, or a file of a tree.

source = read_source("v10.mbox", base="linux-6.12")
part = source.function("get_any_page")     # its text, file and lines, or what is missing of it
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from racer.c_source.diffs import FileDiff
from racer.c_source.known import Known, NotApplied, Part
from racer.c_source.series import Patch, Series, series_of
from racer.c_source.trees import Tree, content_of, known_file, no_patch, tree_at
from racer.errors import UsageError, suggestion
from racer.files import shown_path

_NAMES: Final = 10  # functions that an error names, those first that are named most alike
Kind = Literal["patch", "reply", "C file"]


@dataclass(frozen=True, slots=True)
class FunctionText:
    """A function of the input: the lines `first` to `last` of its file, which is named as in the
    tree. `text` is all of it."""

    name: str
    path: str
    first: int
    last: int
    text: str


@dataclass(frozen=True, slots=True)
class Stage:
    """What one patch makes of the files that it touches; None where there is no such file.

    Of a file that the base has not, or without a base, only what patches show is known. `before`
    and `after` have the file at the same positions.
    """

    patch: Patch
    before: tuple[Known | None, ...]
    after: tuple[Known | None, ...]


@dataclass(slots=True)
class Source:
    """What was read: files as they are after all patches, by path, in the order of the input.

    kind    "reply": no more than what replies quote
    stages  one for each patch
    notes   what was left out or had to be chosen, a sentence each
    """

    shown: str
    kind: Kind
    files: dict[str, Known] = field(default_factory=dict)
    stages: list[Stage] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    base: Tree | None = None

    def functions(self) -> list[FunctionText]:
        """Every function of which all is known."""
        return [
            FunctionText(part.name, path, part.first, part.last, part.text)
            for path, part in self._parts()
            if part.whole
        ]

    def names(self) -> list[str]:
        """The names of all functions of which something is known, in the order of the input."""
        return list(dict.fromkeys(part.name for _, part in self._parts()))

    def function(self, name: str, path: str | None = None) -> FunctionText:
        """The function of that name, in that file if one is named. Of several the last counts,
        and of those that branches of #if have in one file the first; `notes` says so.

        Errors   UsageError where there is none, or not all of it: it says what is there.
        """
        found = [
            (file, part)
            for file, part in self._parts()
            if part.name == name and path in (None, file)
        ]
        whole = [each for each in found if each[1].whole]
        if not whole:
            raise self._missing(name, path, found)
        chosen_file = whole[-1][0]
        own = [part for file, part in whole if file == chosen_file]
        if len({file for file, _ in whole}) > 1:
            others = ", ".join(dict.fromkeys(file for file, _ in whole))
            self._note(f"{name}() is in {others}: that of {chosen_file}, the last, counts")
        if len(own) > 1:
            lines = ", ".join(str(part.first) for part in own)
            self._note(f"{chosen_file} has {name}() at lines {lines}: the first counts")
        part = own[0]
        return FunctionText(name, chosen_file, part.first, part.last, part.text)

    def after(self, number: int) -> Source:
        """The same, as it is after so many of its patches; files that only later ones touch are as
        these find them."""
        files: dict[str, Known] = {}
        for stage in self.stages[:number]:
            for old, new in zip(stage.before, stage.after, strict=True):
                if old is not None:
                    files.pop(old.path, None)
                if new is not None:
                    files[new.path] = new
        gone = {old.path for stage in self.stages[:number] for old in stage.before if old}
        for stage in self.stages[number:]:
            for old in stage.before:
                if old is not None and old.path not in files and old.path not in gone:
                    files[old.path] = old
        return Source(self.shown, self.kind, files, self.stages[:number], [], self.base)

    def _parts(self) -> Iterator[tuple[str, Part]]:
        for path, known in self.files.items():
            for part in known.parts():
                yield path, part

    def macro_at(self, name: str) -> str:
        """Where a #define makes a macro of that name, as path:line; empty where none does."""
        define = re.compile(rf"\s*#\s*define\s+{re.escape(name)}\b")
        for path, known in self.files.items():
            for number, line in known.lines.items():
                if name in line and define.match(line):
                    return f"{path}:{number}"
        return ""

    def _missing(self, name: str, path: str | None, found: list[tuple[str, Part]]) -> UsageError:
        if not found:
            macro = "" if path else self.macro_at(name)
            if macro:
                return UsageError(
                    f"{name} is no function of {self.shown}: it is a macro, at {macro}.\n"
                    f"Try: a copy of the file in which it is a function."
                )
            where = f" in {path}" if path else ""
            names = sorted(self.names(), key=lambda each: (-_likeness(name, each), each))
            shown = suggestion(name, names[:_NAMES])
            more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
            return UsageError(f"{self.shown} has no function {name!r}{where}{shown}{more}")
        path = found[0][0]
        parts = [part for file, part in found if file == path]
        begin = parts[0].first - 1 if parts[0].begins else 0
        shown = " and ".join(f"{part.first - begin}-{part.last - begin}" for part in parts)
        if begin:
            what = f"lines {shown} of {name}() ({path}:{parts[0].first})"
        else:
            what = f"lines {shown} of {path}, which are of {name}()"
        if self.kind == "reply":
            return UsageError(f"the reply shows only {what}; give the patch.")
        return UsageError(
            f"the patch shows only {what}.\n"
            f"Usual cause: it changes a part of a function that was there.\n"
            f"Try: --base TREE, the tree that the patch is for."
        )

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def _likeness(one: str, other: str) -> float:
    from difflib import SequenceMatcher  # only on the way to an error

    return SequenceMatcher(None, one, other).ratio()


def read_source(path: str, base: str | None = None) -> Source:
    """Read a file, or the file of that name of the tree `base`; patches are applied to that in
    memory.

    Errors   UsageError for what cannot be read, has no patch, or does not apply: by hunk.
    """
    tree = None if base is None else tree_at(base)
    if tree is not None and not Path(path).exists() and tree.has(path):
        return Source(shown_path(tree.place(path)), "C file", {path: tree.file(path)}, base=tree)
    content, shown = content_of(Path(path)), shown_path(path)
    is_code = path.endswith((".c", ".h"))
    found = None if is_code else series_of(content, shown)
    if found is not None:
        return _applied(found, shown, tree)
    known = known_file(_path_in(tree, path), content)
    if not is_code and not known.parts():
        why = "it is no mail and no unified diff, and C has functions"
        raise no_patch(shown, why, "a mail, a mailbox, a diff, or a file of C")
    return Source(shown, "C file", {known.path: known}, base=tree)


def _path_in(tree: Tree | None, path: str) -> str:
    """The path of a file of C as it is in the tree, if it is in it."""
    absolute = Path(path).resolve()
    if tree is not None and absolute.is_relative_to(tree.path.resolve()):
        return absolute.relative_to(tree.path.resolve()).as_posix()
    return shown_path(path)


def _applied(series: Series, shown: str, tree: Tree | None) -> Source:
    kind: Kind = "reply" if all(each.quoted for each in series.patches) else "patch"
    source = Source(shown, kind, notes=list(series.notes), base=tree)
    if not any(file.hunks for patch in series.patches for file in patch.files):
        binary = any(file.binary for patch in series.patches for file in patch.files)
        why = "it changes binary files only" if binary else "it changes no line of any file"
        raise no_patch(shown, why, "a patch that changes C")
    for patch in series.patches:
        before: list[Known | None] = []
        after: list[Known | None] = []
        for diff in patch.files:
            if diff.binary:
                source._note(f"{diff.path} is a binary in {patch.title!r}: it is left out")
                continue
            old = _before(source.files, diff, tree)
            before.append(copy(old))
            after.append(copy(_after(source, patch, diff, old)))
        source.stages.append(Stage(patch, tuple(before), tuple(after)))
    _note_what_is_twice(source)
    return source


def _before(files: Mapping[str, Known], diff: FileDiff, tree: Tree | None) -> Known | None:
    """The file that a patch is about, as far as it is known; None: it makes one."""
    if diff.old is None:
        return None
    if diff.old in files:
        return files[diff.old]
    return Known(diff.old) if tree is None else tree.file(diff.old)


def _after(source: Source, patch: Patch, diff: FileDiff, old: Known | None) -> Known | None:
    """Take a file as the patch makes it into the source. Errors: UsageError."""
    tree = source.base
    made = Known(diff.path, whole=True) if old is None else copy(old)
    if old is None and (diff.path in source.files or (tree is not None and tree.has(diff.path))):
        if tree is not None:
            raise UsageError(
                f"{patch.title!r} does not apply to {tree.shown}: it makes {diff.path}, "
                f"which is there."
            )
        source._note(f"{diff.path} is made twice: that of {patch.title!r}, the last, counts")
    if old is None and any(hunk.missing for hunk in diff.hunks):
        made.whole = False
    try:
        made.apply(diff)
    except NotApplied as error:
        if tree is not None:
            raise UsageError(
                f"{patch.title!r} does not apply to {tree.shown}: {diff.path}, hunk {error}.\n"
                f"Usual cause: the patch was made for another version"
                f"{', or is only quoted in part' if patch.quoted else ''}.\n"
                f"Try: the tree that it was made for."
            ) from error
        source._note(
            f"{patch.title!r} does not follow from the patches before it ({diff.path}, hunk "
            f"{error}): what they show of that file is left out"
        )
        made = Known(diff.path)
        made.apply(diff)
    for header, by in made.moved:
        source._note(f"{diff.path}: the hunk {header} fits {abs(by)} lines {_way(by)}")
    if diff.old is not None and diff.old != diff.new:
        source.files.pop(diff.old, None)
    if diff.new is None:
        source._note(f"{diff.path} is removed by {patch.title!r}")
        return None
    source.files.pop(diff.path, None)  # so that it comes last
    source.files[diff.path] = made
    return made


def _way(by: int) -> str:
    return "later than it says" if by > 0 else "earlier than it says"


def _note_what_is_twice(source: Source) -> None:
    """Functions that more than one patch changes: the text after the last of them counts."""
    titles: dict[tuple[str, str], list[str]] = {}
    for stage in source.stages:
        for known in stage.after:
            for part in [] if known is None else known.changed_parts():
                assert known is not None
                own = titles.setdefault((known.path, part.name), [])
                if stage.patch.title not in own:
                    own.append(stage.patch.title)
    for (_, name), own in titles.items():
        if len(own) > 1:
            names = " and ".join(repr(each) for each in own)
            source._note(f"{name}() is changed by {names}: its text after the last of them counts")
