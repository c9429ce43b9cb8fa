"""The edges of a graph that the compiled engine has searched, where it has left them."""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Sequence
from typing import Any

from racer.lang.memory_use import require_room
from racer.native.engine import Engine
from racer.native.library import loaded
from racer.native.states import States
from racer.search.edges import Edges, Row


class FlatEdges(Edges):
    """Edges of which states have got all they will get, in memory of the engine's."""

    __slots__ = ("_transitions", "engine")

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.first, self.last, self.moves, self.goals = engine.edges()
        self._transitions = engine.transitions

    def put(self, state: int, row: Row) -> None:
        raise TypeError("what the compiled engine has searched is searched to its end")

    @property
    def transitions(self) -> int:
        return self._transitions

    def order(self) -> Sequence[int] | None:
        """Every state before those it leads to; None where there is a cycle."""
        count = len(self)
        order, waiting = _zeros("I", count), _zeros("I", count)
        arrays = _at(self.first), _at(self.last), _at(self.goals)
        ready = _library().racer_order(count, *arrays, _at(waiting), _at(order))
        return order if ready == count else None

    def ends(self, expanded: int) -> Sequence[int]:
        """The first `expanded` states without a move."""
        found = _zeros("I", expanded)
        count = _library().racer_ends(expanded, _at(self.first), _at(self.last), _at(found))
        del found[count:]
        return found

    def paths(self, order: Sequence[int]) -> Sequence[int]:
        """How many paths lead to each state from the first. `order` is that of order().

        Errors   MemoryError where they would take more than there is left.
        """
        count = len(self)
        assert isinstance(order, array)
        arrays = _at(self.first), _at(self.last), _at(self.goals), _at(order)
        parts, exponents = _zeros("d", count), _zeros("q", count)
        limbs = _library().racer_limbs(count, *arrays, _at(parts), _at(exponents))
        require_room(count * limbs * 8)
        paths = _zeros("Q", count * limbs)
        _library().racer_paths(count, *arrays, limbs, _at(paths))
        return paths if limbs == 1 else States(memoryview(paths), limbs)


def _library() -> Any:
    return loaded().library


def _zeros(kind: str, count: int) -> array[Any]:
    return array(kind, bytes(array(kind).itemsize)) * count


def _at(values: Any) -> int | None:
    """Where an array lies, as long as somebody has it; None where it has nothing in it."""
    if len(values) == 0:
        return None
    if isinstance(values, array):
        return values.buffer_info()[0]
    return ctypes.addressof(ctypes.c_char.from_buffer(values))
