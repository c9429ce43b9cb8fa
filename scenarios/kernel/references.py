"""A reference to p's folio: get_hwpoison_page() and what it does, one kernel step a line.

Models     HWPoisonHandlable(), __get_hwpoison_page(), get_any_page() with its pass counter,
           shake_page(), get_hwpoison_page()
Returns    as get_hwpoison_page() documents them: 1 with a reference to a page that is in use and
           can be handled; 0 for a free page, or after a race; -EIO for one that cannot be handled,
           -EBUSY after races with its life cycle; and with the patch -ENOTRECOVERABLE.
           -EHWPOISON is unpoison_memory()'s, which is not modelled.
           For -EIO and -ENOTRECOVERABLE get_any_page() prints "unhandlable page": see ledger.py.
Abstract   zone_pcp_disable(), drain_all_pages(): per-cpu lists are folded into zone->lock.
Source     mm/memory-failure.c, by function, as of v10 of the series; include/linux/page-flags.h
           PageLRU (PF_HEAD). Free pages: buddy.py
"""

from typing import Literal

from .allocator import Zone, folio_put
from .buddy import is_free_buddy_page, page_count
from .call import Call
from .classifier import MF, ask, page_has_movable_ops
from .ledger import Got, Ledger, put_held, returned, taken, told
from .lru import lru_add_drain_all
from .pages import Page, compound_head
from .refcount import folio_try_get


class NotFollowed(Exception):
    """A call of depth "classifier" was told "not kernel-owned": it goes no further."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self.ledger = ledger


async def get_hwpoison_page(call: Call, flags: MF, ledger: Ledger) -> tuple[Got, Ledger]:
    """get_hwpoison_page(): get_any_page() between zone_pcp_disable() and zone_pcp_enable()."""
    ret, ledger = await get_any_page(call, flags, ledger)
    printed = ret in ("-EIO", "-ENOTRECOVERABLE")  # out: pr_err("%#lx: unhandlable page.\n")
    return ret, returned(ledger, ret, printed=printed)


async def get_any_page(call: Call, flags: MF, ledger: Ledger) -> tuple[Got, Ledger]:
    """get_any_page(), up to `out:`. One counter for the passes of every kind."""
    zone, p, passes = call.zone, call.p, 0
    count_increased = flags.count_increased
    kernel_owned, ledger = await is_kernel_owned_page(call, ledger)
    if kernel_owned:
        if count_increased:
            ledger = await put_on_hit(call, ledger)  # put_page(p)
        return "-ENOTRECOVERABLE", ledger
    while True:  # try_again:
        passes += 1
        may_retry = passes <= call.retries  # pass++ < GET_PAGE_MAX_RETRY_NUM
        if not count_increased:
            match await (call.getting or get_hwpoison_page_once)(call, p, flags):
                case 0:
                    if await page_count(p) > 0:
                        if may_retry:
                            continue  # raced with an allocation
                        return "-EBUSY", ledger
                    if await is_free_buddy_page(zone, p):
                        return 0, ledger
                    if may_retry:
                        continue  # raced with put_page()
                    return "-EIO", ledger
                case "-EBUSY":
                    if may_retry:
                        await shake_page(zone, p)
                        continue  # raced with a (possibly temporary) unhandlable page
                    return "-EIO", ledger
            ledger = taken(ledger)
        if await (call.handlable or hwpoison_handlable)(zone, p, flags):
            return 1, ledger
        ledger = await put_held(zone, p, ledger, "on a pass")  # put_page(p)
        if not may_retry:
            return "-EIO", ledger
        await shake_page(zone, p)
        count_increased = False


async def is_kernel_owned_page(call: Call, ledger: Ledger) -> tuple[bool, Ledger]:
    """The classifier; what it says is noted, and may be all that the call is about."""
    verdict = await ask(call.question)
    ledger = told(ledger, verdict)
    kernel_owned = verdict.kernel_owned and call.heeds
    if not kernel_owned and call.depth == "classifier":
        raise NotFollowed(ledger)
    return kernel_owned, ledger


async def put_on_hit(call: Call, ledger: Ledger) -> Ledger:
    """put_page(p) of MF_COUNT_INCREASED's reference; of that, what on_hit makes up."""
    if call.on_hit == "leak":
        return ledger
    if call.on_hit == "put_twice":
        ledger = await put_held(call.zone, call.p, ledger, "on a hit")
    return await put_held(call.zone, call.p, ledger, "on a hit")


async def get_hwpoison_page_once(call: Call, page: Page, flags: MF) -> Literal[0, 1, "-EBUSY"]:
    """__get_hwpoison_page(): 1 with a reference, 0 for a free page or a race, -EBUSY."""
    zone, handlable = call.zone, call.handlable or hwpoison_handlable
    folio = await compound_head(page)  # page_folio(page): READ_ONCE(page->compound_info)
    if not await handlable(zone, folio, flags):  # HWPoisonHandlable(&folio->page, flags)
        return "-EBUSY"
    if not await folio_try_get(folio):
        return 0
    if await compound_head(page) is folio:  # folio == page_folio(page)
        return 1
    await folio_put(zone, folio)  # "cannot catch tail"
    return 0


async def hwpoison_handlable(zone: Zone, page: Page, flags: MF) -> bool:
    """HWPoisonHandlable()."""
    if await page.page_type.load("plain") == "slab":  # PageSlab(page)
        return False
    if flags.soft_offline and await page_has_movable_ops(page):
        return True
    return await page_lru(page) or await is_free_buddy_page(zone, page)


async def page_lru(page: Page) -> bool:
    """PageLRU(page): PF_HEAD, so the head's bit."""
    head = await compound_head(page)  # READ_ONCE(page->compound_info)
    return (await head.flags.load()).lru  # test_bit(PG_lru, &head->flags)


async def shake_page(zone: Zone, page: Page) -> None:
    """shake_page(): nothing for a slab, else what rests in the LRU batches goes to the LRU."""
    folio = await compound_head(page)  # page_folio(page): READ_ONCE(page->compound_info)
    if await folio.page_type.load("plain") != "slab":  # folio_test_slab()
        await lru_add_drain_all(zone)
