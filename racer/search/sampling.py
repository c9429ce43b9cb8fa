"""Sampling: single runs through the states of a program that are too many to be searched.

Nothing is proved by it. What it says is how likely it was to come across something:

PCT    Threads get priorities by lot, and the first of them that can move does; at some steps, drawn
       by lot too, it is put last. Of n threads, at most k steps in all and a violation that takes d
       ordered steps (its depth), each run shows it with a probability of 1/(n k^(d-1)) at least.
POS    Each step that is pending has a priority by lot; the first one is made, and those that
       conflict with it draw again. It does better where few steps conflict; no bound is told.
walks  Priorities are drawn again now and then, in some runs often and in others hardly ever, so
       that runs spread over the states: for estimates.

Where a run comes to a state that it has been in, whoever moved last is put last, too: it spins.

Source   Burckhardt, Kothari, Musuvathi, Nagarakatte, "A randomized scheduler with probabilistic
         guarantees of finding bugs", ASPLOS 2010; Yuan, Yang, Gu, "Partial order aware concurrency
         sampling", CAV 2018; McAllester, Schapire, "On the convergence rate of Good-Turing
         estimators", COLT 2000; Chao, "Estimating the population size for capture-recapture data
         with unequal catchability", Biometrics 43(4), 1987.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Final, Protocol, TypeVar

from racer.lang.operations import Operation
from racer.machine.interface import Broken, Successors, System
from racer.machine.layout import State
from racer.machine.moves import Move, agent_of
from racer.search.state_graph import ModelFailed

T = TypeVar("T")

CONFIDENCE: Final = 0.95
# The square of (2 sqrt 2 + sqrt 3) sqrt(ln(3 / delta)): of as many runs and fewer, what may be
# unseen is not below 1.
_EXCESS: Final = (2 * math.sqrt(2) + math.sqrt(3)) ** 2 * math.log(3 / (1 - CONFIDENCE))
RUNS_FOR_UNSEEN: Final = math.floor(_EXCESS) + 1


@dataclass(frozen=True, slots=True)
class Run:
    """One run. `states` are those before each move and the last one; `chances` is how many options
    there were, of all its choices together. `ended`: nobody can move. `repeats`: it has come to a
    state twice."""

    moves: tuple[Move, ...]
    states: tuple[State, ...]
    chances: int
    ended: bool
    repeats: bool


class Scheduler(Protocol):
    """Who moves, in one run."""

    def choose(self, state: State, moves: Successors) -> int:
        """The agent that moves, of those that can."""

    def put_last(self, agent: int) -> None:
        """It spins."""


class Walk:
    """Priorities by lot, drawn again before each step with a chance that is the run's own."""

    def __init__(self, random: Random, agents: int) -> None:
        self._random = random
        self._chance = random.random() ** 3
        self._priority = [random.random() for _ in range(agents)]

    def choose(self, state: State, moves: Successors) -> int:
        if self._random.random() < self._chance:
            self._priority = [self._random.random() for _ in self._priority]
        return max({agent_of(move) for move, _ in moves}, key=self._priority.__getitem__)

    def put_last(self, agent: int) -> None:
        self._priority[agent] -= 1


class Pct:
    """Priorities by lot, and `depth` - 1 steps among the first `steps` at which whoever moves is
    put last."""

    def __init__(self, random: Random, agents: int, depth: int, steps: int) -> None:
        order = sorted(range(agents), key=lambda agent: (random.random(), agent))
        self._priority = {agent: depth + place for place, agent in enumerate(order)}
        self._changes = [1 + int(random.random() * steps) for _ in range(depth - 1)]
        self._step = 0
        self._last = -1

    def choose(self, state: State, moves: Successors) -> int:
        self._step += 1
        able = {agent_of(move) for move, _ in moves}
        chosen = max(able, key=self._priority.__getitem__)
        for place, step in enumerate(self._changes):
            if step == self._step:
                self._priority[chosen] = place
                chosen = max(able, key=self._priority.__getitem__)
        return chosen

    def put_last(self, agent: int) -> None:
        self._priority[agent] = self._last
        self._last -= 1


class Pos:
    """Each agent's next step has a priority by lot, drawn again when a step conflicts with it."""

    def __init__(self, random: Random, system: System) -> None:
        self._random = random
        self._system = system
        self._priority: dict[int, float] = {}

    def choose(self, state: State, moves: Successors) -> int:
        able = {agent_of(move): move for move, _ in moves}
        for agent in sorted(able):
            if agent not in self._priority:
                self._priority[agent] = self._random.random()
        chosen = max(able, key=self._priority.__getitem__)
        done = self._system.event(state, able[chosen])[0]
        for agent in sorted(able):
            if agent != chosen and _conflict(done, self._system.event(state, able[agent])[0]):
                del self._priority[agent]
        del self._priority[chosen]
        return chosen

    def put_last(self, agent: int) -> None:
        self._priority[agent] = -1.0


