"""Answered claims as one JSON document."""

from __future__ import annotations

from collections.abc import Sequence

from racer.claims.answering import what_ifs_of
from racer.claims.cases import Case, Point
from racer.claims.data import Ask
from racer.claims.deciding import Decided
from racer.exploration.witness_file import racer_version
from racer.viz.claims import as_the_c_is_text
from racer.viz.documents.parts import Coverage, Entry, Number, Parameters, coverage_of, dumped


class LabelShown(Entry, frozen=True, kw_only=True):
    """A violation that a case shows.

    interleavings  how many show it; null where that is not counted
    effects        what it leads to, where that is declared
    """

    interleavings: Number | None
    effects: list[str]


class CaseOf(Entry, frozen=True, kw_only=True):
    """What one exploration showed, as far as claims look at it.

    interleavings  how many there are; null where they are not counted
    states         states that were searched
    labels         its violations, by name
    returned       by thread, everything that it came to, sorted
    executions     how many there are under a memory model of executions; null under any other
    loops          threads that can take steps for ever; null where not all states were searched
    bound          the limit that cut the search; null for none
    coverage       how far coroutines were compared with the search; null where a limit cut it
    vacuous        `sometimes` predicates that no state reaches, and `finally_` if nothing ends
    """

    interleavings: Number | None
    states: Number
    labels: dict[str, LabelShown]
    returned: dict[str, list[str]]
    executions: Number | None
    loops: list[str] | None
    bound: str | None
    coverage: Coverage | None
    vacuous: list[str]


class PointOf(Entry, frozen=True, kw_only=True):
    """One point of the grid of parameters of an ask.

    parameters  all of them
    what_ifs    those that are not what the code under test does
    holds       what the ask comes to here; null where nothing is known, or it cannot happen
    refused     why it cannot happen; null where it can
    cases       the explorations that this rests on
    """

    parameters: Parameters
    what_ifs: Parameters
    holds: bool | None
    refused: str | None
    cases: list[CaseOf]


class AskOf(Entry, frozen=True, kw_only=True):
    """What a claim says of one scenario.

    scenario  its name
    asked     what is asked of it
    points    the grid of its parameters
    """

    scenario: str
    asked: str
    points: list[PointOf]


class ClaimOf(Entry, frozen=True, kw_only=True):
    """A claim and its answer.

    claim                 its name
    memory                the memory model that it was decided under
    text                  what was claimed
    made                  where that was
    answer                "holds", "refuted", "holds only if ...", "open" or "bound"
    unasked               why the memory model cannot be asked about it; null where it can
    expected              the answer that is declared
    universal             what a sentence about all that could be written comes to; null of others
    as_the_c_is           the answer where nothing is a what-if: "yes", "no", "depends on ..."
    as_the_c_is_expected  the one that is declared; null where none is
    as_expected           whether the answers are as declared
    because               the reason that is declared
    asks                  what was asked, and what came of it
    """

    claim: str
    memory: str
    text: str
    made: str
    answer: str
    unasked: str | None
    expected: str
    universal: str | None
    as_the_c_is: str
    as_the_c_is_expected: str | None
    as_expected: bool
    because: str
    asks: list[AskOf]


class ClaimsDocument(Entry, frozen=True, kw_only=True, tag_field="schema", tag="racer-claims/1"):
    """What `racer claims --json` prints.

    schema  the kind of document and its version
    racer   the version that wrote it
    memory  the memory model, or several: "sc,tso"
    claims  in the order in which they are declared, or were asked for; under one memory model after
            the other
    """

    racer: str
    memory: str
    claims: list[ClaimOf]


def claims_document(decided: Sequence[Decided], memory: str) -> str:
    """The document, in one line."""
    claims = [_claim(each) for each in decided]
    return dumped(ClaimsDocument(racer=racer_version(), memory=memory, claims=claims))


def _claim(decided: Decided) -> ClaimOf:
    claim = decided.claim
    declared = claim.as_the_c_is
    return ClaimOf(
        claim=claim.name,
        memory=decided.memory,
        text=claim.text,
        made=claim.made,
        answer=str(decided.answer),
        unasked=decided.unasked,
        expected=str(decided.expected),
        universal=decided.universal_text or None,
        as_the_c_is=as_the_c_is_text(decided.as_the_c_is),
        as_the_c_is_expected=None if declared is None else as_the_c_is_text(declared),
        as_expected=decided.as_expected,
        because=claim.because,
        asks=[
            AskOf(
                scenario=ask.scenario.name,
                asked=ask.text,
                points=[_point(ask, point) for point in points],
            )
            for ask, points in decided.asked()
        ],
    )


def _point(ask: Ask, point: Point) -> PointOf:
    return PointOf(
        parameters=dict(point.parameters),
        what_ifs=dict(what_ifs_of(ask, point)),
        holds=point.holds,
        refused=point.refused,
        cases=[_case(case) for case in point.cases],
    )


def _case(case: Case) -> CaseOf:
    return CaseOf(
        interleavings=case.interleavings,
        states=case.states,
        labels={
            label: LabelShown(interleavings=found.interleavings, effects=list(found.effects))
            for label, found in case.labels.items()
        },
        returned={thread: sorted(values) for thread, values in case.returned.items()},
        executions=case.executions,
        loops=None if case.loops is None else list(case.loops),
        bound=case.bound,
        coverage=coverage_of(case.coverage),
        vacuous=list(case.vacuous),
    )
