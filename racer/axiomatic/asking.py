"""What each memory model says of a litmus test: the states it allows, and those asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from racer.axiomatic.checking import Violation, allowed, check
from racer.axiomatic.enumerating import LIMIT, Execution, executions
from racer.axiomatic.events import Value
from racer.axiomatic.graphs import Graph
from racer.axiomatic.litmus.conditions import EndState, Place
from racer.axiomatic.litmus.data import LitmusTest
from racer.axiomatic.models.axioms import Model

Observation = Literal["Never", "Sometimes", "Always"]
State = tuple[Value, ...]


@dataclass(slots=True)
class Answer:
    """What one model says of one test.

    states      what the observed places hold at the end, and in how many executions
    positive    executions in which the proposition holds, whatever the quantifier
    negative    those in which it does not
    flags       what the model says besides of some of them, such as "data-race"
    forbidden   the first execution that it forbids and the proposition holds in
    """

    model: Model
    states: dict[State, int] = field(default_factory=dict)
    positive: int = 0
    negative: int = 0
    flags: dict[str, None] = field(default_factory=dict)
    forbidden: Graph | None = None

    @property
    def refusal(self) -> tuple[Graph, Violation] | None:
        """Where the proposition never holds: an execution in which it would, and why that is
        forbidden."""
        if self.positive or self.forbidden is None:
            return None
        violation = check(self.model, self.forbidden)
        return None if violation is None else (self.forbidden, violation)

    @property
    def observation(self) -> Observation:
        if not self.positive:
            return "Never"
        return "Sometimes" if self.negative else "Always"

    def validated(self, test: LitmusTest) -> bool:
        """Whether what the test says is so."""
        if test.condition.quantifier == "exists":
            return self.positive > 0
        if test.condition.quantifier == "~exists":
            return self.positive == 0
        return self.negative == 0


@dataclass(frozen=True, slots=True)
class Answers:
    """What several models say of one test, from one enumeration.

    candidates   coherent executions, of which each model allows some
    """

    test: LitmusTest
    answers: tuple[Answer, ...]
    candidates: int


def ask(test: LitmusTest, models: Sequence[Model], limit: int = LIMIT) -> Answers:
    """Show every execution of a test to every model. Errors: TooMany, Unreadable."""
    answers = tuple(Answer(model) for model in models)
    candidates = 0
    for execution in executions(test.threads, test.initial, limit):
        candidates += 1
        _count(test, execution, answers)
    return Answers(test, answers, candidates)


def _count(test: LitmusTest, execution: Execution, answers: Sequence[Answer]) -> None:
    """Note in each answer what its model says of one execution."""
    condition, final = test.condition, _final(test, execution)
    counts = condition.restricts is None or condition.restricts(final)
    holds = counts and condition.holds(final)
    state = tuple(final(place) for place in condition.observed)
    for answer in answers:
        if not allowed(answer.model, execution.graph):
            if holds and answer.forbidden is None:
                answer.forbidden = execution.graph
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
