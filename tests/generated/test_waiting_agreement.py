"""What threads wait with, against the oracle that decides at once who is woken."""

from __future__ import annotations

import pytest
from hypothesis import given

from racer import explore
from tests.generated.profiles import examples
from tests.generated.test_agreement import by_engine, by_oracle
from tests.generated.test_liveness_agreement import assert_agreement_on
from tests.generated.waiting import KINDS, waiting
from tests.programs import Sample, build


def assert_all_agree(sample: Sample) -> None:
    """All states, with symmetry and without; and what the reduced graph alone says, which has no
    counts: these are asked for where all states are few."""
    expected = by_oracle(build(sample))
    assert by_engine(build(sample), reduce=False) == expected
    assert by_engine(build(sample), reduce=True) == expected
    reduced = explore(build(sample), count=False, minimise=False)
    assert reduced.verdict == expected.verdict
    assert set(reduced.violations) == set(expected.violations)
    assert set(reduced.outcomes) == set(expected.outcomes)


@pytest.mark.usefixtures("brief_lifting")
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_engine_agrees_with_naive_enumeration_on_all_that_waits(kind: str) -> None:
    @examples(15)
    @given(waiting(size=700, kinds=(kind,)))
    def agrees(sample: Sample) -> None:
        assert_all_agree(sample)

    agrees()


# A pool's addresses and what readers know are values without end where they come again and again.
LASTING = tuple(sorted(KINDS.keys() - {"pool", "semaphore", "rcu"}))


@examples(60)
@given(waiting(kinds=LASTING, endless=True))
def test_the_engine_agrees_on_the_liveness_of_all_that_waits(sample: Sample) -> None:
    assert_agreement_on(sample, limit=150)


@pytest.mark.slow
@examples(2_000)
@given(waiting(kinds=LASTING, endless=True))
def test_the_engine_agrees_on_liveness_in_two_thousand_programs(sample: Sample) -> None:
    assert_agreement_on(sample, limit=600)


@pytest.mark.slow
@examples(2_000)
@given(waiting())
def test_the_engine_agrees_on_all_that_waits_in_two_thousand_programs(sample: Sample) -> None:
    assert_all_agree(sample)
