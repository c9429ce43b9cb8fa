"""Livelocks: runs that never come to an end although no thread is treated unfairly.

A run is weakly fair if no agent that can move from some time on is passed over for ever: each
moves again and again, or cannot again and again. Such a run goes round in one strongly connected
component of the state graph; there is one exactly if in the whole component each agent has a
move that stays there, or a state in which it has none. It is a livelock if some thread has not
ended that has to: that is neither a daemon nor perpetual. Where no state of the component leads to
an end, whatever is done, no fairness is needed to say so.

While a task holds an event loop, others do not move, and that is no choice of the scheduler's. So
what they can do counts where it has a choice; where it has none in all of a component, since a task
goes round and never yields, nobody is passed over.

Where only perpetual threads are left, going on for ever is what they are for. Then a component is
a livelock if it is never left and one of them changes no cell in it: it is blocked, or spins, for
good; and where there never were but daemons, if none of them changes any. A reduction keeps that:
from a reduced state the same steps can still be taken, in some order, as from the state itself,
and from a state in which a thread is stuck only such lead on.

Up to symmetry a component's states are told apart by which copies are where. An agent is
followed through it as a track: pairs of a state and who the agent is there; the permutation of
each move joins two of them. As only finitely many permutations come up, a track that leads
somewhere leads back, and so tracks are classes.

Source   fairness of components as in Lichtenstein and Pnueli, "Checking that finite state
         concurrent programs satisfy their linear specification", POPL 1985; tracks as in
         Emerson and Sistla, "Utilizing symmetry when model-checking under fairness assumptions",
         ACM TOPLAS 19(4), 1997 (there: threaded graph).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from racer.errors import InternalError
from racer.machine.interface import System
from racer.machine.layout import State
from racer.machine.moves import Move, agent_of, thread_of
from racer.search.components import components_with_cycles
from racer.search.state_graph import StateGraph
from racer.search.symmetry import Symmetric
from racer.search.walk import reachable

# The shortest cycle is looked for among so many pairs of a state and who has had a turn; where
# that is not enough, one that is not proved to be the shortest is made.
CYCLE_PAIRS: Final = 50_000


@dataclass(frozen=True, slots=True)
class Endless:
    """What a graph has of runs that never end while some thread has not that has to.

    livelocked   by number, the states in which such a run can be a fair one: each component's,
                 as a set of canonical states
    certain      which of these components no end can be reached from, or no work of some perpetual
                 thread
    unfair       the groups of the threads that could run for ever, were another one passed over
    """

    livelocked: tuple[frozenset[State], ...]
    certain: frozenset[int]
    unfair: tuple[str, ...]


NONE: Final = Endless((), frozenset(), ())


def endless(graph: StateGraph, quotient: Symmetric, *, reduced: bool) -> Endless:
    """Look at each component of a graph, which is one of canonical states if `reduced`.

    What is livelocked is so in any graph. That nothing else is takes all states, or the moves
    of `search(..., cycles=True)`; and what is certain, a graph that is complete.
    """
    if graph.order() is not None:
        return NONE
    found: list[frozenset[State]] = []
    certain: set[int] = set()
    unfair: set[str] = set()
    ending = _ending(graph, quotient)
    tracks = _Tracks(graph, quotient, reduced=reduced)
    for states in components_with_cycles(graph.edges):
        inside = frozenset(states)
        if quotient.settled(graph.states[states[0]]):
            stays = graph.complete and all(
                goal in inside for state in states for goal in graph.edges.after(state)
            )
            if stays and tracks.stuck(states):
                certain.add(len(found))
                found.append(frozenset(graph.states[state] for state in states))
        elif tracks.fair(states):
            if graph.complete and states[0] not in ending:
                certain.add(len(found))
            found.append(frozenset(graph.states[state] for state in states))
        else:
            unfair.update(
                quotient.groups[thread_of(move, quotient.agents)]
                for state in states
                for move, goal in graph.edges[state]
                if goal in inside
            )
    return Endless(tuple(found), frozenset(certain), tuple(sorted(unfair)))


def _ending(graph: StateGraph, quotient: Symmetric) -> set[int]:
    """The states from which one can be reached that has no move, or in which all have ended that
    have to."""
    before: dict[int, list[int]] = {}
    found: set[int] = set()
    for state, packed in enumerate(graph.states):
        goals = graph.edges.after(state)
        if not goals or quotient.settled(packed):
            found.add(state)
        for goal in goals:
            before.setdefault(goal, []).append(state)
    waiting = list(found)
    while waiting:
        for state in before.get(waiting.pop(), ()):
            if state not in found:
                found.add(state)
                waiting.append(state)
    return found


Track = tuple[int, int]  # a state, or -1 where that does not matter, and an agent


@dataclass(frozen=True, slots=True)
class _Followed:
    """The tracks of one component.

    joined    tracks that are of one agent, as a forest
    had       tracks of agents that move, or cannot at some time
    changed   tracks of threads with a move, be it of an agent of theirs, that changes a cell
    """

    joined: dict[Track, Track]
    had: set[Track]
    changed: set[Track]

    def root(self, track: Track) -> Track:
        while track in self.joined:
            track = self.joined[track]
        return track

    def join(self, one: Track, other: Track) -> None:
        one, other = self.root(one), self.root(other)
        if one != other:
            self.joined[max(one, other)] = min(one, other)


class _Tracks:
    """Follows agents through components of a graph."""

    def __init__(self, graph: StateGraph, quotient: Symmetric, *, reduced: bool) -> None:
        self._graph = graph
        self._quotient = quotient
        agents, groups = quotient.agents, quotient.groups
        self._position = {(agent.role, agent.thread): at for at, agent in enumerate(agents)}
        # By agent: whether copies of it may take its part.
        self._copied = [reduced and groups.count(groups[each.thread]) > 1 for each in agents]

    def fair(self, states: Sequence[int]) -> bool:
        """Whether the run through all of a component's states and moves is fair."""
        followed = self._followed(states)
        had = {followed.root(track) for track in followed.had}
        return all(
            followed.root(self._track(state, agent)) in had
            for state in states
            for agent in range(len(self._copied))
        )

    def stuck(self, states: Sequence[int]) -> bool:
        """Whether a perpetual thread changes no cell in a component; of daemons alone, all."""
        quotient = self._quotient
        if quotient.ended(self._graph.states[states[0]]):
            return False
        perpetual = [
            (state, thread)
            for state in states
            for thread in quotient.perpetual(self._graph.states[state])
        ]
        followed = self._followed(states)
        if not perpetual:  # there are but daemons, and all are still there
            return not followed.changed
        works = {followed.root(track) for track in followed.changed}
        return any(followed.root(self._track(*each)) not in works for each in perpetual)

    def _followed(self, states: Sequence[int]) -> _Followed:
        inside = frozenset(states)
        found = _Followed({}, set(), set())
        memory = self._quotient.memory
        alone = all(self._quotient.system.held(self._graph.states[state]) for state in states)
        for state in states:
            packed = self._graph.states[state]
            moves = dict(self._quotient.system.successors(packed))
            able = {agent_of(move) for move in moves}
            here = [self._track(state, agent) for agent in range(len(self._copied))]
            if alone or not self._quotient.system.held(packed):
                found.had.update(track for agent, track in enumerate(here) if agent not in able)
            for move, goal in self._graph.edges[state]:
                if goal not in inside:
                    continue
                found.had.add(here[agent_of(move)])
                if memory(moves[move]) != memory(packed):
                    found.changed.add(here[thread_of(move, self._quotient.agents)])
                for agent, to in self._arrived(moves[move]):
                    found.join(here[agent], self._track(goal, to))
        return found

    def _track(self, state: int, agent: int) -> Track:
        return (state if self._copied[agent] else -1, agent)

    def _arrived(self, after: State) -> Iterator[tuple[int, int]]:
        """Agents of copies, each with who it is in the canonical state."""
        if not any(self._copied):
            return
        arrangement = self._quotient.arrangement(after)
        for at, agent in enumerate(self._quotient.agents):
            if self._copied[at]:
                yield at, self._position[agent.role, arrangement[agent.thread]]


