"""`racer replay` and `racer explain`: a saved witness, run again and held against its file."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from racer.catalogue.discovery import find
from racer.catalogue.scenario import Scenario
from racer.cli.guard import complain, emit, models_print_to_stderr
from racer.cli.output import mailed_replay_command, named_by_user, replay_command
from racer.cli.statuses import OK, USAGE
from racer.errors import RacerError, UsageError, WitnessError
from racer.explanation.data import Explanation
from racer.explanation.exact import exactly, unexplained
from racer.explanation.telling import explanation_of
from racer.exploration.witness_file import SavedWitness, check, load, racer_version
from racer.exploration.witnesses import count_preemptions
from racer.files import shown_path
from racer.lang.program import Program
from racer.machine.loaded import Loaded, load_program
from racer.machine.models import MODELS
from racer.machine.moves import packed
from racer.replaying.trace import Trace
from racer.viz.mail import mail
from racer.viz.summary import heading
from racer.words.counts import preemptions_text
from racer.words.names import short_names, step_name
from racer.words.phrases import again_text, event_text


@dataclass(frozen=True, slots=True)
class _Replayed:
    """A witness whose every step came out as saved.

    `fresh`: the scenario behaves as when it was saved, elsewhere than on this schedule, too.
    """

    path: str
    saved: SavedWitness
    scenario: Scenario
    loaded: Loaded
    trace: Trace
    fresh: bool

    @property
    def heading(self) -> str:
        scenario, saved = self.scenario, self.saved
        return heading(saved.scenario, scenario.summary, saved.parameters, saved.memory)

    def notes(self) -> str:
        """What may no longer hold; empty where all does."""
        notes = []
        if not self.fresh:
            notes.append(
                "note: the scenario behaves otherwise than when this was saved, elsewhere than on\n"
                "this schedule: the counts and the minimum may no longer hold, and are left out."
            )
        if self.saved.racer != racer_version():
            notes.append(f"note: saved by racer {self.saved.racer}; this is {racer_version()}")
        return "\n".join(notes)


def replay_witness(path: str) -> int:
    """Replay a saved witness, holding every step against the file, and list the steps."""
    done = _replayed(path)
    events = done.trace.events
    emit(f"{done.heading}\n")
    emit(f"REPLAYED  {len(events)} steps, each as saved: {done.saved.label}")
    if done.fresh:
        emit(preemptions_text(done.saved.preemptions, done.saved.minimal))
    if done.notes():
        emit(done.notes())
    explains = unexplained(done.saved.memory) is None
    # Short names are for quoting an explanation. Without one, whole names tell a flush of a buffer
    # from the store that it makes visible.
    threads = done.trace.threads
    shorts = short_names(threads) if explains else {thread: thread for thread in threads}
    names = [step_name(shorts[event.thread], event.step) for event in events]
    width = max((len(name) for name in names), default=0)
    steps = [f"  {n:<{width}}  {event_text(e)}" for n, e in zip(names, events, strict=True)]
    if done.trace.cycle:
        steps.append(f"  {again_text(names[-done.trace.cycle])}")
    closing = ["", f"racer explain {shlex.quote(path)}"] if explains else []
    emit("\n".join(["", *steps, *closing]))
    return OK


def explain_witness(path: str, *, for_mail: bool, html: str | None) -> int:
    """Replay a saved witness, and say why it comes out as it does.

    `for_mail` leaves out what concerns only the reader of the terminal, and ends in the command
    that replays it. `html` is the file for a page of it, if any.
    """
    page = None if html is None else _page_file(html, path)
    done = _replayed(path)
    saved = done.saved
    with models_print_to_stderr(), exactly(done.loaded, saved.memory) as exact:
        explanation = explanation_of(
            done.trace,
            saved.label,
            interleavings=saved.interleavings if done.fresh else None,
            total=saved.total if done.fresh else None,
            preemptions=saved.preemptions,
            minimal=saved.minimal and done.fresh,
            exact=exact,
        )
    emit(f"{done.heading}\n")
    if done.notes():
        if for_mail:
            complain(done.notes())
        else:
            emit(f"{done.notes()}\n")
    emit(mail(explanation).rstrip())
    if for_mail:
        emit(f"\n{mailed_replay_command(path)}")
    return OK if page is None else _write_page(page, done, explanation, named=not for_mail)


def _page_file(html: str, witness: str) -> Path:
    """The file for the page. Errors: UsageError where it has no name, or is the witness itself."""
    page = named_by_user(html, "--html")
    if os.path.exists(page) and os.path.exists(witness) and os.path.samefile(page, witness):
        raise UsageError(f"--html {html!r} is the witness itself: name another file.")
    return page


def _write_page(file: Path, done: _Replayed, explanation: Explanation, *, named: bool) -> int:
    """The page, and what went wrong with it; `named`: stdout is told where it is."""
    from racer.cli.html import witness_report, write_page
    from racer.viz.diagram.drawing import diagram, render

    failures = []
    picture: bytes | None = None
    try:
        picture = render(diagram(explanation), "svg")
    except RacerError as error:
        failures.append(str(error))
    page = write_page(
        file,
        witness_report(
            done.scenario,
            done.saved,
            done.trace,
            explanation,
            note=done.notes(),
            picture=picture,
            replay=replay_command(done.path),
        ),
    )
    if page.path and named:
        emit(f"\n{page.path}")
    failures += [page.failure] if page.failure else []
    for failure in failures:
        complain(f"error: {failure}")
    return USAGE if failures else OK


def _replayed(path: str) -> _Replayed:
    saved = load(named_by_user(path, "WITNESS"))
    if saved.memory not in MODELS:
        raise WitnessError(
            f"the witness {shown_path(path)} is for the memory model {saved.memory!r}, and this "
            f"racer replays {', '.join(repr(name) for name in sorted(MODELS))}."
        )
    with models_print_to_stderr():
        scenario, program = _saved_program(saved, Path(path))
        trace = check(saved, program)
        loaded = load_program(program)
        with loaded.in_use():
            system = loaded.system(saved.memory)
            moves = packed(trace.schedule, system.agents)
            counted = count_preemptions(system, moves[: len(moves) - trace.cycle])
        if counted != saved.preemptions:
            raise WitnessError(
                f"the witness {shown_path(path)} cannot be used: it says that its schedule has "
                f"{saved.preemptions} preemptions, and it has {counted}.\n"
                f"Usual cause: it was edited.\nTry: write it again with `racer explore`."
            )
        fresh = saved.digest == loaded.digest
    return _Replayed(path, saved, scenario, loaded, trace, fresh)


def _saved_program(saved: SavedWitness, path: Path) -> tuple[Scenario, Program]:
    """The scenario of a witness and its Program. Errors: WitnessError that names the file."""
    if not saved.scenario:
        raise WitnessError(
            f"the witness {shown_path(path)} is of a Program in Python and names no scenario. In "
            f"Python: racer.replay(program, racer.load({str(path)!r}))."
        )
    try:
        scenario = _scenario_of(saved, path)
        return scenario, scenario.build(**saved.parameters)
    except UsageError as error:
        raise WitnessError(f"the witness {shown_path(path)} cannot be replayed: {error}") from error


def _scenario_of(saved: SavedWitness, path: Path) -> Scenario:
    """The scenario a witness names; a file is looked for from here, then from the witness up."""
    reference = saved.scenario
    file, separator, name = reference.rpartition("::")
    if separator and not Path(file).is_file():
        for directory in path.resolve().parents:
            if (directory / file).is_file():
                reference = f"{directory / file}::{name}"
                break
    return find(reference).scenario
