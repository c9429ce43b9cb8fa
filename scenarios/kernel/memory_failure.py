"""Who asks the classifier: mm/memory-failure.c, one kernel step a line.

Question   What does an operator see: a panic, an errno, a message? And does what he sees follow
           from a wrong answer of the classifier?
Models     HWPoisonHandlable(), __get_hwpoison_page(), get_any_page() with its pass counter,
           shake_page(), get_hwpoison_page(); memory_failure() from TestSetPageHWPoison() to what
           it makes of the answer, before and after the follow-up that wires -ENOTRECOVERABLE,
           with the panic sysctl on or off; soft_offline_page(); madvise(), which calls either
           with a reference of its own (MF_COUNT_INCREASED).
Result     panic                               memory_failure(): MF_MSG_KERNEL, the sysctl is on
           ignored: MF_MSG_KERNEL              the same, the sysctl is off
           ignored: MF_MSG_GET_HWPOISON        -EIO or -EBUSY; without the follow-up any errno
           ignored: MF_MSG_KERNEL_HIGH_ORDER   0, and p is no free page any more
           recovered: MF_MSG_BUDDY             0, and p is taken off its free list
           failed: MF_MSG_BUDDY                0, but p was gone from its free list twice
           -EHWPOISON                          p was poisoned before
           -EIO -EBUSY -ENOTRECOVERABLE        soft_offline_page(): what get_any_page() returned
           0                                   soft_offline_page(): p is taken off its free list
                                               (or was poisoned before)
           handled                             either: it holds p, what it does then is not here
           not kernel-owned                    depth "classifier": it was not followed further
Labels     those of classifier.py, with what they lead to as their effect; those of ledger.py
Abstract   - depth "classifier" stops after a "not kernel-owned"; a "kernel-owned" is always
             followed to its effect.
           - zone_pcp_disable(), drain_all_pages(): per-cpu lists are folded into zone->lock.
           - A page that is held is "handled": memory_failure() would split, unmap, kill, and
             keep its reference on the poisoned page for good; soft_offline_page() would
             invalidate or migrate, and put its reference, which is modelled.
           - A panic ends this thread only. What the others do after it is of no interest.
Not        hugetlb, hwpoison_filter(), unpoison_memory() (which takes mf_mutex), memory that is
           not online, the sysctls memory_failure_recovery and enable_soft_offline,
           kill_accessing_process().
Source     mm/memory-failure.c, by function, as of v10 of the series; include/linux/page-flags.h
           PageLRU (PF_HEAD); mm/madvise.c madvise_inject_error(): MADV_SOFT_OFFLINE and
           MADV_HWPOISON are what carries MF_COUNT_INCREASED. Free pages: buddy.py
"""

from dataclasses import dataclass, replace
from typing import Literal, TypedDict, Unpack

from racer import Lock, Memory, Thread, UsageError, Violation

from .allocator import Zone, folio_put
from .buddy import is_free_buddy_page, page_count, take_page_off_buddy
from .classifier import (
    MF,
    Question,
    Truth,
    ask,
    flags_of,
    folio_try_get,
    make_question,
    page_has_movable_ops,
)
from .ledger import Ledger, handed_on, opened, put_held, settle, taken, told
from .lru import lru_add_drain_all
from .pages import Flags, Page, compound_head, with_hwpoison
from .parameters import (
    Caller,
    Depth,
    Injects,
    OnHit,
    Only,
    SecondTry,
    TypeReads,
    Variant,
)

Got = Literal[0, 1, "-EIO", "-EBUSY", "-ENOTRECOVERABLE"]

GET_PAGE_MAX_RETRY_NUM = 3


@dataclass(frozen=True, eq=False, slots=True)
class Call:
    """One call of memory_failure() or soft_offline_page() on p, and the kernel it is made in."""

    zone: Zone
    p: Page
    question: Question
    flags: MF
    followup: bool  # memory_failure() tells -ENOTRECOVERABLE from the other errnos
    panic: bool  # vm.panic_on_unrecoverable_memory_failure
    depth: Depth
    on_hit: OnHit  # what becomes of the caller's reference; all but "put" are made-up bugs
    mf_mutex: Lock | None  # None: there is no other caller
    retries: int  # GET_PAGE_MAX_RETRY_NUM
    heeds: bool  # False: a hit of the classifier is noted, and the call goes on without it
    second_try: SecondTry  # MF_COUNT_INCREASED, when memory_failure() tries again

    def __repr__(self) -> str:
        return "call"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ends: what the operator sees, and the ledger that was kept of it."""

    result: str
    ledger: Ledger


class NotFollowed(Exception):
    """A call of depth "classifier" was told "not kernel-owned": it goes no further."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self.ledger = ledger


