"""Freeing to the buddy allocator and allocating from it, one kernel step a line.

Models     Two pages, H and p, that are each other's buddies, and orders 0 and 1 only. Put, LRU
           removal, __free_pages_prepare(), the merge and the hand-out under zone->lock,
           check_new_pages(), prep_compound_page(), and the slab's page type.
Source     mm/swap.c __folio_put(), __page_cache_release(); mm/page_alloc.c
           __free_pages_prepare(), __free_one_page(), rmqueue_buddy(), check_new_pages(),
           prep_compound_page(); mm/slub.c allocate_slab(), __free_slab()
Abstract   - Per-cpu lists are folded into zone->lock. What stays is limbo: from prepare to the
             lock, and from the lock to its first use, a page is neither typed, free nor LRU.
           - An allocation is one attempt at H's block. One that does not find it free stands
             for one that was served from other memory: it ends, it does not wait, so that an
             allocator that never gets its page is no deadlock. Only the first user of H waits
             until H is free (it always comes to be): an earlier attempt would change nothing.
           - An order-0 allocation takes H, never p: a typed p of order 0 would be kernel-owned.
           - A reference count stays at 0 when it would fall below (a kernel bug); it is finite.
           - A merged block is as large as the model's memory: MAX_PAGE_ORDER is 1.
           - __folio_clear_lru_flags() clears one bit here, and prep_compound_head() does not
             write the order into page[1].flags: plain updates that could lose PG_hwpoison too.
           - `flags |= x` and `flags &= x` on a plain word are a load and a store (flags_rmw
             "split"), as the compiled C is for any other CPU. "atomic" is a what-if.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from racer import Cell, Lock, Memory
from scenarios.pages import (
    Block,
    Flags,
    Page,
    make_thp,
    other_bits,
    put_one,
    with_head,
    without_check_at_prep,
    without_lru,
)

FlagsRmw = Literal["split", "atomic"]


@dataclass(frozen=True, eq=False, slots=True)
class Zone:
    """What the allocator's callers share: the block, the two locks, the configuration."""

    block: Block
    lock: Lock  # zone->lock
    lru_lock: Lock  # lruvec->lru_lock
    check_pages: bool  # check_new_pages() is compiled in and switched on
    flags_rmw: FlagsRmw

    def __repr__(self) -> str:
        return "zone"


def make_zone(mem: Memory, *, check_pages: bool, flags_rmw: FlagsRmw) -> Zone:
    """A zone of one block, which is in use as a THP."""
    return Zone(
        block=make_thp(mem),
        lock=mem.lock("zone.lock"),
        lru_lock=mem.lock("lru_lock"),
        check_pages=check_pages,
        flags_rmw=flags_rmw,
    )


async def plain_rmw(zone: Zone, flags: Cell[Flags], change: Callable[[Flags], Flags]) -> None:
    """`page->flags |= ...` or `&= ...`: what others set between load and store is lost."""
    if zone.flags_rmw == "atomic":
        await flags.update(change, "relaxed")
    else:
        word = await flags.load("plain")
        await flags.store(change(word), "plain")


# Free


async def folio_put(zone: Zone, page: Page, order: int) -> None:
    """folio_put() of a block of the given order; the last reference frees it."""
    if await page.refs.update(put_one, "full") != 1:  # folio_put_testzero()
        return
    if (await page.flags.load("plain")).lru:  # __page_cache_release(): folio_test_lru()
        async with zone.lru_lock:  # folio_lruvec_lock_irqsave()
            await plain_rmw(zone, page.flags, without_lru)  # __folio_clear_lru_flags()
    await free_frozen_pages(zone, page, order)


async def free_frozen_pages(zone: Zone, page: Page, order: int) -> None:
    """free_frozen_pages(): prepare, then merge; a page that prepare refuses is never freed."""
    if await free_pages_prepare(zone, page, order):
        await free_one_page(zone, page, order)


async def free_pages_prepare(zone: Zone, page: Page, order: int) -> bool:
    """__free_pages_prepare(); False keeps the page out of the allocator for good."""
    if order == 0 and (await page.flags.load("plain")).hwpoison:  # PageHWPoison(page) && !order
        return False
    if order == 1:
        p = zone.block.p  # page[1], the only tail
        await plain_rmw(zone, p.flags, other_bits)  # page[1].flags &= ~PAGE_FLAGS_SECOND
        await p.info.store(None)  # free_tail_page_prepare(): clear_compound_head()
        await plain_rmw(zone, p.flags, without_check_at_prep)  # page[1].flags &= ~..AT_PREP
    await plain_rmw(zone, page.flags, without_check_at_prep)  # page->flags &= ~..: PG_head too
    return True


