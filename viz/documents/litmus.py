"""What memory models say of litmus tests as one JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from racer.axiomatic.asking import Answer, Answers, Refusal, State
from racer.axiomatic.directories import Asked
from racer.exploration.witness_file import racer_version
from racer.viz.documents.parts import Entry, Number, dumped
from racer.viz.litmus import sorted_states


class PlaceOf(Entry, frozen=True, kw_only=True):
    """What a location or a register holds at the end.

    place  the location, "x", or the register, "0:r1"
    value  a number, or the name of the location that it is the address of
    """

    place: str
    value: int | str


class StateOf(Entry, frozen=True, kw_only=True):
    """A final state, of what the condition and `locations` name.

    values      the values, in the order in which the test names the places
    executions  how many executions end in it
    """

    values: list[PlaceOf]
    executions: Number


class EdgeOf(Entry, frozen=True, kw_only=True):
    """A step of a cycle.

    before  the event, such as "P0:2 W release y=1": the second of P0
    edge    how it comes before the next, such as "rf", "co", "fr" or "fence"
    after   the next event
    """

    before: str
    edge: str
    after: str


class ForbiddenBy(Entry, frozen=True, kw_only=True):
    """Why an execution in which the proposition holds is not allowed.

    axiom  the axiom of the model that it breaks
    cycle  the events that would each come before the next, round in a circle
    """

    axiom: str
    cycle: list[EdgeOf]


class AnswerOf(Entry, frozen=True, kw_only=True):
    """What one memory model says of a test.

    memory        the model
    observation   whether the proposition holds in no allowed execution, in some, or in all
    validated     whether what the test says is so
    positive      allowed executions in which the proposition holds, whatever the quantifier
    negative      those in which it does not
    states        the final states that are allowed
    flags         what else the model says of some execution, such as "data-race"
    forbidden_by  of a proposition that never holds, why; null where it holds in no execution at
                  all, or holds in some that is allowed
    """

    memory: str
    observation: Literal["Never", "Sometimes", "Always"]
    validated: bool
    positive: Number
    negative: Number
    states: list[StateOf]
    flags: list[str]
    forbidden_by: ForbiddenBy | None


class SeparationOf(Entry, frozen=True, kw_only=True):
    """An execution that the weaker of two models allows.

    stronger      the model that forbids it
    weaker        the next weaker one that was asked
    values        the state that it ends in
    forbidden_by  why the stronger forbids it
    """

    stronger: str
    weaker: str
    values: list[PlaceOf]
    forbidden_by: ForbiddenBy


class LitmusOf(Entry, frozen=True, kw_only=True):
    """A litmus test.

    file          where it stands
    name          what its first line calls it
    architecture  "C", "X86" or "AArch64"
    quantifier    "exists", "~exists" or "forall"
    condition     the quantifier and the proposition
    candidates    executions that were shown to the models: they are coherent and atomic
    answers       what each model says that was asked, from the strongest to the weakest
    separations   of each model and the next weaker one, where they differ, what only that allows
    not_asked     models that were asked for, and say nothing of this architecture
    """

    file: str
    name: str
    architecture: str
    quantifier: Literal["exists", "~exists", "forall"]
    condition: str
    candidates: Number
    answers: list[AnswerOf]
    separations: list[SeparationOf]
    not_asked: list[str]


class UnansweredOf(Entry, frozen=True, kw_only=True):
    """A file without an answer.

    file   which one
    bound  whether a limit cut it; else it cannot be read
    why    the limit, or the error with its line
    """

    file: str
    bound: bool
    why: str


class LitmusDocument(Entry, frozen=True, kw_only=True, tag_field="schema", tag="racer-litmus/1"):
    """What `racer litmus --json` prints.

    schema      the kind of document and its version
    racer       the version that wrote it
    tests       the tests that were answered, in order
    unanswered  the files that were not
    """

    racer: str
    tests: list[LitmusOf]
    unanswered: list[UnansweredOf]


def litmus_document(asked: Sequence[Asked]) -> str:
    """The document of one test or several, in one line."""
    return dumped(
        LitmusDocument(
            racer=racer_version(),
            tests=[_test(each, each.answers) for each in asked if each.answers is not None],
            unanswered=[
                UnansweredOf(file=each.path, bound=not each.error, why=each.error or each.bound)
                for each in asked
                if each.answers is None
            ],
        )
    )


def _test(asked: Asked, found: Answers) -> LitmusOf:
    return LitmusOf(
        file=asked.path,
        name=found.name,
        architecture=found.architecture,
        quantifier=found.condition.quantifier,
        condition=found.condition.text,
        candidates=found.candidates,
        answers=[_answer(found, answer) for answer in found.answers],
        separations=[
            SeparationOf(
                stronger=each.stronger,
                weaker=each.weaker,
                values=_values(found, each.state),
                forbidden_by=_forbidden(each.refusal),
            )
            for each in found.separations
        ],
        not_asked=list(asked.refused),
    )


def _answer(found: Answers, answer: Answer) -> AnswerOf:
    return AnswerOf(
        memory=answer.model.name,
        observation=answer.observation,
        validated=answer.validated(found.condition.quantifier),
        positive=answer.positive,
        negative=answer.negative,
        states=[
            StateOf(
                values=_values(found, state),
                executions=answer.states[state],
            )
            for state in sorted_states(answer)
        ],
        flags=list(answer.flags),
        forbidden_by=None if answer.refusal is None else _forbidden(answer.refusal),
    )


def _values(found: Answers, state: State) -> list[PlaceOf]:
    places = zip(found.condition.observed, state, strict=True)
    return [PlaceOf(place=str(place), value=value) for place, value in places]


def _forbidden(refusal: Refusal) -> ForbiddenBy:
    return ForbiddenBy(
        axiom=refusal.axiom,
        cycle=[
            EdgeOf(before=before, edge=name, after=after) for before, name, after in refusal.cycle
        ],
    )
