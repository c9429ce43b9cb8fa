"""A program in which two loads are in order by nothing but an address: which cell is loaded second
is what the first load gave, as in scenarios/museum/migration_entry.py were there no branch."""

from __future__ import annotations

from racer import Memory, Program, Thread, Violation, fence


def folio_by_address(*, fenced: bool = False) -> Program:
    """`fenced`: smp_rmb() is between the two loads."""
    mem = Memory()
    h_locked, p_locked = mem.cell("H.locked", True), mem.cell("p.locked", False)
    info = mem.cell("p.info", "H")

    async def fault() -> None:
        head = await info.load()
        if fenced:
            await fence("rmb")
        locked = h_locked if head == "H" else p_locked
        if not await locked.load():
            raise Violation("bug_on")

    async def split() -> None:
        await p_locked.store(True, "plain")
        await fence("wmb")
        await info.store("p")

    return Program(mem, {"fault": Thread(fault), "split": Thread(split)})