async def free_one_page(zone: Zone, page: Page, order: int) -> None:
    """__free_one_page(): merge with the buddy if that is free, put the result on a free list."""
    H, p = zone.block.H, zone.block.p
    async with zone.lock:  # spin_lock_irqsave(&zone->lock)
        if order == 0:
            buddy = p if page is H else H  # find_buddy_page_pfn()
            if (
                await buddy.page_type.load("plain") == "buddy"  # page_is_buddy(): PageBuddy()
                and await buddy.private.load("plain") == 0  # && buddy_order(buddy) == order
            ):
                await buddy.page_type.store("none", "plain")  # del_page_from_free_list()
                await buddy.private.store(0, "plain")
                page, order = H, 1  # combined_pfn
        await page.private.store(order, "plain")  # set_buddy_order(): set_page_private()
        await page.page_type.store("buddy", "plain")  # set_buddy_order(): __SetPageBuddy()


# Allocate


async def rmqueue(zone: Zone, order: int) -> bool:
    """rmqueue_buddy(): take H's block, or fail if no free block starts there or a page is bad."""
    H = zone.block.H
    async with zone.lock:  # spin_lock_irqsave(&zone->lock)
        if await H.page_type.load("plain") != "buddy":  # on no free list
            return False
        found = await H.private.load("plain")  # on free_area[found]
        if found < order:
            return False
        await H.page_type.store("none", "plain")  # del_page_from_free_list(): __ClearPageBuddy()
        await H.private.store(0, "plain")
        if found > order:
            await expand(zone)
    return not zone.check_pages or await check_new_pages(zone, order)


async def expand(zone: Zone) -> None:
    """expand(): an order-1 block gives an order-0 page; p, the remainder, is put back free."""
    p = zone.block.p
    await p.private.store(0, "plain")  # set_buddy_order(): set_page_private()
    await p.page_type.store("buddy", "plain")  # set_buddy_order(): __SetPageBuddy()


async def check_new_pages(zone: Zone, order: int) -> bool:
    """check_new_pages(), where it is on: a block with a poisoned page is dropped whole."""
    if (await zone.block.H.flags.load("plain")).hwpoison:  # check_new_page(page)
        return False
    return order == 0 or not (await zone.block.p.flags.load("plain")).hwpoison  # page + 1


async def prep_compound_page(zone: Zone) -> None:
    """prep_compound_page(): an order-1 block gets its head and its tail; there is no smp_wmb()."""
    H, p = zone.block.H, zone.block.p
    await plain_rmw(zone, H.flags, with_head)  # __SetPageHead(page)
    await p.info.store(H)  # prep_compound_tail(): set_compound_head()


# Users


async def slab(zone: Zone, order: int) -> None:
    """A slab on H that comes and goes. It stays frozen: its reference count is 0 throughout."""
    if not await rmqueue(zone, order):  # allocate_slab(): alloc_slab_page()
        return
    if order == 1:
        await prep_compound_page(zone)  # __GFP_COMP
    await zone.block.H.page_type.store("slab", "plain")  # __SetPageSlab()
    await zone.block.H.page_type.store("none", "plain")  # __free_slab(): __ClearPageSlab()
    await free_frozen_pages(zone, zone.block.H, order)


async def thp(zone: Zone) -> None:
    """A new THP on H, which is kept. Its owner puts it on the LRU later; nobody here looks."""
    if not await rmqueue(zone, 1):  # folio_alloc(.., order 1)
        return
    await prep_compound_page(zone)  # __GFP_COMP
    await zone.block.H.refs.store(1)  # set_page_refcounted()


async def slab_then_thp(zone: Zone, slab_order: int) -> None:
    """H's next two users, in one task: a slab that comes and goes, then a THP if it gets one."""
    await zone.block.H.page_type.wait_until(lambda kind: kind == "buddy")  # H is on a free list
    await slab(zone, slab_order)
    await thp(zone)
