"""The classifier, version by version, and the question asked of each.

Question   May an answer be one that was true of p at no instant while it was worked out?
Models     One shared access a line, in the order of the C; `&&` and `||` short-circuit.
           before    the kernel before the patch: there is no classifier, nothing is loaded
           tryget    ours, for "the only way to not get races is to tryget the (compound) page,
                     revalidate": a reference on the head, its re-read, the types, the put
           zlock     ours: head and types under zone->lock, with no reference and no re-read
Not        smp_rmb() and plain against READ_ONCE loads differ only under a weak memory model.
           PG_movable_ops shares its bit with PG_uptodate: on a user page the opt-out may go on
           to two loads of p's type, in vain. Here a user page never has the bit.
Source     mm/memory-failure.c: HWPoisonKernelOwned() (v8, v9), is_kernel_owned_page() (v10)
Window     From just before the classifier's first load to just after its last; of `tryget` to
           just after its last access, which is the put (and the free, where that put is the
           last); of `zlock` to just after the unlock.
Labels     misclassified  it said "kernel-owned", and p was so at no instant of the window
           missed         it said "not kernel-owned", and p was so at every instant of it
           stale_owned    it said "kernel-owned", and p was so at some instant, not at the end
           stale_clear    it said "not kernel-owned", and p was so at some instant and at the end
           What a wrong answer leads to is in memory_failure.py.
"""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from racer import Cell, Memory, State, UsageError, Watch, Window, fence, lifted

from .allocator import Zone, folio_put
from .pages import KERNEL_TYPES, Block, Page, compound_head, handlable, kernel_owned
from .parameters import Caller, Injects, Only, TypeReads, Variant
from .refcount import folio_try_get

Truth = Literal["true", "misclassified", "missed", "stale_owned", "stale_clear"]


@dataclass(frozen=True, slots=True)
class MF:
    """enum mf_flags, as far as it decides anything here."""

    count_increased: bool = False  # the caller holds a reference to p's folio
    soft_offline: bool = False


def flags_of(caller: Caller, injects: Injects = "soft_offline") -> MF:
    """The flags of a call; madvise() (count_increased) adds its own to those of what it calls."""
    function = injects if caller == "count_increased" else caller
    return MF(count_increased=caller == "count_increased", soft_offline=function == "soft_offline")


@dataclass(frozen=True, eq=False, slots=True)
class How:
    """How the classifier is called (flags), compiled (type_reads), and of which zone p is."""

    flags: MF
    type_reads: TypeReads
    zone: Zone

    def __repr__(self) -> str:
        return "how"


async def page_reserved(p: Page) -> bool:
    """PageReserved(p): PF_NO_COMPOUND, so p's own word and no compound_head()."""
    return (await p.flags.load()).reserved  # test_bit(PG_reserved, &p->flags)


async def has_kernel_type(page: Page, how: How) -> bool:
    """PageSlab(page) || PageTable(page) || PageLargeKmalloc(page): a plain load, or up to three.

    data_race() is no volatile access, so a compiler may make one load of the three that the C
    has ("three"); and gcc does, a load of the byte that has the type.
    """
    if how.type_reads != "three":
        return await page.page_type.load("plain") in KERNEL_TYPES
    return (
        await page.page_type.load("plain") == "slab"  # PageSlab(): data_race(page->page_type)
        or await page.page_type.load("plain") == "table"  # PageTable()
        or await page.page_type.load("plain") == "large_kmalloc"  # PageLargeKmalloc()
    )


async def page_has_movable_ops(p: Page) -> bool:
    """PageMovableOps(p) && (PageOffline(p) || PageZsmalloc(p))."""
    head = await compound_head(p)  # PageMovableOps(): READ_ONCE(p->compound_info)
    return (await head.flags.load()).movable_ops and (  # test_bit(.., &head->flags)
        await p.page_type.load("plain") == "offline"  # PageOffline(p)
        or await p.page_type.load("plain") == "zsmalloc"  # PageZsmalloc(p)
    )


async def before(p: Page, how: How) -> bool:
    """The kernel before the patch: nothing is asked."""
    return False


async def v8(p: Page, how: How) -> bool:
    """HWPoisonKernelOwned() of v8: p's own type, no compound_head() at all."""
    if how.flags.soft_offline and await page_has_movable_ops(p):  # the opt-out
        return False
    if await page_reserved(p):  # PageReserved(p)
        return True
    return await has_kernel_type(p, how)  # PageSlab(p) || PageTable(p) || PageLargeKmalloc(p)


async def headonly(p: Page, how: How) -> bool:
    """HWPoisonKernelOwned() as suggested in the review of v8: the head's type, read once."""
    if await page_reserved(p):  # PageReserved(p)
        return True
    head = await compound_head(p)  # READ_ONCE(p->compound_info)
    return await has_kernel_type(head, how)  # PageSlab(head) || ...


async def v9(p: Page, how: How) -> bool:
    """HWPoisonKernelOwned() of v9: `reviewed` behind the opt-out."""
    if how.flags.soft_offline and await page_has_movable_ops(p):  # the opt-out
        return False
    return await reviewed(p, how)


