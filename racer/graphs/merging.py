"""Merging states into nodes: ends that show the same become one, chains of states one edge.

Copies of a thread are one group: in a graph up to symmetry, which copy moves has no meaning.
Moves of one group from one state to another are therefore one edge, which counts them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from racer.graphs.data import StateEdge, StateKind, StateNode, Step
from racer.lang.operations import Operation
from racer.lang.outcomes import DEADLOCK
from racer.machine.interface import System
from racer.machine.layout import State
from racer.machine.moves import Move, thread_of
from racer.search.counting import continuations_of, schedules_to
from racer.search.shown import Examiner
from racer.search.state_graph import StateGraph
from racer.words.changes import shown
from racer.words.outcomes import outcome_value
from racer.words.phrases import operation_text, step_text

Hop = tuple[str, int]  # the group of threads that moves, and the state it leads to
Hops = dict[int, list[Hop]]  # by state: those that are drawn


@dataclass(frozen=True, slots=True)
class Chain:
    """Hops one after the other, through states at which there is no other way in or out."""

    source: int
    hops: tuple[Hop, ...]

    @property
    def target(self) -> int:
        return self.hops[-1][1]


def chains(
    hops: Hops, *, split_by_thread: bool = False, split_at: Container[int] = ()
) -> list[Chain]:
    """The chains that `hops` fall into, in the order in which a search from state 0 finds them.

    A chain also ends at a state of `split_at` and, with `split_by_thread`, where another thread
    goes on.
    """
    ways_in: dict[int, list[str]] = {}
    for state in hops:
        for group, goal in hops[state]:
            ways_in.setdefault(goal, []).append(group)

    def goes_on(state: int) -> bool:
        out = hops.get(state, [])
        if state == 0 or state in split_at or len(out) != 1 or len(ways_in[state]) != 1:
            return False
        return not split_by_thread or out[0][0] == ways_in[state][0]

    found = []
    order, seen = [0], {0}
    for source in order:  # grows while it is read
        for hop in hops.get(source, []):
            path = [hop]
            while goes_on(path[-1][1]):
                path.append(hops[path[-1][1]][0])
            found.append(Chain(source, tuple(path)))
            if path[-1][1] not in seen:
                seen.add(path[-1][1])
                order.append(path[-1][1])
    return found


def end_key(system: System, examiner: Examiner, end: State) -> Hashable:
    """Equal for two ends exactly when they show the same."""
    return examiner.labels_at_end(end), examiner.family(system.outcome(end))


class Merged:
    """A searched graph with equal ends as one state, and the moves of copies as one hop.

    `standing[i]` is the state that is drawn for state i; `hops` are between such states.
    `to` and `onwards` are numbers of paths, None where a cycle or a limit makes them unknown.
    `leads[i]` says whether a violation was met at state i or can be from there.
    """

    def __init__(self, system: System, graph: StateGraph) -> None:
        self.system = system
        self.graph = graph
        self._examiner = Examiner(system, system.groups)
        self._is_end = [
            not moves and not system.successors(packed)
            for packed, moves in zip(graph.states, graph.edges, strict=True)
        ]
        self.standing = self._standing()
        self._moves = self._grouped()
        self.hops: Hops = {state: list(moves) for state, moves in enumerate(self._moves) if moves}
        self.to = schedules_to(graph) if graph.complete else None
        self.onwards = continuations_of(graph) if graph.complete else None
        self.leads = self._leads()

    def is_end(self, state: int) -> bool:
        return self._is_end[state]

    def end_key(self, state: int) -> Hashable:
        return end_key(self.system, self._examiner, self.graph.states[state])

    @property
    def total(self) -> int | None:
        return None if self.onwards is None else self.onwards[0]

    def through(self, chain: Chain) -> int | None:
        """How many paths take the steps of a chain, one after the other."""
        if self.to is None or self.onwards is None:
            return None
        ways, state = 1, chain.source
        for hop in chain.hops:
            ways *= len(self._moves[state][hop])
            state = hop[1]
        return self.to[chain.source] * ways * self.onwards[chain.target]

    def labels(self, state: int) -> tuple[str, ...]:
        packed = self.graph.states[state]
        if self._is_end[state]:
            return self._examiner.labels_at_end(packed)
        return self.system.labels(packed)

    def node(
        self, number: int, state: int, into: Sequence[Chain], out: Sequence[Chain]
    ) -> StateNode:
        """The node for a state, between the chains that are drawn."""
        labels = self.labels(state)
        kind, paths = self._kind(state, labels), self._paths(state)
        arriving = None
        if paths is not None and state != 0:
            arriving = paths - sum(self.through(chain) or 0 for chain in into) or None
        if self._is_end[state]:
            outcome = self._outcome(state)
            return StateNode(number, kind, labels, outcome, arriving=arriving, paths=paths)
        leaves, elsewhere = self._leaves(state, out), None
        if leaves and paths is not None:
            elsewhere = paths - sum(self.through(chain) or 0 for chain in out)
        return StateNode(
            number,
            kind,
            labels,
            leaves=leaves,
            elsewhere=elsewhere,
            arriving=arriving,
            paths=paths,
        )

    def _paths(self, state: int) -> int | None:
        """How many paths come through a state, or to one of the ends that it stands for."""
        if self.to is None or self.onwards is None:
            return None
        if not self._is_end[state]:
            return self.to[state] * self.onwards[state]
        same = (other for other, stands in enumerate(self.standing) if stands == state)
        return sum(self.to[other] for other in same)

    def _leaves(self, state: int, out: Sequence[Chain]) -> bool:
        """Whether there are moves from a state, or within the chains from it, beside them."""
        between = [goal for chain in out for _, goal in chain.hops[:-1]]
        begun = {chain.hops[0] for chain in out}
        return len(self.hops.get(state, [])) > len(begun) or any(
            len(self.hops[goal]) > 1 for goal in between
        )

    def edge(self, chain: Chain, numbers: Mapping[int, int]) -> StateEdge:
        return StateEdge(
            numbers[chain.source],
            numbers[chain.target],
            tuple(self._steps(chain)),
            self.through(chain),
            self.leads[chain.target],
        )

    def _standing(self) -> list[int]:
        standing = list(range(len(self.graph.states)))
        first: dict[Hashable, int] = {}
        for state in standing:
            if self._is_end[state] and state != 0:
                standing[state] = first.setdefault(self.end_key(state), state)
        return standing

    def _grouped(self) -> list[dict[Hop, list[tuple[Move, int]]]]:
        """By state and hop: the moves, each with the state it leads to before ends are merged."""
        groups, agents = self.system.groups, self.system.agents
        found: list[dict[Hop, list[tuple[Move, int]]]] = []
        for moves in self.graph.edges:
            by_hop: dict[Hop, list[tuple[Move, int]]] = {}
            for move, goal in moves:
                hop = (groups[thread_of(move, agents)], self.standing[goal])
                by_hop.setdefault(hop, []).append((move, goal))
            found.append(by_hop)
        return found

    def _leads(self) -> list[bool]:
        leads = [bool(self.labels(state)) for state in range(len(self.graph.states))]
        before: dict[int, list[int]] = {}
        for state, moves in enumerate(self.graph.edges):
            for _, goal in moves:
                before.setdefault(goal, []).append(state)
        waiting = [state for state, marked in enumerate(leads) if marked]
        while waiting:
            for state in before.get(waiting.pop(), []):
                if not leads[state]:
                    leads[state] = True
                    waiting.append(state)
        return leads

    def _kind(self, state: int, labels: Sequence[str]) -> StateKind:
        if self._is_end[state]:
            if DEADLOCK in labels and not self.system.ended(self.graph.states[state]):
                return "deadlock"
            return "violating" if labels else "final"
        if state == 0:
            return "initial"
        if not self.graph.edges.count(state):
            return "unexplored"
        return "violating" if labels else "state"

    def _steps(self, chain: Chain) -> Iterator[Step]:
        state = chain.source
        for hop in chain.hops:
            moves = self._moves[state][hop]
            packed = self.graph.states[state]
            text = _one_of([self.system.event(packed, move) for move, _ in moves])
            before = self.system.labels(packed)
            after = self.system.labels(self.graph.states[moves[0][1]])
            raises = tuple(label for label in after if label not in before)
            yield Step(hop[0], text, raises)
            state = hop[1]

    def _outcome(self, state: int) -> tuple[tuple[str, str], ...]:
        """By group of copies, what they came to: `1, None` where they differ."""
        values: dict[str, list[str]] = {}
        outcome = self.system.outcome(self.graph.states[state])
        for group, (_, value) in zip(self.system.groups, outcome, strict=True):
            values.setdefault(group, []).append(outcome_value(value, shown))
        return tuple((group, _listed(texts)) for group, texts in values.items())


def _one_of(events: Sequence[tuple[Operation, object]]) -> str:
    """The text of steps that lead to the same state; options of one choice are listed."""
    operation = events[0][0]
    same = all(each.text() == operation.text() for each, _ in events)
    if len(events) > 1 and same and len(operation.facts.options) > 1:
        options = list(dict.fromkeys(shown(each) for _, each in events))
        few = len(options) < len(operation.facts.options)
        return f"{operation_text(operation)} -> {', '.join(options) if few else 'any'}"
    return " or ".join(dict.fromkeys(step_text(*event) for event in events))


def _listed(texts: Sequence[str]) -> str:
    counted = sorted(Counter(texts).items())
    return ", ".join(f"{text} (x{count})" if count > 1 else text for text, count in counted)
