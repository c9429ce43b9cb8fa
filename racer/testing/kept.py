"""Schedules that are kept, as pytest has them: a test each, beside the test that made the Program
where it was one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from racer.artefacts.naming import file_label
from racer.errors import WitnessError
from racer.exploration.schedule_file import SavedSchedule, begins_as_schedule, load
from racer.files import beginning
from racer.testing.checking import CheckFailed
from racer.testing.schedules import case_of_schedule, held, test_reference
from racer.testing.stashed import (
    NAME_OF_DIRECTORY,
    Replaying,
    replaying,
    schedules_of,
    written,
)
from racer.testing.telling import telling

_Index = dict[str, list[tuple[Path, SavedSchedule]]]  # by the test that is named
_indexes: Final = pytest.StashKey[dict[Path, _Index]]()


class ScheduleFile(pytest.File):
    """A file in a directory of schedules."""

    def collect(self) -> Iterator[pytest.Item]:
        try:
            saved = load(self.path)
        except WitnessError:
            saved = None  # which the test will say
        name = "unreadable" if saved is None else file_label(saved.label)
        if saved is None or saved.scenario:
            yield ScheduleItem.from_parent(self, name=name)
        elif lost := _lost(saved, self.path.parent):
            yield LostItem.from_parent(self, name=name, why=lost)


class ScheduleItem(pytest.Item):
    """A schedule of a scenario."""

    def runtest(self) -> None:
        with telling():
            saved = load(self.path)
            case = case_of_schedule(saved, self.path, self.config.rootpath)
            update = bool(self.config.getoption("racer_update"))
            told = held(saved, self.path, case, update=update)
            if told.written:
                self.user_properties.append((written, told.written))
            if told.failure:
                raise CheckFailed(told.failure)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name


class LostItem(pytest.Item):
    """A schedule whose test is not there."""

    def __init__(self, *, why: str, **more: Any) -> None:
        super().__init__(**more)
        self._why = why

    def runtest(self) -> None:
        pytest.fail(f"error: {self._why}", pytrace=False)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name


def is_schedule(item: pytest.Item) -> bool:
    """Whether a test follows a schedule."""
    return isinstance(item, ScheduleItem | LostItem) or replaying in item.stash


def is_kept(path: Path, config: pytest.Config) -> bool:
    """Whether a file is in a directory of schedules: the one that is named in the settings, or one
    of the usual name in which some file is racer's."""
    if config.getini("racer_schedules"):
        return path.parent == schedules_of(config, path)
    return path.parent.name == NAME_OF_DIRECTORY and any(
        begins_as_schedule(beginning(each)) for each in sorted(path.parent.glob("*.json"))
    )


def beside(collector: pytest.Collector, items: Sequence[object]) -> Iterator[pytest.Item]:
    """Tests that replay the schedules which are kept of the Programs of these tests."""
    functions = [each for each in items if isinstance(each, pytest.Function)]
    index = _index(collector.config, collector.path) if functions else {}
    if not index:
        return
    directory = schedules_of(collector.config, collector.path)
    tests = {test_reference(directory, each.path, each.nodeid): each for each in functions}
    for test, kept in index.items():
        if test in tests and "racer_check" in tests[test].fixturenames:
            for path, saved in kept:
                yield _replay(collector, tests[test], path, saved)
        elif any(test.partition("[")[0] == each.partition("[")[0] for each in tests):
            for path, _ in kept:
                why = f"the schedule {path.name} is of {test!r}, which makes no racer_check() now."
                yield LostItem.from_parent(collector, name=f"[{path.stem}]", why=why)


def _replay(
    collector: pytest.Collector, test: pytest.Function, path: Path, saved: SavedSchedule
) -> pytest.Item:
    """The test once more, to make its Program for the schedule.

    Its name alone tells it from the test: of what was given as the original name, pytest 9 makes
    the node id. So it is given what it is to call, a method of an instance of its own.
    """
    more: dict[str, Any] = {}
    if hasattr(test, "callspec"):
        more = {"callspec": test.callspec, "keywords": {test.callspec.id: True}}
    function = test.obj
    if isinstance(collector, pytest.Class):
        function = getattr(collector.obj(), test.originalname)
    again: pytest.Function = pytest.Function.from_parent(
        collector,
        name=f"{test.originalname}[{path.stem}]",
        callobj=function,
        fixtureinfo=test._fixtureinfo,
        **more,
    )
    again.name = again.nodeid.rpartition("::")[2]  # by which it is found again
    again.stash[replaying] = Replaying(path, saved.check)
    return again


def _index(config: pytest.Config, file: Path) -> _Index:
    """The schedules of tests in the directory of schedules of a file of tests."""
    directory = schedules_of(config, file)
    indexes = config.stash.setdefault(_indexes, {})
    if directory not in indexes:
        found: _Index = {}
        for path in sorted(directory.glob("*.json")):
            if begins_as_schedule(beginning(path)):
                try:
                    saved = load(path)
                except WitnessError:
                    continue  # its file is a test of its own
                if saved.test:
                    found.setdefault(saved.test, []).append((path, saved))
        indexes[directory] = found
    return indexes[directory]


def _lost(saved: SavedSchedule, directory: Path) -> str:
    """Why there cannot be the test that it is of; empty where there can."""
    file, *names = saved.test.partition("[")[0].split("::")
    path = directory / file
    try:
        text = path.read_text(errors="replace")
    except OSError as error:
        return f"the schedule is of {saved.test!r}, and its file cannot be read: {error.strerror}."
    for name in names:
        if not re.search(rf"^\s*(async def|def|class) {re.escape(name)}\b", text, re.MULTILINE):
            return f"the schedule is of {saved.test!r}, and there is no {name!r} in that file."
    return ""
