"""What ends a test: a report in place of a traceback, and where its files are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from racer.artefacts.naming import file_label
from racer.errors import RacerError
from racer.files import shown_path
from racer.testing.cases import Place
from racer.testing.checking import CheckFailed, Room
from racer.testing.stashed import kept, names


@contextmanager
def telling(place: Place | None = None) -> Iterator[None]:
    """Make what a check raises the failure of the test."""
    failure: str | None = None
    try:
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

    root = item.config.invocation_params.dir / item.config.getoption("racer_dir")
    return Room(root / file_label(item.nodeid), named, item.config.stash[kept].append)
