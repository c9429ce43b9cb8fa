"""Freeing to the buddy allocator and allocating from it, one kernel step a line.

Models     Put and LRU removal, __free_pages_prepare(), the merge and the hand-out under
           zone->lock for every order up to the block's, check_new_pages(), prep_compound_page().
           Who takes and gives back the pages is in users.py.
Source     mm/swap.c __folio_put(), __page_cache_release(), lru_add(); mm/page_alloc.c
           __free_pages_prepare(), free_tail_page_prepare(), __free_one_page(), rmqueue_buddy(),
           __rmqueue_smallest(), page_del_and_expand(), check_new_pages(), prep_compound_page();
           mm/internal.h prep_compound_head(), folio_set_order(), find_buddy_page_pfn()
Abstract   - Per-cpu lists are folded into zone->lock. What stays is limbo: from prepare to the
             lock, and from the lock to its first use, a page is neither typed, free nor LRU. What
             rests on such a list all the same, and is taken from it without that lock: per_cpu.py.
           - The free lists are what the pages say under zone->lock: page_type and private.
             Of the free blocks of one order the lowest is handed out; in the kernel it is
             mostly the one that was freed last.
           - An allocation that finds nothing free stands for one that was served from other
             memory: it ends, it does not wait, so an allocator that never gets its page is no
             deadlock.
           - A put of what has no reference (a kernel bug) is the violation "use after free".
           - The block is all of the zone: MAX_PAGE_ORDER is its order.
           - A load that can only find what an earlier one of the same task found is left out:
             of a folio nobody holds a reference to, only PG_hwpoison can change. So one load
             stands for folio_test_lru() and folio_test_large(). Stores of what is there
             already are left out too: private of pages that are not free is always 0.
           - `flags |= x` and `flags &= x` on a plain word are a load and a store (flags_rmw
             "split"), as the compiled C is for any other CPU. "atomic" is a what-if. Of two of
             them in a row gcc makes one load and two stores: the word stays in a register.
           - __folio_clear_lru_flags() clears PG_lru, PG_active and PG_unevictable one after the
             other (__clear_bit); those of them that are set. Here only PG_lru ever is.
Not        The reset of a page type in prepare (page_has_type): every user modelled here has
           cleared its own. Highatomic, CMA, isolated and guard pages; compaction's capture.
"""

from collections.abc import Callable
from dataclasses import dataclass

from racer import Cell, Lock, Memory

from .pages import (
    WITH_ORDER,
    Block,
    Flags,
    Page,
    compound_head,
    with_head,
    without_check_at_prep,
    without_lru,
    without_reported,
    without_second,
)
from .parameters import Drains, FlagsRmw
from .refcount import put_page_testzero


@dataclass(frozen=True, eq=False, slots=True)
class Zone:
    """What the allocator's callers share: the block, the locks, the configuration."""

    block: Block
    lock: Lock  # zone->lock
    lru_lock: Lock  # lruvec->lru_lock
    batch: Cell[Page | None]  # cpu_fbatches.lru_add of one CPU: see lru.py
    batch_lock: Lock  # cpu_fbatches.lock, a local_lock, of that CPU
    check_pages: bool  # check_new_pages() is compiled in and switched on
    flags_rmw: FlagsRmw
    reporting: bool  # page_reporting_enabled: free blocks may have PG_reported
    drains: Drains  # what a drain of the batch brings to the LRU: see lru.py

    def __repr__(self) -> str:
        return "zone"


def make_zone(
    mem: Memory,
    block: Block,
    *,
    check_pages: bool,
    flags_rmw: FlagsRmw,
    drains: Drains = "all",
    resting: Page | None = None,
) -> Zone:
    """A zone of this one block; `resting` is in the batch from the start, with a reference."""
    return Zone(
        block=block,
        lock=mem.lock("zone.lock", atomic=True),
        lru_lock=mem.lock("lru_lock", atomic=True),
        batch=mem.cell("lru_add", resting),
        batch_lock=mem.lock("fbatches.lock", atomic=True),
        check_pages=check_pages,
        flags_rmw=flags_rmw,
        reporting=any(page.flags.initial.reported for page in block.pages),
        drains=drains,
    )


async def plain_rmw(zone: Zone, flags: Cell[Flags], *changes: Callable[[Flags], Flags]) -> None:
    """`page->flags |= ...` or `&= ...`: what others set between load and store is lost.

    changes  one after the other: one load, and a store of each
    """
    if zone.flags_rmw == "atomic":
        for change in changes:
            await flags.update(change, "relaxed")
        return
    word = await flags.load("plain")
    for change in changes:
        word = change(word)
        await flags.store(word, "plain")


# Free


async def folio_order(zone: Zone, folio: Page) -> int:
    """folio_order(): 0, or what the word of page[1] says; asked of a head, never of a tail."""
    if not (await folio.flags.load()).head:  # folio_test_large(): PG_head
        return 0
    return (await zone.block.pages[folio.pfn + 1].flags.load("plain")).order  # _flags_1 & 0xff


async def folio_put(zone: Zone, folio: Page, order: int | None = None) -> None:
    """folio_put(): the last reference frees the folio. `order`: a caller that knows it."""
    if not await put_page_testzero(folio):  # folio_put_testzero()
        return
    flags = await folio.flags.load()  # folio_test_lru(), folio_test_large()
    if flags.lru:  # __page_cache_release()
        async with zone.lru_lock:  # folio_lruvec_relock_irqsave()
            await plain_rmw(zone, folio.flags, without_lru)  # __folio_clear_lru_flags()
    if order is None and not flags.head:
        order = 0
    elif order is None:  # folio_large_order(): _flags_1 & 0xff
        order = (await zone.block.pages[folio.pfn + 1].flags.load("plain")).order
    await free_frozen_pages(zone, folio, order)


