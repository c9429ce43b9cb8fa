"""What each memory model says of a litmus test: the states it allows, and those asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from racer.axiomatic.checking import allowed
from racer.axiomatic.enumerating import Execution, executions
from racer.axiomatic.events import Value
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
    """

    model: Model
    states: dict[State, int] = field(default_factory=dict)
    positive: int = 0
    negative: int = 0
    flags: dict[str, None] = field(default_factory=dict)

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


def ask(test: LitmusTest, models: Sequence[Model]) -> Answers:
    """Show every execution of a test to every model. Errors: TooMany, Unreadable."""
    answers = tuple(Answer(model) for model in models)
    condition = test.condition
    candidates = 0
    for execution in executions(test.threads, test.initial):
        candidates += 1
        final = _final(test, execution)
        counted: bool | None = None
        for answer in answers:
            if not allowed(answer.model, execution.graph):
                continue
            if counted is None:
                _no_fault(test, execution)
                counted = condition.restricts is None or condition.restricts(final)
                holds = counted and condition.holds(final)
                state = tuple(final(place) for place in condition.observed)
            if not counted:
                continue
            answer.states[state] = answer.states.get(state, 0) + 1
            if holds:
                answer.positive += 1
            else:
                answer.negative += 1
            if answer.model.flags is not None:
                answer.flags.update(dict.fromkeys(answer.model.flags(execution.graph)))
    return Answers(test, answers, candidates)


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