async def reviewed(p: Page, how: How) -> bool:
    """HWPoisonKernelOwned() less the opt-out, as its review asks: only "true" is re-checked."""
    if await page_reserved(p):  # PageReserved(p)
        return True
    while True:  # retry:
        head = await compound_head(p)  # READ_ONCE(p->compound_info)
        if not await has_kernel_type(head, how):  # PageSlab(head) || ...
            return False  # without the re-read
        if await compound_head(p) is head:  # READ_ONCE(p->compound_info): the same address?
            return True
        # another head: goto retry, any number of times


async def v10(p: Page, how: How) -> bool:
    """is_kernel_owned_page() as merged: both answers are re-checked; no flags, no opt-out."""
    if await page_reserved(p):  # PageReserved(p)
        return True
    while True:  # retry:
        head = await compound_head(p)  # READ_ONCE(p->compound_info)
        owned = await has_kernel_type(head, how)  # PageSlab(head) || ...
        if await compound_head(p) is head:  # READ_ONCE(p->compound_info), always
            return owned
        # another head: goto retry, any number of times


async def v10_sunk(p: Page, how: How) -> bool:
    """is_kernel_owned_page() as a compiler may leave it: the type tests sink below the re-read.

    Not v9's: whether it comes to a re-read depends on them. Nor v10_rmb's: a barrier holds up the
    compiler, too.
    """
    if await page_reserved(p):  # PageReserved(p)
        return True
    while True:  # retry:
        head = await compound_head(p)  # READ_ONCE(p->compound_info)
        if await compound_head(p) is head:  # READ_ONCE(p->compound_info): volatile, so in order
            return await has_kernel_type(head, how)  # PageSlab(head) || ...
        # another head: goto retry, any number of times


async def v10_rmb(p: Page, how: How) -> bool:
    """is_kernel_owned_page() with smp_rmb() between type tests and re-read: a what-if of ours."""
    if await page_reserved(p):  # PageReserved(p)
        return True
    while True:  # retry:
        head = await compound_head(p)  # READ_ONCE(p->compound_info)
        owned = await has_kernel_type(head, how)  # PageSlab(head) || ...
        await fence("rmb")  # smp_rmb()
        if await compound_head(p) is head:  # READ_ONCE(p->compound_info), always
            return owned
        # another head: goto retry, any number of times


async def tryget(p: Page, how: How) -> bool:
    """is_kernel_owned_page() under a reference on the head; where none is to be had, False."""
    if await page_reserved(p):  # PageReserved(p)
        return True
    while True:  # retry:
        head = await compound_head(p)  # READ_ONCE(p->compound_info)
        if not await folio_try_get(head):  # free, or frozen: a slab, a large kmalloc
            return False
        if await compound_head(p) is head:  # READ_ONCE(p->compound_info): it stays so now
            owned = await has_kernel_type(head, how)  # PageSlab(head) || ...
            await folio_put(how.zone, head)
            return owned
        await folio_put(how.zone, head)
        # another head: goto retry, any number of times


async def zlock(p: Page, how: How) -> bool:
    """is_kernel_owned_page() under zone->lock; whether there is a reference does not matter.

    From one type on a head to another, or to none and a block that is made up otherwise, a page
    goes by way of the free lists: it is put there under that lock, and taken from there. So while
    it is held a type on the head that p names is that of p's own block, or of none at all.
    take_page_off_buddy() takes the same lock in the same context.
    """
    if await page_reserved(p):  # PageReserved(p)
        return True
    async with how.zone.lock:  # spin_lock_irqsave(&page_zone(p)->lock)
        head = await compound_head(p)  # READ_ONCE(p->compound_info)
        return await has_kernel_type(head, how)  # PageSlab(head) || ...


Classifier = Callable[[Page, How], Coroutine[Any, Any, bool]]

CLASSIFIERS: Mapping[Variant, Classifier] = {
    "before": before,
    "v8": v8,
    "headonly": headonly,
    "v9": v9,
    "reviewed": reviewed,
    "v10": v10,
    "v10_rmb": v10_rmb,
    "tryget": tryget,
    "zlock": zlock,
}


def compiled(variant: Variant, type_reads: TypeReads, zone: Zone) -> Classifier:
    """The version as its type tests are compiled. Errors: UsageError where they cannot be so."""
    in_c = lifted(variant, "classifier", compiled=AS_COMPILED[type_reads], zone=zone)
    if in_c is not None:
        return as_classifier(in_c)
    if type_reads != "sunk":
        return CLASSIFIERS[variant]
    if variant != "v10":
        raise UsageError(
            f"type_reads=sunk is for v10: only there does the re-read follow whatever the type "
            f"tests say, with nothing in between that a compiler has to respect. variant={variant} "
            f"has no such re-read."
        )
    return v10_sunk


AS_COMPILED: Mapping[TypeReads, Literal["written", "fused", "sunk"]] = {
    "three": "written",
    "fused": "fused",
    "sunk": "sunk",
}


