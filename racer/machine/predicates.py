"""Predicates over packed states, evaluated once for each combination of the values they read."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from racer.automata.automaton import ValueTable
from racer.automata.lifting import Lifted
from racer.automata.seeds import Seeds
from racer.errors import ModelError
from racer.lang.program import Predicate
from racer.lang.watches import evaluate
from racer.machine.layout import Cells, Layout, State


class Truth:
    """A predicate's truth, evaluated once for each combination of the cells it reads.

    A pure predicate that read some cells and gave an answer gives it again wherever those
    cells hold the same values; so answers are kept under the packed values of the cells read.
    """

    def __init__(
        self,
        owner: str,
        predicate: Predicate,
        layout: Layout,
        tables: Mapping[str, ValueTable],
        allowed: frozenset[str] | None = None,
        *,
        seeds: Seeds,
    ) -> None:
        self._seeds = seeds
        self._owner = owner
        self._predicate = predicate
        self._fields = layout.cells
        self._tables = tables
        self._allowed = allowed
        self._known: dict[int, dict[int, bool]] = {}  # by the mask of the cells read
        self._failed: dict[tuple[int, int], ModelError] = {}  # by that mask and their values
        self.reads = 0  # the union of these masks: no other cell has ever been looked at

    def __call__(self, state: State) -> bool:
        for mask, answers in self._known.items():
            known = answers.get(state & mask)
            if known is not None:
                return known
        for (mask, read), error in self._failed.items():
            if state & mask == read:  # asked again where it hangs, it would take seconds again
                raise error
        cells = Cells(state, self._fields, self._tables)
        try:
            with self._seeds.environment.observed():
                answer = evaluate(self._owner, self._predicate, cells, self._allowed)
            self._seeds.require_one_answer(answer, cells, self._read(cells), self._asked)
        except ModelError as error:
            self._failed[cells.read_mask, state & cells.read_mask] = error
            raise
        self._known.setdefault(cells.read_mask, {})[state & cells.read_mask] = answer
        self.reads |= cells.read_mask
        return answer

    def take_over(self, grown: Truth) -> None:
        """It is not asked about states that `grown`, of another layout, has been asked about: so
        know which cells that has looked at."""
        for name, field in grown._fields.items():
            if grown.reads & field.mask << field.shift:
                self.reads |= self._fields[name].mask << self._fields[name].shift

    def values_read(self, state: State) -> dict[str, object]:
        """What the predicate looks at in this state, by cell."""
        cells = Cells(state, self._fields, self._tables)
        evaluate(self._owner, self._predicate, cells, self._allowed)
        return self._read(cells)

    def _read(self, cells: Cells) -> dict[str, object]:
        """The values that were looked at, by cell."""
        read = [name for name, f in self._fields.items() if cells.read_mask & f.mask << f.shift]
        return {name: cells[name] for name in read}

    def _asked(self, predicate: Callable[..., object], values: Mapping[str, object]) -> bool:
        return evaluate(self._owner, predicate, values, self._allowed)


def truth_of(
    owner: str,
    predicate: Predicate,
    layout: Layout,
    lifted: Lifted,
    allowed: frozenset[str] | None = None,
) -> Truth:
    """A predicate of a lifted program; `owner` is what its environment calls it, too."""
    seeds = Seeds(lifted.environment_of(owner), predicate)
    return Truth(owner, predicate, layout, lifted.tables, allowed, seeds=seeds)
