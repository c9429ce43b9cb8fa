"""One check of a test: a case explored, held against what is expected, and told where it is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from racer.api import Result, explore
from racer.artefacts.telling import origin_of
from racer.catalogue.scenario import Scenario
from racer.explanation.data import Explanation
from racer.exploration.judgement import Judgement
from racer.exploration.result import Interrupted
from racer.lang.program import Program
from racer.testing.cases import Case, Place, case_of
from racer.testing.expecting import Expect, Expectation, expectation
from racer.testing.leaving import Left, explanations, is_left, leave_all, leave_witnesses
from racer.testing.schedules import Owner, Scratch, Shown, brief, keep, owner_of
from racer.viz.brief import brief_of
from racer.viz.summary import summary
from racer.words.printable import safe_text


class CheckFailed(Exception):
    """A case is not as expected; the text is the report."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What may cut a search, as explore() has it: then the check fails."""

    max_states: int | None = None
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """Where a test leaves what it finds.

    `named` gives a name that it has not given before; `kept` is told of files that an interrupted
    check leaves. `schedules` is where they are kept; `wrote` is told of those that are written, and
    None where none are to be. `scratch` has what is tried first, if anything is.
    """

    directory: Path
    named: Callable[[str], str]
    kept: Callable[[str], None]
    schedules: Path
    root: Path
    wrote: Callable[[str], None] | None
    scratch: Scratch | None


def check(
    asked: Program | Scenario,
    given: Mapping[str, object],
    expect: Expect | None,
    memory: str,
    limits: Limits,
    place: Place,
    number: int,
    room: Room,
) -> Result:
    """Explore what a test asks for, in its check of that number; the Result, if as expected.

    Errors   CheckFailed with the report; RacerError for what cannot be explored; Interrupted.
    """
    case = case_of(asked, given, memory, place)
    expected = expectation(expect, case.declared)
    owner = owner_of(case, place, number, room.schedules, room.root)
    return checked(case, expected, limits, owner, room)


def checked(case: Case, expected: Expectation, limits: Limits, owner: Owner, room: Room) -> Result:
    """The Result, if it is as expected; what the last run found is tried before, if what that left
    is still there. Errors: as check()."""
    labels = expected.declared.labels
    if room.scratch is not None:
        shown = room.scratch.shown(owner, case, labels)
        if shown is not None and is_left(room.directory, shown.saved.label):
            raise CheckFailed(_as_last_time(case, expected, shown))
    result = search(case, expected, limits, room)
    if room.wrote is not None:
        for path in keep(owner, case, result, room.schedules):
            room.wrote(path)
    reasons = list(expected.why_not(result))
    if reasons:
        if room.scratch is not None:
            room.scratch.note(owner, result, labels)
        raise CheckFailed(report(case, expected, result, room, "\n".join(reasons)))
    return result


def _as_last_time(case: Case, expected: Expectation, shown: Shown) -> str:
    label = shown.saved.label
    wanted = ", ".join(expected.declared.labels) or "pass"
    return safe_text(
        f"{label}: not expected ({wanted})\n"
        f"As the last run found it ({shown.path}): nothing else was searched.\n"
        f"--racer-fresh searches all.\n\n"
        f"{case.heading}\n\n{brief(case, shown.trace, shown.saved)}"
    )


def search(case: Case, expected: Expectation, limits: Limits, room: Room) -> Result:
    """The Result. Errors: RacerError; Interrupted, once what was found is on disk."""
    try:
        return explore(
            case.program,
            memory=case.memory,
            count=True if expected.counts else None,
            max_states=limits.max_states,
            timeout=limits.timeout,
        )
    except Interrupted as stop:
        left = Left()
        name = room.named(case.file_name)
        for each in leave_witnesses(room.directory, name, case, stop.result, left).values():
            left.note(each)
        if left.text:
            room.kept(left.text)
        raise


def report(case: Case, expected: Expectation, result: Result, room: Room, reason: str = "") -> str:
    """What is wrong, all that was found, the briefs, and the paths of the files that it leaves."""
    judgement = expected.judged(result)
    told = explanations(result)
    left = leave_all(room.directory, room.named(case.file_name), case, result, judgement, told)
    parts = [
        reason,
        case.heading,
        summary(result, judgement),
        *_briefs(case, result, judgement, expected, told),
        left.text,
    ]
    return safe_text("\n\n".join(part for part in parts if part))


def _briefs(
    case: Case,
    result: Result,
    judgement: Judgement,
    expected: Expectation,
    told: Mapping[str, Explanation],
) -> list[str]:
    """Of the labels that nobody expected; where there are none, of all."""
    unexpected = [label for label in told if label not in expected.declared.labels]
    return [
        brief_of(
            told[label],
            origin_of(
                case.scenario,
                case.reference,
                case.parameters,
                case.memory,
                judgement.declared,
                label,
                case.command,
            ),
        ).rstrip()
        for label in unexpected or told
    ]
