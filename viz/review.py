"""A series of patches held against the models, as text: a table, and a mail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from racer.difference.reviewing import Came, Case, Change, Review, Reviewed
from racer.viz.mail import ascii_text
from racer.viz.wrapping import WIDTH, filled

_HOW: Final = {
    "added": "is added",
    "changed": "changes",
    "removed": "is removed",
    "comments only": "changes in comments and white space only",
}
_SCENARIO: Final = 22  # columns


def review_text(found: Review) -> str:
    """Everything: the headline, a table for each patch, and what is to be known of the input."""
    parts = ["\n".join([_title(found), _headline(found)])]
    parts += [_patch(number, each) for number, each in enumerate(found.patches, 1)]
    parts += [filled(f"Note: {note}.", hang=2) for note in found.notes]
    if found.cut:
        parts.append(filled(f"Interrupted. Not looked at: {found.cut}.", hang=2))
    return "\n\n".join(parts)


def review_mail(found: Review, command: str) -> str:
    """The difference alone, in 7 bits and 72 columns, for an answer to the series; `command` says
    it again."""
    lines = [f"Subject: racer: {_subject(found)}", ""]
    lines += filled(_headline_words(found)).split("\n")
    for patch in found.patches:
        told = [line for change in patch.changes for line in _mailed(change)]
        if told:
            lines += ["", *filled(patch.title).split("\n"), *told]
    if found.cut:
        lines += ["", *filled(f"Not looked at: {found.cut}.").split("\n")]
    lines += ["", command]
    return "\n".join(ascii_text(line) for line in lines)


def _subject(found: Review) -> str:
    number = len(found.patches)
    return f"{number} {'patch' if number == 1 else 'patches'}: {_verdict(found)}"


def _title(found: Review) -> str:
    on = f" on {found.base}" if found.base else ""
    return filled(f"{found.shown}{on}: {_counted(len(found.patches), 'patch', 'patches')}")


def _counted(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def _verdict(found: Review) -> str:
    """How it comes out, in a word or two."""
    cases = found.cases()
    if any(case.is_worse and case.differs for case in cases):
        return "worse"
    if any(case.is_worse for case in cases):
        return "fails"
    if found.cut or any(case.is_open for case in cases):
        return "not decided"
    if any(case.differs for case in cases):
        return "other verdicts"
    if cases:
        return "same verdicts"
    return "models to look at" if _mirrored(found) else "no model is about it"


def _mirrored(found: Review) -> list[Change]:
    return [change for _, change in found.changes() if change.models or change.cases]


def _function(change: Change) -> tuple[str, str]:
    """What several patches may change."""
    return change.touched.path, change.touched.name


def _headline(found: Review) -> str:
    return filled(f"{_verdict(found).upper()}  {_headline_words(found)}", hang=2)


def _headline_words(found: Review) -> str:
    total = len({_function(each) for _, each in found.changes()})
    about = len({_function(each) for each in _mirrored(found)})
    text = f"models are about {about} of the {_counted(total, 'function', 'functions')} it changes"
    cases = found.cases()
    if not cases:
        return f"{text}; no scenario takes one of these as C"
    scenarios = len({case.scenario for case in cases})
    return f"{text}; {_counted(scenarios, 'scenario takes', 'scenarios take')} one of these as C"


def _patch(number: int, patch: Reviewed) -> str:
    lines = filled(f"{number}. {patch.title}", hang=3).split("\n")
    others = [each.touched.name for each in patch.changes if not each.models and not each.cases]
    for each in patch.changes:
        if each.models or each.cases:
            lines += _change(each)
    if others:
        names = ", ".join(f"{name}()" for name in dict.fromkeys(others))
        lines += filled(f"no model is about {names}", "   ", hang=5).split("\n")
    if not patch.changes:
        lines.append("   changes no function that is seen here")
    return "\n".join(lines)


def _change(each: Change) -> Iterator[str]:
    at = each.touched
    yield from filled(f"{at.name}() {_HOW[at.how]} ({at.path}:{at.line})", "   ", hang=5).split(
        "\n"
    )
    if each.models:
        yield from filled(_by_hand(each), "     ", hang=7).split("\n")
    yield from _table(each.cases)


def _by_hand(each: Change) -> str:
    text = f"mirrored by hand in {', '.join(each.models)}"
    if each.touched.how == "comments only" or each.cases:
        return text
    return f"{text}: what that shows is not about this patch"


def _table(cases: Sequence[Case]) -> Iterator[str]:
    if not cases:
        return
    column = (WIDTH - 5 - _SCENARIO) // 2
    yield f"     {'scenario':<{_SCENARIO}}{'before':<{column}}after"
    for case in cases:
        name = f"{case.scenario}{' *' if case.differs else ''}"
        before, after = came_text(case.before), came_text(case.after)
        if len(name) < _SCENARIO and len(before) < column and len(after) <= column:
            yield f"     {name:<{_SCENARIO}}{before:<{column}}{after}"
        else:
            yield f"     {name}"
            yield from filled(f"before: {before}", "       ", hang=9).split("\n")
            yield from filled(f"after: {after}", "       ", hang=9).split("\n")


def came_text(came: Came) -> str:
    """What a scenario shows, in short: `FAIL misclassified`."""
    match came.verdict:
        case "pass":
            return "PASS"
        case "fail":
            return f"FAIL {', '.join(came.labels)}"
        case "bound":
            return f"BOUND {came.why}"
        case "not explored":
            return f"not explored: {came.why}"
        case "not there":
            return "(not there)"


def _mailed(each: Change) -> Iterator[str]:
    """What a mail says of a function: where it makes a difference, and where that is not known."""
    at = each.touched
    where = f"{at.name}() {_HOW[at.how]} ({at.path}:{at.line})"
    if at.how == "comments only" or not (each.models or each.cases):
        return
    yield from filled(where, "  ", hang=4).split("\n")
    for case in each.cases:
        if case.differs or case.is_open or case.is_worse:
            text = f"{case.scenario}: {came_text(case.before)}, then {came_text(case.after)}"
            yield from filled(text, "    ", hang=6).split("\n")
    told = {case.scenario for case in each.cases if case.differs or case.is_open or case.is_worse}
    rest = [case for case in each.cases if case.scenario not in told]
    if rest:
        words = "PASS" if at.how == "added" else "as before"
        names = ", ".join(case.scenario for case in rest)
        yield from filled(f"{words}: {names}", "    ", hang=6).split("\n")
    if each.models:
        yield from filled(_by_hand(each), "    ", hang=6).split("\n")
