"""Schedule files: a schedule that is kept as a test, so that what was found stays found.

JSON, schema "racer-schedule/1": turns (see `turns.py`) and what they are of. Small, and without
values, lines and versions of what was seen, so that it changes only where the schedule does. Equal
input gives equal bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import msgspec

from racer.catalogue.parameters import Value
from racer.errors import ReplayDiverged, UsageError, WitnessError
from racer.exploration.result import Result, finding_of
from racer.exploration.turns import Followed, Turn, follow, turns_of
from racer.exploration.witness_file import decoded, racer_version, unusable
from racer.files import readable, shown_path, write_atomically
from racer.lang.program import Program
from racer.machine.models import MODELS

SCHEMA: Final = "racer-schedule/1"
_LARGEST: Final = 1 << 22  # bytes

_Natural = Annotated[int, msgspec.Meta(ge=0)]


class SavedSchedule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a schedule file holds.

    schema       the format, "racer-schedule/1"
    racer        the version that wrote it
    scenario     a name or `path/to/file.py::name`; empty for a Program that a test made
    test         then: the file of the test, and the names of its classes and its function, as
                 pytest has them, without the directory; else empty
    check        and which of its checks it is of, from 1
    parameters   those of the scenario
    memory       the memory model
    label        the violation that it shows
    gone         it does not show it any more, and never is to again
    cycle        so many turns at the end are repeated for ever: a livelock
    threads      the names of all threads, and
    cells        of all cells, as they were: of one that is gone and one that is new it is taken
                 that they are the same
    turns        in order
    """

    schema: str
    racer: str
    scenario: str = ""
    test: str = ""
    check: _Natural = 0
    parameters: dict[str, Value] = {}
    memory: str
    label: str
    gone: bool = False
    cycle: _Natural = 0
    threads: list[str]
    cells: list[str]
    turns: list[Turn]

    def followed(self, program: Program) -> Followed:
        """What it comes to in a program.

        Errors   WitnessError where the program lacks its threads; ModelError.
        """
        found = follow(
            program,
            self.memory,
            self.turns,
            self.label,
            cycle=self.cycle,
            threads=self.threads,
            cells=self.cells,
        )
        known = found.trace.threads
        for turn in self.turns:
            name = found.renamed.get(turn.thread, turn.thread)
            if name not in known:
                raise WitnessError(
                    f"the schedule of {self.label!r} is not of this program: it moves thread "
                    f"{turn.thread!r}; the program's threads are {', '.join(known)}.\n"
                    f"It was made from {self.scenario or self.test!r}."
                )
        return found


def saved_schedule(
    result: Result,
    label: str,
    *,
    scenario: str = "",
    test: str = "",
    check: int = 0,
    parameters: Mapping[str, Value] | None = None,
) -> SavedSchedule:
    """The schedule of a violation that `result` has. Errors: UsageError where it has not."""
    finding = finding_of(result, label)
    if result.loaded is None:
        raise UsageError("this result is of no program, so its schedule cannot be kept.")
    turns, cycle = turns_of(finding.trace, finding.witness.before, finding.witness.cycle)
    return SavedSchedule(
        schema=SCHEMA,
        racer=racer_version(),
        scenario=scenario,
        test=test,
        check=check,
        parameters=dict(parameters or {}),
        memory=result.memory,
        label=label,
        cycle=cycle,
        threads=[each.name for each in result.loaded.program.instances()],
        cells=list(finding.trace.initial),
        turns=turns,
    )


def save(schedule: SavedSchedule, path: Path) -> None:
    """Write a schedule file, whole or not at all, a line for each turn.

    Errors   OSError; RacerError where there is something that is no schedule.
    """
    content = msgspec.to_builtins(schedule)
    lines = [f"  {_text(key)}: {_text(value)}" for key, value in content.items() if key != "turns"]
    turns = ",\n".join(f"    {_text(turn)}" for turn in content["turns"])
    lines.append(f'  "turns": [\n{turns}\n  ]')
    write_atomically(path, ("{\n" + ",\n".join(lines) + "\n}\n").encode(), "schedule")


def load(path: Path) -> SavedSchedule:
    """Read a schedule file. Errors: WitnessError saying what is wrong, where, and what to try."""
    try:
        content = readable(path, _LARGEST)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise WitnessError(f"cannot read the schedule {shown_path(path)}: {why}.") from error
    schedule: SavedSchedule = decoded(path, content, SavedSchedule, "schedule")
    if schedule.schema != SCHEMA:
        why = f"it has the schema {schedule.schema!r}, and this racer reads {SCHEMA!r}."
        raise unusable(path, why, "schedule")
    if not schedule.turns or schedule.cycle > len(schedule.turns):
        why = f"it has {len(schedule.turns)} turns, and repeats {schedule.cycle} of them."
        raise unusable(path, why, "schedule")
    if bool(schedule.scenario) == bool(schedule.test):
        raise unusable(path, "it is to be of a scenario, or else of a test.", "schedule")
    if schedule.memory not in MODELS:
        known = ", ".join(sorted(MODELS))
        raise unusable(path, f"racer has no memory model {schedule.memory!r}: {known}.", "schedule")
    return schedule


def stale(saved: SavedSchedule, found: Followed, hint: str) -> ReplayDiverged:
    """The error for a schedule that does not show its label any more: where, and why; `hint` says
    what to try."""
    steps = found.trace.events
    shown = f"violation {saved.label!r}"
    turn, why = shown, ", ".join(found.trace.labels) or "no violation"
    at, thread = len(steps), steps[-1].thread if steps else "(none)"
    if found.diverged is not None:
        where = saved.turns[found.diverged.turn - 1]
        at, thread = found.diverged.steps + 1, where.thread
        turn, why = f"turn {found.diverged.turn}: {where}", found.diverged.why
    return ReplayDiverged(
        step=at,
        thread=thread,
        expected=turn,
        found=why,
        hint=f"Usual cause: the program changed since the schedule was kept.\n{hint}",
    )


def begins_as_schedule(content: bytes) -> bool:
    """Whether a file is one of these, be it whole or not."""
    return content.lstrip().startswith(b'{\n  "schema": "racer-schedule/')


def _text(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=-1).decode()
