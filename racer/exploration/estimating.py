"""Estimating: how many states a search would have to go through, and how long that may take.

It is asked before a long search, and answers within seconds. The time is that of this machine at
this moment, so unlike a report it is never the same twice.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Final

from racer import interrupts
from racer.exploration.confirming import model_error
from racer.exploration.sampling import walks
from racer.exploration.wanted import Wanted
from racer.lang.faults import told_as_the_models
from racer.lang.program import Program
from racer.machine.loaded import Loaded, load_program
from racer.machine.models import system_of
from racer.machine.monitors import TooManyWindows
from racer.search.graph import search
from racer.search.limits import Budget
from racer.search.sampling import Run, states_at_least, states_by_levels
from racer.search.state_graph import ModelFailed, StateGraph
from racer.search.symmetry import Symmetric

RUNS: Final = 2_000
SECONDS: Final = 2.0  # for each of the two parts


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a search of all states would come to, up to symmetry.

    states      how many there are: exactly if `exact`, else to an order of magnitude, by how fast
                their number grows with the steps that it takes to come to them
    least       how many there are at least: those that were searched, or a bound by statistics
    exact       all of them were searched while it was estimated
    per_second  how many were searched in a second, here and now
    runs        so many runs were drawn by lot
    longest     how many steps the longest of them has
    """

    states: int
    least: int
    exact: bool
    per_second: float
    runs: int
    longest: int

    @property
    def seconds(self) -> float:
        """How long a search of so many states takes."""
        return self.states / self.per_second


def estimate(program: Program, *, memory: str = "sc", seed: int = 0) -> Estimate:
    """How many states a search of `program` would go through, without searching them all.

    Errors   ModelError when the model fails in a state that was come to; UsageError for a memory
             model that racer lacks.
    """
    wanted = Wanted(memory)
    with interrupts.handled(), told_as_the_models():
        loaded = load_program(program)
        with loaded.in_use():
            return _estimated(loaded, wanted, seed)


def _estimated(loaded: Loaded, wanted: Wanted, seed: int) -> Estimate:
    while True:
        quotient = Symmetric(system_of(loaded.growing, wanted.memory))
        try:
            start = time.monotonic()
            graph = search(quotient, (), Budget(deadline=start + SECONDS))
            per_second = len(graph.states) / max(time.monotonic() - start, 1e-6)
            if graph.complete:
                states = len(graph.states)
                return Estimate(states, states, True, per_second, 0, 0)
            runs = _drawn(quotient, Random(seed))
        except ModelFailed as failed:
            if isinstance(failed.cause.__cause__, TooManyWindows):
                loaded.widen()
                continue
            raise model_error(failed, quotient.system, quotient.canonical) from failed
        least = max(len(graph.states), round(states_at_least(each.states for each in runs)))
        longest = max(len(each.moves) for each in runs)
        by_levels = round(states_by_levels(_widths(graph), longest))
        return Estimate(max(least, by_levels), least, False, per_second, len(runs), longest)


def _widths(graph: StateGraph) -> list[int]:
    """How many states take so many steps to come to, for all that were found and are expanded."""
    depth = [0] * len(graph.states)
    for state in range(1, len(depth)):  # breadth first, so that each comes after its parent
        depth[state] = depth[graph.parents[state]] + 1
    last = depth[max(graph.expanded - 1, 0)]
    widths = Counter(depth)
    return [widths[level] for level in range(last + 1)]


def _drawn(quotient: Symmetric, random: Random) -> list[Run]:
    """As many runs as there is time for, and one at least."""
    end = time.monotonic() + SECONDS
    runs: list[Run] = []
    for each in walks(quotient, random, RUNS):
        runs.append(each)
        if time.monotonic() > end:
            break
    return runs
