"""What pytest loads: options, the fixture `racer_check`, and the mark `racer`.

It is imported into every run of pytest beside which racer is installed: so it imports nothing of
racer's until a test asks.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import pytest

from racer.testing.stashed import (
    Replayed,
    checks,
    kept,
    names,
    replaying,
    schedules_of,
    written,
)

if TYPE_CHECKING:
    from racer.api import Result
    from racer.catalogue.scenario import Scenario
    from racer.lang.program import Program
    from racer.testing.expecting import Expect

NAME: Final = "racer"  # of the entry point, for -p no:racer
_MARK: Final = "racer"
_FIXTURE: Final = "racer_check"
_OPTIONS: Final = ("expect", "memory", "max_states", "timeout")  # of a check, and no parameters
_COMMAND_LINE: Final[dict[str, dict[str, Any]]] = {
    "--racer": {
        "action": "store_true",
        "help": "collect files of scenarios and claims as well: what they declare, a test each",
    },
    "--racer-grid": {
        "choices": ("each", "all"),
        "default": "each",
        "help": "of scenarios that are collected: the defaults, and each other value of each "
        "parameter by itself; or all combinations",
    },
    "--racer-memory": {
        "metavar": "MODEL",
        "default": "sc",
        "help": "the memory model of checks that name none",
    },
    "--racer-timeout": {
        "type": float,
        "metavar": "S",
        "help": "fail whatever is not searched after S seconds, where a check has no timeout",
    },
    "--racer-update": {
        "action": "store_true",
        "help": "keep the schedules of all violations that checks find, and write stale ones anew",
    },
    "--racer-fresh": {
        "action": "store_true",
        "help": "search all, whatever the last run found and left in .racer/",
    },
    "--racer-dir": {
        "metavar": "DIR",
        "default": "racer-out",
        "help": "where tests that fail leave witnesses, pictures, mails and pages: racer-out, from "
        "the current directory",
    },
}
_MARK_TEXT: Final = (
    f"{_MARK}(*, expect, memory, max_states, timeout, **parameters): what every racer_check() of "
    f"the test has by default; a test that has it, or takes {_FIXTURE}, and checks nothing fails"
)


def _leave_asserts_alone(pluginmanager: pytest.PytestPluginManager) -> None:
    """Keep pytest from rewriting all of racer, which it does with a package that has a plugin.

    It would cost a second where the result cannot be cached; and of functions that are written anew
    there is no source, by which racer looks for sets whose order matters (automata/rewriting.py).
    Where pytest has this otherwise, that is all there is to lose.
    """
    hook = getattr(pluginmanager, "rewrite_hook", None)
    for attribute in ("_must_rewrite", "_marked_for_rewrite_cache"):
        known = getattr(hook, attribute, None)
        if isinstance(known, set):
            known.discard("racer")
        elif isinstance(known, dict):
            known.clear()


class RacerCheck:
    """What the fixture `racer_check` is: explores, and fails the test unless all is as expected."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item
        item.stash[checks], item.stash[names] = 0, []  # it may be run again, by other plugins

    def __call__(
        self,
        program: Program | Scenario,
        *,
        expect: Expect | None = None,
        memory: str | None = None,
        max_states: int | None = None,
        timeout: float | None = None,
        **parameters: Any,
    ) -> Result:
        """Explore a Program, or a scenario with these parameters, and return the Result.

        expect       "pass"; a label, or all labels in a tuple; {label: number of interleavings},
                     where None stands for any number; an Expected. By default what the scenario
                     declares, else "pass"
        memory       the memory model; by default that of --racer-memory, else "sc"
        max_states   limits, as explore() has them; where one cuts the search the test fails
        timeout

        Errors   the test fails, with the report as its text: where a label is missing, or another
                 one shows; where a limit cut the search; where several threads have but one
                 interleaving; where it cannot be explored.
        """
        from racer.testing.cases import Place
        from racer.testing.checking import Limits, check
        from racer.testing.telling import replay, room_of, telling
        from racer.viz.summary import result_line

        item = self._item
        caller = sys._getframe(1)
        place = Place(item.nodeid, caller.f_code.co_filename, caller.f_lineno)
        item.stash[checks] += 1
        given = {"expect": expect, "memory": memory, "max_states": max_states, "timeout": timeout}
        options, settings = _by_marks(item)
        options |= {name: value for name, value in given.items() if value is not None}
        timeout = options.get("timeout", item.config.getoption("racer_timeout"))
        memory = options.get("memory", item.config.getoption("racer_memory"))
        settings |= parameters
        with telling(place):
            if replaying in item.stash:
                replay(item, program, settings, memory, place)
            result = check(
                program,
                settings,
                options.get("expect"),
                memory,
                Limits(options.get("max_states"), timeout),
                place,
                item.stash[checks],
                room_of(item),
            )
        item.user_properties.append(("racer", result_line(result)))
        return result


