"""A bounded buffer whose producers and consumers wait on one condition.

Question   notify() wakes anybody who waits. Can it wake one who finds nothing to do, while nobody
           is left to wake those who would?
Models     A lock, how many items there are, and a condition; two, one for each side, in "two".
Source     github.com/lemmy/BlockingQueue, v08: deadlock free if and only if
           2 * capacity >= producers + consumers; v12, notifyAll: always; v13, two: always.

Answer     With n threads and room for k, notify() fails if n > 2 k.
           Say that all sleep, and the buffer is empty (full is the same with sides changed). No
           producer sleeps after the last one who did, and all sleep in the end: so all slept then,
           the buffer being full, and none was woken since. Of the k gets since then each woke
           somebody, and these were k consumers who slept all that time, by one who did not.
           They slept through the k puts before that, each of which woke somebody else: a producer,
           or a consumer who was awake from then on. That makes k + 1 + k threads.
"""

from typing import Annotated, Literal

from racer import Expected, Meanings, Memory, Program, Range, Thread, scenario

Wakes = Annotated[
    Literal["notify", "notify_all", "two"],
    Meanings({"notify": "one", "notify_all": "all", "two": "one of the other side"}),
]
Number = Annotated[int, Range(1, 8)]


def expected(*, producers: int, consumers: int, capacity: int, wakes: str) -> Expected:
    if wakes == "notify" and 2 * capacity < producers + consumers:
        return Expected(
            "fail",
            ("deadlock",),
            "a wake-up goes to one of the same side, who waits again and wakes nobody",
            fixed_by={"wakes": "notify_all"},
        )
    return Expected("pass")


@scenario(expect=expected)
def bounded_buffer(
    *, producers: Number = 2, consumers: Number = 1, capacity: Number = 1, wakes: Wakes = "notify"
) -> Program:
    """Producers and consumers of a buffer, for ever.

    producers  threads that put
    consumers  threads that get
    capacity   items that there is room for
    wakes      whom put() and get() wake
    """
    mem = Memory()
    items = mem.cell("items", 0, values=range(capacity + 1))
    monitor = mem.lock("monitor")
    not_full = mem.condition("not_full" if wakes == "two" else "changed", monitor)
    not_empty = mem.condition("not_empty", monitor) if wakes == "two" else not_full

    async def put() -> None:
        while True:
            async with monitor:
                while await items.load() == capacity:
                    await not_full.wait()
                await items.fetch_add(1)
                await (not_empty.notify_all() if wakes == "notify_all" else not_empty.notify())

    async def get() -> None:
        while True:
            async with monitor:
                while await items.load() == 0:
                    await not_empty.wait()
                await items.fetch_add(-1)
                await (not_full.notify_all() if wakes == "notify_all" else not_full.notify())

    return Program(
        mem,
        {"get": Thread(get, copies=consumers), "put": Thread(put, copies=producers)},
        sometimes={"it is full": lambda s: s[items] == capacity},
    )
