"""What is known of a file of C: all its lines, or those that patches show of it.

Both are one: lines by number, and a patch is applied to what is known. A file of a tree is known as
a whole; else a patch says which lines there are, and that those between its hunks stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from racer.c_source.diffs import FileDiff, Hunk
from racer.c_source.extents import Extent, extents, is_outside, named_by


class NotApplied(Exception):
    """A hunk that does not fit what is known: a text that says which, and why."""

    def __init__(self, hunk: Hunk, why: str) -> None:
        super().__init__(f"{hunk.header}: {why}")
        self.hunk = hunk


@dataclass(frozen=True, slots=True)
class Run:
    """Lines that follow each other: `first` is the number of the first one."""

    first: int
    lines: tuple[str, ...]

    @property
    def last(self) -> int:
        return self.first + len(self.lines) - 1

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)


@dataclass(frozen=True, slots=True)
class Part:
    """What is known of a function: the lines `first` to `last` of its file.

    whole   that is all of it
    begins  it is the beginning of it
    """

    name: str
    first: int
    last: int
    text: str
    whole: bool
    begins: bool = True


@dataclass(slots=True)
class Known:
    """A file as it is after some patches.

    lines     by number, from 1
    whole     all of them are known
    headings  by the line with which a hunk begins, what stands behind its @@: the first line of the
              function that it is in
    added     lines that the last patch added
    removed   lines before which it removed some
    moved     hunks that fitted elsewhere than they say, with by how many lines
    """

    path: str
    lines: dict[int, str] = field(default_factory=dict)
    whole: bool = False
    headings: dict[int, str] = field(default_factory=dict)
    added: list[int] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    moved: list[tuple[str, int]] = field(default_factory=list)

    def runs(self) -> list[Run]:
        """The lines, in runs without a gap."""
        found: list[Run] = []
        numbers = sorted(self.lines)
        start = 0
        for at in range(1, len(numbers) + 1):
            if at == len(numbers) or numbers[at] != numbers[at - 1] + 1:
                own = tuple(self.lines[number] for number in numbers[start:at])
                found.append(Run(numbers[start], own))
                start = at
        return found

    def parts(self) -> list[Part]:
        """The functions, and parts of functions, in the order of the file."""
        return [part for run in self.runs() for part in self._parts_of(run)]

    def changed_parts(self) -> list[Part]:
        """The functions, or parts of them, in which the last patch changed something. What it
        removed before a function's first line was none of it."""
        return [
            part
            for part in self.parts()
            if any(part.first <= number <= part.last for number in self.added)
            or any(part.first < number <= part.last for number in self.removed)
        ]

    def _parts_of(self, run: Run) -> Iterator[Part]:
        found = extents(run.text, from_the_start=run.first == 1)
        heading = named_by(self.headings.get(run.first, ""))
        if heading and not self.whole:
            # It is of the function that the heading names up to the bracket that ends it, or to
            # where the next one begins: then it had ended before.
            last = is_outside(run.text)
            begins = min((each.first for each in found), default=len(run.lines) + 1)
            if last == 0 and begins > len(run.lines):
                last = len(run.lines)
            if 0 < last < begins:
                yield replace(self._part(run, Extent(heading, 1, last, False)), begins=False)
        for each in found:
            yield self._part(run, each)

    def _part(self, run: Run, found: Extent) -> Part:
        lines = run.lines[found.first - 1 : found.last]
        offset = run.first - 1
        text = "".join(f"{line}\n" for line in lines)
        return Part(found.name, found.first + offset, found.last + offset, text, found.whole)

    def apply(self, diff: FileDiff) -> None:
        """Make it what it is after the patch. Errors: NotApplied, and then nothing has changed."""
        if self.whole:
            self._apply_to_all(diff.hunks)
        else:
            self._apply_to_some(diff.hunks)
        self.path = diff.path

    def _apply_to_all(self, hunks: Sequence[Hunk]) -> None:
        before = [self.lines[number] for number in range(1, len(self.lines) + 1)]
        after: list[str] = []
        added: list[int] = []
        removed: list[int] = []
        moved: list[tuple[str, int]] = []
        done, shift = 0, 0  # lines of `before` that are dealt with; where the last hunk fitted
        for hunk in hunks:
            if hunk.missing:
                raise NotApplied(hunk, _cut_short(hunk))
            old = [line[1:] for line in hunk.lines if line[0] in " -"]
            at = _place(before, old, done, hunk.old_start - 1 + shift)
            if at is None:
                raise NotApplied(hunk, _why_not(before, old, hunk.old_start - 1 + shift))
            shift = at - (hunk.old_start - 1)
            if shift:
                moved.append((hunk.header, shift))
            after += before[done:at]
            _note_changes(hunk, len(after) + 1, added, removed)
            after += [line[1:] for line in hunk.lines if line[0] in " +"]
            done = at + len(old)
        after += before[done:]
        self.lines = dict(enumerate(after, 1))
        self.added, self.removed, self.moved = added, removed, moved

    def _apply_to_some(self, hunks: Sequence[Hunk]) -> None:
        """Line numbers are taken as the patch says them."""
        lines: dict[int, str] = {}
        headings: dict[int, str] = {}
        added: list[int] = []
        removed: list[int] = []
        done, shift = 0, 0  # the last line of before that is dealt with; how much longer it is now

        def keep(until: int | None) -> None:
            for number, line in self.lines.items():
                if number > done and (until is None or number < until):
                    lines[number + shift] = line
            for number, text in self.headings.items():
                if number > done and (until is None or number < until):
                    headings[number + shift] = text

        for hunk in hunks:
            keep(hunk.old_start)
            number = hunk.old_start
            for line in hunk.lines:
                if line[0] in " -":
                    if self.lines.get(number, line[1:]) != line[1:]:
                        raise NotApplied(
                            hunk, f"line {number} is {self.lines[number]!r}, not {line[1:]!r}"
                        )
                    number += 1
            if hunk.heading:
                headings[hunk.new_start] = hunk.heading
            _note_changes(hunk, hunk.new_start, added, removed)
            own = [line[1:] for line in hunk.lines if line[0] in " +"]
            lines.update(enumerate(own, hunk.new_start))
            done = hunk.old_start + hunk.old_length - 1
            shift = hunk.new_start + hunk.new_length - hunk.old_start - hunk.old_length
        keep(None)
        self.lines, self.headings = lines, headings
        self.added, self.removed = added, removed


