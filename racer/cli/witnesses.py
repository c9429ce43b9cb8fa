"""`racer replay`: a saved witness, run again and held against its file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from racer.artefacts.naming import shell_word
from racer.artefacts.telling import origin_of
from racer.catalogue.discovery import find, is_below_here
from racer.catalogue.scenario import Scenario
from racer.cli.continuing import continued, steps_listed
from racer.cli.executions import replay_execution
from racer.cli.guard import complain, emit, models_print_to_stderr
from racer.cli.naming import named_by_user
from racer.cli.statuses import DIVERGED, OK
from racer.errors import ReplayDiverged, UsageError, WitnessError
from racer.exploration.exploring import searched_and_told
from racer.exploration.schedule_file import SavedSchedule, begins_as_schedule, stale
from racer.exploration.schedule_file import load as load_schedule
from racer.exploration.wanted import Wanted
from racer.exploration.witness_file import (
    SavedWitness,
    check,
    label_is_missing,
    load,
    racer_version,
)
from racer.exploration.witnesses import count_preemptions
from racer.files import beginning, shown_path
from racer.graph_witnesses.saved import SavedExecution, begins_as_execution
from racer.graph_witnesses.saved import load as load_execution
from racer.lang.patience import patience
from racer.lang.program import Program
from racer.machine.loaded import Loaded, load_program
from racer.machine.models import MODELS
from racer.machine.moves import packed
from racer.replaying.trace import Trace
from racer.viz.brief import Origin
from racer.viz.summary import heading
from racer.words.counts import preemptions_text

_Saved = SavedWitness | SavedSchedule | SavedExecution

_STATES_TO_CHECK_NUMBERS = 20_000  # some seconds


@dataclass(frozen=True, slots=True)
class Consent:
    """What the user says of the code that a witness names: run it, or run this one instead."""

    trust: bool = False
    scenario: str | None = None

    @property
    def words(self) -> str:
        """It, as it stands behind the witness on a command line."""
        named = "" if self.scenario is None else f" {shell_word(self.scenario)}"
        return f"{named} --trust" if self.trust else named


@dataclass(frozen=True, slots=True)
class Replayed:
    """A witness whose every step came out as saved.

    `consent` is what it took of what the user gave.
    `fresh`: the scenario behaves as when it was saved, elsewhere than on this schedule, too.
    `checked`: its counts and its minimum are what they are, or are not told.
    """

    path: str
    consent: Consent
    saved: SavedWitness
    scenario: Scenario
    loaded: Loaded
    trace: Trace
    fresh: bool
    checked: bool

    @property
    def heading(self) -> str:
        return _heading(self.scenario, self.saved)

    def origin(self) -> Origin:
        """What the scenario declares of the label, and what explores it again."""
        scenario, saved = self.scenario, self.saved
        declared = scenario.expected(saved.memory, **saved.parameters) if self.fresh else None
        parameters = scenario.complete(saved.parameters)
        return origin_of(scenario, saved.scenario, parameters, saved.memory, declared, saved.label)

    def notes(self) -> str:
        """What may no longer hold; empty where all does."""
        notes = []
        if not self.fresh:
            notes.append(
                "note: the scenario behaves otherwise than when this was saved, elsewhere than on\n"
                "this schedule: the counts and the minimum may no longer hold, and are left out."
            )
        if not self.checked:
            notes.append(
                "note: the counts and the minimum are as saved, not checked: that takes too long."
            )
        if self.saved.racer != racer_version():
            notes.append(f"note: saved by racer {self.saved.racer}; this is {racer_version()}")
        return "\n".join(notes)


def replay_witness(path: str, consent: Consent, *, go_on: bool = False) -> int:
    """Replay a saved witness, holding every step against the file, and list the steps.

    `go_on`: where it diverges, go on from there to its label. A schedule that is kept is followed.
    """
    if begins_as_schedule(beginning(path)):
        return _replay_kept(path, consent, go_on=go_on)
    if begins_as_execution(beginning(path)):
        return _replay_execution(path, consent)
    try:
        done = replayed(path, consent)
    except ReplayDiverged as error:
        if not go_on:
            raise
        saved = load(Path(path))
        with models_print_to_stderr():
            scenario, program, _ = _saved_program(saved, Path(path), consent)
        emit(f"{_heading(scenario, saved)}\n")
        made = saved.schedule if label_is_missing(error) else saved.schedule[: error.step - 1]
        complain(f"error: {error}")
        emit(continued(program, saved.memory, saved.label, made, len(saved.steps)))
        return DIVERGED
    events = done.trace.events
    emit(f"{done.heading}\n")
    emit(f"REPLAYED  {len(events)} steps, each as saved: {done.saved.label}")
    if done.fresh:
        emit(preemptions_text(done.saved.preemptions, done.saved.minimal))
    if done.notes():
        emit(done.notes())
    told = f"racer explain {shell_word(path)}{done.consent.words}"
    emit("\n".join(["", *steps_listed(done.trace), "", told]))
    return OK


def _replay_execution(path: str, consent: Consent) -> int:
    """Check an execution that is no schedule."""
    saved = load_execution(Path(path))
    with models_print_to_stderr():
        scenario, program, _ = _saved_program(saved, Path(path), consent)
    return replay_execution(Path(path), saved, scenario, program)


def _replay_kept(path: str, consent: Consent, *, go_on: bool) -> int:
    """Follow a schedule that is kept, and list the steps that it comes to."""
    saved = load_schedule(Path(path))
    with models_print_to_stderr():
        scenario, program, _ = _saved_program(saved, Path(path), consent)
        found = saved.followed(program)
    emit(f"{_heading(scenario, saved)}\n")
    steps = len(found.trace.events)
    if found.shows(saved.label):
        emit(f"FOLLOWED  {len(saved.turns)} turns, {steps} steps: {saved.label}")
        emit("\n".join(["", *steps_listed(found.trace)]))
        return OK
    tells = "pytest says whether the label is gone, and with --racer-update it keeps what is so."
    error = stale(saved, found, f"Try: {tells}" if go_on else f"Try: --continue; {tells}")
    if not go_on:
        raise error
    complain(f"error: {error}")
    emit(continued(program, saved.memory, saved.label, found.trace.schedule, steps))
    return DIVERGED


def _heading(scenario: Scenario, saved: SavedWitness | SavedSchedule) -> str:
    parameters = saved.parameters
    what_ifs = scenario.what_ifs(parameters)
    return heading(saved.scenario, scenario.summary, parameters, saved.memory, what_ifs)


def replayed(path: str, consent: Consent) -> Replayed:
    """A saved witness, replayed and checked.

    Errors   WitnessError for a file that cannot be used; ReplayDiverged; ModelError.
    """
    file = named_by_user(path, "WITNESS")
    if begins_as_execution(beginning(path)):
        raise WitnessError(
            f"the witness {shown_path(file)} is an execution, which is no schedule that could be "
            f"told step by step.\n"
            f"Try: racer replay, which checks it; racer explore --mail or --html tells it."
        )
    saved = load(file)
    if saved.memory not in MODELS:
        raise WitnessError(
            f"the witness {shown_path(path)} is for the memory model {saved.memory!r}, and this "
            f"racer replays {', '.join(repr(name) for name in sorted(MODELS))}."
        )
    with models_print_to_stderr():
        scenario, program, taken = _saved_program(saved, Path(path), consent)
        with patience():  # with methods of its values, too
            trace = check(saved, program)
        loaded = load_program(program)
        with loaded.in_use():
            system = loaded.system(saved.memory)
            moves = packed(trace.schedule, system.agents)
            counted = count_preemptions(system, moves[: len(moves) - trace.cycle])
        if counted != saved.preemptions:
            raise _edited(
                path, f"its schedule has {saved.preemptions} preemptions, and it has {counted}"
            )
        with patience():
            fresh = saved.digest == loaded.digest
        checked = not fresh or _numbers_checked(path, saved, loaded)
    return Replayed(path, taken, saved, scenario, loaded, trace, fresh, checked)


def _numbers_checked(path: str, saved: SavedWitness, loaded: Loaded) -> bool:
    """Whether the count and the minimum are as the file has them; False: that takes too long.

    Errors   WitnessError where they are not.
    """
    if saved.total is None and not (saved.minimal and saved.preemptions):
        return saved.interleavings is None
    wanted = Wanted(
        saved.memory, count=None if saved.total else False, max_states=_STATES_TO_CHECK_NUMBERS
    )
    _, result = searched_and_told(loaded.program, wanted, loaded)
    found = result.violations.get(saved.label)
    if result.bound is not None or found is None:
        return False
    least = found.witness
    if saved.minimal and least.minimal and least.preemptions != saved.preemptions:
        said = f"no schedule does with less than {saved.preemptions} preemptions"
        raise _edited(path, f"{said}, and one does with {least.preemptions}")
    if saved.total is not None and result.interleavings is not None:
        numbers = (saved.interleavings, saved.total)
        if numbers != (found.interleavings, result.interleavings):
            said = f"{numbers[0]} of {numbers[1]} interleavings show it"
            raise _edited(path, f"{said}, and {found.interleavings} of {result.interleavings} do")
    known = saved.total is None or result.interleavings is not None
    return known and (not saved.minimal or least.minimal)


def _edited(path: str, what: str) -> WitnessError:
    return WitnessError(
        f"the witness {shown_path(path)} cannot be used: it says that {what}.\n"
        f"Usual cause: it was edited.\nTry: write it again with `racer explore`."
    )


def _saved_program(
    saved: _Saved, path: Path, consent: Consent
) -> tuple[Scenario, Program, Consent]:
    """The scenario of a witness, its Program, and what that took of the consent.

    Errors   WitnessError that names the file.
    """
    if isinstance(saved, SavedSchedule) and saved.test:
        raise WitnessError(
            f"the schedule {shown_path(path)} is of a test, which makes its Program: pytest runs "
            f"it, beside {saved.test}."
        )
    if not saved.scenario and consent.scenario is None:
        raise WitnessError(
            f"the witness {shown_path(path)} is of a Program in Python and names no scenario. In "
            f"Python: racer.replay(program, racer.load({str(path)!r}))."
        )
    try:
        scenario, taken = _scenario_of(saved, path, consent)
        return scenario, scenario.build(**saved.parameters), taken
    except UsageError as error:
        raise WitnessError(f"the witness {shown_path(path)} cannot be replayed: {error}") from error


def _scenario_of(saved: _Saved, path: Path, consent: Consent) -> tuple[Scenario, Consent]:
    """The scenario a witness names, or the one given in its place; and what that took.

    A file is looked for from here, then from the witness up, and run only if it is a scenario's
    below the current directory, or the user consents: a witness may come from anybody.
    """
    if consent.scenario is not None:
        return find(consent.scenario).scenario, Consent(scenario=consent.scenario)
    reference = saved.scenario
    file, separator, name = reference.rpartition("::")
    if not separator:
        if "/" in reference or reference.endswith(".py"):
            raise UsageError(f"{reference!r} is not the name of a scenario.")
        return find(reference).scenario, Consent()
    if not os.path.exists(file):
        for directory in path.resolve().parents:
            if (directory / file).is_file():
                reference = f"{directory / file}::{name}"
                break
        else:
            raise UsageError(
                f"there is no file {file!r} below the current directory, nor in a directory that "
                f"the witness lies in.\n"
                f"Try: name it: racer replay {shell_word(str(path))} path/to/file.py::{name}"
            )
    trusted = not is_below_here(reference)
    if trusted and not consent.trust:
        raise UsageError(
            f"a scenario is code, and it names one that is not below the current directory, "
            f"{reference!r}.\n"
            f"Try: if you trust that file, name it: racer replay {shell_word(str(path))} "
            f"{shell_word(reference)}; or --trust, for whatever a witness names."
        )
    return find(reference).scenario, Consent(trust=trusted)
