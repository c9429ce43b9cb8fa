"""Scenarios as one JSON document: what each asks, its parameters, and what it declares."""

from __future__ import annotations

from collections.abc import Sequence

from racer.catalogue.discovery import Found
from racer.catalogue.parameters import Kind, Parameter
from racer.catalogue.scenario import Expected
from racer.catalogue.told import parameter_text, question
from racer.exploration.witness_file import racer_version
from racer.files import shown_path
from racer.viz.documents.parts import Entry, dumped
from racer.viz.documents.result import Declared


class ChoiceOf(Entry, frozen=True, kw_only=True):
    """One of the values that a parameter may have.

    value    as `--set` and the other documents have it
    meaning  what it stands for; empty where that is not declared
    what_if  whether it is not what the code under test does
    """

    value: bool | int | str
    meaning: str
    what_if: bool


class ParameterOf(Entry, frozen=True, kw_only=True):
    """A parameter of a scenario.

    name        as `--set` takes it
    kind        "int", "bool", "str", or "choice": one of the values in `choices`
    default     what it is without being set
    text        what it is, in words; empty where that is not said
    low         of an int the least it may be; null for no limit
    high        of an int the most it may be; null for no limit
    choices     its values, of a bool or a choice; of any other empty
    what_ifs    values that are not what the code under test does
    configured  whether a system has one of its values, and others another
    """

    name: str
    kind: Kind
    default: bool | int | str
    text: str
    low: int | None
    high: int | None
    choices: list[ChoiceOf]
    what_ifs: list[bool | int | str]
    configured: bool


class ScenarioOf(Entry, frozen=True, kw_only=True):
    """A scenario.

    scenario    as `racer explore` takes it
    source      the file and line where it is defined
    installed   whether it comes with racer
    summary     the first line of its docstring
    question    what it asks; empty where that is not said
    parameters  in the order of declaration
    expected    what it declares by default; null for nothing
    """

    scenario: str
    source: str
    installed: bool
    summary: str
    question: str
    parameters: list[ParameterOf]
    expected: Declared | None


class ListDocument(Entry, frozen=True, kw_only=True, tag_field="schema", tag="racer-list/1"):
    """What `racer list --json` prints.

    schema     the kind of document and its version
    racer      the version that wrote it
    scenarios  by name
    errors     files that do not load, and scenarios that cannot say what they expect, and why
    """

    racer: str
    scenarios: list[ScenarioOf]
    errors: list[str]


def list_document(listed: Sequence[tuple[Found, Expected | None]], errors: Sequence[str]) -> str:
    """The document, in one line: each scenario with what it declares by default."""
    scenarios = [_scenario(found, declared) for found, declared in listed]
    return dumped(ListDocument(racer=racer_version(), scenarios=scenarios, errors=list(errors)))


def _scenario(found: Found, expected: Expected | None) -> ScenarioOf:
    scenario = found.scenario
    return ScenarioOf(
        scenario=found.reference,
        source=f"{shown_path(scenario.source.path)}:{scenario.source.line}",
        installed=found.installed,
        summary=scenario.summary,
        question=question(scenario),
        parameters=[_parameter(found, each) for each in scenario.parameters],
        expected=None if expected is None else Declared.of(expected),
    )


def _parameter(found: Found, parameter: Parameter) -> ParameterOf:
    limits = parameter.range
    return ParameterOf(
        name=parameter.name,
        kind=parameter.kind,
        default=parameter.default,
        text=parameter_text(found.scenario, parameter.name),
        low=None if limits is None else limits.low,
        high=None if limits is None else limits.high,
        choices=[
            ChoiceOf(
                value=each, meaning=parameter.meaning(each), what_if=parameter.is_what_if(each)
            )
            for each in parameter.choices
        ],
        what_ifs=list(parameter.what_ifs),
        configured=parameter.configured,
    )
