"""A check of what lifting cannot see: real coroutines, side by side, do what the automata say.

A search goes by automata, which are lifted one thread at a time. That is right only if threads
share nothing but cells, and if what a thread does is a function of the results it gets. Here that
is not looked for in the code: coroutines of all threads run together, in one process, along whole
interleavings, and each operation and result, and what each thread comes to, is compared with the
automata. The interleavings are chosen so that every edge of every automaton that the search used
is taken at least once, and then every move of the state graph, as far as the budget goes.

Bound    STEPS in all; of these, past the edges, one for every ten states, and MOVES at least. How
         far it came is Result.coverage. What differs only along other interleavings is missed.
"""

from __future__ import annotations

import operator
from array import array
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Final, NamedTuple

from racer import interrupts
from racer.automata.growing import describe_pending
from racer.errors import HIDDEN_STATE, ModelError
from racer.exploration.confirming import in_turns
from racer.exploration.result import Coverage
from racer.lang.operations import Operation
from racer.lang.patience import heed
from racer.lang.pending import AboutTo
from racer.lang.program import Program
from racer.lang.run import OutOfTime
from racer.lang.values import describe, plainly_the_same, value_key
from racer.machine.interface import System
from racer.machine.layout import State
from racer.machine.models import tasks_of
from racer.machine.moves import Move, agent_of, named, option_of
from racer.replaying.tasks import Tasks
from racer.search.flat_edges import FlatEdges
from racer.search.limits import Budget, LimitHit
from racer.search.state_graph import StateGraph

STEPS: Final = 20_000  # of real coroutines
MOVES: Final = 500
STATES_FOR_A_STEP: Final = 10
_NO_EDGE: Final = -1  # what is taken by an agent that is no thread
_NEVER: Final = 1 << 60  # steps to an end where none can be reached


def covered(
    program: Program,
    system: System,
    memory: str,
    graph: StateGraph,
    canonical: Callable[[State], State] | None,
    deadline: float | None = None,
) -> tuple[Coverage, bool]:
    """Run real coroutines along a complete graph: what was taken of it, and whether Ctrl-C cut it.

    `canonical` gives the graph's state that stands for one of the system; None: each for itself.
    Past `deadline`, a time.monotonic() value, it is left at what was taken so far.

    Errors   ModelError naming the thread and its step, with the schedule, where one of them does
             something else than its automaton.
    """
    cover = _Cover(program, system, memory, graph, canonical)
    interrupted = False
    try:
        with interrupts.allowed():
            cover.run(Budget(STEPS, deadline))
    except KeyboardInterrupt:
        interrupts.answered()
        interrupted = True
    except LimitHit:
        pass
    except OutOfTime:
        heed()
    return cover.coverage(), interrupted


class _Step(NamedTuple):
    """A move of the system that the graph has: `places` are its positions among the graph's."""

    move: Move
    after: State
    goal: int
    places: tuple[int, ...]


