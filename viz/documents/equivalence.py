"""Whether threads are equivalent, as one JSON document."""

from __future__ import annotations

from typing import Literal

from racer.catalogue.parameters import Value
from racer.difference.basis import Basis
from racer.difference.equivalence import Equivalence, Parting, ThreadPair, Verdict
from racer.exploration.witness_file import racer_version
from racer.viz.documents.parts import Entry, Number, Parameters, dumped


class Compared(Entry, frozen=True, kw_only=True):
    """One of the two programs.

    name        what it is called
    scenario    as `racer explore` takes it
    parameters  all of them
    only        threads that the other one lacks
    """

    name: str
    scenario: str
    parameters: Parameters
    only: list[str]


class AnsweredOf(Entry, frozen=True, kw_only=True):
    """A step that both threads make, or the end of a window, with what both are given.

    text    in words
    first   the line of the first, as path:line; empty where it is not known
    second  that of the second
    """

    text: str
    first: str
    second: str


class DoesOf(Entry, frozen=True, kw_only=True):
    """What one thread does that the other one does not.

    text   in words
    place  its line, as path:line; empty where it has none
    """

    text: str
    place: str


class PartingOf(Entry, frozen=True, kw_only=True):
    """The fewest answers that tell two threads apart.

    answers  what both are given, in order
    first    what the first does then
    second   what the second does then
    """

    answers: list[AnsweredOf]
    first: DoesOf
    second: DoesOf


class ThreadOf(Entry, frozen=True, kw_only=True):
    """A thread of both programs, or a group of copies.

    thread   its name
    verdict  "equivalent", "different" or "bound"
    why      why it is "bound"; null where it is not
    parting  where they part; null where they do not
    nodes    how many nodes the two automata have; zeros where there are none
    pairs    how many pairs of these were compared
    """

    thread: str
    verdict: Verdict
    why: str | None
    parting: PartingOf | None
    nodes: tuple[Number, Number]
    pairs: Number


class EquivDocument(Entry, frozen=True, kw_only=True, tag_field="schema", tag="racer-equiv/1"):
    """What `racer equiv --json` prints.

    schema   the kind of document and its version
    racer    the version that wrote it
    verdict  "equivalent", "different" or "bound"
    basis    "closed": all values that cells may come to; "reached": all answers that come in some
             state; null where there is neither
    bound    why there is neither; null where there is one
    first    the one that was named first
    second   the other
    threads  those that both have
    """

    racer: str
    verdict: Literal["equivalent", "different", "bound"]
    basis: Basis | None
    bound: str | None
    first: Compared
    second: Compared
    threads: list[ThreadOf]


def equivalence_document(
    scenarios: tuple[str, str],
    parameters: tuple[dict[str, Value], dict[str, Value]],
    found: Equivalence,
) -> str:
    """The document, in one line."""
    one, other = (
        Compared(name=name, scenario=scenario, parameters=own, only=list(only))
        for name, scenario, own, only in zip(
            found.names, scenarios, parameters, found.only, strict=True
        )
    )
    document = EquivDocument(
        racer=racer_version(),
        verdict=found.verdict,
        basis=found.basis,
        bound=found.bound,
        first=one,
        second=other,
        threads=[_thread(each) for each in found.threads],
    )
    return dumped(document)


def _thread(each: ThreadPair) -> ThreadOf:
    return ThreadOf(
        thread=each.name,
        verdict=each.verdict,
        why=each.why or None,
        parting=None if each.parting is None else _parting(each.parting),
        nodes=each.nodes,
        pairs=each.pairs,
    )


def _parting(parting: Parting) -> PartingOf:
    first, second = (
        DoesOf(text=text, place=place)
        for text, place in zip(parting.does, parting.places, strict=True)
    )
    return PartingOf(
        answers=[
            AnsweredOf(text=each.text, first=each.places[0], second=each.places[1])
            for each in parting.answers
        ],
        first=first,
        second=second,
    )
