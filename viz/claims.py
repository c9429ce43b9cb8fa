"""The answers to claims: a table for a mail, or one claim with all that was asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from racer.catalogue.parameters import show_parameters
from racer.claims.data import Ask, Never
from racer.claims.deciding import Case, Decided, Point
from racer.viz.summary import count_text
from racer.viz.wrapping import WIDTH, filled

_MARGIN: Final = 14
_SHORT: Final = {"holds only if": "only if"}
_POINTS_SHOWN: Final = 24


def claims_table(decided: Sequence[Decided], memory: str) -> str:
    """A row for each claim: its name, the answer under each memory model, the claim."""
    if not decided:
        return "no claims"
    blocks = ["\n".join(_row("claim", memory, ["what was claimed; what it depends on"]))]
    for each in decided:
        word = _SHORT.get(each.answer.verdict, each.answer.verdict)
        blocks.append("\n".join(_row(each.claim.name, word, _row_lines(each))))
    blocks.append(filled(closing_text(decided)))
    return "\n\n".join(blocks)


def _row_lines(decided: Decided) -> Iterator[str]:
    yield decided.claim.text
    if decided.answer.condition:
        yield f"only if {decided.answer.condition}"
    if decided.cut:
        yield f"not decided: a limit cut the search (expected: {decided.claim.expected})"
    elif not decided.as_expected:
        yield f"NOT as expected ({decided.claim.expected})"
    yield searched_text(decided.cases())


def _row(name: str, word: str, lines: Iterable[str]) -> list[str]:
    """The first two columns are narrow; every line of the third is wrapped beside them."""
    wrapped = [part for line in lines for part in filled(line, width=WIDTH - _MARGIN).splitlines()]
    head = f"{name:<5} {word:<7} "
    return [(head if i == 0 else " " * _MARGIN) + part for i, part in enumerate(wrapped)]


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
    uncompared = sum(not case.is_compared for case in cases)
    if uncompared:
        parts.append(f"edges of automata not compared with real coroutines in {uncompared}")
    return ", ".join(parts)


def claim_text(decided: Decided, memory: str) -> str:
    """One claim: where it was made, the answer, and what it came to at each point asked."""
    claim = decided.claim
    word = decided.answer.verdict.upper()
    agreed = "as expected" if decided.as_expected else f"NOT as expected ({claim.expected})"
    if decided.cut:
        agreed = f"not decided: a limit cut the search (expected: {claim.expected})"
    answer = [filled(f"{word}  {agreed}  memory={memory}")]
    answer += [_indented(text) for text in (decided.answer.condition, claim.because) if text]
    paragraphs = [
        "\n".join([filled(f"{claim.name}  {claim.text}"), filled(f"made: {claim.made}")]),
        "\n".join(answer),
        *(_asked(ask, of, n) for n, (ask, of) in enumerate(decided.asked(), start=1)),
        filled(searched_text(decided.cases())),
    ]
    return "\n\n".join(paragraphs)


def _indented(text: str) -> str:
    return filled(text, "  ", hang=4)


def _asked(ask: Ask, points: tuple[Point, ...], number: int) -> str:
    fixed = {name: values[0] for name, values in ask.grid.items() if len(values) == 1}
    title = f"({number}) {ask.scenario.name} {show_parameters(fixed)}".rstrip()
    lines = [filled(f"{title}: {ask.text}?")]
    for point in points[:_POINTS_SHOWN]:
        varied = {name: point.parameters[name] for name in ask.varied}
        lines.append(_indented(f"{_word(point):<8} {show_parameters(varied)}".rstrip()))
    if len(points) > _POINTS_SHOWN:
        lines.append(f"  and {len(points) - _POINTS_SHOWN} more (all with --json)")
    return "\n".join(lines)


def telling_text(ask: Ask) -> str:
    """What a schedule that tells of a claim (`Decided.telling`) is to it."""
    return "What contradicts it:" if isinstance(ask, Never) else "What shows it:"


def _word(point: Point) -> str:
    if point.refused is not None:
        return f"cannot happen ({point.refused})"
    return {True: "yes", False: "no", None: "unknown"}[point.holds]
