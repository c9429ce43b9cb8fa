"""One thread's automaton, as it is drawn: what was lifted, with the lines it was lifted from."""

from __future__ import annotations

from collections.abc import Iterator

from racer.automata.automaton import ClosedAutomaton
from racer.automata.growing import GrowingAutomaton
from racer.automata.lifting import Lifted, step_of
from racer.errors import UsageError, suggestion
from racer.files import shown_path
from racer.graphs.data import MAX_NODES, DrawnThread, ThreadEdge, ThreadNode
from racer.lang.operations import Operation
from racer.lang.pending import AboutTo, Closing, Pending, Raised, Returned, Violated
from racer.lang.watches import OBSERVATIONS
from racer.words.changes import shown
from racer.words.outcomes import observation_text
from racer.words.phrases import operation_text

Places = dict[int, list[tuple[str, ...]]]


def drawn_thread(lifted: Lifted, name: str, *, max_nodes: int = MAX_NODES) -> DrawnThread:
    """The automaton of the thread, or of the copies, of that name.

    Past `max_nodes` nodes only the first ones are drawn, in the order of distance from the start.

    Errors   UsageError for a name that no thread has.
    """
    group = _group(lifted, name)
    copies = [at for at, each in enumerate(lifted.instances) if each.group == group]
    lifting = next(each for each in lifted.growing if each.instance.group == group)
    found = lifted.automata[copies[0]]
    closed = isinstance(found, ClosedAutomaton)
    automaton = found if isinstance(found, ClosedAutomaton) else lifting.closed()
    order = _by_distance(automaton)
    kept = {node: number for number, node in enumerate(order[:max_nodes])}
    places = _places(lifting, automaton, set(kept))
    return DrawnThread(
        group,
        len(copies),
        tuple(_node(automaton, node, number, places) for node, number in kept.items()),
        tuple(edge for node in kept for edge in _edges(lifted, automaton, node, kept)),
        closed,
        of=len(order),
        limit=max_nodes if len(order) > max_nodes else None,
    )


def _group(lifted: Lifted, name: str) -> str:
    names = {each.name: each.group for each in lifted.instances}
    names |= {each.group: each.group for each in lifted.instances}
    if name not in names:
        known = list(dict.fromkeys(each.group for each in lifted.instances))
        raise UsageError(f"there is no thread {name!r}{suggestion(name, known)}")
    return names[name]


def _by_distance(automaton: ClosedAutomaton) -> list[int]:
    order, seen = [automaton.start], {automaton.start}
    for node in order:  # grows while it is read: breadth first
        for _, goal in sorted(automaton.edges[node].items()):
            if goal not in seen:
                seen.add(goal)
                order.append(goal)
    return order


def _places(lifting: GrowingAutomaton, automaton: ClosedAutomaton, kept: set[int]) -> Places:
    """By node the lines that wait there: bisimilar nodes became one, of different lines perhaps.

    The automaton as it grew and the one to be drawn give the same operations for the same
    answers, so they are walked side by side.
    """
    grown = lifting.closed()
    found: Places = {}
    order = [(grown.start, automaton.start)]
    seen = set(order)
    for node, drawn in order:  # grows while it is read
        if drawn in kept and isinstance(grown.nodes[node], AboutTo):
            lines = tuple(_line(where.path, where.line) for where in lifting.locations(node))
            if lines not in found.setdefault(drawn, []):
                found[drawn].append(lines)
        for answer, goal in sorted(grown.edges[node].items()):
            pair = (goal, automaton.edges[drawn][answer])
            if pair not in seen:
                seen.add(pair)
                order.append(pair)
    return found


def _line(path: str, line: int) -> str:
    return f"{shown_path(path)}:{line}"


def _node(automaton: ClosedAutomaton, node: int, number: int, places: Places) -> ThreadNode:
    slots = dict(automaton.slots[node])
    inside = tuple(sorted(watch.name for watch in slots.values()))
    match automaton.nodes[node]:
        case AboutTo(operation=operation, opens=opens):
            return ThreadNode(
                number,
                "step",
                operation_text(operation),
                tuple(places.get(node, ())),
                tuple(window.watch.name for window in opens),
                inside,
            )
        case Closing(slot=slot):
            return ThreadNode(number, "closing", slots[slot].name, inside=inside)
        case Returned(value=value):
            return ThreadNode(number, "returned", shown(value))
        case Violated(label=label):
            return ThreadNode(number, "violated", label)
        case Raised(text=text):
            return ThreadNode(number, "failed", text)


def _edges(
    lifted: Lifted, automaton: ClosedAutomaton, node: int, kept: dict[int, int]
) -> Iterator[ThreadEdge]:
    """The edges of a node, answers that lead to the same one together; the rest comes last."""
    by_goal: dict[int, list[int]] = {}
    for answer, goal in sorted(automaton.edges[node].items()):
        by_goal.setdefault(goal, []).append(answer)
    pending = automaton.nodes[node]
    rest = _rest(by_goal)
    for goal, answers in sorted(by_goal.items(), key=lambda each: (each[0] == rest, each[1])):
        if goal not in kept:
            continue
        texts = tuple(_answer(lifted, pending, answer) for answer in answers)
        everything = len(by_goal) == 1 and _is_complete(lifted, pending, len(answers))
        yield ThreadEdge(
            kept[node],
            kept[goal],
            texts,
            "always" if everything else "other" if goal == rest else "listed",
        )


def _rest(by_goal: dict[int, list[int]]) -> int | None:
    """The goal that is said to be where any other answer leads: that of most, if several."""
    if len(by_goal) < 2:
        return None
    most = max(by_goal, key=lambda goal: len(by_goal[goal]))
    rivals = [goal for goal, answers in by_goal.items() if len(answers) == len(by_goal[most])]
    return most if len(by_goal[most]) > 1 and len(rivals) == 1 else None


def _is_complete(lifted: Lifted, pending: Pending, answers: int) -> bool:
    """Whether so many answers are all that can come."""
    if not isinstance(pending, AboutTo):
        return answers == len(OBSERVATIONS)
    facts = pending.operation.facts
    if facts.cell is None:
        return answers == len(facts.options)
    return facts.gives == "nothing" or answers == len(lifted.tables[facts.cell].values)


def _answer(lifted: Lifted, pending: Pending, answer: int) -> str:
    if isinstance(pending, Closing):
        return observation_text(OBSERVATIONS[answer])
    assert isinstance(pending, AboutTo)
    return _result(lifted, pending.operation, answer)


def _result(lifted: Lifted, operation: Operation, answer: int) -> str:
    """The result after which it goes on; nothing where it gives none."""
    facts = operation.facts
    if facts.gives == "nothing":
        return ""
    step = step_of(operation, answer, lifted.tables)
    return "" if step is None else shown(step.result)