def shortest_fair_cycle(
    system: System, start: State, inside: Callable[[State], bool]
) -> tuple[Move, ...]:
    """Moves from a state back to it, through a fair component, on which each agent has its turn.

    That is a move, or a state in which it cannot. The shortest, if that is found soon.
    """
    everyone = range(len(system.agents))
    whole = (1 << len(everyone)) - 1

    alone = _held_all_along(system, start, inside)

    def unable(state: State) -> int:
        if system.held(state) and not alone:
            return 0
        able = {agent_of(move) for move, _ in system.successors(state)}
        return sum(1 << agent for agent in everyone if agent not in able)

    def following(node: tuple[State, int]) -> Iterator[tuple[Move, tuple[State, int]]]:
        state, had = node
        for move, after in system.successors(state):
            if inside(after):
                yield move, (after, had | 1 << agent_of(move) | unable(after))

    first = (start, unable(start))
    moves = _way(first, lambda node: node == (start, whole), following, CYCLE_PAIRS)
    if moves is not None:
        return moves
    made: list[Move] = []
    node = first
    while node[1] != whole:
        step = _way(node, _is_news(node[1]), _keeping(following, node[1]), None)
        node = _after(node, step, following)
        made += step or ()
    if node[0] == start:
        return tuple(made)
    return (*made, *(_way(node, lambda other: other[0] == start, following, None) or ()))


def _held_all_along(system: System, start: State, inside: Callable[[State], bool]) -> bool:
    """Whether a task of an event loop goes round a component, and never yields."""

    def following(state: State) -> Iterator[State]:
        return (after for _, after in system.successors(state) if inside(after))

    return all(map(system.held, reachable(start, following)))


Node = tuple[State, int]
Following = Callable[[Node], Iterable[tuple[Move, Node]]]


def _keeping(following: Following, had: int) -> Following:
    """Nothing follows a node in which somebody else has had a turn: it is a goal."""
    return lambda node: following(node) if node[1] == had else ()


def _is_news(had: int) -> Callable[[Node], bool]:
    """Whether somebody has had a turn that had none before."""
    return lambda node: node[1] != had


def _after(node: Node, moves: tuple[Move, ...] | None, following: Following) -> Node:
    if moves is None:
        raise InternalError("a component that is fair has no fair cycle")
    for move in moves:
        node = dict(following(node))[move]
    return node


def _way(
    start: Node, arrived: Callable[[Node], bool], following: Following, most: int | None
) -> tuple[Move, ...] | None:
    """The shortest way of one move or more to a node; None where `most` nodes are not enough."""
    came: dict[Node, tuple[Node, Move]] = {}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        for move, after in following(node):
            if arrived(after):
                moves = [move]
                while node != start:
                    node, move = came[node]
                    moves.append(move)
                return tuple(reversed(moves))
            if after not in came and after != start:
                if most is not None and len(came) >= most:
                    return None
                came[after] = (node, move)
                waiting.append(after)
    return None
