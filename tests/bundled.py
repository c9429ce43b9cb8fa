"""The scenarios that come with racer, be it imported from this checkout or from where it was
installed: there those of the checkout, which hide them, are looked at."""

from __future__ import annotations

from racer import Scenario
from racer.catalogue.discovery import catalogue


def bundled_scenarios() -> dict[str, Scenario]:
    """By name."""
    found = {
        each.scenario.name: each.scenario
        for each in catalogue().found
        if each.installed or each.hides
    }
    assert "split_race" in found
    return found
