"""Fingerprints that pin a program in a line: equal on every machine and for every hash seed.

That of a witness is `digest_of` in `lifting.py`. It has answers by their numbers, which follow the
order in which values came to a cell; these here have them by their texts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from racer.automata.automaton import Automaton, ClosedAutomaton, ValueTable
from racer.automata.growing import describe_pending
from racer.automata.lifting import Lifted, digest_of
from racer.lang.pending import AboutTo, is_atomic
from racer.lang.values import describe

_Told = Callable[[Automaton, Lifted], Iterator[str]]


def fingerprint(lifted: Lifted) -> str:
    """Of all that threads do, as far as their automata are closed.

    Also the names of what is asked of states: what these functions come to is not seen, but for
    what windows see of a watch, which is part of what threads do.
    """
    return _digest(lifted, _whole)


def fingerprint_of_start(lifted: Lifted) -> str:
    """Of the cells, the threads and the first operation of each."""
    return _digest(lifted, _first)


def numbering_of(lifted: Lifted) -> str:
    """Of closed automata with the numbers that their nodes and values have, which states go by."""
    lines = [digest_of(lifted)]
    for cell, table in lifted.tables.items():
        lines.append(f"{cell}: {[describe(value) for value in table.values]}")
    for name, automaton in zip(lifted.instances, lifted.automata, strict=True):
        lines.append(f"{name.name} begins at {automaton.start}")
    return hashlib.sha256("\n".join(lines).encode(errors="surrogatepass")).hexdigest()


def _digest(lifted: Lifted, told: _Told) -> str:
    program = lifted.program
    lines = [f"cell {name} = {describe(first)}" for name, first in program.memory.initial.items()]
    lines += [f"watch {name}" for name in program.memory.watches]
    lines += [owner for owner, _, _ in program.predicates()]
    lines += [f"finally {name!r}" for name in program.finally_]
    lines.sort()
    for instance, automaton in zip(lifted.instances, lifted.automata, strict=True):
        lines.append(f"thread {instance.name}{' (daemon)' if instance.daemon else ''}")
        lines += told(automaton, lifted)
    return hashlib.sha256("\n".join(lines).encode(errors="surrogatepass")).hexdigest()


def _whole(automaton: Automaton, lifted: Lifted) -> Iterator[str]:
    if not isinstance(automaton, ClosedAutomaton):
        yield from _first(automaton, lifted)
        return
    yield f"begins at {automaton.start}"
    for node, edges in zip(automaton.nodes, automaton.edges, strict=True):
        cell = node.operation.facts.cell if isinstance(node, AboutTo) else None
        table = None if cell is None else lifted.tables[cell]
        region = " in an atomic region" if is_atomic(node) else ""
        leads = sorted((_answer(answer, table), goal) for answer, goal in edges.items())
        yield f"{describe_pending(node)}{region} {leads}"


def _answer(answer: int, table: ValueTable | None) -> str:
    return str(answer) if table is None else describe(table.values[answer])


def _first(automaton: Automaton, lifted: Lifted) -> Iterator[str]:
    yield describe_pending(automaton.pending(automaton.start))
