"""Whether generated threads are equivalent, against brute force.

The oracle runs coroutines from their start for every sequence of answers, over all values that a
cell can hold, and knows nothing of automata: the first length at which two of them are about to do
something else is how many answers it takes to tell them apart.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from racer import Memory, choose
from racer.lang.cells import Cell
from racer.lang.operations import Choose, Load, Operation, Store, Swap
from racer.lang.pending import AboutTo, Returned
from racer.lang.run import CoroutineRun
from tests.difference.pairs import Body, compared

Tree = tuple[Any, ...]


async def interpreted(tree: Tree, x: Cell[int], y: Cell[int]) -> int:
    last = 0
    while tree:
        kind, *rest = tree[0]
        tree = tree[1:]
        if kind == "load":
            last = await (x, y)[rest[0]].load()
        elif kind == "store":
            await (x, y)[rest[0]].store(rest[1])
        elif kind == "swap":
            last = await (x, y)[rest[0]].swap(rest[1])
        elif kind == "choose":
            last = await choose(0, 1)
        else:  # which of two, by what was found last
            tree = (rest[1] if last == rest[0] else rest[2]) + tree
    return last


_cell, _value = st.integers(0, 1), st.integers(0, 2)
_step = st.one_of(
    st.tuples(st.just("load"), _cell),
    st.tuples(st.just("store"), _cell, _value),
    st.tuples(st.just("swap"), _cell, _value),
    st.just(("choose",)),
)
_few = st.lists(_step, max_size=2).map(tuple)
_statement = st.one_of(_step, st.tuples(st.just("if"), _value, _few, _few))
_tree = st.tuples(_step, st.lists(_statement, max_size=3)).map(lambda each: (each[0], *each[1]))


def _edited(tree: Tree, at: int, new: Tree) -> Tree:
    """The same with one statement more, or another one in its place."""
    at %= len(tree) + 1
    return (*tree[:at], *new, *tree[at + (at > 0) :]) if at else (*tree[:1], *new, *tree[1:])


_pairs = st.one_of(
    st.tuples(_tree, _tree),
    st.tuples(_tree, st.integers(0, 4), st.lists(_statement, max_size=1).map(tuple)).map(
        lambda each: (each[0], _edited(*each))
    ),
)


def suspended(tree: Tree, answers: Sequence[int]) -> tuple[str, Operation | None]:
    """What a coroutine is about to do, as text, when it has been given these answers."""
    mem = Memory()
    cells = mem.cell("x", 0), mem.cell("y", 0)
    run = CoroutineRun("T", interpreted, (tree, *cells), mem.handles)
    for answer in answers:
        assert isinstance(run.pending, AboutTo)
        run.resume(None if isinstance(run.pending.operation, Store) else answer)
    pending = run.pending
    run.close()
    if isinstance(pending, AboutTo):
        return pending.operation.text(), pending.operation
    assert isinstance(pending, Returned)
    return f"returns {pending.value}", None


def telling_apart(one: Tree, other: Tree) -> int | None:
    """How many answers it takes; None: there are none that do. By brute force."""
    level: list[tuple[int, ...]] = [()]
    for length in itertools.count():
        following: list[tuple[int, ...]] = []
        for answers in level:
            text, operation = suspended(one, answers)
            if suspended(other, answers)[0] != text:
                return length
            following += ((*answers, each) for each in _answers(operation))
        if not following:
            return None
        level = following
    return None


def _answers(operation: Operation | None) -> Iterator[int]:
    match operation:
        case Load() | Swap():
            yield from (0, 1, 2)
        case Store():
            yield 0
        case Choose():
            yield from (0, 1)


@settings(max_examples=50)
@given(_pairs)
def test_brute_force_agrees(pair: tuple[Tree, Tree]) -> None:
    def body(tree: Tree) -> Body:
        async def thread(x: Cell[int], y: Cell[int]) -> int:
            return await interpreted(tree, x, y)

        return thread

    (found,) = compared(body(pair[0]), body(pair[1])).threads
    expected = telling_apart(*pair)
    assert found.verdict == ("equivalent" if expected is None else "different")
    if expected is not None:
        assert found.parting is not None and len(found.parting.answers) == expected


def test_brute_force_sees_both() -> None:
    same = (("load", 0), ("if", 1, (("store", 1, 1),), (("store", 1, 1),)))
    assert telling_apart(same, (("load", 0), ("store", 1, 1))) is None
    assert telling_apart(same, (("load", 0), ("if", 1, (("store", 1, 1),), ()))) == 1
