"""A thread as the body of one in C: its automaton as statements and ifs.

Nodes that do the same at one place of the code are one statement, whatever was read before: so
nothing depends on what was read but what would be another otherwise. Where they store other values,
or access other cells, there is an `if` about that statement alone. Where they stand at different
places there are arms, up to the node that all ways go on through, if there is one.

A round that leads back to where the thread was and stores nothing ends it: the same execution
without the round is another one of the test.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from racer.automata.growing import GrowingAutomaton
from racer.errors import UsageError
from racer.exporting.macros import CellOf, Macro, Macros
from racer.lang.pending import AboutTo, Closing, Pending, Returned, Violated
from racer.lang.values import describe

MOST_LINES: Final = 400


@dataclass(frozen=True, slots=True)
class Code:
    """What a thread does: its automaton, and by node the answers that may come, each with the node
    that it leads to; None where it blocks."""

    automaton: GrowingAutomaton
    fed: Mapping[int, Mapping[int, int | None]]


_Reading = frozenset[tuple[str, int]]  # what registers hold
_States = dict[int, frozenset[_Reading]]  # nodes, each with what leads there
_EVERYTHING: Final[frozenset[_Reading]] = frozenset([frozenset()])


class Body:
    """The body of one thread.

    lines   its statements
    ends    what it comes to, by the number that its register `end` holds then, from 1 on
    used    the cells that it accesses
    splits  accesses whose cell depends on what was read: in C here by an `if`

    Errors   UsageError for what has no words in C.
    """

    def __init__(self, name: str, code: Code, macros: Macros, cells: Mapping[str, CellOf]) -> None:
        self._name = name
        self._code = code
        self._macros = macros
        self._cells = cells
        self._registers = 0
        self._values: dict[str, set[int]] = {}  # of a register, all that it may hold
        self._places: dict[int, Hashable] = {}
        self._after: dict[int, frozenset[Hashable]] = {}
        self.ends: Final[dict[int, Pending]] = {}
        self.splits: Final[dict[str, None]] = {}
        self.used: Final[dict[str, None]] = {}
        self.lines: Final = list(self._of({code.automaton.start: _EVERYTHING}, (), None))
        if len(self.lines) > MOST_LINES:
            raise UsageError(
                f"thread {name!r} has more than {MOST_LINES} lines as a litmus test.\n"
                f"Try: parameters with fewer steps or values."
            )

    def number_of(self, end: Pending) -> int | None:
        """What `end` holds at this end; None of one that is none."""
        key = _end_text(end)
        return next((n for n, each in self.ends.items() if _end_text(each) == key), None)

    def declarations(self) -> list[str]:
        """Of its registers."""
        return ["int end = 0;", *(f"int r{at};" for at in range(1, self._registers + 1))]

    def _of(self, states: _States, path: tuple[int, ...], stop: int | None) -> Iterator[str]:
        """The statements from these nodes on, up to where all have come to `stop`."""
        while set(states) != {stop}:
            if len(path) > MOST_LINES:
                raise UsageError(f"thread {self._name!r} has too many steps for a test.")
            rounds = {node for node in states if node in path}
            if rounds:
                self._require_no_store(path[path.index(min(rounds, key=path.index)) :])
            places = {self._place(node) for node in states if node != stop} - {None}
            alike = len(places) == 1 and not rounds and stop not in states
            if alike and all(self._about_to(node) for node in states):
                yield from self._statement(states)
                path = (*path, *states)
                states = self._next(states)
            elif len(states) == 1 and not rounds:
                [node] = states
                if node != _BLOCKED:
                    yield from self._end(self._code.automaton.pending(node))
                return
            else:
                join = None if rounds else self._join(states, stop)
                arms = self._arms(states, rounds, stop)
                bodies = [
                    (self._union(arm), [] if ends else list(self._of(_within(arm), path, join)))
                    for arm, ends in arms
                ]
                yield from _ifs([(self._text(when), body) for when, body in bodies])
                if join is None or join == stop:
                    return
                states = {join: _EVERYTHING}

    def _arms(
        self, states: _States, rounds: set[int], stop: int | None
    ) -> list[tuple[_States, bool]]:
        """Nodes that go on together, each with whether there is nothing more to be said."""
        groups: dict[Hashable, _States] = {}
        for node, when in states.items():
            over = node in rounds or node in (stop, _BLOCKED)
            key = "over" if over else self._place(node) or ("end", node)
            groups.setdefault(key, {})[node] = when
        return [(arm, key == "over") for key, arm in groups.items()]

    # --- one statement --------------------------------------------------------------------------

    def _statement(self, states: _States) -> Iterator[str]:
        """What all of them do: one statement, or one for each that is different."""
        by_macro: dict[Macro, _States] = {}
        for node, when in states.items():
            by_macro.setdefault(self._macro(node), {})[node] = when
        self._registers += any(macro.reads for macro in by_macro)
        register = f"r{self._registers}"
        if len(by_macro) == 1:
            yield next(iter(by_macro)).into(register)
            return
        cells = {self._cell(node) for node in states}
        if len(cells) > 1:
            self.splits[" or ".join(sorted(cells))] = None
        yield from _ifs(
            [
                (self._text(self._union(arm)), [macro.into(register)])
                for macro, arm in by_macro.items()
            ]
        )

    def _next(self, states: _States) -> _States:
        """Where they go on, by what is read."""
        register = f"r{self._registers}"
        found: dict[int, set[_Reading]] = {}
        blocked = set[_Reading]()
        for node, when in states.items():
            reads = self._macro(node).reads
            for answer, goal in sorted(self._code.fed.get(node, {}).items()):
                more = frozenset([(register, self._number(node, answer))]) if reads else frozenset()
                if reads:
                    self._values.setdefault(register, set()).add(self._number(node, answer))
                led = {reading | more for reading in when}
                if goal is None:
                    if reads:  # wait_until() of another value; a lock that is taken, C waits for
                        blocked |= led
                else:
                    found.setdefault(goal, set()).update(led)
        if blocked:
            found[_BLOCKED] = blocked
        return {node: self._fewer(when) for node, when in found.items()}

    def _fewer(self, readings: set[_Reading]) -> frozenset[_Reading]:
        """The same without registers that do not matter."""
        left = set(readings)
        for register, values in sorted(self._values.items()):
            rests = {frozenset(p for p in reading if p[0] != register) for reading in left}
            for rest in sorted(rests, key=sorted):
                all_of_them = {rest | {(register, value)} for value in values}
                if all_of_them <= left:
                    left = (left - all_of_them) | {rest}
        return frozenset(left)

    def _text(self, readings: frozenset[_Reading]) -> str:
        """That registers hold one of these, as an expression."""
        texts = []
        for reading in sorted(readings, key=sorted):
            parts = [f"{register} == {value}" for register, value in sorted(reading)]
            texts.append(parts[0] if len(parts) == 1 else " & ".join(f"({each})" for each in parts))
        return texts[0] if len(texts) == 1 else " | ".join(f"({each})" for each in texts)

    def _union(self, states: _States) -> frozenset[_Reading]:
        return self._fewer({reading for when in states.values() for reading in when})

    # --- nodes ----------------------------------------------------------------------------------

    def _about_to(self, node: int) -> bool:
        return node != _BLOCKED and isinstance(self._code.automaton.pending(node), AboutTo)

    def _place(self, node: int) -> Hashable | None:
        """Where in its code a thread that is about to do something stands; None of others."""
        if node == _BLOCKED:
            return None
        if isinstance(self._code.automaton.pending(node), Closing):
            raise UsageError(
                f"thread {self._name!r} cannot be written as a litmus test: it asks what a "
                f"window has seen, and C has no windows."
            )
        if not self._about_to(node):
            return None
        if node not in self._places:
            self._places[node] = self._code.automaton.position(node)
        return self._places[node]

    def _pending(self, node: int) -> AboutTo:
        pending = self._code.automaton.pending(node)
        assert isinstance(pending, AboutTo), "it is about to take a step"
        return pending

    def _macro(self, node: int) -> Macro:
        operation = self._pending(node).operation
        if operation.facts.cell is not None:
            self.used[operation.facts.cell] = None
        return self._macros.of(self._name, operation)

    def _cell(self, node: int) -> str:
        cell = self._pending(node).operation.facts.cell
        return "" if cell is None else self._cells[cell].name

    def _number(self, node: int, answer: int) -> int:
        cell = self._pending(node).operation.facts.cell
        assert cell is not None, "it reads one"
        number = self._cells[cell].numbers[answer]
        return 1 - number if self._macro(node).inverted else number

    def _require_no_store(self, nodes: Sequence[int]) -> None:
        if any(self._pending(node).operation.facts.stores for node in nodes):
            raise UsageError(
                f"thread {self._name!r} cannot be written as a litmus test: it goes round a "
                f"loop that stores, and C has no loops there.\nTry: parameters with fewer rounds."
            )

    def _end(self, pending: Pending) -> Iterator[str]:
        """That the thread has come to its end."""
        number = self.number_of(pending)
        if number is None:
            number = len(self.ends) + 1
            self.ends[number] = pending
        yield f"end = {number};"

    def _join(self, states: _States, stop: int | None) -> int | None:
        """The first node that all ways from these go through."""
        sets = [self._through(node, ()) for node in states]
        common = frozenset.intersection(*sets)
        nodes = [node for node in common if isinstance(node, int) and node >= 0]
        if not nodes:
            return None
        return max(nodes, key=lambda node: len(self._through(node, ())))

    def _through(self, node: int, path: tuple[int, ...]) -> frozenset[Hashable]:
        """All nodes that every way from one goes through, to its end."""
        if node in path or node == _BLOCKED:
            return frozenset([("round", node, path)])
        if node not in self._after:
            goals = [_BLOCKED if g is None else g for g in self._code.fed.get(node, {}).values()]
            more = [self._through(goal, (*path, node)) for goal in sorted(set(goals))]
            common = frozenset.intersection(*more) if more else frozenset[Hashable]()
            self._after[node] = common | {node}
        return self._after[node]


_BLOCKED: Final = -1  # where a thread waits for ever


def _within(arm: _States) -> _States:
    """What leads to nodes, without what is so in all of the arm."""
    common = frozenset.intersection(*(reading for when in arm.values() for reading in when))
    return {node: frozenset(each - common for each in when) for node, when in arm.items()}


def _end_text(pending: Pending) -> str:
    match pending:
        case Returned(value=value):
            return f"returns {describe(value)}"
        case Violated(label=label):
            return f"raises {label}"
        case _:
            return "fails"


def end_text(pending: Pending) -> str:
    """What a thread has come to, for a reader of the test."""
    return _end_text(pending)


def _ifs(arms: Sequence[tuple[str, list[str]]]) -> Iterator[str]:
    """`if`s that exclude each other; nothing for arms without statements."""
    for when, body in arms:
        if body and not when:
            yield from body
        elif body:
            yield f"if ({when}) {{"
            yield from (f"\t{line}" for line in body)
            yield "}"
