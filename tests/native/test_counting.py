"""Counts of many words, and of more states than Python would go through."""

from __future__ import annotations

import math

import pytest

from racer import Memory, Program, Thread, explore
from racer.automata.lifting import lift
from racer.exploration import searching
from racer.machine.models import system_of
from racer.native.library import loaded
from racer.search.counting import schedules_to
from racer.search.flat_edges import FlatEdges
from racer.search.graph import search
from racer.search.limits import Budget
from racer.search.orbits import orbits_of
from racer.search.symmetry import Symmetric
from tests.native.pure import in_python

pytestmark = pytest.mark.skipif(
    loaded().library is None, reason=f"there is no compiled search: {loaded().why}"
)


def independent(copies: int, steps: int) -> Program:
    """Copies that each load a cell so often: nobody keeps anybody from anything."""
    memory = Memory()
    cell = memory.cell("cell", 0)

    async def looks() -> None:
        for _ in range(steps):
            await cell.load()

    return Program(memory, {"A": Thread(looks, copies=copies)})


@pytest.mark.parametrize(("copies", "steps"), [(2, 3), (3, 20), (3, 40), (2, 300)])
def test_a_count_of_several_words_is_a_multinomial_coefficient(copies: int, steps: int) -> None:
    """Interleavings of n sequences of m steps: (nm)! / m!**n; states: (m + 1)**n of them, whose
    moves are those of each thread where it has not ended, n * m * (m + 1)**(n - 1)."""
    system = system_of(lift(independent(copies, steps)), "sc")
    expected = math.factorial(copies * steps) // math.factorial(steps) ** copies
    for whole in (system, Symmetric(system)):
        graph = search(whole, (), Budget())
        assert isinstance(graph.edges, FlatEdges)
        counts = schedules_to(graph)
        assert counts is not None
        assert sum(counts[end] for end in graph.ends()) == expected
    assert orbits_of(graph, Symmetric(system)) == (
        (steps + 1) ** copies,
        copies * steps * (steps + 1) ** (copies - 1),
    )


def test_more_states_than_python_counts_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where these are 100,000, with 20: 56 states up to symmetry (3 of 6 places, with
    repetitions: C(8, 3)), 15! / 5!**3 interleavings."""
    monkeypatch.setattr(searching, "COUNTED_STATES", 20)
    result = explore(independent(3, 5))
    assert (result.canonical, result.states) == (56, 216)
    assert result.interleavings == 756_756
    assert result.searched < 56  # a reduced graph has decided
    with in_python():
        result = explore(independent(3, 5))
    assert result.interleavings is None


def test_a_count_that_there_is_no_memory_for_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(wanted: int) -> None:
        raise MemoryError

    monkeypatch.setattr("racer.search.flat_edges.require_room", none)
    result = explore(independent(2, 3))
    assert (result.interleavings, result.uncounted) == (None, "left out (out of memory)")
    assert result.verdict == "pass"
