"""`racer explore` of one scenario: search, leave files, tell; errors are `racer.cli.guard`'s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from racer import interrupts
from racer.artefacts.naming import case_title, explore_command, identity, sample_words
from racer.artefacts.telling import (
    ALONE,
    end_of_telling,
    explanations_of,
    mailed,
    origin_of,
    says_all,
    told,
)
from racer.artefacts.trailer import Trailer
from racer.artefacts.writing import (
    Stale,
    Written,
    WrittenPage,
    set_aside,
    with_pictures,
    write_witness,
)
from racer.catalogue.discovery import origin_text
from racer.cli.executions import show_executions
from racer.cli.formats import formatted, summary_is_wanted, tell_github, write_sarif
from racer.cli.guard import complain, emit, models_print_to_stderr, stdout_takes_all
from racer.cli.naming import (
    complain_of,
    complain_of_late,
    complain_paths,
    emit_files,
    named_by_user,
    to_be_named,
)
from racer.cli.progress import shown_states
from racer.cli.saving import opened_checkpoint
from racer.cli.selecting import (
    Request,
    Selection,
    explored_case,
    made_trailer,
    override_of,
    select,
)
from racer.cli.statuses import INTERRUPTED, USAGE, status_of
from racer.errors import UsageError
from racer.explanation.data import Explanation
from racer.exploration.exploring import explored as explore
from racer.exploration.exploring import never_made
from racer.exploration.judgement import Judgement, judge
from racer.exploration.result import Interrupted, Result
from racer.exploration.wanted import Wanted
from racer.exploration.witness_file import saved_witness
from racer.files import shown_path
from racer.graph_witnesses.saved import saved_execution
from racer.lang.patience import GRACE, until
from racer.lang.run import OutOfTime
from racer.machine.models import OF_EXECUTIONS
from racer.search.limits import deadline_after, is_past
from racer.viz.diagram.drawing import diagram
from racer.viz.documents.case import ExploredCase
from racer.viz.mermaid import mermaid
from racer.viz.summary import heading, result_line, summary, verdict_text
from racer.viz.wrapping import filled


def explore_scenario(request: Request) -> int:
    """Explore one scenario; print the verdict, then leave and show a picture of each label."""
    override = override_of(request.expect)
    _require_schedules(request)
    named_by_user(request.directory, "--output")
    if request.certificate is not None:
        named_by_user(request.certificate, "--certificate")
    if request.sarif is not None:
        named_by_user(request.sarif, "--sarif")
    deadline = deadline_after(request.timeout)
    try:
        with models_print_to_stderr(), until(deadline):
            selection = select(request.scenario, request.variant, request.settings, request.memory)
    except OutOfTime as stop:
        return told_unmade(request, stop, override)
    status = None
    try:
        with interrupts.deferred():
            status = _explored_and_told(request, selection, override, deadline)
    except KeyboardInterrupt:
        if status is None:
            raise
    return status  # all has been said


def _require_schedules(request: Request) -> None:
    """Errors: UsageError where what is to be told is a schedule, and there are none."""
    alone = request.detail in ALONE
    if request.memory in OF_EXECUTIONS and (alone or request.certificate):
        raise UsageError(
            f"--brief, --mermaid and --certificate tell schedules, and the memory model "
            f"{request.memory!r} has none: it has executions.\n"
            f"Try: --mail, --html, --png or --json."
        )


def _explored_and_told(
    request: Request,
    selection: Selection,
    override: Literal["pass", "fail"] | None,
    deadline: float | None,
) -> int:
    """The search may be cut by Ctrl-C, and the explanations; of the rest nothing is lost."""
    with models_print_to_stderr():
        result, interrupted = search(request, selection, deadline)
    judgement = judge(result, selection.declared, override)
    written = written_witnesses(request, selection, result)  # before anything that may fail
    stale = stale_witnesses(request, selection, result, interrupted=interrupted)
    trailer = None if interrupted else made_trailer(request, selection, result)
    opening = (
        None
        if request.format != "text"
        else _opening(request, selection, result, judgement, trailer)
    )
    if opening:
        emit(opening)
    explanations, cut = _show_violations(
        request, selection, result, written, deadline, opening, trailer
    )
    end = end_of_telling(deadline, request.timeout)
    page = _written_page(request, selection, result, judgement, explanations, written, end)
    certificate = _written_certificate(request, selection, result)
    sequences = _sequences(selection, result.memory, explanations) if summary_is_wanted() else {}
    case = explored_case(selection, result, judgement, written, trailer, sequences)
    sarif = write_sarif(request.sarif, [case])
    if request.format != "text":
        emit(formatted(request.format, case))
    elif not request.alone:
        emit_files(written, to_be_named(selection.found), [page, certificate, sarif])
    else:
        pictures = [path for each in written.values() for path in each.pictures]
        asked = [path for path in pictures if request.png and path.endswith(".png")]
        complain_paths([*(each.path for each in (page, certificate, sarif) if each.path), *asked])
    failures = complain_of([*written.values(), *stale, page, certificate, sarif])
    complain_of_late(written, request.timeout)
    tell_github([case])
    if not stdout_takes_all():
        complain(f"{selection.found.reference}: {result_line(result)}")
    if interrupted or cut or interrupts.asked():
        interrupts.answered()
        complain("interrupted; what was found so far is above")
        return INTERRUPTED
    return USAGE if failures else status_of(result, judgement)


def _sequences(
    selection: Selection, memory: str, explanations: Mapping[str, Explanation]
) -> dict[str, str]:
    """Each explanation as a sequence diagram."""
    scenario = selection.found.scenario
    return {
        label: mermaid(each, case_title(scenario, selection.parameters, memory))
        for label, each in explanations.items()
    }


def told_unmade(request: Request, stop: OutOfTime, override: Literal["pass", "fail"] | None) -> int:
    """The answer where time was over before there was a Program."""
    result = never_made(Wanted(memory=request.memory, timeout=request.timeout), stop)
    judgement = judge(result, None, override)
    case = ExploredCase(request.scenario, result, judgement)
    if request.format != "text":
        emit(formatted(request.format, case))
    else:
        title = heading(request.scenario, "", {}, request.memory, {})
        emit(f"{title}\n\n{summary(result, judgement)}")
    sarif = write_sarif(request.sarif, [case])
    tell_github([case])
    return USAGE if complain_of([sarif]) else status_of(result, judgement)


def search(request: Request, selection: Selection, deadline: float | None) -> tuple[Result, bool]:
    """The result, and whether Ctrl-C cut the search."""
    progress_of = shown_states(selection.found.reference)
    try:
        with progress_of as progress, opened_checkpoint(request, selection) as checkpoint:
            wanted = Wanted(
                memory=request.memory,
                count=request.count,
                max_states=request.max_states,
                timeout=request.timeout,
                progress=progress,
                deadline=deadline,
                sample=request.sample,
                checkpoint=checkpoint,
            )
            result = explore(selection.program, wanted)
    except Interrupted as stop:
        return stop.result, True
    return result, False


def _opening(
    request: Request,
    selection: Selection,
    result: Result,
    judgement: Judgement,
    trailer: Trailer | None,
) -> str:
    """What was explored, and what came of it; in brief, nothing where violations say all."""
    last = "" if trailer is None else f"\n\n{trailer.lines()}"
    if request.alone and says_all(result, judgement):
        return ""
    title = selection.heading(selection.found.reference, result.memory)
    if selection.found.hides:
        title += f"\n({origin_text(selection.found)})"
    if request.alone:
        if result.violations:
            last = ""  # each violation is told with it
        said = f"{verdict_text(result, judgement)}\n{filled(result_line(result))}"
        return f"{title}\n\n{said}{last}"
    return f"{title}\n\n{summary(result, judgement)}{last}"


def written_witnesses(request: Request, selection: Selection, result: Result) -> dict[str, Written]:
    """The witness file of each label."""
    found, directory = selection.found, Path(request.directory)
    name = selection.file_name(result.memory)
    if result.executions is not None:
        return {
            label: write_witness(
                directory,
                name,
                saved_execution(
                    result,
                    selection.program,
                    label,
                    scenario=found.saved_reference,
                    parameters=selection.parameters,
                ),
            )
            for label in result.violations
        }
    if result.loaded is None:
        return {}
    with models_print_to_stderr():  # threads may be run for the fingerprint
        saved = {
            label: saved_witness(
                result, label, scenario=found.saved_reference, parameters=selection.parameters
            )
            for label in result.violations
        }
    return {label: write_witness(directory, name, witness) for label, witness in saved.items()}


def stale_witnesses(
    request: Request, selection: Selection, result: Result, *, interrupted: bool
) -> list[Stale]:
    """Set aside the case's witnesses that were not found again, where all was searched."""
    nothing = result.loaded is None and result.executions is None
    if result.bound is not None or interrupted or nothing:
        return []
    reference, memory = selection.found.saved_reference, result.memory
    case = identity(reference, selection.parameters, memory)
    directory = Path(request.directory)
    page_of = None if request.html else selection.found.reference
    name = selection.file_name(memory)
    return set_aside(directory, name, case, result.violations, page_of)


