"""madvise() injects a memory error into a page that it holds a reference to.

Question   Is the reference of MF_COUNT_INCREASED dropped exactly once? And does it keep p's
           folio as it is while the classifier looks, so that no variant is wrong?
Models     classify  madvise_inject_error() from its get_user_pages_fast() on: it holds a
                     reference to p's folio and calls memory_failure() (injects=hwpoison) or
                     soft_offline_page() (injects=soft_offline), from end to end
           and by what p is (`page`):
           thp           p is the tail of a THP on H. `split` tries to split it; p's user (put_p)
                         drops its reference once p is mapped again; `alloc` has H for a slab.
           reserved      p has PG_reserved: the zero page, or a driver's in a user mapping.
                         `put_p`: another user of get_user_pages() is done with p.
           untyped       p has no type and is not on the LRU: vmalloc memory in a user mapping.
                         `put_p`: its owner frees it; `alloc` takes it for a slab, and keeps it.
           isolated_thp  p is the tail of a THP on H that is not on the LRU, or of a driver's
                         compound page in a user mapping. The same, the slab is of order 1.
           table         a what-if: p is a page table. No user mapping can name one (insert_page()
                         refuses pages with a type), so madvise() cannot pin it. `put_p` is the
                         table's owner, which frees it.
Labels     those of kernel/memory_failure.py
Kernel     kernel/split.py, allocator.py, users.py, classifier.py, memory_failure.py
Source     mm/memory.c validate_page_before_insert()
Abstract   The zero page has no reference for its mappings (they are pte_special), so its own
           and those of get_user_pages() are all.
Not        check_new_pages() is off
Bound      One split, one slab.

Answer, page=thp. Pass, for every variant, headonly too, and whatever on_hit is: it is never hit.
           From before the first load to after the last the THP has the reference of madvise()
           beside the one of the split's caller, so folio_ref_freeze(), which wants exactly its
           own, fails; nor does a put of any other reference free the THP. So p's head, and
           its type, are the same at every load: each variant answers as if asked at one instant.
           (Without the reference headonly is wrong: see split_race.py.) The page is
           handlable: memory_failure() keeps the reference for good, so it is never split after
           either; soft_offline_page() drops it when it is done, and only then is H free and a
           slab, of the THP freed whole or split.
Answer, page=reserved. Every variant but `before` hits it, when it looks for PG_reserved. Then
    on_hit=put        Pass: one reference is dropped, and p's own is left.
    on_hit=leak       Fails, reference_leaked.
    on_hit=put_twice  Fails, reference_put_twice: that of another, or p's own.
  before     Pass, whatever on_hit is. It is not handlable: get_any_page() puts the reference on
             its first pass, and goes on without one, to -EIO.
Answer, page=table. As reserved, if p still is a table when it is asked. Its reference keeps p
           from being freed, but not its type: that goes before the owner's put.
    stale             v9, reviewed, v10, v10_rmb, tryget, zlock fail, stale_owned: they see the
                      type, it goes, they load p.info again (tryget: put, zlock: unlock). v8 and
                      headonly answer at the load that finds the type: theirs is never stale.
Answer, page=untyped, isolated_thp. No hit while it is pinned, so on_hit does not matter. As
           `before` above: the first pass puts the reference, the owner puts his, p is free.
           get_any_page() returns 0; then p is taken for a slab, which take_page_off_buddy()
           finds, and the caller tries again.
    soft_offline      It clears MF_COUNT_INCREASED for that. Pass. The page is not pinned now,
                      and the classifier is asked again, of a slab: tryget fails, `missed` (it is
                      frozen), and v8 of isolated_thp (p is a tail). stale: stale_clear.
                      isolated_thp: all (but before): p.info is loaded, then the slab is made.
                      untyped: p is its own head, so only those for which the load of its type
                      is not the last step (v10, v10_rmb, tryget, zlock).
    hwpoison, untyped       Pass: p is poisoned before it is freed, and of order 0: it never is.
    hwpoison, isolated_thp  A block of order 1 is freed with a poisoned page.
      second_try=same_flags Fails, reference_put_twice, every variant, `before` too. It is what
                      the C does: get_any_page() is called with MF_COUNT_INCREASED again. A slab
                      is hit, and "the caller's reference" is put: of a page that is frozen. Or
                      the slab's type is not there yet (v8: p's never is), p is not handlable,
                      and the first pass puts it.
      second_try=cleared    As soft_offline does: pass; v8 and tryget `missed`, stale as there.

Claims     "on a hit the caller's MF_COUNT_INCREASED reference is dropped exactly once: none
           leaks, none is put twice": if it is asked once, yes, by page=reserved. It does not hold
           for memory_failure()'s second try, where that reference is gone before the hit. The
           fault is older than the patch (variant=before); the hit is a new way to it.
           While it is pinned no answer is wrong; and what a user can pin is never of one of
           the three types: a hit of a pinned page is one of PG_reserved.
"""

