"""racer for people who write Python: the public names that need every room.

Where the others are, `racer/__init__.py` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from racer.catalogue.parameters import Value
from racer.catalogue.scenario import Scenario
from racer.errors import UsageError
from racer.exploration import exploring, result, witness_file
from racer.exploration.explaining import explain
from racer.exploration.judgement import judge
from racer.exploration.result import Finding, Interrupted, Outcome, Witness
from racer.exploration.wanted import Sample
from racer.exploration.witness_file import SavedWitness
from racer.lang.asking import require_outside
from racer.lang.program import Program
from racer.lang.schedule import Move, Schedule
from racer.machine.models import replayed
from racer.replaying.trace import Trace
from racer.search.limits import Tell
from racer.viz.mail import mail
from racer.viz.summary import result_line, summary


@dataclass(frozen=True, slots=True, repr=False)
class Result(result.Result):
    __doc__ = result.Result.__doc__

    def __repr__(self) -> str:
        return f"<Result {result_line(self)}>"

    def assert_holds(self) -> None:
        """Return if every state was searched and nothing is wrong in any; raise otherwise.

        Errors   AssertionError for a violation, a `sometimes` that no state reaches, or a limit
                 that cut the search. Its text is the report, with the minimal schedule of each
                 violation as for a mail.
        """
        __tracebackhide__ = True  # pytest then shows the line of the test
        if self.verdict == "pass":
            return
        parts = [summary(self, judge(self, None, None))]
        parts += [mail(explain(self, label)).rstrip() for label in self.violations]
        raise AssertionError("\n\n".join(parts))


def explore(
    program: Program,
    *,
    memory: str = "sc",
    reduce: bool = True,
    count: bool | None = None,
    minimise: bool = True,
    max_states: int | None = None,
    timeout: float | None = None,
    progress: Tell | None = None,
    sample: Sample | None = None,
) -> Result:
    _require_program(program)
    require_outside("explore()")
    try:
        found = exploring.explore(
            program,
            memory=memory,
            reduce=reduce,
            count=count,
            minimise=minimise,
            max_states=max_states,
            timeout=timeout,
            progress=progress,
            sample=sample,
        )
    except Interrupted as stop:
        raise Interrupted(_public(stop.result)) from None
    return _public(found)


explore.__doc__ = exploring.explore.__doc__


def replay(
    program: Program, witness: Witness | SavedWitness | Schedule, *, memory: str = "sc"
) -> Trace:
    """Run the real coroutines on trio, one step at a time, under a witness's schedule.

    witness  of a Result, of a file (see load()), or just a sequence of Moves
    memory   the memory model; a saved witness has its own

    Errors   ReplayDiverged when a move cannot be made (its thread is blocked, has ended, or does
             not exist), when a step is not as it was saved, or when the schedule no longer shows
             the label that it is the witness of. WitnessError for a saved witness of another
             program. ModelError when the model itself fails on the way. UsageError for what is no
             Program or no witness.
    """
    _require_program(program)
    require_outside("replay()")
    if isinstance(witness, SavedWitness):
        return witness_file.check(witness, program)
    schedule = witness.schedule if isinstance(witness, Witness) else _moves(witness)
    cycle = witness.cycle if isinstance(witness, Witness) else 0
    trace = replayed(program, schedule, memory, cycle=cycle)
    if isinstance(witness, Witness) and witness.label not in (None, *trace.labels):
        remedy = "Try: explore the program again; the schedule is kept for the case it comes back."
        raise witness_file.not_shown(trace, witness.label or "", remedy)
    return trace


def save(
    found: result.Result,
    label: str,
    path: str | Path,
    *,
    scenario: str = "",
    parameters: Mapping[str, Value] | None = None,
) -> None:
    """Write the witness of a violation to a file, which load() and `racer replay` read.

    found       what explore() returned, and the label of one of its violations
    path        of a JSON file, which is replaced if it is a witness
    scenario    what makes the program, as `racer explore` takes it: a name, or
                `path/to/file.py::name`. Without one only racer.replay() can run the witness again.
    parameters  those that the scenario was called with; those not named have their defaults

    Errors   UsageError when the result has no such label; RacerError where there is something that
             is no witness; OSError when the file cannot be written. What was there is kept then.
    """
    saved = witness_file.saved_witness(found, label, scenario=scenario, parameters=parameters or {})
    witness_file.save(saved, Path(path))


def load(path: str | Path) -> SavedWitness:
    """Read a witness file, as save() and `racer explore` write it, for replay().

    Errors   WitnessError saying what is wrong, where, and what to try.
    """
    return witness_file.load(Path(path))


def _require_program(program: object) -> None:
    """Errors: UsageError for the function or the scenario that makes it, or anything else."""
    if isinstance(program, Program):
        return
    if isinstance(program, Scenario):
        remedy = f"Call it: {program.name}()."
    elif callable(program):
        remedy = f"Call it: {getattr(program, '__name__', 'function')}()."
    else:
        remedy = "Make one: Program(memory, threads)."
    raise UsageError(f"{_article(program)}{type(program).__name__} is no Program. {remedy}")


def _moves(schedule: object) -> Schedule:
    """A schedule, from a sequence of moves. Errors: UsageError when it is none."""
    if isinstance(schedule, Iterable) and not isinstance(schedule, str | Mapping):
        moves = tuple(schedule)
        if all(_is_move(move) for move in moves):
            return tuple(Move(*move) for move in moves)
    if isinstance(schedule, Finding | Outcome):
        remedy = "Give it the `.witness` of that."
    elif isinstance(schedule, str | Path):
        remedy = "Read a file with load() first."
    else:
        remedy = "Give it a Witness, what load() returns, or a sequence of Moves."
    raise UsageError(
        f"{_article(schedule)}{type(schedule).__name__} is no schedule that can be replayed. "
        f"{remedy}"
    )


def _is_move(move: object) -> bool:
    """Whether it is a Move, or a plain pair of what one has."""
    return isinstance(move, tuple) and [type(part) for part in move] == [str, int]


def _article(thing: object) -> str:
    return "an " if type(thing).__name__[0] in "AEIOUaeiou" else "a "


def _public(found: result.Result) -> Result:
    return Result(**{field.name: getattr(found, field.name) for field in fields(found)})
