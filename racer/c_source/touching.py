"""Which functions the patches of a series change, and whether that is more than a comment."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from racer.c_source.extents import normalised
from racer.c_source.inputs import Stage
from racer.c_source.known import Known, Part, Run

How = Literal["added", "changed", "removed", "comments only"]


@dataclass(frozen=True, slots=True)
class Touched:
    """A function that a patch changes.

    how     "comments only": its text without these, and without white space, stays the same
    before  all of its text before the patch, as far as that is known; else None
    after   the same after it
    line    where it is in the file after the patch; before it, if it is removed
    """

    path: str
    name: str
    how: How
    before: str | None
    after: str | None
    line: int


def touched(stage: Stage) -> list[Touched]:
    """The functions that a patch changes, by file in its order, and by place in the file."""
    found: list[Touched] = []
    for before, after in zip(stage.before, stage.after, strict=True):
        found += _in_file(before, after)
    return found


def unseen(stage: Stage) -> list[tuple[str, int]]:
    """Files with how many of the places that a patch changes are in no function that is seen,
    where the file is not known whole: these may be of any function. What follows the end of one,
    and stands before another one, is of none."""
    found = []
    for after in stage.after:
        if after is None or after.whole:
            continue
        runs, parts = after.runs(), after.parts()
        lines = {
            number
            for number in {*after.added, *after.removed}
            if not _is_placed(number, runs, parts)
        }
        if lines:
            found.append((after.path, sum(number - 1 not in lines for number in lines)))
    return found


def _is_placed(number: int, runs: Sequence[Run], parts: Sequence[Part]) -> bool:
    """Whether it is known which function a line is of, or that it is of none."""
    at = bisect_right(runs, number, key=lambda run: run.first) - 1
    before = bisect_right(parts, number, key=lambda part: part.first) - 1
    if at < 0 or number > runs[at].last or before < 0 or parts[before].first < runs[at].first:
        return False
    part = parts[before]
    return number <= part.last or part.text.rstrip().endswith("\n}")


def _in_file(before: Known | None, after: Known | None) -> Iterator[Touched]:
    old = _by_name(before)
    new = _by_name(after)
    path = after.path if after is not None else before.path if before is not None else ""
    if after is not None:
        seen: set[str] = set()
        for part in after.changed_parts():
            if part.name in seen:
                continue
            seen.add(part.name)
            yield _touched(path, part, old.get(part.name), new[part.name], before, after)
    for name, parts in old.items():
        if name not in new and before is not None and before.whole and parts[0].whole:
            yield Touched(path, name, "removed", _text(parts), None, parts[0].first)


def _touched(
    path: str,
    part: Part,
    old: list[Part] | None,
    new: list[Part],
    before: Known | None,
    after: Known,
) -> Touched:
    was, now = _text(old), _text(new)
    how: How = "changed"
    all_of_it = part.whole and all(n in after.added for n in range(part.first, part.last + 1))
    if old is None and (before is None or before.whole or all_of_it):
        how = "added"
    elif was is not None and now is not None and normalised(was) == normalised(now):
        how = "comments only"
    return Touched(path, part.name, how, was, now, part.first)


def _by_name(known: Known | None) -> dict[str, list[Part]]:
    found: dict[str, list[Part]] = {}
    for part in known.parts() if known is not None else ():
        found.setdefault(part.name, []).append(part)
    return found


def _text(parts: list[Part] | None) -> str | None:
    """All definitions of a name, where all of each is known."""
    if not parts or not all(each.whole for each in parts):
        return None
    return "".join(each.text for each in parts)
