"""Which small programs hypothesis generates: strategies for the trees of tests/programs.py."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TypeVar

from hypothesis import strategies as st

from tests.programs import Block, Line, Sample, Statement, ThreadSample, fit

T = TypeVar("T")


def _weighted(*kinds: tuple[int, st.SearchStrategy[T]]) -> st.SearchStrategy[T]:
    """One of `kinds`, in proportion to the weights (`one_of` would flatten, and drown the rare)."""
    drawn = st.sampled_from([kind for weight, kind in kinds for _ in range(weight)])
    return drawn.flatmap(lambda kind: kind)


_values = st.integers(0, 2)
_types = st.sampled_from(["int", "bool", "float"])
_comparisons = st.sampled_from(["==", "!="])
_registers = st.sampled_from(["r0", "r1"])
_labels = st.sampled_from(["bad", "worse"])  # also names of invariants: a label may come twice


@dataclass(frozen=True)
class Names:
    """What a statement may refer to. `indices` are the variables of the loops around it."""

    cells: tuple[str, ...]
    locks: tuple[str, ...]
    watches: tuple[str, ...]
    endless: bool  # whether loops without a bound may stand here
    indices: tuple[str, ...] = ()
    windows: int = 0  # around it: each has its own variable


def _format(text: str, steps: int = 0, /, **operands: st.SearchStrategy[object]) -> _Lines:
    """Lines of one form: `text` with each operand drawn."""
    drawn = st.fixed_dictionaries(operands)
    return drawn.map(lambda operand: Line(text.format(**operand), steps))


_Lines = st.SearchStrategy[Line]
_Statements = st.SearchStrategy[Statement]


@functools.cache
def _operations(names: Names) -> _Lines:
    """Statements that take at least one step on every path, and no windows or locks."""
    c = d = st.sampled_from(names.cells)
    r, k, n = _registers, _values, st.integers(1, 2)
    v = _weighted((2, _values.map(str)), (1, st.sampled_from(["r0", "r1", *names.indices])))
    return st.one_of(
        _format("{r} = await {c}.load()", 1, r=r, c=c),
        _format("await {c}.store({v})", 1, c=c, v=v),
        _format("{r} = await {c}.swap({v})", 1, r=r, c=c, v=v),
        _format("{r} = await {c}.compare_exchange({k}, {v})", 1, r=r, c=c, k=k, v=v),
        _format("{r} = await {c}.update(bump)", 1, r=r, c=c),
        _format("await {c}.update(lambda v: (v * 2 + {k}) % 3)", 1, c=c, k=k),
        _format("await {c}.wait_until(lambda v: v {eq} {k})", 1, c=c, k=k, eq=_comparisons),
        _format("{r} = await {c}.wait_until(lambda v: v != r0)", 1, r=r, c=c),
        _format(
            "{r} = await {c}.update_when(lambda v: v {eq} {k}, bump)",
            1,
            r=r,
            c=c,
            k=k,
            eq=_comparisons,
        ),
        st.permutations(("0", "1", "2")).flatmap(
            lambda options: st.integers(2, 3).map(
                lambda ways: Line(f"r0 = await choose({', '.join(options[:ways])})", 1, ways)
            )
        ),
        _format("await fence('{kind}')", 1, kind=st.sampled_from(["mb", "rmb", "wmb"])),
        # Values on the stack, and arguments, while a later operand is awaited.
        _format("{r} = ((await {c}.load()) + 2 * (await {d}.load())) % 3", 2, r=r, c=c, d=d),
        _format("{r} = mix(await {c}.load(), await {d}.load(), k={n})", 2, r=r, c=c, d=d, n=n),
        _format("{r} = await {c}.load() and await {d}.load()", 2, r=r, c=c, d=d),
        _format("{r} = {k} if await {c}.load() else await {d}.load()", 2, r=r, c=c, d=d, k=k),
        _format("await {c}.store((await {d}.load() + {n}) % 3)", 2, c=c, d=d, n=n),
        _format("{r} = max([await x.load() for x in ({c}, {d})])", 2, r=r, c=c, d=d),
        _format("{r} = await twice({c}, {n})", 2, r=r, c=c, n=n),
        _format("{r} = await deep({c}, {n})", 4, r=r, c=c, n=n),
        _format("await put({c}, {v})", 2, c=c, v=v),
        _format("if await {c}.load() != await {c}.load():\n    raise Violation('torn')", 2, c=c),
        _format("raise Violation('bad', effect=f'saw {{await {c}.load()}}')", 1, c=c),
        _format("assert await {c}.swap({k}) <= await {c}.load()", 2, c=c, k=k),
        # A counter: the values its cell can hold have no bound, though an execution's do.
        _format("{r} = await {c}.fetch_add({n})", 1, r=r, c=c, n=n),
        _format("{r} = min(await {c}.fetch_add(1), 2)", 1, r=r, c=c),
        # Operations that fail, on some values or on all.
        _format(
            "try:\n    {r} = await {c}.update(lambda v: 2 // v)\n"
            "except ZeroDivisionError:\n    {r} = {k}",
            1, r=r, c=c, k=k,
        ),
        _format(
            "try:\n    {r} = await {c}.fetch_add('1')\nexcept TypeError:\n    {r} = {k}",
            1, r=r, c=c, k=k,
        ),
        _format(
            "try:\n    await {c}.wait_until(lambda v: 1 // v)\nexcept ZeroDivisionError:\n    pass",
            1, c=c,
        ),
        _format(
            "try:\n    {r} = await {c}.update_when(lambda v: v != {k}, (1, 0).__getitem__)\n"
            "except (IndexError, TypeError):\n    {r} = 2",
            1, r=r, c=c, k=k,
        ),
        # Values that are equal and of different types, or no numbers at all.
        _format("await {c}.store({v})", 1, c=c, v=st.sampled_from(["True", "1.0", "0.0", "-0.0"])),
        _format("{r} = int(type(await {c}.load()) is {t})", 1, r=r, c=c, t=_types),
        _format("assert str(await {c}.load()) != '{k}.0'", 1, c=c, k=k),
        # Bounded retry loops.
        _format(
            "for _ in range({n}):\n    {r} = await {c}.load()\n    if {r} == {k}:\n        break",
            2, n=n, r=r, c=c, k=k,
        ),
        _format(
            "left = {n}\nwhile left and await {c}.load() != {k}:\n    left -= 1",
            2, n=n, c=c, k=k,
        ),
        _format(
            "for _ in range(2):\n"
            "    r0 = await {c}.load()\n"
            "    if await {c}.compare_exchange(r0, (r0 + 1) % 3) == r0:\n"
            "        break\n"
            "else:\n"
            "    raise Violation('gave up')",
            4, c=c,
        ),
    )  # fmt: skip


@functools.cache
def _endless(names: Names) -> _Lines:
    """Retry loops without a bound; their steps are a guess that only `fit` relies on."""
    c, k, r = st.sampled_from(names.cells), _values, _registers
    return st.one_of(
        _format("while await {c}.load() != {k}:\n    pass", 2, c=c, k=k),
        _format("while await {c}.compare_exchange({k}, 2) != {k}:\n    pass", 2, c=c, k=k),
        _format("while ({r} := await {c}.load()) == 0:\n    await fence('mb')", 2, c=c, r=r),
    )


@functools.cache
def _checks() -> _Lines:
    """Statements without a step."""
    r, k = _registers, _values
    guilty = "raise Violation('{label}')"
    return st.one_of(
        _format(f"if {{r}} {{eq}} {{k}}:\n    {guilty}", r=r, eq=_comparisons, k=k, label=_labels),
        _format("assert {r} != {k}, '{r} is {k}'", r=r, k=k),
        _format("assert {r} != {k}", r=r, k=k),
        _format("if {r} == {k}:\n    return 'early'", r=r, k=k),
        st.just(Line("r0, r1 = r1, r0")),
    )


def _blocks(names: Names, depth: int) -> list[tuple[int, _Statements]]:
    """Compound statements, weighted, whose first statement takes a step on every path."""
    kinds: list[tuple[int, _Statements]] = []
    body = _bodies(names, depth - 1)
    if names.locks:
        lock = st.sampled_from(names.locks)
        locked = st.builds(lambda m, b: Block(((f"async with {m}:", b),), own=2), lock, body)
        tried = st.builds(
            lambda m, b: Block(
                ((f"if await {m}.try_acquire():", (*b, Line(f"await {m}.release()", 1))),), own=1
            ),
            lock,
            body,
        )
        by_hand = st.builds(
            lambda m, b: Block(
                (("if True:", (Line(f"await {m}.acquire()", 1), *b)),),
                after=(f"await {m}.release()",),
                own=1,
            ),
            lock,
            body,
        )
        kinds += [(2, locked), (1, tried), (1, by_hand)]
    if names.watches:
        seen = f"seen{names.windows}"
        inside = _bodies(replace(names, windows=names.windows + 1), depth - 1)
        verdicts = (
            f"r0 = int({seen}.always) + int({seen}.sometimes)",
            f"r1 = int({seen}.at_end) + 2 * int({seen}.never)",
            f"if {seen}.never:\n    raise Violation('never')",
            f"if not {seen}.always:\n    raise Violation('bad')",
            f"if {seen}.sometimes != {seen}.at_end:\n    return 'changed'",
            f"assert {seen}.at_end",
        )
        watched = st.builds(
            lambda w, b, v: Block(
                ((f"async with {w}.window() as {seen}:", b),), tuple(v.splitlines())
            ),
            st.sampled_from(names.watches),
            inside,
            st.sampled_from(verdicts),
        )
        kinds.append((3, watched))
    return kinds


@functools.cache
def _stepping(names: Names, depth: int) -> _Statements:
    kinds: list[tuple[int, _Statements]] = [(5, _operations(names))]
    if names.endless:
        kinds.append((3, _endless(names)))
    if depth:
        kinds += _blocks(names, depth)
    return _weighted(*kinds)


@functools.cache
def _bodies(names: Names, depth: int) -> st.SearchStrategy[tuple[Statement, ...]]:
    """One to three statements, of which the first takes a step on every path."""
    rest = st.lists(_statements(names, depth), max_size=2)
    return st.builds(lambda first, more: (first, *more), _stepping(names, depth), rest)


@functools.cache
def _statements(names: Names, depth: int) -> _Statements:
    kinds = [(5, _stepping(names, depth)), (2, _checks())]
    if depth:
        kinds += [(1, kind(names, depth)) for kind in (_loops, _ifs, _tries, _tries)]
    return _weighted(*kinds)


_LOOPS = (  # every kind of iterator that a coroutine can be suspended in, over two items
    "for {i} in range(2):",
    "for {i} in range(2, 0, -1):",
    "for {i} in (2, 1):",
    "for j, {i} in enumerate((2, 0)):",
    "for {i} in reversed((0, 1)):",
    "for {i}, j in zip((0, 1), (1, 1)):",
    "for {i} in [r0, r1]:",
    "for {i} in dict.fromkeys((1, 2)):",
    "for {i} in (x % 3 for x in (1, 2)):",
    "for {i} in map(abs, (0, 1)):",
    "todo = [1, 2]\nwhile todo:\n    {i} = todo.pop()",
)


def _loops(names: Names, depth: int) -> _Statements:
    index = f"i{len(names.indices)}"
    inside = replace(names, indices=(*names.indices, index))
    allowed = _LOOPS[:4] if names.endless else _LOOPS  # few, so that it is small
    heads = st.sampled_from(allowed).map(lambda head: head.format(i=index))
    return st.builds(
        lambda head, body: Block(((head, body),), times=2), heads, _bodies(inside, depth - 1)
    )


def _ifs(names: Names, depth: int) -> _Statements:
    tests = st.one_of(
        st.builds("if {} == {}:".format, _registers, _values),
        st.builds("if not {}:".format, _registers),
        st.just("if r0 < r1:"),
    )
    body = _bodies(names, depth - 1)
    return st.builds(
        lambda test, then, other: Block(((test, then), *((("else:", other),) if other else ()))),
        tests,
        body,
        st.one_of(st.just(()), body),
    )


def _tries(names: Names, depth: int) -> _Statements:
    body = _bodies(names, depth - 1)
    other = _bodies(replace(names, endless=False), depth - 1)  # an exception may be in flight
    heads = st.sampled_from(["finally:", "finally:", "except Violation:", "except AssertionError:"])
    return st.builds(
        lambda head, tried, check, other: Block((("try:", (*tried, check)), (head, other))),
        heads,
        body,
        _checks(),
        other,
    )


def _of_ends() -> st.SearchStrategy[str]:
    """Predicates of what the threads came to; copies have a tuple of such values."""
    k = _values
    return st.one_of(
        st.builds("({}, {}) not in came.values()".format, k, k),
        st.builds("repr(came['P']) {} '({}, {})'".format, _comparisons, k, k),
        st.builds("repr(tuple(came.values())).count('({}, ') < 2".format, k),
        st.just("not any('Violation' in repr(value) for value in came.values())"),
        st.just("'Idle' not in repr(tuple(came.values()))"),
    )


@st.composite
def samples(
    draw: st.DrawFn, *, size: int = 5_000, unbounded: bool = False, ends: bool = False
) -> Sample:
    """Programs of 2 to 4 threads with at most `size` interleavings.

    With `ends`, some threads are daemons, and predicates are asked of ends.

    Bound    `size`, at least 630, holds exactly; with `unbounded`, loops without a bound are
             generated too, and it is a guess. Such a loop stands only where all that is on the
             stack is immutable: elsewhere each turn of it is a node of its own, without end.
    """
    cells = ("a", "b", "c")[: draw(st.sampled_from([1, 2, 2, 3]))]
    locks = ("m", "n")[: draw(st.sampled_from([0, 1, 1, 2]))]
    watches = ("w",) if draw(st.booleans()) else ()
    names = Names(cells, locks, watches, unbounded)
    cell, k = st.sampled_from(cells), _values
    predicates = st.one_of(
        st.builds("s[{}] == {}".format, cell, k),
        st.builds("s[{}] != {}".format, cell, k),
        st.builds("s[{}] + s[{}] < 3".format, cell, cell),
        *([st.builds("s[{}] == 0 or not s[m]".format, cell)] if locks else []),
    )
    threads = []
    total = waiting = draw(st.sampled_from([2, 2, 2, 3, 3, 4]))
    while waiting > 0:  # threads still to be made, copies counted
        copies = draw(st.integers(1, 2)) if waiting > 1 else 1
        waiting -= copies
        threads.append(
            ThreadSample(
                body=draw(_threads(names, 5 - total)),
                copies=copies,
                start=draw(st.one_of(st.none(), st.none(), _values)),
                keeps_log=not unbounded and draw(st.sampled_from([False] * 9 + [True])),
                daemon=ends and draw(st.sampled_from([False, False, False, True])),
            )
        )
    sample = Sample(
        cells=tuple((name, draw(st.sampled_from([0, 0, 1]))) for name in cells),
        locks=locks,
        watches=tuple((name, draw(predicates), ", ".join((*cells, *locks))) for name in watches),
        threads=tuple(threads),
        invariants=tuple(draw(_named(predicates, ("safe", "bad"), 2))),
        sometimes=tuple(draw(_named(predicates, ("met",), 1))),
        finally_=tuple(draw(_named(st.one_of(predicates, _of_ends()), ("kept", "left"), 2)))
        if ends
        else (),
        atomic=bool(locks) and draw(st.sampled_from([False, False, True])),
    )
    return fit(sample, size)


@functools.cache
def _threads(names: Names, least: int) -> st.SearchStrategy[tuple[Statement, ...]]:
    rest = st.lists(_statements(names, 2), min_size=least, max_size=least + 2)
    return st.builds(lambda first, more: (first, *more), _stepping(names, 1), rest)


def _named(
    predicates: st.SearchStrategy[str], labels: tuple[str, ...], most: int
) -> st.SearchStrategy[list[tuple[str, str]]]:
    return st.lists(predicates, max_size=most).map(
        lambda texts: list(zip(labels, texts, strict=False))
    )