def _by_marks(item: pytest.Item) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options of checks and parameters of scenarios, of all marks, the nearest last."""
    options: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    for mark in reversed(list(item.iter_markers(_MARK))):
        if mark.args:
            pytest.fail(
                f"error: the mark {_MARK} takes keywords only, and was given "
                f"{', '.join(map(repr, mark.args))}. Try: racer_check({mark.args[0]!r}) in the "
                f"test.",
                pytrace=False,
            )
        for name, value in mark.kwargs.items():
            (options if name in _OPTIONS else settings)[name] = value
    return options, settings


def _scenario_file(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if not parent.config.getoption("racer") or path.suffix != ".py":
        return None
    from racer.testing.scenarios import ScenarioFile, is_collected

    if not is_collected(path, parent.config):
        return None
    return cast("pytest.Collector", ScenarioFile.from_parent(parent, path=path))


def _schedule_file(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if not _has_schedules(parent.config, path):
        return None
    from racer.testing.kept import ScheduleFile, is_kept

    if not is_kept(path, parent.config):
        return None
    return cast("pytest.Collector", ScheduleFile.from_parent(parent, path=path))


def _has_schedules(config: pytest.Config, file: Path) -> bool:
    """Whether there is a directory that may have schedules of a file, or has the file."""
    return schedules_of(config, file).is_dir()


def _alone(error: BaseException) -> BaseException:
    """What a group of one exception, or a group of such, is about."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _not_loaded(why: str) -> pytest.UsageError:
    return pytest.UsageError(
        f"racer's plugin for pytest cannot be loaded: {why}.\n"
        f"Usual cause: another plugin has that option.\n"
        f"Try: -p no:racer, which leaves racer's out."
    )


def _names_of_options(parser: object) -> Iterator[str]:
    """Of all plugins so far, each as often as it is there. Of pytest's own there are attributes
    that it promises to nobody: where these are gone, nothing is found, and pytest tells it."""
    groups = [getattr(parser, "_anonymous", None), *getattr(parser, "_groups", ())]
    for group in groups:
        for option in getattr(group, "options", ()):
            yield from getattr(option, "names", tuple)()


