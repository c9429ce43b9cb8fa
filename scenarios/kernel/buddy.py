"""Free pages as mm/memory-failure.c looks for them and takes them, one kernel step a line.

Models     The lockless walk over the orders, and the same walk under zone->lock that takes one
           page out of its free block and puts the rest of the block back.
Source     mm/page_alloc.c is_free_buddy_page(), take_page_off_buddy(), break_down_buddy_pages();
           include/linux/page_ref.h page_count()
Abstract   SetPageHWPoisonTakenOff() is left out: only unpoison_memory() looks for it.
"""

from .allocator import Zone, del_page_from_free_list, set_buddy_order
from .pages import Page, compound_head
from .refcount import page_ref_count


async def page_count(page: Page) -> int:
    """page_count(page): of its folio."""
    folio = await compound_head(page)  # READ_ONCE(page->compound_info)
    return await page_ref_count(folio)  # folio_ref_count()


async def is_free_buddy_page(zone: Zone, page: Page) -> bool:
    """is_free_buddy_page(): without a lock, order by order."""
    for order in range(zone.block.order + 1):  # NR_PAGE_ORDERS
        if await is_buddy_over(zone, page, order):
            return True
    return False


async def is_buddy_over(zone: Zone, page: Page, order: int) -> bool:
    """Whether the aligned page of that order heads a free block that covers `page`."""
    head = aligned(zone, page, order)
    return (
        await head.page_type.load("plain") == "buddy"  # PageBuddy(head)
        and await head.private.load() >= order  # buddy_order_unsafe(head): READ_ONCE()
    )


async def take_page_off_buddy(zone: Zone, page: Page) -> bool:
    """take_page_off_buddy(): the rest of its block is put back free."""
    async with zone.lock:  # spin_lock_irqsave(&zone->lock)
        for order in range(zone.block.order + 1):  # NR_PAGE_ORDERS
            head = aligned(zone, page, order)
            head_order = await head.private.load("plain")  # buddy_order(page_head)
            if await head.page_type.load("plain") == "buddy" and head_order >= order:
                await del_page_from_free_list(zone, head)
                await break_down_buddy_pages(zone, head, page, head_order)
                return True
            if await page_count(head) > 0:
                break
    return False


async def break_down_buddy_pages(zone: Zone, page: Page, target: Page, order: int) -> None:
    """break_down_buddy_pages(): of each half, the one without the target is put back free."""
    while order > 0:
        order -= 1
        upper = zone.block.pages[page.pfn + (1 << order)]
        if target.pfn >= upper.pfn:
            await set_buddy_order(page, order)
            page = upper
        else:
            await set_buddy_order(upper, order)


def aligned(zone: Zone, page: Page, order: int) -> Page:
    """page - (pfn & ((1 << order) - 1))."""
    return zone.block.pages[page.pfn & ~((1 << order) - 1)]