async def put_page(zone: Zone, page: Page) -> None:
    """put_page(): folio_put() of the folio that the page belongs to now."""
    await folio_put(zone, await compound_head(page))  # page_folio()


async def free_frozen_pages(zone: Zone, page: Page, order: int) -> None:
    """free_frozen_pages(): prepare, then merge; a page that prepare refuses is never freed."""
    if await free_pages_prepare(zone, page, order):
        await free_one_page(zone, page, order)


async def free_pages_prepare(zone: Zone, page: Page, order: int) -> bool:
    """__free_pages_prepare(); False keeps the page out of the allocator for good."""
    if order == 0 and (await page.flags.load()).hwpoison:  # PageHWPoison(page) && !order
        return False
    pages = zone.block.pages[page.pfn : page.pfn + (1 << order)]
    if order > 0:  # compound: every modelled user of an order above 0 is
        await plain_rmw(zone, pages[1].flags, without_second)  # page[1].flags &= ~..SECOND
    for tail in pages[1:]:
        await tail.info.store(None)  # free_tail_page_prepare(): clear_compound_head()
        await plain_rmw(zone, tail.flags, without_check_at_prep)  # (page + i)->flags &= ~..
    await plain_rmw(zone, page.flags, without_check_at_prep)  # page->flags &= ~..: PG_head too
    return True


async def free_one_page(zone: Zone, page: Page, order: int) -> None:
    """__free_one_page(): merge with free buddies, put the result on the list of its order."""
    async with zone.lock:  # spin_lock_irqsave(&zone->lock)
        while order < zone.block.order:  # MAX_PAGE_ORDER
            buddy = zone.block.pages[page.pfn ^ (1 << order)]  # __find_buddy_pfn()
            if await buddy.page_type.load("plain") != "buddy":  # page_is_buddy(): PageBuddy()
                break
            if await buddy.private.load("plain") != order:  # && buddy_order(buddy) == order
                break
            await del_page_from_free_list(zone, buddy)
            page = zone.block.pages[page.pfn & buddy.pfn]  # combined_pfn
            order += 1
        await set_buddy_order(page, order)


async def set_buddy_order(page: Page, order: int) -> None:
    """set_buddy_order() of a block that is put on a free list."""
    await page.private.store(order, "plain")  # set_page_private()
    await page.page_type.store("buddy", "plain")  # __SetPageBuddy()


async def del_page_from_free_list(zone: Zone, page: Page) -> None:
    """__del_page_from_free_list()."""
    if zone.reporting and (await page.flags.load()).reported:  # page_reported()
        await plain_rmw(zone, page.flags, without_reported)  # __ClearPageReported(): __clear_bit()
    await page.page_type.store("none", "plain")  # __ClearPageBuddy()
    await page.private.store(0, "plain")  # set_page_private()


# Allocate


async def alloc_frozen_pages(zone: Zone, order: int) -> Page | None:
    """alloc_frozen_pages(): a block of this order with a reference count of 0, or None."""
    page = await rmqueue(zone, order)
    if page is not None and order > 0:  # prep_new_page()
        await prep_compound_page(zone, page, order)  # __GFP_COMP
    return page


async def rmqueue(zone: Zone, order: int) -> Page | None:
    """rmqueue_buddy(): the first block that is free and passes the check, or None."""
    while True:
        async with zone.lock:  # spin_lock_irqsave(&zone->lock)
            page = await rmqueue_smallest(zone, order)
        if page is None or not zone.check_pages:
            return page
        if not await check_new_pages(zone, page, order):
            return page
        # a bad page: the block is dropped whole, and the next one is tried


async def rmqueue_smallest(zone: Zone, order: int) -> Page | None:
    """__rmqueue_smallest(): the smallest free block that is large enough, the lowest of those."""
    found, found_order = None, zone.block.order + 1
    for page in zone.block.pages[:: 1 << order]:  # larger blocks start at some of these too
        if await page.page_type.load("plain") == "buddy":  # it is on a free list
            page_order = await page.private.load("plain")  # and this is which
            if order <= page_order < found_order:
                found, found_order = page, page_order
            if found_order in (order, zone.block.order):
                break  # there is none smaller, or no other
    if found is not None:
        await del_page_from_free_list(zone, found)
        await expand(zone, found, order, found_order)
    return found


async def expand(zone: Zone, page: Page, low: int, high: int) -> None:
    """expand(): of a block of order `high`, the upper halves down to `low` are put back free."""
    while high > low:
        high -= 1
        await set_buddy_order(zone.block.pages[page.pfn + (1 << high)], high)


async def check_new_pages(zone: Zone, page: Page, order: int) -> bool:
    """check_new_pages(), where it is on: is a page of the block bad (here: poisoned)?"""
    for each in zone.block.pages[page.pfn : page.pfn + (1 << order)]:
        if (await each.flags.load("plain")).hwpoison:  # check_new_page(): __PG_HWPOISON
            return True
    return False


async def prep_compound_page(zone: Zone, page: Page, order: int) -> None:
    """prep_compound_page(): head, tails, then the order; there is no smp_wmb() between them."""
    pages = zone.block.pages[page.pfn : page.pfn + (1 << order)]
    await plain_rmw(zone, page.flags, with_head)  # __SetPageHead(page)
    for tail in pages[1:]:
        await tail.info.store(page)  # prep_compound_tail(): set_compound_head()
    await plain_rmw(zone, pages[1].flags, WITH_ORDER[order])  # folio_set_order()