def _note_changes(hunk: Hunk, number: int, added: list[int], removed: list[int]) -> None:
    """Add the lines that a hunk changes, if it begins at `number` of the file after it."""
    for line in hunk.lines:
        if line[0] == "+":
            added.append(number)
        elif line[0] == "-" and removed[-1:] != [number]:
            removed.append(number)
        number += line[0] in " +"


def _place(before: Sequence[str], old: Sequence[str], first: int, wanted: int) -> int | None:
    """The place nearest to `wanted`, and not before `first`, at which these lines stand; the
    earlier one of two that are as near. None where they stand nowhere."""
    if not old:
        return wanted if first <= wanted <= len(before) else None
    places = [
        at
        for at in range(first, len(before) - len(old) + 1)
        if before[at] == old[0] and list(before[at : at + len(old)]) == list(old)
    ]
    return min(places, key=lambda at: (abs(at - wanted), at), default=None)


def _why_not(before: Sequence[str], old: Sequence[str], wanted: int) -> str:
    for at, line in enumerate(old, wanted):
        if not 0 <= at < len(before):
            return f"it is about line {at + 1}, and the file has {len(before)}"
        if before[at] != line:
            return f"line {at + 1} is {before[at]!r}, not {line!r}"
    return "what it is about comes before what an earlier hunk is about"


def _cut_short(hunk: Hunk) -> str:
    text = f"it is cut short after {len(hunk.lines)} lines"
    return f"{text}, before {hunk.stopped_at!r}" if hunk.stopped_at else text
