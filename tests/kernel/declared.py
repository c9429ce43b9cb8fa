"""A case of a scenario, explored and held against what the scenario declares of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from racer import Expected, Result, Scenario, explore


def as_declared(
    scenario: Scenario,
    parameters: Mapping[str, Any],
    *,
    count: bool | None = None,
    memory: str = "sc",
) -> tuple[Result, Expected]:
    """What was found, and what is declared: the same verdict and labels, and nothing is vacuous."""
    result = explore(scenario.build(**parameters), minimise=False, count=count, memory=memory)
    declared = scenario.expected(memory, **parameters)
    assert declared is not None
    assert (result.verdict, tuple(result.violations)) == (declared.verdict, declared.labels)
    assert result.vacuous == ()
    return result, declared
