"""What the plugin keeps at pytest's objects, and where schedules are: without the engine."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import pytest


class Replaying(NamedTuple):
    """The schedule for which a test is run once more, and the check whose Program it is of."""

    path: Path
    check: int


NAME_OF_DIRECTORY: Final = "schedules"  # beside the tests, where the settings do not say otherwise
written: Final = "racer_written"  # the property of a test that names a schedule it has written

checks: Final = pytest.StashKey[int]()  # of a test: so many it has made
names: Final = pytest.StashKey[list[str]]()  # of a test: what its files were called
replaying: Final = pytest.StashKey[Replaying]()  # of a test that is run for a schedule
kept: Final = pytest.StashKey[list[str]]()  # of a run: what interrupted checks have left


class Replayed(BaseException):
    """The schedule was followed: what the test does after that is not asked."""


def schedules_of(config: pytest.Config, file: Path) -> Path:
    """The directory for the schedules of a file of tests, or of scenarios; or of one in it."""
    given: str = config.getini("racer_schedules")
    if given:
        return config.rootpath / given
    beside = file.parent
    return beside if beside.name == NAME_OF_DIRECTORY else beside / NAME_OF_DIRECTORY
