"""Where claims are found: beside the scenarios, as `Claim`s in the variables of their files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import ModuleType

from racer.catalogue.discovery import Broken, modules
from racer.claims.data import Claim
from racer.errors import UsageError, suggestion


def known_claims() -> tuple[list[Claim], list[Broken]]:
    """Every claim, by name, and the files that could not be loaded.

    Those of ./scenarios win over those installed with racer.
    """
    loaded, broken = modules()
    found: dict[str, Claim] = {}
    for module in loaded:
        for claim in _claims_of(module):
            found.setdefault(claim.name, claim)
    return sorted(found.values(), key=_place), broken


def find_claims(names: list[str]) -> tuple[list[Claim], list[Broken]]:
    """The claims of these names, or all of them if there is none.

    Errors   UsageError for a name that is not known.
    """
    claims, broken = known_claims()
    by_name = {claim.name: claim for claim in claims}
    for name in names:
        if name not in by_name:
            raise UsageError(f"there is no claim {name!r}{suggestion(name, list(by_name))}")
    return ([by_name[name] for name in names] if names else claims), broken


def _claims_of(module: ModuleType) -> Iterator[Claim]:
    for value in vars(module).values():
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Claim):
                yield each


def _place(claim: Claim) -> tuple[str, int, str]:
    """C9 comes before C10."""
    found = re.fullmatch(r"(.*?)(\d*)", claim.name, re.DOTALL)
    assert found is not None, "any text matches"
    return (found[1], int(found[2] or 0), claim.name)
