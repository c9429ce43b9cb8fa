"""Schedules that are kept as tests: followed, told where they are stale, and written when asked.

A schedule is kept beside the test that found it, in `schedules/`, or where `racer_schedules` says.
One of a scenario names that, and is a test by itself. One of a Program that a test made names the
test, which makes it again: it is a test beside that one.
"""

from __future__ import annotations

import contextlib
import glob
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from racer.artefacts.naming import changed_parameters, file_label
from racer.artefacts.telling import origin_of
from racer.artefacts.writing import unwritten
from racer.catalogue.discovery import find, reference_of
from racer.catalogue.parameters import Value
from racer.errors import RacerError, UsageError, WitnessError
from racer.explanation.exact import exactly
from racer.explanation.telling import explanation_of
from racer.exploration.exploring import explored
from racer.exploration.result import Result
from racer.exploration.schedule_file import SavedSchedule, load, save, saved_schedule
from racer.exploration.turns import Followed
from racer.exploration.wanted import Wanted
from racer.exploration.witnesses import count_preemptions
from racer.files import shown_path
from racer.machine.loaded import load_program
from racer.machine.moves import packed
from racer.replaying.trace import Trace
from racer.testing.cases import Case, Place, scenario_case
from racer.viz.brief import brief_of
from racer.words.counts import count_text

STATES: Final = 20_000  # in which it is looked whether a stale schedule's label is gone
_UPDATE: Final = "--racer-update"


@dataclass(frozen=True, slots=True)
class Owner:
    """What a schedule is of, as its file says it; `name` is what the file's name begins with."""

    name: str
    scenario: str = ""
    test: str = ""
    check: int = 0
    parameters: Mapping[str, Value] | None = None

    def owns(self, saved: SavedSchedule) -> bool:
        """Whether a schedule is of that."""
        return (self.scenario, self.test, self.check, dict(self.parameters or {})) == (
            saved.scenario,
            saved.test,
            saved.check,
            saved.parameters,
        )

    def schedule(self, result: Result, label: str) -> SavedSchedule:
        """The schedule of a label of a result."""
        return saved_schedule(
            result,
            label,
            scenario=self.scenario,
            test=self.test,
            check=self.check,
            parameters=self.parameters,
        )

    def path(self, directory: Path, label: str) -> Path:
        """Its file."""
        return directory / f"{self.name}.{file_label(label)}.json"


def owner_of(case: Case, place: Place, number: int, directory: Path, root: Path) -> Owner:
    """Whose the schedules of a case are, in files of a directory: the scenario's, else the test's.

    A test is named from the directory on, and a scenario from the root, wherever pytest runs.
    """
    if case.saved_reference:
        changed = changed_parameters(case.scenario, case.parameters)
        reference = _from_root(case, root)
        return Owner(case.file_name, scenario=reference, parameters=changed)
    test = test_reference(directory, Path(place.path), place.test)
    name = file_label(test.rpartition("/")[2])
    return Owner(name if number == 1 else f"{name}.{number}", test=test, check=number)


def test_reference(directory: Path, file: Path, test: str) -> str:
    """How files in a directory name a test: its own file from there, and pytest's names in it."""
    return f"{os.path.relpath(file, directory)}::{test.partition('::')[2]}".replace(os.sep, "/")


def _from_root(case: Case, root: Path) -> str:
    reference = reference_of(case.scenario)
    file, separator, name = reference.rpartition("::")
    if not separator:
        return reference
    return f"{os.path.relpath(file, root)}::{name}".replace(os.sep, "/")


def scenario_of(saved: SavedSchedule, path: Path, root: Path) -> str:
    """The reference by which the scenario of a schedule is found: from the root, or from where the
    schedule lies up.

    Errors   UsageError where its file is not there, or not below the root: that is no reason to run
             it.
    """
    file, separator, name = saved.scenario.rpartition("::")
    if not separator:
        return saved.scenario
    for directory in (root, *path.resolve().parents):
        found = (directory / file).resolve()
        if found.is_file():
            if not found.is_relative_to(root.resolve()):
                break
            return f"{found}::{name}"
    raise UsageError(
        f"the schedule {shown_path(path)} is of a scenario in {file!r}, and there is no such file "
        f"below {root}."
    )


def case_of_schedule(saved: SavedSchedule, path: Path, root: Path) -> Case:
    """The case that it is of. Errors: RacerError."""
    scenario = find(scenario_of(saved, path, root)).scenario
    return scenario_case(scenario, scenario.complete(saved.parameters), saved.memory)


@dataclass(frozen=True, slots=True)
class Told:
    """What a schedule comes to: nothing, where it does what is kept; else the report. `written`:
    its file was written anew."""

    failure: str = ""
    written: str = ""


