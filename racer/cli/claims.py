"""`racer claims`: the answers as a table for a mail, or one of them with its schedule."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from racer.artefacts.naming import DEFAULT_MEMORY, file_label
from racer.artefacts.writing import WrittenPage
from racer.catalogue.discovery import catalogue, file_reference
from racer.catalogue.parameters import show_value
from racer.claims.data import Ask, Claim
from racer.claims.deciding import CasesFailed, Decided, Interruption, decide
from racer.claims.finding import claim_names, find_claims
from racer.claims.of_c import asked_of_c, parts_of_c
from racer.cli.commands import explore_scenario
from racer.cli.formats import Format, tell_github_claims
from racer.cli.guard import complain, emit, models_print_to_stderr
from racer.cli.naming import complain_of, named_by_user
from racer.cli.progress import shown_items
from racer.cli.selecting import Request
from racer.cli.several import memory_models
from racer.cli.statuses import BOUND, INTERRUPTED, NOT_AS_DECLARED, OK, USAGE
from racer.errors import UsageError
from racer.files import shown_path
from racer.sharing.crew import Crew
from racer.viz.claims import claim_text, claims_matrix, claims_table, telling_text
from racer.viz.documents.claims import claims_document
from racer.viz.documents.ktap import claims_ktap

if TYPE_CHECKING:
    from racer.viz.page.report import ClaimRow

_NAME_LIMIT = 100  # of what was asked for, in the name of a page


def claims_command(
    names: list[str],
    *,
    place: str | None,
    memory: str,
    directory: str,
    format: Format,
    html: bool,
    crew: Crew,
    max_states: int | None,
    timeout: float | None,
) -> int:
    """Decide the claims of these names, of these files, or all; a single one that is named is
    explained with its schedule."""
    memories = memory_models(memory)  # an unknown one is refused before anything is loaded
    if html and len(memories) > 1:
        raise UsageError("--html is for one memory model: name one.")
    named_by_user(directory, "--output")
    with models_print_to_stderr():
        claims, broken = find_claims(names)
        if place is not None:
            claims, left = asked_of_c(claims, place)
            _tell_of_c(place, left)
            for part in parts_of_c(claims, place):
                complain(part)
        of_models, interrupted, failed = _under_all(claims, memories, crew, max_states, timeout)
    decided = [each for of_model in of_models for each in of_model]
    known = {(each.claim.name, each.memory) for each in decided}
    missing = [
        (each.name, failed or "")
        for each in claims
        if any((each.name, name) not in known for name in memories)
    ]
    missing += [(shown_path(each.path), each.error) for each in broken]
    if format == "ktap":
        emit(claims_ktap(decided, missing))
    elif format == "json":
        emit(claims_document(decided, memory))
    elif len(memories) > 1:
        emit(claims_matrix(of_models))
    elif len(claim_names(names)) == 1 and decided:
        emit(claim_text(decided[0], memory))
        _show_schedule(decided[0], memory, directory, html=html)
    else:
        emit(claims_table(decided, memory))
    page = _written_page(decided, names, memory, directory) if html else WrittenPage(None, None)
    if page.path and format == "text":
        emit(f"\n{page.path}")
    complain_of([page])
    tell_github_claims(decided, missing)
    for each in broken:
        complain(f"error: {each.error}")
    if interrupted:
        complain(f"interrupted; {_how_many(decided, claims, memories)}")
        return INTERRUPTED
    if failed is not None:
        complain(f"error: {failed}\n{_how_many(decided, claims, memories)}")
    return USAGE if broken or page.failure or failed is not None else _status(decided)


def _tell_of_c(place: str, left: list[str]) -> None:
    """On stderr: what the answers are of, and what is expected of."""
    complain(
        f"answers are of {place}; what is expected is declared of the versions that claims name"
    )
    if left:
        complain(f"asked as they are, since they take no C: {', '.join(left)}")


def _how_many(decided: list[Decided], claims: list[Claim], memories: tuple[str, ...]) -> str:
    several = f" under {len(memories)} memory models" if len(memories) > 1 else ""
    return f"{len(decided)} of {len(claims) * len(memories)} claims{several} were decided"


def _under_all(
    claims: list[Claim],
    memories: tuple[str, ...],
    crew: Crew,
    max_states: int | None,
    timeout: float | None,
) -> tuple[list[list[Decided]], bool, str | None]:
    """The answers under one memory model after the other; what fails ends that."""
    found: list[list[Decided]] = []
    for memory in memories:
        decided, interrupted, failed = _decided(claims, memory, crew, max_states, timeout)
        found.append(decided)
        if interrupted or failed is not None:
            return found, interrupted, failed
    return found, False, None


def _decided(
    claims: list[Claim],
    memory: str,
    crew: Crew,
    max_states: int | None,
    timeout: float | None,
) -> tuple[list[Decided], bool, str | None]:
    """The answers, whether Ctrl-C left some out, and what kept others from being found."""
    try:
        with shown_items("deciding the claims", " cases") as progress:
            found = decide(
                claims,
                memory=memory,
                crew=crew,
                max_states=max_states,
                timeout=timeout,
                progress=progress,
            )
    except Interruption as stop:
        return stop.decided, True, None
    except CasesFailed as error:
        return error.decided, False, str(error)
    return found, False, None


def _status(decided: list[Decided]) -> int:
    if any(each.answer.verdict == "bound" for each in decided):
        return BOUND
    return OK if all(each.as_expected for each in decided) else NOT_AS_DECLARED


def _written_page(
    decided: list[Decided], asked: list[str], memory: str, directory: str
) -> WrittenPage:
    """The table as one HTML file, which is named by what was asked."""
    from racer.artefacts.pages import claims_report, write_page

    path = Path(directory) / f"{page_name(asked, memory)}.html"
    report = claims_report(decided, asked=asked, memory=memory)
    return write_page(path, report, replaces_others=False)


def page_name(asked: list[str], memory: str) -> str:
    """claims, and what was asked for if that is not all: claims.C10,C12 or claims.FILE."""
    names = claim_names(asked)
    told = [file_label(word if word in names else Path(word).resolve().stem) for word in asked]
    if memory != DEFAULT_MEMORY:
        told.append(f"memory={memory}")
    joined = ",".join(told)
    if len(joined) > _NAME_LIMIT:
        joined = file_label(joined)
    return f"claims.{joined}" if joined else "claims"


def _show_schedule(decided: Decided, memory: str, directory: str, *, html: bool) -> None:
    """The report of the case that contradicts the claim; else of one that demonstrates it."""
    shown = decided.telling()
    if shown is None:
        return
    ask, point = shown
    settings = tuple(f"{name}={show_value(value)}" for name, value in point.parameters.items())
    emit(f"\n{telling_text(decided.claim, ask)}\n")
    explore_scenario(
        Request(
            scenario=_reference(ask),
            variant=None,
            settings=settings,
            memory=memory,
            directory=directory,
            format="text",
            max_states=None,
            timeout=None,
            count=None,
            expect=None,
            html=html,
            claims=_page_rows(decided) if html else (),
        )
    )


def _page_rows(decided: Decided) -> tuple[ClaimRow, ...]:
    from racer.artefacts.pages import claim_rows

    return claim_rows([decided])


def _reference(ask: Ask) -> str:
    """The name by which `racer explore` finds the scenario, else its file and name."""
    for each in catalogue(ask.scenario.name).found:
        if each.scenario.source == ask.scenario.source:
            return each.reference
    return file_reference(ask.scenario)
