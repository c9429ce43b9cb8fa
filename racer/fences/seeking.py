"""The weakest sets of barriers and orders that remove a violation, by exploring changed programs.

What is known of a violation are executions (under tso schedules) that show it. Each says by itself
with which additions the model forbids it; a set that removes the violation has to forbid all of
them. So the weakest sets that do are what is to be tried, and each is: the program with these
additions is explored. If it still shows the label, that is one more execution to be forbidden, and
the sets are found anew. So all sets that are found have been explored, and a set that is weaker
than one of them leaves an execution that shows the label.

Source   implicit hitting sets, as Moreno-Centeno and Karp, "The implicit hitting set approach to
         solve combinatorial optimization problems", Operations Research 61 (2013), with executions
         as in Alglave, Kroening, Nimal and Poetzl, "Don't sit on the fence", CAV 2014
Bound    Barriers come just before an access that some known execution has on its circle, so that
         what is equal to one there, a step earlier, is not named. Of one execution, sets of three
         are looked for only where no smaller one forbids it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from racer.fences.additions import NOTHING, Addition, Additions, joined, set_key, weakest

MOST_EXPLORED: Final = 400
MOST_SETS: Final = 200


class Shown(Protocol):
    """What shows a violation: an execution, or a schedule."""

    def forbidden_with(self, additions: Additions) -> bool:
        """Whether it cannot be, with these."""

    def candidates(self) -> Iterator[Addition] | Sequence[Addition]:
        """The additions that may forbid it."""

    def remedies(self, candidates: Sequence[Addition]) -> list[Additions]:
        """The weakest sets of these that forbid it."""


class Explorer(Protocol):
    """Explores changed programs for one label under one memory model."""

    def shown(self, additions: Additions) -> Iterator[Shown]:
        """What shows the label where these are added.

        Errors   Cut where a limit cut the exploration.
        """


class Cut(Exception):
    """A limit cut an exploration; its text says which."""


@dataclass(slots=True)
class Sought:
    """What came of it.

    sets      that remove the violation, each explored
    shown     what had to be forbidden
    explored  how many changed programs were explored
    bound     which limit cut that; None: none did
    """

    sets: list[Additions] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    explored: int = 0
    bound: str | None = None


_AT_FIRST: Final = 40  # of the program as it is, so many are known from the start


def seek(explorer: Explorer) -> Sought:
    """The weakest sets of additions with which the label is not shown."""
    sought = Sought()
    try:
        known = [each for each, _ in zip(explorer.shown(NOTHING), range(_AT_FIRST), strict=False)]
    except Cut as cut:
        sought.bound = str(cut)
        return sought
    good = set[Additions]()
    sought.shown = known[:1]
    while True:
        sets = _forbidding(sought.shown)
        if len(sets) > MOST_SETS:
            sought.bound = f"there are more than {MOST_SETS} sets to be tried"
            return sought
        untried = next((each for each in sets if each not in good), None)
        sought.sets = [each for each in sets if each in good]
        if untried is None:
            return sought
        left = next((each for each in known if not each.forbidden_with(untried)), None)
        if left is None:
            if sought.explored == MOST_EXPLORED:
                sought.bound = f"{MOST_EXPLORED} changed programs were explored"
                return sought
            sought.explored += 1
            try:
                left = next(explorer.shown(untried), None)
            except Cut as cut:
                sought.bound = str(cut)
                return sought
        if left is None:
            good.add(untried)
        else:
            sought.shown.append(left)


def _forbidding(shown: Sequence[Shown]) -> list[Additions]:
    """The weakest sets that forbid all of these."""
    candidates = list(dict.fromkeys(each for one in shown for each in one.candidates()))
    sets = [NOTHING]
    for each in shown:
        left = [one for one in sets if not each.forbidden_with(one)]
        if left:
            remedies = each.remedies(candidates)
            more = [joined(one, remedy) for one in left for remedy in remedies]
            sets = weakest([*(one for one in sets if one not in left), *more])
        if len(sets) > MOST_SETS:
            break
    return sorted(sets, key=set_key)