def held(saved: SavedSchedule, path: Path, case: Case, *, update: bool) -> Told:
    """Follow a schedule, and hold what it shows against what is kept of it.

    With `update`, where it is stale, it is written anew: as one that is gone, if no schedule shows
    the label any more, else with the least one that does.

    Errors   RacerError: it is of another program, or the model fails.
    """
    found = saved.followed(case.program)
    shown = shown_path(path)
    if saved.gone:
        if not found.shows(saved.label):
            return Told()
        back = f"{saved.label}: it is back: the schedule that was not to show it again does"
        told = [f"{back}\n{shown}", case.heading, brief(case, found.trace, saved)]
        return Told("\n\n".join(told))
    if found.shows(saved.label):
        return Told()
    now = explored(case.program, Wanted(saved.memory, count=False, max_states=STATES))
    if update and (saved.label in now.violations or now.bound is None):
        if saved.label in now.violations:
            fresh = saved_schedule(now, saved.label, scenario=saved.scenario, test=saved.test)
            kept = msgspec.structs.replace(fresh, check=saved.check, parameters=saved.parameters)
        else:
            kept = msgspec.structs.replace(saved, gone=True)
        _write(kept, path)
        return Told(written=shown)
    parts = [f"{_stale(saved, found)}\n{shown}", case.heading, _since(saved, now)]
    if saved.label in now.violations:
        parts.append(brief(case, now.violations[saved.label].trace, saved))
    return Told("\n\n".join(parts))


def _stale(saved: SavedSchedule, found: Followed) -> str:
    """By name, at its step, and why."""
    diverged = found.diverged
    if diverged is None:
        shown = ", ".join(found.trace.labels) or "nothing is violated"
        return (
            f"{saved.label}: stale: every turn can be taken, and after step "
            f"{len(found.trace.events)} {shown}"
        )
    turn = saved.turns[diverged.turn - 1]
    return f"{saved.label}: stale at step {diverged.steps + 1}, where {turn}: {diverged.why}"


def _since(saved: SavedSchedule, now: Result) -> str:
    if saved.label in now.violations:
        return (
            f"The program moved: {saved.label} is still there, by another schedule.\n"
            f"Try: {_UPDATE}, which keeps that one in its place."
        )
    if now.bound is not None:
        return (
            f"Whether {saved.label} is gone is not known: the search was cut ({now.bound}).\n"
            f"Try: explore it, and delete the schedule if that passes."
        )
    return (
        f"{saved.label} is gone: none of {count_text(now.states)} states shows it. That is good "
        f"news, and to be confirmed.\n"
        f"Try: {_UPDATE}, which keeps the schedule as one that is never to show it again."
    )


def brief(case: Case, trace: Trace, saved: SavedSchedule) -> str:
    """The brief of one schedule."""
    loaded = load_program(case.program)
    with exactly(loaded, saved.memory) as exact:
        system = loaded.system(saved.memory)
        moves = packed(trace.schedule, system.agents)
        told = explanation_of(
            trace,
            saved.label,
            interleavings=None,
            total=None,
            preemptions=count_preemptions(system, moves[: len(moves) - trace.cycle]),
            minimal=False,
            with_effect=None,
            exact=exact,
        )
    origin = origin_of(
        case.scenario,
        case.reference,
        case.parameters,
        case.memory,
        case.declared,
        saved.label,
        case.command,
    )
    return brief_of(told, origin).rstrip()


def keep(owner: Owner, case: Case, result: Result, directory: Path) -> list[str]:
    """Write the schedules of all labels that are not kept yet, or shown by what is; their paths.

    Errors   RacerError, naming a file that cannot be written.
    """
    written = []
    for label in result.violations:
        path = owner.path(directory, label)
        known = _loaded(path)
        if known is not None and not owner.owns(known):
            whole = f"{owner.scenario}{owner.test}{owner.parameters}"
            path = path.with_suffix(f".{file_label(whole)[-8:]}.json")
            known = _loaded(path)
        if known is not None and not known.gone and _still_shows(known, case):
            continue
        _write(owner.schedule(result, label), path)
        written.append(shown_path(path))
    return written


def _write(schedule: SavedSchedule, path: Path) -> None:
    """Errors: RacerError, naming what cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save(schedule, path)
    except OSError as error:
        raise RacerError(unwritten(error, path)) from error


def _loaded(path: Path) -> SavedSchedule | None:
    try:
        return load(path)
    except WitnessError:
        return None


def _still_shows(known: SavedSchedule, case: Case) -> bool:
    try:
        return known.followed(case.program).shows(known.label)
    except WitnessError:
        return False


class Shown(NamedTuple):
    """A schedule that shows its label, the run that does, and its file."""

    saved: SavedSchedule
    trace: Trace
    path: str


class Scratch:
    """The schedules of the last run that failed, which are tried before anything is searched.

    In `.racer/` below the root, which has a .gitignore of its own. Nothing is lost with it, so
    what cannot be read or written there is passed over.
    """

    def __init__(self, root: Path) -> None:
        self._directory = root / ".racer" / "schedules"

    def shown(self, owner: Owner, case: Case, expected: Collection[str]) -> Shown | None:
        """One that still shows a label that is not expected; those that do not are removed."""
        for path in sorted(self._directory.glob(f"{glob.escape(owner.name)}.*.json")):
            known = _loaded(path)
            if known is None or not owner.owns(known) or known.label in expected:
                continue
            try:
                found = known.followed(case.program)
            except RacerError:
                continue
            if found.shows(known.label):
                return Shown(known, found.trace, shown_path(path))
            with contextlib.suppress(OSError):
                path.unlink()
        return None

    def note(self, owner: Owner, result: Result, expected: Collection[str]) -> None:
        """Keep the schedules of labels that are not expected."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            ignore = self._directory.parent / ".gitignore"
            if not ignore.exists():
                ignore.write_text("# what racer tries first, and can do without\n*\n")
            for label in result.violations:
                if label not in expected:
                    save(owner.schedule(result, label), owner.path(self._directory, label))
        except (OSError, RacerError):
            return
