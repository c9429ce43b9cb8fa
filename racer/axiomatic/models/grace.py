"""Grace periods under models that know no RCU: what the software promises on any machine.

A read section is over before the grace period is, or begins after that began. So each pair of the
two gives one of two orders, and an execution is allowed if some choice of them, one for each pair,
makes no cycle.

Source   the law of RCU: Alglave, Maranget, McKenney, Parri, Stern, "Frightening small children and
         disconcerting grown-ups", ASPLOS 2018, section 4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from racer.axiomatic.graphs import Skeleton
from racer.axiomatic.models.axioms import Axiom, Part
from racer.axiomatic.relations import Events, Relation

_Pair = tuple[int, tuple[int, int]]  # a grace period, and where a read section begins and ends


def read_sections(s: Skeleton) -> list[tuple[int, int]]:
    """The outermost read sections: where each is entered, and where it is left."""
    locks, unlocks = s.tagged("rcu-lock"), s.tagged("rcu-unlock")
    found, entered, depth, thread = [], 0, 0, None
    for number in locks | unlocks:
        of = next(at for at, part in enumerate(s.parts) if part.members >> number & 1)
        if of != thread:
            thread, depth = of, 0
        if locks.members >> number & 1:
            entered = number if depth == 0 else entered
            depth += 1
        elif depth:
            depth -= 1
            if depth == 0:
                found.append((entered, number))
    return found


def with_grace_periods(
    s: Skeleton, name: str, relation: Relation, parts: Callable[[], Sequence[Part]]
) -> Iterator[Axiom]:
    """The relation is acyclic, with an order for each read section and grace period."""
    periods, sections = list(s.tagged("sync-rcu")), read_sections(s)
    yield Axiom(name, relation, parts)
    if periods and sections:
        pairs = [(period, section) for period in periods for section in sections]
        chosen = _chosen(s, relation, pairs)
        yield Axiom("rcu", chosen, lambda: [*parts(), Part("grace period", chosen)])


def _chosen(s: Skeleton, relation: Relation, pairs: Sequence[_Pair]) -> Relation:
    """The relation with orders that make no cycle, if there are some; else with one that does."""
    if not pairs or not relation.acyclic:
        return relation
    (period, (enter, leave)), *others = pairs
    first = relation | _before(s, leave) * _after(s, period)
    found = _chosen(s, first, others)
    if found.acyclic:
        return found
    return _chosen(s, relation | _before(s, period) * _after(s, enter), others)


def _before(s: Skeleton, event: int) -> Events:
    """The accesses before it in its thread."""
    return (s.M @ s.po @ s.space.events([event])).domain


def _after(s: Skeleton, event: int) -> Events:
    """Those after it."""
    return (s.space.events([event]) @ s.po @ s.M).range
