"""The answers to claims: a table for a mail, or one claim with all that was asked."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Final

from racer.catalogue.parameters import marked_what_if, show_parameters
from racer.claims.answering import what_ifs_of
from racer.claims.cases import Case, Point
from racer.claims.data import Answer, Ask, Claim, Never
from racer.claims.deciding import Decided
from racer.viz.summary import counted
from racer.viz.wrapping import WIDTH, filled

_COLUMNS: Final = (5, 7, 7)  # the widths of all but the last
_MARGIN: Final = sum(_COLUMNS) + len(_COLUMNS)
_SHORT: Final = {"holds only if": "only if"}
_AS_THE_C_IS: Final = {"holds": "yes", "refuted": "no", "holds only if": "depends on"}
_POINTS_SHOWN: Final = 24


def claims_table(decided: Sequence[Decided], memory: str) -> str:
    """A row for each claim: its name, the answer under the memory model, that as the C is, the
    claim."""
    if not decided:
        return "no claims"
    title = ("claim", memory, "as the C is")
    blocks = ["\n".join(_row(title, ["what was claimed; what it depends on"]))]
    for each in decided:
        word = _SHORT.get(each.answer.verdict, each.answer.verdict)
        cells = (each.claim.name, word, _as_the_c_is_word(each.as_the_c_is))
        blocks.append("\n".join(_row(cells, _row_lines(each))))
    blocks.append(filled(closing_text(decided)))
    return "\n\n".join(blocks)


def _row_lines(decided: Decided) -> Iterator[str]:
    yield decided.claim.text
    if decided.answer.condition:
        yield f"only if {decided.answer.condition}"
    if decided.universal_text:
        yield decided.universal_text
    if decided.as_the_c_is.condition:
        yield f"as the C is, it {as_the_c_is_text(decided.as_the_c_is)}"
    if decided.cut:
        yield f"not decided: a limit cut the search (expected: {decided.expected})"
    elif not decided.as_expected:
        yield f"NOT as expected ({expected_text(decided)})"
    yield searched_text(decided.cases()) if decided.claim.asks else decided.claim.because


def as_the_c_is_text(answer: Answer) -> str:
    """An answer of the C as it is: "yes", "no", "depends on check_pages=true", "not asked"."""
    return f"{_as_the_c_is_word(answer)} {answer.condition}".rstrip()


def _as_the_c_is_word(answer: Answer) -> str:
    return _AS_THE_C_IS.get(answer.verdict, answer.verdict)


def expected_text(decided: Decided) -> str:
    """The answer that was declared, and that of the C as it is where one was."""
    claim = decided.claim
    if claim.as_the_c_is is None:
        return str(decided.expected)
    return f"{decided.expected}; as the C is: {as_the_c_is_text(claim.as_the_c_is)}"


def _row(cells: Sequence[str], lines: Iterable[str]) -> list[str]:
    """The first columns are narrow; every line of the last is wrapped beside them."""
    narrow = [textwrap.wrap(text, width) for text, width in zip(cells, _COLUMNS, strict=True)]
    wide = [part for line in lines for part in filled(line, width=WIDTH - _MARGIN).splitlines()]
    rows = zip_longest(*narrow, wide, fillvalue="")
    widths = (*_COLUMNS, 0)
    return [
        " ".join(f"{part:<{width}}" for part, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def closing_text(decided: Sequence[Decided]) -> str:
    """How many claims, whether all came out as expected, and how much was searched."""
    wrong = [each.claim.name for each in decided if not each.as_expected and not each.cut]
    cut = [each.claim.name for each in decided if each.cut]
    cases = {id(case): case for each in decided for case in each.cases()}
    many = f"{len(decided)} claim{'s' if len(decided) != 1 else ''}"
    said = [f"NOT as expected: {', '.join(wrong)}"] if wrong else []
    said += [f"cut by a limit: {', '.join(cut)}"] if cut else []
    verdict = "; ".join(said) or "all as expected"
    return f"{many}, {verdict}; {searched_text(list(cases.values()))}"


def searched_text(cases: Sequence[Case]) -> str:
    """How much was searched."""
    counts = [case.interleavings for case in cases]
    known = [count for count in counts if count is not None]
    endless = sum(bool(case.loops) for case in cases)
    parts = [counted(len(cases), "case")]
    parts.append(counted(sum(case.states for case in cases), "state"))
    if known:
        parts.append(counted(sum(known), "interleaving"))
    if endless:
        parts.append(f"unbounded in {endless}")
    if len(counts) - len(known) - endless:
        parts.append(f"not counted in {len(counts) - len(known) - endless}")
    uncompared = sum(not case.is_compared for case in cases)
    if uncompared:
        parts.append(f"edges of automata not compared with real coroutines in {uncompared}")
    return ", ".join(parts)


def claim_text(decided: Decided, memory: str) -> str:
    """One claim: where it was made, the answer, and what it came to at each point asked."""
    claim = decided.claim
    word = decided.answer.verdict.upper()
    agreed = "as expected" if decided.as_expected else f"NOT as expected ({expected_text(decided)})"
    if decided.cut:
        agreed = f"not decided: a limit cut the search (expected: {decided.expected})"
    answer = [filled(f"{word}  {agreed}  memory={memory}")]
    answer += [_indented(f"as the C is: {as_the_c_is_text(decided.as_the_c_is)}")]
    said = (decided.answer.condition, decided.universal_text, claim.because)
    answer += [_indented(text) for text in said if text]
    paragraphs = [
        "\n".join([filled(f"claim {claim.name}  {claim.text}"), filled(f"made: {claim.made}")]),
        "\n".join(answer),
        *(_asked(ask, of, n) for n, (ask, of) in enumerate(decided.asked(), start=1)),
        *([filled(searched_text(decided.cases()))] if claim.asks else []),
    ]
    return "\n\n".join(paragraphs)


def _indented(text: str) -> str:
    return filled(text, "  ", hang=4)


def _asked(ask: Ask, points: tuple[Point, ...], number: int) -> str:
    fixed = {name: values[0] for name, values in ask.grid.items() if len(values) == 1}
    title = f"({number}) {ask.scenario.name} {show_parameters(fixed)}".rstrip()
    lines = [filled(f"{title}: {ask.text}?")]
    for point in points[:_POINTS_SHOWN]:
        varied = show_parameters({name: point.parameters[name] for name in ask.varied})
        if what_ifs_of(ask, point):
            varied = marked_what_if(varied).lstrip()
        lines.append(_indented(f"{_word(point):<8} {varied}".rstrip()))
    if len(points) > _POINTS_SHOWN:
        lines.append(f"  and {len(points) - _POINTS_SHOWN} more (all with --json)")
    return "\n".join(lines)


def telling_text(claim: Claim, ask: Ask) -> str:
    """What a schedule that tells of a claim (`Decided.telling`) is to it."""
    if claim.universal is not None:
        return "What rules one of the others out:"
    return "What contradicts it:" if isinstance(ask, Never) else "What shows it:"


def _word(point: Point) -> str:
    if point.refused is not None:
        return f"cannot happen ({point.refused})"
    return {True: "yes", False: "no", None: "unknown"}[point.holds]
