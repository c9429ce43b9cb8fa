"""Threads that loop or wait with locks."""

from __future__ import annotations

from racer import Cell, Memory, Program, Thread, Violation
from tests.search.looping.declaring import case, locked_once, until, wait


@case("livelock", loops="S")
def spins_with_the_lock_that_the_other_needs() -> Program:
    """If O comes first, all is well. If S does, O is unable from then on, and the spin is fair."""
    mem = Memory()
    flag, lock = mem.cell("flag", 0), mem.lock("lock")

    async def spin() -> None:
        async with lock:
            await until(flag, 1)

    async def other() -> None:
        async with lock:
            await flag.store(1)

    return Program(mem, {"S": Thread(spin), "O": Thread(other)})


@case("livelock", loops="P")
def copies_need_the_lock_that_one_spins_with() -> Program:
    """Whichever comes first; the two others are blocked in every state of its spin."""
    mem = Memory()
    flag, lock = mem.cell("flag", 0), mem.lock("lock")

    async def spin() -> None:
        async with lock:
            await until(flag, 1)

    return Program(mem, {"P": Thread(spin, copies=3)})


@case("livelock", loops="P")
def takes_what_is_never_given_back() -> Program:
    """A copy spins when the other has taken the flag, which was the last step of that one."""
    mem = Memory()
    flag = mem.cell("flag", 0)

    async def take() -> None:
        while await flag.compare_exchange(0, 1) != 0:
            pass

    return Program(mem, {"P": Thread(take, copies=2)})


def spin_lock(copies: int) -> Program:
    mem = Memory()
    lock = mem.cell("lock", 0)

    async def run() -> None:
        while await lock.compare_exchange(0, 1) != 0:
            pass
        await lock.store(0)

    return Program(mem, {"P": Thread(run, copies=copies)})


@case("", loops="P", unfair="P")
def spin_lock_of_two() -> Program:
    """A spin lasts while the holder, which is able, is not let go: the end rests on fairness."""
    return spin_lock(2)


@case("", loops="P", unfair="P")
def spin_lock_of_three() -> Program:
    """Two copies may spin by turns, and the third holds the lock: a group is no thread."""
    return spin_lock(3)


def crossed(*, block: bool) -> Program:
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def lock(cell: Cell[int]) -> None:
        while await cell.compare_exchange(0, 1) != 0:
            if block:
                await wait(cell, 0)

    async def both(first: Cell[int], second: Cell[int]) -> None:
        await lock(first)
        await lock(second)
        await second.store(0)
        await first.store(0)

    return Program(mem, {"P": Thread(both, x, y), "Q": Thread(both, y, x)})


@case("livelock", loops="P Q", unfair="P Q")
def spin_locks_taken_in_either_order() -> Program:
    """GenMC's lock-deadlock: with one lock each, both spin for the other one, and both move.

    Where one has both, the other spins for its first: unfair, as the holder is able.
    """
    return crossed(block=False)


@case("deadlock")
def locks_waited_for_in_either_order() -> Program:
    """The same, but nobody spins: who finds a lock taken waits, and tries again after that.

    A thread tries in vain once for each time that the other has taken the lock: finitely often.
    """
    return crossed(block=True)


@case("bad deadlock")
def violation_with_a_lock_held() -> Program:
    """Taken by hand, the lock stays taken when its holder is ended."""
    mem = Memory()
    lock = mem.lock("lock")

    async def wrong() -> None:
        await lock.acquire()
        raise Violation("bad")

    return Program(mem, {"P": Thread(wrong), "Q": Thread(locked_once, lock)})


@case("bad livelock", loops="Q")
def violation_with_a_lock_that_another_spins_for() -> Program:
    """The same, with trylock in a loop. P is not able when the lock is held: it has ended."""
    mem = Memory()
    lock = mem.lock("lock")

    async def wrong() -> None:
        await lock.acquire()
        raise Violation("bad")

    async def trying() -> None:
        while not await lock.try_acquire():
            pass
        await lock.release()

    return Program(mem, {"P": Thread(wrong), "Q": Thread(trying)})
