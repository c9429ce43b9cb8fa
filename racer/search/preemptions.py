"""Minimal witnesses: of all schedules that show something, the one that a reader would choose.

Least is, in this order: fewest preemptions; fewest threads with a step before the violation; fewest
steps before it; fewest switches from one thread to another; fewest steps in all; then the least
move at each step, by the order of threads and options. The steps before a violation are those up
to the first state that shows it, the one that leads there included; where nothing shows it before
an end does (a deadlock, an outcome), all of them.

A preemption is a switch away from a thread that could go on, and is in no atomic region: in such
a one it keeps its CPU, and the other thread runs on another one. What else moves in a memory model
(a store buffer that flushes) neither preempts nor is preempted.

A schedule's cost depends on who moved last and who has moved, so the search runs over nodes (state,
last thread, threads that have moved). It forgets the last thread where neither it nor anything that
may free it can move: leaving it costs nothing there; and who has moved, once the violation has
happened. Nodes are settled in the order of their cost, over all moves and never over a reduced set,
since a reduction that keeps every label may lose the cheapest way to it. When a goal is first met,
no schedule that costs less leads to it: that is proved, and no more of the state space need be
known than lies below.

Copies of a thread are interchangeable, so a node is taken up to permutations of the copies that
leave the last thread alone. Whether a node lies on a cheapest way to a goal is the same for all
of its permutations; so the lexicographically least schedule is found by walking from the
initial state, always taking the least move that stays on nodes with that property.

Source   Dijkstra, "A note on two problems in connexion with graphs", Numer. Math. 1, 1959;
         preemption bounding: Musuvathi, Qadeer, "Iterative context bounding", PLDI 2007.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from racer.errors import InternalError
from racer.machine.interface import Successors, System
from racer.machine.layout import State
from racer.machine.moves import Move, agent_of
from racer.native.library import Engine
from racer.search.limits import Budget
from racer.search.symmetry import groups_of

NOBODY = -1
# State, thread that moved last (or NOBODY, where that is forgotten), the set of threads that have
# moved as a number with a bit for each (0 once the violation has happened).
Node = tuple[State, int, int]
# Preemptions; threads with a step before the violation, steps before it; switches, steps in all.
# The first thread to move counts as a switch.
Cost = tuple[int, int, int, int, int]
Shows = Callable[[State, bool], Iterable[Hashable]]  # goals of a state, and whether it is an end
Happened = Callable[[State], bool]  # whether the violation has happened by a state

NOTHING: Cost = (0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class CheapestPath:
    """A minimal path to a goal. `before`: so many of its moves come before the violation."""

    preemptions: int
    before: int
    moves: tuple[Move, ...]


class Remembering:
    """A system's moves, looked up once for each state: nodes come back to states often."""

    def __init__(self, system: System) -> None:
        self.initial = system.initial
        self.atomic = system.atomic
        self._successors = system.successors
        self._known: dict[State, Successors] = {}
        self._agents: dict[State, tuple[int, ...]] = {}

    def successors(self, state: State) -> Successors:
        found = self._known.get(state)
        if found is None:
            found = self._known[state] = self._successors(state)
        return found

    def agents(self, state: State) -> tuple[int, ...]:
        """Who makes these moves, parallel to them."""
        found = self._agents.get(state)
        if found is None:
            moves = self.successors(state)
            found = self._agents[state] = tuple([agent_of(move) for move, _ in moves])
        return found


