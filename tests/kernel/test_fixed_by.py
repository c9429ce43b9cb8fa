"""What a scenario declares to fix it does: with those parameters the same question passes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product

import pytest

from racer import Scenario, UsageError, explore
from racer.catalogue.parameters import Value
from racer.lang.outcomes import OWN_LABELS
from racer.lang.pools import DOUBLE_FREE, NULL
from racer.lang.refcounts import LEAK, USE_AFTER_FREE
from racer.lang.specs.linearizable import NOT_LINEARIZABLE
from tests.bundled import bundled_scenarios

SCENARIOS = bundled_scenarios()


def points(scenario: Scenario) -> Iterator[dict[str, Value]]:
    """The defaults, and with every other value of one parameter."""
    yield {}
    for parameter in scenario.parameters:
        for value in parameter.choices:
            if value != parameter.default:
                yield {parameter.name: value}


def declared_fixes() -> Iterator[tuple[str, dict[str, Value], dict[str, Value]]]:
    for name, scenario in SCENARIOS.items():
        for point in points(scenario):
            try:
                scenario.build(**point)
                declared = scenario.expected(**point)
            except UsageError:  # the kernel cannot have that
                continue
            if declared is not None and declared.fixed_by:
                yield name, point, dict(declared.fixed_by)


FIXES = list(declared_fixes())
# These are as they are in the terms of any code.
OF_RACER = (*OWN_LABELS, USE_AFTER_FREE, LEAK, DOUBLE_FREE, NULL, NOT_LINEARIZABLE)


def test_a_label_of_a_scenario_is_told_in_the_terms_of_the_code() -> None:
    """What racer finds of itself, and what no state reaches, has words already."""
    told = 0
    for name, scenario in SCENARIOS.items():
        for point in points(scenario):
            try:
                program, declared = scenario.build(**point), scenario.expected(**point)
            except UsageError:  # the kernel cannot have that
                continue
            for label in declared.labels if declared else ():
                if label not in (*OF_RACER, *program.sometimes):
                    assert program.about.labels.get(label), (name, point, label)
                    told += 1
    assert told > len(SCENARIOS)


def test_the_subject_and_its_neighbours_say_what_would_fix_them() -> None:
    assert {"split_race", "free_alloc_free", "higher_order_split", "count_increased"} <= {
        name for name, *_ in FIXES
    }


def test_wherever_a_remedy_is_named_it_rids_of_the_labels() -> None:
    """At all points of any two parameters, which is where one value's remedy meets another value.

    It passes there, or fails with other labels only; `--brief` says which.
    """
    named = 0
    for name, scenario in SCENARIOS.items():
        for one, other in combinations(scenario.parameters, 2):
            for values in product(one.choices, other.choices):
                point = dict(zip((one.name, other.name), values, strict=True))
                declared = with_remedy = None
                try:
                    declared = scenario.expected(**point)
                    if declared is not None and declared.fixed_by:
                        scenario.build(**point)
                        with_remedy = scenario.expected(**{**point, **declared.fixed_by})
                except UsageError:  # the kernel cannot have that
                    continue
                if with_remedy is not None:
                    named += 1
                    assert not set(with_remedy.labels) & set(declared.labels), (name, point)
    assert named > len(FIXES)


@pytest.mark.parametrize(("name", "point", "fixed_by"), FIXES)
def test_what_fixes_a_scenario_is_declared_to_pass(
    name: str, point: dict[str, Value], fixed_by: dict[str, Value]
) -> None:
    declared = SCENARIOS[name].expected(**{**point, **fixed_by})
    assert declared is not None
    assert declared.verdict == "pass"


@pytest.mark.parametrize(
    ("name", "point", "fixed_by"),
    [each for each in FIXES if not each[1] or each[0] in ("count_increased", "put_again")],
)
def test_what_fixes_a_scenario_makes_it_pass(
    name: str, point: dict[str, Value], fixed_by: dict[str, Value]
) -> None:
    assert explore(SCENARIOS[name](**point), count=False).verdict == "fail"
    assert explore(SCENARIOS[name](**{**point, **fixed_by}), count=False).verdict == "pass"
