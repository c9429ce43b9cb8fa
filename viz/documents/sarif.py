"""Results as SARIF 2.1.0, which code hosts and editors show beside the code.

A result for each label, at the line of the model that violates; its code flow is the schedule, a
thread flow for each thread. `executionOrder` is the number of a step in the schedule, so a viewer
may go through a thread or through all. A label that is declared is a "note", any other an "error".
Where a limit cut a search, and where a model does not run, is told by notifications: there is no
line that would be wrong.

Source   OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", sections 3.13
         to 3.38; only what is needed of it
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote

import msgspec
from msgspec import UNSET, UnsetType, field
from msgspec.structs import replace

from racer.errors import Location
from racer.exploration.result import Finding
from racer.exploration.witness_file import racer_version
from racer.files import INSTALLED, shown_path
from racer.lang.values import describe
from racer.replaying.trace import Event
from racer.viz.documents.case import ExploredCase, Told
from racer.viz.documents.parts import dumped
from racer.viz.summary import (
    effect_texts,
    needs_text,
    result_line,
    share_text,
    vacuous_text,
    verdict_text,
)
from racer.words.names import event_names
from racer.words.phrases import event_text

_SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_NOT_AS_DECLARED: Final = "not as declared"  # where what is declared does not show
Level = Literal["none", "note", "warning", "error"]


class _Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An object of SARIF; what it has not is left out."""


class Message(_Part, frozen=True, kw_only=True):
    text: str


class ArtifactLocation(_Part, frozen=True, kw_only=True):
    uri: str
    uri_base_id: str | UnsetType = UNSET


class Region(_Part, frozen=True, kw_only=True):
    start_line: int


class PhysicalLocation(_Part, frozen=True, kw_only=True):
    artifact_location: ArtifactLocation
    region: Region


class Place(_Part, frozen=True, kw_only=True):
    """What SARIF calls a location."""

    physical_location: PhysicalLocation | UnsetType = UNSET
    message: Message | UnsetType = UNSET


class StepPlace(_Part, frozen=True, kw_only=True):
    """A threadFlowLocation; `state` is what the cell that the step changes holds after it."""

    location: Place
    execution_order: int
    importance: Literal["important", "essential"]
    state: dict[str, Message] | UnsetType = UNSET


class ThreadFlow(_Part, frozen=True, kw_only=True):
    id: str
    initial_state: dict[str, Message]
    locations: list[StepPlace]


class CodeFlow(_Part, frozen=True, kw_only=True):
    message: Message
    thread_flows: list[ThreadFlow]


class SarifResult(_Part, frozen=True, kw_only=True):
    rule_id: str
    rule_index: int
    level: Level
    message: Message
    locations: list[Place]
    code_flows: list[CodeFlow] | UnsetType = UNSET
    partial_fingerprints: dict[str, str]
    properties: dict[str, str]


class Rule(_Part, frozen=True, kw_only=True):
    """A reportingDescriptor."""

    id: str
    short_description: Message


class Driver(_Part, frozen=True, kw_only=True):
    name: str
    version: str
    rules: list[Rule]


class Tool(_Part, frozen=True, kw_only=True):
    driver: Driver


class Notification(_Part, frozen=True, kw_only=True):
    level: Level
    message: Message


class Invocation(_Part, frozen=True, kw_only=True):
    execution_successful: bool
    tool_execution_notifications: list[Notification]


class Run(_Part, frozen=True, kw_only=True):
    tool: Tool
    invocations: list[Invocation]
    results: list[SarifResult]


class Sarif(_Part, frozen=True, kw_only=True):
    """The whole file. racer knows one of its own by how it begins: `racer/files.py`."""

    schema: str = field(name="$schema")
    version: str
    runs: list[Run]


def sarif(cases: Sequence[Told]) -> str:
    """The file of what was explored, in one line."""
    explored = [each for each in cases if isinstance(each, ExploredCase)]
    found = [each for case in explored for each in results_of(case)]
    rules = sorted({each.rule_id for each in found})
    driver = Driver(
        name="racer",
        version=racer_version(),
        rules=[Rule(id=rule, short_description=Message(text=rule)) for rule in rules],
    )
    invocation = Invocation(
        execution_successful=len(explored) == len(cases),
        tool_execution_notifications=list(_notifications(cases)),
    )
    run = Run(
        tool=Tool(driver=driver),
        invocations=[invocation],
        results=[replace(each, rule_index=rules.index(each.rule_id)) for each in found],
    )
    return dumped(Sarif(schema=_SCHEMA, version="2.1.0", runs=[run]))


def results_of(case: ExploredCase) -> list[SarifResult]:
    """A result for each label of a case; the number of its rule is not known so far."""
    if case.flows is not None:
        return [each for each in case.flows if isinstance(each, SarifResult)]
    return [_result(case, label, finding) for label, finding in _found(case)]


