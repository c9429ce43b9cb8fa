"""Threads without a way out."""

from __future__ import annotations

from racer import Cell, Memory, Program, Thread, Violation, choose
from tests.search.looping.declaring import case, look_for_ever, put, toggle_for_ever, until


@case("", loops="P")
def perpetual_copies_that_take_turns() -> Program:
    """As above, without a way out: each can always come to take the baton. That the scheduler may
    let one of them wait for ever is no matter: it is not stuck."""
    mem = Memory()
    baton = mem.cell("baton", 0)

    async def run() -> None:
        while True:
            await baton.update_when(lambda v: v == 0, lambda v: 1)
            await baton.store(0)

    return Program(mem, {"P": Thread(run, copies=2)})


@case("livelock", loops="P")
def perpetual_copy_that_keeps_the_baton() -> Program:
    """Who has it works on with it, and the other is blocked for good.

    Up to symmetry one state has both of them: only by following them does one see who is stuck.
    """
    mem = Memory()
    baton, light = mem.cell("baton", 0), mem.cell("light", 0)

    async def run() -> None:
        await baton.update_when(lambda v: v == 0, lambda v: 1)
        while True:
            await light.update(lambda v: 1 - v)

    return Program(mem, {"P": Thread(run, copies=2)})


async def work_when_told(flag: Cell[int], work: Cell[int]) -> None:
    while True:
        await until(flag, 1)
        await work.update(lambda v: 1 - v)


@case("livelock", loops="P S")
def perpetual_spinner_beside_one_that_works() -> Program:
    """P goes on for ever; S never sees the flag up and so never comes to its own work."""
    mem = Memory()
    light, flag, work = mem.cell("light", 0), mem.cell("flag", 0), mem.cell("work", 0)

    return Program(
        mem, {"P": Thread(toggle_for_ever, light), "S": Thread(work_when_told, flag, work)}
    )


@case("", loops="P S")
def perpetual_spinner_that_is_let_on() -> Program:
    """As before, but P raises and lowers the flag: S may always miss it, and need not."""
    mem = Memory()
    flag, work = mem.cell("flag", 0), mem.cell("work", 0)

    return Program(
        mem, {"P": Thread(toggle_for_ever, flag), "S": Thread(work_when_told, flag, work)}
    )


@case("", loops="P S")
def perpetual_spinner_that_luck_may_let_on() -> Program:
    """P raises the flag if it chooses to: before, S changes nothing, and that can be left."""
    mem = Memory()
    flag, light, work = mem.cell("flag", 0), mem.cell("light", 0), mem.cell("work", 0)

    async def may_raise() -> None:
        while True:
            if await choose(False, True):
                await flag.store(1)
            await light.update(lambda v: 1 - v)

    return Program(mem, {"P": Thread(may_raise), "S": Thread(work_when_told, flag, work)})


@case("livelock", loops="P")
def perpetual_thread_that_only_looks() -> Program:
    """It changes nothing, ever: whether it hangs is not to be told from outside."""
    mem = Memory()
    return Program(mem, {"P": Thread(look_for_ever, mem.cell("x", 0))})


@case("livelock", loops="D")
def perpetual_thread_blocked_beside_a_daemon() -> Program:
    """The daemon loops, so there is no end; P waits for what never comes."""
    mem = Memory()
    light, x = mem.cell("light", 0), mem.cell("x", 0)

    async def waiter() -> None:
        while True:
            await x.update_when(lambda v: v == 1, lambda v: 0)

    return Program(mem, {"D": Thread(toggle_for_ever, light, daemon=True), "P": Thread(waiter)})


@case("deadlock")
def perpetual_thread_that_work_runs_out_for() -> Program:
    """It gets one thing to do and then waits: a server for which that is the end is a daemon."""
    mem = Memory()
    work = mem.cell("work", 0)

    async def server() -> None:
        while True:
            await work.update_when(lambda v: v == 1, lambda v: 0)

    return Program(mem, {"M": Thread(put, work, 1), "S": Thread(server)})


@case("livelock", loops="M P")
def thread_that_has_to_end_beside_a_perpetual_one() -> Program:
    """That P goes on for ever excuses nobody else: M's flag never comes.

    There is one component, of all states: the light is on or off.
    """
    mem = Memory()
    flag, light = mem.cell("flag", 0), mem.cell("light", 0)
    return Program(mem, {"M": Thread(until, flag, 1), "P": Thread(toggle_for_ever, light)})


@case("bad", loops="F P")
def perpetual_thread_that_a_violation_ends() -> Program:
    """What has been ended by a violation has nothing to change any more.

    F goes round as long as it finds the light off, and stores each time.
    """
    mem = Memory()
    light = mem.cell("light", 0)

    async def fails() -> None:
        while True:
            if await light.load():
                raise Violation("bad")
            await light.load()
            await light.store(0)

    return Program(mem, {"F": Thread(fails), "P": Thread(toggle_for_ever, light)})
