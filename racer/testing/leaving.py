"""What a test that fails leaves: a witness, a picture and a mail of each label, and a page."""

from __future__ import annotations

import glob
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from racer.artefacts.naming import file_label
from racer.artefacts.pages import result_report, write_page
from racer.artefacts.telling import explanations_of, mailed
from racer.artefacts.writing import Written, unwritten, with_pictures, write_witness
from racer.errors import RacerError
from racer.explanation.data import Explanation
from racer.exploration.judgement import Judgement
from racer.exploration.result import Result
from racer.exploration.witness_file import saved_witness
from racer.files import shown_path, write_atomically
from racer.graph_witnesses.saved import saved_execution
from racer.testing.cases import Case
from racer.viz.diagram.drawing import diagram
from racer.viz.executions import execution_mail
from racer.viz.graphs.dot import LAYOUT
from racer.viz.graphs.execution import execution_graph
from racer.viz.mail import ascii_text, mail


class Left:
    """Paths of what was written, and what could not be."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.failures: list[str] = []

    @property
    def text(self) -> str:
        """Both, a line each."""
        told = [f"error: {each}" for each in dict.fromkeys(self.failures)]
        return "\n".join([*self.paths, *told])

    def note(self, written: Written) -> None:
        """What there is of a label."""
        paths = [*written.pictures, *([written.witness] if written.witness else [])]
        self.paths += [each for each in paths if not each.endswith(".dot")]
        if written.failure:
            self.failures.append(written.failure)


def is_left(directory: Path, label: str) -> bool:
    """Whether a test's directory has a witness of a label."""
    return any(directory.glob(f"*.{glob.escape(file_label(label))}.json"))


def leave_witnesses(
    directory: Path, name: str, case: Case, result: Result, left: Left
) -> dict[str, Written]:
    """The witness of each label."""
    written = {}
    if result.executions is not None:
        for label in result.violations:
            execution = saved_execution(
                result,
                case.program,
                label,
                scenario=case.saved_reference,
                parameters=case.parameters,
            )
            written[label] = write_witness(directory, name, execution)
    for label in result.violations if result.loaded is not None else ():
        saved = saved_witness(
            result, label, scenario=case.saved_reference, parameters=case.parameters
        )
        written[label] = write_witness(directory, name, saved)
    return written


def explanations(result: Result) -> dict[str, Explanation]:
    """Of each label of a program that was explored."""
    if result.loaded is None:
        return {}
    return explanations_of(result, result.loaded, None, None)[0]


def leave_all(
    directory: Path,
    name: str,
    case: Case,
    result: Result,
    judgement: Judgement,
    told: Mapping[str, Explanation],
) -> Left:
    """Everything; NAME.LABEL.json, .svg, .mail.txt, and NAME.html. What cannot be written is told:
    the test has failed before, and its report is not to be lost."""
    left = Left()
    written = leave_witnesses(directory, name, case, result, left)
    _leave_executions(directory, name, case, result, written, left)
    for label, explanation in told.items():
        witness = written[label].witness if case.saved_reference else None  # else for Python only
        text = mailed(case.heading, mail(explanation).rstrip(), witness)
        _leave_mail(directory / f"{name}.{file_label(label)}.mail.txt", case, label, text, left)
        written[label] = with_pictures(written[label], diagram(explanation, case.title))
    for each in written.values():
        left.note(each)
    if not case.saved_reference:
        written = {label: replace(each, witness=None) for label, each in written.items()}
    report = result_report(
        case.scenario,
        case.reference,
        case.parameters,
        result,
        judgement,
        told,
        written,
        claims=None,
        command=case.command,
    )
    page = write_page(directory / f"{name}.html", report)
    if page.path:
        left.paths.append(page.path)
    if page.failure:
        left.failures.append(page.failure)
    return left


def _leave_executions(
    directory: Path,
    name: str,
    case: Case,
    result: Result,
    written: dict[str, Written],
    left: Left,
) -> None:
    """The mail and the picture of each label that an execution shows."""
    for label, found in result.violations.items():
        execution = found.witness.execution
        if execution is None:
            continue
        witness = written[label].witness if case.saved_reference else None
        said = execution_mail(label, result.memory, execution).rstrip()
        text = mailed(case.heading, said, witness)
        _leave_mail(directory / f"{name}.{file_label(label)}.mail.txt", case, label, text, left)
        dot = execution_graph(execution, label, case.title)
        written[label] = with_pictures(written[label], dot, layout=LAYOUT)


def _leave_mail(path: Path, case: Case, label: str, text: str, left: Left) -> None:
    """A mail with its subject, as `git send-email` and mail programs take it."""
    subject = ascii_text(f"Subject: racer: {label} in {case.title}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, f"{subject}\n\n{text}\n".encode(), "mail")
        left.paths.append(shown_path(path))
    except (OSError, RacerError) as error:
        left.failures.append(unwritten(error, path))
