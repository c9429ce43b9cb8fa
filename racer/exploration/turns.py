"""A schedule as turns: who goes on until when, named so that an edit elsewhere changes nothing.

A turn is what one thread, or other agent, does until another one goes on. Where it ends is told in
ways that are tried in this order: the thread has ended; it has taken a step, the n-th of that name
in this turn; it is about to take the step that it was about to take; it has taken so many. A name
is the verb and the cell, without values: `load n`. So steps within a turn may be added, left out
and changed, values and lines may be others, and threads may be added; what is kept is the order in
which threads were left for each other. What that comes to is run on trio, as any schedule.

Bound    a turn has LONGEST steps more than ten times those that it had; else it is given up
Differs  from a witness, which is held step by step to what was seen when it was saved
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import msgspec

from racer.errors import ReplayDiverged
from racer.lang.faults import told_as_the_models
from racer.lang.operations import Operation
from racer.lang.patience import patience
from racer.lang.pending import AboutTo
from racer.lang.program import Program
from racer.lang.schedule import Move
from racer.lang.values import describe
from racer.machine.models import replayed, tasks_of
from racer.replaying.tasks import Tasks
from racer.replaying.trace import Event, Trace

LONGEST: Final = 1_000
_AGENT: Final = ":"  # between a thread's name and what other agent of the memory model it is
_Way = Literal["ends", "until", "before", "steps"]


class Turn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one agent does until another one goes on.

    thread   its name
    ends     it runs to its end
    until    the name of its last step: verb and cell
    nth      which step of that name it is, counted within the turn
    before   the name of the step that it is left before; empty where it ends, or is no thread
    steps    how many it takes
    chooses  the options that it takes, as text, in order
    """

    thread: str
    ends: bool = False
    until: str
    nth: int = 1
    before: str = ""
    steps: int
    chooses: list[str] = []

    def __str__(self) -> str:
        if self.ends:
            return f"{self.thread} runs to its end"
        which = "" if self.nth == 1 else f", number {self.nth}"
        return f"{self.thread} goes on until {self.until!r}{which}"

    @property
    def ways(self) -> tuple[_Way, ...]:
        """In which its end is looked for, the first that is met first."""
        if self.ends:
            return ("ends",)
        return ("until", "before", "steps") if self.before else ("until", "steps")


