"""A per-cpu list that is disabled, and what rests on it all the same, one kernel step a line.

Models     A block that is freed without waiting for locks (FPI_TRYLOCK) is put on the list, though
           zone_pcp_disable() has disabled that: the free returns before it looks at the list's
           high mark, which is 0. An allocation of its order takes it from there. Neither takes
           zone->lock.
Abstract   One list, of one order, which holds one block; it is one cell, and pcp->lock is left out:
           who holds that touches nothing else. A drain, which gives the block to the free lists
           under zone->lock, is left out: what follows it is as if the free had waited.
Source     mm/page_alloc.c free_frozen_pages_nolock(), free_frozen_page_commit(), rmqueue_pcplist(),
           zone_pcp_disable(), of kernels newer than 6.12; mm/slub.c __free_slab()
"""

from racer import Cell

from .allocator import Zone, free_pages_prepare, prep_compound_page
from .pages import Page

PerCpu = Cell[Page | None]


async def free_slab_nolock(zone: Zone, pcp: PerCpu, page: Page, order: int) -> None:
    """__free_slab() where it may not spin: free_frozen_pages_nolock()."""
    await page.page_type.store("none", "plain")  # __ClearPageSlab()
    if await free_pages_prepare(zone, page, order):
        await pcp.store(page)  # free_frozen_page_commit(): pcp_spin_trylock(), list_add()


async def take_slab_from_list(zone: Zone, pcp: PerCpu, order: int) -> None:
    """allocate_slab() of what rests on the list, once there is something."""
    page = await pcp.update_when(_rests, _emptied)  # rmqueue_pcplist(): pcp_spin_trylock()
    assert page is not None
    await prep_compound_page(zone, page, order)  # __GFP_COMP
    await page.page_type.store("slab", "plain")  # __SetPageSlab()


def _rests(page: object) -> bool:
    return page is not None


def _emptied(page: Page | None) -> Page | None:
    return None
