"""Small programs that use all that threads wait with: one or two kinds of it in each program."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from textwrap import indent

from hypothesis import strategies as st

from tests.generated.strategies import _format, _weighted
from tests.programs import Block, Sample, Statement, ThreadSample, fit

_Statements = st.SearchStrategy[Statement]


@dataclass(frozen=True)
class Kind:
    """Something to wait with: how it is made, and what threads do with it.

    `made` are lines of which a program has one; `does` are statements with the most steps and
    choices that they take. {k} is a number from 1 to 2.
    """

    made: tuple[str, ...]
    does: tuple[tuple[str, int, int], ...]
    within: tuple[str, int, str] = (
        "",
        0,
        "",
    )  # a block that each stands in, its steps, what follows


KINDS = {
    "condition": Kind(
        tuple(
            f"cond = mem.condition('cond', m{more})"
            for more in ("", "", ", fifo=True", ", spurious=1", ", fifo=True, spurious=1")
        ),
        (
            ("await cond.wait()", 4, 2),
            ("if not await a.load():\n    await cond.wait()", 5, 2),
            ("while not await a.load():\n    await cond.wait()", 6, 2),
            ("await a.store({k})", 1, 1),
            ("r0 = await cond.notify()", 1, 1),
            ("r0 = await cond.notify({k})", 1, 1),
            ("await cond.notify_all()", 1, 1),
        ),
        within=("async with m:", 2, ""),
    ),
    "event": Kind(
        ("ev = mem.event('ev')",),
        (
            ("await ev.wait()", 2, 1),
            ("await ev.set()", 1, 1),
            ("await ev.clear()", 1, 1),
            ("await ev.set()\nawait ev.clear()", 2, 1),
            ("r0 = int(await ev.is_set())", 1, 1),
        ),
    ),
    "semaphore": Kind(
        (
            "sem = mem.semaphore('sem')",
            "sem = mem.semaphore('sem', 0, most=40)",
            "sem = mem.semaphore('sem', 2, bounded=True)",
        ),
        (
            ("await sem.acquire()", 1, 1),
            ("r0 = int(await sem.try_acquire())", 1, 1),
            ("await sem.release()", 1, 1),
            ("await sem.release({k})", 1, 1),
            ("async with sem:\n    r1 = await b.swap(r0)", 3, 1),
        ),
    ),
    "queue": Kind(
        ("q = mem.queue('q', 1)", "q = mem.queue('q', 2)"),
        (
            ("await q.put({k})", 1, 1),
            ("await q.put(r0)", 1, 1),
            ("r1 = int(await q.try_put({k}))", 1, 1),
            ("r0 = await q.get()", 1, 1),
            ("r0 = await q.try_get(0)", 1, 1),
            ("await q.close()", 1, 1),
        ),
        within=("try:", 0, "\nexcept QueueClosed:\n    r0 = 8"),
    ),
    "rwlock": Kind(
        (
            "rw = mem.rwlock('rw')",
            "rw = mem.rwlock('rw', prefers='readers')",
            "rw = mem.rwlock('rw', prefers='writers')",
        ),
        (
            ("async with rw.read:\n    r0 = await a.load()", 4, 1),
            ("async with rw.write:\n    r1 = await a.update(bump)", 4, 1),
            ("async with rw.read, rw.read:\n    pass", 6, 1),
            ("if await rw.read.try_acquire():\n    await rw.read.release()", 2, 1),
            ("r0 = 3\nif await rw.write.try_acquire():\n    await rw.write.release()", 2, 1),
            ("await rw.write.acquire()\nawait a.store({k})\nawait rw.write.release()", 4, 1),
        ),
    ),
    "latch": Kind(
        ("la = mem.latch('la', 1)", "la = mem.latch('la', 3)"),
        (
            ("await la.count_down()", 1, 1),
            ("await la.count_down({k})", 1, 1),
            ("await la.wait()", 1, 1),
        ),
    ),
    "pool": Kind(
        tuple(
            f"po = mem.pool('po', 12, fields={{'v': 0}}{more})\nh = mem.cell('h', None)"
            for more in ("", ", reuse=True", ", collected=True")
        ),
        (
            ("n = await po.allocate(v={k})\nawait h.store(n)", 3, 1),
            ("n = await po.allocate()\nn = await h.swap(n)\nawait po.free(n)", 5, 1),
            ("n = await h.swap(None)\nawait po.free(n)", 3, 1),
            ("n = await h.load()\nawait po.free(n)", 3, 1),
            ("n = await h.load()\nif n is not None:\n    r0 = await po[n].v.load()", 2, 1),
            ("n = await h.load()\nif n is not None:\n    await po[n].v.store({k})", 2, 1),
            ("r0 = await po[await h.load()].v.update(bump)", 2, 1),
            ("n = await h.load()\nif n:\n    await po[n].v.wait_until(lambda v: v == {k})", 2, 1),
        ),
    ),
    "rcu": Kind(
        ("rcu = mem.rcu('rcu')",),
        (
            ("async with rcu.read:\n    r0 = await a.load()", 3, 1),
            ("async with rcu.read, rcu.read:\n    await b.store({k})", 5, 1),
            ("await rcu.read.lock()\nr1 = await a.load()\nawait rcu.read.unlock()", 3, 1),
            ("await a.store({k})\nawait rcu.synchronize()\nr0 = await b.load()", 4, 1),
            ("await rcu.synchronize()", 2, 1),
        ),
    ),
    "watch": Kind(
        tuple(
            f"w = mem.watch('w', lambda s: {predicate}, [a, b])"
            for predicate in ("s[a] == s[b]", "s[a] and s[b]", "s[a] != 1", "s[a] + s[b] > 2")
        ),
        (
            ("await w.wait()", 1, 1),
            ("await a.store({k})", 1, 1),
            ("await b.update(bump)", 1, 1),
            ("async with w.window() as seen:\n    await w.wait()\nr0 = int(seen.always)", 1, 1),
            ("async with w.window() as seen:\n    await a.swap({k})\nr1 = int(seen.at_end)", 1, 1),
        ),
    ),
    "per_thread": Kind(
        ("own = mem.per_thread('own', 0)", "own = mem.per_thread('own', 1)"),
        (
            ("await own.store({k})", 1, 1),
            ("await own.store(0)", 1, 1),
            ("r0 = await own.load()", 1, 1),
            ("r1 = sum(await own.load_all())", 1, 1),
            ("await own.wait_until(lambda values: len(values) != {k})", 1, 1),
            ("await own.wait_until(lambda values: r0 not in values)", 1, 1),
        ),
    ),
    "barrier": Kind(
        tuple(f"ba = mem.barrier('ba', {n})" for n in (1, 2, 2, 3)),
        (("r0 = await ba.wait()", 2, 1), ("await ba.wait()\nr1 = await ba.wait()", 4, 1)),
    ),
}


@functools.cache
def _does(kind: str) -> _Statements:
    """A statement of that kind, or one on a plain cell."""
    k, c = st.integers(1, 2), st.sampled_from(["a", "b"])
    head, around, then = KINDS[kind].within
    drawn = st.one_of(
        *(
            _format(_within(head, text, then), steps + around, k=k).map(
                lambda line, ways=ways: replace(line, ways=ways)
            )
            for text, steps, ways in KINDS[kind].does
        )
    )
    plain = st.one_of(
        _format("r0 = await {c}.load()", 1, c=c),
        _format("r1 = await {c}.swap({k})", 1, c=c, k=k),
        _format("r0 = await {c}.update(bump)", 1, c=c),
        _format("if await {c}.load() == {k}:\n    raise Violation('bad')", 1, c=c, k=k),
    )
    return _weighted((5, drawn), (2, plain))


def _within(head: str, text: str, then: str) -> str:
    return f"{head}\n{indent(text, '    ')}{then}" if head else text


def _bodies(kind: str, most: int) -> st.SearchStrategy[tuple[Statement, ...]]:
    return st.lists(_does(kind), min_size=1, max_size=most).map(tuple)


_ENDLESS = ("while True:", "while not await b.load():", "while await a.load() != 1:")


@st.composite
def waiting(
    draw: st.DrawFn,
    *,
    size: int = 2_000,
    kinds: tuple[str, ...] = tuple(KINDS),
    endless: bool = False,
) -> Sample:
    """Programs of 2 to 4 threads, copies among them, with at most `size` interleavings.

    `endless`: some threads go on for ever, or spin; there are fewer of them, and no bound.
    """
    kind = draw(st.sampled_from(kinds))
    threads = []
    left = draw(st.sampled_from([2, 2, 3] if endless else [2, 3, 3, 4]))
    while left:
        copies = draw(st.integers(1, min(left, 3)))
        left -= copies
        body = draw(_bodies(kind, 2 if endless else 3))
        if endless and draw(st.booleans()):
            body = (Block(((draw(st.sampled_from(_ENDLESS)), body),)),)
        threads.append(
            ThreadSample(
                body=body,
                copies=copies,
                daemon=draw(st.sampled_from([False, False, False, True])),
            )
        )
    sample = Sample(
        cells=(("a", 0), ("b", 0)),
        locks=("m",),
        watches=(),
        threads=tuple(threads),
        invariants=(),
        sometimes=(),
        made=(draw(st.sampled_from(KINDS[kind].made)),),
    )
    return sample if endless else fit(sample, size)
