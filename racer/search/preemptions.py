"""Minimal witnesses: fewest preemptions, then fewest steps, then lexicographic.

A preemption is a switch away from a thread that could go on; what else moves in a memory model (a
store buffer that flushes) neither preempts nor is preempted. A schedule's cost depends on the
thread that moved last, so the search runs over pairs (state, last thread), and forgets the last
thread where neither it nor anything that may free it can move: leaving it costs nothing there.
Pairs are settled in the order of (preemptions, steps), over all moves and never over a reduced
set, since a reduction that keeps every label may lose the cheapest way to it. When a goal is
first met, no schedule with fewer preemptions, or as many and fewer steps, leads to it: that is
proved, and no more of the state space need be known than lies below that cost.

Copies of a thread are interchangeable, so a pair is taken up to permutations of the copies that
leave the last thread alone. Whether a pair lies on a cheapest way to a goal is the same for all
of its permutations; so the lexicographically least schedule is found by walking from the
initial state, always taking the least move that stays on pairs with that property.

Source   Dijkstra, "A note on two problems in connexion with graphs", Numer. Math. 1, 1959;
         preemption bounding: Musuvathi, Qadeer, "Iterative context bounding", PLDI 2007.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from racer.errors import InternalError
from racer.machine.interface import Successors, System
from racer.machine.layout import State
from racer.machine.moves import Move, agent_of
from racer.search.limits import Budget
from racer.search.symmetry import groups_of

NOBODY = -1
Pair = tuple[State, int]  # state, thread that moved last (or NOBODY, where that is forgotten)
Cost = tuple[int, int]  # preemptions, steps
Shows = Callable[[State, bool], Iterable[Hashable]]  # goals of a state, and whether it is an end


@dataclass(frozen=True, slots=True)
class CheapestPath:
    """A minimal path to a goal."""

    preemptions: int
    moves: tuple[Move, ...]


class Remembering:
    """A system's moves, looked up once for each state: pairs come back to states often."""

    def __init__(self, system: System) -> None:
        self.initial = system.initial
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
    """Searches pairs by cost until every goal has been met, or the budget is spent."""

    def __init__(self, system: System, shows: Shows, groups: Sequence[str]) -> None:
        self._system = Remembering(system)
        self._shows = shows
        self._agents = [agent.thread for agent in system.agents]
        self._threads = len(system.names)  # agents from here on are no threads
        self._groups = groups_of(system, groups)
        self._cost: dict[Pair, Cost] = {}
        self._before: dict[Pair, list[Pair]] = {}  # on the cheapest ways to a pair
        self._met: dict[Hashable, tuple[Cost, list[Pair]]] = {}
        # By state: with how many preemptions what follows it can follow at most.
        self._least: dict[State, int] = {}
        # The pairs to settle with so many preemptions, by steps; their last thread is not yet
        # forgotten, and each has the settled pairs it was reached from.
        self._preemptions = 0
        start = self._pair(system.initial(), NOBODY)
        self._layers: dict[int, dict[Pair, list[Pair]]] = {0: {start: []}}
        # Settled with so many preemptions: pairs whose preempting moves have not been made.
        self._interruptible: list[Pair] = []

    def run(self, goals: Iterable[Hashable], budget: Budget) -> None:
        """Settle pairs until all goals are met; a later run goes on where this one stops."""
        missing = set(goals) - self._met.keys()
        while missing and (self._layers or self._interruptible):
            if not budget.allows(len(self._cost)):
                return
            if not self._layers:
                self._preempt()
                continue
            steps = min(self._layers)
            for reached, before in self._layers.pop(steps).items():
                self._settle(reached, before, (self._preemptions, steps))
            missing -= self._met.keys()

    def _preempt(self) -> None:
        """Go on to one preemption more: only when nothing is left that needs none."""
        interruptible, self._interruptible = self._interruptible, []
        self._preemptions += 1
        for pair in interruptible:
            state, last = pair
            moving = self._moving(state)
            self._reach(pair, [at for at, agent in moving if self._preempts(agent, last)])

    def _settle(self, reached: Pair, before: list[Pair], cost: Cost) -> None:
        state, last = reached
        if last != NOBODY and self._standing(state, last) == NOBODY:
            state, last = pair = self._pair(state, NOBODY)
        else:
            pair = reached
        known = self._cost.get(pair)
        if known is not None:
            if known == cost:
                self._before[pair] += before
            return
        if self._is_dominated(state, last, cost[0]):
            return
        self._cost[pair] = cost
        self._before[pair] = before
        agents = self._system.agents(state)
        for goal in self._shows(state, not agents):
            first, pairs = self._met.setdefault(goal, (cost, []))
            if first == cost:
                pairs.append(pair)
        if last not in agents:
            self._reach(pair, range(len(agents)))
            return
        own = [at for at, agent in self._moving(state) if not self._preempts(agent, last)]
        self._reach(pair, own)
        if len(own) < len(agents):
            self._interruptible.append(pair)

    def _is_dominated(self, state: State, last: int, preemptions: int) -> bool:
        """Whether the state was settled so cheaply that even one preemption more is cheaper.

        What follows a pair can follow any pair with the same state, at the price of at most one
        preemption, and of none if its last thread is forgotten.
        """
        standing = self._pair(state, NOBODY)[0]
        at_most = preemptions + (last != NOBODY)
        least = self._least.get(standing)
        if least is None or at_most < least:
            self._least[standing] = at_most
            return False
        return preemptions > least

    def _moving(self, state: State) -> Iterable[tuple[int, int]]:
        """The position of each move, and who makes it."""
        return enumerate(self._system.agents(state))

    def _reach(self, pair: Pair, chosen: Iterable[int]) -> None:
        """Put what each of the moves leads to into its layer; of copies that are alike, one moves.

        `chosen` are the positions of the moves.
        """
        state, last = pair
        moves, agents = self._system.successors(state), self._system.agents(state)
        alike = [group.alike(state, last) for group in self._groups]
        steps = self._cost[pair][1] + 1
        layer = self._layers.setdefault(steps, {})
        for at in chosen:
            agent = agents[at]
            after = (moves[at][1], agent if agent < self._threads else last)
            if alike:
                if any(self._agents[agent] in copies for copies in alike):
                    continue
                after = self._pair(*after)
            before = layer.get(after)
            if before is None:
                layer[after] = [pair]
            else:
                before.append(pair)
        if not layer:
            del self._layers[steps]

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
        cost, pairs = self._met[goal]

        def arrived(state: State) -> bool:
            return goal in self._shows(state, not self._system.successors(state))

        walk = _Walk(self, self._leading_to(pairs), cost, arrived)
        return CheapestPath(cost[0], walk.moves())

    def _leading_to(self, pairs: list[Pair]) -> set[Pair]:
        marked = set(pairs)
        waiting = list(pairs)
        while waiting:
            for before in self._before[waiting.pop()]:
                if before not in marked:
                    marked.add(before)
                    waiting.append(before)
        return marked

    def next_pairs(self, state: State, last: int) -> list[tuple[Move, State, int, Pair, int]]:
        """Moves from a real state: move, state after, last thread, its pair, preemptions."""
        found = []
        agents = self._system.agents(state)
        can_go_on = last in agents
        for (move, after), agent in zip(self._system.successors(state), agents, strict=True):
            new_last = agent if agent < self._threads else last
            if new_last != NOBODY:
                new_last = self._standing(after, new_last)
            preempted = can_go_on and self._preempts(agent, last)
            found.append((move, after, new_last, self._pair(after, new_last), int(preempted)))
        return found

    def initial(self) -> State:
        return self._system.initial()

    def cost_of(self, pair: Pair) -> Cost | None:
        return self._cost.get(pair)

    def _pair(self, state: State, last: int) -> Pair:
        """The pair that stands for all its permutations: the last thread is its group's first."""
        for group in self._groups:
            if last in group.threads:
                state += group.sorting_behind(state, group.threads.index(last))
                last = group.threads[0]
            else:
                state += group.sorting(state)
        return (state, last)