class PreemptionSearch:
    """Searches nodes by cost until every goal has been met, or the budget is spent.

    `happened` says by which states the violation has happened that schedules are wanted to; once
    it has, it has in all states that follow. None: at the end of a schedule.
    """

    def __init__(
        self,
        system: System,
        shows: Shows,
        groups: Sequence[str],
        happened: Happened | None = None,
        moves: Remembering | None = None,
    ) -> None:
        self._system = moves or Remembering(system)
        self._shows = shows
        self._happens = happened
        self._happened: dict[State, bool] = {}
        self._agents = [agent.thread for agent in system.agents]
        self._threads = len(system.names)  # agents from here on are no threads
        self._groups = groups_of(system, groups)
        self._cost: dict[Node, Cost] = {}
        self._before: dict[Node, list[Node]] = {}  # on the cheapest ways to a node
        self._met: dict[Hashable, tuple[Cost, list[Node]]] = {}
        # By state: with how many preemptions what follows it can follow at most.
        self._least: dict[State, int] = {}
        # The nodes to settle by cost, all of as many preemptions; their last thread is not yet
        # forgotten, and each has the settled nodes it was reached from.
        self._layers: dict[Cost, dict[Node, list[Node]]] = {
            NOTHING: {self._node(*self.first()): []}
        }
        self._costs = [NOTHING]  # of the layers, as a heap
        # Settled with so many preemptions: nodes whose preempting moves have not been made.
        self._interruptible: list[Node] = []

    @property
    def engine(self) -> Engine:
        """What searches."""
        return "python"

    def run(self, goals: Iterable[Hashable], budget: Budget) -> None:
        """Settle nodes until all goals are met; a later run goes on where this one stops."""
        missing = set(goals) - self._met.keys()
        while missing and (self._costs or self._interruptible):
            if not budget.allows(len(self._cost)):
                return
            if not self._costs:
                self._preempt()
                continue
            cost = heapq.heappop(self._costs)
            for reached, before in self._layers.pop(cost).items():
                self._settle(reached, before, cost)
            missing -= self._met.keys()

    def _preempt(self) -> None:
        """Go on to one preemption more: only when nothing is left that needs none."""
        interruptible, self._interruptible = self._interruptible, []
        for node in interruptible:
            state, last, _ = node
            agents = enumerate(self._system.agents(state))
            self._reach(node, [at for at, agent in agents if self._preempts(agent, last)])

    def _settle(self, reached: Node, before: list[Node], cost: Cost) -> None:
        state, last, moved = node = reached
        agents = self._system.agents(state)
        goes_on = last in agents
        free = not goes_on or self._system.atomic(state, last)  # what moves next preempts nobody
        if not goes_on and last != NOBODY and self._standing(state, last) == NOBODY:
            state, last, moved = node = self._node(state, NOBODY, moved)
            agents = self._system.agents(state)
        known = self._cost.get(node)
        if known is not None:
            if known == cost:
                self._before[node] += before
            return
        if self._is_dominated(state, last, cost[0]):
            return
        self._cost[node] = cost
        self._before[node] = before
        for goal in self._shows(state, not agents):
            first, nodes = self._met.setdefault(goal, (cost, []))
            if first == cost:
                nodes.append(node)
        if free:
            self._reach(node, range(len(agents)))
            return
        own = [at for at, agent in enumerate(agents) if not self._preempts(agent, last)]
        self._reach(node, own)
        if len(own) < len(agents):
            self._interruptible.append(node)

    def _is_dominated(self, state: State, last: int, preemptions: int) -> bool:
        """Whether the state was settled so cheaply that even one preemption more is cheaper.

        What follows a node can follow any node with the same state, at the price of at most one
        preemption, and of none if its last thread is forgotten.
        """
        standing = self._node(state, NOBODY, 0)[0] if self._groups else state
        at_most = preemptions + (last != NOBODY)
        least = self._least.get(standing)
        if least is None or at_most < least:
            self._least[standing] = at_most
            return False
        return preemptions > least

    def _reach(self, node: Node, chosen: Sequence[int]) -> None:
        """Put what each of the moves leads to into its layer; of copies that are alike, one moves.

        `chosen` are the positions of the moves.
        """
        if self._groups:
            state, last, moved = node
            agents = self._system.agents(state)
            alike = [group.alike(state, last, moved) for group in self._groups]
            chosen = [
                at
                for at in chosen
                if not any(self._agents[agents[at]] in copies for copies in alike)
            ]
        for goal, cost in self._after(node, self._cost[node], chosen):
            if self._groups:
                goal = self._node(*goal)
            layer = self._layers.get(cost)
            if layer is None:
                layer = self._layers[cost] = {}
                heapq.heappush(self._costs, cost)
            before = layer.get(goal)
            if before is None:
                layer[goal] = [node]
            else:
                before.append(node)

    def _after(self, node: Node, cost: Cost, chosen: Iterable[int]) -> Iterator[tuple[Node, Cost]]:
        """Where the moves at these positions lead from a node of that cost, and what that costs.

        What follows is not yet taken up to permutations, and no last thread is forgotten.
        """
        state, last, moved = node
        preemptions, threads, before, switches, steps = cost
        moves, agents = self._system.successors(state), self._system.agents(state)
        interrupted = preemptions  # if it is another thread that moves
        if last in agents and not self._system.atomic(state, last):
            interrupted += 1
        happened = self._has_happened(state)
        if not happened:
            before += 1
        steps += 1
        for at in chosen:
            agent, after = agents[at], moves[at][1]
            has_moved = 0 if happened or self._has_happened(after) else moved | 1 << agent
            more = threads + (not happened and not moved >> agent & 1)
            if agent == last:
                yield (after, last, has_moved), (preemptions, more, before, switches, steps)
            elif agent < self._threads:
                cost = (interrupted, more, before, switches + 1, steps)
                yield (after, agent, has_moved), cost
            else:
                has_moved &= moved
                yield (after, last, has_moved), (preemptions, threads, before, switches, steps)

    def _has_happened(self, state: State) -> bool:
        if self._happens is None:
            return False
        found = self._happened.get(state)
        if found is None:
            found = self._happened[state] = self._happens(state)
        return found

    def _preempts(self, agent: int, last: int) -> bool:
        """Whether it is another thread, where the last one can go on."""
        return agent < self._threads and agent != last

    def _standing(self, state: State, last: int) -> int:
        """The last thread as long as it matters: it can go on, or what may free it can."""
        agents = self._system.agents(state)  # in their order: others than threads come last
        matters = last in agents or (bool(agents) and agents[-1] >= self._threads)
        return last if matters else NOBODY

    def path_to(self, goal: Hashable) -> CheapestPath | None:
        """The minimal path to a goal; None if it was not met."""
        if goal not in self._met:
            return None
        cost, nodes = self._met[goal]
        return least_along(self, self._leading_to(nodes), cost, goal)

    def arrived(self, state: State, goal: Hashable) -> bool:
        """Whether a schedule to the goal may stop at a state."""
        return goal in self._shows(state, not self._system.successors(state))

    def cost_of(self, node: Node) -> Cost:
        """What a node has been settled at."""
        return self._cost[node]

    def _leading_to(self, nodes: list[Node]) -> set[Node]:
        marked = set(nodes)
        waiting = list(nodes)
        while waiting:
            for before in self._before[waiting.pop()]:
                if before not in marked:
                    marked.add(before)
                    waiting.append(before)
        return marked

    def first(self) -> Node:
        """The node that schedules begin at, not permuted."""
        return (self._system.initial(), NOBODY, 0)

    def following(
        self, node: Node, cost: Cost, marked: Container[Node]
    ) -> Iterator[tuple[Move, Node, Cost]]:
        """The moves from a node of that cost to those of the marked nodes that cost what it takes
        to come there so, with where they lead and what that costs; not permuted."""
        moves = self._system.successors(node[0])
        following = self._after(node, cost, range(len(moves)))
        for (move, _), ((after, last, moved), costs) in zip(moves, following, strict=True):
            if last != NOBODY:
                last = self._standing(after, last)
            settled = self._node(after, last, moved)
            if settled in marked and self.cost_of(settled) == costs:
                yield move, (after, last, moved), costs

    def _node(self, state: State, last: int, moved: int) -> Node:
        """The node that stands for all permutations of one: the last thread is its group's first,
        the others are sorted by their parts of the state, then by whether they have moved."""
        for group in self._groups:
            position = -1
            if last in group.threads:
                position = group.threads.index(last)
                last = group.threads[0]
            delta, moved = group.sorting_behind(state, position, moved)
            state += delta
        return (state, last, moved)


