"""What is known of two programs' threads, as text: which are equivalent, and where others part."""

from __future__ import annotations

from collections.abc import Iterator

from racer.difference.equivalence import Equivalence, Parting, ThreadPair
from racer.viz.wrapping import beside, filled

_WIDEST = 18  # columns of a name that has beside it what the thread does

_HEADLINES = {"equivalent": "EQUIVALENT", "different": "DIFFERENT", "bound": "BOUND"}


def equivalence_text(found: Equivalence) -> str:
    """The headline, what it rests on, and each thread that is not equivalent."""
    parts = ["\n".join([_headline(found), filled(basis_text(found))])]
    if found.basis is not None:
        parts += [_thread(found, each) for each in found.threads if each.verdict != "equivalent"]
    return "\n\n".join(parts)


def _headline(found: Equivalence) -> str:
    said = []
    for verdict in ("different", "bound", "equivalent"):
        names = [each.name for each in found.threads if each.verdict == verdict]
        if names:
            said.append(f"{_WORDS[verdict]}: {', '.join(names)}")
    for name, only in zip(found.names, found.only, strict=True):
        if only:
            said.append(f"{name} alone has {', '.join(only)}")
    return filled(f"{_HEADLINES[found.verdict]}  {'; '.join(said)}", hang=2)


_WORDS = {"different": "different", "bound": "not decided", "equivalent": "equivalent"}


def basis_text(found: Equivalence) -> str:
    """What the answer rests on, as a sentence."""
    match found.basis:
        case "closed":
            return "Over all values that cells may come to, whatever other threads do."
        case "reached":
            return "Over all answers that come in some state."
        case None:
            return f"Nothing is proved: {found.bound}."


def _thread(found: Equivalence, each: ThreadPair) -> str:
    if each.parting is None:
        return filled(f"{each.name} is not decided: {each.why}.", hang=2)
    return "\n".join(_parting(found, each.name, each.parting))


def _parting(found: Equivalence, name: str, parting: Parting) -> Iterator[str]:
    number = len(parting.answers)
    if number:
        yield f"{name}: alike for {number} {'answer' if number == 1 else 'answers'}"
        for at, step in enumerate(parting.answers, 1):
            one, other = step.places
            places = one if one == other else " | ".join(part for part in (one, other) if part)
            yield beside(f"{at:3}  {step.text}", places)
    else:
        yield f"{name}: not alike from the start"
    width = max(map(len, found.names))
    for side, does, place in zip(found.names, parting.does, parting.places, strict=True):
        if width > _WIDEST:
            yield filled(f"{side}:", "  ")
            yield beside(f"    {does}", place)
        else:
            yield beside(f"  {side:{width}}  {does}", place)
