"""A PG_reserved page is asked about, and given to the page allocator meanwhile.

Question   Is a reserved page told from a transient one? Can a page be called kernel-owned for
           a PG_reserved that is gone?
Models     p is a reserved page of order 0; its buddy H is in use throughout.
           classify  memory_failure() or soft_offline_page(), from end to end
           free      (freed) free_reserved_page(): __init memory, a driver's memory
           alloc     (freed) takes p if it is free: for a user, who keeps it and puts it on the
                     LRU by way of the batch, or for a slab that comes and goes
Labels     those of kernel/classifier.py, and
           as_transient           p was kernel-owned at every instant of the call, and the result is
                                  one that a page briefly off the LRU gives too
           reference_overwritten  free_reserved_page() sets the count to 1 while another holds a
                                  reference: one of the two puts what is not there any more. The
                                  model ends here, so the store is modelled with a look at what
                                  it overwrites (the C has none).
Kernel     kernel/allocator.py, users.py, lru.py, classifier.py, memory_failure.py
Source     mm/page_alloc.c free_reserved_page();
           include/linux/page-flags.h PAGEFLAG(Reserved, reserved, PF_NO_COMPOUND)
Not        clear_page_tag_ref(), adjust_managed_page_count(); check_new_pages() is off
Bound      p is freed once and used once more.

Answer, freed=false. Nobody changes p, so there is one interleaving.
  before     Fails, as_transient: not handlable, three shakes, -EIO (memory_failure():
             MF_MSG_GET_HWPOISON), as for a page that is briefly off the LRU.
  the rest   PG_reserved is set when they look for it, and they say so. Soft offline passes
             -ENOTRECOVERABLE on: pass. memory_failure() panics (or says MF_MSG_KERNEL): pass;
             but without the follow-up it folds this errno too into MF_MSG_GET_HWPOISON, which
             is as_transient: fail.
Answer, freed=true. All of that may happen before p is freed. And besides:
  misclassified, stale_owned by PG_reserved: by no variant. The load of p.flags that finds it is
             their last load (before it the opt-out of v8 and v9 may have looked at p): p was
             reserved at that instant, and the window ends there. A hit that comes
             to its panic when p is free, or a user's, is not a wrong answer.
  reuse=user      No more: a user's page has no type, so "kernel-owned" is said of PG_reserved only.
  reuse=slab      The second half of the question is asked of a slab on p as well, but p's head
                  is p always: a type that is seen was p's at that instant. So not misclassified.
    stale         stale_clear, those for which the load of the type is not the last step (v10,
                  v10_rmb, zlock): p.flags is loaded and not reserved, the type is loaded: none, p
                  is made a slab, p.info is loaded again (zlock: unlock). tryget: p is made a slab
                  before the reference is tried for, in vain.
                  stale_owned, those that look again, and zlock: the slab is seen, its type goes,
                  p.info is loaded again (zlock: unlock).
  tryget          Fails, reference_overwritten: it takes a reference when PG_reserved is clear
                  and init_page_count() has not come yet, which then overwrites it: the put of
                  tryget frees p, and free_reserved_page() puts it once more. reuse=slab:
                  `missed` too, for a slab is frozen, and can be there at every instant.
  memory_failure  The same labels: p is poisoned before the window opens, and a poisoned page of
                  order 0 is not freed; but p may be freed before it is poisoned, or be past
                  that check.

Claims     "before the patch a kernel-owned page runs through every retry and shake and ends as
           -EIO, like a transient one": yes, as_transient.
           "the patch on its own changes only the errno that soft_offline_page() can pass on;
           memory_failure() still folds every negative into MF_MSG_GET_HWPOISON until the
           follow-up": yes, as_transient with followup=false, caller=memory_failure only.
           "the only way to have no race is tryget + revalidate": not for pages that come to the
           allocator with a reference count of their own making.
"""

from dataclasses import replace
from typing import Annotated, Literal

from racer import Expected, Meanings, Memory, Program, State, Thread, Violation, scenario

from .kernel.allocator import Zone, free_frozen_pages, make_zone
from .kernel.call import Call, hwpoison_call
from .kernel.lru import folio_add_lru
from .kernel.memory_failure import report
from .kernel.pages import Flags, Page, make_block, program_about, user
from .kernel.pages import reserved as reserved_page
from .kernel.parameters import (
    FALSE_IS_LATE,
    TRUE_IS_LATE,
    Followup,
    Panic,
    Variant,
    WhoAsks,
)
from .kernel.refcount import put_page_testzero
from .kernel.users import slab, take_filled

