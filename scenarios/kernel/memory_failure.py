"""Who asks the classifier: mm/memory-failure.c, one kernel step a line.

Question   What does an operator see: a panic, an errno, a message? And does what he sees follow
           from a wrong answer of the classifier?
Models     memory_failure() from TestSetPageHWPoison() to what
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
           - A page that is held is "handled": memory_failure() would split, unmap, kill, and
             keep its reference on the poisoned page for good; soft_offline_page() would
             invalidate or migrate, and put its reference, which is modelled.
           - A panic ends this thread only. What the others do after it is of no interest.
Not        hugetlb, hwpoison_filter(), unpoison_memory() (which takes mf_mutex), memory that is
           not online, the sysctls memory_failure_recovery and enable_soft_offline,
           kill_accessing_process().
Source     mm/memory-failure.c, by function, as of v10 of the series; mm/madvise.c
           madvise_inject_error(): MADV_SOFT_OFFLINE and MADV_HWPOISON are what carries
           MF_COUNT_INCREASED. How a call gets its reference is in references.py.
"""

from dataclasses import dataclass, replace
from typing import Unpack

from racer import Memory, Thread, Violation

from .allocator import Zone
from .buddy import is_free_buddy_page, take_page_off_buddy
from .call import Call, Options, hwpoison_call
from .classifier import Truth
from .ledger import Got, Ledger, handed_on, opened, put_held, settle
from .pages import Flags, Page, with_hwpoison
from .parameters import Caller, Variant
from .refcount import page_ref_inc
from .references import NotFollowed, get_hwpoison_page


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ends: what the operator sees, and the ledger that was kept of it."""

    result: str
    ledger: Ledger


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
            await page_ref_inc(p)
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
        try_again = False  # goto retry
        if call.second_try == "cleared":
            flags = replace(flags, count_increased=False)  # flags &= ~MF_COUNT_INCREASED


async def page_handle_poison(zone: Zone, page: Page) -> bool:
    """page_handle_poison() of a free page: hugepage_or_freepage, nothing to release."""
    if not await take_page_off_buddy(zone, page):  # __page_handle_poison()
        return False
    await page.flags.update(with_hwpoison, "relaxed")  # SetPageHWPoison(page)
    await page_ref_inc(page)
    return True


def without_hwpoison(flags: Flags) -> Flags:
    return replace(flags, hwpoison=False)
