"""Witness files: a schedule that shows a violation, kept so that anyone can run it again.

JSON, schema "racer-witness/1". What was seen at each step is written beside it, so that a
file that no longer fits its scenario is caught at the first step that differs. Equal input
gives equal bytes: no time, no machine, no absolute path where a relative one will do.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import msgspec

from racer.catalogue.parameters import Value, show_value
from racer.errors import ReplayDiverged, UsageError, WitnessError
from racer.exploration.result import Result, scheduled_finding, with_effect_of
from racer.files import readable, shown_path, write_atomically
from racer.lang.program import Program
from racer.lang.schedule import Move, Schedule
from racer.lang.values import describe
from racer.lang.watches import Hangs
from racer.machine.models import replayed
from racer.replaying.trace import Event, Trace

SCHEMA = "racer-witness/1"
_MISSING = "violation "  # what was expected where the label is not shown
_LARGEST = 1 << 26  # bytes of a witness: a step has some 200, so 300,000 steps

_Natural = Annotated[int, msgspec.Meta(ge=0)]


class SavedStep(msgspec.Struct, frozen=True):
    """One step: the move, and what came of it. Values are text; `source` is `file.py:line`."""

    thread: str
    choice: _Natural
    operation: str
    cell: str | None
    result: str
    after: str | None  # the cell's value; None without a cell
    source: str | None

    def __str__(self) -> str:
        gave = "" if self.result == "None" else f" gave {self.result}"
        left = "" if self.after is None else f", {self.cell} is {self.after}"
        return f"{self.operation}{gave}{left}"


class SavedWitness(msgspec.Struct, frozen=True, kw_only=True):
    """What a witness file holds: a schedule, and what was seen at each of its steps.

    schema         the format, "racer-witness/1"
    racer          the version that wrote it
    scenario       a name or `path/to/file.py::name`, as `racer explore` takes it; empty for a
                   Program that is of no scenario, which only replay() can be given
    parameters     those of the scenario
    memory         the memory model
    label          the violation that it shows
    preemptions    how many the schedule has; proved to be the fewest when `minimal`
    interleavings  how many of `total` show the label; None where not counted
    with_effect    how many show it with the effect that it has here, if it has others; else None,
                   and not in the file
    digest         of the automata that the witness was found on
    cycle          so many steps at the end are repeated for ever: a livelock; 0, and not in the
                   file, for any other label
    initial        the values of all cells before the first step, as text
    steps          in order: thread, choice, operation, cell, result, value after, source line
    """

    schema: str = SCHEMA
    racer: str
    scenario: str
    parameters: dict[str, Value]
    memory: str
    label: str
    preemptions: _Natural
    minimal: bool
    interleavings: _Natural | None
    total: _Natural | None
    with_effect: _Natural | None = None
    digest: str
    cycle: _Natural = 0
    initial: dict[str, str]
    steps: list[SavedStep]

    @property
    def schedule(self) -> Schedule:
        """The moves, in order."""
        return tuple(Move(step.thread, step.choice) for step in self.steps)


def saved_steps(trace: Trace) -> list[SavedStep]:
    """The events of a replay, as a witness file holds them."""
    return [
        _saved_step(event, move) for event, move in zip(trace.events, trace.schedule, strict=True)
    ]


def saved_witness(
    result: Result, label: str, *, scenario: str, parameters: Mapping[str, Value]
) -> SavedWitness:
    """The witness of a violation that `result` has, ready to be saved.

    Errors   UsageError when the result has no such label, or is of no program.
    """
    finding = scheduled_finding(result, label)
    if result.loaded is None:
        raise UsageError("this result is of no program, so its witness cannot be saved.")
    return SavedWitness(
        racer=racer_version(),
        scenario=scenario,
        parameters=dict(parameters),
        memory=result.memory,
        label=label,
        preemptions=finding.witness.preemptions,
        minimal=finding.witness.minimal,
        interleavings=finding.interleavings,
        total=result.interleavings,
        with_effect=with_effect_of(result, label),
        digest=result.loaded.digest,
        cycle=finding.witness.cycle,
        initial={name: describe(value) for name, value in sorted(finding.trace.initial.items())},
        steps=saved_steps(finding.trace),
    )


def save(witness: SavedWitness, path: Path) -> None:
    """Write a witness file, whole or not at all.

    Errors   OSError; RacerError where there is something that is no witness.
    """
    content = msgspec.to_builtins(witness)
    if not witness.cycle:
        del content["cycle"]  # as it was before there were any
    if witness.with_effect is None:
        del content["with_effect"]
    text = msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"
    write_atomically(path, text, "witness")


def load(path: Path) -> SavedWitness:
    """Read a witness file.

    Errors   WitnessError saying what is wrong, where, and what to try.
    """
    try:
        content = readable(path, _LARGEST)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error  # a NUL in its name
        raise WitnessError(
            f"cannot read the witness {shown_path(path)}: {why}. "
            "`racer explore` writes one for each violation and names it in its last line."
        ) from error
    schema = decoded(path, content, dict[str, Any]).get("schema")
    if schema != SCHEMA:
        found = "has no schema" if schema is None else f"has the schema {schema!r}"
        raise unusable(path, f"it {found}, and this racer reads {SCHEMA!r}.")
    witness: SavedWitness = decoded(path, content, SavedWitness)
    showing, total = witness.interleavings, witness.total
    if showing is not None and total is not None and not 0 < showing <= total:
        raise unusable(path, f"it says that {showing} of {total} interleavings show its label.")
    some = witness.with_effect
    if some is not None and (showing is None or not 0 < some <= showing):
        raise unusable(path, f"it says that {some} of {showing} of its label have its effect.")
    return witness


def check(witness: SavedWitness, program: Program) -> Trace:
    """Replay a saved witness, and hold every step against what the file says of it.

    Errors   WitnessError when it moves threads or names cells that the program lacks, or that
             start with another value: it belongs to another program. ReplayDiverged at the
             first step that is not as saved.
    """

    def replay(schedule: Schedule, cycle: int = 0) -> Trace:
        try:
            return replayed(program, schedule, witness.memory, cycle=cycle)
        except Hangs:  # at the end, perhaps, where it may have nothing to do with the label
            final = {n: each for n, each in program.finally_.items() if n == witness.label}
            if len(final) == len(program.finally_):
                raise
            without = replace(program, finally_=final)
            return replayed(without, schedule, witness.memory, cycle=cycle)

    _require_same_program(witness, program, replay(()))
    try:
        trace = replay(witness.schedule, witness.cycle)
    except ReplayDiverged as error:
        done = error.step - 1
        _compare(witness, replay(witness.schedule[:done]))
        raise _diverged(witness, done, error.found) from error
    _compare(witness, trace)
    if witness.label not in trace.labels:
        raise not_shown(trace, witness.label, _remedy(witness))
    return trace


def not_shown(trace: Trace, label: str, remedy: str) -> ReplayDiverged:
    """The error for a schedule that runs as it should and no longer shows its label."""
    return ReplayDiverged(
        step=len(trace.events),
        thread=trace.events[-1].thread if trace.events else "(none)",
        expected=f"{_MISSING}{label!r}",
        found=", ".join(trace.labels) if trace.labels else "no violation",
        hint="Every step can be taken, but the program no longer calls this a violation.\n"
        + remedy,
    )


def label_is_missing(error: ReplayDiverged) -> bool:
    """Whether all steps of the schedule could be taken as saved, and the label is not shown."""
    return error.expected.startswith(_MISSING)


def racer_version() -> str:
    """The version of the installed racer."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("racer")
    except PackageNotFoundError:
        return "0+not-installed"


