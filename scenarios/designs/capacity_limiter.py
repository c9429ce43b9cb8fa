"""anyio's CapacityLimiter on asyncio: a waiter is cancelled just as it is given the token.

Question   A limiter of one token: does a waiter that is cancelled keep it from all others, or are
           there two with it at the same time?
Models     Four tasks and a canceller. O has the token, W1 and W2 wait for it, X takes it if it is
           free. asyncio runs a task undisturbed from one await to the next: the loop is a lock.
           Not: more tokens, the order of the ready queue.
Source     github.com/agronholm/anyio src/anyio/_backends/_asyncio.py, class CapacityLimiter:
           issue 947 and its fix 952 (commit 19e54772), issue 1170 and its fix 1172 (6bbc6c33).

Answer     W1 is given the token by its event, and cancelled before it runs.
  v0       It forgets that its event was set: nobody has the token, and W2 waits for ever. Until it
           runs the token seems free, and X takes it, or W2 that comes now: two have it.
  v1       A waiter that is cancelled passes the token on. It still seems free in between.
  v2       Who sets the event makes the waiter a borrower at once.
"""

from typing import Annotated, Literal

from racer import About, Cell, Expected, Meanings, Memory, Program, Thread, Watch, scenario

Variant = Annotated[
    Literal["v0", "v1", "v2"],
    Meanings({"v0": "before 952", "v1": "with 952", "v2": "with 1172"}),
]
OVER = "over-granted"


def expected(*, variant: str, cancel: bool) -> Expected:
    over = (OVER,) if variant != "v2" else ()
    lost = ("deadlock",) if cancel and variant == "v0" else ()
    if over or lost:
        return Expected("fail", (*lost, *over), fixed_by={"variant": "v2"})
    return Expected("pass")


@scenario(expect=expected)
def capacity_limiter(
    *, variant: Variant = "v1", nowait: bool = True, cancel: bool = True
) -> Program:
    """One token, a borrower, two waiters, one who does not wait; the first waiter is cancelled.

    variant  of the limiter
    nowait   X calls acquire_nowait()
    cancel   W1 is cancelled, at some time or before
    """
    mem = Memory()
    loop = mem.lock("loop")
    borrowers = mem.cell("borrowers", frozenset({"O"}))
    queue: Cell[tuple[str, ...]] = mem.cell("wait_queue", ())
    waiters = ("W1", "W2")
    is_set = {w: mem.cell(f"{w}.event", False) for w in waiters}
    cancelled = {w: mem.cell(f"{w}.cancelled", False) for w in waiters}

    def resumes(me: str) -> Watch:
        cells = is_set[me], cancelled[me]
        return mem.watch(f"{me} is resumed", lambda s: s[cells[0]] or s[cells[1]], cells)

    resumed = {w: resumes(w) for w in waiters}

    async def notify_next_waiter() -> None:
        waiting, holding = await queue.load(), await borrowers.load()
        if waiting and not holding:
            first, *others = waiting
            await queue.store(tuple(others))
            if variant == "v2":
                await borrowers.store(holding | {first})
            await is_set[first].store(True)

    async def release(me: str) -> None:
        async with loop:
            await borrowers.update(lambda held: held - {me})
            await notify_next_waiter()

    async def acquire_nowait(me: str) -> bool:
        if await queue.load() or await borrowers.load():
            return False  # WouldBlock
        await borrowers.update(lambda held: held | {me})
        return True

    async def waiter(me: str) -> str:
        """acquire_on_behalf_of(), then release_on_behalf_of()"""
        async with loop:
            if await cancelled[me].load():  # checkpoint_if_cancelled()
                return "cancelled"
            got = await acquire_nowait(me)
            if not got:
                await queue.update(lambda waiting: (*waiting, me))
        if not got:
            await resumed[me].wait()  # await event.wait()
            async with loop:
                if await cancelled[me].load():  # except BaseException
                    await queue.update(lambda waiting: tuple(w for w in waiting if w != me))
                    if variant != "v0" and await is_set[me].load():
                        if variant == "v2":
                            await borrowers.update(lambda held: held - {me})
                        await notify_next_waiter()
                    return "cancelled"
                if variant != "v2":
                    await borrowers.update(lambda held: held | {me})
        await release(me)
        return "had it"

    async def owner() -> None:
        await release("O")

    async def eager() -> str:
        async with loop:
            got = await acquire_nowait("X")
        if got:
            await release("X")
        return "had it" if got else "WouldBlock"

    async def canceller() -> None:
        async with loop:
            await cancelled["W1"].store(True)

    threads = {"O": Thread(owner), "W1": Thread(waiter, "W1"), "W2": Thread(waiter, "W2")}
    if nowait:
        threads["X"] = Thread(eager)
    if cancel:
        threads["C"] = Thread(canceller)
    about = About(labels={OVER: "more tasks than there are tokens have one"})
    return Program(mem, threads, invariants={OVER: lambda s: len(s[borrowers]) <= 1}, about=about)
