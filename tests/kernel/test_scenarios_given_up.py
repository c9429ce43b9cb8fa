"""given_up: what is noted and not heeded is what the patched kernel goes by."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from racer import explore
from scenarios.given_up import given_up
from scenarios.unhandlable import unhandlable
from tests.case_names import case_name
from tests.kernel.declared import as_declared

PAGES = ["slab", "slab_tail", "table", "large_kmalloc", "reserved"]
CALLERS = ["memory_failure", "soft_offline"]
EVERY = [
    {"page": page, "freed": freed, "variant": variant, "caller": caller}
    for page, freed, variant, caller in itertools.product(
        PAGES, ["no", "freed", "reused"], ["v9", "v10"], CALLERS
    )
]


def comes_out_as_declared(parameters: dict[str, Any]) -> None:
    result, _ = as_declared(given_up, parameters)
    assert result.loops == ()


@pytest.mark.parametrize("parameters", EVERY[::7], ids=case_name)
def test_given_up_comes_out_as_declared(parameters: dict[str, Any]) -> None:
    comes_out_as_declared(parameters)


@pytest.mark.slow
@pytest.mark.parametrize("parameters", EVERY, ids=case_name)
def test_every_given_up_comes_out_as_declared(parameters: dict[str, Any]) -> None:
    comes_out_as_declared(parameters)


@pytest.mark.parametrize("page", ["slab", "reserved"])
def test_without_a_hit_nothing_is_given_up(page: str) -> None:
    """What the note-taking call comes to, violations put back, is what the kernel before did."""
    noting = given_up.build(page=page, caller="soft_offline")
    noted = explore(noting, minimise=False, count=False)
    unpatched = unhandlable.build(page=page, caller="soft_offline", variant="before")
    before = explore(unpatched, minimise=False, count=False)
    told = {dict(outcome)["classify"] for outcome in noted.outcomes}
    ends = {getattr(value, "effect", value) for value in told}
    assert ends == {dict(outcome)["classify"] for outcome in before.outcomes}