from typing import Annotated, Literal

from racer import Expected, Meanings, Memory, Program, State, Thread, WhatIf, scenario

from .kernel.allocator import folio_put, make_zone
from .kernel.memory_failure import hwpoison_caller
from .kernel.pages import Use, make_block, program_about, user
from .kernel.parameters import (
    FALSE_IS_LATE,
    TRUE_IS_LATE,
    Followup,
    Injects,
    OnHit,
    Panic,
    SecondTry,
    Variant,
)
from .kernel.split import make_mapping, split, zap
from .kernel.users import free_page_table, slab, take_slab

Pinned = Annotated[
    Literal["thp", "reserved", "untyped", "isolated_thp", "table"],
    WhatIf("table"),
    Meanings(
        {
            "thp": "the tail of a THP on the LRU",
            "reserved": "PG_reserved: the zero page, or a driver's",
            "untyped": "without a type: vmalloc memory in a user mapping",
            "isolated_thp": "the tail of a THP that is off the LRU",
            "table": "a page table, which no user can pin",
        }
    ),
]

# With the reference of madvise(). The split's caller has the other one of the THP; a reserved
# page has its own, and that of another user of get_user_pages(); the others have their owner's.
PINNED: dict[Pinned, tuple[Use, ...]] = {
    "thp": (user(order=1, refs=2),),
    "reserved": (user(), Use(refs=3, reserved=True)),
    "untyped": (user(), user(lru=False, refs=2)),
    "isolated_thp": (user(order=1, lru=False, refs=2),),
    "table": (user(), Use(page_type="table", refs=2)),
}


def expected(
    *,
    variant: Variant,
    injects: Injects,
    page: Pinned,
    on_hit: OnHit,
    second_try: SecondTry,
    stale: bool,
) -> Expected:
    if page == "thp":
        return Expected("pass", because="the reference keeps p what it is, and it is no hit")
    if page in ("untyped", "isolated_thp"):
        return expected_when_tried_again(variant, injects, page, second_try, stale)
    if variant == "before":
        return Expected("pass", because="nothing is hit: the first pass puts the reference")
    if on_hit == "leak":
        return Expected("fail", ("reference_leaked",), "on a hit nobody puts the reference")
    if on_hit == "put_twice":
        return Expected("fail", ("reference_put_twice",), "on a hit it is put twice")
    if stale and page == "table" and variant in (*TRUE_IS_LATE, "tryget"):
        reason = "a reference keeps a page table's page, not its type"
        return Expected("fail", ("stale_owned",), reason)
    return Expected("pass", because="on a hit the reference is put, once")


