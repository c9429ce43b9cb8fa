"""What one exploration says of the claims: of each that asks something of this very case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from racer.catalogue.scenario import Scenario
from racer.claims.cases import Case
from racer.claims.data import Ask, Claim, Parameters
from racer.claims.deciding import CaseKey, answered, case_key
from racer.claims.reading import case_of
from racer.errors import UsageError
from racer.exploration.result import Result


@dataclass(frozen=True, slots=True)
class Bearing:
    """A claim, as far as one case decides it.

    `asks` are those that are put to this case and to no other beside it. `holds`: all of them
    are true of it; None where that is unknown: its search was cut, it is vacuous, or a claim asks
    about a thread that it does not have (`racer claims` says which).
    """

    claim: Claim
    asks: tuple[Ask, ...]
    holds: bool | None


def bearings(
    claims: Sequence[Claim], scenario: Scenario, parameters: Parameters, result: Result
) -> tuple[Bearing, ...]:
    """One for each claim that asks something of the case, in the order of the claims."""
    key = case_key(scenario, parameters)
    case = case_of(result)
    found = []
    for claim in claims:
        if claim.universal is not None:  # one case decides nothing of all that could be written
            continue
        asks = tuple(ask for ask in claim.asks if key in _keys(ask))
        if asks:
            found.append(Bearing(claim, asks, _hold(asks, case)))
    return tuple(found)


def _hold(asks: tuple[Ask, ...], case: Case) -> bool | None:
    try:
        answers = [answered(ask, (case,)) for ask in asks]
    except UsageError:
        return None
    if False in answers:
        return False
    return None if None in answers else True


def _keys(ask: Ask) -> Iterator[CaseKey]:
    """The cases that answer it alone: an ask that compares two has none."""
    for point in ask.points():
        explored = ask.explored(point)
        if len(explored) == 1:
            yield case_key(ask.scenario, explored[0])
