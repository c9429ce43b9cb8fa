"""The file of --checkpoint: what it rests on, and what is said where it is not of use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from racer.catalogue.packages import read_files
from racer.catalogue.parameters import show_parameters
from racer.cli.guard import complain
from racer.cli.naming import named_by_user
from racer.cli.selecting import Request, Selection
from racer.sharing.sources import RACER, digests

if TYPE_CHECKING:
    from racer.search.checkpoints import Checkpoint


@contextmanager
def opened_checkpoint(request: Request, selection: Selection) -> Iterator[Checkpoint | None]:
    """The file of --checkpoint, if there is to be one; what kept it from being used is told.

    Errors   as checkpoint() in search/checkpoints.py.
    """
    if request.checkpoint is None:
        yield None
        return
    from racer.search.checkpoints import checkpoint  # nobody else pays for its import, of SQLite

    files = read_files(Path(selection.found.scenario.source.path))
    parameters = show_parameters(selection.parameters)
    about = {
        "scenario": selection.found.saved_reference,
        "parameters": parameters or "none",
        "memory model": request.memory,
        **{
            "version of racer or Python" if name == RACER else f"file {name}": digest
            for name, digest in digests(files).items()
        },
    }
    with checkpoint(named_by_user(request.checkpoint, "--checkpoint"), about) as found:
        yield found
        if found.failure:
            complain(f"note: {request.checkpoint} has not all that was found: {found.failure}")
        elif found.is_empty:
            complain(
                f"note: {request.checkpoint} has no states: they were searched by the compiled "
                f"engine, or too few, or with automata that are open, and are searched anew"
            )