def as_classifier(in_c: Callable[..., Coroutine[Any, Any, bool]]) -> Classifier:
    """A function of C: of a page, or of a page and the flags of the call."""
    import dis  # only where C is given

    most = parameters_of(in_c)
    if not any(each.opname == "GET_AWAITABLE" for each in dis.get_instructions(in_c)):
        code = in_c.__code__
        raise UsageError(
            f"{in_c.__name__}() at {code.co_filename}:{code.co_firstlineno} takes no step that the "
            f"model knows before it returns, so there is no time at which its answer could be true "
            f"or not.\n"
            f"Usual cause: C that was cut short, or its loads taken out.\n"
            f"Try: the C with its accesses; `racer lift-c` says what each of them means."
        )

    async def classify(p: Page, how: How) -> bool:
        return await in_c(*(p, bits(how.flags))[:most])

    return classify


def parameters_of(in_c: Callable[..., Coroutine[Any, Any, Any]]) -> int:
    """How many a function of C has: it may lack some of its role's at the end."""
    return in_c.__code__.co_argcount


def bits(flags: MF) -> int:
    """The flags as the C has them: MF_COUNT_INCREASED, MF_SOFT_OFFLINE."""
    return flags.count_increased * 1 | flags.soft_offline * 8


# The question, and its answer held against the truth of its window.


@dataclass(frozen=True, eq=False, slots=True)
class Question:
    """Is p kernel-owned? `owned` watches the truth, `aside` what `only` asks besides (or None)."""

    p: Page
    classifier: Classifier
    how: How
    owned: Watch
    only: Only
    aside: Watch | None
    stale: bool  # stale_owned and stale_clear count as wrong

    def __repr__(self) -> str:
        return "question"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The classifier's answer, and what the truth of its window makes of it.

    `truth` is "true" of an answer that is right, and of one that the question lets pass.
    """

    kernel_owned: bool
    truth: Truth


def make_question(
    mem: Memory,
    zone: Zone,
    p: Page,
    *,
    variant: Variant,
    flags: MF,
    type_reads: TypeReads = "fused",
    only: Only = "any",
    stale: bool = False,
) -> Question:
    """The question and the watches it needs; two questions about one p share their watches.

    Errors   UsageError for a type_reads that the variant cannot have.

    only     which wrong "kernel-owned" counts as misclassified: any; that of a page which was
             handlable at some instant of the window; that of a page which has no PG_hwpoison at
             the window's end
    stale    whether stale_owned and stale_clear count too
    """

    def owned(state: State) -> bool:
        return kernel_owned(state, p)

    def could_be_handled(state: State) -> bool:
        return handlable(state, p, zone.block, soft_offline=flags.soft_offline)

    def unmarked(state: State) -> bool:
        return not state[p.flags].hwpoison

    def watch(name: str, predicate: Callable[[State], bool], cells: list[Cell[Any]]) -> Watch:
        known = mem.watches.get(f"{p.name} {name}")
        return known or mem.watch(f"{p.name} {name}", predicate, cells)

    heads = possible_heads(zone.block, p)
    aside: Watch | None = None
    if only == "handlable":
        how_called = " (soft offline)" if flags.soft_offline else ""
        aside = watch(f"handlable{how_called}", could_be_handled, zone.block.cells)
    elif only == "unmarked":
        aside = watch("without PG_hwpoison", unmarked, [p.flags])
    return Question(
        p=p,
        classifier=compiled(variant, type_reads, zone),
        how=How(flags, type_reads, zone),
        owned=watch("kernel-owned", owned, [p.flags, p.info, *(h.page_type for h in heads)]),
        only=only,
        aside=aside,
        stale=stale,
    )


def possible_heads(block: Block, p: Page) -> list[Page]:
    """The heads a block that p belongs to can have, p itself first: one or none of each order."""
    pfns = {p.pfn & ~((1 << order) - 1) for order in range(block.order + 1)}
    return [block.pages[pfn] for pfn in sorted(pfns, reverse=True)]


async def ask(question: Question) -> Verdict:
    """The call at the top of get_any_page(), its answer held against the truth of its window."""
    classify, p, how = question.classifier, question.p, question.how
    if classify is before:
        return Verdict(False, "true")  # nothing was asked, so nothing was answered wrongly
    if question.aside is None:
        async with question.owned.window() as seen:
            answer = await classify(p, how)
        return verdict(question, answer, seen, counts=True)
    async with question.owned.window() as seen, question.aside.window() as aside:
        answer = await classify(p, how)
    counts = aside.sometimes if question.only == "handlable" else aside.at_end
    return verdict(question, answer, seen, counts=counts)


def verdict(question: Question, answer: bool, seen: Window, *, counts: bool) -> Verdict:
    """What a window makes of the answer; `counts`: a misclassification of p is of interest."""
    truth: Truth = "true"
    if answer and seen.never and counts:
        truth = "misclassified"
    elif not answer and seen.always:
        truth = "missed"
    elif question.stale and answer and seen.sometimes and not seen.at_end:
        truth = "stale_owned"
    elif question.stale and not answer and seen.at_end:
        truth = "stale_clear"
    return Verdict(answer, truth)
