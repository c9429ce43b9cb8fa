"""`racer equiv`: whether threads of two variants, or of two scenarios, behave alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from racer.catalogue.discovery import Found, find
from racer.catalogue.parameters import Value, show_parameters, show_value
from racer.cli.guard import emit, models_print_to_stderr
from racer.cli.selecting import parts_lines, require_parameter, settings_of
from racer.cli.statuses import BOUND, NOT_AS_DECLARED, OK
from racer.difference.equivalence import Verdict, equivalence
from racer.lang.patience import until
from racer.search.limits import deadline_after
from racer.viz.documents.equivalence import equivalence_document
from racer.viz.equivalence import equivalence_text
from racer.viz.wrapping import filled

_STATUSES: Final[Mapping[Verdict, int]] = {
    "equivalent": OK,
    "different": NOT_AS_DECLARED,
    "bound": BOUND,
}


@dataclass(frozen=True, slots=True)
class EquivalenceRequest:
    """One `racer equiv`, as it was typed: SCENARIO FIRST SECOND, or SCENARIO OTHER."""

    scenario: str
    first: str
    second: str | None
    parameter: str
    settings: tuple[str, ...]
    thread: str | None
    json: bool
    max_states: int | None
    timeout: float | None


@dataclass(frozen=True, slots=True)
class _Side:
    found: Found
    parameters: dict[str, Value]
    name: str


def equivalence_command(request: EquivalenceRequest) -> int:
    """Compare the threads; 0 where all are equivalent, 1 where some are not, 3 for a bound."""
    with models_print_to_stderr():
        with until(deadline_after(request.timeout)):
            sides = _sides(request)
            one, other = (side.found.scenario.build(**side.parameters) for side in sides)
        found = equivalence(
            (one, other),
            (sides[0].name, sides[1].name),
            thread=request.thread,
            max_states=request.max_states,
            timeout=request.timeout,
        )
    if request.json:
        emit(
            equivalence_document(
                (sides[0].found.reference, sides[1].found.reference),
                (sides[0].parameters, sides[1].parameters),
                found,
            )
        )
    else:
        emit(f"{_opening(request, sides)}\n\n{equivalence_text(found)}")
    return _STATUSES[found.verdict]


def _sides(request: EquivalenceRequest) -> tuple[_Side, _Side]:
    settings = settings_of(request.settings)
    if request.second is None:
        one, other = (find(name) for name in (request.scenario, request.first))
        return (
            _Side(one, one.scenario.parse(settings), request.scenario),
            _Side(other, other.scenario.parse(settings), request.first),
        )
    found = find(request.scenario)
    require_parameter(found.scenario, request.parameter, settings)
    made = []
    for text in (request.first, request.second):
        parameters = found.scenario.parse({**settings, request.parameter: text})
        value = parameters[request.parameter]
        plain = isinstance(value, str)
        made.append(
            _Side(found, parameters, text if plain else f"{request.parameter}={show_value(value)}")
        )
    return made[0], made[1]


def _opening(request: EquivalenceRequest, sides: tuple[_Side, _Side]) -> str:
    """What is compared."""
    one, other = sides
    if request.second is None:
        return filled(f"{one.name} and {other.name}")
    values = (show_value(each.parameters[request.parameter]) for each in sides)
    both: dict[str, Value] = {**one.parameters, request.parameter: "|".join(values)}
    parts = parts_lines(one.found.scenario, (one.parameters, other.parameters))
    return filled(f"{one.found.reference}  {show_parameters(both)}") + parts
