"""What must hold at an end: predicates of the cells and of what the threads came to."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from itertools import groupby

from racer.errors import ModelError
from racer.lang.outcomes import OutcomeKey, OutcomeValue
from racer.lang.values import describe
from racer.lang.watches import State, evaluate

FinalPredicate = Callable[[State], object] | Callable[[State, Mapping[str, object]], object]


class CameTo(Mapping[str, object]):
    """By thread, what it came to: the value it returned, a Violation, or Idle.

    Copies are interchangeable, so they are asked about together: under their common name is a
    tuple of what they came to, in the order of these values' texts.
    """

    def __init__(self, outcome: OutcomeKey, groups: tuple[str, ...]) -> None:
        """`groups` are parallel to the outcome: the common name of copies, or a thread's own."""
        self._values: dict[str, object] = {}
        for group, members in groupby(zip(outcome, groups, strict=True), key=lambda each: each[1]):
            came = [named for named, _ in members]
            alone = len(came) == 1 and came[0][0] == group
            self._values[group] = came[0][1] if alone else _ordered([v for _, v in came])

    def __getitem__(self, thread: str) -> object:
        if thread not in self._values:
            known = ", ".join(map(repr, self._values))
            raise ModelError(
                f"there is no {thread!r} among the threads that came to something: {known}.\n"
                f"Usual cause: one of several copies; what all of them came to is under the name "
                f"they share."
            )
        return self._values[thread]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _ordered(values: list[OutcomeValue]) -> tuple[OutcomeValue, ...]:
    return tuple(sorted(values, key=describe))


def unmet(
    predicates: Mapping[str, FinalPredicate],
    values: Mapping[str, object],
    outcome: OutcomeKey,
    groups: tuple[str, ...],
    observed: Callable[[str], AbstractContextManager[None]] = lambda owner: nullcontext(),
) -> tuple[str, ...]:
    """The names, sorted, of those predicates that are false at an end with these values.

    `observed` is what each is asked within, by how errors name it.

    Errors   ModelError for a predicate that fails.
    """
    came_to = CameTo(outcome, groups)
    found = []
    for name, predicate in sorted(predicates.items()):
        owner, about = f"finally {name!r}", _about(predicate, came_to)
        with observed(owner):
            holds = evaluate(owner, about, values)
        if not holds:
            found.append(name)
    return tuple(found)


def _about(predicate: FinalPredicate, came_to: CameTo) -> Callable[[State], object]:
    """The predicate of the cells alone, with what the threads came to given where it asks."""
    if asks_threads(predicate):
        return lambda state: predicate(state, came_to)  # type: ignore[call-arg]  # it asks
    return predicate  # type: ignore[return-value]  # it does not ask


def asks_threads(predicate: Callable[..., object]) -> bool:
    """Whether it takes a second argument."""
    try:
        parameters = inspect.signature(predicate).parameters.values()
    except (TypeError, ValueError):  # a builtin
        return False
    needed = [each.kind for each in parameters if each.default is each.empty]
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(kind in positional for kind in needed) > 1
