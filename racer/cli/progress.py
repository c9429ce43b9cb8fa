"""Progress of a long run: on the stderr of a terminal only, and gone when it is over."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from functools import partial

from racer.cli.guard import on_terminal
from racer.search.limits import Progress, Tell

SHOWS_FOUND = "Ctrl-C shows what was found so far"
STOPS = "Ctrl-C stops"


@contextlib.contextmanager
def shown_states(name: str, hint: str = SHOWS_FOUND) -> Iterator[Tell | None]:
    """What explore() is to tell its progress to; None where nobody would see it.

    `hint` says what Ctrl-C does.
    """
    with shown_variants(name, hint) as progress:
        yield None if progress is None else partial(progress, "")


@contextlib.contextmanager
def shown_variants(
    name: str, hint: str = SHOWS_FOUND
) -> Iterator[Callable[[str, Progress], None] | None]:
    """What diff() is to tell its progress to: the states of each variant have their own rate."""
    if not on_terminal():
        yield None
        return
    from rich.console import Console

    begun: dict[tuple[str, str], float] = {}
    with Console(stderr=True).status(f"exploring {name}; {hint}") as status:

        def progress(variant: str, now: Progress) -> None:
            start = begun.setdefault((variant, now.phase), time.monotonic())
            what = " ".join(part for part in (now.phase, name, variant) if part)
            status.update(f"{what}: {_numbers(now, time.monotonic() - start)}; {hint}")

        yield progress


def _numbers(now: Progress, seconds: float) -> str:
    if now.phase == "minimising":
        return f"{now.states:,} states"
    rate = now.states / max(seconds, 0.001)
    return f"{now.states:,} states, {rate:,.0f} states/s, {now.frontier:,} to expand"


@contextlib.contextmanager
def shown_items(what: str, of: str = "") -> Iterator[Callable[[int, int], None]]:
    """What is to be told how many items of a command are done, out of how many."""
    if not on_terminal():
        yield lambda done, total: None
        return
    from rich.console import Console

    with Console(stderr=True).status(what) as status:
        yield lambda done, total: status.update(f"{what}: {done} of {total}{of}; {STOPS}")
