"""The split of a THP of the whole block, one kernel step a line.

Models     folio_ref_freeze(), the flags and head of each new folio, PG_head and order, the new
           references, PG_lru; then the references that remap_page() takes for the users of a
           page, and the split's own puts: of the new folios in their order, of H last.
           A page that a user keeps has two references between remap_page() and the split's
           put; the user may drop one before that, and then the split's put frees the page.
Abstract   - The split starts after unmap_folio(): the users have no references, the caller has
             the only one. The caller is one that splits a folio for itself and puts it, as
             deferred_split_scan() does: it leaves H's new folio locked to the caller (lock_at).
           - remap_page() is for anonymous folios, and those are never split to order 1
             (folio_check_splittable()). A folio of the page cache is, and the cache's references
             are there from folio_ref_unfreeze() on, not only from remap_page() on. Here both
             kinds come back by remap_page(), one reference for each Mapping.
           - The user's page_folio() is not a load: while it has a reference nobody can change it.
           - `flags |= folio->flags & ...` also loads H.flags: only bits that are not modelled.
Not        Unmapping and the page cache, the folio lock (nobody else here takes it), the
           non-uniform split (SPLIT_TYPE_NON_UNIFORM), the split of a folio that reclaim has
           isolated, PG_has_hwpoisoned: an atomic bit of page[1].flags, whose updates lose no other
           bit.
Source     mm/huge_memory.c __folio_split() (the loop of puts, from H on, that skips lock_at),
           __folio_freeze_and_split_unmapped() (the loop from folio_next(folio) on, H last),
           __split_folio_to_order(), lru_add_split_folio(), remap_page(), deferred_split_scan();
           mm/migrate.c remove_migration_pte(); include/linux/page_ref.h folio_ref_freeze(),
           folio_ref_unfreeze()
"""

from dataclasses import dataclass

from racer import Cell, Memory, atomic, fence

from .allocator import Zone, folio_put, plain_rmw, prep_compound_page
from .pages import (
    WITH_ORDER,
    Page,
    other_bits,
    with_lru,
    without_check_at_prep,
    without_head,
)
from .refcount import folio_get, folio_ref_freeze, folio_ref_unfreeze


@dataclass(frozen=True, eq=False, slots=True)
class Mapping:
    """A user's page table entry for `page`: while the split is on it is a migration entry.

    `folio` holds the folio that the entry has a reference to; None as long as it has none.
    """

    page: Page
    folio: Cell[Page | None]

    def __repr__(self) -> str:
        return f"pte of {self.page.name}"


def make_mapping(mem: Memory, page: Page) -> Mapping:
    """An entry that unmap_folio() has replaced by a migration entry: it has no reference."""
    unmapped: Page | None = None
    return Mapping(page, mem.cell(f"{page.name}.pte", unmapped))


async def split(zone: Zone, new_order: int, *mappings: Mapping) -> None:
    """__folio_split() of the THP on H into folios of new_order, then the caller's put of H."""
    H = zone.block.H
    async with atomic():  # local_irq_disable(), local_irq_enable()
        frozen = await folio_ref_freeze(H)  # the one reference is ours
        new_folios = zone.block.pages[1 << new_order :: 1 << new_order] if frozen else ()
        if frozen:
            async with zone.lru_lock:  # folio_lruvec_lock()
                await split_folio_to_order(zone, new_folios, new_order)
                for folio in new_folios:
                    await folio_ref_unfreeze(folio)  # of new_folio
                    await folio.flags.update(with_lru, "relaxed")  # lru_add_split_folio()
                await folio_ref_unfreeze(H)
    for mapping in mappings:  # remap_page(), also when the folio is not split
        first = mapping.page.pfn & ~((1 << new_order) - 1)
        folio = zone.block.pages[first] if frozen else H
        await folio_get(folio)  # remove_migration_pte()
        await mapping.folio.store(folio, "release")  # set_pte_at(), unlock of the page table
    for folio in new_folios:  # all but the one that holds lock_at, which is H
        await folio_put(zone, folio, new_order)  # free_folio_and_swap_cache()
    await folio_put(zone, H, new_order if frozen else zone.block.order)  # the caller's own


async def split_folio_to_order(zone: Zone, new_folios: tuple[Page, ...], new_order: int) -> None:
    """__split_folio_to_order(): the first folio keeps H as its head."""
    H = zone.block.H
    for folio in new_folios:
        # flags &= ~PAGE_FLAGS_CHECK_AT_PREP; flags |= folio->flags & (...)
        await plain_rmw(zone, folio.flags, without_check_at_prep, other_bits)
        await fence("wmb")  # smp_wmb()
        await folio.info.store(None)  # clear_compound_head(new_head)
        if new_order > 0:
            await prep_compound_page(zone, folio, new_order)
    if new_order > 0:
        await plain_rmw(zone, zone.block.pages[1].flags, WITH_ORDER[new_order])
    else:
        await H.flags.update(without_head, "relaxed")  # ClearPageCompound(&folio->page)


async def zap(zone: Zone, mapping: Mapping) -> None:
    """The user drops its page once it is mapped again: it may be before the split does."""
    folio = await mapping.folio.wait_until(_is_mapped, "acquire")  # under the page table lock
    assert folio is not None
    await folio_put(zone, folio)  # zap_present_folio_ptes(): the reference of the mapping


def _is_mapped(folio: object) -> bool:
    return folio is not None
