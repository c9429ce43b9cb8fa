"""`racer explore` and `racer replay` of executions, which are no schedules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from racer.artefacts.naming import case_title
from racer.artefacts.telling import mailed
from racer.artefacts.trailer import Trailer
from racer.artefacts.writing import Written, with_pictures
from racer.catalogue.scenario import Scenario
from racer.cli.guard import complain, emit, models_print_to_stderr
from racer.cli.selecting import Request, Selection
from racer.cli.statuses import BOUND, DIVERGED, OK
from racer.exploration.result import Result
from racer.exploration.witness_file import racer_version
from racer.files import shown_path
from racer.graph_witnesses.refuted import NotKnown, Refuted
from racer.graph_witnesses.saved import SavedExecution
from racer.lang.patience import patience
from racer.lang.program import Program
from racer.search.limits import is_past
from racer.viz.executions import execution_mail
from racer.viz.graphs.dot import LAYOUT
from racer.viz.graphs.execution import execution_graph
from racer.viz.summary import heading
from racer.viz.wrapping import filled


def show_executions(
    request: Request,
    selection: Selection,
    result: Result,
    written: dict[str, Written],
    end: float | None,
    trailer: Trailer | None,
    opening: str | None,
) -> None:
    """Draw the execution of each label beside its witness, and print its mail if that is asked for;
    labels that there was no time for are `late`. `opening` was printed before them."""
    apart = "" if opening == "" else "\n"
    title = case_title(selection.found.scenario, selection.parameters, result.memory)
    last = "" if trailer is None else trailer.lines()
    for label, found in result.violations.items():
        execution = found.witness.execution
        assert execution is not None, "under a model of executions each witness is one"
        if request.format == "text" and request.for_mail:
            text = execution_mail(label, result.memory, execution).rstrip()
            about = selection.heading(selection.found.saved_reference, result.memory)
            emit(f"{apart}{mailed(about, text, written[label].witness, last)}")
            apart = "\n"
        if is_past(end):
            written[label] = replace(written[label], late=True)
            continue
        dot = execution_graph(execution, label, title)
        written[label] = with_pictures(
            written[label], dot, png=request.png, deadline=end, layout=LAYOUT
        )


def replay_execution(
    path: Path, saved: SavedExecution, scenario: Scenario, program: Program
) -> int:
    """Check the execution of a file, list its steps, and say what it rests on."""
    from racer.graph_witnesses.checking import check  # nobody else pays for its import

    emit(f"{heading_of(scenario, saved)}\n")
    try:
        with models_print_to_stderr(), patience():
            checked = check(saved, program)
    except Refuted as error:
        complain(
            f"error: the execution in {shown_path(path)} is refuted: {error}.\n"
            f"Usual cause: the scenario changed since it was saved, or the file was edited.\n"
            f"Try: racer explore, which writes it again if it is still shown."
        )
        return DIVERGED
    except NotKnown as error:
        complain(
            f"error: whether the execution in {shown_path(path)} is one is not known: {error}.\n"
            f"Usual cause: it has what this checker does not.\n"
            f"Try: racer explore, which finds it again if it is still shown."
        )
        return BOUND
    emit(filled(f"CHECKED  {checked.events} events, an execution of {saved.memory}: {saved.label}"))
    said = notes(saved, rests_on_dependencies=checked.rests_on_dependencies)
    if said:
        emit(said)
    for thread in saved.threads:
        emit(f"\n{thread.name}: {thread.end}")
        for step in thread.steps:
            result = f" -> {step.result}" if step.result else ""
            source = f"  from {step.source}" if step.source else ""
            emit(f"  {step.name:<4}{step.operation}{result}{source}")
    for cell, names in saved.stores.items():
        if len(names) > 1:
            emit(f"{cell} is stored to by {', then '.join(names)}")
    return OK


def heading_of(scenario: Scenario, saved: SavedExecution) -> str:
    """What the execution is of."""
    what_ifs = scenario.what_ifs(saved.parameters)
    return heading(saved.scenario, scenario.summary, saved.parameters, saved.memory, what_ifs)


def notes(saved: SavedExecution, *, rests_on_dependencies: bool) -> str:
    """What an execution that was checked rests on; empty where on nothing."""
    found = []
    if rests_on_dependencies:
        found.append(
            f"note: which dependencies the threads have is as saved, not checked: with all that "
            f"code could have, {saved.memory} does not allow this execution."
        )
    if saved.racer != racer_version():
        found.append(f"note: saved by racer {saved.racer}; this is {racer_version()}")
    return "\n".join(filled(each) for each in found)
