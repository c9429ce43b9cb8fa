"""A result as one JSON document, and the results of a file or directory as another.

Values of the model are text, as reports show them. Counts are exact integers of any length.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from racer.catalogue.scenario import Expected
from racer.exploration.judgement import Judgement
from racer.exploration.result import ByExecutions, Finding, Outcome, Verdict
from racer.exploration.witness_file import racer_version
from racer.lang.outcomes import OutcomeKey
from racer.native.library import Engine
from racer.viz.documents.case import ExploredCase
from racer.viz.documents.parts import (
    Came,
    Coverage,
    Entry,
    Number,
    Parameters,
    Sampling,
    Scheduled,
    Step,
    dumped,
    sampling_of,
    scheduled,
    searched_fields,
    step_of,
    threads_came_to,
)


class Declared(Entry, frozen=True, kw_only=True):
    """What the scenario declares, or --expect in its place.

    verdict  "pass" or "fail"
    labels   all labels of a "fail"; null where --expect declares none
    because  the reason in a sentence, empty for none; "--expect" where that declares it
    """

    verdict: Literal["pass", "fail"]
    labels: list[str] | None
    because: str

    @classmethod
    def of(cls, expected: Expected) -> Declared:
        """What a scenario declares."""
        return cls(verdict=expected.verdict, labels=list(expected.labels), because=expected.reason)


class OutcomeOf(Scheduled, frozen=True, kw_only=True):
    """One combination of what the threads come to, with the least schedule that ends in it.

    threads  by thread, what it came to
    """

    threads: dict[str, Came]


class ViolationOf(Scheduled, frozen=True, kw_only=True):
    """A violation, with the least schedule that shows it.

    cpus          how many CPUs the schedule takes until it violates
    events        the schedule, run again step by step
    witness_file  the file that it was saved in; null where that failed
    """

    cpus: Number
    events: list[Step]
    witness_file: str | None


class Executions(Entry, frozen=True, kw_only=True):
    """What a memory model of executions says besides: there are no interleavings and no states.

    count        how many executions it allows that end; null where they are not counted
    by_outcome   how many of these, parallel to the outcomes; nulls where they are not counted
    flags        what the model says besides of some execution, such as "data-race"
    prevented    labels that dependencies keep from showing
    preventable  labels that would not show, were there every dependency that code could have

    of_interleavings  the `sometimes`, `consistency` and invariants, which were asked of the
                      sequentially consistent interleavings alone
    """

    count: Number | None
    by_outcome: list[Number | None]
    flags: list[str]
    prevented: list[str]
    preventable: list[str]
    of_interleavings: list[str]


class ResultDocument(Entry, frozen=True, kw_only=True, tag_field="schema", tag="racer-result/1"):
    """What `racer explore --json` prints of one scenario.

    schema         the kind of document and its version
    racer          the version that wrote it
    scenario       as `racer explore` takes it
    parameters     all of them
    what_ifs       those that are not what the code under test does
    memory         the memory model
    verdict        "pass": every state was searched, and nothing is wrong in any; "fail": there is a
                   violation, replayed, or a `sometimes` that no state reaches; "bound": a limit cut
                   the search before anything was found, so nothing is proved
    expected       what was declared; null for nothing
    as_expected    whether it came so; null where nothing is declared, or a limit cut that off
    bound          the limit that cut the search; null for none
    interleavings  how many there are; null where they are not counted
    uncounted      why they are not counted; null where they are
    loops          threads that can take steps for ever; null where not all states were searched
    unfair         threads that the scheduler has to keep from running for ever; null as above
    coverage       how far coroutines were compared with the search; null where a limit cut it
    states         states that can be reached, of those that were searched
    transitions    moves between these
    outcomes       every combination of what the threads come to
    violations     by label
    vacuous        `sometimes` predicates that no state reaches, and `finally_` if nothing ends
    searched       states in the graph that decided the verdict
    canonical      states up to symmetry; null where not all were searched
    sampling       what single runs say of the others, where these were drawn; null after a search
    executions     what a memory model of executions says besides; null under any other
    trailer        the result in a line for a mail, for `racer verify`; null where it is not told
    engine         what searched: "compiled", or "python", which finds the same more slowly
    """

    racer: str
    scenario: str
    parameters: Parameters
    what_ifs: Parameters
    memory: str
    verdict: Verdict
    expected: Declared | None
    as_expected: bool | None
    bound: str | None
    interleavings: Number | None
    uncounted: str | None
    loops: list[str] | None
    unfair: list[str] | None
    coverage: Coverage | None
    states: Number
    transitions: Number
    outcomes: list[OutcomeOf]
    violations: dict[str, ViolationOf]
    vacuous: list[str]
    searched: Number
    canonical: Number | None
    sampling: Sampling | None
    executions: Executions | None
    trailer: str | None
    engine: Engine


class ResultsDocument(Entry, frozen=True, kw_only=True, tag_field="schema", tag="racer-results/1"):
    """What `racer explore --json` prints of a file or directory.

    schema   the kind of document and its version
    racer    the version that wrote it
    results  of each scenario that ran, in the order of their names
    errors   files that do not load and scenarios that do not run, and why
    """

    racer: str
    results: list[ResultDocument]
    errors: list[str]


def document(case: ExploredCase) -> str:
    """The document of one result, in one line."""
    return dumped(result_document(case))


def results_document(cases: Sequence[ExploredCase], errors: Sequence[str]) -> str:
    """The document of several results, in one line."""
    results = [result_document(case) for case in cases]
    return dumped(ResultsDocument(racer=racer_version(), results=results, errors=list(errors)))


def result_document(case: ExploredCase) -> ResultDocument:
    """The document of one result, as data."""
    if isinstance(case.document, ResultDocument):
        return case.document
    result, judgement = case.result, case.judgement
    return ResultDocument(
        racer=racer_version(),
        scenario=case.reference,
        parameters=dict(case.parameters),
        what_ifs=dict(case.what_ifs),
        memory=result.memory,
        verdict=result.verdict,
        expected=_declared(judgement),
        as_expected=judgement.as_expected,
        **searched_fields(result),
        outcomes=[_outcome(key, outcome) for key, outcome in result.outcomes.items()],
        violations={
            label: _violation(finding, case.files.get(label))
            for label, finding in result.violations.items()
        },
        vacuous=list(result.vacuous),
        searched=result.searched,
        canonical=result.canonical,
        engine=result.engine,
        sampling=sampling_of(result.sampling),
        executions=_executions(result.executions),
        trailer=case.trailer or None,
    )


def _executions(said: ByExecutions | None) -> Executions | None:
    if said is None:
        return None
    return Executions(
        count=said.count,
        by_outcome=list(said.by_outcome.values()),
        flags=list(said.flags),
        prevented=list(said.prevented),
        preventable=list(said.preventable),
        of_interleavings=list(said.of_interleavings),
    )


def _declared(judgement: Judgement) -> Declared | None:
    """What was declared; --expect declares no labels."""
    if judgement.override is not None:
        return Declared(verdict=judgement.override, labels=None, because="--expect")
    return None if judgement.declared is None else Declared.of(judgement.declared)


def _outcome(key: OutcomeKey, outcome: Outcome) -> OutcomeOf:
    return OutcomeOf(
        **scheduled(outcome.witness, outcome.interleavings), threads=threads_came_to(key)
    )


def _violation(finding: Finding, file: str | None) -> ViolationOf:
    return ViolationOf(
        **scheduled(finding.witness, finding.interleavings),
        cpus=finding.cpus,
        events=[step_of(event) for event in finding.trace.events],
        witness_file=file,
    )
