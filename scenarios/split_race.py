"""A THP is split under the classifier; its head is freed, a slab, free, and a THP again.

Question   p, a tail of the THP on H, is kernel-owned at no instant. Can it be called so?
Models     The smallest THP, of order 1: H and its only tail p. Four threads:
           classify  memory_failure() or soft_offline_page(), down to the classifier's answer
           split     splits the THP, then frees H, which nobody keeps
           put_p     drops p's last reference once p is a page of its own, which frees p
           alloc     is given H when it is free: a slab, freed again; then a THP on H, if p is
                     free too and the two have merged
Not        see scenarios/split.py, allocator.py and classifier.py
Source     mm/memory-failure.c, mm/huge_memory.c, mm/page_alloc.c, mm/slub.c
Abstract   One task has the slab and then the THP. Two tasks would show no more: before the slab
           is freed there is no block of order 1 to be had, unless a THP takes it before the
           slab, and then no slab is ever seen.
Bound      One split, one slab, one new THP.

Answer     p.info is clear whenever H is a slab, so p is never kernel-owned, every "true" is
           wrong, and `missed` cannot be.
  v8         Pass. It reads p's own type, which is never one of the three.
  headonly   Fails with either caller. It loads p.info: H. The THP is split, H freed and made a
             slab. It loads H's type: slab. PG_hwpoison is no help: H is freed, not p.
  the rest   load p.info again, so they are wrong only if p is in a THP on H again by then: p
             must have been freed while they ran. (They differ in what they do on a "false"
             and in a fence, which changes nothing under SC.)
    soft_offline     Fail: nothing keeps p from being freed. p.info is loaded: H. Split, H
                     freed, slab on H. H's type is loaded: slab. The slab is freed, p is freed,
                     they merge, a new THP on H. p.info is loaded: H, as before. "true".
    memory_failure   p was poisoned before the first load, and a poisoned page of order 0 is
                     never freed. So they pass if the bit stays (flags_rmw=atomic). It need
                     not: the split updates p.flags with a plain load and store, and a bit that
                     is set between the two is gone (flags_rmw=split, which is what the C
                     does). Then p is freed as any other page, and they fail as above: split
                     loads p.flags; p is poisoned; p.info is loaded: H; split stores p.flags,
                     unpoisoned; and on as for soft_offline.
    check_pages      changes no verdict: it looks for a bit that is gone.

Claims     "the recheck closes the common split race": it does (compare headonly) for a split
           and one reuse of H; it does not when the block is a THP on H again.
           "[the residual race] can only mis-tag a genuinely poisoned page, never reclassify a
           handlable one": p is handlable, on the LRU, when the window opens, with either
           caller; under soft_offline it is not poisoned either.
           "memory_failure() has already set PageHWPoison, which bars the page from the
           allocator": only if the split has not lost it.
"""

from racer import Expected, Memory, Program, State, Thread, scenario
from scenarios.allocator import FlagsRmw, make_zone, slab_then_thp
from scenarios.classifier import Caller, Variant, classify_thread
from scenarios.pages import kernel_owned, page_model
from scenarios.split import put_p, split


def expected(*, variant: Variant, caller: Caller, flags_rmw: FlagsRmw) -> Expected:
    if variant == "v8":
        return Expected("pass", because="v8 reads p's own type only, and p never has one")
    if variant == "headonly":
        reason = "H is freed and made a slab between the loads of p's head and of H's type"
    elif caller == "soft_offline":
        reason = "nothing keeps p from being freed, and a new THP on H passes the re-read"
    elif flags_rmw == "split":
        reason = "the split's plain update of p's flags loses PG_hwpoison, so p is freed"
    else:
        reason = "p's head is H again only if p was freed, and a poisoned page never is"
        return Expected("pass", because=reason)
    return Expected("fail", ("misclassified",), reason)


@scenario(expect=expected)
def split_race(
    *,
    variant: Variant = "v9",
    caller: Caller = "memory_failure",
    check_pages: bool = False,
    flags_rmw: FlagsRmw = "split",
) -> Program:
    """The classifier on a tail of a THP, against its split and free->alloc->free of its head.

    variant      the version of the classifier
    caller       memory_failure poisons the page first, soft_offline does not
    check_pages  the allocator drops a block with a poisoned page
    flags_rmw    a plain `page->flags |= x` is a load and a store, or (what if) atomic
    """
    mem = Memory()
    zone = make_zone(mem, check_pages=check_pages, flags_rmw=flags_rmw)
    H, p = zone.block.H, zone.block.p

    def p_is_not_kernel_owned(state: State) -> bool:
        return not kernel_owned(state, p)

    def slab_beside_p(state: State) -> bool:
        return state[H.page_type] == "slab" and not kernel_owned(state, p)

    def free_beside_lru(state: State) -> bool:
        return state[H.page_type] == "buddy" and state[p.flags].lru

    def free_as_one(state: State) -> bool:
        return state[H.page_type] == "buddy" and state[H.private] == 1

    def new_thp(state: State) -> bool:  # the old one was on the LRU as long as it had references
        return state[p.info] is H and state[H.refs] == 1 and not state[H.flags].lru

    return Program(
        mem,
        {
            "classify": classify_thread(mem, variant, caller, p, H),
            "split": Thread(split, zone),
            "put_p": Thread(put_p, zone),
            "alloc": Thread(slab_then_thp, zone, 0),
        },
        invariants=page_model((H, p)) | {"p_kernel_owned": p_is_not_kernel_owned},
        sometimes={
            "H is slab while p is not kernel-owned": slab_beside_p,
            "H is free while p is on the LRU": free_beside_lru,
            "H and p are free as one block": free_as_one,
            "p is the tail of a new THP on H": new_thp,
        },
    )
