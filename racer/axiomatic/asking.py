"""What each memory model says of a litmus test: the states it allows, and those asked for."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from racer.axiomatic.budget import TooMany
from racer.axiomatic.checking import allowed, check
from racer.axiomatic.enumerating import LIMIT, Execution, executions
from racer.axiomatic.events import Value
from racer.axiomatic.graphs import Graph
from racer.axiomatic.litmus.conditions import Condition, EndState, Place, Quantifier
from racer.axiomatic.litmus.data import LitmusTest
from racer.axiomatic.models.axioms import Model
from racer.errors import InternalError

_WHILE: Final = 10_000  # histories, combinations and line-ups, for a reason alone

Observation = Literal["Never", "Sometimes", "Always"]
State = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an execution is forbidden: the axiom, and a cycle of events, each edge with its name."""

    axiom: str
    cycle: tuple[tuple[str, str, str], ...]  # the event, the edge, and the event it leads to


@dataclass(frozen=True, slots=True)
class Separation:
    """An execution that the weaker of two models allows: the state it ends in, and why the stronger
    forbids it. It is the first in which the proposition holds, or else the first."""

    stronger: str
    weaker: str
    state: State
    refusal: Refusal


@dataclass(slots=True)
class Answer:
    """What one model says of one test.

    states      what the observed places hold at the end, and in how many executions
    positive    executions in which the proposition holds, whatever the quantifier
    negative    those in which it does not
    flags       what the model says besides of some of them, such as "data-race"
    refusal     where the proposition never holds: why one in which it would is forbidden; None if
                there is none, or nobody asked
    """

    model: Model
    states: dict[State, int] = field(default_factory=dict)
    positive: int = 0
    negative: int = 0
    flags: dict[str, None] = field(default_factory=dict)
    refusal: Refusal | None = None

    @property
    def observation(self) -> Observation:
        if not self.positive:
            return "Never"
        return "Sometimes" if self.negative else "Always"

    def validated(self, quantifier: Quantifier) -> bool:
        """Whether what the test says is so."""
        if quantifier == "exists":
            return self.positive > 0
        if quantifier == "~exists":
            return self.positive == 0
        return self.negative == 0


@dataclass(frozen=True, slots=True)
class Answers:
    """What several models say of one test, from one enumeration.

    candidates   coherent executions that were shown to the models, of which each allows some
    separations  of each model and the next weaker one that was asked: what only that allows, where
                 they differ; empty if nobody asked for reasons
    """

    name: str
    architecture: str
    condition: Condition
    answers: tuple[Answer, ...]
    candidates: int
    separations: tuple[Separation, ...] = ()


def ask(
    test: LitmusTest, models: Sequence[Model], limit: int = LIMIT, *, reasons: bool = False
) -> Answers:
    """Show every execution of a test to every model.

    With `reasons`, answers say why what never happens is forbidden: that of the first execution.

    Errors   TooMany, Unreadable.
    """
    answers = tuple(Answer(model) for model in models)
    found = _Found()
    candidates = 0

    def hopeless(graph: Graph) -> bool:  # the weakest, which is last, is the likeliest to allow it
        return not any(allowed(model, graph) for model in reversed(models))

    for execution in executions(test.threads, test.initial, limit, hopeless):
        candidates += 1
        _count(test, execution, answers, found)
    separations = []
    if reasons:
        for answer in answers:
            if not answer.positive and answer.model.name not in found.forbidden:
                _look_among_hopeless(test, answer.model, found)
            if not answer.positive and answer.model.name in found.forbidden:
                answer.refusal = _refusal(answer.model, found.forbidden[answer.model.name])
        for stronger, weaker in itertools.pairwise(models):
            if (stronger.name, weaker.name) in found.between:
                _, state, graph = found.between[stronger.name, weaker.name]
                why = _refusal(stronger, graph)
                separations.append(Separation(stronger.name, weaker.name, state, why))
    return Answers(
        *(test.name, test.architecture, test.condition, answers, candidates), tuple(separations)
    )


def _look_among_hopeless(test: LitmusTest, model: Model, found: _Found) -> None:
    """One that a model forbids and the proposition holds in may have been left out: look again,
    for a while, where nothing is."""
    with contextlib.suppress(TooMany):
        for execution in executions(test.threads, test.initial, _WHILE):
            if test.condition.holds(_final(test, execution)) and not allowed(
                model, execution.graph
            ):
                found.forbidden[model.name] = execution.graph
                return


@dataclass(slots=True)
class _Found:
    """Executions that answers are explained by.

    forbidden   of each model the first that it forbids, of those in which the proposition holds
    between     of two models the first that only the weaker allows, with its state, and whether
                the proposition holds there, which is preferred
    """

    forbidden: dict[str, Graph] = field(default_factory=dict)
    between: dict[tuple[str, str], tuple[bool, State, Graph]] = field(default_factory=dict)


def _refusal(model: Model, graph: Graph) -> Refusal:
    violation = check(model, graph)
    if violation is None:
        raise InternalError(f"{model.name} forbade an execution, and allows it now")
    cycle = [
        (graph.text(edge.before), edge.name, graph.text(edge.after)) for edge in violation.cycle
    ]
    return Refusal(violation.axiom, tuple(cycle))


def _count(
    test: LitmusTest,
    execution: Execution,
    answers: Sequence[Answer],
    found: _Found,
) -> None:
    """Note in each answer what its model says of one execution."""
    condition, final = test.condition, _final(test, execution)
    counts = condition.restricts is None or condition.restricts(final)
    holds = counts and condition.holds(final)
    state = tuple(final(place) for place in condition.observed)
    stronger = ""  # the model before this one, if that forbids it
    for answer in answers:
        name = answer.model.name
        if not allowed(answer.model, execution.graph):
            if holds:
                found.forbidden.setdefault(name, execution.graph)
            stronger = name
            continue
        if stronger and counts:
            known = found.between.get((stronger, name))
            if known is None or (holds and not known[0]):
                found.between[stronger, name] = (holds, state, execution.graph)
        stronger = ""
        _no_fault(test, execution)
        if not counts:
            continue
        answer.states[state] = answer.states.get(state, 0) + 1
        answer.positive += holds
        answer.negative += not holds
        if answer.model.flags is not None:
            answer.flags.update(dict.fromkeys(answer.model.flags(execution.graph)))


def _final(test: LitmusTest, execution: Execution) -> EndState:
    numbers = {each.name: at for at, each in enumerate(test.threads)}

    def of(place: Place) -> Value:
        if not place.thread:
            return execution.memory[place.name]
        return execution.histories[numbers[place.thread]].registers.get(
            test.register_name(place.name), 0
        )

    return of


def _no_fault(test: LitmusTest, execution: Execution) -> None:
    for thread, history in zip(test.threads, execution.histories, strict=True):
        if history.fault:
            raise test.source.error_in(history.line, f"P{thread.name} {history.fault}")
