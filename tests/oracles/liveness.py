"""Deadlocks, livelocks and unfair loops of a small program, judged on its whole state graph.

The oracle the engine's liveness verdicts are held against. It reduces nothing: every state is
reached by running the real coroutines from their start along a schedule, every move of every
state is taken, and what is asked of the graph is computed as it is defined. What it knows is the
contract (a thread is able when it has not ended and its operation does not block; a livelock is a
cycle that is weakly fair, on which a thread that has to end does not; a thread without a way out
does not have to, but must always be able to come to change a cell), nothing about the engine.

A state is the values of the cells, and of each thread what determines what it will do. So two
states are one where their threads differ by locals that are not read again: see `behaviours`.
Labels do not depend on it, but which state a cycle begins in does.

Bound    all that matters of a suspended frame is its position and its locals, and these print
         what they are. So the programs keep no operand, iterator or exceptions of two kinds on
         the stack across an await, open no windows, and their values print differently.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from racer.lang.operations import Choose, Fence
from racer.lang.pending import AboutTo
from racer.lang.program import Program, ThreadInstance
from racer.lang.run import CoroutineRun, Run
from tests.oracles.naive import Execution, Step, TooMany, blocks, performed
from tests.oracles.waiting import as_it_is

States = frozenset[int]
Spot = tuple[Hashable, ...]  # where a thread is, with its locals
Follows = list[tuple[Hashable, Spot]]  # what it does there, and which spot that leads to


# --- states ---------------------------------------------------------------------------------


def spot_of(run: Run) -> Spot:
    """Where a thread is, with its locals, or what it has come to."""
    if not isinstance(run.pending, AboutTo):
        return (repr(run.pending),)
    assert isinstance(run, CoroutineRun)
    frames: list[Hashable] = [run.pending.operation.text(), repr(run.knows)]
    awaited: Any = run.coroutine
    while awaited is not None:
        frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
        if frame is not None:
            # What racer's own frames hold is determined by the frame that awaits them, but for the
            # number by which a thread that waits is known.
            own = frame.f_globals["__name__"].startswith("racer.")
            local = frame.f_locals
            held = repr(local.get("ticket")) if own else repr(sorted(local.items()))
            frames.append((id(frame.f_code), frame.f_lasti, held))
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)
    return tuple(frames)


def behaviours(program: Program, limit: int) -> dict[tuple[str, Spot], int]:
    """A number for each spot that a thread of a group can be at: equal ones go on alike.

    What a thread does is determined by the results that it is given. It is given every one that
    its operation has on any value that the cell holds in some state. Two spots stay apart that
    have come to different ends; that are about to do other operations, that block on other values
    or leave other values behind; and then those from which one and the same value leads to spots
    that are apart.

    Errors   TooMany when there are more than `limit` states, locals that are not read again
             counted.
    """
    values = held_values(program, limit)
    groups = {instance.group: instance for instance in program.instances()}
    spots: dict[tuple[str, Spot], Follows] = {}
    for group, instance in groups.items():
        found = _spots(instance, values)
        spots |= {(group, spot): follows for spot, follows in found.items()}
    keys = list(spots)  # a spot where nothing follows is an end, or blocks whatever the cell holds
    numbers = dict(
        zip(keys, _numbered([() if spots[key] else key[1] for key in keys]), strict=True)
    )
    while True:
        finer = _numbered(
            [
                (numbers[key], *[(how, numbers[key[0], to]) for how, to in spots[key]])
                for key in keys
            ]
        )
        if max(finer) == max(numbers.values()):
            return numbers
        numbers = dict(zip(keys, finer, strict=True))


def held_values(program: Program, limit: int) -> dict[str, list[object]]:
    """By cell, the values that it holds in some state. Errors: TooMany."""
    values = {name: [as_it_is(value)] for name, value in program.memory.initial.items()}
    seen: set[Hashable] = set()
    waiting: list[tuple[Step, ...]] = [()]
    while waiting:
        schedule = waiting.pop()
        execution = Execution(program)
        for step in schedule:
            execution.take(step)
        key = (repr(execution.values), *map(spot_of, execution.runs))
        if key not in seen:
            seen.add(key)
            if len(seen) > limit:
                raise TooMany(f"more than {limit:,} states")
            for name, value in execution.values.items():
                if repr(value) not in map(repr, values[name]):
                    values[name].append(value)
            waiting += [(*schedule, step) for step in execution.moves()]
        execution.close()
    return values


def _spots(instance: ThreadInstance, values: dict[str, list[object]]) -> dict[Spot, Follows]:
    """The spots of a thread that is given these values: what it can do at each, and which spots
    that leads to."""
    spots: dict[Spot, Follows] = {}
    waiting: list[tuple[object, ...]] = [()]  # the results that lead to a spot
    while waiting:
        results = waiting.pop()
        run = _run(instance, results)
        spot, pending = spot_of(run), run.pending
        run.close()
        if spot in spots:
            continue
        spots[spot] = []
        if not isinstance(pending, AboutTo):
            continue
        operation = pending.operation
        cell = "" if isinstance(operation, Choose | Fence) else operation.cell
        held: list[object] = list(values[cell]) if cell else [None]
        for value in held:
            if blocks(operation, {cell: value}):
                continue
            options = len(operation.options) if isinstance(operation, Choose) else 1
            for choice in range(options):
                try:
                    after, result = performed(operation, {cell: value}, choice)
                except Exception as error:  # a step like any other, which changes nothing
                    after, result = {}, Threw(error)
                next_run = _run(instance, (*results, result))
                how = operation.text(), cell, repr(value), choice, repr(after)
                spots[spot].append((how, spot_of(next_run)))
                next_run.close()
                waiting.append((*results, result))
    return spots


def _run(instance: ThreadInstance, results: Iterable[object]) -> Run:
    run = instance.start()
    for result in results:
        if isinstance(result, Threw):
            run.fail(result.error)
        else:
            run.resume(result)
    return run


@dataclass(frozen=True, eq=False)
class Threw:
    """In place of the result of an operation that fails."""

    error: Exception


def _numbered(keys: Sequence[Hashable]) -> list[int]:
    """Equal keys have equal numbers, from 0 in the order in which they first come."""
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(key, len(numbers)) for key in keys]


@dataclass(frozen=True)
class Graph:
    """All states that can be reached, numbered from 0, which is the initial one.

    `values[s]` are those of the cells in state s. `moves[s]` are the moves of state s, with the
    states they lead to. `able[s]` and `ended[s]`
    are threads, by their position in `program.instances()`. `labels` are of the violations that
    any thread comes to.
    """

    program: Program
    values: tuple[str, ...]
    moves: tuple[Mapping[Step, int], ...]
    able: tuple[frozenset[int], ...]
    ended: tuple[frozenset[int], ...]
    labels: frozenset[str]

    @property
    def states(self) -> range:
        return range(len(self.moves))

    def over(self, state: int) -> bool:
        """All threads that have to end have ended."""
        return all(
            instance.daemon or instance.perpetual or thread in self.ended[state]
            for thread, instance in enumerate(self.program.instances())
        )

    def deadlocked(self, state: int) -> bool:
        """Nobody is able, and there is somebody who should be: one that is no daemon, or all."""
        left = [
            instance
            for thread, instance in enumerate(self.program.instances())
            if thread not in self.ended[state]
        ]
        everybody = 1 < len(left) == len(self.program.instances())
        return not self.able[state] and (everybody or not all(each.daemon for each in left))

    def idles(self, thread: int, states: Iterable[int]) -> bool:
        """A thread that has to go on for ever is there, and changes no cell in these states."""
        return self.program.instances()[thread].perpetual and not any(
            thread in self.ended[state]
            or any(
                moving == thread and self.values[to] != self.values[state]
                for (moving, _), to in self.moves[state].items()
            )
            for state in states
        )

    def is_dead(self, states: Iterable[int]) -> bool:
        """All threads are daemons, more than one, all there, and none changes a cell here."""
        threads = self.program.instances()
        return (
            len(threads) > 1
            and all(instance.daemon for instance in threads)
            and not any(
                self.ended[state]
                or any(self.values[to] != self.values[state] for to in moves.values())
                for state in states
                for moves in (self.moves[state],)
            )
        )

    def walk(self, schedule: Iterable[Step], start: int = 0) -> list[int]:
        """The states along a schedule, `start` included. Errors: KeyError for no legal move."""
        states = [start]
        for step in schedule:
            states.append(self.moves[states[-1]][step])
        return states


def explored(program: Program, limit: int) -> Graph:
    """The state graph. Errors: TooMany when there are more than `limit` states."""
    numbers: dict[Hashable, int] = {}
    schedules: list[tuple[Step, ...]] = []  # one that leads to each state
    values: list[str] = []
    options: list[list[Step]] = []
    able: list[frozenset[int]] = []
    ended: list[frozenset[int]] = []
    labels: set[str] = set()
    behaviour = behaviours(program, 4 * limit)

    def number(schedule: tuple[Step, ...]) -> int:
        execution = Execution(program)
        for step in schedule:
            execution.take(step)
        threads = zip(execution.instances, execution.runs, strict=True)
        key = (
            repr(execution.values),
            *[behaviour[instance.group, spot_of(run)] for instance, run in threads],
        )
        if key not in numbers:
            if len(numbers) == limit:
                raise TooMany(f"more than {limit:,} states")
            numbers[key] = len(numbers)
            schedules.append(schedule)
            values.append(repr(execution.values))
            options.append(execution.moves())
            able.append(frozenset(thread for thread, _ in execution.moves()))
            ended.append(
                frozenset(
                    thread
                    for thread, run in enumerate(execution.runs)
                    if not isinstance(run.pending, AboutTo)
                )
            )
        labels.update(execution.labels)
        execution.close()
        return numbers[key]

    number(())
    moves: list[dict[Step, int]] = []
    for schedule in schedules:  # which grows
        moves.append({step: number((*schedule, step)) for step in options[len(moves)]})
    return Graph(program, tuple(values), tuple(moves), tuple(able), tuple(ended), frozenset(labels))


# --- what is true of them -------------------------------------------------------------------


@dataclass(frozen=True)
class Liveness:
    """What a program's liveness comes to.

    labels      of all violations, "deadlock" and "livelock" among them
    livelocked  states on a weakly fair cycle on which some thread that has to end has not; or, if
                all those have, in a component that is never left and in which some thread that has
                to go on changes no cell, or where all are daemons and there, no thread
    doomed      states from which none can be reached in which all those have ended or nobody is
                able: whatever is done there, it goes on for ever; and livelocked ones of the
                second kind
    fewest      preemptions of a schedule to a livelocked state; to one that is doomed as well, if
                there is any; None without a livelock
    unfair      names of the groups with a step on a cycle on which some thread that has to end has
                not, in a component without a fair cycle
    loops       names of the groups with a step on a cycle
    """

    graph: Graph
    labels: frozenset[str]
    livelocked: States
    doomed: States
    fewest: int | None
    unfair: frozenset[str]
    loops: frozenset[str]


def liveness(program: Program, limit: int = 1_500) -> Liveness:
    """The oracle's account of the program. Errors: TooMany past `limit` states."""
    graph = explored(program, limit)
    groups = [instance.group for instance in program.instances()]
    reach = reachable(graph)
    livelocked: set[int] = set()
    idle: set[int] = set()
    unfair: set[str] = set()
    loops: set[str] = set()
    for s in graph.states:
        # Strongly connected: each of these states reaches each. Empty if s is on no cycle.
        component = {t for t in reach[s] if s in reach[t]}
        moving = {
            thread
            for t in component
            for (thread, _), to in graph.moves[t].items()
            if to in component
        }
        loops |= {groups[thread] for thread in moving}
        if not component:
            continue
        if graph.over(s):
            settled = any(graph.idles(t, component) for t in range(len(groups)))
            if reach[s] == component and (settled or graph.is_dead(component)):
                idle.add(s)
            continue
        # The component has a fair cycle exactly when it is fair as a whole. If it is, one closed
        # walk through all of its states and moves is such a cycle: every thread moves on it, or
        # is unable in a state of it. A cycle, in turn, is inside of one component, so a thread
        # that moves on it moves in there, and where it is unable is there, too.
        if all(
            thread in moving or any(thread not in graph.able[t] for t in component)
            for thread in range(len(groups))
        ):
            livelocked.add(s)
        else:
            unfair |= {groups[thread] for thread in moving}
    stuck = {s for s in graph.states if not graph.able[s]}
    ends = stuck | {s for s in graph.states if graph.over(s)}
    doomed = {s for s in graph.states if s not in ends and not ends & reach[s]} | idle
    livelocked |= idle
    settled = {s for s in livelocked if all(s in reach[t] for t in reach[s])}
    # A fair run from a doomed state comes to a component that it never leaves, and never ends.
    assert settled <= doomed and bool(settled) == bool(doomed) == bool(livelocked & doomed)
    labels = set(graph.labels)
    labels |= {"deadlock"} if any(map(graph.deadlocked, stuck)) else set()
    labels |= {"livelock"} if livelocked else set()
    costs = fewest_preemptions(graph)
    return Liveness(
        graph=graph,
        labels=frozenset(labels),
        livelocked=frozenset(livelocked),
        doomed=frozenset(doomed),
        fewest=min((costs[s] for s in livelocked & doomed or livelocked), default=None),
        unfair=frozenset(unfair),
        loops=frozenset(loops),
    )


