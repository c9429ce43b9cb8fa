"""diff(): two programs explored, compared, and run under each other's schedules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from racer import interrupts
from racer.difference.aligning import aligned, outcome_key
from racer.difference.comparing import (
    compared_labels,
    compared_outcomes,
    compared_values,
    labels_of,
)
from racer.difference.data import (
    Alignment,
    Compared,
    Difference,
    DiffInterrupted,
    Side,
    Which,
)
from racer.difference.following import Followed, follow
from racer.errors import ModelError, UsageError
from racer.exploration.confirming import confirmed_replay
from racer.exploration.exploring import explored
from racer.exploration.result import Interrupted, Result, Witness, nothing_searched
from racer.exploration.stages import within
from racer.exploration.wanted import Wanted
from racer.lang.outcomes import LIVELOCK, OutcomeKey
from racer.lang.program import Program
from racer.lang.run import OutOfTime
from racer.machine.interface import System
from racer.machine.models import replayed
from racer.replaying.trace import Trace
from racer.search.escaping import ESCAPE_STATES, Escape, escape
from racer.search.limits import Progress, deadline_after, is_past


def diff(
    first: Program,
    second: Program,
    *,
    memory: str = "sc",
    names: tuple[str, str] = ("first", "second"),
    count: bool | None = None,
    max_states: int | None = None,
    timeout: float | None = None,
    aligned_outcomes: int | None = None,
    escape_states: int = ESCAPE_STATES,
    progress: Callable[[str, Progress], None] | None = None,
) -> Difference:
    """Explore both programs; say what only one of them shows, and where the other escapes it.

    memory            the memory model: "sc"
    names             what the two are called in errors, and in the Difference
    count             count interleavings, as explore() does
    max_states        stop each of the two searches after so many states
    timeout           stop each of the two searches after so many seconds, and aligning, after
                      which `cut` says what is missing, after twice as many in all
    aligned_outcomes  how many outcomes that only one has are aligned; None: all of them
    escape_states     how many states may be looked at to find where a label gets out of reach
    progress          is called with the name of the program that is explored, and how far it is

    Errors   UsageError when the programs' threads have different names; ModelError that names
             the program whose model fails; DiffInterrupted, with what was found, on Ctrl-C.
    """
    limits = Limits(
        memory,
        count,
        max_states,
        timeout,
        None if timeout is None else deadline_after(2 * timeout),
        aligned_outcomes,
        escape_states,
        progress,
    )
    return compared(first, second, names, limits)


def compared(first: Program, second: Program, names: tuple[str, str], limits: Limits) -> Difference:
    """What diff() gives. Errors: as diff()."""
    _require_same_threads((first, second), names)
    memory = limits.memory
    one, interrupted = _explored(first, names[0], limits)
    if interrupted:
        raise DiffInterrupted(_compared(one, Side(names[1], second, _unexplored(memory))))
    other, interrupted = _explored(second, names[1], limits)
    difference = _compared(one, other)
    if interrupted:
        raise DiffInterrupted(difference)
    try:
        with interrupts.allowed():
            return _with_alignments(difference, limits)
    except KeyboardInterrupt:
        interrupts.answered()
        raise DiffInterrupted(difference) from None


@dataclass(frozen=True, slots=True)
class Limits:
    """How to explore, and when to stop: the parameters of diff(), which explains them.

    `deadline` is a time.monotonic() value at which all has to be done.
    """

    memory: str
    count: bool | None
    max_states: int | None
    timeout: float | None
    deadline: float | None
    aligned_outcomes: int | None
    escape_states: int
    progress: Callable[[str, Progress], None] | None


def _require_same_threads(programs: tuple[Program, Program], names: tuple[str, str]) -> None:
    threads = [[instance.name for instance in program.instances()] for program in programs]
    if threads[0] != threads[1]:
        each = [f"{name} has {', '.join(own)}" for name, own in zip(names, threads, strict=True)]
        raise UsageError(
            f"{names[0]} and {names[1]} cannot be compared step by step, because their threads "
            f"have different names: {each[0]}; {each[1]}."
        )


def _explored(program: Program, name: str, limits: Limits) -> tuple[Side, bool]:
    """A side, and whether exploring it was interrupted."""
    try:
        wanted = Wanted(
            memory=limits.memory,
            count=limits.count,
            max_states=limits.max_states,
            timeout=limits.timeout,
            progress=None if limits.progress is None else partial(limits.progress, name),
            deadline=_earlier(deadline_after(limits.timeout), limits.deadline),
        )
        result = explored(program, wanted)
    except Interrupted as stop:
        return Side(name, program, stop.result), True
    except ModelError as error:
        raise ModelError(
            f"{name}: {error}", thread=error.thread, step=error.step, schedule=error.schedule
        ) from error
    return Side(name, program, result), False


def _earlier(one: float | None, other: float | None) -> float | None:
    return one if one is None or other is None else min(one, other)


def _unexplored(memory: str) -> Result:
    why = "interrupted before it was explored"
    return nothing_searched(memory, why)


def _compared(first: Side, second: Side) -> Difference:
    """The difference without its alignments."""
    return Difference(
        first=first,
        second=second,
        labels=compared_labels(first.result, second.result),
        outcomes=compared_outcomes(first.result, second.result),
        values=compared_values(first.result, second.result),
        alignments=(),
        unaligned=0,
    )


def _with_alignments(found: Difference, limits: Limits) -> Difference:
    outcomes = limits.aligned_outcomes
    told = {label.what for label in found.labels if label.only}
    untold = [
        each
        for each in found.outcomes
        if each.only and found.other(each.only).complete and not labels_of(each.what) & told
    ]
    jobs = [_job(label) for label in found.labels]
    jobs += [_job(outcome) for outcome in untold[:outcomes]]
    deadline = limits.deadline
    made: dict[int, Alignment] = {}
    cut: str | None = None
    for which in ("first", "second"):
        mine = [i for i, (leader, _, _) in enumerate(jobs) if leader == which]
        loaded = found.other(which).result.loaded
        if mine and loaded is not None:
            follower = loaded.system(limits.memory)
            try:
                with loaded.in_use(limits.timeout, deadline):
                    for i in mine:
                        if is_past(deadline):
                            raise OutOfTime
                        made[i] = _alignment(found, *jobs[i], follower, limits, deadline)
            except OutOfTime as stop:
                cut = cut or _cut(stop, len(jobs) - len(made), limits)
    return replace(
        found,
        alignments=tuple(made[i] for i in sorted(made)),
        unaligned=len(untold) - len(untold[:outcomes]),
        cut=cut,
    )


def _cut(stop: OutOfTime, left: int, limits: Limits) -> str:
    of = "label or outcome" if left == 1 else "labels or outcomes"
    why = within(Wanted(timeout=limits.timeout).out_of_time, stop)
    return f"{why}, before {left} {of} had been aligned"


def _job(each: Compared[str] | Compared[OutcomeKey]) -> tuple[Which, str | OutcomeKey, Witness]:
    """Who leads, and by which witness: the first, for what both have."""
    if each.first is not None:
        return "first", each.what, each.first.witness
    assert each.second is not None, "one of the two has it"
    return "second", each.what, each.second.witness


def _alignment(
    found: Difference,
    leader: Which,
    of: str | OutcomeKey,
    witness: Witness,
    follower: System,
    limits: Limits,
    deadline: float | None,
) -> Alignment:
    other = found.other(leader)
    leading = replayed(
        found.side(leader).program, witness.schedule, limits.memory, cycle=witness.cycle
    )
    followed = follow(follower, leading.schedule, complete=leading.maximal)
    cycle = witness.cycle if followed.closes(witness.cycle) else 0
    following = confirmed_replay(other.program, follower, limits.memory, followed.moves, cycle)
    label = of if isinstance(of, str) else None
    return Alignment(
        of=of,
        leader=leader,
        rows=aligned(leading, following, followed.absences),
        leading=leading,
        following=following,
        shown=_shows(following, of),
        escape=None
        if label is None
        else _escape(other, follower, followed, label, limits, deadline),
        unfinished=followed.unfinished,
    )


def _shows(trace: Trace, of: str | OutcomeKey) -> bool:
    if isinstance(of, str):
        return of in trace.labels
    return trace.maximal and outcome_key(trace.outcome) == outcome_key(of)


def _escape(
    other: Side,
    follower: System,
    followed: Followed,
    label: str,
    limits: Limits,
    deadline: float | None,
) -> Escape:
    """No search is needed where exploring has shown that the label is not there."""
    if other.complete and label not in other.result.violations:
        return Escape(0)
    if label == LIVELOCK:
        return Escape(None, unknown="not asked of runs that never end")
    return escape(follower, followed.states, label, states=limits.escape_states, deadline=deadline)
