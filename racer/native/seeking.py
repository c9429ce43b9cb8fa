"""A compiled search for schedules with the fewest preemptions: source/preempting.c."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

from racer.errors import InternalError
from racer.machine.flat import FlatTables
from racer.machine.layout import WORD, State
from racer.native.engine import NONE, Engine, Status, longs, words_of


def _unsought(state: State) -> int:
    raise InternalError("no schedule is looked for yet, and it was asked what an end shows")


class Seeker(Engine):
    """An engine that goes through states in the order of what schedules to them cost.

    Errors   as Engine.
    """

    def __init__(self, tables: FlatTables, initial: State) -> None:
        self._goal_of_end: Callable[[State], int] = _unsought
        super().__init__(tables, (), initial, edges=False)

    def goal_of_end(self, state: State) -> int:
        return self._goal_of_end(state)

    def seek(
        self,
        label: str | None,
        goals: int,
        groups: Sequence[Sequence[int]],
        goal_of_end: Callable[[State], int],
        *,
        anywhere: bool,
    ) -> None:
        """Look for schedules with the fewest preemptions, from the first state on.

        label        of the violation that has to have happened, if any
        goals        how many there are; `anywhere`: one, met as soon as it has happened
        goal_of_end  which of them a state without moves shows; -1: none
        """
        told = array("q", (-1 if label is None else self._label(label), int(anywhere), goals))
        told.append(len(groups))
        for group in groups:
            told.extend((group[0], len(group)))
        self._goal_of_end = goal_of_end
        self._need(self._call.racer_preempt(self._here, longs(told)))

    def settle(self, until: int) -> Status:
        """Go on until all goals are met, or so many nodes are settled."""
        while True:
            status = Status(self._call.racer_preempt_run(self._here, until))
            if status is not Status.MISSED:
                return status
            self._fill()

    @property
    def settled(self) -> int:
        """How many nodes are settled."""
        return int(self._call.racer_settled(self._here))

    def met(self, goal: int) -> int | None:
        """What the cheapest schedule to a goal costs, packed; None: it was not met."""
        cost = int(self._call.racer_met(self._here, goal))
        return None if cost == NONE else cost

    def mark(self, goal: int) -> None:
        """Mark what lies on the cheapest ways to a goal that was met."""
        self._need(self._call.racer_mark(self._here, goal))

    def marked(self, state: State, moved: int, last: int) -> int | None:
        """What a marked node costs, packed; None: it is not marked."""
        words = array("Q")
        words.frombytes(state.to_bytes(self.words * WORD // 8, "little"))
        words.extend((moved, last + 1))
        cost = int(self._call.racer_marked(self._here, words_of(words)))
        return None if cost == NONE else cost
