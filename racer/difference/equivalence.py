"""Whether threads of two programs behave alike: their automata, walked side by side by answers.

Two threads are equivalent if they are bisimilar: whatever both are given, they do the same, and
open the same windows there. Automata are deterministic, so the walk is over pairs of nodes, breadth
first, and the first pair that does not agree is told with the fewest answers that lead to it.

Sound    The walk is over automata that have an edge for every answer that may come: closed ones;
         or, where a closure does not converge, those that a search of all states leaves. Where
         there are neither, or a cell may hold what it never holds in the other program, it is
         `bound`. Where a closed automaton has a node at which the model fails, a search says
         whether that comes: if so it is a ModelError, and no behaviour to compare.
Differs  from equal verdicts: nothing is said of the cells and of the other threads that they meet.
Bound    Values are compared as text, and watches by name: an object of one program is never equal
         to one of another. Values of one cell that are the same as text make the answer `bound`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from racer.automata.automaton import CellStep, ClosedAutomaton, ValueTable
from racer.automata.condensing import copied
from racer.automata.growing import GrowingAutomaton, describe_pending
from racer.automata.lifting import Lifted, step_of
from racer.difference.basis import Basis, lifted_alike
from racer.errors import UsageError, suggestion
from racer.files import shown_path
from racer.lang.effects import Misuse
from racer.lang.outcomes import Violation
from racer.lang.patience import patience
from racer.lang.pending import AboutTo, Closing, Returned, Violated
from racer.lang.program import Program
from racer.lang.values import describe
from racer.lang.watches import OBSERVATIONS
from racer.search.limits import deadline_after
from racer.words.outcomes import came_to, observation_text
from racer.words.phrases import operation_text, step_text

Verdict = Literal["equivalent", "different", "bound"]
_BLOCKED: Final = "it is blocked"


@dataclass(frozen=True, slots=True)
class Answered:
    """One step, or the end of a window, that both threads make, and what both are given.

    places  the line of the first and that of the second, as path:line; empty where not known
    """

    text: str
    places: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Parting:
    """Where two threads part: after these answers the first does one thing, the second another."""

    answers: tuple[Answered, ...]
    does: tuple[str, str]
    places: tuple[str, str]


@dataclass(frozen=True, slots=True)
class ThreadPair:
    """What is known of a thread of both programs, or of a group of copies.

    parting  of two that are different
    why      of a "bound"
    nodes    how many nodes the two automata have
    pairs    how many pairs of these were compared
    """

    name: str
    verdict: Verdict
    parting: Parting | None = None
    why: str = ""
    nodes: tuple[int, int] = (0, 0)
    pairs: int = 0


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Two programs, thread by thread.

    basis    "closed": over all values that cells may come to; "reached": over all answers that come
             in some state; None where there is neither, and `bound` says why
    threads  those that both have, in the order of the first
    only     threads that the first alone has, and those of the second
    """

    names: tuple[str, str]
    threads: tuple[ThreadPair, ...]
    only: tuple[tuple[str, ...], tuple[str, ...]]
    basis: Basis | None
    bound: str | None = None

    @property
    def verdict(self) -> Verdict:
        """ "different" if any two are, or one lacks a thread; "bound" if that is not decided."""
        verdicts = [each.verdict for each in self.threads]
        if "different" in verdicts or any(self.only):
            return "different"
        return "bound" if self.bound or "bound" in verdicts else "equivalent"


def equivalence(
    programs: tuple[Program, Program],
    names: tuple[str, str],
    *,
    thread: str | None = None,
    max_states: int | None = None,
    timeout: float | None = None,
) -> Equivalence:
    """Compare the threads of that name, or all that have the same name in both.

    Errors   UsageError for a name that no thread has; ModelError as lift() raises it, and where a
             thread fails in a state that can be reached.
    """
    groups = [_groups(program) for program in programs]
    if thread is not None:
        for name, own in zip(names, groups, strict=True):
            if thread not in own:
                raise UsageError(f"{name} has no thread {thread!r}{suggestion(thread, list(own))}")
        groups = [{thread: own[thread]} for own in groups]
    shared = [name for name in groups[0] if name in groups[1]]
    only = tuple(
        tuple(name for name in own if name not in other)
        for own, other in (groups, reversed(groups))
    )
    with patience(timeout, deadline_after(timeout)):
        lifted, basis, bound = lifted_alike(programs, names, max_states, timeout)
        if lifted is None:
            pairs = tuple(ThreadPair(name, "bound", why=bound or "") for name in shared)
        else:
            pairs = tuple(_compared(lifted, name, names) for name in shared)
    return Equivalence(names, pairs, (only[0], only[1]), basis, bound)


def _groups(program: Program) -> dict[str, bool]:
    """The threads, copies as one, each with whether it is a daemon."""
    return {each.group: each.daemon for each in program.instances()}


