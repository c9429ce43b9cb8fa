"""Compaction skips a compound page by an order that is not one any more.

Question   isolate_freepages_block() asks without a lock whether a page is compound, and shifts by
           its order. Can what it shifts by be no order?
Models     A compound page on H and p, order 1, and its scanner. Two threads:
           scan   the part of isolate_freepages_block() that skips a compound page
           reuse  frees the folio, and takes p for a page of its own, whose flags are then where
                  the order was: page[1].flags
           `order` is the scanner's own variable, so that what it holds can be seen.
Source     mm/compaction.c isolate_freepages_block(); include/linux/mm.h compound_order();
           include/linux/page-flags.h PageCompound(). Fix: d1366e74342e (2025)
Abstract   - The low byte of p's word is all there is of it: 1, the order; 0; then 0xac, the flags
             of a user's page: PG_referenced, PG_uptodate, PG_lru and PG_waiters, as 6.12 has them.
           - Of the free only what the scanner reads is modelled: __free_pages_prepare() clears
             page[1].flags, then PG_head.
Bound      One free, one user after it.

Answer     PG_head is there twice, in PageCompound() and in compound_order(); then the order is
           loaded. If p is a user's by then, it is 0xac = 172, and 1UL << 172 is undefined.
  before   Fails, with one preemption, between the second PG_head and the load of the order.
  after    Passes: what is larger than MAX_PAGE_ORDER is not shifted by. The scanner has it all
           the same, which is what must be reached; to skip too much or too little is harmless.
"""

from typing import Final

from racer import About, Expected, Memory, Program, State, Thread, Violation, scenario

from .parameters import Fix

MAX_PAGE_ORDER: Final = 10
BITS_PER_LONG: Final = 64
USERS_FLAGS: Final = 0xAC

ABOUT = About(
    names={"H": "the head of the compound page", "p": "page[1], whose word has the order"},
    labels={"shift_out_of_bounds": "compaction shifts by the flags of a page, as an order"},
    models="mm/compaction.c around d1366e74342e",
)


def expected(*, fix: Fix) -> Expected:
    if fix == "after":
        return Expected("pass", because="an order that is none is not shifted by")
    reason = "the word of page[1] is another page's when the order is loaded"
    return Expected("fail", ("shift_out_of_bounds",), reason, fixed_by={"fix": "after"})


@scenario(expect=expected)
def bogus_order(*, fix: Fix = "before") -> Program:
    """Compaction's look at a compound page that is freed and used again.

    fix  the order is shifted by as it is; after: only if it can be one
    """
    mem = Memory()
    head = mem.cell("H.head", True)
    word = mem.cell("p.word", 1)
    order = mem.cell("scan.order", 0)

    async def scan() -> str:
        """isolate_freepages_block()."""
        if not await head.load():  # PageCompound(page)
            return "not compound"
        found = 0
        if await head.load():  # compound_order(): test_bit(PG_head, &folio->flags)
            found = await word.load("plain")  # folio->_flags_1 & 0xff
        await order.store(found)
        if fix == "after" and found > MAX_PAGE_ORDER:
            return "not skipped"
        if found >= BITS_PER_LONG:  # 1UL << order
            raise Violation("shift_out_of_bounds")
        return "skipped"

    async def reuse() -> None:
        await word.store(0, "plain")  # __free_pages_prepare(): page[1].flags &= ~..SECOND
        await head.store(False, "plain")  # page->flags &= ~PAGE_FLAGS_CHECK_AT_PREP
        await word.store(USERS_FLAGS, "plain")  # p has its next user

    def order_is_none(state: State) -> bool:
        return state[order] > MAX_PAGE_ORDER

    return Program(
        mem,
        {"scan": Thread(scan), "reuse": Thread(reuse)},
        sometimes={"the scanner holds an order that is none": order_is_none},
        about=ABOUT,
    )
