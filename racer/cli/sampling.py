"""`racer explore --sample` and `--estimate`: for what cannot be searched, or not at once."""

from __future__ import annotations

from typing import cast, get_args

from racer.cli.guard import emit, models_print_to_stderr
from racer.cli.selecting import Request, select
from racer.cli.statuses import OK
from racer.errors import UsageError
from racer.exploration.estimating import estimate
from racer.exploration.wanted import Method, Sample
from racer.viz.estimate import estimate_text


def sample_of(
    method: str | None, *, runs: int | None, depth: int | None, seed: int | None
) -> Sample | None:
    """What --sample and its options say. Errors: UsageError."""
    options = {"runs": runs, "depth": depth, "seed": seed}
    given = {name: value for name, value in options.items() if value is not None}
    if method is None:
        if given:
            raise UsageError(
                f"--{next(iter(given))} is for --sample pct or --sample pos: say which."
            )
        return None
    if method not in get_args(Method):
        raise UsageError(f"--sample is {' or '.join(get_args(Method))}, not {method!r}.")
    if depth is not None and method != "pct":
        raise UsageError("--depth is for --sample pct.")
    return Sample(cast("Method", method), **given)


def estimate_scenario(request: Request) -> int:
    """Say how many states the scenario has, and how long a search may take."""
    with models_print_to_stderr():
        selection = select(request.scenario, request.variant, request.settings, request.memory)
        found = estimate(selection.program, memory=request.memory)
    heading = selection.heading(selection.found.reference, request.memory)
    emit(f"{heading}\n\n{estimate_text(found)}")
    return OK