def reachable(graph: Graph) -> list[set[int]]:
    """Of each state, those that one or more moves lead to."""
    reach = []
    for s in graph.states:
        seen: set[int] = set()
        waiting = [s]
        while waiting:
            fresh = set(graph.moves[waiting.pop()].values()) - seen
            seen |= fresh
            waiting += fresh
        reach.append(seen)
    return reach


def fewest_preemptions(graph: Graph) -> list[int]:
    """Of each state, the fewest switches away from able threads in a schedule that leads there."""
    costs: dict[tuple[int, int], int] = {}  # by state and the thread that moved last
    nobody = -1
    waiting = [(0, 0, nobody)]
    while waiting:
        cost, state, last = heapq.heappop(waiting)
        if (state, last) in costs:
            continue
        costs[state, last] = cost
        for (thread, _), to in graph.moves[state].items():
            switch = last != thread and last in graph.able[state]
            heapq.heappush(waiting, (cost + switch, to, thread))
    return [min(cost for (at, _), cost in costs.items() if at == s) for s in graph.states]


def flaws(account: Liveness, schedule: Sequence[Step], cycle: int, preemptions: int) -> list[str]:
    """What is wrong with a livelock's witness: its last `cycle` moves repeated for ever."""
    graph, found = account.graph, []
    if not 0 < cycle <= len(schedule):
        return [f"a cycle of {cycle} moves in a schedule of {len(schedule)}"]
    before, repeated = schedule[:-cycle], schedule[-cycle:]
    try:
        prefix = graph.walk(before)
        states = graph.walk(repeated, prefix[-1])
    except KeyError as error:
        return [f"{error} is no move that its state has"]
    if states[0] != states[-1]:
        found.append("the cycle does not lead back to its first state")
    moving = {thread for thread, _ in repeated}
    for thread, instance in enumerate(graph.program.instances()):
        if thread not in moving and all(thread in graph.able[state] for state in states):
            found.append(f"{instance.name} can always go on and never does")
    if graph.over(states[0]) and states[0] not in account.livelocked:
        found.append("all threads that have to end have ended")
    if account.doomed and states[0] not in account.doomed:
        found.append("an end can be reached, though there is a livelock without any")
    switches = sum(
        earlier[0] != later[0] and earlier[0] in graph.able[state]
        for earlier, later, state in zip(before, before[1:], prefix[1:], strict=False)
    )
    if switches != preemptions:
        found.append(f"{switches} preemptions before the cycle, not {preemptions}")
    return found
