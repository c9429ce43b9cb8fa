"""Which part of a state graph is drawn: all of it, or what leads to violations, or schedules.

The whole graph if that has at most so many nodes once it is merged; else the states on ways to
violations; else to each label the cheapest schedule, with what leaves it counted. Where nothing
is violated, a schedule to each outcome. Counts are those of the graph that was cut, never of
the part that is drawn.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace

from racer.errors import UsageError
from racer.exploration.report import Searched
from racer.exploration.result import Result, Witness
from racer.graphs.data import MAX_NODES, Cut, DrawnStates, Slice
from racer.graphs.merging import Chain, Hops, Merged, chains, end_key
from racer.lang.outcomes import OutcomeKey
from racer.machine.layout import State
from racer.machine.moves import Move, packed, thread_of
from racer.search.counting import schedules_to
from racer.search.edges import Edges
from racer.search.shown import Examiner
from racer.search.state_graph import StateGraph
from racer.search.walk import along
from racer.words.changes import shown
from racer.words.outcomes import outcome_value


def drawn_states(
    searched: Searched, result: Result, *, max_nodes: int = MAX_NODES, every_state: bool = False
) -> DrawnStates:
    """The state graph of a search, as it is drawn.

    every_state   the graph of all states, up to symmetry, in place of the reduced one; then
                  edges count interleavings

    Errors   UsageError when all states are wanted and were not searched.
    """
    graph = _all_states(searched) if every_state else searched.graph
    whole = Merged(searched.quotient, graph)
    drawing = _Drawing(whole, chains(whole.hops))
    cut = None
    if drawing.size > max_nodes:
        drawing, cut = _cut(searched, result, whole, max_nodes, drawing.size)
    return drawing.draw(searched, result, cut)


def _all_states(searched: Searched) -> StateGraph:
    full = searched.full
    if full is None or not full.complete:
        why = f" ({full.bound})" if full is not None else ""
        raise UsageError(
            f"not all states were searched{why}, so they cannot be drawn. Try the reduced graph."
        )
    return full


@dataclass(frozen=True, slots=True)
class _Drawing:
    """The chains to draw, of a merged graph."""

    merged: Merged
    chains: list[Chain]

    @property
    def size(self) -> int:
        return len(self._numbers())

    def _numbers(self) -> dict[int, int]:
        """The states that are nodes, numbered in the order in which the chains come to them."""
        numbers = {0: 0}
        for chain in self.chains:
            numbers.setdefault(chain.target, len(numbers))
        return numbers

    def draw(self, searched: Searched, result: Result, cut: Cut | None) -> DrawnStates:
        merged, numbers = self.merged, self._numbers()
        out: dict[int, list[Chain]] = {state: [] for state in numbers}
        into: dict[int, list[Chain]] = {state: [] for state in numbers}
        for chain in self.chains:
            out[chain.source].append(chain)
            into[chain.target].append(chain)
        ends = _interleavings_by_end(searched)
        nodes = []
        for state, number in numbers.items():
            node = merged.node(number, state, into[state], out[state])
            if merged.is_end(state):
                node = replace(node, interleavings=ends.get(merged.end_key(state)))
            nodes.append(node)
        reduced = merged.graph is searched.graph and not _is_everything(searched)
        searched_whole = merged.graph is searched.graph or merged.graph is searched.full
        total = merged.total
        return DrawnStates(
            tuple(nodes),
            tuple(merged.edge(chain, numbers) for chain in self.chains),
            counted=None if total is None else "schedules" if reduced else "interleavings",
            uncounted=_why_uncounted(searched, result, merged) if total is None else None,
            total=total,
            interleavings=result.interleavings,
            drawn=len(self._states_drawn()),
            of=len(merged.graph.states) if searched_whole else None,
            reduced=reduced,
            copies=_copies(searched.system.groups),
            labels=tuple(result.violations),
            cut=cut,
            vacuous=result.vacuous,
            bound=result.bound,
        )

    def _states_drawn(self) -> list[int]:
        """Of all states of the graph those that are nodes, on edges, or merged into such an end."""
        drawn = {0, *(goal for chain in self.chains for _, goal in chain.hops)}
        return [state for state, stands in enumerate(self.merged.standing) if stands in drawn]


def _cut(
    searched: Searched, result: Result, whole: Merged, max_nodes: int, needed: int
) -> tuple[_Drawing, Cut]:
    reduced = whole.graph is searched.graph and not _is_everything(searched)
    cut = Cut("violations", max_nodes, needed, reduced)
    if result.violations:
        towards = {
            state: [hop for hop in hops if whole.leads[hop[1]]]
            for state, hops in whole.hops.items()
            if whole.leads[state]
        }
        left = {state for state, hops in towards.items() if len(hops) < len(whole.hops[state])}
        for split_at in (left, ()):  # where something leaves is a node, if there is room
            drawing = _Drawing(whole, chains(towards, split_at=split_at))
            if drawing.size <= max_nodes:
                return drawing, cut
    if not result.violations and not result.outcomes:
        nearest = {
            state: [hop for hop in hops if hop[1] < max_nodes]
            for state, hops in whole.hops.items()
            if state < max_nodes
        }
        return _Drawing(whole, chains(nearest)), replace(cut, kept="nearest")
    return _schedules(searched, result, cut)


def _schedules(searched: Searched, result: Result, cut: Cut) -> tuple[_Drawing, Cut]:
    """Schedules to labels, or to outcomes if there are none: the cheapest, and others that fit.

    They go by all moves, not only by those of the reduced graph, so they are drawn in the graph
    of all states. Where that was not searched, there is nothing but the schedules themselves.
    """
    goals = _goals(result)
    paths = {name: _path(searched, witness) for name, witness in goals}
    full = searched.full
    if full is not None and full.complete:
        merged = Merged(searched.quotient, full)
    else:
        merged = Merged(searched.quotient, _graph_of(searched, list(paths.values())))
    index = {state: at for at, state in enumerate(merged.graph.states)}
    hops: Hops = {}
    ends: set[Hashable] = set()
    shown, omitted = [], []
    best = _Drawing(merged, [])
    for name, path in paths.items():
        end = merged.end_key(index[path[-1][1]]) if path else None
        if not result.violations and end in ends:
            continue  # an outcome that exchanges the copies of one that is drawn
        longer = _with_path(hops, path, merged, index)
        drawing = _Drawing(merged, chains(longer, split_by_thread=True))
        if best.chains and drawing.size > cut.limit:
            omitted.append(name)
            continue
        hops, best = longer, drawing
        ends.add(end)
        shown.append(name)
    kept: Slice = "witnesses" if result.violations else "outcomes"
    minimal = all(witness.minimal for name, witness in goals if name in shown)
    return best, Cut(
        kept, cut.limit, cut.needed, cut.reduced, minimal, tuple(shown), tuple(omitted)
    )


def _goals(result: Result) -> list[tuple[str, Witness]]:
    """What is to be shown a way to, the cheapest first."""
    found: list[tuple[str, Witness]]
    if result.violations:
        found = [(label, finding.witness) for label, finding in result.violations.items()]
    else:
        found = [(_outcome_name(key), each.witness) for key, each in result.outcomes.items()]
    return sorted(found, key=lambda goal: goal[1].cost)


def _outcome_name(key: OutcomeKey) -> str:
    return " ".join(f"{thread}={outcome_value(value, shown)}" for thread, value in key)


_Path = list[tuple[State, State, Move]]  # canonical states before and after, and the move


def _path(searched: Searched, witness: Witness) -> _Path:
    system, canonical = searched.system, searched.quotient.canonical
    moves = packed(witness.schedule, system.agents)
    states = [canonical(state) for state in along(system.initial(), moves, system.successors)]
    return list(zip(states, states[1:], moves, strict=False))


def _with_path(hops: Hops, path: _Path, merged: Merged, index: dict[State, int]) -> Hops:
    longer = {state: list(own) for state, own in hops.items()}
    for before, after, move in path:
        thread = thread_of(move, merged.system.agents)
        hop = (merged.system.groups[thread], merged.standing[index[after]])
        own = longer.setdefault(index[before], [])
        if hop not in own:
            own.append(hop)
    return longer


def _graph_of(searched: Searched, paths: list[_Path]) -> StateGraph:
    """The states on some paths, with all their moves, as a graph that was cut."""
    states, parents = [searched.quotient.initial()], [-1]
    graph = StateGraph(states, Edges([[]]), parents)
    graph.bound = "only these schedules were looked at"
    index = {graph.states[0]: 0}
    for state in dict.fromkeys(before for path in paths for before, _, _ in path):
        found = searched.quotient.successors(state)
        for _, after in found:
            if after not in index:
                index[after] = len(graph.states)
                states.append(after)
                graph.edges.add_state()
                parents.append(index[state])
        graph.edges.put(index[state], [(move, index[after]) for move, after in found])
    graph.expanded = len(graph.states)
    return graph


def _interleavings_by_end(searched: Searched) -> dict[Hashable, int]:
    """How many interleavings come to the ends of each key; none where they were not counted."""
    found: dict[Hashable, int] = {}
    full = searched.full
    schedules = schedules_to(full) if full is not None and full.complete else None
    if full is not None and schedules is not None:
        examiner = Examiner(searched.quotient, searched.quotient.groups)
        for end in full.ends():
            key = end_key(searched.quotient, examiner, full.states[end])
            found[key] = found.get(key, 0) + schedules[end]
    return found


def _is_everything(searched: Searched) -> bool:
    """Whether the graph that decided the verdict is known to have every state and move."""
    graph, full = searched.graph, searched.full
    if full is None or not full.complete:
        return False
    return (len(graph.states), graph.transitions) == (len(full.states), full.transitions)


def _why_uncounted(searched: Searched, result: Result, merged: Merged) -> str:
    if merged.graph.complete or result.bound is not None:
        return result.uncounted or "its paths have a cycle"
    return result.uncounted or f"{merged.graph.bound}"


def _copies(groups: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    counted = {group: groups.count(group) for group in groups}
    return tuple((group, count) for group, count in counted.items() if count > 1)
