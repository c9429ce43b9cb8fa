"""What a label is in a litmus test: which ends of threads, and which values at the end, show it.

A violation that ends a thread is that end. What `finally_` finds is asked of every way in which
executions can end, whatever a model says of them, and those that show it are listed, without cells
that make no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from racer.automata.lifting import Lifted
from racer.axiomatic.events import Value
from racer.errors import UsageError, suggestion
from racer.executions.threads import Way
from racer.exporting.bodies import Body
from racer.exporting.macros import CellOf
from racer.lang.endings import Resting, ended, outcome_of
from racer.lang.final import unmet
from racer.lang.pending import Violated

MOST_TERMS: Final = 256

Outcome = tuple[Sequence[Way], Mapping[str, Value]]  # the ways; what cells hold
_Term = tuple[tuple[int, ...], tuple[int | None, ...]]  # ends of threads; values of cells


def labels_of(lifted: Lifted, bodies: Sequence[Body]) -> list[str]:
    """The labels that the test can be about, in order of names."""
    violated = {
        end.label for body in bodies for end in body.ends.values() if isinstance(end, Violated)
    }
    return sorted({*violated, *lifted.program.finally_})


def chosen_label(label: str | None, known: Sequence[str]) -> str:
    """The label that is asked for, or the only one. Errors: UsageError."""
    if label is not None:
        if label not in known:
            raise UsageError(
                f"no thread raises {label!r}, and no finally_ has that name"
                f"{suggestion(label, list(known))}"
            )
        return label
    if len(known) != 1:
        told = ", ".join(known) or "none, so that there is nothing to be asked"
        raise UsageError(f"a litmus test is about one label: name it with --label. Labels: {told}.")
    return known[0]


def condition_of(
    label: str,
    lifted: Lifted,
    bodies: Sequence[Body],
    cells: Mapping[str, CellOf],
    outcomes: Iterable[Outcome],
) -> str:
    """The proposition that says that an execution shows the label. `outcomes`: how it can end.

    Errors   UsageError.
    """
    terms = [
        f"{thread}:end={number}"
        for thread, body in enumerate(bodies)
        for number, end in body.ends.items()
        if isinstance(end, Violated) and end.label == label
    ]
    if label in lifted.program.finally_:
        terms += _finally(label, lifted, bodies, cells, outcomes)
    return " \\/ ".join(terms) or "0:end=-1"


def _finally(
    label: str,
    lifted: Lifted,
    bodies: Sequence[Body],
    cells: Mapping[str, CellOf],
    outcomes: Iterable[Outcome],
) -> list[str]:
    """The ends that break a finally_."""
    names = [name for name, cell in cells.items() if not cell.is_lock]
    holds: dict[_Term, bool] = {}
    for ways, memory in outcomes:
        numbers = [body.number_of(way.end) for body, way in zip(bodies, ways, strict=True)]
        ends = tuple(number for number in numbers if number is not None)
        at = tuple(value for name in names if isinstance(value := memory[name], int))
        resting = list(zip(lifted.instances, (way.end for way in ways), strict=True))
        if len(ends) == len(bodies) and ended(resting) and (ends, at) not in holds:
            holds[ends, at] = not _is_broken(label, lifted, resting, memory)
    broken = {term for term, is_met in holds.items() if not is_met}
    for at_name in range(len(names)):
        broken = _without(broken, at_name, holds)
    if len(broken) > MOST_TERMS:
        raise UsageError(
            f"finally_ {label!r} cannot be written as a condition: it has more than {MOST_TERMS} "
            f"parts.\nTry: parameters with fewer cells or values."
        )
    return [_term(term, names, cells) for term in sorted(broken, key=_key)]


def _is_broken(label: str, lifted: Lifted, resting: Resting, memory: Mapping[str, Value]) -> bool:
    values = {
        name: lifted.tables[name].values[number]
        for name, number in memory.items()
        if isinstance(number, int)
    }
    found = unmet(
        {label: lifted.program.finally_[label]},
        values,
        outcome_of(resting),
        tuple(each.group for each in lifted.instances),
        lambda owner: lifted.environment_of(owner).observed(),
    )
    return bool(found)


def _without(broken: set[_Term], at: int, holds: Mapping[_Term, bool]) -> set[_Term]:
    """The same without a cell, where that makes no difference: no end that holds is met then."""
    fewer = {(ends, (*cells[:at], None, *cells[at + 1 :])) for ends, cells in broken}
    for ends, cells in (term for term, is_met in holds.items() if is_met):
        for broken_ends, values in fewer:
            if ends == broken_ends and all(
                value in (None, mine) for value, mine in zip(values, cells, strict=True)
            ):
                return broken
    return fewer


def _key(term: _Term) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return term[0], tuple(-1 if each is None else each for each in term[1])


def _term(term: _Term, names: Sequence[str], cells: Mapping[str, CellOf]) -> str:
    ends, values = term
    parts = [f"{thread}:end={number}" for thread, number in enumerate(ends)]
    parts += [
        f"{cells[name].name}={cells[name].numbers[at]}"
        for name, at in zip(names, values, strict=True)
        if at is not None
    ]
    told = " /\\ ".join(parts)
    return f"({told})"
