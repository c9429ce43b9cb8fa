"""__free_pages() looks whether a page is compound after it has put its reference.

Question   Of two references to a compound page one is put by __free_pages(), the other by whoever
           found the page without a lock. Are its pages freed once?
Models     A compound page of order 1, H and p, with two references. Two threads:
           owner   __free_pages(): puts its reference; frees all if it was the last. If it was not,
                   and the page is not compound, it frees all pages but the first, as the other
                   reference is to the first alone
           holder  puts the reference that get_page_unless_zero() gave it: folio_put()
Kernel     kernel/allocator.py
Source     mm/page_alloc.c __free_pages(). Fix: 462a8e08e0e6 (2023)
Bound      The block is not used again.

Answer
  before   Fails, with one preemption: owner puts, and is not the last. holder puts, is the last,
           and frees the block: PG_head is cleared. owner looks for PG_head, finds none, and
           frees p, which is free, or about to be: a second time.
  after    Passes: PG_head is read while owner still has its reference, so it is there.
"""

from racer import About, Expected, Memory, Program, State, Thread, Violation, scenario

from ..kernel.allocator import folio_put, free_frozen_pages, make_zone
from ..kernel.pages import in_free_block, make_block, program_about, user
from ..kernel.refcount import put_page_testzero
from .parameters import Fix

ABOUT = About(
    names={"H": "the head of a compound page of order 1", "p": "its tail"},
    labels={"freed_twice": "__free_pages() frees p, which was freed with H"},
    models="mm/page_alloc.c around 462a8e08e0e6",
)


def expected(*, fix: Fix) -> Expected:
    if fix == "after":
        return Expected("pass", because="PG_head stays as long as there is a reference")
    reason = "PG_head is cleared by whoever puts the last reference, and tells nothing after that"
    return Expected("fail", ("freed_twice",), reason, fixed_by={"fix": "after"})


@scenario(expect=expected)
def free_pages_head(*, fix: Fix = "before") -> Program:
    """__free_pages() of a compound page that somebody else has a reference to.

    fix  PG_head is read after the put; after: before the put
    """
    mem = Memory()
    block = make_block(mem, user(order=1, refs=2, lru=False))
    zone = make_zone(mem, block, check_pages=False, flags_rmw="split")
    H, p = block.pages

    async def owner() -> None:
        """__free_pages() of page, order 1."""
        head = fix == "after" and (await H.flags.load()).head  # PageHead(page)
        if await put_page_testzero(H):
            await free_frozen_pages(zone, H, 1)  # free_frozen_pages(page, order)
            return
        if fix == "before":
            head = (await H.flags.load()).head  # PageHead(page)
        if not head:  # free_frozen_pages(page + (1 << order), order)
            raise Violation("freed_twice")

    def free_as_one(state: State) -> bool:
        return in_free_block(state, p, block)

    return program_about(
        mem,
        block,
        p,
        {"owner": Thread(owner), "holder": Thread(folio_put, zone, H)},
        sometimes={"H and p are free as one block": free_as_one},
        about=ABOUT,
    )
