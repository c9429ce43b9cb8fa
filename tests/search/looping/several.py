"""Several threads that loop."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from racer import Cell, Memory, Program, Thread
from tests.search.looping.declaring import case, until, wait


@case("livelock", loops="P Q", unfair="P Q")
def two_polite_flags() -> Program:
    """Each withdraws while it sees the other's flag: in lockstep, both do so for ever.

    An end can be reached from everywhere, so it is a matter of luck, and not of fairness. Unfair
    is that one withdraws and tries again by itself, while the other, with its flag up, has seen
    that the way is free: it has only to put its flag down, and to end.
    """
    mem = Memory()
    a, b = mem.cell("a", 0), mem.cell("b", 0)

    async def enter(mine: Cell[int], other: Cell[int]) -> None:
        await mine.store(1)
        while await other.load():
            await mine.store(0)
            await mine.store(1)
        await mine.store(0)

    return Program(mem, {"P": Thread(enter, a, b), "Q": Thread(enter, b, a)})


@case("livelock", loops="P", unfair="P")
def polite_copies() -> Program:
    """The same with one flag for both, and copies. With both in the loop, they may stay there.

    Unfair is that one withdraws again and again while the other has left the loop and has but to
    put the flag down: who has left stays who it is, though of two copies either may have.
    """
    mem = Memory()
    flag = mem.cell("flag", 0)

    async def enter() -> None:
        await flag.store(1)
        while await flag.load():
            await flag.store(0)
            await flag.store(1)
        await flag.store(0)

    return Program(mem, {"P": Thread(enter, copies=2)})


@case("livelock", loops="P Q")
def polite_copies_and_a_spinner() -> Program:
    """Wherever P spins, it moves itself, and each copy of Q that is able can withdraw once more.

    A copy about to look at a flag that is down is no exception: only the other one's withdrawal
    has put it down, and that one is about to raise it again. One that is alone has raised it.
    """
    mem = Memory()
    flag = mem.cell("flag", 0)

    async def withdraw() -> None:
        await flag.store(1)
        while await flag.load():
            await flag.store(0)
            await flag.store(1)

    return Program(mem, {"P": Thread(until, flag, 1), "Q": Thread(withdraw, copies=2)})


def peterson(rounds: int | None, *, daemon: bool = False) -> Program:
    """Peterson's lock, `rounds` times by each, or for ever; inside, it must be alone."""
    mem = Memory()
    wants = (mem.cell("p wants", 0), mem.cell("q wants", 0))
    turn, inside = mem.cell("turn", 0), mem.cell("inside", 0)

    async def once(mine: int) -> None:
        await wants[mine].store(1)
        await turn.store(1 - mine)
        while await wants[1 - mine].load() and await turn.load() == 1 - mine:
            pass
        assert await inside.swap(1) == 0, "two inside"
        await inside.store(0)
        await wants[mine].store(0)

    async def run(mine: int) -> None:
        again = True
        while again:
            await once(mine)
            again = rounds is None

    threads = {name: Thread(run, mine, daemon=daemon) for mine, name in enumerate("PQ")}
    return Program(mem, threads)


@case("", loops="P Q", unfair="P Q")
def peterson_once() -> Program:
    """Who waits spins while the other, which is able, could go in and out."""
    return peterson(1)


@case("", loops="P Q")
def peterson_for_ever_as_daemons() -> Program:
    """Nobody has to come to an end: nothing is wrong, and nothing rests on fairness."""
    return peterson(None, daemon=True)


@case("livelock", loops="P Q")
def peterson_for_ever() -> Program:
    """Both have to end and do not: the loop's condition is a way out, to who reads the code.

    All spins are on a way back to where both are outside.
    """
    return peterson(None)


@case("deadlock", loops="P Q")
def lamport() -> Program:
    """GenMC's lamport-deadlock with blocking waits: both flags up is a deadlock.

    Otherwise they take turns for ever, by way of the state where both flags are down, as they are
    written to. There is no other cycle.
    """
    return lamports(wait)


@case("livelock", loops="P Q")
def lamport_that_spins() -> Program:
    """With spins, both flags up is a second component, in which neither changes anything."""
    return lamports(until)


def lamports(waits: Callable[[Cell[int], int], Coroutine[Any, Any, None]]) -> Program:
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def run(mine: Cell[int], other: Cell[int]) -> None:
        while True:
            await mine.store(1)
            await waits(other, 0)
            await mine.store(0)

    return Program(mem, {"P": Thread(run, x, y), "Q": Thread(run, y, x)})


@case("livelock", loops="P")
def copies_that_take_turns() -> Program:
    """One baton and two copies: up to symmetry, each hand-over leads back to where it began.

    Only by following the copies does one see that both move on the cycle; that who waits is
    unable makes it fair even if one never gets it.
    """
    mem = Memory()
    baton = mem.cell("baton", 0)

    async def run() -> None:
        while await baton.update_when(lambda v: v == 0, lambda v: 1) == 0:
            await baton.store(0)

    return Program(mem, {"P": Thread(run, copies=2)})


@case("livelock", loops="P", unfair="P")
def copies_of_which_one_stands_still() -> Program:
    """The first to come spins for the second, which has a step to take before it spins as well.

    With one copy that spins and one that is about to, the component is unfair: up to symmetry
    both are P, but the spinner alone moves. With both that spin it is fair.
    """
    mem = Memory()
    flag, here = mem.cell("flag", 0), mem.cell("here", 0)

    async def run() -> None:
        await here.update(lambda v: min(v + 1, 2))
        await until(flag, 1)

    return Program(mem, {"P": Thread(run, copies=2)})


@case("", loops="P", unfair="P")
def last_copy_lets_all_go() -> Program:
    """A barrier: the copies that have come spin until the third has, which is able until then."""
    mem = Memory()
    here = mem.cell("here", 0)

    async def run() -> None:
        await here.update(lambda v: v + 1 if v < 3 else v)
        await until(here, 3)

    return Program(mem, {"P": Thread(run, copies=3)})


@case("livelock", loops="P", unfair="P")
def barrier_that_one_copy_too_few_comes_to() -> Program:
    """With all three there, the barrier for four is waited for for ever."""
    mem = Memory()
    here = mem.cell("here", 0)

    async def run() -> None:
        await here.update(lambda v: v + 1 if v < 4 else v)
        await until(here, 4)

    return Program(mem, {"P": Thread(run, copies=3)})