def _found(case: ExploredCase) -> Iterator[tuple[str, Finding | None]]:
    """The labels of a case; and where all are declared, but others as well, that."""
    labels = [*case.result.violations, *case.result.vacuous]
    for label in labels:
        yield label, case.result.violations.get(label)
    if case.standing == "not as declared" and all(_is_declared(case, each) for each in labels):
        yield _NOT_AS_DECLARED, None


def _is_declared(case: ExploredCase, label: str) -> bool:
    judgement = case.judgement
    if judgement.override is not None:
        return judgement.override == "fail"
    return judgement.declared is not None and label in judgement.declared.labels


def _result(case: ExploredCase, label: str, finding: Finding | None) -> SarifResult:
    declared = label != _NOT_AS_DECLARED and _is_declared(case, label)
    steps = () if finding is None else _shown(finding)
    at = steps[-1].location if steps else case.source
    identity = f"{case.reference} {case.parameters} {case.result.memory} {label}"
    return SarifResult(
        rule_id=label,
        rule_index=-1,
        level="note" if declared else "error",
        message=Message(text=_message(case, label, finding)),
        locations=[Place(physical_location=_physical(at))] if at is not None else [],
        code_flows=UNSET if finding is None or not steps else [_flow(case, label, finding, steps)],
        partial_fingerprints={
            "racerCase/v1": hashlib.sha256(identity.encode(errors="replace")).hexdigest()[:32]
        },
        properties={"case": case.name, "trailer": case.trailer},
    )


def _message(case: ExploredCase, label: str, finding: Finding | None) -> str:
    result = case.result
    if finding is not None:
        effects = "".join(f"; effect: {each}" for each in effect_texts(label, finding, result))
        needs = needs_text(finding)
        by_schedule = finding.witness.execution is None
        needs = f"The schedule {needs}" if by_schedule else f"{needs[0].upper()}{needs[1:]}"
        said = f"{label}: {share_text(finding, result)}{effects}. {needs}."
    elif label in result.vacuous:
        said = f"{label}: {vacuous_text(label, result)}."
    else:
        said = " ".join(verdict_text(result, case.judgement).split())
    return f"{case.name}: {said}"


def _shown(finding: Finding) -> Sequence[Event]:
    """The steps up to the violation; of a livelock all."""
    witness = finding.witness
    return finding.trace.events[: witness.steps if witness.cycle else witness.before]


def _flow(case: ExploredCase, label: str, finding: Finding, steps: Sequence[Event]) -> CodeFlow:
    trace = finding.trace
    names = event_names(trace)
    initial = {cell: Message(text=describe(value)) for cell, value in trace.initial.items()}
    last = len(steps) - 1
    flows: dict[str, list[StepPlace]] = {}
    for order, event in enumerate(steps):
        name = names[event.index]
        text = f"{name} {event_text(event)}"
        if order == last and not finding.witness.cycle:
            text += f" *** {label}"
        changed = event.cell is not None and event.after is not event.before
        at = event.location
        flows.setdefault(event.owner, []).append(
            StepPlace(
                location=Place(
                    physical_location=UNSET if at is None else _physical(at),
                    message=Message(text=text),
                ),
                execution_order=order + 1,
                importance="essential" if order == last else "important",
                state={str(event.cell): Message(text=describe(event.after))} if changed else UNSET,
            )
        )
    return CodeFlow(
        message=Message(text=f"{case.name}: the least schedule that shows {label}"),
        thread_flows=[
            ThreadFlow(id=thread, initial_state=initial, locations=flows[thread])
            for thread in sorted(flows)
        ],
    )


def _physical(at: Location) -> PhysicalLocation:
    path = shown_path(at.path)
    if path.startswith(INSTALLED):
        where = ArtifactLocation(uri=quote(path.removeprefix(INSTALLED)), uri_base_id="INSTALLED")
    elif Path(path).is_absolute():
        where = ArtifactLocation(uri=Path(path).as_uri())
    else:
        where = ArtifactLocation(uri=quote(path), uri_base_id="%SRCROOT%")
    return PhysicalLocation(artifact_location=where, region=Region(start_line=at.line))


def _notifications(cases: Sequence[Told]) -> Iterator[Notification]:
    for case in cases:
        if not isinstance(case, ExploredCase):
            text = case.told if case.why else f"{case.name}: interrupted before it"
            yield Notification(level="error", message=Message(text=text))
        elif case.result.bound is not None:
            text = f"{case.name}: {result_line(case.result)}; a limit cut it: {case.result.bound}"
            yield Notification(level="warning", message=Message(text=text))
