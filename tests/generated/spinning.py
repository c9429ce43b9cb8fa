"""Small programs that may run for ever: threads that spin, daemons, copies, locks.

What a thread keeps across an await is in its registers, and nothing on the stack: the oracle of
tests/oracles/liveness.py tells its states by that. The values of cells are 0, 1 and 2, so there
are finitely many states.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from tests.generated.strategies import _format, _weighted
from tests.programs import Block, Line, Sample, Statement, ThreadSample

_Lines = st.SearchStrategy[Line]
_Statements = st.SearchStrategy[Statement]

_values = st.integers(0, 2)
_bits = st.integers(0, 1)
_registers = st.sampled_from(["r0", "r1"])
_comparisons = st.sampled_from(["==", "!="])


@dataclass(frozen=True)
class Names:
    """What a statement may refer to, and whether it is in a loop that it may leave."""

    cells: tuple[str, ...]
    locks: tuple[str, ...]
    in_loop: bool = False


@functools.cache
def _ordinary(names: Names) -> _Lines:
    """Statements of one step, or two."""
    c = st.sampled_from(names.cells)
    r, k, eq = _registers, _values, _comparisons
    v = _weighted((3, _bits.map(str)), (1, _registers))
    return _weighted(
        (6, _format("await {c}.store({v})", c=c, v=v)),
        (3, _format("{r} = await {c}.load()", r=r, c=c)),
        (1, _format("{r} = await {c}.swap({v})", r=r, c=c, v=v)),
        (1, _format("{r} = await {c}.compare_exchange({k}, {v})", r=r, c=c, k=k, v=v)),
        (2, _format("await {c}.update(bump)", c=c)),
        (2, _format("await {c}.wait_until(lambda v: v {eq} {k})", c=c, eq=eq, k=k)),
        (1, _format("await {c}.update_when(lambda v: v {eq} {k}, bump)", c=c, eq=eq, k=k)),
        (1, st.just(Line("r0 = await choose(0, 1)"))),
        (1, st.just(Line("await fence('mb')"))),
        (1, _format("if await {c}.load() {eq} {k}:\n    raise Violation('bad')", c=c, eq=eq, k=k)),
        (1, _format("if await {c}.load() {eq} {k}:\n    return 'early'", c=c, eq=eq, k=k)),
    )


@functools.cache
def _spins(names: Names) -> _Lines:
    """Loops that end only when another thread has done something, if at all."""
    c = d = st.sampled_from(names.cells)
    k, v, r = _values, _bits, _registers
    return _weighted(
        (3, _format("while not await {c}.load():\n    pass", c=c)),
        (3, _format("while await {c}.load():\n    pass", c=c)),
        (2, _format("while await {c}.load() != {k}:\n    pass", c=c, k=k)),
        (2, _format("while await {c}.compare_exchange(0, 1) != 0:\n    pass", c=c)),
        (1, _format("while await {c}.compare_exchange({k}, 2) != {k}:\n    pass", c=c, k=k)),
        (1, _format("while await {c}.swap(1):\n    pass", c=c)),
        (1, _format("while ({r} := await {c}.load()) == {k}:\n    pass", c=c, r=r, k=k)),
        (1, _format("while await {c}.load():\n    await fence('mb')", c=c)),
        (1, _format("while await choose(0, 1):\n    await {c}.store({v})", c=c, v=v)),
        (
            2,  # two of them, crossed, are polite for ever
            _format(
                "await {c}.store(1)\n"
                "while await {d}.load():\n"
                "    await {c}.store(0)\n"
                "    await {c}.store(1)",
                c=c, d=d,
            ),
        ),
        (
            1,
            _format(
                "r0 = await {c}.load()\n"
                "while (r1 := await {c}.compare_exchange(r0, {v})) != r0:\n"
                "    r0 = r1",
                c=c, v=v,
            ),
        ),
    )  # fmt: skip


@functools.cache
def _statements(names: Names, depth: int) -> _Statements:
    kinds: list[tuple[int, _Statements]] = [(4, _ordinary(names)), (3, _spins(names))]
    if names.in_loop:
        c, k = st.sampled_from(names.cells), _values
        kinds.append((1, _format("if await {c}.load() == {k}:\n    break", c=c, k=k)))
    if depth:
        kinds.append((2, _loops(names, depth)))
        if names.locks:
            kinds.append((3, _locked(names, depth)))
    return _weighted(*kinds)


def _bodies(names: Names, depth: int, most: int) -> st.SearchStrategy[tuple[Statement, ...]]:
    return st.lists(_statements(names, depth), min_size=1, max_size=most).map(tuple)


def _loops(names: Names, depth: int) -> _Statements:
    c, k = st.sampled_from(names.cells), _values
    heads = st.one_of(
        st.just("while True:"),
        st.builds("while await {}.load() != {}:".format, c, k),
        st.builds("while not await {}.load():".format, c),
    )
    inside = replace(names, in_loop=True)
    return st.builds(
        lambda head, body: Block(((head, body),)), heads, _bodies(inside, depth - 1, 2)
    )


def _locked(names: Names, depth: int) -> _Statements:
    lock = st.sampled_from(names.locks)
    inside = replace(names, in_loop=False)  # a `break` would keep a lock that is taken by hand
    body = _bodies(inside, depth - 1, 2)
    return st.one_of(
        st.builds(lambda m, b: Block(((f"async with {m}:", b),)), lock, body),
        st.builds(
            lambda m, b: Block(
                ((f"while not await {m}.try_acquire():", (Line("pass"),)), ("if True:", b)),
                after=(f"await {m}.release()",),
            ),
            lock,
            body,
        ),
        st.builds(
            lambda m, b: Block(
                ((f"if await {m}.try_acquire():", (*b, Line(f"await {m}.release()"))),)
            ),
            lock,
            body,
        ),
    )


@st.composite
def spinning(draw: st.DrawFn) -> Sample:
    """Programs of 2 or 3 threads, seldom 1, some of them copies of one, some daemons, and some
    without a way out."""
    names = Names(
        cells=("a", "b", "c")[: draw(st.sampled_from([1, 2, 2, 2, 3]))],
        locks=("m", "n")[: draw(st.sampled_from([0, 0, 1, 1, 2]))],
    )
    threads = []
    total = waiting = draw(st.sampled_from([1, 2, 2, 2, 2, 2, 3, 3, 3]))
    while waiting > 0:  # threads still to be made, copies counted
        copies = draw(st.sampled_from([1, 1, 2, 3])) if waiting > 1 else 1
        copies = min(copies, waiting)
        waiting -= copies
        body = draw(_bodies(names, 2 if total < 3 else 1, 3 if total < 3 else 2))
        if draw(st.sampled_from([False, False, True])):
            body = (Block((("while True:", body),)),)
        threads.append(
            ThreadSample(
                body=body,
                copies=copies,
                daemon=draw(st.sampled_from([False, False, False, True])),
            )
        )
    return Sample(
        cells=tuple((name, draw(st.sampled_from([0, 0, 1]))) for name in names.cells),
        locks=names.locks,
        watches=(),
        threads=tuple(threads),
        invariants=(),
        sometimes=(),
    )
