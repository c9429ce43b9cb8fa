"""What each memory model says of a litmus test: the states it allows, and those asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from racer.axiomatic.checking import allowed, check
from racer.axiomatic.enumerating import LIMIT, Execution, executions
from racer.axiomatic.events import Value
from racer.axiomatic.graphs import Graph
from racer.axiomatic.litmus.conditions import Condition, EndState, Place, Quantifier
from racer.axiomatic.litmus.data import LitmusTest
from racer.axiomatic.models.axioms import Model

Observation = Literal["Never", "Sometimes", "Always"]
State = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an execution is forbidden: the axiom, and a cycle of events, each edge with its name."""

    axiom: str
    cycle: tuple[tuple[str, str, str], ...]  # the event, the edge, and the event it leads to


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

    candidates   coherent executions, of which each model allows some
    """

    name: str
    architecture: str
    condition: Condition
    answers: tuple[Answer, ...]
    candidates: int


def ask(
    test: LitmusTest, models: Sequence[Model], limit: int = LIMIT, *, reasons: bool = False
) -> Answers:
    """Show every execution of a test to every model.

    With `reasons`, answers say why what never happens is forbidden: that of the first execution.

    Errors   TooMany, Unreadable.
    """
    answers = tuple(Answer(model) for model in models)
    forbidden: dict[str, Graph] = {}  # by model
    candidates = 0
    for execution in executions(test.threads, test.initial, limit):
        candidates += 1
        _count(test, execution, answers, forbidden)
    for answer in answers:
        if reasons and not answer.positive and answer.model.name in forbidden:
            answer.refusal = _refusal(answer.model, forbidden[answer.model.name])
    return Answers(test.name, test.architecture, test.condition, answers, candidates)


def _refusal(model: Model, graph: Graph) -> Refusal | None:
    violation = check(model, graph)
    if violation is None:
        return None
    cycle = [
        (graph.text(edge.before), edge.name, graph.text(edge.after)) for edge in violation.cycle
    ]
    return Refusal(violation.axiom, tuple(cycle))


def _count(
    test: LitmusTest,
    execution: Execution,
    answers: Sequence[Answer],
    forbidden: dict[str, Graph],
) -> None:
    """Note in each answer what its model says of one execution."""
    condition, final = test.condition, _final(test, execution)
    counts = condition.restricts is None or condition.restricts(final)
    holds = counts and condition.holds(final)
    state = tuple(final(place) for place in condition.observed)
    for answer in answers:
        if not allowed(answer.model, execution.graph):
            if holds:
                forbidden.setdefault(answer.model.name, execution.graph)
            continue
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
