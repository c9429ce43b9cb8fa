"""Outcomes up to symmetry: which of a thread's copies came to what is not told apart."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from racer.exploration.result import Result
from racer.lang.outcomes import OutcomeKey, OutcomeValue
from racer.lang.values import describe
from racer.search.symmetry import outcome_family


@dataclass(frozen=True, slots=True)
class FamilyOutcome:
    """Outcomes that permute the copies of one another.

    values         by thread, copies under one name, all that its copies came to, in the order of
                   their texts; sorted by name
    interleavings  how many end with one of them, exactly; None when not counted
    members        how many outcomes they are
    """

    values: tuple[tuple[str, tuple[OutcomeValue, ...]], ...]
    interleavings: int | None
    members: int


def outcome_families(result: Result) -> list[FamilyOutcome]:
    """All of them, in the order of the first outcome of each; each outcome alone where the threads
    of the result are not known."""
    threads = () if result.loaded is None else result.loaded.program.instances()
    group_of = {each.name: each.group for each in threads}
    found: dict[Hashable, FamilyOutcome] = {}
    for key, outcome in result.outcomes.items():
        values = _by_group(key, group_of)
        family = outcome_family(key, [group_of.get(thread, thread) for thread, _ in key])
        before = found.get(family)
        count = outcome.interleavings
        if before is not None:
            values = before.values
            known = before.interleavings
            count = None if count is None or known is None else count + known
        members = 1 if before is None else before.members + 1
        found[family] = FamilyOutcome(values, count, members)
    return list(found.values())


def _by_group(
    key: OutcomeKey, group_of: dict[str, str]
) -> tuple[tuple[str, tuple[OutcomeValue, ...]], ...]:
    gathered: dict[str, list[OutcomeValue]] = {}
    for thread, value in key:
        gathered.setdefault(group_of.get(thread, thread), []).append(value)
    return tuple((group, tuple(sorted(values, key=describe))) for group, values in gathered.items())
