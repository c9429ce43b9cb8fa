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
from racer.viz.wrapping import WIDTH, filled, listed
from racer.words.machines import machines_lines

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
        cells = (each.claim.name, _short(each.answer), _as_the_c_is_word(each.as_the_c_is))
        blocks.append("\n".join(_row(cells, _row_lines(each))))
    blocks.append(filled(closing_text(decided)))
    return "\n\n".join(blocks)


def claims_matrix(of_models: Sequence[Sequence[Decided]]) -> str:
    """A row for each claim with its answer under each memory model; what is said of these below."""
    decided = [each for of_model in of_models for each in of_model]
    memories = list(dict.fromkeys(each.memory for each in decided))
    names = list(dict.fromkeys(each.claim.name for each in decided))
    if not names:
        return "no claims"
    blocks = [_cells("claim", memories)]
    for name in names:
        of_claim = [each for each in decided if each.claim.name == name]
        words = {each.memory: _short(each.answer) for each in of_claim}
        lines = [_cells(name, [words.get(memory, "") for memory in memories])]
        lines.append(filled(of_claim[0].claim.text, _INDENT))
        said: dict[str, list[str]] = {}
        for each in of_claim:
            for line in _of_one_model(each):
                said.setdefault(line, []).append(each.memory)
        lines += [filled(f"{', '.join(under)}: {line}", _INDENT) for line, under in said.items()]
        blocks.append("\n".join(lines))
    asked = listed(machines_lines(memories))
    return "\n\n".join([*blocks, asked, filled(closing_text(decided))])


_INDENT: Final = " " * 6


def _short(answer: Answer) -> str:
    return _SHORT.get(answer.verdict, answer.verdict)


def _cells(name: str, words: Sequence[str]) -> str:
    cells = " ".join(f"{word:<13}" for word in words)
    return f"{name:<5} {cells}".rstrip()


def _of_one_model(decided: Decided) -> Iterator[str]:
    """What is said of a claim under one of several models."""
    if decided.unasked is not None:
        yield unasked_text(decided)
        return
    if decided.answer.condition:
        yield f"only if {decided.answer.condition}"
    if decided.universal_text:
        yield decided.universal_text
    if decided.as_the_c_is.verdict != "not asked":
        yield f"as the C is: {as_the_c_is_text(decided.as_the_c_is)}"
    if decided.cut:
        yield f"not decided: a limit cut the search (expected: {decided.expected})"
    elif not decided.as_expected:
        yield f"NOT as expected ({expected_text(decided)})"


def _row_lines(decided: Decided) -> Iterator[str]:
    yield decided.claim.text
    if decided.answer.condition:
        yield f"only if {decided.answer.condition}"
    if decided.universal_text:
        yield decided.universal_text
    if decided.as_the_c_is.condition:
        yield f"as the C is, it {as_the_c_is_text(decided.as_the_c_is)}"
    if decided.unasked is not None:
        yield unasked_text(decided)
    elif decided.cut:
        yield f"not decided: a limit cut the search (expected: {decided.expected})"
    elif not decided.as_expected:
        yield f"NOT as expected ({expected_text(decided)})"
    yield searched_text(decided.cases()) if decided.claim.asks else decided.claim.because


def unasked_text(decided: Decided) -> str:
    """Why the memory model was not asked."""
    return " ".join((decided.unasked or "").partition("\nTry:")[0].split())


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
    wrong = [each.claim.name for each in decided if _is_wrong(each)]
    cut = [each.claim.name for each in decided if each.cut]
    cases = {id(case): case for each in decided for case in each.cases()}
    names = dict.fromkeys(each.claim.name for each in decided)
    many = f"{len(names)} claim{'s' if len(names) != 1 else ''}"
    memories = dict.fromkeys(each.memory for each in decided)
    if len(memories) > 1:
        wrong, cut = (
            [f"{each.claim.name} under {each.memory}" for each in decided if is_so(each)]
            for is_so in (_is_wrong, lambda each: each.cut)
        )
    unasked = [each for each in decided if each.unasked is not None]
    said = [f"NOT as expected: {', '.join(wrong)}"] if wrong else []
    said += [f"cut by a limit: {', '.join(cut)}"] if cut else []
    for memory in memories:
        left = [each.claim.name for each in unasked if each.memory == memory]
        said += [f"{memory} cannot be asked about {', '.join(left)}"] if left else []
    if not wrong and not cut:
        said.insert(0, "all others as expected" if said else "all as expected")
    verdict = "; ".join(said)
    return f"{many}, {verdict}; {searched_text(list(cases.values()))}"


def _is_wrong(decided: Decided) -> bool:
    return not decided.as_expected and not decided.cut


def searched_text(cases: Sequence[Case]) -> str:
    """How much was searched."""
    counts = [case.interleavings for case in cases if case.executions is None]
    executions = [case.executions for case in cases if case.executions is not None]
    known = [count for count in counts if count is not None]
    endless = sum(bool(case.loops) for case in cases)
    parts = [counted(len(cases), "case")]
    if counts or not executions:
        parts.append(counted(sum(case.states for case in cases), "state"))
    if executions:
        parts.append(counted(sum(executions), "execution"))
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
    if decided.unasked is not None:
        agreed = unasked_text(decided)
    elif decided.cut:
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
    if point.unasked is not None:
        return "not asked"
    if point.refused is not None:
        return f"cannot happen ({point.refused})"
    return {True: "yes", False: "no", None: "unknown"}[point.holds]
