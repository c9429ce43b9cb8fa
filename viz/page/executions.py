"""What a page has of an execution: why it is none of the interleavings, and its steps by thread."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from racer.executions.told import ToldExecution, ToldStep, ToldThread
from racer.viz.executions import (
    ONE_OF_THESE,
    barriers_text,
    circle_texts,
    execution_mail,
    kind_text,
    passing_text,
)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Part of the answer to "why"; one sentence is a paragraph, several are a list under `lead`."""

    heading: str
    sentences: tuple[str, ...]
    lead: str = ""


@dataclass(frozen=True, slots=True)
class ExecutionTold:
    """A label with its execution. `anchor` names it in permalinks; A2 is #ANCHOR/A2.

    `threads` are its columns, and `rows` have a step of each, None where one has no more. `picture`
    is an SVG, None when there is none; then `unpictured` is a phrase, why.
    """

    label: str
    anchor: str
    why: tuple[Paragraph, ...]
    threads: tuple[ToldThread, ...]
    rows: tuple[tuple[ToldStep | None, ...], ...]
    picture: str | None
    mail: str
    replay: str | None
    unpictured: str = "it could not be drawn"

    @property
    def names(self) -> frozenset[str]:
        """Of its steps."""
        return frozenset(step.name for each in self.threads for step in each.steps)


def execution_told(
    label: str,
    memory: str,
    execution: ToldExecution,
    rests: Sequence[str],
    *,
    anchor: str,
    picture: str | None,
    replay: str | None,
) -> ExecutionTold:
    """An execution as its part of the page shows it; `rests` are sentences on what it rests."""
    steps = [thread.steps for thread in execution.threads]
    return ExecutionTold(
        label=label,
        anchor=anchor,
        why=tuple(_why_execution(memory, execution, rests)),
        threads=execution.threads,
        rows=tuple(itertools.zip_longest(*steps)),
        picture=picture,
        mail=execution_mail(label, memory, execution),
        replay=replay,
    )


def _why_execution(
    memory: str, execution: ToldExecution, rests: Sequence[str]
) -> Iterator[Paragraph]:
    """What is said before the steps; what has no sentences is left out."""
    passings = tuple(passing_text(each) for each in execution.passings)
    several = f"{ONE_OF_THESE[0].upper()}{ONE_OF_THESE[1:]}:" if len(passings) > 1 else ""
    barriers = (barriers_text(execution.barriers),) if execution.barriers else ()
    stores = tuple(f"{cell}: {', then '.join(names)}" for cell, names in execution.stores)
    found = (
        Paragraph("What happens", (f"{memory} allows it, and {kind_text(execution)}", *rests)),
        Paragraph("Circle", circle_texts(execution.circle)),
        Paragraph("Passing", passings, several),
        Paragraph("Barriers", barriers),
        Paragraph("Stores", stores, "In this order memory takes them in:" if stores else ""),
    )
    return (paragraph for paragraph in found if paragraph.sentences)
