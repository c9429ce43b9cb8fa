"""`pytest --racer`: what a file of scenarios declares, a test for each point; and its claims."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

import pytest

from racer.catalogue.discovery import makes, scenarios_of
from racer.catalogue.packages import load_file
from racer.catalogue.parameters import Parameter, Value, show_parameters
from racer.catalogue.scenario import Scenario
from racer.claims.data import Claim
from racer.claims.deciding import CasesFailed, Decided, Known, decide
from racer.claims.finding import claims_in
from racer.errors import RacerError, UsageError
from racer.testing.cases import Place, scenario_case
from racer.testing.checking import Limits, Room, checked, report, search
from racer.testing.expecting import expectation
from racer.testing.schedules import owner_of
from racer.testing.telling import room_of, telling
from racer.viz.claims import claim_text, telling_text

_known: Final = pytest.StashKey[Known]()


def is_collected(path: Path, config: pytest.Config) -> bool:
    """Whether the text of a file makes scenarios or claims, and it is no file of tests, which
    would be loaded twice, and check its scenarios itself."""
    tests = any(fnmatch(path.name, pattern) for pattern in config.getini("python_files"))
    return not tests and makes(path)


class ScenarioFile(pytest.File):
    """A file of scenarios and claims."""

    def collect(self) -> Iterator[pytest.Item]:
        try:
            module = load_file(self.path)
        except RacerError as error:
            raise self.CollectError(f"error: {error}") from None
        for scenario in scenarios_of(module):
            for point in points(scenario, self.config.getoption("racer_grid")):
                told = ",".join(show_parameters({key: point[key]}) for key in point)
                name = f"{scenario.name}[{told}]" if told else scenario.name
                yield Point.from_parent(self, name=name, scenario=scenario, parameters=point)
        for claim in claims_in([module]):
            yield ClaimItem.from_parent(self, name=claim.name, claim=claim)


def points(scenario: Scenario, grid: str) -> Iterator[dict[str, Value]]:
    """Those parameters of each point that are not at their defaults.

    Of "each" one is, or none: so many points as there are values. Of "all" any may be. An int
    without a range, and a text, are at their defaults; and with "each" any int is, as the largest
    may take for ever.
    """
    values = {each.name: _values(each, grid) for each in scenario.parameters}
    defaults = {each.name: each.default for each in scenario.parameters}
    if grid == "each":
        yield {}
        for name, others in values.items():
            yield from ({name: value} for value in others if value != defaults[name])
        return
    for chosen in itertools.product(*values.values()):
        point = dict(zip(values, chosen, strict=True))
        yield {name: value for name, value in point.items() if value != defaults[name]}


def _values(parameter: Parameter, grid: str) -> tuple[Value, ...]:
    """What it may be, the default first."""
    values: Iterable[Value] = parameter.choices
    if grid == "all" and parameter.range is not None:
        values = range(parameter.range.low, parameter.range.high + 1)
    return tuple(dict.fromkeys([parameter.default, *values]))


class _Item(pytest.Item):
    """A test of what a file declares."""

    line: int | None = None

    @property
    def memory(self) -> str:
        """The memory model."""
        return str(self.config.getoption("racer_memory"))

    @property
    def limits(self) -> Limits:
        """How long it may take."""
        return Limits(timeout=self.config.getoption("racer_timeout"))

    def runtest(self) -> None:
        with telling():
            self.check(room_of(self))

    def check(self, room: Room) -> None:
        """Errors: CheckFailed, RacerError."""
        raise NotImplementedError

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, self.line, self.name


class Point(_Item):
    """A scenario at one point of its grid, held against what it declares there."""

    def __init__(self, *, scenario: Scenario, parameters: dict[str, Value], **more: Any) -> None:
        super().__init__(**more)
        self._scenario = scenario
        self._parameters = scenario.complete(parameters)
        self.line = scenario.source.line - 1
        self.add_marker("racer")

    def check(self, room: Room) -> None:
        scenario, parameters = self._scenario, self._parameters
        try:
            scenario.build(**parameters)
        except UsageError as error:
            pytest.skip(f"it cannot happen: {error}")
        case = scenario_case(scenario, parameters, self.memory)
        if case.declared is None and scenario.expect is not None:
            pytest.skip("nothing is declared of these parameters")
        expected = expectation(None, case.declared)
        place = Place(self.nodeid, str(self.path), scenario.source.line)
        owner = owner_of(case, place, 1, room.schedules, room.root)
        checked(case, expected, self.limits, owner, room)


class ClaimItem(_Item):
    """A claim, held against the answer that is declared."""

    def __init__(self, *, claim: Claim, **more: Any) -> None:
        super().__init__(**more)
        self._claim = claim
        self.add_marker("racer")

    def check(self, room: Room) -> None:
        known = self.config.stash.setdefault(_known, {})
        try:
            (decided,) = decide(
                [self._claim],
                memory=self.memory,
                timeout=self.limits.timeout,
                known=known,
            )
        except CasesFailed as error:
            pytest.fail(f"error: {error}", pytrace=False)
        if decided.as_expected and not any(case.bound for case in decided.cases()):
            return
        text = claim_text(decided, self.memory)
        shown = self._schedule(decided, room)
        pytest.fail("\n\n".join([self._reason(decided), text, *shown]), pytrace=False)

    def _reason(self, decided: Decided) -> str:
        if any(case.bound for case in decided.cases()):
            return "error: a limit cut the search, and what was not searched is not tested."
        return f"claim {self._claim.name}: {decided.answer}, and {decided.expected} is expected"

    def _schedule(self, decided: Decided, room: Room) -> Iterator[str]:
        """The case that contradicts it, or else demonstrates it."""
        shown = decided.telling()
        if shown is None:
            return
        ask, point = shown
        case = scenario_case(ask.scenario, ask.scenario.complete(point.parameters), self.memory)
        yield telling_text(self._claim, ask)
        expected = expectation(None, case.declared)
        yield report(case, expected, search(case, expected, self.limits, room), room)