@dataclass(frozen=True, slots=True)
class Divergence:
    """A turn that could not be taken: which, from 1; so many steps were taken by then; and why."""

    turn: int
    steps: int
    why: str


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of turns: the run on trio, as far as it went.

    `renamed` are names that stand for others now. `diverged` is None where all turns were taken.
    """

    trace: Trace
    renamed: Mapping[str, str] = field(default_factory=dict)
    diverged: Divergence | None = None

    def shows(self, label: str) -> bool:
        """Whether it shows a violation."""
        return label in self.trace.labels


def step_name(operation: Operation) -> str:
    """The verb and the cell: what a step is called in a turn."""
    cell = operation.facts.cell
    return operation.verb if cell is None else f"{operation.verb} {cell}"


def turns_of(trace: Trace, before: int, cycle: int) -> tuple[list[Turn], int]:
    """The turns of a run up to its violation, and how many of them, at the end, are repeated for
    ever. Where that is so, all moves count; else `before` of them."""
    events = trace.events if cycle else trace.events[:before]
    first = len(events) - cycle
    found: list[Turn] = []
    for part in (events[:first], events[first:]):
        begins = 0
        for at in range(1, len(part) + 1):
            if at == len(part) or part[at].thread != part[begins].thread:
                found.append(_turn(trace, part[begins:at]))
                begins = at
    threads = [event.thread for event in events[first:]]
    repeated = sum(at == 0 or threads[at - 1] != each for at, each in enumerate(threads))
    return found, repeated


def _turn(trace: Trace, events: Sequence[Event]) -> Turn:
    last = events[-1]
    name = step_name(last.operation)
    later = (each for each in trace.events[last.index + 1 :] if each.thread == last.thread)
    following = next((each.operation for each in later), trace.waiting.get(last.thread))
    return Turn(
        thread=last.thread,
        ends=last.ended is not None,
        until=name,
        nth=sum(step_name(each.operation) == name for each in events),
        before="" if following is None else step_name(following),
        steps=len(events),
        chooses=[describe(each.result) for each in events if _chooses(each.operation)],
    )


def follow(
    program: Program,
    memory: str,
    turns: Sequence[Turn],
    label: str,
    *,
    cycle: int = 0,
    threads: Sequence[str] = (),
    cells: Sequence[str] = (),
) -> Followed:
    """Take the turns that were saved, the last `cycle` of them for ever, and see what that shows.

    Where the label is not shown yet, what is left is run to its end, thread by thread, since it may
    be one that only an end shows. `threads` and `cells` are the names of all there were.

    Errors   ModelError when the model itself fails on the way.
    """
    with told_as_the_models(), patience():
        renamed = _renamed(program, turns, threads, cells)
    told = [_in_new_words(each, renamed) for each in turns]
    found = _shown(program, memory, told, label, cycle)
    if cycle and label not in found.trace.labels:  # steps may be new that come but once
        again = _shown(program, memory, [*told, *told[-cycle:]], label, cycle)
        found = again if label in again.trace.labels else found
    return replace(found, renamed=renamed)


def _shown(
    program: Program, memory: str, turns: Sequence[Turn], label: str, cycle: int
) -> Followed:
    with told_as_the_models(), patience():
        run = _best(program, memory, turns, cycle)
    try:
        trace = replayed(program, run.moves, memory, cycle=run.cycle)
    except ReplayDiverged as error:  # what was to be repeated leads elsewhere
        trace = replayed(program, run.moves, memory)
        return Followed(trace, diverged=Divergence(len(turns), error.step - 1, error.found))
    if label not in trace.labels and run.diverged is None and not cycle:
        with told_as_the_models(), patience():
            ended = _to_the_end(program, memory, run.moves)
        trace = replayed(program, ended, memory)
    return Followed(trace, diverged=None if label in trace.labels else run.diverged)


@dataclass(frozen=True, slots=True)
class _Run:
    """The moves that turns came to, so many of which, at the end, are a cycle."""

    moves: tuple[Move, ...]
    cycle: int = 0
    diverged: Divergence | None = None


def _best(program: Program, memory: str, turns: Sequence[Turn], cycle: int) -> _Run:
    """Take the turns; where one cannot be taken, from the start with the next way to tell its end.

    If none does, what counts is how far the first came.
    """
    ways = [0] * len(turns)
    first: _Run | None = None
    while True:
        run = _taken(program, memory, turns, [t.ways[w] for t, w in zip(turns, ways, strict=True)],
                     cycle)  # fmt: skip
        if run.diverged is None:
            return run
        first = first or run
        at = run.diverged.turn - 1
        if ways[at] + 1 == len(turns[at].ways):
            return first
        ways[at] += 1


def _taken(
    program: Program, memory: str, turns: Sequence[Turn], ways: Sequence[_Way], cycle: int
) -> _Run:
    tasks = tasks_of(program, memory)
    moves: list[Move] = []
    begins = 0
    try:
        tasks.start()
        for number, (turn, way) in enumerate(zip(turns, ways, strict=True), start=1):
            if number == len(turns) - cycle + 1:
                begins = len(moves)
            why = _take(tasks, turn, way, moves)
            if why is not None:
                return _Run(tuple(moves), diverged=Divergence(number, len(moves), why))
    finally:
        tasks.close()
    return _Run(tuple(moves), cycle=len(moves) - begins if cycle else 0)


def _take(tasks: Tasks, turn: Turn, way: _Way, moves: list[Move]) -> str | None:
    """Take a turn; why it cannot be, as a phrase, or None."""
    met, chosen = 0, 0
    most = 10 * turn.steps + LONGEST
    for taken in range(1, most + 1):
        options = _options(tasks, turn.thread)
        choice = 0
        if options and chosen < len(turn.chooses):
            if turn.chooses[chosen] not in options:
                return f"there is no option {turn.chooses[chosen]}"
            choice = options.index(turn.chooses[chosen])
            chosen += 1
        why = tasks.refusal(turn.thread, choice)
        if why is not None:
            return why
        move = Move(turn.thread, choice)
        operation = _step(tasks, move)
        moves.append(move)
        met += step_name(operation) == turn.until
        waits = _about_to(tasks, turn.thread)
        match way:
            case "ends":
                over = tasks.is_thread(turn.thread) and waits is None
            case "until":
                over = met == turn.nth
            case "before":
                over = waits is not None and step_name(waits) == turn.before
            case "steps":
                over = taken == turn.steps
        if over:
            return None
    return f"it goes on for {most:,} steps"


def _step(tasks: Tasks, move: Move) -> Operation:
    if not tasks.is_thread(move.thread):
        return tasks.agent_step(move.thread).operation
    operation = tasks.thread_step(move.thread, move.choice, told=False).operation
    tasks.ending(move.thread)  # a ModelError where the thread has failed
    return operation


def _about_to(tasks: Tasks, name: str) -> Operation | None:
    task = tasks.by_name.get(name)
    if task is None or not isinstance(task.run.pending, AboutTo):
        return None
    return task.run.pending.operation


def _options(tasks: Tasks, name: str) -> list[str]:
    operation = _about_to(tasks, name)
    if operation is None or not _chooses(operation):
        return []
    return [describe(each) for each in operation.facts.options]


def _chooses(operation: Operation) -> bool:
    """Whether there is more than one way to go on: a fence has one, and is no choice."""
    return len(operation.facts.options) > 1


def _to_the_end(program: Program, memory: str, moves: Sequence[Move]) -> tuple[Move, ...]:
    """The moves, and then those of whoever can go on, by name, one after the other."""
    tasks = tasks_of(program, memory)
    made = list(moves)
    try:
        tasks.start()
        for move in moves:
            _step(tasks, move)
        for _ in range(LONGEST):
            able = [name for name in tasks.agents() if tasks.refusal(name, 0) is None]
            if not able:
                break
            made.append(Move(able[0], 0))
            _step(tasks, made[-1])
    finally:
        tasks.close()
    return tuple(made)


def _in_new_words(turn: Turn, renamed: Mapping[str, str]) -> Turn:
    def told(step: str) -> str:
        verb, _, cell = step.partition(" ")
        return f"{verb} {renamed[cell]}" if cell in renamed else step

    return msgspec.structs.replace(
        turn,
        thread=renamed.get(turn.thread, turn.thread),
        until=told(turn.until),
        before=told(turn.before),
    )


def _renamed(
    program: Program,
    turns: Sequence[Turn],
    threads: Sequence[str],
    cells: Sequence[str],
) -> dict[str, str]:
    """Names that are gone, and what can only be meant by them: the one name that is new.

    Threads go by the name that copies share, so that one thread that has become two is A.0. Other
    agents have names that begin with a thread's, `A:flush`, and go with it.
    """
    now = [each.name for each in program.instances()]
    groups = list(dict.fromkeys(_group(each) for each in now))
    new = dict(_only(list(dict.fromkeys(map(_group, threads))), groups))
    found: dict[str, str] = {}
    for name in threads:
        if name in now:
            continue
        group = new.get(_group(name), _group(name))
        options = (f"{group}{name.removeprefix(_group(name))}", group, f"{group}.0")
        meant = next((each for each in options if each in now), None)
        if meant is not None:
            found[name] = meant
    agents = {turn.thread: turn.thread.partition(_AGENT)[0] for turn in turns}
    for agent, thread in agents.items():
        if agent != thread and thread in found:
            found[agent] = f"{found[thread]}{agent.removeprefix(thread)}"
    return {**found, **dict(_only(cells, list(program.memory.initial)))}


def _group(name: str) -> str:
    group, _, number = name.rpartition(".")
    return group if group and number.isdigit() else name


def _only(before: Sequence[str], now: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The one that is gone, and the one that is new, if there is one of each."""
    gone = [each for each in before if each not in now]
    new = [each for each in now if each not in before]
    if len(gone) == len(new) == 1:
        yield gone[0], new[0]
