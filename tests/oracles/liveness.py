"""Deadlocks, livelocks and unfair loops of a small program, judged on its whole state graph.

The oracle the engine's liveness verdicts are held against. It reduces nothing: every state is
reached by running the real coroutines from their start along a schedule, every move of every
state is taken, and what is asked of the graph is computed as it is defined. What it knows is the
contract (a thread is able when it has not ended and its operation does not block; a livelock is a
cycle that is weakly fair, on which a thread that has to end does not), nothing about the engine.

When are two states the same? There are two answers here. In the one, a thread is where its
suspended frames are, with their locals: surely fine enough, but a stale local tells two states
apart that go on alike. In the other, states are the same that hold the same values and that
nothing can tell apart afterwards: none can be coarser. Verdicts do not depend on it. Which states
are on a cycle does: the engine merges threads that go on alike, its answer lies between the two,
and mostly these are equal.

Bound    all that matters of a suspended frame is its position and its locals, and these print
         what they are. So the programs keep no operand, iterator or exceptions of two kinds on
         the stack across an await, open no windows, and their values print differently.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from racer.lang.pending import AboutTo
from racer.lang.program import Program
from racer.lang.run import CoroutineRun
from tests.oracles.naive import Execution, Step, TooMany

Nodes = frozenset[int]


@dataclass(frozen=True)
class Graph:
    """All states that can be reached, numbered from 0, which is the initial one.

    `moves[s]` are the moves of state s, with the states they lead to. `able[s]` and `ended[s]`
    are threads, by their position in `program.instances()`. `values[s]` is what the cells hold.
    """

    program: Program
    moves: tuple[tuple[tuple[Step, int], ...], ...]
    able: tuple[frozenset[int], ...]
    ended: tuple[frozenset[int], ...]
    values: tuple[str, ...]
    labels: frozenset[str]  # of the violations in all states

    @property
    def ending(self) -> frozenset[int]:
        """The threads that have to come to an end."""
        return frozenset(
            i for i, instance in enumerate(self.program.instances()) if not instance.daemon
        )

    def walk(self, schedule: Iterable[Step], start: int = 0) -> list[int]:
        """The states along a schedule, `start` included. Errors: KeyError for no legal move."""
        states = [start]
        for step in schedule:
            states.append(dict(self.moves[states[-1]])[step])
        return states


def explored(program: Program, limit: int = 2_000) -> Graph:
    """The state graph. Errors: TooMany when there are more than `limit` states."""
    numbers: dict[object, int] = {}
    schedules: list[tuple[Step, ...]] = []  # one that leads to each state
    found: list[tuple[tuple[Step, ...], frozenset[int], frozenset[int], str]] = []
    labels: set[str] = set()

    def number(schedule: tuple[Step, ...]) -> int:
        execution = Execution(program)
        for step in schedule:
            execution.take(step)
        key = state_of(execution)
        if key not in numbers:
            if len(numbers) == limit:
                raise TooMany(f"more than {limit:,} states")
            numbers[key] = len(numbers)
            schedules.append(schedule)
            threads = range(len(execution.runs))
            able = frozenset(t for t in threads if execution.enabled(t))
            ended = frozenset(
                t for t in threads if not isinstance(execution.runs[t].pending, AboutTo)
            )
            found.append((tuple(execution.moves()), able, ended, repr(execution.values)))
            labels.update(execution.labels)
        execution.close()
        return numbers[key]

    number(())
    moves: list[tuple[tuple[Step, int], ...]] = []
    while len(moves) < len(schedules):
        state = len(moves)
        moves.append(tuple((step, number((*schedules[state], step))) for step in found[state][0]))
    return Graph(
        program=program,
        moves=tuple(moves),
        able=tuple(able for _, able, _, _ in found),
        ended=tuple(ended for _, _, ended, _ in found),
        values=tuple(values for _, _, _, values in found),
        labels=frozenset(labels),
    )


def state_of(execution: Execution) -> object:
    """What tells two states apart: the cells, and where each thread is, with its locals."""
    threads: list[tuple[object, ...]] = []
    for run in execution.runs:
        assert isinstance(run, CoroutineRun)
        if not isinstance(run.pending, AboutTo):
            threads.append((repr(run.pending),))
            continue
        frames: list[object] = [run.pending.operation.text()]
        awaited: Any = run.coroutine
        while awaited is not None:
            frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
            if frame is not None:
                # What racer's own frames hold is determined by the frame that awaits them.
                own = frame.f_globals["__name__"].startswith("racer.")
                held = "" if own else repr(sorted(frame.f_locals.items()))
                frames.append((id(frame.f_code), frame.f_lasti, held))
            awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)
        threads.append(tuple(frames))
    return repr(sorted(execution.values.items())), tuple(threads)


def merged(graph: Graph) -> tuple[Graph, tuple[int, ...]]:
    """The graph with states merged that go on alike; and the merged state of each state.

    Two states stay apart that hold other values, or in which other threads are able or have
    ended; and then those from which one and the same move leads to states that are apart.
    """
    count = len(graph.moves)
    classes = _numbered([(graph.values[s], graph.able[s], graph.ended[s]) for s in range(count)])
    while True:
        finer = _numbered(
            [
                (classes[s], *[(step, classes[to]) for step, to in graph.moves[s]])
                for s in range(count)
            ]
        )
        if max(finer) == max(classes):
            break
        classes = finer
    one = [classes.index(number) for number in range(max(classes) + 1)]
    return (
        Graph(
            program=graph.program,
            moves=tuple(tuple((step, classes[to]) for step, to in graph.moves[s]) for s in one),
            able=tuple(graph.able[s] for s in one),
            ended=tuple(graph.ended[s] for s in one),
            values=tuple(graph.values[s] for s in one),
            labels=graph.labels,
        ),
        tuple(classes),
    )


def _numbered(keys: Sequence[object]) -> list[int]:
    """Equal keys have equal numbers, from 0 in the order in which they first come."""
    numbers: dict[object, int] = {}
    return [numbers.setdefault(key, len(numbers)) for key in keys]


@dataclass(frozen=True)
class Judged:
    """What is true of one graph.

    livelocked  states on a weakly fair cycle on which some thread that has to end has not
    doomed      states from which none can be reached in which all those have ended, or nobody is
                able: whatever is done there, it goes on for ever
    unfair      names of the groups with a step on a cycle on which some thread that has to end has
                not, in a component without a fair cycle
    loops       names of the groups with a step on a cycle
    """

    deadlock: bool
    livelocked: Nodes
    doomed: Nodes
    unfair: frozenset[str]
    loops: frozenset[str]


def judged(graph: Graph) -> Judged:
    count = len(graph.moves)
    groups = [instance.group for instance in graph.program.instances()]
    reach = reachable(graph)
    ends = [not graph.able[s] or graph.ending <= graph.ended[s] for s in range(count)]
    livelocked: set[int] = set()
    unfair: set[str] = set()
    loops: set[str] = set()
    for s in range(count):
        # Strongly connected: each of these states reaches each; empty if s is on no cycle.
        component = {t for t in reach[s] if s in reach[t]}
        moving = {
            thread for t in component for (thread, _), to in graph.moves[t] if to in component
        }
        loops |= {groups[thread] for thread in moving}
        if not component or graph.ending <= graph.ended[s]:
            continue
        # The component has a fair cycle exactly when it is fair as a whole. If it is, one closed
        # walk through all of its states and moves is such a cycle: every thread moves on it, or
        # is unable in a state of it. A cycle, in turn, is inside of one component, so a thread
        # that moves on it moves in there, and where it is unable is there, too.
        fair = all(
            thread in moving or any(thread not in graph.able[t] for t in component)
            for thread in range(len(groups))
        )
        if fair:
            livelocked.add(s)
        else:
            unfair |= {groups[thread] for thread in moving}
    return Judged(
        deadlock=any(
            not graph.able[s] and not graph.ending <= graph.ended[s] for s in range(count)
        ),
        livelocked=frozenset(livelocked),
        doomed=frozenset(
            s for s in range(count) if not ends[s] and not any(ends[t] for t in reach[s])
        ),
        unfair=frozenset(unfair),
        loops=frozenset(loops),
    )


def reachable(graph: Graph) -> list[set[int]]:
    """Of each state, those that one or more moves lead to."""
    reach = []
    for s in range(len(graph.moves)):
        seen: set[int] = set()
        waiting = [s]
        while waiting:
            fresh = {to for _, to in graph.moves[waiting.pop()]} - seen
            seen |= fresh
            waiting += fresh
        reach.append(seen)
    return reach


def fewest_preemptions(graph: Graph) -> list[int]:
    """Of each state, the fewest switches away from able threads in a schedule that leads there."""
    costs: dict[tuple[int, int | None], int] = {}  # by state and the thread that moved last
    waiting: list[tuple[int, int, int | None]] = [(0, 0, None)]
    while waiting:
        cost, state, last = heapq.heappop(waiting)
        if (state, last) in costs:
            continue
        costs[state, last] = cost
        for (thread, _), to in graph.moves[state]:
            switch = last is not None and last != thread and last in graph.able[state]
            if (to, thread) not in costs:
                heapq.heappush(waiting, (cost + switch, to, thread))
    return [
        min(cost for (at, _), cost in costs.items() if at == state)
        for state in range(len(graph.moves))
    ]


@dataclass(frozen=True)
class Liveness:
    """What a program's liveness comes to.

    labels      of all violations, "deadlock" and "livelock" among them
    certain     whether there is a doomed state
    livelocked  states on a fair cycle, the doomed ones if there are any; of Graph, by the fine
                and by the coarse account of when two states are the same
    fewest      preemptions to one of those: the fewest by the coarse account, and by the fine
    unfair      the groups that loop in unfair components only; the same two
    classes     the merged state of each state
    """

    graph: Graph
    labels: frozenset[str]
    certain: bool
    livelocked: tuple[Nodes, Nodes]
    fewest: tuple[int, int] | None
    unfair: tuple[frozenset[str], frozenset[str]]
    loops: frozenset[str]
    classes: tuple[int, ...]
    doomed: Nodes


def liveness(program: Program, limit: int = 2_000) -> Liveness:
    """The oracle's account of the program. Errors: TooMany past `limit` states."""
    graph = explored(program, limit)
    coarse_graph, classes = merged(graph)
    fine, coarse = judged(graph), judged(coarse_graph)
    assert fine.deadlock == coarse.deadlock and fine.loops == coarse.loops
    assert bool(fine.livelocked) == bool(coarse.livelocked)
    assert fine.doomed == {s for s, number in enumerate(classes) if number in coarse.doomed}
    on_cycle = (
        fine.livelocked,
        frozenset(s for s, number in enumerate(classes) if number in coarse.livelocked),
    )
    assert on_cycle[0] <= on_cycle[1] and coarse.unfair <= fine.unfair
    if fine.doomed:
        assert fine.livelocked & fine.doomed  # from a doomed state, a fair scheduler comes to one
        on_cycle = on_cycle[0] & fine.doomed, on_cycle[1] & fine.doomed
    costs = fewest_preemptions(graph)
    own = {"deadlock"} if fine.deadlock else set()
    own |= {"livelock"} if fine.livelocked else set()
    return Liveness(
        graph=graph,
        labels=graph.labels | own,
        certain=bool(fine.doomed),
        livelocked=on_cycle,
        fewest=(
            (min(costs[s] for s in on_cycle[1]), min(costs[s] for s in on_cycle[0]))
            if fine.livelocked
            else None
        ),
        unfair=(coarse.unfair, fine.unfair),
        loops=fine.loops,
        classes=classes,
        doomed=fine.doomed,
    )


