"""What a program can do without: barriers, orders and re-reads, each left out by itself.

Each is left out, or made weaker, and the changed program is explored under all models that are
asked. It can go if under none of them another label is shown, or another verdict found.

Bound    one at a time: two that can go need not go together
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from racer.errors import ModelError
from racer.exploration.result import Result
from racer.fences.data import Needless
from racer.lang.changes import Change, Noted, Notes, Site, has_order, with_changes
from racer.lang.program import Program

# What is weaker than an order, the weakest first.
_WEAKER: Final[Mapping[tuple[str, bool], tuple[str, ...]]] = {
    ("full", True): ("relaxed", "acquire", "release"),
    ("acquire", True): ("relaxed",),
    ("release", True): ("relaxed",),
    ("acquire", False): ("once",),
    ("release", False): ("once",),
}


@dataclass(frozen=True, slots=True)
class Says:
    """What a Result says, as far as it is compared."""

    verdict: str
    labels: tuple[str, ...]
    prevented: tuple[str, ...]  # that no dependency at all would show
    vacuous: tuple[str, ...]

    def unlike(self, other: Says) -> str:
        """What is another there, in words; "" for nothing."""
        told = []
        for label in sorted({*self.labels, *other.labels}):
            if label not in self.labels:
                told.append(f"shows {label}")
            elif label not in other.labels:
                told.append(f"does not show {label}")
        for label in sorted({*other.prevented} - {*self.prevented, *self.labels}):
            told.append(f"rests on dependencies for {label}")
        if not told and self.vacuous != other.vacuous:
            told.append(f"never reaches {', '.join(other.vacuous) or 'nothing'}")
        if not told and self.verdict != other.verdict:
            told.append(other.verdict)
        return "; ".join(told)


def says(result: Result) -> Says:
    """What a Result says."""
    prevented = result.executions.prevented if result.executions is not None else ()
    return Says(result.verdict, tuple(sorted(result.violations)), prevented, result.vacuous)


Explore = Callable[[Program, str], Result]


def needless(
    program: Program,
    notes: Mapping[str, Notes],
    base: Mapping[str, Says],
    explore: Explore,
) -> Iterator[Needless]:
    """Everything that might go, with what becomes of the program without it. `base`: by memory
    model what it says of the program as it is."""
    for thread, of_thread in sorted(notes.items()):
        for site, noted in sorted(of_thread.items(), key=lambda each: each[0].order):
            for what, change in _options(noted):
                found = _without(program, thread, site, noted, what, change, base, explore)
                yield found
                if found.can_go:
                    break  # what is weaker than this is not asked


def _options(noted: Noted) -> Iterator[tuple[Literal["barrier", "order", "re-read"], Change]]:
    facts = noted.operation.facts
    if facts.fence is not None:
        yield "barrier", Change(gone=True)
    if noted.again:
        yield "re-read", Change(gone=True)
    if has_order(noted.operation) and facts.order is not None:
        is_rmw = facts.stores and not facts.blind
        for order in _WEAKER.get((facts.order, is_rmw), ()):
            yield "order", Change(order=order)


def _without(
    program: Program,
    thread: str,
    site: Site,
    noted: Noted,
    what: Literal["barrier", "order", "re-read"],
    change: Change,
    base: Mapping[str, Says],
    explore: Explore,
) -> Needless:
    changed = with_changes(program, {thread: {site: change}})
    differs, bound = dict[str, str](), dict[str, str]()
    for memory, before in base.items():
        try:
            result = explore(changed, memory)
        except ModelError as error:
            differs[memory] = f"does not run: {str(error).splitlines()[0]}"
            continue
        if result.bound is not None:
            bound[memory] = result.bound
        differs[memory] = before.unlike(says(result)) if result.bound is None else ""
        if result.bound is not None and set(result.violations) - set(before.labels):
            differs[memory] = before.unlike(says(result))
    return Needless(
        what,
        thread,
        noted.operation.access_text(),
        noted.lines[-1],
        change.order or "",
        differs,
        bound,
    )
