"""What is found out about barriers as one JSON document."""

from __future__ import annotations

from typing import Literal

from racer.catalogue.parameters import Value
from racer.exploration.witness_file import racer_version
from racer.fences.data import FencesFound, Lack, Needless, OfModel, ToldAddition
from racer.viz.documents.parts import Entry, Number, Parameters, dumped
from racer.viz.fences import place_text


class PairOf(Entry, frozen=True, kw_only=True):
    """What keeps the order of another thread, on the circle that an addition closes.

    thread  its name
    text    a barrier, an order, a lock, in words
    source  file.py:line of it
    """

    thread: str
    text: str
    source: str


class AdditionOf(Entry, frozen=True, kw_only=True):
    """Something that is put into a thread.

    kind    "rmb", "wmb" or "mb": a barrier just before the step; "acquire", "release": its order
    thread  the thread, or the group of copies
    step    the operation, without values
    source  file.py:line of it
    pairs   what it pairs with; empty under sc and tso, where no circle is told
    """

    kind: Literal["acquire", "release", "rmb", "wmb", "mb"]
    thread: str
    step: str
    source: str
    pairs: list[PairOf]


class LackOf(Entry, frozen=True, kw_only=True):
    """What removes a label.

    label         the violation
    dependencies  whether it is shown with the dependencies that threads have; false: only where no
                  dependency is kept
    standing      "removed": by each of `sets`; "an interleaving" shows it, so no barrier removes
                  it; "none" of what was tried does; "bound": a limit cut that, and there may be
                  more than `sets`
    sets          the weakest sets that remove it, each explored
    explored      how many changed programs were explored
    bound         the limit; null for none
    """

    label: str
    dependencies: bool
    standing: Literal["removed", "an interleaving", "none", "bound"]
    sets: list[list[AdditionOf]]
    explored: Number
    bound: str | None


class ModelOf(Entry, frozen=True, kw_only=True):
    """What is found out under one memory model.

    memory   its name
    verdict  of the program as it is: "pass", "fail" or "bound"; empty where it cannot be asked
    labels   the violations that it shows
    lacks    what removes each
    refused  why the model cannot be asked; empty where it can
    bound    the limit that cut the search of the program as it is; null for none
    """

    memory: str
    verdict: str
    labels: list[str]
    lacks: list[LackOf]
    refused: str
    bound: str | None


class NeedlessOf(Entry, frozen=True, kw_only=True):
    """Something that a thread has, and that was left out or made weaker, by itself.

    what     "barrier", "order" or "re-read"
    thread   the thread, or the group of copies
    step     the operation, without values
    source   file.py:line of it
    instead  of an order the weaker one that was tried; else empty
    can_go   whether no verdict changes under any model; null where that is not known
    differs  by memory model what is another then, in words; empty for nothing
    bound    by memory model the limit that cut its exploration
    """

    what: Literal["barrier", "order", "re-read"]
    thread: str
    step: str
    source: str
    instead: str
    can_go: bool | None
    differs: dict[str, str]
    bound: dict[str, str]


class FencesDocument(Entry, frozen=True, kw_only=True, tag_field="schema", tag="racer-fences/1"):
    """What `racer fences --json` prints.

    schema      the kind of document and its version
    racer       the version that wrote it
    scenario    as `racer explore` takes it
    parameters  all of them
    models      what removes violations, by memory model, as they were named
    needless    what was left out to see whether it can go
    not_tried   why not all that may go was tried; empty where it was
    """

    racer: str
    scenario: str
    parameters: Parameters
    models: list[ModelOf]
    needless: list[NeedlessOf]
    not_tried: str


def fences_document(scenario: str, parameters: dict[str, Value], found: FencesFound) -> str:
    """The document, in one line."""
    return dumped(
        FencesDocument(
            racer=racer_version(),
            scenario=scenario,
            parameters=parameters,
            models=[_model(each) for each in found.models],
            needless=[_needless(each) for each in found.needless],
            not_tried=found.not_tried,
        )
    )


def _model(model: OfModel) -> ModelOf:
    return ModelOf(
        memory=model.memory,
        verdict=model.verdict,
        labels=list(model.labels),
        lacks=[_lack(each) for each in model.lacks],
        refused=model.refused,
        bound=model.bound,
    )


def _lack(lack: Lack) -> LackOf:
    return LackOf(
        label=lack.label,
        dependencies=lack.dependencies,
        standing=lack.standing,
        sets=[[_addition(each) for each in additions] for additions in lack.sets],
        explored=lack.explored,
        bound=lack.bound,
    )


def _addition(each: ToldAddition) -> AdditionOf:
    return AdditionOf(
        kind=each.kind,
        thread=each.thread,
        step=each.step,
        source=place_text(each.line),
        pairs=[
            PairOf(thread=pair.thread, text=pair.text, source=place_text(pair.line))
            for pair in each.pairs
        ],
    )


def _needless(each: Needless) -> NeedlessOf:
    return NeedlessOf(
        what=each.what,
        thread=each.thread,
        step=each.step,
        source=place_text(each.line),
        instead=each.instead,
        can_go=each.can_go,
        differs=dict(each.differs),
        bound=dict(each.bound),
    )
