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
      in the same order, or on the cells of one watch, all stores to which conflict. Peled,
      "All from one, one for all", CAV 1993.

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
        self._relation = Relation()
        self._chosen: dict[tuple[int, tuple[int, ...]], frozenset[int]] = {}

    def futures(self) -> tuple[Sequence[Future], ...] | None:
        """By thread and node, what may be touched from there on; None: that is not all it takes."""
        return self._system.futures_by_node()

    def __call__(self, state: State, successors: Successors) -> Successors:
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
            chosen = smallest_closed_set(futures, counts, self._relation)
            self._chosen[key] = chosen
        if len(chosen) >= len(counts) and all(agent in chosen for agent in counts):
            return successors
        return [pair for pair in successors if agent_of(pair[0]) in chosen]


class Relation:
    """Which futures may conflict, each pair asked once. Copies mostly share few of them."""

    def __init__(self) -> None:
        self._numbers: dict[Future, int] = {}
        self._futures: list[Future] = []
        self._known: dict[tuple[int, int], bool] = {}

    def number(self, future: Future) -> int:
        """A number for a future, the same for equal ones."""
        number = self._numbers.get(future)
        if number is None:
            number = self._numbers[future] = len(self._futures)
            self._futures.append(future)
        return number

    def may_conflict(self, own: int, other: int) -> bool:
        """Of two futures by their numbers."""
        known = self._known.get((own, other))
        if known is None:
            known = may_conflict(self._futures[own], self._futures[other])
            self._known[own, other] = known
        return known


class Kinds:
    """The agents of a state by their futures: those of one kind are closed alike."""

    def __init__(self, futures: Sequence[Future], relation: Relation) -> None:
        self.relation = relation
        self.of = [relation.number(future) for future in futures]
        self.agents: dict[int, list[int]] = {}
        for agent, kind in enumerate(self.of):
            self.agents.setdefault(kind, []).append(agent)


def smallest_closed_set(
    futures: Sequence[Future], enabled: dict[int, int], relation: Relation
) -> frozenset[int]:
    """The closed set of agents with the fewest enabled moves, grown from an enabled one."""
    best: frozenset[int] = frozenset(enabled)
    least = sum(enabled.values())
    kinds = Kinds(futures, relation)
    tried: set[tuple[int, int]] = set()
    for seed, own in enabled.items():
        alike = (kinds.of[seed], own)  # another such seed has as many moves in its closed set
        if alike in tried:
            continue
        tried.add(alike)
        closed = _closure(seed, kinds)
        moves = sum(count for agent, count in enabled.items() if agent in closed)
        if moves < least:
            best, least = closed, moves
        if least == 1:  # none has fewer
            break
    return best


def _closure(seed: int, kinds: Kinds) -> frozenset[int]:
    """The seed, and all of each kind that is drawn in."""
    first = kinds.of[seed]
    drawn: set[int] = set()
    waiting = [first]
    while waiting:
        own = waiting.pop()
        for kind in kinds.agents:
            if kind not in drawn and kinds.relation.may_conflict(own, kind):
                drawn.add(kind)
                if kind != first:  # what that draws in is known from the seed
                    waiting.append(kind)
    return frozenset((seed, *(agent for kind in drawn for agent in kinds.agents[kind])))


def may_conflict(own: Future, other: Future) -> bool:
    """Whether the next step of one agent may conflict with some step to come of another."""
    return own.next.conflicts(other.future)
