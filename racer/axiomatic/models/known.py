"""The memory models there are, from the strongest to the weakest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from racer.axiomatic.models import arm64, lkmm, sc, tso
from racer.axiomatic.models.axioms import Model
from racer.errors import UsageError, suggestion

MODELS: Final[Mapping[str, Model]] = {
    each.name: each
    for each in (
        Model("sc", "sequential consistency", sc.axioms, ("C", "X86", "AArch64")),
        Model("tso", "x86-TSO", tso.axioms, ("C", "X86")),
        Model("arm64", "ARMv8", arm64.axioms, ("C", "AArch64")),
        Model("lkmm", "the kernel's memory model", lkmm.axioms, ("C",), lkmm.flags),
    )
}


def models_named(names: str) -> Sequence[Model]:
    """The models of a list such as "sc,tso", from the strongest to the weakest.

    Errors   UsageError for one that there is not.
    """
    wanted = [each.strip() for each in names.split(",") if each.strip()]
    for name in wanted:
        if name not in MODELS:
            raise UsageError(
                f"there is no memory model {name!r}{suggestion(name, list(MODELS))}\n"
                f"Try: {', '.join(MODELS)}."
            )
    if not wanted:
        raise UsageError(f"no memory model is named. Try: {', '.join(MODELS)}.")
    return [model for name, model in MODELS.items() if name in wanted]
