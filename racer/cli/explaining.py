"""`racer explain`: why the schedule of a witness file comes out as it does, and its pictures."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from racer.artefacts.naming import case_title, replay_command
from racer.artefacts.telling import ALONE, Detail, mailed, told
from racer.artefacts.writing import Written, unwritten, with_pictures
from racer.cli.guard import complain, emit, models_print_to_stderr
from racer.cli.naming import complain_of, complain_paths, named_by_user
from racer.cli.statuses import OK, USAGE
from racer.cli.witnesses import Consent, Replayed, replayed
from racer.errors import RacerError, UsageError
from racer.explanation.data import Explanation
from racer.explanation.exact import exactly
from racer.explanation.telling import explanation_of
from racer.exploration.explaining import explained
from racer.exploration.exploring import searched_and_told
from racer.exploration.judgement import judge
from racer.exploration.result import Result
from racer.exploration.wanted import Wanted
from racer.viz.diagram.drawing import diagram

_STATES_FOR_A_PAGE = 20_000  # some seconds


@dataclass(frozen=True, slots=True)
class Pictures:
    """What is to be drawn of a witness: into `directory`, and the page into the file `html`."""

    directory: str
    svg: bool = False
    png: bool = False
    html: str | None = None


def explain_witness(
    path: str, consent: Consent, *, detail: Detail, for_mail: bool, pictures: Pictures
) -> int:
    """Replay a saved witness, and say why it comes out as it does.

    `for_mail` leaves out what concerns only the reader of the terminal, and ends in the command
    that replays it; a brief is for mail anyhow, and Mermaid for a pull request.
    """
    alone = detail in ALONE
    page = None if pictures.html is None else _page_file(pictures.html, path)
    directory = named_by_user(pictures.directory, "--output")
    done = replayed(path, consent)
    explanation = _explained(done)
    text = told(explanation, detail, done.origin())
    if for_mail or alone:
        if done.notes():
            complain(done.notes())
        emit(text if alone else mailed(done.heading, text, path))
    else:
        emit("\n\n".join(part for part in (done.heading, done.notes(), text) if part))
    drawn = _drawn(done, explanation, directory, pictures)
    written = [drawn] if drawn else []
    paths = [*drawn.pictures] if drawn else []
    failed = complain_of(written)
    if page is not None:
        failed |= _write_page(page, done, explanation, drawn, paths)
    if for_mail or alone:
        complain_paths(paths)
    elif paths:
        emit("\n" + "\n".join(paths))
    return USAGE if failed else OK


def _explained(done: Replayed) -> Explanation:
    saved = done.saved
    with models_print_to_stderr(), exactly(done.loaded, saved.memory) as exact:
        return explanation_of(
            done.trace,
            saved.label,
            interleavings=saved.interleavings if done.fresh else None,
            total=saved.total if done.fresh else None,
            preemptions=saved.preemptions,
            minimal=saved.minimal and done.fresh,
            with_effect=saved.with_effect if done.fresh else None,
            exact=exact,
        )


def _page_file(html: str, witness: str) -> Path:
    """The file for the page. Errors: UsageError where it has no name, or is the witness itself."""
    page = named_by_user(html, "--html")
    if os.path.exists(page) and os.path.exists(witness) and os.path.samefile(page, witness):
        raise UsageError(f"--html {html!r} is the witness itself: name another file.")
    return page


def _drawn(
    done: Replayed, explanation: Explanation, directory: Path, pictures: Pictures
) -> Written | None:
    """The pictures that are asked for, beside each other; None where none are."""
    if not pictures.svg and not pictures.png:
        return None
    stem = directory / Path(done.path).name.removesuffix(".json")
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return Written(None, failure=unwritten(error, directory))
    dot = diagram(explanation, _title(done))
    return with_pictures(Written(stem, done.path), dot, png=pictures.png)


def _title(done: Replayed) -> str:
    saved = done.saved
    return case_title(done.scenario, done.scenario.complete(saved.parameters), saved.memory)


def _write_page(
    file: Path, done: Replayed, explanation: Explanation, drawn: Written | None, paths: list[str]
) -> bool:
    """The page, with all that an exploration tells if that is short; whether something failed.

    `paths` are what stdout names; the page is put before them.
    """
    from racer.artefacts.pages import result_report, witness_report, write_page

    picture = drawn if drawn is not None else _picture(done, explanation)
    found = _explored(done) if done.fresh else None
    if found is None:
        note = done.notes() or f"no page of all: there are more than {_STATES_FOR_A_PAGE:,} states"
        report = witness_report(
            done.scenario,
            done.saved,
            done.trace,
            explanation,
            note=note,
            picture=picture.svg,
            replay=replay_command(done.path),
            origin=done.origin(),
        )
    else:
        explanations, written = _of_all_labels(done, found, explanation, picture)
        scenario, saved = done.scenario, done.saved
        parameters = scenario.complete(saved.parameters)
        declared = scenario.expected(saved.memory, **parameters)
        report = result_report(
            scenario,
            saved.scenario,
            parameters,
            found,
            judge(found, declared, None),
            explanations,
            written,
        )
    page = write_page(file, report)
    if page.path:
        paths.insert(0, page.path)
    return complain_of([page, *([] if drawn is not None else [picture])])


def _picture(done: Replayed, explanation: Explanation) -> Written:
    """A picture that is part of a page only."""
    from racer.viz.diagram.drawing import render

    try:
        svg = render(diagram(explanation, _title(done)), "svg")
    except RacerError as error:
        return Written(None, done.path, failure=str(error))
    return Written(None, done.path, svg=svg)


def _explored(done: Replayed) -> Result | None:
    """What an exploration says, with the saved schedule for its label; None: it takes too long."""
    saved = done.saved
    with models_print_to_stderr():
        wanted = Wanted(saved.memory, max_states=_STATES_FOR_A_PAGE)
        _, result = searched_and_told(done.loaded.program, wanted, done.loaded)
    found = result.violations.get(saved.label)
    if result.bound is not None or found is None:
        return None
    witness = replace(found.witness, schedule=done.trace.schedule)
    told = replace(found, witness=witness, trace=done.trace)
    return replace(result, violations={**result.violations, saved.label: told})


def _of_all_labels(
    done: Replayed, result: Result, explanation: Explanation, picture: Written
) -> tuple[dict[str, Explanation], dict[str, Written]]:
    """Explanations and pictures: of the witness's label those that there are, else new ones."""
    explanations: dict[str, Explanation] = {}
    written: dict[str, Written] = {}
    with models_print_to_stderr(), exactly(done.loaded, result.memory) as exact:
        for label in result.violations:
            own = label == done.saved.label
            explanations[label] = explanation if own else explained(result, label, exact)
    for label, each in explanations.items():
        own = label == done.saved.label
        written[label] = picture if own else replace(_picture(done, each), witness=None)
    return explanations, written