def expected_when_tried_again(
    variant: Variant, injects: Injects, page: Pinned, second_try: SecondTry, stale: bool
) -> Expected:
    """p is put, freed, free, and a slab when its caller tries again."""
    if injects == "hwpoison" and page == "untyped":
        return Expected("pass", because="a poisoned page of order 0 is not freed")
    if injects == "hwpoison" and second_try == "same_flags":
        reason = "memory_failure() tries again with a reference that it has put before"
        fixed_by = {"second_try": "cleared"}
        return Expected("fail", ("reference_put_twice",), reason, fixed_by=fixed_by)
    reasons: dict[str, str] = {}
    if variant == "tryget" or (variant == "v8" and page == "isolated_thp"):
        reasons["missed"] = "a frozen slab, or a slab's tail, when asked again without a reference"
    late = variant in FALSE_IS_LATE if page == "untyped" else variant != "before"
    if stale and late:
        reasons["stale_clear"] = "the slab comes after the type, or the head, was loaded"
    if reasons:
        return Expected("fail", tuple(reasons), reasons)
    return Expected("pass", because="the first pass puts the reference, and nothing after it")


@scenario(expect=expected)
def count_increased(
    *,
    variant: Variant = "v10",
    injects: Injects = "hwpoison",
    page: Pinned = "reserved",
    on_hit: OnHit = "put",
    second_try: SecondTry = "same_flags",
    followup: Followup = True,
    panic: Panic = True,
    stale: bool = False,
) -> Program:
    """madvise() injects an error into a page that it has pinned: MF_COUNT_INCREASED.

    variant     the version of the classifier
    injects     what madvise() injects
    page        what p is
    on_hit      what a hit does with the reference of madvise()
    second_try  with which flags memory_failure() tries again
    followup    memory_failure() tells -ENOTRECOVERABLE from other errnos
    panic       vm.panic_on_unrecoverable_memory_failure
    stale       an answer that was true, but is so no more at the end, counts as wrong
    """
    mem = Memory()
    block = make_block(mem, *PINNED[page])
    zone = make_zone(mem, block, check_pages=False, flags_rmw="split")
    H, p = block.pages
    threads = {
        "classify": hwpoison_caller(
            mem,
            zone,
            p,
            caller="count_increased",
            variant=variant,
            injects=injects,
            followup=followup,
            panic=panic,
            on_hit=on_hit,
            second_try="cleared" if injects == "soft_offline" else second_try,
            stale=stale,
        )
    }
    pte = make_mapping(mem, p)
    dropped = 0 if page == "reserved" and on_hit == "leak" and variant != "before" else 1
    left = PINNED[page][-1].refs - 1 - dropped

    def split_is_refused(state: State) -> bool:
        return state[pte.folio] is H

    def whole(state: State) -> bool:
        return state[p.info] is H

    def slab_on_h(state: State) -> bool:
        return state[H.page_type] == "slab"

    def type_is_gone(state: State) -> bool:
        return state[p.page_type] == "none" and state[p.refs] > 0

    def all_dropped(state: State) -> bool:
        return state[(H if page == "isolated_thp" else p).refs] == left

    sometimes = {}
    invariants = {}
    if page == "thp":
        threads["split"] = Thread(split, zone, 0, pte)
        threads["put_p"] = Thread(zap, zone, pte)
        threads["alloc"] = Thread(slab, zone, 0)
        sometimes["the split is refused"] = split_is_refused
        if injects == "hwpoison":  # it keeps the reference
            invariants["pinned_folio_was_split"] = whole
        else:
            sometimes["H is a slab when the reference is gone"] = slab_on_h
    elif page == "table":
        threads["put_p"] = Thread(free_page_table, zone, p, 0)
        sometimes["p has references and is no table any more"] = type_is_gone
    else:
        order = 1 if page == "isolated_thp" else 0
        threads["put_p"] = Thread(folio_put, zone, H if order else p, order)
        sometimes["both have dropped their references"] = all_dropped
        if page != "reserved":
            threads["alloc"] = Thread(take_slab, zone, order)
        if page == "isolated_thp":
            sometimes["H is a slab when the reference is gone"] = slab_on_h
    return program_about(mem, block, p, threads, invariants=invariants, sometimes=sometimes)
