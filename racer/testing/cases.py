"""What a test explores: a scenario with parameters, or a Program that the test made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from racer.artefacts.naming import case_name, case_title, explore_command, identity
from racer.catalogue.discovery import reference_of
from racer.catalogue.parameters import Value
from racer.catalogue.scenario import Expected, Scenario
from racer.errors import Location, UsageError
from racer.lang.program import Program
from racer.viz.summary import heading


@dataclass(frozen=True, slots=True)
class Place:
    """The test that asks: its node id, and the line of the call."""

    test: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Case:
    """A Program, and what is said of it.

    `scenario` is one without parameters where a test made the Program; then `saved_reference`, by
    which a witness names it, is empty. `reference` stands in titles, and `command` explores it
    again. `declared` is what the scenario declares.
    """

    scenario: Scenario
    reference: str
    saved_reference: str
    parameters: dict[str, Value]
    program: Program
    memory: str
    declared: Expected | None
    command: Sequence[str]

    @property
    def file_name(self) -> str:
        """What the names of files about it begin with."""
        return case_name(self.scenario, self.parameters, self.memory)

    @property
    def identity(self) -> str:
        """What tells it from other cases."""
        return identity(self.saved_reference or self.reference, self.parameters, self.memory)

    @property
    def title(self) -> str:
        """What a picture is of, in one line."""
        return case_title(self.scenario, self.parameters, self.memory)

    @property
    def heading(self) -> str:
        """What was explored, and what that is about."""
        what_ifs = self.scenario.what_ifs(self.parameters)
        summary = self.scenario.summary
        return heading(self.reference, summary, self.parameters, self.memory, what_ifs)


def case_of(
    asked: Program | Scenario, given: Mapping[str, object], memory: str, place: Place
) -> Case:
    """The case that a test asks for.

    Errors   UsageError for what is neither, or has no such parameter; ProgramError.
    """
    if isinstance(asked, Scenario):
        return scenario_case(asked, asked.complete(given), memory)
    if not isinstance(asked, Program):
        name = getattr(asked, "__name__", type(asked).__name__)
        raise UsageError(
            f"racer_check() takes a Program or a scenario, not {name!r}. Usual cause: the function "
            f"that makes the Program was not called, or has no @scenario."
        )
    if given:
        raise UsageError(
            f"racer_check() was given {', '.join(map(repr, given))} beside a Program, which has no "
            f"parameters: give it the scenario instead."
        )
    scenario = Scenario(
        name=place.test.rpartition("::")[2].partition("[")[0],
        doc="",
        parameters=(),
        source=Location(place.path, place.line),
        module="",
        function=lambda: asked,
    )
    return Case(scenario, place.test, "", {}, asked, memory, None, ["pytest", place.test])


def scenario_case(scenario: Scenario, parameters: dict[str, Value], memory: str) -> Case:
    """A scenario with all of its parameters. Errors: UsageError, ProgramError."""
    reference = reference_of(scenario)
    return Case(
        scenario,
        reference,
        reference,
        parameters,
        scenario.build(**parameters),
        memory,
        scenario.expected(memory, **parameters),
        explore_command(scenario, reference, parameters, memory),
    )
