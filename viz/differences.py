"""A difference as text: a table of both sides, then each thing that only one has."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from racer.difference.contrasting import contrast
from racer.difference.data import Alignment, Compared, Difference, Share, Side, Which
from racer.lang.outcomes import OutcomeKey, OutcomeValue
from racer.viz.sides import side_by_side
from racer.viz.summary import count_text, counted
from racer.viz.wrapping import WIDTH, filled
from racer.words.counts import preemptions_text
from racer.words.outcomes import outcome_text, outcome_value

_WIDEST_NAME = 18  # a longer one has a line of its own
_NAMED = 3  # so many values the headline names


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the table or several: a name, and what either side has, as texts."""

    name: str
    first: Sequence[str]
    second: Sequence[str]


_SPACE = _Row("", [], [])


def difference_summary(found: Difference) -> str:
    """Everything but the schedules: what differs, both verdicts with their counts, the table."""
    rows = list(_numbers(found))
    if found.labels:
        rows.append(_SPACE)
    rows += (_label(found, label) for label in found.labels)
    rows += _values(found)
    names = [side.name for side in _sides(found)]
    return "\n".join([_headline(found), "", *_table(rows, names)])


def alignments_text(found: Difference) -> Iterator[str]:
    """Each thing that only one side has, or both, and where the other escapes it."""
    explained = False
    for alignment in found.alignments:
        yield _alignment(found, alignment, explained=explained)
        explained |= alignment.parts is not None
    if found.cut is not None:
        yield filled(f"CUT  not all is told step by step: {found.cut}")
    if found.unaligned:
        yield f"{found.unaligned:,} more outcomes that only one has: all with --json"


def _alignment(found: Difference, alignment: Alignment, *, explained: bool) -> str:
    """One of them; how to read the columns is explained once."""
    told = contrast(found, alignment)
    text = "\n".join(filled(line) for line in (_owned(found, alignment), *told.sentences))
    if alignment.parts is None:
        return text
    leader, other = found.side(alignment.leader).name, found.other(alignment.leader).name
    caption = f"The schedule of {leader}, and {other} under it."
    if not explained:
        caption = f"{caption} A step written once is alike in both. {told.legend}".rstrip()
    return f"{text}\n\n{filled(caption)}\n\n{side_by_side(told).rstrip()}"


def _headline(found: Difference) -> str:
    differences = "; ".join(_differences(found))
    if not found.complete:
        cut = [
            f"{side.name} was cut ({side.result.bound})"
            for side in _sides(found)
            if not side.complete
        ]
        seen = f"; so far: {differences}" if differences else ""
        return filled(f"BOUND  nothing is proved: {', '.join(cut)}{seen}")
    if not differences:
        return "ALIKE  the same labels and the same outcomes in both"
    return filled(f"DIFFERENT  {differences}")


def _differences(found: Difference) -> Iterator[str]:
    """What only one has, the most telling kind that there is."""
    labels = [f"{each.what} only in {_owner(found, each)}" for each in found.labels if each.only]
    for one, other in ((found.first, found.second), (found.second, found.first)):
        vacuous = sorted(set(one.result.vacuous) - set(other.result.vacuous))
        labels += [f"{name} is vacuous only in {one.name}" for name in vacuous]
    if labels or not found.complete:  # of what a search that was cut has not found, labels only
        yield from labels
        return
    values = [each for each in found.values if each.only]
    for each in values[:_NAMED]:
        yield f"{_value_text(each.what)} only in {_owner(found, each)}"
    if len(values) > _NAMED:
        yield f"{len(values) - _NAMED} more values"
    if not values:
        for side, which in ((found.first, "first"), (found.second, "second")):
            count = sum(each.only == which for each in found.outcomes)
            if count:
                yield f"{count:,} outcome{'s' * (count > 1)} only in {side.name}"


def _owner(found: Difference, each: Compared[str] | Compared[tuple[str, OutcomeValue]]) -> str:
    return (found.first if each.only == "first" else found.second).name


def _numbers(found: Difference) -> Iterator[_Row]:
    one, other = _sides(found)
    yield _Row("", [one.name], [other.name])
    yield _Row("verdict", [_verdict(one)], [_verdict(other)])
    yield _Row("interleavings", [_interleavings(one)], [_interleavings(other)])
    yield _Row("states", [count_text(one.result.states)], [count_text(other.result.states)])
    yield _Row("outcomes", [_outcomes(found, "first")], [_outcomes(found, "second")])


def _outcomes(found: Difference, which: Which) -> str:
    count = len(found.side(which).result.outcomes)
    alone = sum(each.only == which for each in found.outcomes)
    return f"{count:,} ({alone:,} only here)" if alone else f"{count:,}"