class _Move(NamedTuple):
    """What comes of an answer: how it is told, where it leads, and its number in the automaton."""

    outcome: tuple[str, ...]
    text: str
    goal: int | None
    answer: int


class _Ambiguous(Exception):
    """Values of a cell that are the same as text: a clause that says so."""


class _Side:
    """A thread of one program, as the walk sees it: in texts, which mean the same in the other."""

    def __init__(self, lifted: Lifted, group: str) -> None:
        at = next(i for i, each in enumerate(lifted.instances) if each.group == group)
        automaton = lifted.automata[at]
        assert isinstance(automaton, ClosedAutomaton)
        self.automaton = automaton
        self.daemon = lifted.instances[at].daemon
        self._lifting: GrowingAutomaton = next(
            each for each in lifted.growing if each.instance.group == group
        )
        self._tables: Mapping[str, ValueTable] = {
            name: copied(table) for name, table in lifted.tables.items()
        }
        self._texts: dict[str, list[str]] = {}

    def label(self, node: int) -> Hashable:
        """Equal for nodes that do the same, whatever follows; of functions, see outcomes."""
        pending = self.automaton.nodes[node]
        inside = tuple(sorted(watch.name for _, watch in self.automaton.slots[node]))
        match pending:
            case AboutTo(operation=operation, opens=opens, atomic=atomic):
                facts = operation.facts
                options = tuple(describe(each) for each in facts.options)
                known = facts._replace(functions=(), options=options)
                opening = tuple(sorted(window.watch.name for window in opens))
                return (operation.text(), known, opening, inside, atomic)
            case Closing(slot=slot):
                return ("closing", dict(self.automaton.slots[node])[slot].name, inside)
            case _:
                return (type(pending).__name__, describe_pending(pending))

    def told(self, node: int) -> str:
        """What it does there, as a predicate: "does load x", "returns 1"."""
        pending = self.automaton.nodes[node]
        match pending:
            case AboutTo(operation=operation, opens=opens, atomic=atomic):
                text = f"does {operation_text(operation)}"
                if opens:
                    text += f", and opens a window of {_listed(w.watch.name for w in opens)}"
                return f"{text}, in an atomic region" if atomic else text
            case Closing(slot=slot):
                watch = dict(self.automaton.slots[node])[slot]
                following, more = set(self.automaton.edges[node].values()), ""
                if len(following) == 1:
                    end = self.automaton.nodes[following.pop()]
                    if isinstance(end, Violated):  # so it closes it on its way out
                        more = f" and {came_to(Violation(end.label, end.effect))}"
                return f"closes its window of {watch.name}{more}"
            case Returned(value=value):
                return came_to(value)
            case Violated(label=label, effect=effect):
                return came_to(Violation(label, effect))
            case _:
                return describe_pending(pending)

    def moves(self, node: int) -> dict[str, _Move]:
        """What comes of each answer, by the answer as text. Errors: _Ambiguous."""
        pending, edges = self.automaton.nodes[node], self.automaton.edges[node]
        if isinstance(pending, Closing):
            watch = dict(self.automaton.slots[node])[pending.slot].name
            return {
                observation_text(OBSERVATIONS[answer]): _Move(
                    (), f"{watch} was {observation_text(OBSERVATIONS[answer])}", goal, answer
                )
                for answer, goal in edges.items()
            }
        if not isinstance(pending, AboutTo):
            return {}
        operation, facts = pending.operation, pending.operation.facts
        if facts.cell is None:
            return {
                describe(facts.options[answer]): _Move(
                    (), step_text(operation, facts.options[answer]), goal, answer
                )
                for answer, goal in edges.items()
            }
        silent = facts.gives == "nothing" and not facts.functions and not facts.blocks
        found = {}
        for value, text in enumerate(self._values(facts.cell)):
            step = step_of(operation, value, self._tables)
            if step is None:
                found[text] = _Move((_BLOCKED,), "", None, 0)
            elif isinstance(step.error, Misuse):
                found[text] = _Move((str(step.error),), "", None, 0)
            elif silent and step.error is None:  # it is given nothing, whatever it finds
                goal = edges.get(step.answer)
                if goal is not None:
                    found[""] = _Move((), step_text(operation, None), goal, step.answer)
            elif step.answer in edges:
                outcome = self._outcome(facts.cell, step)
                told = step_text(operation, step.result)
                found[text] = _Move(outcome, told, edges[step.answer], step.answer)
        return found

    def _outcome(self, cell: str, step: CellStep) -> tuple[str, ...]:
        after = describe(self._tables[cell].values[step.after])
        return (describe(step.result), after, "fails" if step.error is not None else "")

    def _values(self, cell: str) -> list[str]:
        known = self._texts.get(cell)
        if known is None:
            known = [describe(value) for value in self._tables[cell].values]
            for text in sorted(set(known)):
                if known.count(text) > 1:
                    raise _Ambiguous(f"cell {cell} may hold different values that print as {text}")
            self._texts[cell] = known
        return known

    def places(self, answers: list[int]) -> list[str]:
        """By node on the way that these answers lead, the line that waits there."""
        grown = self._lifting.closed()
        node, found = grown.start, []
        for answer in [*answers, None]:
            where = self._lifting.locations(node) if grown.edges[node] else ()
            found.append(f"{shown_path(where[-1].path)}:{where[-1].line}" if where else "")
            if answer is not None:
                node = grown.edges[node][answer]
        return found