def _saved_step(event: Event, move: Move) -> SavedStep:
    cell = event.cell
    where = event.location
    return SavedStep(
        thread=event.thread,
        choice=move.choice,
        operation=event.operation.text(),
        cell=cell,
        result=describe(event.result),
        after=None if cell is None else describe(event.after),
        source=None if where is None else f"{shown_path(where.path)}:{where.line}",
    )


def decoded(path: Path, content: bytes, kind: Any, what: str = "witness") -> Any:
    """JSON as what it is to be. Errors: WitnessError that says what is wrong with the file."""
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:  # a subclass of the next
        raise unusable(path, f"{_quoted(error)}.", what) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if "truncated" in str(error):
            lines = content.count(b"\n") + 1
            why = f"it ends in the middle, in line {lines} after {len(content):,} bytes."
            raise unusable(path, why, what) from error
        raise unusable(path, f"it is not JSON: {_quoted(error)}.", what) from error


def _quoted(error: Exception) -> str:
    return str(error).replace("`", "'")


def unusable(path: Path, why: str, what: str = "witness") -> WitnessError:
    """The error for a file that cannot be used."""
    again = "write it again with `racer explore`"
    if what != "witness":
        again = "delete it; then `pytest --racer-update` writes it again if it is still shown"
    return WitnessError(
        f"the {what} {shown_path(path)} cannot be used: {why}\n"
        "Usual cause: it was cut off, edited, or is another kind of file.\n"
        f"Try: {again}."
    )


def _require_same_program(witness: SavedWitness, program: Program, start: Trace) -> None:
    threads = start.threads
    for number, step in enumerate(witness.steps, 1):
        if step.thread not in threads:
            raise _foreign(
                witness,
                f"step {number} moves thread {step.thread!r}; the program's threads are "
                f"{', '.join(threads)}",
            )
    cells = {name: describe(value) for name, value in start.initial.items()}
    for name, value in witness.initial.items():
        if name not in cells:
            known = ", ".join(sorted(cells))
            raise _foreign(witness, f"it has a cell {name!r}; the program's cells are {known}")
        if cells[name] != value:
            raise _foreign(
                witness, f"cell {name!r} starts as {value} in it, and as {cells[name]} here"
            )


def _foreign(witness: SavedWitness, why: str) -> WitnessError:
    return WitnessError(
        f"the witness of {witness.label!r} is not of this program: {why}.\n"
        f"It was made from {_origin(witness)}.\n" + _remedy(witness)
    )


def _origin(witness: SavedWitness) -> str:
    return f"scenario {witness.scenario!r}" if witness.scenario else "a Program in Python"


def _compare(witness: SavedWitness, trace: Trace) -> None:
    """Refuse the first step of the trace that is not as saved; source lines may have moved."""
    for index, found in enumerate(saved_steps(trace)):
        saved = witness.steps[index]
        if _behaviour(saved) != _behaviour(found):
            raise _diverged(witness, index, str(found))


def _behaviour(step: SavedStep) -> tuple[str, str, str | None, str, str | None]:
    return (step.thread, step.operation, step.cell, step.result, step.after)


def _diverged(witness: SavedWitness, index: int, found: str) -> ReplayDiverged:
    step = witness.steps[index]
    return ReplayDiverged(
        step=index + 1,
        thread=step.thread,
        expected=f"{step}{f' (was {step.source})' if step.source else ''}",
        found=found,
        hint="Usual cause: the scenario changed since the witness was saved.\n" + _remedy(witness),
    )


def _remedy(witness: SavedWitness) -> str:
    if not witness.scenario:
        return "Try: explore the program again, and save the new witness."
    words = ["racer", "explore", witness.scenario]
    for name, value in witness.parameters.items():
        words += ["--set", f"{name}={show_value(value)}"]
    return f"Try: {shlex.join(words)}\nand replay the new witness."
