"""The split of a THP to order 0, one kernel step a line.

Models     folio_ref_freeze(), the tail's flags and head, PG_head, the new references, PG_lru.
           Nobody keeps H, so the split's own put frees it. p is kept by a user, who drops the
           last reference in a thread of its own.
Abstract   The split's own reference to p, which it drops without effect, is left out. What it
           guarantees is kept as far as it goes to p's state: p cannot be freed before the split
           has put it on the LRU. It could not be freed before the split drops lru_lock either;
           the model allows that, so it counts some interleavings that the kernel has not.
           `flags |= folio->flags & ...` also loads H.flags: only bits that are not modelled.
Not        Unmapping and the page cache (before and after), the folio lock and the disabled
           interrupts (nobody else here takes them), a split that stops at an order above 0.
Source     mm/huge_memory.c __folio_split(), __split_folio_to_order(), lru_add_split_folio();
           include/linux/page_ref.h folio_ref_freeze(), folio_ref_unfreeze()
"""

from racer import fence
from scenarios.allocator import Zone, folio_put, plain_rmw
from scenarios.pages import other_bits, with_lru, without_check_at_prep, without_head


async def split(zone: Zone) -> None:
    """__folio_split() of the THP on H, then the put of H, which nobody keeps."""
    H, p = zone.block.H, zone.block.p
    if await H.refs.compare_exchange(1, 0) != 1:  # folio_ref_freeze(): no reference but ours
        return
    async with zone.lru_lock:  # folio_lruvec_lock()
        await plain_rmw(zone, p.flags, without_check_at_prep)  # new->flags &= ~..CHECK_AT_PREP
        await plain_rmw(zone, p.flags, other_bits)  # new->flags |= folio->flags & (...)
        await fence("wmb")  # smp_wmb()
        await p.info.store(None)  # clear_compound_head(new_head)
        await H.flags.update(without_head, "relaxed")  # ClearPageCompound(&folio->page)
        await p.refs.store(1, "release")  # folio_ref_unfreeze(new_folio)
        await p.flags.update(with_lru, "relaxed")  # lru_add_split_folio(): folio_set_lru()
        await H.refs.store(1, "release")  # folio_ref_unfreeze(folio)
    await folio_put(zone, H, 0)  # free_folio_and_swap_cache() of a folio nobody keeps


async def put_p(zone: Zone) -> None:
    """p's last user. Before PG_lru is set the split holds a reference: this is not the last."""
    p = zone.block.p
    await p.flags.wait_until(lambda flags: flags.lru)
    await folio_put(zone, p, 0)  # folio_put()