def least_along(
    search: PreemptionSearch, marked: Container[Node], cost: Cost, goal: Hashable
) -> CheapestPath:
    """The least schedule of that cost to a goal, along nodes on cheapest ways to it."""
    walk = _Walk(search, marked, cost, lambda state: search.arrived(state, goal))
    return CheapestPath(cost[0], cost[2], walk.moves())


class _Walk:
    """The least schedule along marked nodes, each at its settled cost, to a state of the goal."""

    def __init__(
        self,
        search: PreemptionSearch,
        marked: Container[Node],
        cost: Cost,
        arrived: Callable[[State], bool],
    ) -> None:
        self._search = search
        self._marked = marked
        self._cost = cost
        self._arrived = arrived

    def moves(self) -> tuple[Move, ...]:
        """Depth first in the order of moves; a node from which it fails is not tried again."""
        start = self._search.first()
        moves: list[Move] = []
        stack = [self._search.following(start, NOTHING, self._marked)]
        failed: set[Node] = set()
        if self._is_goal(start, NOTHING):
            return ()
        while stack:
            step = next(stack[-1], None)
            if step is None:
                stack.pop()
                if moves:
                    moves.pop()
                continue
            move, node, cost = step
            if node in failed:
                continue
            failed.add(node)
            moves.append(move)
            if self._is_goal(node, cost):
                return tuple(moves)
            stack.append(self._search.following(node, cost, self._marked))
        raise InternalError("no path along the cheapest nodes to a goal that was met")

    def _is_goal(self, node: Node, cost: Cost) -> bool:
        return cost == self._cost and self._arrived(node[0])
