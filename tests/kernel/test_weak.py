"""The kernel's scenarios on arm64 and under its own model: where a load passes an earlier one.

The table at the end of KERNEL.md section 6 was derived by hand, from litmus tests. Its rows are in
the headers of the scenarios; here are those that are computed.
"""

from __future__ import annotations

from typing import Any

import pytest

from racer import explore
from racer.machine.models import OF_EXECUTIONS
from scenarios.museum.fake_head import fake_head
from scenarios.museum.migration_entry import migration_entry
from scenarios.split_race import split_race
from tests.kernel.declared import as_declared

SLAB = {"reuse": "slab"}


def verdict(memory: str, **parameters: Any) -> tuple[str, bool | None]:
    """The verdict on split_race, as the scenario declares it, and whether an interleaving shows
    what is violated."""
    found, _ = as_declared(split_race, parameters, count=False, memory=memory)
    shown = found.violations.get("misclassified")
    execution = None if shown is None else shown.witness.execution
    return found.verdict, None if execution is None else execution.is_interleaving


@pytest.mark.slow
@pytest.mark.parametrize("memory", OF_EXECUTIONS)
def test_the_re_read_of_v9_is_taken_in_first(memory: str) -> None:
    """Row 1 of the table: pass on SC and x86 (test_tso.py), misclassified here."""
    assert verdict(memory, variant="v9", **SLAB) == ("fail", False)


def test_a_read_barrier_before_the_re_read_is_enough_on_arm64() -> None:
    """Row 1 of the table, with smp_rmb(): pass."""
    assert verdict("arm64", variant="v10_rmb", **SLAB) == ("pass", None)


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["reviewed", "v10"])
def test_the_other_re_reads_are_no_better(variant: str) -> None:
    """Row 1, the other re-read variants."""
    assert verdict("arm64", variant=variant, **SLAB) == ("fail", False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variant", "flags_rmw", "expected"),
    [
        ("v9", "atomic", ("fail", False)),  # row 2
        ("v10_rmb", "atomic", ("pass", None)),
        ("v9", "split", ("fail", True)),  # row 3: misclassified in all
        ("v10_rmb", "split", ("fail", True)),
    ],
)
def test_a_new_thp_needs_a_lost_bit_only_where_loads_keep_their_order(
    variant: str, flags_rmw: str, expected: tuple[str, bool | None]
) -> None:
    assert verdict("arm64", variant=variant, flags_rmw=flags_rmw) == expected


@pytest.mark.parametrize("memory", OF_EXECUTIONS)
@pytest.mark.parametrize(
    ("scenario", "fix", "verdict"),
    [
        (migration_entry, "before", "fail"),  # MP with smp_wmb() alone: 4c5e7f0fcd59
        (migration_entry, "after", "pass"),  # and with smp_rmb()
        (fake_head, "swapped", "fail"),  # MP with a release alone
        (fake_head, "after", "pass"),  # and with an acquire
    ],
)
def test_what_upstream_mended_by_a_barrier_fails_without(
    scenario: Any, fix: str, verdict: str, memory: str
) -> None:
    """On SC and x86 all four pass: tests/kernel/test_museum.py and test_tso.py."""
    found, _ = as_declared(scenario, {"fix": fix}, memory=memory)
    assert found.verdict == verdict
    assert explore(scenario(fix=fix)).verdict == "pass"
