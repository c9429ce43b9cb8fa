"""Where claims are found: beside the scenarios, as `Claim`s in the variables of their files; or in
a file that is named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

from racer.catalogue.discovery import Broken, is_path, modules, modules_in
from racer.claims.data import Claim
from racer.errors import UsageError, suggestion


def known_claims() -> tuple[list[Claim], list[Broken]]:
    """Every claim, by name, and the files that could not be loaded.

    Those of ./scenarios win over those installed with racer.
    """
    loaded, broken = modules()
    return claims_in(loaded), broken


def find_claims(words: list[str]) -> tuple[list[Claim], list[Broken]]:
    """The claims of these names, or all of them if none is named; where files or directories are
    named beside them, those that stand in these.

    Errors   UsageError for a name that is not known, and for a file or directory without claims;
             ProgramError for a file that cannot be loaded.
    """
    names = claim_names(words)
    paths = [word for word in words if word not in names]
    claims, broken = _claims_at(paths) if paths else known_claims()
    by_name = {claim.name: claim for claim in claims}
    for name in names:
        if name not in by_name:
            raise UsageError(f"there is no claim {name!r}{suggestion(name, list(by_name))}")
    return ([by_name[name] for name in names] if names else claims), broken


def claim_names(words: Sequence[str]) -> list[str]:
    """Those words that are no file or directory."""
    return [word for word in words if not is_path(word) and not Path(word).is_dir()]


def _claims_at(paths: list[str]) -> tuple[list[Claim], list[Broken]]:
    modules, broken = [], []
    for path in paths:
        loaded, failed = modules_in(Path(path))
        if not claims_in(loaded) and not failed:
            raise UsageError(
                f"{path!r} has no claims: a Claim stands in a variable of a file, by itself or in "
                f"a tuple (from racer import Claim)."
            )
        modules += loaded
        broken += failed
    return claims_in(modules), broken


def claims_in(loaded: Iterable[ModuleType]) -> list[Claim]:
    """Those in the variables of these files, by name."""
    found: dict[str, Claim] = {}
    for module in loaded:
        for claim in _claims_of(module):
            found.setdefault(claim.name, claim)
    return sorted(found.values(), key=_place)


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
