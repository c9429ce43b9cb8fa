"""Scenarios are lifted no further than pays, except in the slow tier, where it is as in use."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def lifted_no_further_than_pays(request: pytest.FixtureRequest) -> None:
    """Half of the large ones do not converge within lift()'s own limit, so that most of their
    time would go into it in vain. Whether automata are complete changes no verdict, label,
    outcome or count: a test in tests/automata/test_lift.py.
    """
    if request.node.get_closest_marker("slow") is None:
        request.getfixturevalue("brief_lifting")