def _verdict(side: Side) -> str:
    result = side.result
    shown = [*result.violations, *(f"{name} (vacuous)" for name in result.vacuous)]
    word = result.verdict.upper()
    if result.bound is not None:
        word += f", {result.bound}"
    return f"{word}: {', '.join(shown)}" if shown else word


def _interleavings(side: Side) -> str:
    count = side.result.interleavings
    if count is not None:
        return count_text(count)
    return f"not counted: {side.result.uncounted}" if side.complete else "not counted"


def _label(found: Difference, label: Compared[str]) -> _Row:
    """How often each shows it, and what its minimal schedule needs."""
    cells = (
        _absent(side) if share is None else [_count(share), _needs(share)]
        for side, share in zip(_sides(found), (label.first, label.second), strict=True)
    )
    return _Row(label.what, *cells)


def _values(found: Difference) -> Iterator[_Row]:
    """What the threads come to that do not come to the same in both."""
    for thread in dict.fromkeys(each.what[0] for each in found.values if each.only):
        yield _SPACE
        yield _Row(thread, [], [])
        for each in found.values:
            if each.what[0] == thread:
                cells = (
                    _absent(side) if share is None else [_count(share)]
                    for side, share in zip(_sides(found), (each.first, each.second), strict=True)
                )
                yield _Row(f"  {outcome_value(each.what[1])}", *cells)


def _value_text(value: tuple[str, OutcomeValue]) -> str:
    return f"{value[0]}={outcome_value(value[1])}"


def _absent(side: Side) -> list[str]:
    return ["none" if side.complete else "not found so far"]


def _count(share: Share) -> str:
    return "some (not counted)" if share.interleavings is None else count_text(share.interleavings)


def _needs(share: Share) -> str:
    witness = share.witness
    preemptions = f"{witness.preemptions} preemption{'s' * (witness.preemptions != 1)}"
    proved = "" if witness.minimal else " or fewer"
    return f"{preemptions}{proved}, {witness.steps:,} steps"


def _owned(found: Difference, alignment: Alignment) -> str:
    """Who has it, how often, and what its schedule needs."""
    each: Compared[str] | Compared[OutcomeKey]
    if isinstance(alignment.of, str):
        each = next(label for label in found.labels if label.what == alignment.of)
        name = alignment.of
    else:
        each = next(outcome for outcome in found.outcomes if outcome.what is alignment.of)
        name = outcome_text(alignment.of)
    if each.only is None:
        shares = zip(_sides(found), (each.first, each.second), strict=True)
        counts = [
            f"{often} of {side.name}" for side, share in shares if (often := _often(side, share))
        ]
        return f"{name}: in both{', ' if counts else ''}{' and '.join(counts)}."
    side, share = found.side(each.only), each.first if each.only == "first" else each.second
    assert share is not None
    only = "only" if found.other(each.only).complete else "so far only"
    often = _often(side, share)
    needs = preemptions_text(share.witness.preemptions, share.witness.minimal)
    return f"{name}: {only} in {side.name}{f', {often}' if often else ''}; {needs}."


def _often(side: Side, share: Share | None) -> str:
    """In how many of its interleavings; nothing where that is not counted."""
    total = side.result.interleavings
    if share is None or share.interleavings is None or total is None:
        return ""
    return f"{count_text(share.interleavings)} of {counted(total, 'interleaving')}"


def _sides(found: Difference) -> tuple[Side, Side]:
    return found.first, found.second


def _table(rows: Sequence[_Row], names: Sequence[str]) -> Iterator[str]:
    """The rows in three columns; a row that does not fit has lines of its own."""
    margin = max(len(row.name) for row in rows if len(row.name) <= _WIDEST_NAME - 2) + 2
    first = max((WIDTH - margin) // 2, _longest(row.first for row in rows) + 1)
    if WIDTH - margin - first < _longest(row.second for row in rows):
        first = (WIDTH - margin) // 2
    second = WIDTH - margin - first
    for row in rows:
        if _longest([row.first]) >= first or _longest([row.second]) > second:
            yield filled(row.name)
            for side, cell in zip(names, (row.first, row.second), strict=True):
                yield filled(f"{side}: {', '.join(cell)}", "  ")
            continue
        name = row.name
        if len(name) > margin - 2:
            yield filled(name)
            name = ""
        left = [line for text in row.first for line in textwrap.wrap(text, first - 1)]
        right = [line for text in row.second for line in textwrap.wrap(text, second)]
        for one, other in itertools.zip_longest(left or [""], right, fillvalue=""):
            yield f"{name:{margin}}{one:{first}}{other}".rstrip()
            name = ""


def _longest(cells: Iterable[Sequence[str]]) -> int:
    """The longest word, which cannot be wrapped."""
    return max((len(word) for cell in cells for text in cell for word in text.split()), default=0)
