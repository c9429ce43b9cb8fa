"""Every violation that the claims rest on has its schedule in tests/schedules/, and no other."""

from __future__ import annotations

import pytest

from racer.exploration.schedule_file import load
from tests.claims.kept import SCHEDULES, cases, searched


@pytest.mark.slow
def test_every_violation_of_a_claim_is_kept_and_nothing_else() -> None:
    shown = {
        owner.path(SCHEDULES, label).name
        for owner, case in cases()
        for label in searched(case).violations
    }
    assert shown == {path.name for path in SCHEDULES.iterdir()}


def test_they_are_small_and_say_what_they_are_of() -> None:
    paths = sorted(SCHEDULES.glob("*.json"))
    assert 100 <= len(paths) <= 200
    assert sum(path.stat().st_size for path in paths) < 2_000 * len(paths)
    for path in paths:
        saved = load(path)
        assert saved.scenario and not saved.gone
        assert path.name.startswith(f"{saved.scenario}.") and f".{saved.label}.json" in path.name
