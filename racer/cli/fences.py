"""`racer fences`: which barriers remove the violations of a scenario, and which it has in vain."""

from __future__ import annotations

from dataclasses import dataclass

from racer.cli.guard import emit, models_print_to_stderr
from racer.cli.selecting import select
from racer.cli.several import memory_models
from racer.cli.statuses import BOUND, NOT_AS_DECLARED, OK, USAGE
from racer.exploration.wanted import Wanted
from racer.fences.data import FencesFound
from racer.fences.finding import fences
from racer.lang.patience import until
from racer.search.limits import deadline_after
from racer.viz.documents.fences import fences_document
from racer.viz.fences import fences_text


@dataclass(frozen=True, slots=True)
class FencesRequest:
    """One `racer fences`, as it was typed."""

    scenario: str
    variant: str | None
    settings: tuple[str, ...]
    memory: str
    json: bool
    max_states: int | None
    timeout: float | None


def fences_command(request: FencesRequest) -> int:
    """2 where a model cannot be asked, else 3 for a bound, else 1 where nothing removes some
    violation, else 0."""
    memories = memory_models(request.memory)
    deadline = deadline_after(request.timeout)
    wanted = Wanted(max_states=request.max_states, timeout=request.timeout, deadline=deadline)
    with models_print_to_stderr():
        with until(deadline):
            selection = select(request.scenario, request.variant, request.settings, memories[0])
        found = fences(selection.program, memories, wanted)
    reference = selection.found.reference
    if request.json:
        emit(fences_document(reference, selection.parameters, found))
    else:
        emit(f"{selection.heading(reference, request.memory)}\n\n{fences_text(found)}")
    return _status(found)


def _status(found: FencesFound) -> int:
    if any(each.refused for each in found.models):
        return USAGE
    if found.bound:
        return BOUND
    lacks = [lack for each in found.models for lack in each.lacks]
    return OK if all(each.standing == "removed" for each in lacks) else NOT_AS_DECLARED
