"""The state graph: every state that can be reached, breadth first, and the moves between them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from racer.errors import ModelError
from racer.system import CHOICES, Broken, Move, State, System


@dataclass(slots=True)
class StateGraph:
    """States in the order in which they were found, and each one's moves.

    Shape    `states[i]` is a packed state, `edges[i]` its moves with the index they lead to;
             state 0 is the initial one. The first `expanded` states have all their edges;
             when a limit cut the search (`bound` says which), later ones have none yet.
             `reached` holds the names of the `sometimes` predicates that some state satisfies.
    """

    states: list[State] = field(default_factory=list)
    edges: list[list[tuple[Move, int]]] = field(default_factory=list)
    expanded: int = 0
    bound: str | None = None
    interrupted: bool = False
    reached: set[str] = field(default_factory=set)

    @property
    def complete(self) -> bool:
        return self.bound is None

    @property
    def transitions(self) -> int:
        return sum(len(moves) for moves in self.edges)

    def terminal(self) -> Iterator[int]:
        """The indices of the states without a move, where every interleaving ends."""
        return (i for i in range(self.expanded) if not self.edges[i])


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop although states are left: `deadline` is a time.monotonic() value."""

    max_states: int | None = None
    timeout: float | None = None
    deadline: float | None = None

    def hit(self, found: int, expanded: int) -> str | None:
        """The limit that is reached, as text. The clock is looked at now and then only."""
        if self.max_states is not None and found > self.max_states:
            return f"max_states={self.max_states}"
        if self.deadline is not None and expanded % 64 == 0 and time.monotonic() > self.deadline:
            return f"timeout of {self.timeout:g} s"
        return None


def search(system: System, sometimes: tuple[str, ...], limits: Limits) -> StateGraph:
    """Every state reachable from the initial one, or as many as the limits allow.

    Interrupting it (Ctrl-C) keeps what was found: the graph is then marked `interrupted`.

    Errors   ModelError with the shortest schedule to where the model fails.
    """
    graph = StateGraph()
    try:
        _expand(graph, system, sometimes, limits)
    except KeyboardInterrupt:
        graph.bound, graph.interrupted = "interrupted", True
        del graph.edges[graph.expanded :]
        graph.edges.extend([] for _ in range(len(graph.states) - graph.expanded))
    return graph


def _expand(graph: StateGraph, system: System, sometimes: tuple[str, ...], limits: Limits) -> None:
    index: dict[State, int] = {}
    parents: list[tuple[int, Move]] = []  # how each state was first found: fewest steps

    def number(state: State, parent: int, move: Move) -> int:
        known = index.get(state)
        if known is None:
            known = index[state] = len(graph.states)
            graph.states.append(state)
            graph.edges.append([])
            parents.append((parent, move))
            for name in sometimes:
                if name not in graph.reached and system.reached(state, name):
                    graph.reached.add(name)
        return known

    current = 0
    try:
        number(system.initial(), -1, 0)
        while current < len(graph.states):
            graph.bound = limits.hit(len(graph.states), current)
            if graph.bound is not None:
                return
            found = system.successors(graph.states[current])
            graph.edges[current] = [(move, number(goal, current, move)) for move, goal in found]
            current += 1
            graph.expanded = current
    except Broken as broken:
        raise _model_error(broken, system, _path(parents, current)) from None
    except ModelError as error:  # a predicate that raised in the state just found
        raise _with_schedule(error, system, _path(parents, current)) from error


def _path(parents: list[tuple[int, Move]], state: int) -> list[Move]:
    moves: list[Move] = []
    while parents and state > 0:
        state, move = parents[state]
        moves.append(move)
    return moves[::-1]


def _model_error(broken: Broken, system: System, path: list[Move]) -> ModelError:
    moves = path if broken.move is None else [*path, broken.move]
    schedule = tuple(system.names[move // CHOICES] for move in moves)
    where = " ".join(schedule) if schedule else "(the initial state)"
    if broken.thread is None:
        return ModelError(f"{broken.text}\nschedule: {where}", schedule=schedule)
    name = system.names[broken.thread]
    step = schedule.count(name)
    return ModelError(
        f"thread {name!r} fails after its step {step}: {broken.text}\n"
        f"schedule: {where}\n"
        f"The model is broken there, not the code under test: mend the thread, or raise "
        f"Violation(label) if this is what the model is to find.",
        thread=name,
        step=step,
        schedule=schedule,
    )


def _with_schedule(error: ModelError, system: System, path: list[Move]) -> ModelError:
    schedule = tuple(system.names[move // CHOICES] for move in path)
    where = " ".join(schedule) if schedule else "(the initial state)"
    return ModelError(
        f"{error}\nschedule so far: {where}",
        thread=error.thread,
        step=error.step,
        schedule=schedule,
    )
