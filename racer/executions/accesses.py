"""What racer's operations are to memory models of executions: the table, and what is not in it.

    operation                    events
    load plain, once, acquire    a read, marked so
    store plain, once, release   a write, marked so
    read-modify-write            a read and a write of one pair:
      full                         both once, smp_mb() before and after
      acquire, release             the read an acquire, the other once; the write a release
      relaxed                      both once
      that fails                   a bare read: once, or of a cmpxchg() "compare-failed"
    acquire of a lock            a read marked "lock", a write "lock-write"; tried in vain, once
    release of a lock            a write marked "unlock"
    wait_until()                 a read, once: that it waits is a loop of such reads
    fence mb, rmb, wmb           a fence, of that kind
    choose()                     nothing

What each of these is on x86 and arm64 stands at the head of `axiomatic/models/tso.py`, `arm64.py`.

Source   as `axiomatic/litmus/c_calls.py`: tools/memory-model/linux-kernel.def and .bell of Linux
         6.12. A cmpxchg() that fails is told by its result, the value before; what gives another
         (inc_not_zero(), try_acquire()) has looked before, and only read, as lib/refcount.c and
         kernel/locking/qspinlock.c do.
Differs  An atomic without a result (atomic_inc(), set_bit()) is a relaxed operation with one here:
         smp_rmb() orders its read, which it need not on a machine. refcount_dec_and_test() is no
         acquire where it gets to 0, which refcount_t promises. An operation that fails with an
         exception has read, and stored nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from racer.errors import UsageError
from racer.lang.operations import Facts, Operation


class Marks(NamedTuple):
    """How the events of an operation are marked: what it reads, also where it stores nothing, what
    it writes, and the fence before and after it where it stores; empty for none."""

    reads: str = ""
    fails: str = ""
    writes: str = ""
    fence: str = ""


_BY_ORDER: Final[Mapping[str, Marks]] = {
    "full": Marks("once", "once", "once", "mb"),
    "relaxed": Marks("once", "once", "once"),
    "acquire": Marks("acquire", "once", "once"),
    "release": Marks("once", "once", "release"),
}


def marks_of(thread: str, operation: Operation, memory: str) -> Marks:
    """How the events of an operation are marked.

    Errors   UsageError for one that these models do not have.
    """
    facts = operation.facts
    if facts.fence is not None:
        return Marks(fence=facts.fence)
    if facts.lock == "frees":
        return Marks(writes="unlock")
    if facts.lock == "takes":
        return Marks("lock", "once", "lock-write")
    if facts.order is not None and facts.blind:
        return Marks(writes=facts.order)
    if facts.order is not None and not facts.stores:
        return Marks(facts.order, facts.order)
    if facts.order is not None:
        marks = _BY_ORDER[facts.order]
        compares = facts.gives == "the value before" and not facts.blocks
        return marks._replace(fails="compare-failed") if compares else marks
    if _waits_for_a_value(facts):
        return Marks("once", "once")
    if facts.cell is None and facts.watch is None:
        return Marks()  # a choice
    raise UsageError(
        f"the memory model {memory!r} cannot be asked about thread {thread!r}, which is about to "
        f"{operation.text()}: it has plain and atomic accesses of cells, fences and locks alone.\n"
        f"Try: memory='sc' or 'tso'; or cells and locks in its place."
    )


def _waits_for_a_value(facts: Facts) -> bool:
    """Whether it is wait_until(): other operations that wait have an order or no function."""
    return facts.blocks and not facts.stores and bool(facts.functions) and facts.watch is None