def _show_violations(
    request: Request,
    selection: Selection,
    result: Result,
    written: dict[str, Written],
    deadline: float | None,
    opening: str | None,
    trailer: Trailer | None,
) -> tuple[dict[str, Explanation], bool]:
    """Draw each label, beside its witness, and in a text report print its picture.

    A brief is of one label, and names the others.

    Labels that there was no time for are `late`: of these the only files are witnesses. The last of
    the answer: whether Ctrl-C left some without what all schedules would tell. `opening` was
    printed before them.
    """
    explanations: dict[str, Explanation] = {}
    end = end_of_telling(deadline, request.timeout)
    if result.executions is not None:
        show_executions(request, selection, result, written, end, trailer, opening)
        return explanations, False
    if not written or result.loaded is None:
        return explanations, False
    with models_print_to_stderr():
        explanations, cut = explanations_of(result, result.loaded, deadline, end)
    apart, one_is_told = "" if opening == "" else "\n", False
    for label in written:
        if label not in explanations or is_past(end):
            written[label] = replace(written[label], late=True)
            continue
        explanation = explanations[label]
        if request.format == "text" and not (request.detail == "brief" and one_is_told):
            witness = written[label].witness
            text = _told(request, selection, result, explanation, witness, trailer)
            emit(f"{apart}{text}")
            apart, one_is_told = "\n", True
        if interrupts.asked():  # there is the witness, from which it can be drawn
            continue
        title = case_title(selection.found.scenario, selection.parameters, result.memory)
        written[label] = with_pictures(
            written[label], diagram(explanation, title), png=request.png, deadline=end
        )
    return explanations, cut


