"""Minimal automata, against Moore's partition refinement; long ones, and values that grow."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from racer import Memory, Program, Thread, explore
from racer.automata.automaton import ClosedAutomaton
from racer.automata.lifting import PARTS_PER_CELL, lift
from racer.automata.minimising import minimise
from racer.lang.pending import Returned
from racer.lang.sizes import parts_of
from tests.generated.profiles import examples


def automaton(edges: list[dict[int, int]]) -> ClosedAutomaton:
    """Nodes that differ in their edges; what they are about to do is told by a label."""
    nodes = tuple(Returned(number) for number in range(len(edges)))
    return ClosedAutomaton(nodes, ((),) * len(edges), tuple(edges))


@st.composite
def automata(draw: st.DrawFn) -> tuple[ClosedAutomaton, list[int]]:
    """Some of whose nodes lack edges that others of the same label have."""
    size = draw(st.integers(1, 12))
    goals = st.integers(0, size - 1)
    edges = [draw(st.dictionaries(st.integers(0, 2), goals, max_size=3)) for _ in range(size)]
    return automaton(edges), draw(st.lists(st.integers(0, 2), min_size=size, max_size=size))


def moore(edges: tuple[dict[int, int], ...], labels: list[int]) -> list[int]:
    """The block of each node, refined by all answers at once until nothing splits."""
    block = list(labels)
    while True:
        seen = [(block[n], {a: block[to] for a, to in out.items()}) for n, out in enumerate(edges)]
        refined = [seen.index(each) for each in seen]
        if len(set(refined)) == len(set(block)):
            return block
        block = refined


@examples(500)
@given(automata())
def test_nodes_are_merged_exactly_where_moore_merges_them(
    drawn: tuple[ClosedAutomaton, list[int]],
) -> None:
    given_one, labels = drawn
    block = moore(given_one.edges, labels)
    found = minimise(given_one, lambda node: labels[node])
    # Every node of the result is one of the given ones: walk both, side by side, from the start.
    stands_for = {0: 0}
    waiting = [0]
    while waiting:
        node = waiting.pop()
        mine, theirs = found.edges[node], given_one.edges[stands_for[node]]
        assert set(mine) == set(theirs)
        for answer, goal in mine.items():
            if goal not in stands_for:
                stands_for[goal] = theirs[answer]
                waiting.append(goal)
            assert block[stands_for[goal]] == block[theirs[answer]]
    assert set(stands_for) == set(range(len(found.nodes)))
    assert len({block[node] for node in stands_for.values()}) == len(found.nodes)


def test_a_chain_is_minimised_in_less_than_a_pass_for_each_node() -> None:
    """A refinement that goes over all nodes for each step of the distance to the end, as Moore's
    does, would look at 20,000 nodes 20,000 times: minutes."""
    length = 20_000
    chain = automaton([{0: node + 1} for node in range(length - 1)] + [{}])
    assert minimise(chain, lambda node: "step") == minimise(chain, lambda node: node)
    loop = automaton([{0: (node + 1) % length} for node in range(length)])
    assert len(minimise(loop, lambda node: "step").nodes) == 1


def test_a_thread_of_many_steps_is_lifted_and_explored() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def thread() -> None:
        for _ in range(5_000):
            await x.store(1)

    assert explore(Program(mem, {"T": Thread(thread)})).states == 5_001


@pytest.mark.parametrize(
    "grow",
    [lambda v: v + v, lambda v: (v, v), lambda v: frozenset({v, (v,)})],
    ids=["longer", "deeper", "sets"],
)
def test_values_that_double_are_no_closure(grow: Callable[[object], object]) -> None:
    """Two threads double three times: 64 times the first value at most, in 6! / (3! * 3!) ways.

    Fed all that may come, each update doubles what an update gave: 2 ** 128 times the first.
    """
    mem = Memory()
    x = mem.cell("x", ("a",))

    async def thread() -> None:
        for _ in range(3):
            await x.update(grow)

    program = Program(mem, {"T": Thread(thread, copies=2)})
    lifted = lift(program)
    assert not lifted.closed
    assert parts_of(lifted.tables["x"].values[-1], 10 * PARTS_PER_CELL) < 3 * PARTS_PER_CELL
    assert explore(program).interleavings == 20


def test_the_parts_of_a_value() -> None:
    assert parts_of(("a", (1, 2)), 100) == 5
    assert parts_of(1 << 300, 100) == 11  # the 30 bits that a digit of CPython's has, 10 times
    assert parts_of("a" * 80, 100) == 11
    shared: object = ()
    for _ in range(100):
        shared = (shared, shared)
    assert 100 < parts_of(shared, 100) < 103
