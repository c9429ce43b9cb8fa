"""Who takes pages from the allocator and gives them back, one kernel step a line.

Models     Per user what it does to the page between the allocator's two ends: page type,
           reference count. Each comes as `take_*` (a Page, or None if there was none), `free_*`,
           and the two in a row.
Source     mm/slub.c allocate_slab(), __free_slab(), ___kmalloc_large_node(),
           free_large_kmalloc(); include/linux/mm.h __pagetable_ctor(), pagetable_dtor(),
           __pagetable_free(); mm/page_alloc.c __alloc_pages(), ___free_pages();
           mm/huge_memory.c vma_alloc_anon_folio_pmd() and its like
Abstract   What is done with the memory. A new THP is put on the LRU by its owner only where a
           scenario does so with folio_add_lru() of lru.py. A large kmalloc of the
           kernel is of order 2 or above (with 4 KiB pages); of orders 0 and 1 it is a what-if.
           A user's folio is filled (take_filled(): a plain update of its head's word) only where a
           scenario asks about that head; there one update stands for several.
Not        RCU delays (SLAB_TYPESAFE_BY_RCU, page tables): later is an interleaving here anyway.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from .allocator import Zone, alloc_frozen_pages, folio_put, free_frozen_pages, plain_rmw
from .pages import Page, other_bits
from .parameters import LongReuse
from .refcount import put_page_testzero, set_page_refcounted


async def wait_until_free(page: Page) -> None:
    """The first user of a page may as well come when the page heads a free block.

    An earlier attempt would find nothing and change nothing. The program must let the page
    become free in the end, else this is a deadlock.
    """
    await page.page_type.wait_until(_is_buddy)


def _is_buddy(page_type: object) -> bool:
    return page_type == "buddy"


# Slab: frozen, its reference count is 0 throughout.


async def take_slab(zone: Zone, order: int) -> Page | None:
    """allocate_slab()."""
    page = await alloc_frozen_pages(zone, order)  # alloc_slab_page()
    if page is not None:
        await page.page_type.store("slab", "plain")  # __SetPageSlab()
    return page


async def free_slab(zone: Zone, page: Page, order: int) -> None:
    """__free_slab()."""
    await page.page_type.store("none", "plain")  # __ClearPageSlab()
    await free_frozen_pages(zone, page, order)


async def slab(zone: Zone, order: int) -> None:
    """A slab that comes and goes."""
    page = await take_slab(zone, order)
    if page is not None:
        await free_slab(zone, page, order)


# Large kmalloc: frozen too.


async def take_large_kmalloc(zone: Zone, order: int) -> Page | None:
    """___kmalloc_large_node()."""
    page = await alloc_frozen_pages(zone, order)  # alloc_frozen_pages(__GFP_COMP)
    if page is not None:
        await page.page_type.store("large_kmalloc", "plain")  # __SetPageLargeKmalloc()
    return page


async def free_large_kmalloc(zone: Zone, page: Page, order: int) -> None:
    """free_large_kmalloc()."""
    await page.page_type.store("none", "plain")  # __ClearPageLargeKmalloc()
    await free_frozen_pages(zone, page, order)


async def large_kmalloc(zone: Zone, order: int) -> None:
    """A large kmalloc that comes and goes."""
    page = await take_large_kmalloc(zone, order)
    if page is not None:
        await free_large_kmalloc(zone, page, order)


# Page tables: one reference, so they can be pinned.


async def take_page_table(zone: Zone, order: int) -> Page | None:
    """pagetable_alloc(), pagetable_pte_ctor()."""
    page = await alloc_frozen_pages(zone, order)
    if page is not None:
        await set_page_refcounted(page)  # __alloc_pages()
        await page.page_type.store("table", "plain")  # __folio_set_pgtable()
    return page


async def free_page_table(zone: Zone, page: Page, order: int) -> None:
    """pagetable_dtor_free(). Not folio_put(): whoever put it last does not look at PG_lru."""
    await page.page_type.store("none", "plain")  # pagetable_dtor(): __folio_clear_pgtable()
    if await put_page_testzero(page):  # ___free_pages()
        await free_frozen_pages(zone, page, order)


async def page_table(zone: Zone, order: int) -> None:
    """A page table that comes and goes."""
    page = await take_page_table(zone, order)
    if page is not None:
        await free_page_table(zone, page, order)


# THP, or a page of a user: one reference.


async def take_thp(zone: Zone, order: int) -> Page | None:
    """folio_alloc(). The folio is not on the LRU yet."""
    page = await alloc_frozen_pages(zone, order)
    if page is not None:
        await set_page_refcounted(page)  # __alloc_pages()
    return page


async def take_filled(zone: Zone, order: int) -> Page | None:
    """A user's folio with its content. Other bits of its word are set on the way, one by one."""
    page = await take_thp(zone, order)
    if page is not None:  # and __folio_set_locked(), __folio_set_swapbacked(): __set_bit() too
        await plain_rmw(zone, page.flags, other_bits)  # __folio_mark_uptodate(): __set_bit()
    return page


async def thp(zone: Zone, order: int) -> None:
    """A folio that comes and goes before it was put on the LRU."""
    page = await take_thp(zone, order)
    if page is not None:
        await folio_put(zone, page, order)


async def slab_then_thp(zone: Zone, slab_order: int) -> None:
    """H's next two users, in one task: a slab that comes and goes, then a THP if it gets one."""
    await wait_until_free(zone.block.H)
    await slab(zone, slab_order)
    await take_thp(zone, zone.block.order)  # of the whole block, and kept


async def thp_slab_thp(zone: Zone, slab_order: int) -> None:
    """H's next three users: a THP that comes and goes, if it gets one, a slab, and a THP."""
    await wait_until_free(zone.block.H)
    await thp(zone, zone.block.order)
    await slab(zone, slab_order)
    await take_thp(zone, zone.block.order)


async def slab_only(zone: Zone, slab_order: int) -> None:
    """H's next user: a slab that comes and goes."""
    await wait_until_free(zone.block.H)
    await slab(zone, slab_order)


REUSES: dict[LongReuse, Callable[[Zone, int], Coroutine[Any, Any, None]]] = {
    "slab": slab_only,
    "slab_then_thp": slab_then_thp,
    "thp_slab_thp": thp_slab_thp,
}
