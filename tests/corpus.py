"""A fixed stream of generated programs, for tests that ask whether any of them shows something."""

from __future__ import annotations

import functools

from hypothesis import HealthCheck, Phase, given, settings

from racer.automata.lifting import Lifted, lift
from tests.generated.strategies import samples
from tests.programs import Sample, build

LENGTH = 150


def corpus(count: int, *, unbounded: bool = False) -> tuple[Sample, ...]:
    """The first `count` samples that hypothesis generates; the same in every run."""
    assert count <= (50 if unbounded else LENGTH)
    return _stream(unbounded)[:count]


@functools.cache
def lifted_corpus(count: int, *, unbounded: bool = False) -> tuple[Lifted, ...]:
    """The same samples, each lifted once for all tests that only read it."""
    if count == (50 if unbounded else LENGTH):
        return tuple(lift(build(sample)) for sample in corpus(count, unbounded=unbounded))
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