class _Walk:
    """The least schedule along marked pairs, each at its settled cost, to a state of the goal."""

    def __init__(
        self,
        search: PreemptionSearch,
        marked: set[Pair],
        cost: Cost,
        arrived: Callable[[State], bool],
    ) -> None:
        self._search = search
        self._marked = marked
        self._cost = cost
        self._arrived = arrived

    def moves(self) -> tuple[Move, ...]:
        """Depth first in the order of moves; a state from which it fails is not tried again."""
        start = self._search.initial()
        moves: list[Move] = []
        stack = [iter(self._options(start, NOBODY, (0, 0)))]
        failed: set[tuple[State, int]] = set()
        if self._is_goal(start, (0, 0)):
            return ()
        while stack:
            step = next(stack[-1], None)
            if step is None:
                stack.pop()
                if moves:
                    moves.pop()
                continue
            move, after, last, cost = step
            if (after, last) in failed:
                continue
            failed.add((after, last))
            moves.append(move)
            if self._is_goal(after, cost):
                return tuple(moves)
            stack.append(iter(self._options(after, last, cost)))
        raise InternalError("no path along the cheapest pairs to a goal that was met")

    def _options(self, state: State, last: int, cost: Cost) -> list[tuple[Move, State, int, Cost]]:
        options = []
        for move, after, new_last, pair, preempted in self._search.next_pairs(state, last):
            new_cost = (cost[0] + preempted, cost[1] + 1)
            if pair in self._marked and self._search.cost_of(pair) == new_cost:
                options.append((move, after, new_last, new_cost))
        return options

    def _is_goal(self, state: State, cost: Cost) -> bool:
        return cost == self._cost and self._arrived(state)
