"""Claims asked of C that is given: `racer claims --patch v11.mbox`.

Every ask that has, or may have, versions in a parameter that takes C is put to the C in their
place. What is expected stays what is declared, which is of the versions that the claim was made of.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace

from racer.catalogue.parameters import Parameter, Value
from racer.claims.data import Ask, Claim, Same
from racer.errors import UsageError

UNCHANGED = "before"  # the value that stands for the code without any of the versions


def asked_of_c(claims: Sequence[Claim], place: str) -> tuple[list[Claim], list[str]]:
    """The claims about the C at that place, and the names of scenarios that cannot take it.

    Errors   UsageError where none of the asks can be put to it.
    """
    left: dict[str, None] = {}
    found: list[Claim] = []
    any_asked = False
    for claim in claims:
        asks: list[Ask] = []
        for ask in claim.asks:
            parameter = _taking_c(ask, place)
            if parameter is None:
                left[ask.scenario.name] = None
                asks.append(ask)
            else:
                asks.append(_asked(ask, parameter.name, place))
                any_asked = True
        found.append(replace(claim, asks=tuple(asks)))
    if not any_asked:
        raise UsageError(
            f"none of these claims is about code that {place!r} can take the place of."
        )
    return found, list(left)


def parts_of_c(claims: Sequence[Claim], place: str) -> list[str]:
    """Which function at that place stands for what in the scenarios that can take it, each once."""
    found: dict[str, None] = {}
    asked: set[tuple[str, str]] = set()  # of each scenario the C is read once
    for ask in (ask for claim in claims for ask in claim.asks):
        parameter = _taking_c(ask, place)
        if parameter is None or (ask.scenario.name, parameter.name) in asked:
            continue
        asked.add((ask.scenario.name, parameter.name))
        values = ask.scenario.complete({parameter.name: place})
        found |= dict.fromkeys(ask.scenario.parts_in_c(values))
    return list(found)


def _taking_c(ask: Ask, place: str) -> Parameter | None:
    """The parameter of the scenario for which it can be given."""
    return next((each for each in ask.scenario.parameters if each.is_in_c(place)), None)


def _asked(ask: Ask, name: str, place: str) -> Ask:
    if isinstance(ask, Same) and ask.parameter == name:
        first = ask.two[0]  # what the other is compared with
        return _with(ask, two=(first, place))
    values = ask.grid.get(name, ())
    kept: tuple[Value, ...] = tuple(each for each in values if each == UNCHANGED)
    if kept and len(kept) == len(values):
        return ask
    return _with(ask, grid={**ask.grid, name: (*kept, place)})


def _with(ask: Ask, **parts: object) -> Ask:
    """The ask with other parts: what made it checked that these fit its scenario."""
    made = copy.copy(ask)
    for name, part in parts.items():
        object.__setattr__(made, name, part)
    return made
