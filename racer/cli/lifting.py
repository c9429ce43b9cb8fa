"""`racer lift-c`: what each piece of a function of C means to a model."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from racer.c_source.compilers import COMPILED
from racer.c_source.inputs import read_source
from racer.c_source.mapping import load_map
from racer.c_source.translating import translated
from racer.catalogue.in_c import own_map
from racer.cli.guard import emit
from racer.cli.statuses import NOT_AS_DECLARED, OK
from racer.errors import UsageError, suggestion
from racer.files import BUNDLED
from racer.viz.documents.lifting import lifted_document
from racer.viz.lifting import lifted_text

PAGE_MODEL: Final = BUNDLED / "kernel" / "page_model.toml"


def lift_command(
    file: str, function: str, *, base: str | None, map: str | None, compiled: str, json: bool
) -> int:
    """Print what every piece means; 1 where some means nothing. Errors: UsageError."""
    if compiled not in COMPILED:
        raise UsageError(f"--compiled {compiled!r}{suggestion(compiled, list(COMPILED))}")
    known = load_map(PAGE_MODEL, *own_map(PAGE_MODEL)) if map is None else load_map(Path(map))
    found = translated(read_source(file, base), function, known, compiled)
    emit(lifted_document(found, compiled) if json else lifted_text(found))
    return NOT_AS_DECLARED if found.refusals else OK