NextUser = Annotated[Literal["user", "slab"], Meanings({"user": "a user's page", "slab": "a slab"})]

LIKE_A_TRANSIENT_PAGE = ("-EIO", "ignored: MF_MSG_GET_HWPOISON")


async def free_reserved_page(zone: Zone, page: Page) -> None:
    """free_reserved_page(): the first free of the page's life."""
    await page.flags.update(without_reserved, "relaxed")  # ClearPageReserved(page)
    if await page.refs.swap(1, "relaxed") != 1:  # init_page_count(page): set_page_count(page, 1)
        raise Violation("reference_overwritten")
    if await put_page_testzero(page):  # __free_page()
        await free_frozen_pages(zone, page, 0)


def without_reserved(flags: Flags) -> Flags:
    return replace(flags, reserved=False)


async def take_for_user(zone: Zone) -> None:
    """A user's page of order 0, which is kept and comes to the LRU by way of the batch."""
    page = await take_filled(zone, 0)
    if page is not None:
        await folio_add_lru(zone, page)


async def report_and_compare(call: Call) -> str:
    """The call, and whether its result tells what the page was all the time."""
    async with call.question.owned.window() as owned:
        result = await report(call)
    if owned.always and result in LIKE_A_TRANSIENT_PAGE:
        raise Violation("as_transient", effect=result)
    return result


def expected(
    *, variant: Variant, caller: WhoAsks, freed: bool, reuse: NextUser, followup: bool, stale: bool
) -> Expected:
    labels = set()
    if variant == "before" or (caller == "memory_failure" and not followup):
        labels.add("as_transient")
    if freed and variant == "tryget":
        labels.add("reference_overwritten")
    if freed and reuse == "slab" and variant != "before":
        if variant == "tryget":
            labels.add("missed")
        if stale and variant in FALSE_IS_LATE:
            labels.add("stale_clear")
        if stale and variant in TRUE_IS_LATE:
            labels.add("stale_owned")
    if not labels:
        reason = "PG_reserved, or a type, was seen at the instant that it was p's"
        return Expected("pass", because=reason)
    reasons = {
        "as_transient": "the result is that of a page that is briefly off the LRU",
        "reference_overwritten": "init_page_count() overwrites the reference of tryget",
        "missed": "a frozen slab cannot be pinned",
        "stale_clear": "the slab comes after the type was loaded",
        "stale_owned": "the slab goes after its type was loaded",
    }
    because = {label: reason for label, reason in reasons.items() if label in labels}
    return Expected("fail", tuple(sorted(labels)), because)


@scenario(expect=expected)
def reserved(
    *,
    variant: Variant = "v10",
    caller: WhoAsks = "soft_offline",
    freed: bool = True,
    reuse: NextUser = "user",
    followup: Followup = True,
    panic: Panic = True,
    stale: bool = False,
) -> Program:
    """A PG_reserved page is asked about while free_reserved_page() frees it, and it is reused.

    variant   the version of the classifier
    caller    who asks the classifier
    freed     p is freed and reused meanwhile
    reuse     what p is used for then
    followup  memory_failure() tells -ENOTRECOVERABLE from other errnos
    panic     vm.panic_on_unrecoverable_memory_failure
    stale     an answer that was true, but is so no more at the end, counts as wrong
    """
    mem = Memory()
    block = make_block(mem, user(), reserved_page())
    zone = make_zone(mem, block, check_pages=False, flags_rmw="split")
    _, p = block.pages
    call = hwpoison_call(
        mem,
        zone,
        p,
        caller=caller,
        variant=variant,
        followup=followup,
        panic=panic,
        stale=stale,
    )
    threads = {"classify": Thread(report_and_compare, call)}
    sometimes = {}
    if freed:
        threads["free"] = Thread(free_reserved_page, zone, p)
        threads["alloc"] = Thread(take_for_user, zone) if reuse == "user" else Thread(slab, zone, 0)

        def reused(state: State) -> bool:
            return state[p.page_type] == "slab" if reuse == "slab" else state[zone.batch] is p

        sometimes["p is used again"] = reused
    return program_about(mem, block, p, threads, sometimes=sometimes)
