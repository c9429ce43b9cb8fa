"""`--html`: the report as one file, NAME.html, with every label's witness in it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from markupsafe import escape

from racer.artefacts.naming import DEFAULT_MEMORY, explore_command, file_label, replay_command
from racer.artefacts.telling import origin_of
from racer.artefacts.writing import Written, WrittenPage, other_name, unwritten
from racer.catalogue.parameters import Value, marked_what_if, show_value
from racer.catalogue.scenario import Scenario
from racer.claims.bearing import bearings
from racer.claims.data import Never, Shows
from racer.claims.deciding import Decided
from racer.claims.finding import claim_names, known_claims
from racer.errors import RacerError
from racer.explanation.data import Explanation
from racer.explanation.states import states
from racer.exploration.judgement import Judgement
from racer.exploration.result import Result
from racer.exploration.witness_file import SavedWitness
from racer.files import readable, require_replaceable, shown_path, write_atomically
from racer.replaying.trace import Trace
from racer.viz.brief import Origin, brief_of
from racer.viz.claims import as_the_c_is_text, closing_text, expected_text, searched_text
from racer.viz.executions import rests_lines
from racer.viz.mail import mail
from racer.viz.page.executions import ExecutionTold, execution_told
from racer.viz.page.page import page
from racer.viz.page.report import (
    ClaimRow,
    LabelRow,
    Report,
    Told,
    told,
)
from racer.viz.summary import (
    count_text,
    coverage_text,
    cut_text,
    effect_texts,
    interleavings_text,
    needs_text,
    outcome_rows,
    share_text,
    states_text,
)

_OUTCOMES_SHOWN = 200
_LARGEST_PAGE = 1 << 28  # bytes
_BEARING = (
    "What this one case says of the claims that ask something of it. A claim may hold here and "
    "not elsewhere."
)


def write_page(
    path: Path, report: Report, content: bytes | None = None, *, replaces_others: bool = True
) -> WrittenPage:
    """Write the file; its directory is made. Errors: none, as with the files of a label.

    Where a page of something else is, it is replaced, or else this gets a longer name.
    `content` is the page if that is made already.
    """
    content = content or page(report)
    notes: tuple[str, ...] = ()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        require_replaceable(path, "page")
        if not replaces_others and path.exists() and not _is_of(report, path):
            stem, note = other_name(path.with_name(path.name.removesuffix(".html")), report.command)
            path, notes = stem.with_name(f"{stem.name}.html"), (note,)
        write_atomically(path, content, "page")
    except (OSError, RacerError) as error:
        return WrittenPage(None, unwritten(error, path))
    return WrittenPage(shown_path(path), None, notes)


def _is_of(report: Report, path: Path) -> bool:
    """Whether the page in a file, or an empty file, is of the same scenario and parameters."""
    text = readable(path, _LARGEST_PAGE).decode(errors="replace")
    return not text or f"<code>{escape(report.command)}</code>" in text


def result_report(
    scenario: Scenario,
    reference: str,
    parameters: dict[str, Value],
    result: Result,
    judgement: Judgement,
    explanations: Mapping[str, Explanation],
    written: Mapping[str, Written],
    claims: tuple[ClaimRow, ...] | None = (),
    command: Sequence[str] | None = None,
) -> Report:
    """A result as data for a page; `explanations` and `written` are by label, the former none
    where schedules are not explained.

    `claims` are answered whole; without any, the page has what this case says of each claim that
    is known, or with None nothing of claims. `command` explores it again, if not `racer explore`.
    """
    again = command
    if command is None:
        command = explore_command(scenario, reference, parameters, result.memory)
    bearing: tuple[ClaimRow, ...] = ()
    if claims == ():
        bearing = tuple(_bearing_rows(scenario, parameters, result, explanations))
    told = list(outcome_rows(result))
    outcomes = tuple(told[:_OUTCOMES_SHOWN])
    declared = judgement.declared
    labels = tuple((file_label(label), label) for label in explanations)
    return Report(
        title=reference,
        summary=scenario.summary,
        settings=_settings(scenario, parameters, result.memory),
        verdict=result.verdict,
        agreed=judgement.as_expected,
        remark=_remark(result, judgement),
        because=declared.reason if declared and judgement.override is None else "",
        numbers=_numbers(result),
        labels=(*_label_rows(result, explanations), *(_vacuous(name) for name in result.vacuous)),
        outcomes=outcomes,
        more=_left_out(result, len(told) - len(outcomes)),
        told=tuple(
            _told(
                explanation,
                result.violations[label].trace,
                written[label].svg,
                _replay(written[label]),
                origin_of(scenario, reference, parameters, result.memory, declared, label, again),
            )
            for label, explanation in explanations.items()
        ),
        executions=tuple(_executions(result, written)),
        counted="interleavings" if result.executions is None else "executions",
        claims=tuple(replace(each, schedules=labels) for each in claims or ()) or bearing,
        claims_lead=_BEARING if bearing else "",
        command=shlex.join(command),
    )


def _numbers(result: Result) -> tuple[tuple[str, str], ...]:
    if result.executions is not None:
        count = result.executions.count
        return (("executions", "not counted" if count is None else count_text(count)),)
    return (
        ("interleavings", interleavings_text(result)),
        ("states", states_text(result)),
        ("transitions", count_text(result.transitions)),
    )


def _executions(result: Result, written: Mapping[str, Written]) -> Iterator[ExecutionTold]:
    """Of each label that an execution shows."""
    for label, found in result.violations.items():
        execution, said = found.witness.execution, result.executions
        if execution is None or said is None:
            continue
        of_label = written.get(label)
        svg = None if of_label is None else of_label.svg
        yield execution_told(
            label,
            result.memory,
            execution,
            rests_lines(label, said),
            anchor=file_label(label),
            picture=None if svg is None else svg.decode(),
            replay=None if of_label is None else _replay(of_label),
        )


def witness_report(
    scenario: Scenario,
    saved: SavedWitness,
    trace: Trace,
    explanation: Explanation,
    *,
    note: str,
    picture: bytes | None,
    replay: str,
    origin: Origin,
) -> Report:
    """A saved witness as data for a page. Nothing was explored: counts are the file's, if any.

    `note` says what may no longer hold.
    """
    shown = len(explanation.rows)
    row = LabelRow(
        label=saved.label,
        anchor=file_label(saved.label),
        share=explanation.count,
        needs=explanation.fact,
        steps=_steps(len(trace.events), shown),
        effects=(),
    )
    return Report(
        title=saved.scenario,
        summary=scenario.summary,
        settings=_settings(scenario, saved.parameters, saved.memory),
        verdict="fail",
        agreed=None,
        remark="one witness, replayed: each step as saved",
        because=note,
        numbers=(),
        labels=(row,),
        told=(_told(explanation, trace, picture, replay, origin),),
        command=replay,
    )


def _bearing_rows(
    scenario: Scenario,
    parameters: dict[str, Value],
    result: Result,
    explanations: Mapping[str, Explanation],
) -> Iterator[ClaimRow]:
    claims, _ = known_claims()  # a file that does not load is no error of this scenario
    for each in bearings(claims, scenario, parameters, result):
        labels = (ask.label for ask in each.asks if isinstance(ask, Never | Shows))
        told = dict.fromkeys(label for label in labels if label in explanations)
        yield ClaimRow(
            name=each.claim.name,
            text=each.claim.text,
            made=each.claim.made,
            answer={True: "holds here", False: "refuted here", None: "unknown"}[each.holds],
            condition="",
            wrong="",
            because="",
            searched=f"this case only; all of them: racer claims {each.claim.name}",
            asked="; ".join(dict.fromkeys(ask.text for ask in each.asks)),
            schedules=tuple((file_label(label), label) for label in told),
        )


def claim_rows(decided: Sequence[Decided]) -> tuple[ClaimRow, ...]:
    """The rows of the table in an HTML file."""
    return tuple(
        ClaimRow(
            name=each.claim.name,
            text=each.claim.text,
            made=each.claim.made,
            answer=each.answer.verdict,
            as_the_c_is=as_the_c_is_text(each.as_the_c_is),
            condition=each.answer.condition,
            universal=each.universal_text,
            wrong="" if each.as_expected or each.cut else expected_text(each),
            because=each.claim.because,
            searched=searched_text(each.cases()),
        )
        for each in decided
    )


def claims_report(decided: Sequence[Decided], *, asked: Sequence[str], memory: str) -> Report:
    """The answers to claims as data for a page; `asked` are the names and files of the command."""
    rows = claim_rows(decided)
    names = claim_names(asked)
    files = [word for word in asked if word not in names]
    under = [] if memory == DEFAULT_MEMORY else ["--memory", memory]
    return Report(
        title="Claims",
        summary=closing_text(decided),
        settings=(("memory", memory),),
        verdict=None,
        agreed=None,
        remark="",
        because="",
        numbers=(),
        claims=tuple(
            row
            if each.telling() is None
            else replace(row, told_by=shlex.join(["racer", "claims", *files, row.name, *under]))
            for each, row in zip(decided, rows, strict=True)
        ),
        command=shlex.join(["racer", "claims", *asked, *under, "--html"]),
    )


def _settings(
    scenario: Scenario, parameters: Mapping[str, Value], memory: str
) -> tuple[tuple[str, str], ...]:
    what_ifs = scenario.what_ifs(parameters)
    shown = {name: show_value(value) for name, value in parameters.items()}
    marked = {name: marked_what_if(shown[name]) for name in what_ifs}
    return (*{**shown, **marked}.items(), ("memory", memory))


def _remark(result: Result, judgement: Judgement) -> str:
    if result.verdict == "bound":
        return f"nothing is proved: {result.bound}"
    said = []
    if judgement.as_expected is not None:
        declared = f"NOT as expected ({judgement.declaration})"
        said.append("as expected" if judgement.as_expected else declared)
    if result.bound is not None:
        said.append(cut_text(result))
    compared = None if result.executions is not None else coverage_text(result)
    if compared is not None:
        said.append(compared)
    return "; ".join(said)


def _label_rows(result: Result, explanations: Mapping[str, Explanation]) -> list[LabelRow]:
    rows = []
    for label, found in result.violations.items():
        explanation, whole = explanations.get(label), found.witness.steps
        shown = explanation is not None or found.witness.execution is not None
        rows.append(
            LabelRow(
                label=label,
                anchor=file_label(label) if shown else None,
                share=share_text(found, result),
                needs=needs_text(found),
                steps=_steps(whole, whole if explanation is None else len(explanation.rows)),
                effects=tuple(effect_texts(label, found, result)),
            )
        )
    return rows


def _steps(whole: int, shown: int) -> str:
    """How long the interleaving is, and how soon it violates."""
    return f"{whole}" if shown == whole else f"{whole}, violating after {shown}"


def _vacuous(name: str) -> LabelRow:
    return LabelRow(name, None, "vacuous: no state reaches it", "", "", ())


def _left_out(result: Result, left: int) -> str:
    if not result.outcomes:
        return "None: no interleaving that was searched comes to an end."
    return f"And {left:,} more, all with --json." if left else ""


def _replay(written: Written) -> str | None:
    return None if written.witness is None else replay_command(written.witness)


def _told(
    explanation: Explanation,
    trace: Trace,
    picture: bytes | None,
    replay: str | None,
    origin: Origin,
) -> Told:
    return told(
        explanation,
        states(trace, len(explanation.rows)),
        anchor=file_label(explanation.label),
        picture=None if picture is None else picture.decode(),
        brief=brief_of(explanation, origin),
        mail=mail(explanation),
        replay=replay,
    )
