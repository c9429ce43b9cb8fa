"""The orders that explain are of the picture and of data, in every scenario that fails."""

from __future__ import annotations

import re

import pytest

from racer import brief, explain, explore, mail
from racer.explanation.data import NotComputed, Side
from racer.lang.outcomes import OWN_LABELS
from tests.bundled import bundled_scenarios

SCENARIOS = bundled_scenarios()
FAILING = [
    name
    for name, scenario in SCENARIOS.items()
    if (declared := scenario.expected()) is not None and declared.verdict == "fail"
]


def is_release(side: Side) -> bool:
    return side.text.startswith("release ")


@pytest.mark.parametrize("name", FAILING)
def test_orders_are_of_steps_that_are_shown_and_none_ends_a_section(name: str) -> None:
    result = explore(SCENARIOS[name]())
    for label in result.violations:
        explanation = explain(result, label)
        if label in OWN_LABELS:
            continue
        assert not isinstance(explanation.orderings, NotComputed), explanation.orderings
        names = {row.name for row in explanation.rows}
        for each in explanation.orderings:
            assert each.first.name in names
            assert each.then.name in names or each.then.row is None
            assert not is_release(each.then)
        # What is not shown has no name in the text, either.
        parts = mail(explanation).split("\n\n")
        (orders,) = [part for part in parts if part.startswith("Every schedule with ")]
        shorts = "|".join(lane.short for lane in explanation.lanes)
        said = re.findall(rf"^ +(?:before )?((?:{shorts})[.]?\d+) ", orders, re.MULTILINE)
        assert said and set(said) <= names
        assert all(row.name in brief(explanation) for row in explanation.rows if row.violates)