def flaws(account: Liveness, schedule: Sequence[Step], cycle: int, preemptions: int) -> list[str]:
    """What is wrong with a livelock's witness: its last `cycle` moves repeated for ever."""
    graph, found = account.graph, []
    if not 0 < cycle <= len(schedule):
        return [f"a cycle of {cycle} moves in a schedule of {len(schedule)}"]
    before, repeated = schedule[:-cycle], schedule[-cycle:]
    try:
        prefix = graph.walk(before)
        rounds = [graph.walk(repeated, prefix[-1])]
        # Locals that are stale may differ after the first rounds; states are finite.
        while rounds[-1][-1] not in [states[0] for states in rounds]:
            rounds.append(graph.walk(repeated, rounds[-1][-1]))
    except KeyError as error:
        return [f"{error} is no move that its state has"]
    if account.classes[rounds[0][0]] != account.classes[rounds[0][-1]]:
        found.append("the cycle does not lead back to its first state")
    first = [states[0] for states in rounds].index(rounds[-1][-1])
    on_cycle = [state for states in rounds[first:] for state in states]
    if not set(on_cycle) <= account.livelocked[1]:
        found.append("the cycle is not in a livelock, or not in a certain one where there is one")
    moving = {thread for thread, _ in repeated}
    for thread, instance in enumerate(graph.program.instances()):
        for states in (rounds[0], on_cycle):
            if thread not in moving and all(thread in graph.able[state] for state in states):
                found.append(f"{instance.name} can always go on and never does")
    if graph.ending <= graph.ended[on_cycle[0]]:
        found.append("all threads that have to end have ended")
    switches = sum(
        earlier[0] != later[0] and earlier[0] in graph.able[state]
        for earlier, later, state in zip(before, before[1:], prefix[1:], strict=False)
    )
    if switches != preemptions:
        found.append(f"{switches} preemptions before the cycle, not {preemptions}")
    return found
