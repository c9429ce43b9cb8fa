"""Minimal witnesses: fewest preemptions, then fewest steps, then lexicographic.

A preemption is a switch away from a thread that could go on. A schedule's cost depends on the
thread that moved last, so the search runs over pairs (state, last thread), and forgets the
last thread where it cannot go on: leaving it costs nothing there. Pairs are settled in the
order of (preemptions, steps, schedule); extending two schedules by the same moves keeps their
order, so the first to settle a pair is its minimum, and the first to reach a goal is the goal's.
That no schedule with fewer preemptions reaches it is thereby proved, within the graph searched.

Source   Dijkstra, "A note on two problems in connexion with graphs", Numer. Math. 1, 1959;
         preemption bounding: Musuvathi, Qadeer, "Iterative context bounding", PLDI 2007.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

from racer.explore.graph import StateGraph
from racer.system import CHOICES, Move

_NOBODY = -1
_Pair = tuple[int, int]  # state index, thread that moved last and could go on (or _NOBODY)
_MOVE_BYTES = 4  # big endian, so that comparing schedules as bytes compares them move by move


@dataclass(frozen=True, slots=True)
class CheapestPath:
    """A minimal path to a goal."""

    preemptions: int
    moves: tuple[Move, ...]


def cheapest_paths(
    graph: StateGraph, goals: Mapping[int, Iterable[Hashable]]
) -> dict[Hashable, CheapestPath]:
    """For each goal the minimal path to a state that has it; `goals` is by state index."""
    missing = {goal for names in goals.values() for goal in names}
    found: dict[Hashable, CheapestPath] = {}
    settled: set[_Pair] = set()
    # layers[preemptions][steps] maps a pair to the least schedule known to it.
    layers: dict[int, dict[int, dict[_Pair, bytes]]] = {0: {0: {(0, _NOBODY): b""}}}
    preemptions = 0
    while missing and preemptions in layers:
        steps = min(layers[preemptions], default=None)
        if steps is None:
            del layers[preemptions]
            preemptions += 1
            continue
        layer = layers[preemptions].pop(steps)
        for pair, schedule in sorted(layer.items(), key=lambda item: item[1]):
            if pair in settled:
                continue
            settled.add(pair)
            for goal in goals.get(pair[0], ()):
                if goal in missing:
                    missing.discard(goal)
                    found[goal] = CheapestPath(preemptions, _decode(schedule))
            _relax(graph, pair, schedule, layers, (preemptions, steps), settled)
        if not layers[preemptions]:
            continue
    return found


def _relax(
    graph: StateGraph,
    pair: _Pair,
    schedule: bytes,
    layers: dict[int, dict[int, dict[_Pair, bytes]]],
    cost: tuple[int, int],
    settled: set[_Pair],
) -> None:
    state, last = pair
    preemptions, steps = cost
    for move, goal in graph.edges[state]:
        thread = move // CHOICES
        switched = last not in (_NOBODY, thread)
        goes_on = any(next_move // CHOICES == thread for next_move, _ in graph.edges[goal])
        next_pair = (goal, thread if goes_on else _NOBODY)
        if next_pair in settled:
            continue
        by_steps = layers.setdefault(preemptions + switched, defaultdict(dict))
        layer = by_steps.setdefault(steps + 1, {})
        extended = schedule + move.to_bytes(_MOVE_BYTES, "big")
        known = layer.get(next_pair)
        if known is None or extended < known:
            layer[next_pair] = extended


def _decode(schedule: bytes) -> tuple[Move, ...]:
    starts = range(0, len(schedule), _MOVE_BYTES)
    return tuple(int.from_bytes(schedule[at : at + _MOVE_BYTES], "big") for at in starts)
