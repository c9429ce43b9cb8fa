"""A series of patches held against the models, as one JSON document."""

from __future__ import annotations

from racer.c_source.touching import How
from racer.difference.reviewing import Came, Case, Change, Review, Verdict
from racer.exploration.witness_file import racer_version
from racer.viz.documents.parts import Entry, Number, dumped


class ReviewedSide(Entry, frozen=True, kw_only=True):
    """What a scenario shows with the C of one side of a patch.

    verdict  "pass", "fail", "bound", "not there" (the patch adds the function) or "not explored"
    labels   of a "fail"
    why      the limit of a "bound", or why it was not explored; null else
    """

    verdict: Verdict
    labels: list[str]
    why: str | None


class ReviewedCase(Entry, frozen=True, kw_only=True):
    """A scenario that can take the function as C.

    scenario  as `racer explore` takes it
    role      what the function is to it
    before    what it shows with the C before the patch
    after     what it shows with the C after it
    differs   whether the two are known, and are not the same
    """

    scenario: str
    role: str
    before: ReviewedSide
    after: ReviewedSide
    differs: bool


class ChangeOf(Entry, frozen=True, kw_only=True):
    """A function that a patch changes.

    path    its file
    name    the function
    line    where it is after the patch; before it, if it is removed
    how     "added", "changed", "removed" or "comments only"
    models  files of models that mirror it by hand
    cases   the scenarios that can take it as C
    """

    path: str
    name: str
    line: Number
    how: How
    models: list[str]
    cases: list[ReviewedCase]


class PatchOf(Entry, frozen=True, kw_only=True):
    """A patch of the series.

    title    the subject of its mail, or the name of its file
    changes  the functions that it changes
    """

    title: str
    changes: list[ChangeOf]


class ReviewDocument(Entry, frozen=True, kw_only=True, tag_field="schema", tag="racer-review/1"):
    """What `racer review --json` prints.

    schema   the kind of document and its version
    racer    the version that wrote it
    input    the file that was read
    base     the tree that the patches were applied to; null for none
    worse    whether some scenario shows a label after a patch that it did not show before
    open     whether what some scenario shows after a patch is not known
    patches  in the order in which they are applied
    notes    what of the input was left out, or had to be chosen
    cut      what was not looked at, where it was interrupted; null: nothing
    """

    racer: str
    input: str
    base: str | None
    worse: bool
    open: bool
    patches: list[PatchOf]
    notes: list[str]
    cut: str | None


def review_document(found: Review) -> str:
    """The document, in one line."""
    cases = found.cases()
    return dumped(
        ReviewDocument(
            racer=racer_version(),
            input=found.shown,
            base=found.base or None,
            worse=any(case.is_worse for case in cases),
            open=any(case.is_open for case in cases),
            patches=[
                PatchOf(title=patch.title, changes=[_change(each) for each in patch.changes])
                for patch in found.patches
            ],
            notes=list(found.notes),
            cut=found.cut or None,
        )
    )


def _change(each: Change) -> ChangeOf:
    at = each.touched
    return ChangeOf(
        path=at.path,
        name=at.name,
        line=at.line,
        how=at.how,
        models=list(each.models),
        cases=[_case(case) for case in each.cases],
    )


def _case(case: Case) -> ReviewedCase:
    return ReviewedCase(
        scenario=case.scenario,
        role=case.role,
        before=_side(case.before),
        after=_side(case.after),
        differs=case.differs,
    )


def _side(came: Came) -> ReviewedSide:
    return ReviewedSide(verdict=came.verdict, labels=list(came.labels), why=came.why or None)
