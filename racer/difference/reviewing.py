"""A series of patches, held against the models: what each of its functions is to them.

Of every function that a patch changes it is said which models mirror it by hand, and so say nothing
of this patch until they are changed, too; and of each that scenarios can take as C, what they show
before the patch and after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from racer.c_source.inputs import Source
from racer.c_source.mirrors import Definitions, Recorded, mirrors
from racer.c_source.touching import Touched, touched, unseen

Verdict = Literal["pass", "fail", "bound", "not there", "not explored"]


@dataclass(frozen=True, slots=True)
class Came:
    """What a scenario shows with the C of one side of a patch.

    verdict  "not there": the patch adds the function; "not explored": `why` not
    labels   of a "fail"
    why      the limit of a "bound"; why it was not explored
    """

    verdict: Verdict
    labels: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """A scenario that can take a function as C, before the patch and after it."""

    scenario: str
    role: str
    before: Came
    after: Came

    @property
    def differs(self) -> bool:
        """Whether the patch makes a difference to what it shows, as far as both are known."""
        sides = (self.before, self.after)
        if any(each.verdict not in ("pass", "fail") for each in sides):
            return False
        return (self.before.verdict, self.before.labels) != (self.after.verdict, self.after.labels)

    @property
    def is_worse(self) -> bool:
        """Whether it shows a label after the patch that it did not show before it; any label, of a
        function that was not there."""
        return bool(set(self.after.labels) - set(self.before.labels))

    @property
    def is_open(self) -> bool:
        """Whether what it shows after the patch is not known."""
        return self.after.verdict in ("bound", "not explored")


@dataclass(frozen=True, slots=True)
class Change:
    """A function that a patch changes. `models` are files of models that mirror it by hand."""

    touched: Touched
    models: tuple[str, ...]
    cases: tuple[Case, ...] = ()


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A patch, and the functions that it changes."""

    title: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """A series.

    notes  what of the input was left out, or had to be chosen
    cut    what was not looked at, where it was interrupted; empty: nothing
    """

    shown: str
    base: str
    patches: tuple[Reviewed, ...]
    notes: tuple[str, ...] = field(default=())
    cut: str = ""

    def changes(self) -> Iterator[tuple[Reviewed, Change]]:
        return ((patch, each) for patch in self.patches for each in patch.changes)

    def cases(self) -> list[Case]:
        return [case for _, change in self.changes() for case in change.cases]


# What scenarios show of a function: before and after are the input on either side of the patch.
Explore = Callable[[Touched, Source, Source], Iterable[Case]]


def review(
    source: Source, models: Mapping[Path, tuple[Sequence[Path], Recorded | None]], explore: Explore
) -> Review:
    """Hold a series against the models. `models` has by directory its files and what was recorded
    for them. After Ctrl-C it is what was found until then."""
    mirrored = _mirrored(source, models)
    patches, notes, cut = [], list(source.notes), ""
    for number, stage in enumerate(source.stages):
        if cut:
            break
        before, after = source.after(number), source.after(number + 1)
        changes: list[Change] = []
        for each in touched(stage):
            cases: list[Case] = []
            try:
                if each.how != "comments only":
                    for case in explore(each, before, after):
                        cases.append(case)
            except KeyboardInterrupt:
                cut = _left(source, number, each)
            by_hand = mirrored.get((each.path, each.name), ())
            changes.append(Change(each, by_hand, tuple(cases)))
            if cut:
                break
        patches.append(Reviewed(stage.patch.title, tuple(changes)))
        for path, places in unseen(stage):
            where = f"{places} {'place' if places == 1 else 'places'} in {path}"
            notes.append(
                f"{stage.patch.title!r} changes {where} of which it does not say the function: "
                f"--base TREE, the tree that it is for, says it"
            )
    base = source.base.shown if source.base is not None else ""
    return Review(source.shown, base, tuple(patches), tuple(notes), cut)


def _left(source: Source, number: int, each: Touched) -> str:
    """What is not looked at where it is interrupted at a function of a patch."""
    after = len(source.stages) - number - 1
    more = f", and {after} more {'patch' if after == 1 else 'patches'}" if after else ""
    return f"some scenarios of {each.name}() in patch {number + 1}, what follows in it{more}"


def _mirrored(
    source: Source, models: Mapping[Path, tuple[Sequence[Path], Recorded | None]]
) -> dict[tuple[str, str], tuple[str, ...]]:
    """By file and function, the models that mirror it."""
    definitions = Definitions(source.base)
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for files, known in models.values():
        for each in mirrors(files, definitions, known).functions:
            key = each.path, each.name
            found[key] = tuple(sorted((*found.get(key, ()), *each.models)))
    return found
