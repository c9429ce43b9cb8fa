"""An execution as text: each thread's steps, who reads from whom, and why it is no interleaving."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from racer.executions.told import (
    ToldBarrier,
    ToldEdge,
    ToldExecution,
    ToldPassing,
    ToldStep,
)
from racer.exploration.result import ByExecutions
from racer.viz.mail import ascii_text, wrapped
from racer.viz.wrapping import WIDTH, filled
from racer.words.counts import count_text

_WHY: Final = {
    "po": "later in the code",
    "rf": "which reads what it stored",
    "co": "which stores there later",
    "fr": "which overwrites what it read",
}
ONE_OF_THESE: Final = "at least one of these happened, which the model allows"
FLAGGED: Final = (
    "some execution has it: a compiler may tear, fuse or move accesses that are not marked, and "
    "then less is promised than is shown here"
)


def executions_text(said: ByExecutions) -> str:
    """How many executions the model allows."""
    graphs = "each a graph of who reads from whom and of who stores when"
    if said.count is None:
        return f"not counted (--count), {graphs}; flags are of those that came to something new"
    return f"{count_text(said.count)}, {graphs}"


def kind_text(execution: ToldExecution) -> str:
    """Whether the execution of a violation is an interleaving."""
    if execution.is_interleaving:
        return "an interleaving shows it, too"
    if execution.circle:
        return "no interleaving shows it: no order of all steps explains the execution"
    return "no interleaving is like it: in none does a window see what one sees here"


def rests_lines(label: str, said: ByExecutions) -> list[str]:
    """Whether a violation rests on the lack of a dependency that the code may have."""
    if label not in said.preventable:
        return []
    return [
        "rests on a dependency that the threads, as they are written, do not have: with all that "
        "code could have it is not shown"
    ]


def of_interleavings_lines(said: ByExecutions) -> list[str]:
    """What is said of states, and which executions were asked about it."""
    lead = "executions under every model, were asked of what is said of states:"
    lines = [f"which are {lead} {', '.join(said.of_interleavings)}"]
    if any(each.startswith("invariant ") for each in said.of_interleavings):
        lines.append("left open is whether invariants hold at instants of other executions")
    return lines


def prevented_text(memory: str) -> str:
    """What a pass rests on."""
    return (
        f"is not shown, and that rests on dependencies that were read off the threads: {memory} "
        f"keeps them, and a compiler has to; without them it is shown"
    )


def execution_lines(execution: ToldExecution) -> Iterator[str]:
    """The execution, a line for each step, then the order of stores, then the circle."""
    widest = max((len(_said(step)) for each in execution.threads for step in each.steps), default=0)
    for thread in execution.threads:
        yield f"  {thread.name}: {thread.end}"
        for step in thread.steps:
            yield f"    {_line(step, widest)}".rstrip()
    for cell, names in execution.stores:
        yield f"  {cell} is stored to by {', then '.join(names)}"
    if execution.circle:
        yield filled(f"  no order of steps: {circle_text(execution.circle)}", hang=4)
    several = len(execution.passings) > 1
    if several:
        yield f"  {ONE_OF_THESE}:"
    for each in execution.passings:
        yield filled(f"  {'  ' * several}{passing_text(each)}", hang=6 if several else 4)
    others = {each.now for each in execution.barriers} - {each.now for each in execution.passings}
    for text in sorted(others):
        yield filled(f"  {text}", hang=4)
    if execution.barriers:
        yield filled(f"  {barriers_text(execution.barriers)}", hang=4)


def execution_mail(label: str, memory: str, execution: ToldExecution) -> str:
    """An execution for a mail: what it shows and whether an interleaving does, then its steps, the
    circle, and what would forbid it.

    Units    lines of at most 72 7-bit characters, each ending in a newline
    """
    said = (
        f"The memory model {memory} allows an execution that shows {label}; {kind_text(execution)}."
    )
    lines = [*wrapped(said, WIDTH), ""]
    for line in "\n".join(execution_lines(execution)).splitlines():
        indent = len(line) - len(line.lstrip())
        parts = wrapped(line.strip(), WIDTH - indent, hanging=4)
        whole = len(ascii_text(line)) <= WIDTH
        lines += [ascii_text(line)] if whole else [f"{' ' * indent}{part}" for part in parts]
    return "".join(f"{line}\n" for line in lines)


def _line(step: ToldStep, widest: int) -> str:
    source = f"  from {step.source}" if step.source else ""
    return f"{step.name:<4}{_said(step):<{widest}}{source}"


def _said(step: ToldStep) -> str:
    return f"{step.text} -> {step.result}" if step.result else step.text


def passing_text(passing: ToldPassing) -> str:
    """What came before what, and of a load how old what it read is."""
    if not passing.way:
        return passing.now
    older, *way = passing.way
    after = f", as {' before '.join([older, *way])}" if len(way) > 1 else ""
    return (
        f"{passing.now}: it reads {passing.cell} from {passing.source}, which is older than what "
        f"{older} stores, and {passing.earlier} comes after {older}{after}"
    )


def barriers_text(barriers: tuple[ToldBarrier, ...]) -> str:
    """Which barriers forbid the execution."""
    named = [f"an smp_{each.kind}() between {each.after} and {each.before}" for each in barriers]
    text = " with ".join(named)
    return f"{text} {'forbids' if len(named) == 1 else 'forbid'} this execution"


def circle_text(circle: tuple[ToldEdge, ...]) -> str:
    """Steps each of which would have to come before the next, with the reason."""
    parts = [circle[0].before]
    parts += [f"before {edge.after} ({_why(edge)})" for edge in circle]
    return " ".join(parts)


def circle_texts(circle: tuple[ToldEdge, ...]) -> tuple[str, ...]:
    """The same, a text for each of its edges."""
    return tuple(f"{edge.before} before {edge.after}: {_why(edge)}" for edge in circle)


def _why(edge: ToldEdge) -> str:
    kept = ", which is not kept" if edge.missing else ""
    return f"{_WHY.get(edge.why, edge.why)}{kept}"