class Hooks:
    """What pytest calls; the entry point of the installed package is the one there is of these."""

    _parser: pytest.Parser | None = None  # of the run, once racer's options are in it

    def pytest_addoption(
        self, parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager
    ) -> None:
        _leave_asserts_alone(pluginmanager)
        group = parser.getgroup("racer", "racer: interleavings of modelled code")
        try:
            for name, how in _COMMAND_LINE.items():
                group.addoption(name, **how)
            parser.addini(
                "racer_schedules",
                "the directory of schedules that are kept, from the root directory; without it, "
                "schedules/ beside each file of tests",
            )
        except ValueError as error:  # pytest's own text is a traceback
            raise _not_loaded(str(error)) from None
        self._parser = parser

    def pytest_plugin_registered(self) -> None:
        """Before version 9, pytest finds that two plugins have one option when it parses, and ends
        in a traceback then: so that is looked for, whichever of the two comes first."""
        taken = [name for name in _names_of_options(self._parser) if name in _COMMAND_LINE]
        twice = [name for name in _COMMAND_LINE if taken.count(name) > 1]
        if twice:
            self._parser = None
            raise _not_loaded(f"another one has the option {twice[0]}")

    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", _MARK_TEXT)
        config.stash[kept] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makemodule(
        self, module_path: Path, parent: pytest.Collector
    ) -> pytest.Module | None:
        """A file of scenarios that is named by itself, and no directory of it, is no module."""
        return cast("pytest.Module | None", _scenario_file(module_path, parent))

    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> pytest.Collector | None:
        if file_path.suffix == ".json":
            return _schedule_file(file_path, parent)
        if parent.session.isinitpath(file_path):
            return None  # pytest will ask for a module
        return _scenario_file(file_path, parent)

    @pytest.hookimpl(wrapper=True)
    def pytest_pycollect_makeitem(self, collector: pytest.Collector) -> Iterator[None]:
        """Tests, and the schedules that are kept of the Programs that they make."""
        made = yield
        if not isinstance(made, list) or not _has_schedules(collector.config, collector.path):
            return made
        from racer.testing.kept import beside

        return [*beside(collector, made), *made]

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Schedules come first: they are quick, and known to have shown something."""
        if "racer.testing.kept" in sys.modules:
            from racer.testing.kept import is_schedule

            items.sort(key=lambda item: not is_schedule(item))

    @pytest.fixture
    def racer_check(self, request: pytest.FixtureRequest) -> RacerCheck:
        """Explores every interleaving of a Program or scenario; fails unless all is as expected.

        racer_check(counter(), expect="lost"); what else it takes: help(RacerCheck.__call__).
        """
        return RacerCheck(request.node)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        try:
            yield
        except Replayed:
            return
        except BaseExceptionGroup as group:
            failure = _alone(group)
            if isinstance(failure, Replayed):
                return
            if isinstance(failure, pytest.fail.Exception) and not failure.pytrace:
                raise failure from None  # a nursery's traceback would be put around the report
            raise
        if replaying in item.stash:
            pytest.fail(
                f"error: the test made no check of number {item.stash[replaying].check}, of whose "
                f"Program the schedule {item.stash[replaying].path.name} is.",
                pytrace=False,
            )
        if not isinstance(item, pytest.Function) or item.stash.get(checks, 0):
            return
        marked = any(mark.name == _MARK for mark in item.own_markers)
        has = f"has the mark {_MARK}" if marked else f"takes {_FIXTURE}"
        if marked or _FIXTURE in inspect.signature(item.function).parameters:
            pytest.fail(
                f"error: the test {has} and checked nothing. Usual cause: it does not call "
                f"racer_check().",
                pytrace=False,
            )

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, config: pytest.Config
    ) -> None:
        """What an interrupted check has found, and what was written."""
        found = config.stash.get(kept, [])
        if found:
            terminalreporter.section("racer: found before it was interrupted")
            for each in found:
                terminalreporter.write_line(each)
        reports = (each for some in terminalreporter.stats.values() for each in some)
        paths = [
            value
            for report in reports
            if isinstance(report, pytest.TestReport) and report.when == "call"
            for name, value in report.user_properties
            if name == written
        ]
        if paths:
            terminalreporter.section("racer: schedules that were written")
            for path in paths:
                terminalreporter.write_line(str(path))


hooks: Final = Hooks()


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    """Where the module is named as a plugin, by `-p` or in a conftest.py: be the entry point, if
    that was not loaded before. One object under two names would end the run with a traceback."""
    if not pluginmanager.has_plugin(NAME):
        pluginmanager.register(hooks, NAME)
