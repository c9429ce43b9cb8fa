"""The generated programs: they are what the agreement of engine and oracle is worth."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from racer.lang.outcomes import Violation
from tests.generated.strategies import samples
from tests.oracles.naive import enumerate_program
from tests.programs import Block, Line, Sample, ThreadSample, build, fit

draw = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def sample(*bodies: tuple[Line | Block, ...], copies: int = 1) -> Sample:
    threads = tuple(ThreadSample(body, copies=copies) for body in bodies)
    return Sample((("a", 0),), ("m",), (), threads, (), ())


LOAD = Line("r0 = await a.load()", 1)
CHOOSE = Line("r0 = await choose(0, 1, 2)", 1, 3)


def test_the_repr_of_a_sample_is_source_that_makes_its_program() -> None:
    text = repr(sample((LOAD, LOAD), (LOAD,)))
    namespace: dict[str, Any] = {}
    exec(text, namespace)
    naive = enumerate_program(namespace["program"]())
    assert naive.interleavings == 3  # C(3, 1)


@pytest.mark.parametrize(
    ("program", "bound"),
    [
        (sample((LOAD,) * 2, (LOAD,) * 4), 15),  # C(6, 2)
        (sample((LOAD, LOAD), copies=3), 90),  # 6! / (2! 2! 2!)
        (sample((CHOOSE, LOAD), (LOAD,)), 9),  # C(3, 1) * 3
        (sample((Block((("async with m:", (LOAD,)),), own=2),), (LOAD,)), 4),  # C(4, 1)
        (sample((Block((("for i in (1, 2):", (CHOOSE,)),), times=2),)), 9),  # 3 * 3
    ],
)
def test_the_bound_is_met_by_straight_threads(program: Sample, bound: int) -> None:
    assert program.most_interleavings() == bound
    assert enumerate_program(build(program)).interleavings == bound


def test_fitting_drops_statements_but_never_a_first_one() -> None:
    fitted = fit(sample((LOAD,) * 6, (LOAD,) * 6), 100)
    assert [len(thread.body) for thread in fitted.threads] == [4, 4]  # C(8, 4) = 70; C(9, 4) = 126
    locked = Block((("async with m:", (LOAD, LOAD)),), own=2)
    least = fit(sample((locked,), (locked,)), 2)
    assert [thread.body for thread in least.threads] == [(LOAD,), (LOAD,)]  # C(2, 1) = 2


@pytest.mark.thorough
def test_samples_are_small_and_show_what_they_are_for() -> None:
    size, seen = 700, Counter[str]()
    counts = []

    @draw
    @given(samples(size=size))
    def look(program: Sample) -> None:
        naive = enumerate_program(build(program))
        assert naive.interleavings <= program.most_interleavings() <= size
        counts.append(naive.interleavings)
        source = program.source()
        seen.update(word for word in _WORDS if word in source)
        ends = {type(value) for outcome in naive.outcomes for _, value in outcome}
        seen["a thread ended by a violation"] += Violation in ends
        seen["deadlock"] += "deadlock" in naive.violations
        seen["racy"] += len(naive.outcomes) > 1
        seen["rare label"] += any(n < naive.interleavings for n in naive.violations.values())
        seen["needs a preemption"] += any(cost[0] for cost in naive.witness.values())

    look()
    counts.sort()
    assert sum(count >= 5 for count in counts) > 0.7 * len(counts)
    assert counts[len(counts) // 2] >= 20  # the median
    few = {word: seen[word] for word in _RATES if seen[word] < _RATES[word] * len(counts)}
    assert not few


_WORDS = (
    *("window()", "async with m", "choose(", "wait_until", "fetch_add", "compare_exchange"),
    *("swap(", "for ", "while ", "try:", "copies=2", "log = []", "twice(", "raise Violation"),
)
_RATES = {  # at least this share of the samples; measured on other seeds at twice these or more
    **dict.fromkeys(_WORDS, 0.005),
    "window()": 0.1,
    "copies=2": 0.3,
    "for ": 0.08,
    "wait_until": 0.05,
    "a thread ended by a violation": 0.1,
    "deadlock": 0.01,
    "racy": 0.15,
    "rare label": 0.05,
    "needs a preemption": 0.01,
}
