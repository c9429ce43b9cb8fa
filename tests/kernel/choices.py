"""The values of a parameter's type, which may be marked: Annotated[Literal[...], WhatIf(...)]."""

from __future__ import annotations

from typing import Any, get_args


def choices(kind: Any) -> tuple[Any, ...]:
    """The values of the Literal, in the order of their declaration."""
    literal, *_ = get_args(kind) if hasattr(kind, "__metadata__") else (kind,)
    return get_args(literal)