def _told(
    request: Request,
    selection: Selection,
    result: Result,
    explanation: Explanation,
    witness: str | None,
    trailer: Trailer | None,
) -> str:
    found = selection.found
    last = "" if trailer is None else trailer.lines()
    again = explore_command(
        found.scenario, found.reference, selection.parameters, result.memory, named="variant"
    )
    origin = origin_of(
        found.scenario,
        found.reference,
        selection.parameters,
        result.memory,
        selection.declared,
        explanation.label,
        command=[*again, *sample_words(request.sample)],
        others=[each for each in result.violations if each != explanation.label],
    )
    text = told(explanation, request.detail, replace(origin, trailer=last))
    if not request.for_mail or request.detail in ALONE:
        return text
    return mailed(selection.heading(found.saved_reference, result.memory), text, witness, last)


def _written_certificate(request: Request, selection: Selection, result: Result) -> WrittenPage:
    """The certificate, where it is asked for."""
    if request.certificate is None:
        return WrittenPage(None, None)
    from racer.cli.certificates import write_certificate

    reference, parameters = selection.found.saved_reference, selection.parameters
    return write_certificate(Path(request.certificate), result, reference, parameters)


def _written_page(
    request: Request,
    selection: Selection,
    result: Result,
    judgement: Judgement,
    explanations: dict[str, Explanation],
    written: dict[str, Written],
    end: float | None,
) -> WrittenPage:
    """The HTML file, where it is asked for."""
    if not request.html:
        return WrittenPage(None, None)
    from racer.artefacts.pages import result_report, write_page
    from racer.viz.page.page import page

    found = selection.found
    path = Path(request.directory) / f"{selection.file_name(result.memory)}.html"
    try:
        with models_print_to_stderr(), until(end and end - GRACE):
            report = result_report(
                found.scenario,
                found.reference,
                selection.parameters,
                result,
                judgement,
                explanations,
                written,
                request.claims,
            )
            content = page(report)
    except OutOfTime:
        why = f"the timeout of {request.timeout or 0:g} s was over. Try: a longer one."
        return WrittenPage(None, f"cannot write {shown_path(path)}: {why}")
    return write_page(path, report, content, replaces_others=False)
