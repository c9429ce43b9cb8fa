"""Minimal witnesses by the compiled engine: the same schedules as preemptions.py finds.

The engine settles nodes; the least schedule along those on cheapest ways is then walked in Python,
which takes as many steps as it has. What the engine cannot do is begun anew in Python.
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterable, Sequence
from typing import Final

from racer.errors import InternalError
from racer.lang.memory_use import OUT_OF_MEMORY
from racer.machine.flat import TooLarge
from racer.machine.interface import System
from racer.machine.layout import State
from racer.native.engine import Status
from racer.native.library import Engine, loaded
from racer.native.seeking import Seeker
from racer.search.limits import STATES_BETWEEN, Budget
from racer.search.preemptions import (
    CheapestPath,
    Cost,
    Happened,
    Node,
    PreemptionSearch,
    Remembering,
    Shows,
    least_along,
)
from racer.search.shown import Label
from racer.search.symmetry import groups_of

_MOST_THREADS: Final = 64  # each has a bit in a word
# Digits of a cost, from the lowest, as source/preempting.c has them.
_DIGITS: Final = (("steps", 0, 16), ("switches", 16, 15), ("before", 31, 16), ("threads", 47, 7))
_PREEMPTIONS: Final = 54


def preemption_search(
    system: System,
    shows: Shows,
    groups: Sequence[str],
    happened: Happened | None = None,
    moves: Remembering | None = None,
    *,
    label: Label | None = None,
) -> PreemptionSearch:
    """A search for minimal schedules, compiled where that is possible.

    `shows` and `happened` are about `label`, if there is one; else `shows` is about ends alone.
    """
    tables = system.flat(())
    if loaded().library is None or tables is None or len(system.names) > _MOST_THREADS:
        return PreemptionSearch(system, shows, groups, happened, moves)
    return _Compiled(system, shows, groups, happened, moves, label)


class _Compiled(PreemptionSearch):
    def __init__(
        self,
        system: System,
        shows: Shows,
        groups: Sequence[str],
        happened: Happened | None,
        moves: Remembering | None,
        label: Label | None,
    ) -> None:
        super().__init__(system, shows, groups, happened, moves)
        self._whole = system
        self._group_names = groups
        self._label = label
        self._seeker: Seeker | None = None
        self._begun = False
        self._numbers: dict[Hashable, int] = {}

    @property
    def engine(self) -> Engine:
        return "python" if self._seeker is None else "compiled"

    def run(self, goals: Iterable[Hashable], budget: Budget) -> None:
        """As PreemptionSearch.run(), for one run with all goals."""
        wanted = list(goals)
        if self._begun:
            raise InternalError("a compiled search for schedules has one run")
        self._begun = True
        if not wanted:
            return
        try:
            self._seeker = self._sought(wanted, budget)
        except TooLarge:
            super().run(wanted, budget)

    def _sought(self, goals: list[Hashable], budget: Budget) -> Seeker:
        tables = self._whole.flat(())
        if tables is None:
            raise TooLarge
        engine = Seeker(tables, self._whole.initial())
        self._numbers = {goal: number for number, goal in enumerate(goals)}
        copies = [group.threads for group in groups_of(self._whole, self._group_names)]
        label, anywhere = self._label, self._label is not None and not self._label.at_end
        name = None if label is None else label.name
        engine.seek(name, len(goals), copies, self._goal_of_end, anywhere=anywhere)
        while True:
            settled = engine.settled
            if not budget.allows(settled):
                return engine
            until = settled + STATES_BETWEEN
            status = engine.settle(until if budget.states is None else min(until, budget.states))
            if status is Status.DONE:
                return engine
            if status is Status.NO_MEMORY:
                raise MemoryError(OUT_OF_MEMORY)
            if status is not Status.SLICE:
                raise TooLarge

    def _goal_of_end(self, state: State) -> int:
        shown = (self._numbers[goal] for goal in self._shows(state, True) if goal in self._numbers)
        return next(shown, -1)

    def path_to(self, goal: Hashable) -> CheapestPath | None:
        engine = self._seeker
        if engine is None:
            return super().path_to(goal)
        number = self._numbers.get(goal)
        cost = None if number is None else engine.met(number)
        if number is None or cost is None:
            return None
        engine.mark(number)
        return least_along(self, _Marked(engine), _unpacked(cost), goal)

    def cost_of(self, node: Node) -> Cost:
        if self._seeker is None:
            return super().cost_of(node)
        state, last, moved = node
        cost = self._seeker.marked(state, moved, last)
        assert cost is not None, "only marked nodes are asked about"
        return _unpacked(cost)


class _Marked(Container[Node]):
    """The nodes that the engine has marked."""

    def __init__(self, seeker: Seeker) -> None:
        self._seeker = seeker

    def __contains__(self, node: object) -> bool:
        assert isinstance(node, tuple)
        state, last, moved = node
        return self._seeker.marked(state, moved, last) is not None


def _unpacked(cost: int) -> Cost:
    digit = {name: cost >> shift & (1 << bits) - 1 for name, shift, bits in _DIGITS}
    preemptions = cost >> _PREEMPTIONS
    return preemptions, digit["threads"], digit["before"], digit["switches"], digit["steps"]