class Options(TypedDict, total=False):
    """How a call is made, and in which kernel, where that is not the usual one.

    injects     of a count_increased caller: the function that madvise() calls (soft_offline)
    followup    memory_failure() tells -ENOTRECOVERABLE from the other errnos (True)
    panic       vm.panic_on_unrecoverable_memory_failure (True)
    depth       the whole call, or no further than a "not kernel-owned" (whole)
    type_reads, only, stale: see classifier.py
    on_hit      put: what the C does; leak, put_twice: bugs that C17 must find
    mf_mutex    a lock, where there is another caller
    retries     of get_any_page(); fewer than the kernel's three make for a smaller space
    heeds       False: what the kernel before the patch makes of an interleaving in which the
                classifier, whose loads nobody notices, is asked all the same (True)
    second_try  same_flags: when memory_failure() loses a free page to another and tries again,
                it takes its MF_COUNT_INCREASED reference to be there still, though get_any_page()
                has put it; cleared: it does as soft_offline_page() does
    """

    injects: Injects
    followup: bool
    panic: bool
    depth: Depth
    type_reads: TypeReads
    only: Only
    stale: bool
    on_hit: OnHit
    mf_mutex: Lock | None
    retries: int
    heeds: bool
    second_try: SecondTry


def hwpoison_caller(
    mem: Memory,
    zone: Zone,
    p: Page,
    *,
    caller: Caller,
    variant: Variant,
    **options: Unpack[Options],
) -> Thread:
    """The thread that makes the call, and returns what the operator sees."""
    return Thread(report, hwpoison_call(mem, zone, p, caller=caller, variant=variant, **options))


def hwpoison_call(
    mem: Memory,
    zone: Zone,
    p: Page,
    *,
    caller: Caller,
    variant: Variant,
    **options: Unpack[Options],
) -> Call:
    """A call about p. Two about one p need mf_mutex, and share watches.

    caller  memory_failure, soft_offline, or count_increased: madvise(), which injects the one
            (MADV_HWPOISON) or the other (MADV_SOFT_OFFLINE) and holds a reference to p's folio
            when it does. It is there when the program starts.
    Errors  UsageError when caller is count_increased and p's folio has no references, and those
            of make_question().
    """
    flags = flags_of(caller, options.get("injects", "soft_offline"))
    if flags.count_increased and (p.info.initial or p).refs.initial < 1:
        raise UsageError(
            f"caller=count_increased has a reference to {p.name}'s folio from the start, and that "
            f"has none: a page that is free or frozen cannot be given to madvise()."
        )
    question = make_question(
        mem,
        zone,
        p,
        variant=variant,
        flags=flags,
        type_reads=options.get("type_reads", "fused"),
        only=options.get("only", "any"),
        stale=options.get("stale", False),
    )
    return Call(
        zone=zone,
        p=p,
        question=question,
        flags=flags,
        followup=options.get("followup", True),
        panic=options.get("panic", True),
        depth=options.get("depth", "whole"),
        on_hit=options.get("on_hit", "put"),
        mf_mutex=options.get("mf_mutex"),
        retries=options.get("retries", GET_PAGE_MAX_RETRY_NUM),
        heeds=options.get("heeds", True),
        second_try=options.get("second_try", "same_flags"),
    )


async def report(call: Call) -> str:
    """The call from end to end: its result, or the Violation that it comes to."""
    if call.mf_mutex is None:
        outcome = await handle(call)
    else:
        async with call.mf_mutex:  # mutex_lock(&mf_mutex)
            outcome = await handle(call)
    result, truth = outcome.result, outcome.ledger.truth
    if result != "not kernel-owned":
        settle(outcome.ledger, result)
    if truth != "true":
        raise Violation(truth, effect=effect(result, truth))
    return result


async def handle(call: Call) -> Outcome:
    """The function that is called, to its end or as far as it is followed."""
    ledger = opened(call.flags)
    try:
        if call.flags.soft_offline:
            result, ledger = await soft_offline_page(call, ledger)
        else:
            result, ledger = await memory_failure(call, ledger)
    except NotFollowed as told_no:
        return Outcome("not kernel-owned", told_no.ledger)
    return Outcome(result, ledger)


def effect(result: str, truth: Truth) -> str:
    """What the operator sees because of a wrong answer."""
    if result == "not kernel-owned":
        return ""  # not followed
    if truth in ("missed", "stale_clear"):
        return result
    if result == "-ENOTRECOVERABLE" and truth == "misclassified":
        return "spurious -ENOTRECOVERABLE"
    return result if result in ("panic", "-ENOTRECOVERABLE") else "none"


# The two entries. Beside what the C returns each hands back the ledger of its call.


