"""Small programs that several tests ask about."""

from __future__ import annotations

from racer import Memory, Program, Thread, Violation


def message_passing(readers: int = 2) -> Program:
    mem = Memory()
    data, flag = mem.cell("data", 0), mem.cell("flag", 0)

    async def writer() -> None:
        await data.store(1)
        await flag.store(1)

    async def reader() -> int | None:
        if await flag.load():
            return await data.load()
        return None

    return Program(mem, {"W": Thread(writer), "R": Thread(reader, copies=readers)})


def rule_one() -> Program:
    """The smallest program in which a window is not closed under independence."""
    mem = Memory()
    head, refs = mem.cell("head", True), mem.cell("refs", 1)
    watch = mem.watch("head and refs == 1", lambda s: s[head] and s[refs] == 1, cells=[head, refs])

    async def recycle() -> None:
        await refs.store(0)
        await head.store(False)
        await refs.store(1)
        await refs.store(0)

    async def classify() -> bool:
        async with watch.window() as seen:
            is_head = await head.load()
            count = await refs.load()
        answer = is_head and count == 1
        if answer and seen.never:
            raise Violation("misclassified")
        return answer

    return Program(mem, {"C": Thread(classify), "S": Thread(recycle)})


def crossed_locks() -> Program:
    mem = Memory()
    m, n = mem.lock("m"), mem.lock("n")

    async def forwards() -> None:
        async with m, n:
            pass

    async def backwards() -> None:
        async with n, m:
            pass

    return Program(mem, {"P": Thread(forwards), "Q": Thread(backwards)})


def loop_beside_a_violation() -> Program:
    mem = Memory()
    mine, other = mem.cell("mine", 0), mem.cell("other", 0)

    async def loop() -> None:
        while True:
            await mine.load()

    async def wrong() -> None:
        await other.load()
        raise Violation("seen")

    return Program(mem, {"A": Thread(loop, daemon=True), "B": Thread(wrong)})
