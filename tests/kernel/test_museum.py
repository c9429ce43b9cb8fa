"""The museum: every fix fails before it and passes after it, where loads keep their order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from racer import Scenario, explore
from racer.catalogue.discovery import find_all
from racer.files import BUNDLED
from tests.oracles.naive import enumerate_program

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]

FOUND, BROKEN = find_all(BUNDLED / "museum")
MUSEUM = {each.scenario.name: each.scenario for each in FOUND}

# By the headers: the label, and the fewest preemptions it needs. The other two pass where loads
# keep their order.
FAILS = {
    "bogus_order": ("shift_out_of_bounds", 1),
    "fake_head": ("writes_read_only", 1),
    "free_pages_head": ("freed_twice", 1),
    "gup_fast": ("stale_pin", 1),
    "kpagecount": ("bug_on", 1),
    "nonuniform_split": ("wrong_folio", 0),
    "swapin_aba": ("wrong_page", 1),
}
PASSES = {("migration_entry", "before"): "bug_on", ("fake_head", "swapped"): "writes_read_only"}
SMALL = ["bogus_order", "fake_head", "free_pages_head", "gup_fast", "migration_entry"]


def test_the_museum_has_what_its_page_lists() -> None:
    assert BROKEN == []
    assert set(MUSEUM) == {*FAILS, "migration_entry"}
    page = (BUNDLED / "museum" / "__init__.py").read_text()
    assert all(f"\n{name} " in page for name in MUSEUM)
    for name, scenario in MUSEUM.items():
        lines = Path(scenario.source.path).read_text().splitlines()
        assert 40 <= len(lines) <= 125, name


@pytest.mark.parametrize("name", sorted(FAILS))
def test_before_its_fix_each_fails_as_its_header_derives(name: str) -> None:
    label, preemptions = FAILS[name]
    declared = MUSEUM[name].expected()
    assert declared is not None
    assert (declared.verdict, declared.labels) == ("fail", (label,))
    result = explore(MUSEUM[name]())
    assert (result.verdict, list(result.violations), result.vacuous) == ("fail", [label], ())
    found = result.violations[label].witness
    assert (found.preemptions, found.minimal) == (preemptions, True)
    assert result.states < 20_000  # seconds at most


@pytest.mark.parametrize(("name", "fix"), sorted({*((name, "after") for name in MUSEUM), *PASSES}))
def test_after_it_each_passes_and_reaches_what_is_of_interest(name: str, fix: str) -> None:
    scenario: Scenario = MUSEUM[name]
    declared = scenario.expected(fix=fix)
    assert declared is not None
    assert declared.verdict == "pass"
    program = scenario(fix=fix)
    assert program.sometimes
    result = explore(program)
    assert (result.verdict, result.vacuous) == ("pass", ())


@pytest.mark.parametrize(("name", "fix"), sorted(PASSES))
@pytest.mark.parametrize("memory", ["tso", "arm64", "lkmm"])
def test_those_without_their_barrier_fail_where_loads_come_out_of_order(
    name: str, fix: str, memory: str
) -> None:
    labels = () if memory == "tso" else (PASSES[name, fix],)
    declared = MUSEUM[name].expected(memory, fix=fix)
    assert declared is not None and declared.labels == labels
    assert tuple(explore(MUSEUM[name](fix=fix), memory=memory).violations) == labels
    assert explore(MUSEUM[name](fix="after"), memory=memory).verdict == "pass"


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("fix", ["before", "after"])
def test_small_ones_have_the_interleavings_that_are_enumerated(name: str, fix: str) -> None:
    program = MUSEUM[name](fix=fix)
    asked = {each: lambda s, _, holds=holds: holds(s) for each, holds in program.finally_.items()}
    program = replace(program, finally_=asked)  # as the enumeration asks them
    naive, result = enumerate_program(program), explore(program)
    assert naive.interleavings == result.interleavings
    assert naive.outcomes == {key: each.interleavings for key, each in result.outcomes.items()}


def test_the_fake_head_is_wrong_in_one_of_five() -> None:
    """By hand: walk asks m (fake head?), r (the count), w (the write); hvo remaps M, unfreezes R.

    m after M, it is one: walk has one step, M m R and M R m. m before M, and r before R, the count
    is 0: m r M R and m M r R. r after R: m M R r w, which is wrong.
    """
    result = explore(MUSEUM["fake_head"]())
    assert result.interleavings == 5
    assert result.violations["writes_read_only"].interleavings == 1


def test_a_directory_of_fixes_is_one_table(racer: Run) -> None:
    status, out, err = racer("explore", str(BUNDLED / "museum"), "--set", "fix=after")
    assert (status, err) == (0, "")
    assert "8 scenarios, all as declared;" in out
    assert out.count("PASS   as expected\n") == 8
