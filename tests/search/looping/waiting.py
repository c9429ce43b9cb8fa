"""One thread waits for what never comes."""

from __future__ import annotations

from racer import Memory, Program, Thread, Violation, choose
from tests.search.looping.declaring import case, put, until, wait


@case("livelock", loops="T")
def alone() -> Program:
    """GenMC's spinloop. There is no other thread, so no run is unfair."""
    mem = Memory()
    return Program(mem, {"T": Thread(until, mem.cell("x", 0), 1)})


@case("deadlock")
def alone_and_blocked() -> Program:
    """The same with a wait that takes no steps."""
    mem = Memory()
    return Program(mem, {"T": Thread(wait, mem.cell("x", 0), 1)})


@case("livelock", loops="S", unfair="S")
def waits_for_nobody() -> Program:
    """S spins for ever, whatever O does. That is unfair only while O has not taken its step."""
    mem = Memory()
    flag, x = mem.cell("flag", 0), mem.cell("x", 0)
    return Program(mem, {"S": Thread(until, flag, 1), "O": Thread(put, x, 1)})


@case("", loops="S", unfair="S")
def waits_for_somebody() -> Program:
    """O sets the flag: S spins for ever only if O, which is able, never takes its step."""
    mem = Memory()
    flag = mem.cell("flag", 0)
    return Program(mem, {"S": Thread(until, flag, 1), "O": Thread(put, flag, 1)})


@case("livelock", loops="A B", unfair="A B")
def each_waits_for_the_other() -> Program:
    """B waits for A to clear a, which it never does; A waits for B, which gets no further.

    Unfair are A's spin before B has seen a, and B's before A has set it.
    """
    mem = Memory()
    a, b = mem.cell("a", 0), mem.cell("b", 0)

    async def first() -> None:
        await a.store(1)
        await until(b, 1)

    async def second() -> None:
        await until(a, 1)
        await until(a, 0)
        await b.store(1)

    return Program(mem, {"A": Thread(first), "B": Thread(second)})


@case("livelock", loops="M", unfair="M")
def looks_too_early() -> Program:
    """GenMC's simple: T looks once. If M has not set y by then, M spins for ever.

    Unfair is M's spin while T has not come to its end.
    """
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def main() -> None:
        await y.store(1)
        await until(x, 1)

    async def once() -> None:
        if await y.load():
            await x.store(1)

    return Program(mem, {"M": Thread(main), "T": Thread(once)})


@case("bad livelock", loops="S", unfair="S")
def waits_for_a_thread_that_a_violation_has_ended() -> Program:
    """W sets the flag or raises; then S spins for ever, fairly: W is not able any more."""
    mem = Memory()
    flag = mem.cell("flag", 0)

    async def writer() -> None:
        if await choose(False, True):
            raise Violation("bad")
        await flag.store(1)

    return Program(mem, {"S": Thread(until, flag, 1), "W": Thread(writer)})


@case("bad", loops="S", unfair="S")
def waits_for_a_thread_that_cleans_up_after_its_violation() -> Program:
    """As above, but the flag is set on the way out in any case."""
    mem = Memory()
    flag = mem.cell("flag", 0)

    async def writer() -> None:
        try:
            if await choose(False, True):
                raise Violation("bad")
        finally:
            await flag.store(1)

    return Program(mem, {"S": Thread(until, flag, 1), "W": Thread(writer)})


@case("livelock", loops="P")
def chooses_to_go_on() -> Program:
    """Fairness is about threads and not about options: one may be taken for ever."""
    mem = Memory()

    async def run() -> None:
        while await choose(False, True):
            pass

    return Program(mem, {"P": Thread(run)})


@case("livelock", loops="P", unfair="P")
def chooses_to_go_on_beside_another() -> Program:
    """A search that let P come to its end before Q's step would see the unfair loop alone."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def run() -> None:
        while await choose(False, True):
            await x.store(0)

    async def other() -> bool:
        return await choose(False, True)

    return Program(mem, {"P": Thread(run), "Q": Thread(other)})
