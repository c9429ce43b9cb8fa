"""Daemons, and who waits for them."""

from __future__ import annotations

from racer import Cell, Memory, Program, Thread, Violation
from tests.search.looping.declaring import (
    case,
    locked_once,
    look_for_ever,
    put,
    toggle_for_ever,
    until,
    wait,
)


@case("")
def daemon_is_idle_at_the_end() -> Program:
    """D waits for more when M has ended: that is no deadlock."""
    mem = Memory()
    work = mem.cell("work", 0)

    async def daemon() -> None:
        while True:
            await work.update_when(lambda v: v == 1, lambda v: 0)

    return Program(mem, {"D": Thread(daemon, daemon=True), "M": Thread(put, work, 1)})


@case("", loops="D")
def daemons_alone() -> Program:
    """Nobody has to come to an end: neither who waits nor who goes on."""
    mem = Memory()
    x, light = mem.cell("x", 0), mem.cell("light", 0)
    threads = {
        "D": Thread(toggle_for_ever, light, daemon=True),
        "E": Thread(wait, x, 1, daemon=True),
    }
    return Program(mem, threads)


@case("", loops="D")
def a_daemon_that_looks_for_ever() -> Program:
    """It has nobody to wait for."""
    mem = Memory()
    return Program(mem, {"D": Thread(look_for_ever, mem.cell("x", 0), daemon=True)})


@case("")
def a_daemon_that_waits() -> Program:
    """It is idle."""
    mem = Memory()
    return Program(mem, {"D": Thread(wait, mem.cell("x", 0), 1, daemon=True)})


@case("livelock", loops="D E")
def daemons_that_spin_for_each_other() -> Program:
    """As if they waited: nobody has ended, nobody else is there, and nothing changes any more."""
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def hand_over(mine: Cell[int], other: Cell[int]) -> None:
        while True:
            await until(mine, 1)
            await other.store(1)

    return Program(
        mem,
        {"D": Thread(hand_over, x, y, daemon=True), "E": Thread(hand_over, y, x, daemon=True)},
    )


@case("", loops="D")
def daemon_that_looks_for_more_from_one_that_has_ended() -> Program:
    """E has ended, and with it where the work came from: that D looks on is all right."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def server() -> None:
        while True:
            await until(x, 1)
            await x.store(0)

    return Program(mem, {"D": Thread(server, daemon=True), "E": Thread(put, x, 1, daemon=True)})


@case("deadlock")
def daemons_that_wait_for_each_other() -> Program:
    """Nobody has ended, and nobody else is there who could bring more work."""
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def hand_over(mine: Cell[int], other: Cell[int]) -> None:
        while True:
            await wait(mine, 1)
            await other.store(1)

    return Program(
        mem,
        {"D": Thread(hand_over, x, y, daemon=True), "E": Thread(hand_over, y, x, daemon=True)},
    )


@case("")
def daemon_that_waits_for_more_from_one_that_has_ended() -> Program:
    """E has ended, and with it where the work came from: D is idle."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def server() -> None:
        while True:
            await x.update_when(lambda v: v == 1, lambda v: 0)

    return Program(mem, {"D": Thread(server, daemon=True), "E": Thread(put, x, 1, daemon=True)})


@case("deadlock")
def daemon_keeps_a_lock() -> Program:
    """D waits for ever with the lock that M needs: if it has it first, M never ends."""
    mem = Memory()
    lock, x = mem.lock("lock"), mem.cell("x", 0)

    async def daemon() -> None:
        async with lock:
            await wait(x, 1)

    return Program(mem, {"D": Thread(daemon, daemon=True), "M": Thread(locked_once, lock)})


@case("livelock", loops="D")
def blocked_beside_a_daemon_that_loops() -> Program:
    """M is blocked for ever. It is no deadlock, since D goes on: so it is a livelock."""
    mem = Memory()
    x = mem.cell("x", 0)
    return Program(mem, {"D": Thread(look_for_ever, x, daemon=True), "M": Thread(wait, x, 1)})


@case("livelock", loops="D")
def daemon_takes_a_lock_again_and_again() -> Program:
    """M is unable whenever D holds the lock: weak fairness does not help it."""
    mem = Memory()
    lock = mem.lock("lock")

    async def daemon() -> None:
        while True:
            async with lock:
                pass

    return Program(mem, {"D": Thread(daemon, daemon=True), "M": Thread(locked_once, lock)})


@case("", loops="D", unfair="D")
def daemon_loops_beside_a_thread_that_is_always_able() -> Program:
    """Only an unfair scheduler keeps M from its one step; when it has ended, D may loop."""
    mem = Memory()
    x = mem.cell("x", 0)
    return Program(mem, {"D": Thread(look_for_ever, x, daemon=True), "M": Thread(put, x, 1)})


@case("", loops="M", unfair="M")
def spins_until_a_daemon_has_done_its_work() -> Program:
    """M has to end and rests on D, which does not: D then waits for ever, and that is all right."""
    mem = Memory()
    asked, done = mem.cell("asked", 0), mem.cell("done", 0)

    async def daemon() -> None:
        while True:
            await asked.update_when(lambda v: v == 1, lambda v: 0)
            await done.store(1)

    async def main() -> None:
        await asked.store(1)
        await until(done, 1)

    return Program(mem, {"D": Thread(daemon, daemon=True), "M": Thread(main)})


@case("livelock", loops="M", unfair="M")
def spins_for_a_daemon_that_ends() -> Program:
    """D ends after one step, and then is not able: M's spin is fair from there on."""
    mem = Memory()
    x, done = mem.cell("x", 0), mem.cell("done", 0)
    return Program(mem, {"D": Thread(put, x, 1, daemon=True), "M": Thread(until, done, 1)})


@case("bad livelock", loops="M", unfair="M")
def spins_for_a_daemon_that_a_violation_ends() -> Program:
    """That a thread is a daemon excuses no violation of it."""
    mem = Memory()
    x, done = mem.cell("x", 0), mem.cell("done", 0)

    async def daemon() -> None:
        await x.load()
        raise Violation("bad")

    return Program(mem, {"D": Thread(daemon, daemon=True), "M": Thread(until, done, 1)})
