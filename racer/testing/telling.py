"""What ends a test: a report in place of a traceback, and where its files are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from racer.artefacts.naming import file_label
from racer.catalogue.scenario import Scenario
from racer.errors import RacerError
from racer.exploration.schedule_file import load
from racer.files import shown_path
from racer.lang.program import Program
from racer.lang.staying import nobody_leaves
from racer.testing.cases import Place, case_of
from racer.testing.checking import CheckFailed, Room
from racer.testing.schedules import Scratch, held
from racer.testing.stashed import (
    Replayed,
    checks,
    kept,
    names,
    replaying,
    schedules_of,
    written,
)


@contextmanager
def telling(place: Place | None = None) -> Iterator[None]:
    """Make what a check raises the failure of the test."""
    failure: str | None = None
    try:
        with nobody_leaves():  # else a run of tests could end, and with success
            yield
    except CheckFailed as failed:
        failure = str(failed)
    except RacerError as error:
        failure = f"error: {error}"
    if failure is not None:
        at = "" if place is None else f"\n\nchecked at {shown_path(place.path)}:{place.line}"
        raise pytest.fail.Exception(f"{failure}{at}", pytrace=False) from None


def room_of(item: pytest.Item) -> Room:
    """Where a test leaves what it finds: in a directory of its own, whichever worker runs it."""
    given = item.stash.setdefault(names, [])

    def named(name: str) -> str:
        given.append(name)
        again = given.count(name)
        return name if again == 1 else f"{name}.{again}"

    config = item.config
    directory = config.invocation_params.dir / config.getoption("racer_dir")
    update = bool(config.getoption("racer_update"))
    fresh = update or config.getoption("racer_fresh")

    def wrote(path: str) -> None:
        item.user_properties.append((written, path))

    return Room(
        directory / file_label(item.nodeid),
        named,
        config.stash[kept].append,
        schedules=schedules_of(config, item.path),
        root=config.rootpath,
        wrote=wrote if update else None,
        scratch=None if fresh else Scratch(config.rootpath),
    )


def replay(
    item: pytest.Item,
    asked: Program | Scenario,
    given: Mapping[str, object],
    memory: str,
    place: Place,
) -> None:
    """Follow the schedule for which a test is run, in its check of that number, and be done.

    Errors   Replayed, once that was done; CheckFailed; RacerError.
    """
    path, number = item.stash[replaying]
    if item.stash[checks] != number:
        return
    update = bool(item.config.getoption("racer_update"))
    told = held(load(path), path, case_of(asked, given, memory, place), update=update)
    if told.written:
        item.user_properties.append((written, told.written))
    if told.failure:
        raise CheckFailed(told.failure)
    raise Replayed
