"""A call tries again with the reference of MF_COUNT_INCREASED, which it has put.

Question   madvise() holds a reference to the page that it injects an error into. Whoever it calls
           puts it when the page cannot be handled, and tries again. Is it put once?
Models     p is the tail of a compound page of order 1 that is not on the LRU, in a user mapping: a
           driver's, or a THP that is isolated. Three threads:
           madvise  put_again: MADV_HWPOISON, so memory_failure();
                    put_again_in_soft_offline: MADV_SOFT_OFFLINE, so soft_offline_page(), before
                    and after the fix of CVE-2021-47090. Either holds a reference from the start.
           owner    drops the other reference
           taker    is given the block when it is free: for a slab, or for a user, who puts it on
                    the LRU
Labels     those of kernel/ledger.py
Kernel     kernel/memory_failure.py, references.py, allocator.py, users.py, lru.py
Source     mm/memory-failure.c get_any_page(): count_increased is a local, and false once the
           reference is put; memory_failure(): goto try_again with the flags it was called with;
           soft_offline_page(): flags &= ~MF_COUNT_INCREASED before goto retry, which is the fix.
           Linux 6.12 has that fix, and not the fault of memory_failure(): there it calls
           get_hwpoison_page() only without MF_COUNT_INCREASED. What calls it with that is newer.
Not        get_huge_page_for_hwpoison(), which takes MF_COUNT_INCREASED to mean that it holds a
           reference, too; hugetlb is not modelled. check_new_pages() is off.
Bound      One free, one use after it.

Answer, second_try=same_flags (put_again), fix=before (put_again_in_soft_offline). Fails. In
           the first try p is not handlable, its reference is put, and the shake does nothing. The
           owner drops his, and the block is free: it is of order 1, so PG_hwpoison does not
           matter. The next pass finds p free, and 0 is returned. The block is taken, so
           take_page_off_buddy() does not find it; and with the same flags get_any_page() takes
           itself to hold a reference:
    taken_by=slab   on a hit   the slab's type is there: -ENOTRECOVERABLE, and a put of a page that
                               is frozen. With the patch only (variant=v10).
                    on a pass  it is not there yet, p is not handlable, and the first pass puts
    taken_by=user   on a pass  the folio is not on the LRU yet: the put is of the user's own
                               reference, the last one, and frees the folio under him
                    handled    it is on the LRU, so it is handled: memory_failure() as if it held
                               it (reference_not_held); soft_offline_page() puts it when it is done
    memory_failure  already poisoned  Before it tries again it clears PG_hwpoison. The taker makes
                               p a tail by a plain update of its word (the order): loaded before,
                               stored after the clear, it brings the bit back.
                               TestSetPageHWPoison() finds it, and the reference is put.
           One preemption is enough: of madvise, when it has found p free.
Answer, second_try=cleared, fix=after. Pass: without the flag get_any_page() has a reference
           only if it takes one.

Claims     C17 "on a hit the caller's MF_COUNT_INCREASED reference is dropped exactly once": not in
           the second try of memory_failure(). The fault is older than the patch (variant=before),
           which adds a way to it.
"""

from dataclasses import replace
from typing import Annotated, Literal

from racer import Configured, Expected, Meanings, Memory, Program, State, Thread, scenario

from .kernel.about import MODELS, about_page
from .kernel.allocator import Zone, folio_put, make_zone
from .kernel.lru import folio_add_lru
from .kernel.memory_failure import hwpoison_caller
from .kernel.pages import Page, in_free_block, make_block, program_about, user
from .kernel.parameters import IN_C, VERSIONS, Injects, SecondTry, Variant
from .kernel.users import take_filled, take_slab
from .museum.parameters import Fix

Taker = Annotated[
    Literal["slab", "user"],
    Meanings({"slab": "a slab of order 1", "user": "a user's folio of order 1"}),
]
Patched = Annotated[Literal["before", "v10"], Configured(), VERSIONS, IN_C]


async def take_for_user(zone: Zone) -> None:
    """A user's folio of order 1, on the LRU."""
    folio = await take_filled(zone, 1)
    if folio is not None:
        await folio_add_lru(zone, folio)


async def take_for_slab(zone: Zone) -> None:
    await take_slab(zone, 1)


def expected(*, taken_by: Taker, second_try: SecondTry) -> Expected:
    if second_try == "cleared":
        return Expected("pass", because="who tries again has no reference, and knows it")
    labels = ["reference_put_twice"]
    if taken_by == "user":
        labels.insert(0, "reference_not_held")
    reason = "memory_failure() tries again with a reference that it has put"
    because = dict.fromkeys(labels, reason)
    return Expected("fail", tuple(labels), because, fixed_by={"second_try": "cleared"})


@scenario(expect=expected)
def put_again(
    *, variant: Patched = "v10", taken_by: Taker = "slab", second_try: SecondTry = "same_flags"
) -> Program:
    """memory_failure() loses a free page, and tries again with a reference that it has put.

    variant     the kernel before the patch, or with it
    taken_by    who is given the page meanwhile
    second_try  memory_failure() tries again with MF_COUNT_INCREASED, or (what if) without
    """
    return trying_again("hwpoison", variant, taken_by, second_try, MODELS)


def expected_in_soft_offline(*, fix: Fix) -> Expected:
    if fix == "after":
        return Expected("pass", because="who tries again has no reference, and knows it")
    reason = "soft_offline_page() tries again with a reference that it has put"
    fixed_by = {"fix": "after"}
    return Expected("fail", ("reference_put_twice",), reason, fixed_by=fixed_by)


@scenario(expect=expected_in_soft_offline)
def put_again_in_soft_offline(*, fix: Fix = "before", taken_by: Taker = "slab") -> Program:
    """soft_offline_page() loses a free page, and tries again: CVE-2021-47090 and its fix.

    fix       the kernel before the fix, or after it
    taken_by  who is given the page meanwhile
    """
    second_try: SecondTry = "same_flags" if fix == "before" else "cleared"
    models = f"mm/ of mid-2026, with soft_offline_page() as {fix} the fix of CVE-2021-47090"
    return trying_again("soft_offline", "before", taken_by, second_try, models)


def trying_again(
    injects: Injects, variant: Variant, taken_by: Taker, second_try: SecondTry, models: str
) -> Program:
    mem = Memory()
    block = make_block(mem, user(order=1, lru=False, refs=2))
    zone = make_zone(mem, block, check_pages=False, flags_rmw="split")
    H, p = block.pages

    def free(state: State) -> bool:
        return in_free_block(state, p, block)

    def taken(state: State) -> bool:
        if taken_by == "slab":
            return state[H.page_type] == "slab"
        return state[H.flags].lru

    madvise = hwpoison_caller(
        mem,
        zone,
        p,
        caller="count_increased",
        injects=injects,
        variant=variant,
        second_try=second_try,
    )
    threads = {
        "madvise": madvise,
        "owner": Thread(drop, zone, H),
        "taker": Thread(take_for_slab if taken_by == "slab" else take_for_user, zone),
    }
    sometimes = {"p is free": free, "p is taken": taken}
    return program_about(
        mem,
        block,
        p,
        threads,
        sometimes=sometimes,
        soft_offline=injects == "soft_offline",
        about=replace(about_page(block, p), models=models),
    )


async def drop(zone: Zone, folio: Page) -> None:
    await folio_put(zone, folio, 1)
