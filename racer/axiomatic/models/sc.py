"""Sequential consistency: one order of all events explains an execution.

Source   Lamport 1979; herd7's sc.cat.
"""

from __future__ import annotations

from collections.abc import Iterator

from racer.axiomatic.graphs import Graph
from racer.axiomatic.models.axioms import Axiom, simple
from racer.axiomatic.models.grace import with_grace_periods


def axioms(x: Graph) -> Iterator[Axiom]:
    """Sequential consistency."""
    s = x.skeleton
    parts = simple(("po", s.po), ("rf", x.rf), ("co", x.co), ("fr", x.fr))
    yield from with_grace_periods(s, "sc", s.po | x.com, parts)