def _conflict(one: Operation, other: Operation) -> bool:
    """Whether they access one cell, and one of them may store there."""
    mine, its = one.facts, other.facts
    return mine.cell is not None and mine.cell == its.cell and (mine.stores or its.stores)


def run(system: System, scheduler: Scheduler, random: Random, most: int) -> Run:
    """One run, of so many moves at most.

    Errors   ModelFailed where the model does, with the states on the way.
    """
    state = system.initial()
    moves: list[Move] = []
    states = [state]
    been = {state}
    chances, repeats = 1, False
    while True:
        try:
            able = system.successors(state)
        except Broken as broken:
            raise ModelFailed(states, broken) from broken
        if not able or len(moves) >= most:
            return Run(tuple(moves), tuple(states), chances, not able, repeats)
        agent = scheduler.choose(state, able)
        options = [each for each in able if agent_of(each[0]) == agent]
        chances *= len(options)
        move, state = _one_of(random, options)
        moves.append(move)
        states.append(state)
        if state in been:
            repeats = True
            scheduler.put_last(agent)
        been.add(state)


def _one_of(random: Random, items: Sequence[T]) -> T:
    return items[int(random.random() * len(items))]


# --- what samples say ---------------------------------------------------------------------------


def pct_bound(agents: int, depth: int, steps: int, chances: int) -> float:
    """How likely one run shows a violation of that depth, at least: no run has more agents or more
    steps, nor more options in all."""
    return float(1 / (Fraction(agents) * Fraction(steps) ** (depth - 1) * chances))


def at_least_once(chance: float, runs: int) -> float:
    """How likely something happens in so many runs that has this chance in each."""
    return -math.expm1(runs * math.log1p(-chance)) if chance < 1 else 1.0


def unseen_at_most(seen: Counter[Hashable]) -> float:
    """How likely the next run comes to what none has come to, at most; the runs so far would
    deceive about that with a probability of 1 - CONFIDENCE.

    Source   McAllester and Schapire, theorem 9: the missing mass exceeds Good and Turing's estimate
             by no more than (2 sqrt 2 + sqrt 3) sqrt(ln(3 / delta) / runs).
    Bound    1, which says nothing, of fewer than RUNS_FOR_UNSEEN runs.
    """
    runs = seen.total()
    once = sum(1 for times in seen.values() if times == 1)
    return min(1.0, once / runs + math.sqrt(_EXCESS / runs))


def states_at_least(runs: Iterable[Sequence[State]]) -> float:
    """How many states there are, at least, by those that several runs have in common.

    States are told apart by how many steps it took to come to them first, and of each such level
    Chao's lower bound is taken: of S states that were seen, Q1 by one run alone and Q2 by two,
    S + (m - 1) Q1 (Q1 - 1) / (2 m (Q2 + 1)) for m runs. It falls short where runs come to some
    states far more often than to others.
    """
    level: dict[State, int] = {}
    times: Counter[State] = Counter()
    count = 0
    for states in runs:
        count += 1
        for at, state in enumerate(states):
            level[state] = min(at, level.get(state, at))
        times.update(set(states))
    found: dict[int, list[int]] = {}  # of a level: states seen, by one run, by two
    for state, at in level.items():
        row = found.setdefault(at, [0, 0, 0])
        row[0] += 1
        if times[state] <= 2:
            row[times[state]] += 1
    share = (count - 1) / count
    return sum(
        all_ + share * one * (one - 1) / (2 * (two + 1)) for all_, one, two in found.values()
    )


def states_by_levels(widths: Sequence[int], depth: int) -> float:
    """How many states there are if so many take 0, 1, 2, ... steps to come to, as far as that is
    known, and runs take `depth` steps: to an order of magnitude.

    Threads that wait little for each other go through states as through the points of a box: few
    after few steps and few before the end, and most half-way. Past that, levels are as wide as
    those before it. Before it, the logarithm of how many there are after l steps is taken for
    H 4 l (d - l) / d^2, which is 0 at both ends; the last level that is known gives H.
    """
    level = len(widths) - 1
    if not 0 < level < depth:
        return float(sum(widths))
    if 2 * level >= depth:
        return float(sum(widths) + sum(widths[depth - at] for at in range(level + 1, depth + 1)))
    high = math.log(widths[level]) * depth**2 / (4 * level * (depth - level))
    return sum(math.exp(high * 4 * at * (depth - at) / depth**2) for at in range(depth + 1))