class _Cover:
    """What is still to be taken, and the runs that take it.

    Edges of automata are numbered as the graph first uses them; moves are told by their positions
    among those of the graph.
    """

    def __init__(
        self,
        program: Program,
        system: System,
        memory: str,
        graph: StateGraph,
        canonical: Callable[[State], State] | None,
    ) -> None:
        self._program = program
        self._system = system
        self._memory = memory
        self._graph = graph
        self._canonical = canonical
        self._number = {state: at for at, state in enumerate(graph.states)} if canonical else {}
        self._distance = _steps_to_an_end(graph)
        self._taken = bytearray(len(graph.edges.moves))
        self._edge_numbers: dict[Hashable, int] = {}
        self._edges = array("q", [_NO_EDGE]) * len(graph.edges.moves)  # by position of a move
        self._first: list[tuple[int, int]] = []  # by edge: a state, and the position of a move
        self._find_edges()
        self._edge_taken = bytearray(len(self._first))
        self._runs = 0
        self._steps = 0

    def coverage(self) -> Coverage:
        """How far it came."""
        return Coverage(
            edges=sum(self._edge_taken),
            of_edges=len(self._edge_taken),
            moves=sum(self._taken),
            of_moves=self._graph.transitions,
            runs=self._runs,
            steps=self._steps,
        )

    def run(self, budget: Budget) -> None:
        """Take every edge, then as many moves of the graph as the budget allows.

        Errors   as covered(); LimitHit when the budget is spent.
        """
        for edge, (state, place) in enumerate(self._first):
            if not self._edge_taken[edge]:
                self._run_through(state, place, budget)
        enough = self._steps + max(MOVES, len(self._graph.states) // STATES_FOR_A_STEP)
        edges = self._graph.edges
        for state in range(len(edges)):
            for place in range(edges.first[state], edges.last[state]):
                if self._steps >= enough:
                    return
                if not self._taken[place]:
                    self._run_through(state, place, budget)

    def _find_edges(self) -> None:
        """The edges of automata that each move of the graph takes."""
        graph, system = self._graph, self._system
        rows = graph.edges
        if isinstance(rows, FlatEdges):
            taken = rows.engine.edges_taken(self._edges)
            if taken is not None:
                self._name_edges(taken)
                return
        for number, state in enumerate(graph.states):
            raw = dict(system.successors(state)) if self._canonical else {}
            for place in range(rows.first[number], rows.last[number]):
                move = rows.moves[place]
                after = raw[move] if self._canonical else graph.states[rows.goals[place]]
                edge = system.edge(state, move, after)
                if edge is None:
                    continue
                known = self._edge_numbers.setdefault(edge, len(self._first))
                if known == len(self._first):
                    self._first.append((number, place))
                self._edges[place] = known

    def _name_edges(self, taken: list[tuple[int, int]]) -> None:
        """The edges whose numbers are known: of each, which move of which state takes it first."""
        graph, rows = self._graph, self._graph.edges
        self._first = taken
        for number, (at, place) in enumerate(taken):
            state, move = graph.states[at], rows.moves[place]
            raw = dict(self._system.successors(state)) if self._canonical else {}
            after = raw[move] if self._canonical else graph.states[rows.goals[place]]
            edge = self._system.edge(state, move, after)
            assert edge is not None, "a move of a thread takes some edge"
            self._edge_numbers[edge] = number

    def _moves(self, state: State, number: int) -> Iterator[_Step]:
        """The moves of a state that the graph has; the one of that number there stands for it."""
        graph, rows = self._graph, self._graph.edges
        places = range(rows.first[number], rows.last[number])
        if self._canonical is None:
            for place in places:
                goal = rows.goals[place]
                yield _Step(rows.moves[place], graph.states[goal], goal, (place,))
            return
        # Copies in the same situation have moves of their own, which are one as to what they take.
        alike: dict[tuple[int, int, int], tuple[int, ...]] = {}
        for place in places:
            kind = rows.goals[place], self._edges[place], option_of(rows.moves[place])
            alike[kind] = (*alike.get(kind, ()), place)
        for move, after in self._system.successors(state):
            goal = self._number.get(self._canonical(after), -1)
            edge = self._edge_numbers.get(self._system.edge(state, move, after), _NO_EDGE)
            found = alike.get((goal, edge, option_of(move)))
            if found is not None:
                yield _Step(move, after, goal, found)

    def _run_through(self, number: int, place: int, budget: Budget) -> None:
        """Run from the start to a state of the graph, make that move of it, and go on to an end."""
        beside = _Beside(self._program, self._system, self._memory)
        self._runs += 1
        here, state = 0, self._system.initial()

        def take(step: _Step) -> None:
            nonlocal here, state
            budget.spend()
            beside.step(state, step.move)
            self._note(step)
            here, state = step.goal, step.after

        try:
            for goal in self._graph.way_to(number)[1:]:
                take(next(each for each in self._moves(state, here) if each.goal == goal))
            take(next(each for each in self._moves(state, here) if place in each.places))
            while (step := self._next(self._moves(state, here))) is not None:
                take(step)
            if not self._system.successors(state):
                beside.end(state)
        finally:
            beside.close()

    def _note(self, step: _Step) -> None:
        """A step has been taken."""
        self._steps += 1
        for place in step.places:
            self._taken[place] = 1
            if self._edges[place] != _NO_EDGE:
                self._edge_taken[self._edges[place]] = 1

    def _next(self, steps: Iterable[_Step]) -> _Step | None:
        """A step over a new edge, else a new move, else towards an end; None at one."""

        def rank(step: _Step) -> tuple[bool, int, int]:
            place = step.places[0]
            edge = self._edges[place]
            known = edge == _NO_EDGE or bool(self._edge_taken[edge])
            return known, self._taken[place], self._distance[step.goal]

        best = min(steps, key=rank, default=None)
        if best is None or (self._taken[best.places[0]] and self._distance[best.goal] >= _NEVER):
            return None
        return best


class _Beside:
    """Coroutines of all threads along one schedule, and the automata beside them."""

    def __init__(self, program: Program, system: System, memory: str) -> None:
        self._system = system
        self._tasks: Tasks = tasks_of(program, memory)
        self._moves: list[Move] = []
        self._tasks.start()

    def close(self) -> None:
        self._tasks.close()

    def step(self, state: State, move: Move) -> None:
        """Make a move in both. Errors: ModelError where they differ."""
        system, tasks = self._system, self._tasks
        operation, result = system.event(state, move)
        name = system.agents[agent_of(move)].name
        if tasks.is_thread(name):
            pending = tasks.by_name[name].run.pending
            if not isinstance(pending, AboutTo) or not _alike(pending.operation, operation):
                here = describe_pending(pending)
                raise self._differs(name, f"was to {operation.text()}", f"it is to {here}")
            met = tasks.thread_step(name, option_of(move), told=False)
        else:
            met = tasks.agent_step(name)
        if met.done.result is not result and value_key(met.done.result) != value_key(result):
            alone, here = (
                f"does {operation.text()} -> {describe(each)}" for each in (result, met.done.result)
            )
            raise self._differs(name, alone, f"it {here}")
        self._moves.append(move)
        try:
            tasks.ending(name)
        except ModelError as error:
            raise self._differs(name, "goes on, or ends", str(error)) from error

    def end(self, state: State) -> None:
        """The threads have come to what the automata say. Errors: ModelError."""
        expected, found = self._system.outcome(state), self._tasks.outcome()
        for (name, one), (_, other) in zip(expected, found, strict=True):
            if value_key(one) != value_key(other):
                alone, here = f"comes to {describe(one)}", f"it comes to {describe(other)}"
                raise self._differs(name, alone, here)

    def _differs(self, name: str, alone: str, here: str) -> ModelError:
        schedule = tuple(each.thread for each in named(self._moves, self._system.agents))
        task = self._tasks.by_name.get(name)
        where = task.run.locations()[-1:] if task is not None else ()
        steps = schedule.count(name)
        return ModelError(
            f"thread {name!r} is not a function of the results it gets: after its step {steps}, "
            f"run by itself it {alone}; run beside the others: {here}"
            f"{f' (at {where[0]})' if where else ''}.\n"
            f"schedule: {in_turns(schedule)}\n{HIDDEN_STATE}",
            thread=name,
            step=steps,
            schedule=schedule,
        )


def _alike(one: Operation, other: Operation) -> bool:
    """Whether they say the same; a function may be a new lambda of the same code.

    Equality would not do: it holds for a store of 1 and of True, and may fail or raise."""
    if type(one) is not type(other):
        return False
    if all(map(operator.is_, one.parts(), other.parts())):
        return True
    options = one.facts.options  # whose texts may be thousands
    same = bool(options) and plainly_the_same(options, other.facts.options)
    return same or one.text() == other.text()


def _steps_to_an_end(graph: StateGraph) -> array[int]:
    """By state: how many moves of the graph lead to the nearest end."""
    edges = graph.edges
    before: list[list[int]] = [[] for _ in range(len(edges))]
    for state in range(len(edges)):
        for goal in edges.after(state):
            before[goal].append(state)
    distance = array("q", [_NEVER]) * len(edges)
    waiting = deque(graph.ends())
    for end in waiting:
        distance[end] = 0
    while waiting:
        state = waiting.popleft()
        for other in before[state]:
            if distance[other] == _NEVER:
                distance[other] = distance[state] + 1
                waiting.append(other)
    return distance
