"""Stubborn sets: which of a state's moves have to be explored, and which may wait.

At each state a set P of agents is chosen (threads, and what else moves in the memory model), and
only their moves are explored. P is closed: if an agent outside of P may, now or at any later
time, touch what the next step of one in P touches (one of the two writing), it is in P as well.
What may be touched later is known from the automata, for every result the thread may ever get.

Proof obligations, and why they hold
  D1  A move m of P commutes with every sequence w of moves of other agents: whatever w does,
      it lies in those agents' futures, none of which conflicts with m. So m after w leads
      where w after m leads. Conflicts are over cells and watches (machine/dependence.py), so
      the monitors of windows and invariants, which are part of the state, commute as well.
  D2  No such w disables m: blocking operations read the cell they block on. And none enables a
      blocked next step of an agent in P: its enabler would write what that step reads.
  N   P has an enabled move if the state has one: it is grown from an agent that has.
      D1, D2 and N preserve every final and every deadlocked state, hence outcomes and, labels
      being part of the state, labels at ends.
      Valmari, "Stubborn sets for reduced state space generation", APN 1990, theorem 2.
  I   Nothing is ignored for ever: a set of states in which the reduced graph can stay for good
      (a terminal strong component) has one that is expanded in full (`search` sees to it). With
      D1, D2 this preserves that every move that can occur does occur, with all it reads and
      all that the monitors see: labels before an endless loop, errors of the model, and
      `sometimes`, whose predicates are watched like invariants.
      Valmari, "The state explosion problem", LNCS 1491, 1998, section 7.3 (there: terminal
      strong components); the alternative over stacks is Godefroid's proviso.
      It preserves, too, that from some state no end can be reached: an end that the full graph
      has after a state of the reduced one is there in the reduced one as well, and a set of
      states that is never left is come to by the moves that come to it, in another order.
      Valmari, "Stop it, and be stubborn!", ACM TECS 16(2), 2017.
  C   If there is no cycle, there is none in the full graph: of an endless run the first move of
      an agent in P comes first as well; where no agent of P ever moves, one of them can, and
      the run goes on from there all the same (D1, D2). Valmari 1990, as above.
  F   With one state of each cycle expanded in full (`cycles`), each weakly fair endless run has
      one here with the same moves in an order that differs for independent ones only: an agent
      of P that could move and never does would make it unfair, and no move is put off for ever.
      That run is fair as well: whether an agent can move depends on one cell, whose values come
      in the same order. Peled, "All from one, one for all", CAV 1993.

Of the closed sets the one with the fewest enabled moves is taken, the first in their order
among equals; the choice depends on the state alone, so the graph is the same in every run.
"""

from __future__ import annotations

from collections.abc import Sequence

from racer.machine.interface import Future, Successors, System
from racer.machine.layout import State
from racer.machine.moves import agent_of


class StubbornSets:
    """Chooses among the moves of a state; remembers its choice by what it depends on."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._chosen: dict[tuple[int, tuple[int, ...]], frozenset[int]] = {}

    def choose(self, state: State, successors: Successors) -> Successors:
        """The moves of a stubborn set; all of them where no bound on futures is known."""
        counts: dict[int, int] = {}  # enabled moves, by agent
        for move, _ in successors:
            agent = agent_of(move)
            counts[agent] = counts.get(agent, 0) + 1
        if len(counts) < 2:
            return successors
        key = (self._system.control(state), tuple(counts))
        chosen = self._chosen.get(key)
        if chosen is None:
            futures = self._system.futures(state)
            if futures is None:
                return successors
            chosen = self._chosen[key] = smallest_closed_set(futures, counts)
        if len(chosen) >= len(counts) and all(agent in chosen for agent in counts):
            return successors
        return [pair for pair in successors if agent_of(pair[0]) in chosen]


def smallest_closed_set(futures: Sequence[Future], enabled: dict[int, int]) -> frozenset[int]:
    """The closed set of agents with the fewest enabled moves, grown from an enabled one."""
    best: frozenset[int] = frozenset(enabled)
    least = sum(enabled.values())
    for seed in enabled:
        closed = _closure(seed, futures)
        moves = sum(count for agent, count in enabled.items() if agent in closed)
        if moves < least:
            best, least = closed, moves
        if least == 1:  # none has fewer
            break
    return best


def _closure(seed: int, futures: Sequence[Future]) -> frozenset[int]:
    closed = {seed}
    waiting = [seed]
    while waiting:
        own = futures[waiting.pop()]
        for agent, other in enumerate(futures):
            if agent not in closed and may_conflict(own, other):
                closed.add(agent)
                waiting.append(agent)
    return frozenset(closed)


def may_conflict(own: Future, other: Future) -> bool:
    """Whether the next step of one agent may conflict with some step to come of another."""
    return own.next.conflicts(other.future)
