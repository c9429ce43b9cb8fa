"""Progress of a long run: on the stderr of a terminal only, and gone when it is over."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from racer.cli.guard import on_terminal


@contextlib.contextmanager
def shown_states(name: str) -> Iterator[Callable[[int, int], None] | None]:
    """What explore() is to tell its progress to; None where nobody would see it."""
    if not on_terminal():
        yield None
        return
    from rich.console import Console

    console = Console(stderr=True)
    begun = time.monotonic()
    with console.status(f"exploring {name}; Ctrl-C shows what was found so far") as status:

        def progress(states: int, frontier: int) -> None:
            seconds = max(time.monotonic() - begun, 0.001)
            status.update(
                f"exploring {name}: {states:,} states, {states / seconds:,.0f} states/s, "
                f"{frontier:,} to expand; Ctrl-C shows what was found so far"
            )

        yield progress


@contextlib.contextmanager
def shown_cases() -> Iterator[Callable[[int, int], None]]:
    """What decide() is to tell its progress to."""
    if not on_terminal():
        yield lambda done, total: None
        return
    from rich.console import Console

    with Console(stderr=True).status("deciding the claims") as status:
        yield lambda done, total: status.update(f"deciding the claims: {done} of {total} cases")
