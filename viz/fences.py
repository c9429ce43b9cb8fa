"""Which barriers a program lacks, and which it does not need, as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from racer.errors import Location
from racer.fences.data import FencesFound, Lack, Needless, OfModel, ToldAddition
from racer.files import shown_path
from racer.viz.wrapping import beside, filled, listed
from racer.words.machines import machines_lines

MOST_TOLD: Final = 12  # sets of additions; --json has all
_BARRIERS: Final = {"rmb": "smp_rmb()", "wmb": "smp_wmb()", "mb": "smp_mb()"}


def fences_text(found: FencesFound) -> str:
    """A line for each model, what removes each label, and what can go."""
    width = max(len(each.memory) for each in found.models)
    lines = [
        filled(f"{each.memory:{width}}  {_standing(each)}", hang=width + 2) for each in found.models
    ]
    blocks = ["\n".join(lines)]
    blocks += ["\n".join(_removed(names, lack)) for names, lack in _alike(found.models)]
    blocks += ["\n".join(block) for block in _needless(found) if block]
    blocks.append(listed(machines_lines(each.memory for each in found.models)))
    return "\n\n".join(blocks)


def _standing(model: OfModel) -> str:
    if model.refused:
        return f"ERROR  {' '.join(model.refused.split())}"
    said = [_of_label(each) for each in model.lacks]
    if model.bound is not None:
        said.append(f"not all of it was searched: {model.bound}")
    return f"{model.verdict.upper():5}  {'; '.join(said) or 'no violation to be removed'}"


def _of_label(lack: Lack) -> str:
    named = lack.label
    if not lack.dependencies:
        named += " where no dependency is kept"
    match lack.standing:
        case "removed":
            return f"{named}: {_ways(lack)} to remove it"
        case "an interleaving":
            return f"{named}: an interleaving shows it, so no barrier removes it"
        case "none":
            return f"{named}: no barriers or orders that were tried remove it"
        case "bound":
            return f"{named}: {_ways(lack)} to remove it known, and there may be more: {lack.bound}"


def _ways(lack: Lack) -> str:
    return f"{len(lack.sets)} {'way' if len(lack.sets) == 1 else 'ways'}"


def _alike(models: Sequence[OfModel]) -> list[tuple[str, Lack]]:
    """What removes labels, once for models of which the same is said."""
    found: dict[tuple[object, ...], tuple[list[str], Lack]] = {}
    for model in models:
        for lack in model.lacks:
            if lack.sets:
                key = (lack.label, lack.dependencies, lack.sets)
                found.setdefault(key, ([], lack))[0].append(model.memory)
    return [(", ".join(names), lack) for names, lack in found.values()]


def _removed(names: str, lack: Lack) -> Iterator[str]:
    where = "" if lack.dependencies else ", where a compiler has broken every dependency"
    yield filled(f"{lack.label} under {names}{where}: each of these removes it")
    for number, additions in enumerate(lack.sets[:MOST_TOLD], 1):
        for at, each in enumerate(additions):
            head = f"{number:3}" if at == 0 else "and".rjust(3)
            yield beside(f"{head}  {_added(each)}", place_text(each.line))
            for pair in each.pairs:
                yield beside(f"       pairs with {pair.text}, {pair.thread}", place_text(pair.line))
    left = len(lack.sets) - MOST_TOLD
    if left > 0:
        yield f"     and {left} more, which --json has"


def _added(each: ToldAddition) -> str:
    if each.kind in _BARRIERS:
        return f"{_BARRIERS[each.kind]} before {each.step}, {each.thread}"
    return f"{each.kind} of {each.step}, {each.thread}"


def place_text(line: Location) -> str:
    """A line as path:line."""
    return f"{shown_path(line.path)}:{line.line}"


def _needless(found: FencesFound) -> Iterator[list[str]]:
    asked = ", ".join(each.memory for each in found.models if not each.refused and not each.bound)
    going = [each for each in found.needless if each.can_go]
    staying = [each for each in found.needless if each.can_go is False]
    unknown = [each for each in found.needless if each.can_go is None]
    if going:
        head = f"each of these can go, and no verdict changes under {asked}"
        if any(model.labels for model in found.models):
            head += "; what keeps off a violation that is shown anyway may be among them"
        yield [filled(head), *(_line(each) for each in going)]
    if staying:
        yield [
            "these cannot",
            *(line for each in staying for line in (_line(each), _why(each.differs))),
        ]
    if unknown:
        yield [
            "of these it is not known",
            *(line for each in unknown for line in (_line(each), _why(each.bound))),
        ]
    if found.not_tried:
        yield [filled(f"not all that may go was tried: {found.not_tried}")]


def _line(each: Needless) -> str:
    what = f"{each.what} {each.step}" if each.what != "order" else each.step
    instead = f" as {each.instead}" if each.instead else ""
    return beside(f"  {what}{instead}, {each.thread}", place_text(each.line))


def _why(said: Mapping[str, str]) -> str:
    pairs: dict[str, list[str]] = {}
    for memory, text in said.items():
        if text:
            pairs.setdefault(text, []).append(memory)
    told = "; ".join(f"{', '.join(names)}: {text}" for text, names in pairs.items())
    return filled(f"       {told}", hang=7)
