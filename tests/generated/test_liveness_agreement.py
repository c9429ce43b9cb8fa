"""The engine against the oracle: the same liveness of programs that nobody chose.

Compared are the labels of all violations, deadlocks and livelocks among them, the threads that
loop, those that loop only in unfair runs, and how few preemptions a livelock takes; its witness is
walked through the oracle's graph. With each of the engine's searches: reduced and counted, reduced
without a count, and not reduced.
"""

from __future__ import annotations

from typing import TypedDict

import pytest
from hypothesis import assume, given

from racer import Program, Result, explore, replay
from racer.lang.outcomes import LIVELOCK
from tests.generated.profiles import examples
from tests.generated.spinning import spinning
from tests.oracles.liveness import Liveness, flaws, liveness
from tests.oracles.naive import TooMany
from tests.programs import Sample, build


class Options(TypedDict, total=False):
    """Of explore()."""

    reduce: bool
    count: bool


ENGINES: tuple[Options, ...] = (
    {"reduce": True, "count": True},
    {"reduce": True, "count": False},
    {"reduce": False},
)


def disagreements(account: Liveness, program: Program, result: Result) -> list[str]:
    """Where the engine's result is not what the oracle found; `minimise` must not be False."""
    found = []
    every = result.loops is not None  # whether all states were searched
    if result.bound is not None or result.verdict != ("fail" if account.labels else "pass"):
        found.append(f"verdict {result.verdict}, {result.bound}")
    if set(result.violations) != account.labels:
        found.append(f"labels {set(result.violations)}, not {set(account.labels)}")
    if every and set(result.loops or ()) != account.loops:
        found.append(f"loops {result.loops}, not {set(account.loops)}")
    unknown = result.unfair is None and not every
    if not unknown and sorted(account.unfair) != list(result.unfair or ()):
        found.append(f"unfair {result.unfair}, not {set(account.unfair)}")
    if LIVELOCK in result.violations and account.fewest is not None:
        finding = result.violations[LIVELOCK]
        if finding.interleavings is not None:
            found.append("a livelock that counts interleavings")
        found += witness_flaws(account, program, result)
        if every and not finding.witness.minimal:
            found.append("a witness that is not proved to be minimal")
        fewer = finding.witness.preemptions < account.fewest
        if finding.witness.preemptions != account.fewest if finding.witness.minimal else fewer:
            found.append(f"{finding.witness.preemptions} preemptions, not {account.fewest}")
    return found


def witness_flaws(account: Liveness, program: Program, result: Result) -> list[str]:
    witness = result.violations[LIVELOCK].witness
    position = {instance.name: i for i, instance in enumerate(program.instances())}
    schedule = [(position[move.thread], move.choice) for move in witness.schedule]
    replay(program, witness)
    return flaws(account, schedule, witness.cycle, witness.preemptions)


def assert_agreement(program: Program, limit: int = 1_500) -> None:
    account = liveness(program, limit)
    for options in ENGINES:
        assert not disagreements(account, program, explore(program, **options)), options
    if LIVELOCK in account.labels:
        result = explore(program, count=False, minimise=False)
        assert not witness_flaws(account, program, result)


def assert_agreement_on(sample: Sample, limit: int) -> None:
    try:
        assert_agreement(build(sample), limit)
    except TooMany:
        assume(False)


@examples(300)
@given(spinning())
def test_the_engine_agrees_on_the_liveness_of_threads_that_spin(sample: Sample) -> None:
    assert_agreement_on(sample, limit=200)


@pytest.mark.slow
@examples(10_000)
@given(spinning())
def test_the_engine_agrees_on_the_liveness_of_ten_thousand_programs(sample: Sample) -> None:
    assert_agreement_on(sample, limit=800)
