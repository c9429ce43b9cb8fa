"""What memory models say of litmus tests as text: one as herd7 has it, several as a table."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Final

from racer.axiomatic.asking import Answer, Answers, Refusal, Separation, State
from racer.axiomatic.directories import Asked
from racer.axiomatic.events import Value
from racer.axiomatic.litmus.conditions import Place
from racer.viz.wrapping import filled

_WIDEST: Final = 44  # columns of a file's name that has the rest beside it
_KINDS: Final = {"exists": "Allowed", "~exists": "Forbidden", "forall": "Required"}


def answers_text(asked: Asked) -> str:
    """All answers about one test, each as herd7 prints it, without its time."""
    assert asked.answers is not None
    found = asked.answers
    blocks = ["\n".join(_block(found, answer)) for answer in found.answers]
    blocks += ["\n".join(_between(found, each)) for each in found.separations]
    if asked.refused:
        blocks.append(filled(refused_text(asked)))
    return "\n\n".join(blocks)


def refused_text(asked: Asked) -> str:
    """Which models were not asked, and why."""
    architecture = asked.answers.architecture if asked.answers else "its assembly"
    return f"not asked: {', '.join(asked.refused)}, which says nothing of {architecture}"


def _block(found: Answers, answer: Answer) -> Iterator[str]:
    condition = found.condition
    name = found.name.split()[0] if found.name else "?"
    yield f"Model {answer.model.name}: {answer.model.title}"
    yield f"Test {name} {_KINDS[condition.quantifier]}"
    yield f"States {len(answer.states)}"
    for state in sorted_states(answer):
        yield " ".join(state_parts(condition.observed, state))
    yield "Ok" if answer.validated(condition.quantifier) else "No"
    yield "Witnesses"
    yield f"Positive: {answer.positive} Negative: {answer.negative}"
    yield from (f"Flag {flag}" for flag in answer.flags)
    yield f"Condition {condition.text}"
    yield f"Observation {name} {counted_text(answer)}"
    if answer.refusal is not None:
        yield f"Forbidden by {answer.refusal.axiom}:"
        yield from (f"  {line}" for line in _cycle_lines(answer.refusal))


def _between(found: Answers, separation: Separation) -> Iterator[str]:
    """What only the weaker of two models allows; why not the stronger, if that is not told yet."""
    state = " ".join(state_parts(found.condition.observed, separation.state))
    yield f"Only {separation.weaker} allows, and {separation.stronger} does not: {state}"
    told = [each.refusal for each in found.answers if each.model.name == separation.stronger]
    if separation.refusal not in told:
        yield f"Forbidden by {separation.refusal.axiom}:"
        yield from (f"  {line}" for line in _cycle_lines(separation.refusal))


def counted_text(answer: Answer) -> str:
    """The observation with its counts, as herd7 ends with it."""
    return f"{answer.observation} {answer.positive} {answer.negative}"


def sorted_states(answer: Answer) -> list[State]:
    """The states, numbers before addresses."""
    return sorted(answer.states, key=lambda state: [_key(value) for value in state])


def _key(value: Value) -> tuple[int, int, str]:
    return (1, 0, value) if isinstance(value, str) else (0, value, "")


def state_parts(places: Sequence[Place], state: State) -> list[str]:
    """`0:r1=0; [x]=1;` in parts."""
    named = [str(place) if place.thread else f"[{place.name}]" for place in places]
    return [f"{name}={value};" for name, value in zip(named, state, strict=True)]


def _cycle_lines(refusal: Refusal) -> list[str]:
    """The cycle, an edge a line: the event, and how it comes before the next."""
    width = max(len(before) for before, _, _ in refusal.cycle)
    middle = max(len(name) for _, name, _ in refusal.cycle)
    return [
        f"{before:<{width}} -{name:-<{middle}}> {after}" for before, name, after in refusal.cycle
    ]


def answers_table(asked: Sequence[Asked], models: Sequence[str], known: int) -> str:
    """A row for each test; `known` is how many there are, with those that were not come to."""
    common = _common_folder([each.path for each in asked])
    rows = [
        (each.path.removeprefix(common), [_cell(each, model) for model in models]) for each in asked
    ]
    widths = [
        max(len(model), *(len(cells[at]) for _, cells in rows)) if rows else len(model)
        for at, model in enumerate(models)
    ]
    names = max([len("test"), *(len(name) for name, _ in rows if len(name) <= _WIDEST)])
    lines = [_row("test", models, names, widths)]
    for name, cells in rows:
        if len(name) > names:
            lines.append(name)
            name = ""
        lines.append(_row(name, cells, names, widths))
    return "\n".join([*lines, "", filled(_closing(asked, models, known))])


def _common_folder(paths: Sequence[str]) -> str:
    """What all paths begin with, up to the last folder."""
    if len(paths) < 2:
        return ""
    common = os.path.commonpath([os.path.dirname(path) for path in paths])
    return f"{common}/" if common else ""


def _row(name: str, cells: Sequence[str], names: int, widths: Sequence[int]) -> str:
    padded = (f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
    return f"{name:<{names}}  {'  '.join(padded)}".rstrip()


def _cell(asked: Asked, model: str) -> str:
    if asked.error:
        return "ERROR"
    if asked.answers is None:
        return "BOUND"
    answer = next((each for each in asked.answers.answers if each.model.name == model), None)
    if answer is None:
        return "-"
    return " ".join([counted_text(answer), *answer.flags])


def _closing(asked: Sequence[Asked], models: Sequence[str], known: int) -> str:
    many = f"{len(asked)} tests" if len(asked) == known else f"{len(asked)} of {known} tests"
    said = [many if known != 1 else "1 test"]
    for model in models:
        of = [
            answer
            for each in asked
            if each.answers is not None
            for answer in each.answers.answers
            if answer.model.name == model
        ]
        counts = [
            f"{sum(answer.observation == what for answer in of)} {what}"
            for what in ("Never", "Sometimes", "Always")
        ]
        said.append(f"{model}: {', '.join(counts)}")
    for what, names in (
        ("cannot be read", [each.path for each in asked if each.error]),
        ("cut by a limit", [each.path for each in asked if each.bound]),
    ):
        if names:
            said.append(f"{what}: {', '.join(names)}")
    return "; ".join(said)
