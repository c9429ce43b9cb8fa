"""A cache on asyncio that is filled by whoever finds nothing in it, and awaits that.

Question   Between its look and its store a task awaits the fetch. Who else fetches meanwhile?
Models     The cache, how often was fetched, and the lock that some put around it. Tasks are those
           of an event loop, and nobody comes between two awaits. Not: more than one key.
Source     Python's documentation of asyncio, "Coroutines and tasks"; asyncio.Lock for the remedy.

Answer     All that look before the first store do, though no line of it is a race by itself.
  lock     lets one fetch. Taken and given back without `finally`, it is never free again once
           somebody is cancelled during a fetch, and all others wait for ever.
"""

from typing import Annotated, Literal

from racer import (
    About,
    Expected,
    Meanings,
    Memory,
    Program,
    Range,
    Thread,
    checkpoint,
    scenario,
)

Variant = Annotated[
    Literal["plain", "lock", "finally"],
    Meanings(
        {
            "plain": "look, await, store",
            "lock": "acquire(), the same, release()",
            "finally": "async with lock",
        }
    ),
]


def expected(*, variant: str, cancel: bool, tasks: int) -> Expected:
    if variant == "plain" and tasks > 1:
        return Expected(
            "fail",
            ("fetched twice",),
            "who looks while another awaits its fetch finds nothing either",
            fixed_by={"variant": "finally"},
        )
    if variant == "lock" and cancel and tasks > 1:
        return Expected(
            "fail",
            ("deadlock",),
            "who is cancelled during its fetch does not release the lock",
            fixed_by={"variant": "finally"},
        )
    return Expected("pass")


@scenario(expect=expected)
def cached_fetch(
    *, variant: Variant = "plain", cancel: bool = False, tasks: Annotated[int, Range(1, 4)] = 2
) -> Program:
    """Tasks that all want the same thing from a cache that is empty at first.

    variant  what is around the look and the store
    cancel   one of the tasks may be cancelled
    tasks    how many they are
    """
    mem = Memory()
    cache, fetched = mem.cell("cache", False), mem.cell("fetched", 0)
    lock = mem.lock("lock")

    async def fill() -> None:
        if not await cache.load():
            await checkpoint()  # await fetch()
            await fetched.fetch_add(1)
            await cache.store(True)

    async def get() -> None:
        if variant == "plain":
            await fill()
        elif variant == "finally":
            async with lock:
                await fill()
        else:
            await lock.acquire()
            await fill()
            await lock.release()

    threads = {"C": Thread(get, cancellable=cancel)}
    if tasks > 1:
        threads["T"] = Thread(get, copies=tasks - 1)
    once = {"fetched twice": lambda state: state[fetched] <= 1}
    about = About(labels={"fetched twice": "what the cache is there to avoid is done twice"})
    return Program(mem, threads, once, event_loop=True, about=about)
