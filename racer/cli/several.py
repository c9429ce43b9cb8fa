"""`racer explore` of several: the scenarios of a file or directory, or one under several memory
models, as one table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from racer.catalogue.discovery import Broken, Found, catalogue, find, find_all, is_path
from racer.cli.commands import (
    explore_scenario,
    told_unmade,
)
from racer.cli.formats import formatted_several, tell_github, write_sarif
from racer.cli.gathering import Chosen, gathered
from racer.cli.guard import complain, emit, models_print_to_stderr
from racer.cli.naming import complain_of, named_by_user
from racer.cli.sampling import estimate_scenario
from racer.cli.selecting import (
    Request,
    override_of,
    selected,
)
from racer.cli.statuses import BOUND, INTERRUPTED, NOT_AS_DECLARED, OK, USAGE
from racer.errors import UsageError
from racer.files import shown_path
from racer.lang.patience import until
from racer.lang.run import OutOfTime
from racer.machine.models import OF_EXECUTIONS, require_memory
from racer.search.limits import deadline_after
from racer.sharing.crew import Crew
from racer.viz.documents.case import NotExplored
from racer.viz.several import Row, table

_WORST_FIRST = (USAGE, NOT_AS_DECLARED, BOUND, OK)


def explore_named(request: Request, crew: Crew) -> int:
    """Explore the scenario that is named, or all of the file or directory that is."""
    path, memories = Path(request.scenario), memory_models(request.memory)
    by_executions = any(each in OF_EXECUTIONS for each in memories)
    if request.checkpoint and (request.estimate or request.sample or by_executions):
        raise UsageError(
            "--checkpoint is for a search, and with --estimate, with --sample, and under a memory "
            "model of executions racer searches no states."
        )
    with models_print_to_stderr():
        is_name = not is_path(request.scenario) and not _is_directory(request.scenario)
    explore = estimate_scenario if request.estimate else explore_scenario
    if is_name and len(memories) == 1:
        return explore(request)
    if is_name:
        with models_print_to_stderr():
            found = find(request.scenario)
        return _explore_all(request, [found], [], memories, crew)
    # The time of each scenario is its own; of a file alone it is that of loading, too.
    deadline = None if path.is_dir() else deadline_after(request.timeout)
    try:
        with models_print_to_stderr(), until(deadline):
            founds, broken = find_all(path)
    except OutOfTime as stop:
        return told_unmade(request, stop, override_of(request.expect))
    if not path.is_dir() and len(founds) == 1 and len(memories) == 1:
        return explore(request)
    return _explore_all(request, founds, broken, memories, crew)


def memory_models(words: str) -> tuple[str, ...]:
    """The memory models of `sc` or `sc,tso`, each once. Errors: UsageError for an unknown one."""
    names = tuple(dict.fromkeys(word.strip() for word in words.split(",")))
    for name in names:
        require_memory(name)
    return names


def _is_directory(word: str) -> bool:
    """Whether it is one in the current directory, and no scenario has that name."""
    if not Path(word).is_dir():
        return False
    return all(each.scenario.name != word for each in catalogue(word).found)


def _explore_all(
    request: Request,
    founds: Sequence[Found],
    broken: Sequence[Broken],
    memories: Sequence[str],
    crew: Crew,
) -> int:
    """The worst exit status there is: a file or a model that does not run, else what is not as
    declared, else what a limit cut."""
    of_one = (request.html, request.png, request.for_mail, request.certificate, request.estimate)
    if any(of_one) or request.checkpoint is not None or request.detail != "usual":
        raise UsageError(
            "--html, --png, --certificate, --checkpoint, --estimate, --brief, --full, --mail and "
            "--mermaid are for one scenario under one memory model: name it, FILE::NAME."
        )
    override = override_of(request.expect)
    named_by_user(request.directory, "--output")
    if request.sarif is not None:
        named_by_user(request.sarif, "--sarif")
    chosen = _chosen(founds, memories)
    came = gathered(request, chosen, override, crew)
    came.statuses += [USAGE for _ in broken]
    told = [*came.told, *came.left]
    told += [NotExplored(shown_path(each.path), each.error, is_file=True) for each in broken]
    if request.format != "text":
        emit(formatted_several(request.format, told, request.scenario))
    else:
        files = [Row(shown_path(each.path), None, None, each.error) for each in broken]
        if len(memories) == 1:
            emit(table(came.rows, memories[0], len(chosen), files))
        elif len(founds) == 1:
            emit(f"{_heading(request, founds[0], memories)}\n")
            told_of = table(came.rows, "", len(chosen), files, of="memory model", memories=memories)
            emit(told_of)
        else:
            emit(table(came.rows, "", len(chosen), files, of="case", memories=memories))
    sarif = write_sarif(request.sarif, told)
    if complain_of([sarif]):
        came.statuses.append(USAGE)
    elif sarif.path and request.format == "text":
        emit(f"\n{sarif.path}")
    tell_github(told)
    for each in broken:
        complain(f"error: {each.error}")
    if came.interrupted:
        complain(f"interrupted; {len(came.rows)} of {len(chosen)} scenarios were explored")
        return INTERRUPTED
    return worst(came.statuses)


def worst(statuses: Iterable[int]) -> int:
    """The exit status of several explorations."""
    found = set(statuses)
    return next((each for each in _WORST_FIRST if each in found), OK)


def _heading(request: Request, found: Found, memories: Sequence[str]) -> str:
    with models_print_to_stderr():
        selection = selected(found, request.variant, request.settings, memories[0])
    return selection.heading(found.reference, ",".join(memories))


def _chosen(founds: Sequence[Found], memories: Sequence[str]) -> list[Chosen]:
    """Each with what its row is called, and the memory model."""
    named = zip(_names(founds), founds, strict=True)
    if len(memories) == 1:
        return [Chosen(name, found, memories[0]) for name, found in named]
    return [
        Chosen(memory if len(founds) == 1 else f"{name} {memory}", found, memory)
        for name, found in named
        for memory in memories
    ]


def _names(founds: Sequence[Found]) -> list[str]:
    """By name, where that is one; else by the file too."""
    names = [each.scenario.name for each in founds]
    return [
        name if names.count(name) == 1 else found.reference
        for name, found in zip(names, founds, strict=True)
    ]