async def memory_failure(call: Call, ledger: Ledger) -> tuple[str, Ledger]:
    """memory_failure(), under mf_mutex, down to the page that it holds or does not get."""
    p, zone, flags = call.p, call.zone, call.flags
    retry = True
    while True:  # try_again:
        if (await p.flags.update(with_hwpoison, "full")).hwpoison:  # TestSetPageHWPoison(p)
            if flags.count_increased:
                ledger = await put_held(zone, p, ledger, "already poisoned")  # put_page(p)
            return "-EHWPOISON", ledger  # MF_MSG_ALREADY_POISONED
        res, ledger = await get_hwpoison_page(call, flags, ledger)
        if res == 1:
            return "handled", handed_on(ledger)  # it keeps the reference
        if res != 0:
            return memory_failure_ignores(call, res), ledger
        if not await is_free_buddy_page(zone, p):
            return action_result(call, "MF_MSG_KERNEL_HIGH_ORDER", "ignored"), ledger
        if await take_page_off_buddy(zone, p):
            await p.refs.fetch_add(1, "relaxed")  # page_ref_inc(p): it is 0
            return action_result(call, "MF_MSG_BUDDY", "recovered"), ledger
        if not retry:
            return action_result(call, "MF_MSG_BUDDY", "failed"), ledger
        await p.flags.update(without_hwpoison, "relaxed")  # ClearPageHWPoison(p)
        retry = False  # goto try_again
        if call.second_try == "cleared":
            flags = replace(flags, count_increased=False)


def memory_failure_ignores(call: Call, res: Got) -> str:
    """What memory_failure() makes of a negative return of get_hwpoison_page()."""
    if res == "-ENOTRECOVERABLE" and call.followup:
        return action_result(call, "MF_MSG_KERNEL", "ignored")
    return action_result(call, "MF_MSG_GET_HWPOISON", "ignored")


def action_result(call: Call, message: str, result: str) -> str:
    """action_result(): the line in the log, or the panic (panic_on_unrecoverable_mf())."""
    if call.panic and (message, result) == ("MF_MSG_KERNEL", "ignored"):
        return "panic"
    return f"{result}: {message}"


async def soft_offline_page(call: Call, ledger: Ledger) -> tuple[str, Ledger]:
    """soft_offline_page(), under mf_mutex."""
    p, zone, flags = call.p, call.zone, call.flags
    try_again = True
    if (await p.flags.load()).hwpoison:  # PageHWPoison(page)
        if flags.count_increased:
            ledger = await put_held(zone, p, ledger, "already poisoned")  # put_ref_page()
        return "0", ledger
    while True:  # retry:
        ret, ledger = await get_hwpoison_page(call, flags, ledger)
        if ret == 1:
            ledger = await put_held(zone, p, ledger, "handled")  # soft_offline_in_use_page()
            return "handled", ledger
        if ret != 0:
            return ret, ledger
        if await page_handle_poison(zone, p):
            return "0", ledger
        if not try_again:
            return "-EBUSY", ledger
        try_again = False
        flags = replace(flags, count_increased=False)  # get_any_page() has put that reference


async def page_handle_poison(zone: Zone, page: Page) -> bool:
    """page_handle_poison() of a free page: hugepage_or_freepage, nothing to release."""
    if not await take_page_off_buddy(zone, page):  # __page_handle_poison()
        return False
    await page.flags.update(with_hwpoison, "relaxed")  # SetPageHWPoison(page)
    await page.refs.fetch_add(1, "relaxed")  # page_ref_inc(page)
    return True


# A reference to p's folio


async def get_hwpoison_page(call: Call, flags: MF, ledger: Ledger) -> tuple[Got, Ledger]:
    """get_hwpoison_page(): get_any_page() between zone_pcp_disable() and zone_pcp_enable()."""
    return await get_any_page(call, flags, ledger)


async def get_any_page(call: Call, flags: MF, ledger: Ledger) -> tuple[Got, Ledger]:
    """get_any_page(): one counter for the passes of every kind. -EIO prints "unhandlable page".

    Returns 1 with a reference; 0 for a free page; else -EIO, -EBUSY or -ENOTRECOVERABLE.
    """
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
            match await get_hwpoison_page_once(zone, p, flags):
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
        if await hwpoison_handlable(zone, p, flags):
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


async def get_hwpoison_page_once(zone: Zone, page: Page, flags: MF) -> Literal[0, 1, "-EBUSY"]:
    """__get_hwpoison_page(): 1 with a reference, 0 for a free page or a race, -EBUSY."""
    folio = await compound_head(page)  # page_folio(page): READ_ONCE(page->compound_info)
    if not await hwpoison_handlable(zone, folio, flags):  # HWPoisonHandlable(&folio->page, flags)
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


def without_hwpoison(flags: Flags) -> Flags:
    return replace(flags, hwpoison=False)
