"""A difference as one JSON document.

Steps, schedules, counts and what a thread came to are as in the document of a result. `only` is
"first" or "second" for what one of the two lacks, null for what both have. Nothing is proved of
what a side lacks whose `bound` is not null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from racer.catalogue.parameters import Value
from racer.difference.data import (
    Absence,
    Aligned,
    Alignment,
    Compared,
    Difference,
    Share,
    Side,
    Which,
)
from racer.exploration.result import Verdict
from racer.exploration.witness_file import racer_version
from racer.viz.documents.parts import (
    Came,
    CameTo,
    Coverage,
    Entry,
    Number,
    Parameters,
    Scheduled,
    Step,
    came_to,
    dumped,
    scheduled,
    searched_fields,
    step_of,
    threads_came_to,
)


class SideOf(Entry, frozen=True, kw_only=True):
    """One of the two that are compared. All but the name are as in the document of a result.

    name           what it is called
    parameters     all of them
    what_ifs       those that are not what the code under test does
    verdict        "pass", "fail" or "bound"
    bound          the limit that cut the search; null for none
    interleavings  how many there are; null where they are not counted
    uncounted      why they are not counted; null where they are
    loops          threads that can take steps for ever; null where not all states were searched
    unfair         threads that the scheduler has to keep from running for ever; null as above
    coverage       how far coroutines were compared with the search; null where a limit cut it
    states         states that can be reached, of those that were searched
    transitions    moves between these
    vacuous        `sometimes` predicates that no state reaches, and `finally_` if nothing ends
    """

    name: str
    parameters: Parameters
    what_ifs: Parameters
    verdict: Verdict
    bound: str | None
    interleavings: Number | None
    uncounted: str | None
    loops: list[str] | None
    unfair: list[str] | None
    coverage: Coverage | None
    states: Number
    transitions: Number
    vacuous: list[str]


class Shown(Entry, frozen=True, kw_only=True):
    """Something that one of the two shows, or both.

    only    which of them alone shows it: "first" or "second"; null where both do
    first   how the first shows it; null where it does not
    second  how the second shows it; null where it does not
    """

    only: Which | None
    first: Scheduled | None
    second: Scheduled | None


class LabelOf(Shown, frozen=True, kw_only=True):
    """A violation.

    label  its name
    """

    label: str


class ThreadsOf(Shown, frozen=True, kw_only=True):
    """One combination of what the threads come to.

    threads  by thread, what it came to
    """

    threads: dict[str, Came]


class ValueOf(Shown, frozen=True, kw_only=True):
    """What one thread can come to, whatever the others do.

    thread  its name
    value   what it came to
    """

    thread: str
    value: Came


class Absent(Entry, frozen=True, kw_only=True):
    """Why a thread makes no step where the schedule moves it.

    what       "has ended", "is blocked" or "lacks the option"
    ended      what it came to before; null where it has not ended
    operation  where it is blocked, or what lacks the option; null where it has ended
    """

    what: str
    ended: CameTo | None
    operation: str | None


class RowOf(Entry, frozen=True, kw_only=True):
    """What one move of the schedule does in both.

    leader    the step of the one that the schedule is of; null after its end
    follower  the step of the other; null where it cannot make the move
    absent    why it cannot; null where it can
    alike     whether the two steps do the same and come to the same
    """

    leader: Step | None
    follower: Step | None
    absent: Absent | None
    alike: bool


class EscapeOf(Entry, frozen=True, kw_only=True):
    """Where the label gets out of reach.

    rows     after so many rows; null where that is not known or it never does
    unknown  why it is not known; null where it is
    """

    rows: Number | None
    unknown: str | None


class FollowerOf(Entry, frozen=True, kw_only=True):
    """What the other one comes to under the schedule.

    threads  by thread, what it came to
    labels   the violations that it shows
    """

    threads: dict[str, Came]
    labels: list[str]


class AlignmentOf(Entry, frozen=True, kw_only=True):
    """The least schedule of something, and the other program under the same schedule.

    label         the violation that it is of; null where it is of an outcome
    threads       the outcome that it is of; null where it is of a label
    leader        the one that the schedule is of: "first" or "second"
    parts         the position in `rows` of the first that is not alike; null for none
    shown         whether the other one comes to it as well
    escape        where the label gets out of reach of the other one; null for an outcome
    unfinished    why the other one is not brought to an end; null where it is
    follower      what the other one comes to
    rows          step beside step
    witness_file  the file that the schedule was saved in; null for none
    """

    label: str | None
    threads: dict[str, Came] | None
    leader: Which
    parts: Number | None
    shown: bool
    escape: EscapeOf | None
    unfinished: str | None
    follower: FollowerOf
    rows: list[RowOf]
    witness_file: str | None


class DifferenceDocument(Entry, frozen=True, kw_only=True, tag_field="schema", tag="racer-diff/1"):
    """What `racer diff --json` prints.

    schema      the kind of document and its version
    racer       the version that wrote it
    scenario    as `racer diff` takes it
    parameter   the one that the two differ in
    memory      the memory model
    complete    whether both were searched in full
    first       the one that was named first
    second      the other
    labels      violations of both, by name
    outcomes    what all threads come to, simplest first
    values      what each thread can come to, by thread
    alignments  schedules of what only one has, and of the labels that the first has
    unaligned   how many outcomes that only one has were left out of these
    cut         why some of these are missing; null where they are all there
    """

    racer: str
    scenario: str
    parameter: str
    memory: str
    complete: bool
    first: SideOf
    second: SideOf
    labels: list[LabelOf]
    outcomes: list[ThreadsOf]
    values: list[ValueOf]
    alignments: list[AlignmentOf]
    unaligned: Number
    cut: str | None


def difference_document(
    scenario: str,
    compared: str,
    parameters: tuple[dict[str, Value], dict[str, Value]],
    what_ifs: tuple[dict[str, Value], dict[str, Value]],
    found: Difference,
    files: Mapping[str, str],
) -> str:
    """The document, in one line; `what_ifs` are those of the parameters of each side that are not
    what the code under test does, `files` has the witness file of each label that has one."""
    document = DifferenceDocument(
        racer=racer_version(),
        scenario=scenario,
        parameter=compared,
        memory=found.first.result.memory,
        complete=found.complete,
        first=_side(found.first, parameters[0], what_ifs[0]),
        second=_side(found.second, parameters[1], what_ifs[1]),
        labels=[LabelOf(label=each.what, **_shown(each)) for each in found.labels],
        outcomes=[
            ThreadsOf(threads=threads_came_to(each.what), **_shown(each)) for each in found.outcomes
        ],
        values=[
            ValueOf(thread=each.what[0], value=came_to(each.what[1]), **_shown(each))
            for each in found.values
        ],
        alignments=[_alignment(each, files) for each in found.alignments],
        unaligned=found.unaligned,
        cut=found.cut,
    )
    return dumped(document)


def _side(side: Side, parameters: dict[str, Value], what_ifs: dict[str, Value]) -> SideOf:
    result = side.result
    return SideOf(
        name=side.name,
        parameters=parameters,
        what_ifs=what_ifs,
        verdict=result.verdict,
        **searched_fields(result),
        vacuous=list(result.vacuous),
    )


def _shown(each: Compared[Any]) -> dict[str, Any]:
    return {"only": each.only, "first": _share(each.first), "second": _share(each.second)}


def _share(share: Share | None) -> Scheduled | None:
    return None if share is None else Scheduled(**scheduled(share.witness, share.interleavings))


def _alignment(each: Alignment, files: Mapping[str, str]) -> AlignmentOf:
    label = each.of if isinstance(each.of, str) else None
    escape = each.escape
    return AlignmentOf(
        label=label,
        threads=None if isinstance(each.of, str) else threads_came_to(each.of),
        leader=each.leader,
        parts=each.parts,
        shown=each.shown,
        escape=None if escape is None else EscapeOf(rows=escape.rows, unknown=escape.unknown),
        unfinished=each.unfinished,
        follower=FollowerOf(
            threads=threads_came_to(each.following.outcome), labels=list(each.following.labels)
        ),
        rows=[_row(row) for row in each.rows],
        witness_file=None if label is None else files.get(label),
    )


def _row(row: Aligned) -> RowOf:
    return RowOf(
        leader=None if row.leader is None else step_of(row.leader),
        follower=None if row.follower is None else step_of(row.follower),
        absent=None if row.absent is None else _absent(row.absent),
        alike=row.alike,
    )


def _absent(absent: Absence) -> Absent:
    ended = absent.what == "has ended"
    return Absent(
        what=absent.what,
        ended=came_to(absent.ended) if ended else None,
        operation=absent.operation,
    )
