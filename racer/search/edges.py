"""The edges of a state graph as flat arrays: compressed sparse rows."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import overload

from racer.machine.moves import Move

Row = Sequence[tuple[Move, int]]  # a state's moves, each with the state that it leads to
Rows = Sequence[Row]


class Edges(Sequence[Row]):
    """By state: its moves, and the number of the state that each leads to.

    Shape    the moves of state i are `moves[first[i]:last[i]]`, the states they lead to
             `goals[first[i]:last[i]]`. A state whose moves are put once more gets new places.
    """

    __slots__ = ("first", "goals", "last", "moves")

    def __init__(self, rows: Rows = ()) -> None:
        self.first, self.last = array("q"), array("q")
        self.moves, self.goals = array("q"), array("q")
        for at, row in enumerate(rows):
            self.add_state()
            self.put(at, row)

    def add_state(self) -> None:
        """One more state, without moves so far."""
        self.first.append(0)
        self.last.append(0)

    def put(self, state: int, row: Row) -> None:
        """All moves of a state."""
        start = len(self.goals)
        self.moves.extend([move for move, _ in row])
        self.goals.extend([goal for _, goal in row])
        self.first[state], self.last[state] = start, len(self.goals)

    def ends(self, expanded: int) -> Sequence[int]:
        """Of the first `expanded` states those without a move."""
        return [state for state in range(expanded) if self.first[state] == self.last[state]]

    def cut(self, states: int, expanded: int) -> None:
        """Keep so many states, and the moves of the first of them that are expanded."""
        del self.first[states:], self.last[states:]
        for state in range(expanded, states):
            self.last[state] = self.first[state]

    def after(self, state: int) -> array[int]:
        """The states that a state's moves lead to, in the order of moves."""
        return self.goals[self.first[state] : self.last[state]]

    def count(self, state: int) -> int:
        """How many moves a state has."""
        return self.last[state] - self.first[state]

    @property
    def transitions(self) -> int:
        """How many moves all states have."""
        return sum(self.last) - sum(self.first)

    def __len__(self) -> int:
        return len(self.first)

    @overload
    def __getitem__(self, state: int) -> Row: ...
    @overload
    def __getitem__(self, state: slice) -> Rows: ...
    def __getitem__(self, state: int | slice) -> Row | Rows:
        if isinstance(state, slice):
            return [self[at] for at in range(len(self))[state]]
        if not 0 <= state < len(self.first):
            raise IndexError(state)
        start, end = self.first[state], self.last[state]
        return list(zip(self.moves[start:end], self.goals[start:end], strict=True))
