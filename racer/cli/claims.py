"""`racer claims`: the answers as a table for a mail, or one of them with its schedule."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from racer.catalogue.discovery import catalogue
from racer.catalogue.parameters import show_parameters, show_value
from racer.claims.data import Ask, Claim, Never, Shows
from racer.claims.deciding import Case, Decided, Interruption, Point, decide
from racer.claims.finding import find_claims
from racer.cli.commands import Request, explore_scenario
from racer.cli.guard import complain, emit, models_print_to_stderr
from racer.cli.output import WrittenPage
from racer.cli.progress import shown_cases
from racer.cli.statuses import BOUND, INTERRUPTED, NOT_AS_DECLARED, OK, USAGE
from racer.machine.models import model
from racer.viz.documents.result import dumped
from racer.viz.summary import count_text
from racer.viz.wrapping import WIDTH

if TYPE_CHECKING:
    from racer.viz.page.report import ClaimRow

SCHEMA = "racer-claims/1"
_MARGIN = 14
_SHORT = {"holds only if": "only if"}
_POINTS_SHOWN = 24


def claims_command(
    names: list[str],
    *,
    memory: str,
    directory: str,
    json: bool,
    html: bool,
    jobs: int | None,
    max_states: int | None,
    timeout: float | None,
) -> int:
    """Decide the claims of these names, or all; a single one is explained with its schedule."""
    model(memory)  # refused before anything is loaded
    with models_print_to_stderr():
        claims, broken = find_claims(names)
        decided, interrupted = _decided(claims, memory, jobs, max_states, timeout)
    if json:
        emit(_document(decided, memory))
    elif len(names) == 1 and decided:
        emit(_explained(decided[0], memory))
        _show_schedule(decided[0], memory, directory, html=html)
    else:
        emit(_table(decided, memory))
    page = _written_page(decided, memory, directory) if html else WrittenPage(None, None)
    if page.path and not json:
        emit(f"\n{page.path}")
    if page.failure:
        complain(f"error: {page.failure}")
    for each in broken:
        complain(f"error: {each.error}")
    if interrupted:
        complain(f"interrupted; {len(decided)} of {len(claims)} claims were decided")
        return INTERRUPTED
    return USAGE if broken or page.failure else _status(decided)


def _decided(
    claims: list[Claim],
    memory: str,
    jobs: int | None,
    max_states: int | None,
    timeout: float | None,
) -> tuple[list[Decided], bool]:
    try:
        with shown_cases() as progress:
            found = decide(
                claims,
                memory=memory,
                jobs=jobs,
                max_states=max_states,
                timeout=timeout,
                progress=progress,
            )
    except Interruption as stop:
        return stop.decided, True
    return found, False


def _status(decided: list[Decided]) -> int:
    if any(each.answer.verdict == "bound" for each in decided):
        return BOUND
    return OK if all(each.as_expected for each in decided) else NOT_AS_DECLARED


def _table(decided: list[Decided], memory: str) -> str:
    """A row for each claim: its name, the answer under each memory model, the claim."""
    if not decided:
        return "no claims"
    blocks = ["\n".join(_row("claim", memory, ["what was claimed; what it depends on"]))]
    for each in decided:
        word = _SHORT.get(each.answer.verdict, each.answer.verdict)
        blocks.append("\n".join(_row(each.claim.name, word, _row_lines(each))))
    blocks.append("\n".join(_closing(decided)))
    return "\n\n".join(blocks)


def _row_lines(decided: Decided) -> Iterator[str]:
    yield decided.claim.text
    if decided.answer.condition:
        yield f"only if {decided.answer.condition}"
    if not decided.as_expected:
        yield f"NOT as expected ({decided.claim.expected})"
    yield _denominator(decided.cases())


def _row(name: str, word: str, lines: Iterable[str]) -> list[str]:
    """The first two columns are narrow; every line of the third is wrapped beside them."""
    wrapped = [part for line in lines for part in _wrapped(line, WIDTH - _MARGIN)]
    head = f"{name:<5} {word:<7} "
    return [(head if i == 0 else " " * _MARGIN) + part for i, part in enumerate(wrapped)]


def _closing(decided: list[Decided]) -> list[str]:
    wrong = [each.claim.name for each in decided if not each.as_expected]
    cases = {id(case): case for each in decided for case in each.cases()}
    many = f"{len(decided)} claim{'s' if len(decided) != 1 else ''}"
    verdict = f"NOT as expected: {', '.join(wrong)}" if wrong else "all as expected"
    return _wrapped(f"{many}, {verdict}; {_denominator(list(cases.values()))}", WIDTH)


def _denominator(cases: list[Case]) -> str:
    """How much was searched."""
    counts = [case.interleavings for case in cases]
    counted = [count for count in counts if count is not None]
    endless = sum(bool(case.loops) for case in cases)
    parts = [f"{len(cases)} case{'s' if len(cases) != 1 else ''}"]
    parts.append(f"{count_text(sum(case.states for case in cases))} states")
    if counted:
        parts.append(f"{count_text(sum(counted))} interleavings")
    if endless:
        parts.append(f"unbounded in {endless}")
    if len(counts) - len(counted) - endless:
        parts.append(f"not counted in {len(counts) - len(counted) - endless}")
    return ", ".join(parts)


def _explained(decided: Decided, memory: str) -> str:
    """One claim: where it was made, the answer, and what it came to at each point asked."""
    claim = decided.claim
    word = decided.answer.verdict.upper()
    agreed = "as expected" if decided.as_expected else f"NOT as expected ({claim.expected})"
    paragraphs = [
        "\n".join([*_wrapped(f"{claim.name}  {claim.text}"), *_wrapped(f"made: {claim.made}")]),
        "\n".join(
            [
                *_wrapped(f"{word}  {agreed}  memory={memory}"),
                *_wrapped(decided.answer.condition, indent="  "),
                *_wrapped(claim.because, indent="  "),
            ]
        ),
        *(_asked(ask, of, n) for n, (ask, of) in enumerate(_asks(decided), start=1)),
        "\n".join(_wrapped(_denominator(decided.cases()))),
    ]
    return "\n\n".join(paragraphs)


def _asks(decided: Decided) -> Iterator[tuple[Ask, tuple[Point, ...]]]:
    return zip(decided.claim.asks, decided.points, strict=True)


def _asked(ask: Ask, points: tuple[Point, ...], number: int) -> str:
    fixed = {name: values[0] for name, values in ask.grid.items() if len(values) == 1}
    title = f"({number}) {ask.scenario.name} {show_parameters(fixed)}".rstrip()
    lines = _wrapped(f"{title}: {ask.text}?")
    for point in points[:_POINTS_SHOWN]:
        varied = {name: point.parameters[name] for name in ask.varied}
        lines += _wrapped(f"{_word(point):<8} {show_parameters(varied)}".rstrip(), indent="  ")
    if len(points) > _POINTS_SHOWN:
        lines.append(f"  and {len(points) - _POINTS_SHOWN} more (all with --json)")
    return "\n".join(lines)


def _word(point: Point) -> str:
    if point.refused is not None:
        return f"cannot happen ({point.refused})"
    return {True: "yes", False: "no", None: "unknown"}[point.holds]


def _written_page(decided: list[Decided], memory: str, directory: str) -> WrittenPage:
    """The table as one HTML file, claims.html."""
    from racer.cli.html import claims_report, write_page

    report = claims_report(_claim_rows(decided), memory=memory, summary=" ".join(_closing(decided)))
    return write_page(Path(directory) / "claims.html", report)


def _claim_rows(decided: list[Decided]) -> tuple[ClaimRow, ...]:
    """The rows of the table in an HTML file."""
    from racer.viz.page.report import ClaimRow

    return tuple(
        ClaimRow(
            name=each.claim.name,
            text=each.claim.text,
            made=each.claim.made,
            answer=each.answer.verdict,
            condition=each.answer.condition,
            wrong="" if each.as_expected else str(each.claim.expected),
            because=each.claim.because,
            searched=_denominator(each.cases()),
        )
        for each in decided
    )


def _show_schedule(decided: Decided, memory: str, directory: str, *, html: bool) -> None:
    """The report of the case that contradicts the claim; else of one that demonstrates it."""
    shown = _telling(decided)
    if shown is None:
        return
    ask, point, why = shown
    settings = tuple(f"{name}={show_value(value)}" for name, value in point.parameters.items())
    emit(f"\n{why}\n")
    explore_scenario(
        Request(
            scenario=_reference(ask),
            variant=None,
            settings=settings,
            memory=memory,
            directory=directory,
            json=False,
            max_states=None,
            timeout=None,
            count=None,
            expect=None,
            html=html,
            claims=_claim_rows([decided]) if html else (),
        )
    )


def _telling(decided: Decided) -> tuple[Ask, Point, str] | None:
    for ask, points in _asks(decided):
        for point in points:
            if isinstance(ask, Never) and point.holds is False:
                return ask, point, "What contradicts it:"
    for ask, points in _asks(decided):
        for point in points:
            if isinstance(ask, Shows) and point.holds:
                return ask, point, "What shows it:"
    return None


def _reference(ask: Ask) -> str:
    """The name by which `racer explore` finds the scenario."""
    for each in catalogue().found:
        if each.scenario.name == ask.scenario.name:
            return each.reference
    return ask.scenario.name


def _document(decided: list[Decided], memory: str) -> str:
    """Everything, in one line, schema "racer-claims/1"."""
    claims = [_claim_document(each) for each in decided]
    return dumped({"schema": SCHEMA, "memory": memory, "claims": claims})


def _claim_document(decided: Decided) -> dict[str, Any]:
    claim = decided.claim
    return {
        "claim": claim.name,
        "text": claim.text,
        "made": claim.made,
        "answer": str(decided.answer),
        "expected": str(claim.expected),
        "as_expected": decided.as_expected,
        "because": claim.because,
        "asks": [
            {
                "scenario": ask.scenario.name,
                "asked": ask.text,
                "points": [_point_document(point) for point in points],
            }
            for ask, points in _asks(decided)
        ],
    }


def _point_document(point: Point) -> dict[str, Any]:
    return {
        "parameters": dict(point.parameters),
        "holds": point.holds,
        "refused": point.refused,
        "cases": [
            {
                "interleavings": case.interleavings,
                "states": case.states,
                "labels": {
                    label: {"interleavings": found.interleavings, "effects": list(found.effects)}
                    for label, found in case.labels.items()
                },
                "returned": {thread: sorted(values) for thread, values in case.returned.items()},
                "loops": None if case.loops is None else list(case.loops),
                "bound": case.bound,
                "vacuous": list(case.vacuous),
            }
            for case in point.cases
        ],
    }


def _wrapped(text: str, width: int = WIDTH, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=f"{indent}  " if indent else "",
        break_on_hyphens=False,
    )
