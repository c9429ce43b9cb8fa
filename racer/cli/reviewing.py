"""`racer review`: what a series of patches changes that models are about."""

from __future__ import annotations

from racer import interrupts
from racer.artefacts.naming import mailed_command
from racer.c_source.inputs import read_source
from racer.c_source.mirrors import recorded
from racer.catalogue.discovery import Found, catalogue, files_below
from racer.cli.drifting import directories
from racer.cli.guard import complain, emit, models_print_to_stderr
from racer.cli.progress import shown_states
from racer.cli.statuses import BOUND, INTERRUPTED, NOT_AS_DECLARED, OK, USAGE
from racer.difference.reviewing import review
from racer.difference.roles import Roles
from racer.errors import UsageError
from racer.viz.documents.review import review_document
from racer.viz.review import review_mail, review_text


def review_command(
    series: str,
    base: str | None,
    *,
    max_states: int | None,
    timeout: float | None,
    wants_mail: bool,
    json: bool,
) -> int:
    """Tell of each patch what it changes; 1 where a scenario shows more after it than before, 3
    where that is not known of one."""
    source = read_source(series, base)
    if not source.stages:
        raise UsageError(
            f"{source.shown} is no series: it is C, and changes nothing.\n"
            f"Try: a mailbox, a mail or a diff."
        )
    models = {each: (files_below(each), recorded(each)) for each in directories(None)}
    with models_print_to_stderr():
        known = catalogue()
        scenarios = [each for each in known.found if _takes_c(each)]
        roles = Roles(scenarios, max_states, timeout, shown_states)
        found = review(source, models, roles.cases)
    interrupts.answered()
    if json:
        emit(review_document(found))
    else:
        again = mailed_command(
            ["racer", "review", series, *([] if base is None else ["--base", base])]
        )
        emit(review_mail(found, again) if wants_mail else review_text(found))
    for each in known.broken:
        complain(f"error: {each.error}")
    if found.cut:
        complain("interrupted; what was found so far is above")
        return INTERRUPTED
    if known.broken:
        return USAGE
    cases = found.cases()
    if any(case.is_worse for case in cases):
        return NOT_AS_DECLARED
    return BOUND if any(case.is_open for case in cases) else OK


def _takes_c(found: Found) -> bool:
    return any(each.in_c is not None for each in found.scenario.parameters)