def _listed(names: Iterator[str]) -> str:
    return " and ".join(sorted(names))


_Pair = tuple[int, int]


def _compared(lifted: tuple[Lifted, Lifted], group: str, names: tuple[str, str]) -> ThreadPair:
    sides = _Side(lifted[0], group), _Side(lifted[1], group)
    nodes = len(sides[0].automaton.nodes), len(sides[1].automaton.nodes)
    if sides[0].daemon != sides[1].daemon:
        does = tuple(f"is {'a' if side.daemon else 'no'} daemon" for side in sides)
        parting = Parting((), (does[0], does[1]), ("", ""))
        return ThreadPair(group, "different", parting, nodes=nodes)
    walk = _Walk(sides, names)
    try:
        parting_or_none = walk.parting()
    except _Ambiguous as error:
        return ThreadPair(group, "bound", why=str(error), nodes=nodes)
    pairs = len(walk.came_from)
    if parting_or_none is not None:
        return ThreadPair(group, "different", parting_or_none, nodes=nodes, pairs=pairs)
    if walk.unmatched:
        return ThreadPair(group, "bound", why=walk.unmatched, nodes=nodes, pairs=pairs)
    return ThreadPair(group, "equivalent", nodes=nodes, pairs=pairs)


class _Walk:
    """The walk over pairs of nodes.

    Shape    `came_from` has for each pair that was met the pair before it, and the answers of both
             sides that lead from there; None for the first.
    """

    def __init__(self, sides: tuple[_Side, _Side], names: tuple[str, str]) -> None:
        self._sides = sides
        self._names = names
        self.came_from: dict[_Pair, tuple[_Pair, _Move, _Move] | None] = {}
        self.unmatched = ""  # what may come in one of them only, if anything

    def parting(self) -> Parting | None:
        """The first pair, by the number of answers, that does not agree. Errors: _Ambiguous."""
        one, other = self._sides
        order = [(one.automaton.start, other.automaton.start)]
        self.came_from[order[0]] = None
        for pair in order:  # grows while it is read: breadth first
            if one.label(pair[0]) != other.label(pair[1]):
                return self._told(pair, (one.told(pair[0]), other.told(pair[1])))
            moves = one.moves(pair[0]), other.moves(pair[1])
            self._note_unmatched(pair, moves)
            for answer, mine in moves[0].items():
                its = moves[1].get(answer)
                if its is None:
                    continue
                if mine.outcome != its.outcome:
                    return self._told(pair, self._on(pair, answer, mine, its))
                if mine.goal is not None and its.goal is not None:
                    goals = mine.goal, its.goal
                    if goals not in self.came_from:
                        self.came_from[goals] = pair, mine, its
                        order.append(goals)
        return None

    def _note_unmatched(
        self, pair: _Pair, moves: tuple[Mapping[str, _Move], Mapping[str, _Move]]
    ) -> None:
        for number, (own, others) in enumerate((moves, moves[::-1])):
            more = [answer for answer in own if answer not in others]
            if more and not self.unmatched:
                text = self._sides[number].told(pair[number])
                self.unmatched = (
                    f"where it {text}, only {self._names[number]} may find {more[0]}, "
                    f"so nothing is known of what {self._names[1 - number]} would do then"
                )

    def _on(self, pair: _Pair, answer: str, mine: _Move, its: _Move) -> tuple[str, str]:
        """What the same operation, by its name, does to a value that it finds."""
        text = self._sides[0].told(pair[0])
        one, other = (_what_comes(each) for each in (mine, its))
        return f"{text}: finds {answer}, {one}", f"{text}: finds {answer}, {other}"

    def _told(self, pair: _Pair, does: tuple[str, str]) -> Parting:
        steps: list[tuple[_Move, _Move]] = []
        before = self.came_from[pair]
        while before is not None:
            pair, mine, its = before
            steps.append((mine, its))
            before = self.came_from[pair]
        steps.reverse()
        lines = [
            side.places([step[number].answer for step in steps])
            for number, side in enumerate(self._sides)
        ]
        places = list(zip(*lines, strict=True))
        answers = [Answered(mine.text, at) for (mine, _), at in zip(steps, places, strict=False)]
        return Parting(tuple(answers), does, places[-1])


def _what_comes(move: _Move) -> str:
    if len(move.outcome) < 3:
        return move.outcome[0]
    result, after, fails = move.outcome
    return f"gives {result}, leaves {after}{', and fails' if fails else ''}"
