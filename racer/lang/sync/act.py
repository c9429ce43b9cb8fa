"""What all operations on such a cell have in common."""

from __future__ import annotations

from typing import ClassVar, Literal

from racer.lang.effects import Effect
from racer.lang.operations import CellOperation, Facts
from racer.lang.outcomes import Violation


class Act(CellOperation):
    """An operation with a name of its own. A subclass says in `execute` what it does, and in
    `blocks` and `gives` what its facts have.

    One that may fail gives something: a thread goes on from one that gives nothing alike for all
    values of its cell.
    """

    __slots__ = ()

    blocks: ClassVar[bool] = False
    stores: ClassVar[bool] = True
    gives: ClassVar[Literal["nothing", "a value", "the value before"]] = "nothing"

    @property
    def facts(self) -> Facts:
        return Facts(self.cell, stores=self.stores, blocks=self.blocks, gives=self.gives)

    def stores_on(self, before: object) -> bool:
        try:
            done = self.execute(before)
        except Violation:
            return False
        return self.stores and done is not None and done.after != before


def passes(before: object, result: object = None) -> Effect:
    """The effect of going on, with the cell left as it was."""
    return Effect(result, before)
