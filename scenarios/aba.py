"""The smallest model of the residual race: p's head is the same, but not all along.

Question   Does reading p's head again prove that the type in between was read from p's head?
Models     Which page heads p (p_head: 1 is H, 0 is p itself), and of each page its type, LRU and
           buddy state. Not: references, flags, zone->lock. p is kernel-owned at no instant, so
           there is no window: a reader that says so is wrong, whenever it says it.
Source     mm/memory-failure.c HWPoisonKernelOwned() of v9; the split, free, slab and THP
           allocation that `split_race` has in full
Answer     No. R loads p's head: it is H. A splits p off, frees H and makes H a slab: R finds a
           slab on H. A frees the slab, B frees p and makes a new THP of both: R loads p's head
           again, it is H again, and R answers "kernel-owned".
           It takes three preemptions: R is left before its load of the type, A while H is a
           slab, R again before its second load of the head. (From A to B is none: A has ended.)
"""

from typing import Annotated

from racer import About, Expected, Memory, Program, Range, Thread, Violation, WhatIf, scenario

EXPECTED = Expected(
    verdict="fail",
    labels=("misclassified",),
    because="the re-read compares addresses, and a new THP on H has the address of the old one",
)

ABOUT = About(labels={"misclassified": "p is taken for kernel memory, and was so at no instant"})


@scenario(expect=EXPECTED)
def aba(
    *,
    readers: Annotated[int, Range(1, 8), WhatIf(*range(2, 9))] = 1,
    rounds: Annotated[int, Range(1, 8)] = 1,
) -> Program:
    """v9's re-read of the head against one split, `rounds` slabs on H and a new THP.

    readers  how many threads classify p at the same time; mf_mutex lets one do so
    rounds   how often H is a slab
    """
    mem = Memory()
    p_head = mem.cell("p_head", 1)  # 1: H, 0: p itself
    p_lru, p_buddy = mem.cell("p_lru", 1), mem.cell("p_buddy", 0)
    p_type = mem.cell("p_type", 0)  # 1: slab, 2: table, 3: large kmalloc
    p_reserved = mem.cell("p_reserved", 0)
    h_type = mem.cell("h_type", 0)
    h_lru, h_buddy = mem.cell("h_lru", 1), mem.cell("h_buddy", 0)
    done = mem.cell("done", 0)

    async def reader() -> bool:
        if await p_reserved.load():
            raise Violation("misclassified")
        while True:
            head = await p_head.load()
            type_cell = h_type if head == 1 else p_type
            if not (
                await type_cell.load() == 1  # slab
                or await type_cell.load() == 2  # table
                or await type_cell.load() == 3  # large kmalloc
            ):
                return False
            if await p_head.load() == head:
                raise Violation("misclassified")

    async def splitter() -> None:
        await p_head.store(0)  # the split: p heads itself
        await h_lru.store(0)  # H is freed
        await h_buddy.store(1)
        for _ in range(rounds):
            await h_buddy.store(0)  # H is allocated
            await h_type.store(1)  # as a slab
            await h_type.store(0)  # and freed again
            await h_buddy.store(1)
        await done.store(1)

    async def recompounder() -> None:
        await done.wait_until(lambda value: value == 1)
        await p_lru.store(0)  # p is freed
        await p_buddy.store(1)
        await p_buddy.store(0)  # both are allocated
        await h_buddy.store(0)
        await p_head.store(1)  # as a THP on H
        await h_lru.store(1)
        await p_lru.store(1)

    return Program(
        mem,
        {"R": Thread(reader, copies=readers), "A": Thread(splitter), "B": Thread(recompounder)},
        about=ABOUT,
    )
