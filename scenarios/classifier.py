"""The classifier, version by version, and the question asked of each.

Question   May an answer be one that was true of p at no instant while it was worked out?
Models     One shared access a line, in the order of the C; `&&` and `||` short-circuit.
Not        smp_rmb() and plain against READ_ONCE loads differ only under a weak memory model.
           PG_movable_ops shares its bit with PG_uptodate: on a user page the opt-out may go on
           to two loads of p's type, in vain. Here the bit is never set, nor are PG_reserved
           and the types table and large_kmalloc: the tests for them are there to be raced.
Source     mm/memory-failure.c: HWPoisonKernelOwned() (v8, v9), is_kernel_owned_page() (v10)
Window     From just before the classifier's first load to just after its last.
Labels     misclassified  it said "kernel-owned", and p was so at no instant of the window
           missed         it said "not kernel-owned", and p was so at every instant of it
"""

from collections.abc import Callable, Coroutine, Mapping
from enum import Flag
from typing import Any, Literal

from racer import Memory, State, Thread, Violation, Watch, fence
from scenarios.pages import Page, compound_head, kernel_owned, with_hwpoison

Variant = Literal["v8", "headonly", "v9", "reviewed", "v10", "v10_rmb"]
Caller = Literal["memory_failure", "soft_offline"]


class MF(Flag):
    """enum mf_flags, as far as a classifier reads it."""

    NONE = 0
    SOFT_OFFLINE = 1


async def page_reserved(p: Page) -> bool:
    """PageReserved(p): PF_NO_COMPOUND, so p's own word and no compound_head()."""
    return (await p.flags.load("plain")).reserved  # test_bit(PG_reserved, &p->flags)


async def has_kernel_type(page: Page) -> bool:
    """PageSlab(page) || PageTable(page) || PageLargeKmalloc(page): up to three plain loads."""
    return (
        await page.page_type.load("plain") == "slab"  # PageSlab(): data_race(page->page_type)
        or await page.page_type.load("plain") == "table"  # PageTable()
        or await page.page_type.load("plain") == "large_kmalloc"  # PageLargeKmalloc()
    )


async def page_has_movable_ops(p: Page) -> bool:
    """PageMovableOps(p) && (PageOffline(p) || PageZsmalloc(p))."""
    head = await compound_head(p)  # PageMovableOps(): READ_ONCE(p->compound_info)
    return (await head.flags.load("plain")).movable_ops and (  # test_bit(.., &head->flags)
        await p.page_type.load("plain") == "offline"  # PageOffline(p)
        or await p.page_type.load("plain") == "zsmalloc"  # PageZsmalloc(p)
    )


async def v8(p: Page, flags: MF) -> bool:
    """HWPoisonKernelOwned() of v8: p's own type, no compound_head() at all."""
    if MF.SOFT_OFFLINE in flags and await page_has_movable_ops(p):  # the opt-out
        return False
    if await page_reserved(p):  # PageReserved(p)
        return True
    return await has_kernel_type(p)  # PageSlab(p) || PageTable(p) || PageLargeKmalloc(p)


async def headonly(p: Page, flags: MF) -> bool:
    """As suggested in the review of v8: the head's type, read once, never looked at again."""
    if await page_reserved(p):  # PageReserved(p)
        return True
    head = await compound_head(p)  # READ_ONCE(p->compound_info)
    return await has_kernel_type(head)  # PageSlab(head) || ...


async def v9(p: Page, flags: MF) -> bool:
    """HWPoisonKernelOwned() of v9: `reviewed` behind the opt-out."""
    if MF.SOFT_OFFLINE in flags and await page_has_movable_ops(p):  # the opt-out
        return False
    return await reviewed(p, flags)


async def reviewed(p: Page, flags: MF) -> bool:
    """v9 less the opt-out, as its review asks: "true" is re-checked, "false" is not."""
    if await page_reserved(p):  # PageReserved(p)
        return True
    while True:  # retry:
        head = await compound_head(p)  # READ_ONCE(p->compound_info)
        if not await has_kernel_type(head):  # PageSlab(head) || ...
            return False  # without the re-read
        if await compound_head(p) is head:  # READ_ONCE(p->compound_info): the same address?
            return True
        # another head: goto retry, any number of times


async def v10(p: Page, flags: MF) -> bool:
    """is_kernel_owned_page() as merged: both answers are re-checked; no flags, no opt-out."""
    if await page_reserved(p):  # PageReserved(p)
        return True
    while True:  # retry:
        head = await compound_head(p)  # READ_ONCE(p->compound_info)
        owned = await has_kernel_type(head)  # PageSlab(head) || ...
        if await compound_head(p) is head:  # READ_ONCE(p->compound_info), always
            return owned
        # another head: goto retry, any number of times


async def v10_rmb(p: Page, flags: MF) -> bool:
    """v10 with smp_rmb() between the type tests and the re-read: a what-if of ours."""
    if await page_reserved(p):  # PageReserved(p)
        return True
    while True:  # retry:
        head = await compound_head(p)  # READ_ONCE(p->compound_info)
        owned = await has_kernel_type(head)  # PageSlab(head) || ...
        await fence("rmb")  # smp_rmb()
        if await compound_head(p) is head:  # READ_ONCE(p->compound_info), always
            return owned
        # another head: goto retry, any number of times


Classifier = Callable[[Page, MF], Coroutine[Any, Any, bool]]

CLASSIFIERS: Mapping[Variant, Classifier] = {
    "v8": v8,
    "headonly": headonly,
    "v9": v9,
    "reviewed": reviewed,
    "v10": v10,
    "v10_rmb": v10_rmb,
}


async def ask(classifier: Classifier, p: Page, flags: MF, truth: Watch) -> bool:
    """The call at the top of get_any_page(), its answer held against the truth of its window."""
    async with truth.window() as seen:
        answer = await classifier(p, flags)
    if answer and seen.never:
        raise Violation("misclassified")
    if not answer and seen.always:
        raise Violation("missed")
    return answer


async def memory_failure(classifier: Classifier, p: Page, truth: Watch) -> bool:
    """memory_failure() down to the classifier: p is poisoned before anything looks at it."""
    await p.flags.update(with_hwpoison, "full")  # TestSetPageHWPoison(p)
    return await ask(classifier, p, MF.NONE, truth)


async def soft_offline(classifier: Classifier, p: Page, truth: Watch) -> bool:
    """soft_offline_page() down to the classifier: nothing is set yet."""
    return await ask(classifier, p, MF.SOFT_OFFLINE, truth)


def classify_thread(mem: Memory, variant: Variant, caller: Caller, p: Page, H: Page) -> Thread:
    """The one thread that asks about p (one at a time: mf_mutex). H is the only other head."""

    def p_is_kernel_owned(state: State) -> bool:
        return kernel_owned(state, p)

    truth = mem.watch(
        "p kernel-owned", p_is_kernel_owned, cells=[p.flags, p.info, p.page_type, H.page_type]
    )
    calls = {"memory_failure": memory_failure, "soft_offline": soft_offline}
    return Thread(calls[caller], CLASSIFIERS[variant], p, truth)
