"""A fixed stream of generated programs, for tests that ask whether any of them shows something."""

from __future__ import annotations

import functools
from typing import Final

from hypothesis import HealthCheck, Phase, given, settings

from racer.automata.lifting import Lifted, lift
from tests.generated.strategies import samples
from tests.programs import Sample, build

LENGTH = 150
# What lifting a generated program may cost: those that converge mostly take a tenth of it, and
# the others would go on for half a second each, to be left open all the same.
ENOUGH_WORK: Final = 3_000


def corpus(count: int, *, unbounded: bool = False) -> tuple[Sample, ...]:
    """The first `count` samples that hypothesis generates; the same in every run."""
    assert count <= (50 if unbounded else LENGTH)
    return _stream(unbounded)[:count]


@functools.cache
def lifted_corpus(count: int, *, unbounded: bool = False) -> tuple[Lifted, ...]:
    """The same samples, each lifted once for all tests that only read it."""
    if count == (50 if unbounded else LENGTH):
        every = corpus(count, unbounded=unbounded)
        return tuple(lift(build(sample), work=ENOUGH_WORK) for sample in every)
    return lifted_corpus(50 if unbounded else LENGTH, unbounded=unbounded)[:count]


@functools.cache
def _stream(unbounded: bool) -> tuple[Sample, ...]:
    found: list[Sample] = []

    @settings(
        max_examples=50 if unbounded else LENGTH,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(samples(size=400, unbounded=unbounded))
    def collect(sample: Sample) -> None:
        found.append(sample)

    collect()
    return tuple(found)
