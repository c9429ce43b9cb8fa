"""A THP is split under the classifier; its head is freed, a slab, free, and a THP again.

Question   p, a tail of the THP on H, is kernel-owned at no instant. Can it be called so?
Models     The smallest THP, of order 1: H and its only tail p. Four threads:
           classify  memory_failure() or soft_offline_page(), down to the classifier's answer
           split     splits the THP, drops its reference to p, then frees H, which nobody keeps
           put_p     p's user: drops its reference once p is mapped as a page of its own. The
                     last of the two references to be dropped, the split's or this, frees p.
           alloc     is given H when it is free: a slab, freed again; then (reuse=slab_then_thp)
                     a THP on H, if p is free too and the two have merged
Kernel     kernel/split.py, allocator.py, users.py, classifier.py, memory_failure.py
Abstract   - One task has the slab and then the THP. Two tasks would show no more: before the slab
             is freed there is no block of order 1 to be had, unless a THP takes it before the
             slab, and then no slab is ever seen.
           - A THP of order 1 is of the page cache; the split is that of an anonymous one (see
             kernel/split.py), which has order 2 at least. p is then page[1], whose word holds
             the order too. With four pages the answers for p1 and p3 are those here.
Bound      One split, one slab, at most one new THP.

Answer, reuse=slab_then_thp. p.info is clear whenever H is a slab, so p is never kernel-owned,
           every "true" is wrong, and `missed` cannot be.
  v8         Pass. It reads p's own type, which is never one of the three.
  headonly   Fails with either caller. It loads p.info: H. The THP is split, H freed and made a
             slab. It loads H's type: slab. PG_hwpoison is no help: H is freed, not p.
  tryget     Pass. It looks at the type under a reference on H that it took while p.info was H:
             H is neither split nor freed as long as that is held, and it is no slab.
  zlock      Pass. To become a slab H has to be put on a free list and taken from there, each under
             zone->lock, and p.info is clear before the first: so no one holder of that lock finds
             p.info: H and then a slab on H.
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
    type_reads       three changes none either: the first of the loads sees the slab as well.
  type_reads=sunk (v10)  Fails as headonly does, whatever the caller, flags_rmw and reuse: p.info is
             loaded twice in a row: H, H. Split, H freed, slab on H; H's type is loaded: slab. So
             two preemptions, under sequential consistency: the fault is the compiler's alone.
  A wrong answer leads to a panic (memory_failure, with the sysctl on; to a line in the log
             without), or to a spurious -ENOTRECOVERABLE (soft_offline).
  frozen_as=bit  changes no verdict. Only tryget asks for a reference. It may now get one between
             the two steps of the last put of H, and then keeps H as ever: whose put that was does
             not free H, the put of tryget does.
  only       handlable: the same verdicts, since p is on the LRU when the window opens with H as
             p's head, and no other window ends in a wrong "true". unmarked: headonly fails
             with either caller if PG_hwpoison can be lost or was never set, so not with
             memory_failure and flags_rmw=atomic; the rest fail as they do without: p has been
             freed, so its bit was lost or never set.
Answer, reuse=slab. p is in no THP again once it was split off: from the split on p.info is clear
           for good, and a slab on H comes after the split.
  v8, zlock, headonly  as above: headonly, and v10 if sunk, do not need the new THP.
  the rest   Pass under sequential consistency and on x86, with either caller, whatever becomes of
             p and PG_hwpoison. Whoever loaded p.info: H, and a type on H that is slab, loads p.info
             again, and it is clear: the answer is worked out anew, from p's own type, and p never
             has one.
Answer, arm64 and the kernel's model. Nothing orders the type tests with the load of p.info after
           them, so that load may be taken in first, while p.info is H still. Then the split, a slab
           on H, and H's type is loaded: slab. That is `headonly`, and takes neither a new THP nor
           a lost PG_hwpoison: the rest fail with reuse=slab, and with flags_rmw=atomic. The writers
           are in order: the split stores p.info before it puts H with a full barrier, and H is
           given out under zone->lock. So smp_rmb() between the two loads is enough: v10_rmb is as
           under sequential consistency. tryget and zlock have a full barrier or a lock there.

Claims     "the recheck closes the common split race": it does (compare headonly) for a split
           and one reuse of H (reuse=slab); it does not when the block is a THP on H again.
           "[the residual race] can only mis-tag a genuinely poisoned page, never reclassify a
           handlable one": p is handlable, on the LRU, when the window opens, with either
           caller; under soft_offline it is not poisoned either.
           "memory_failure() has already set PageHWPoison, which bars the page from the
           allocator": only if the split has not lost it.
"""

from racer import Expected, Memory, Program, State, Thread, scenario

from .kernel.allocator import make_zone
from .kernel.memory_failure import hwpoison_caller
from .kernel.pages import kernel_owned, make_block, program_about, user
from .kernel.parameters import (
    CheckPages,
    FlagsRmw,
    FrozenAs,
    Only,
    Panic,
    Reuse,
    TypeReads,
    Version,
    WhoAsks,
)
from .kernel.split import make_mapping, split, zap
from .kernel.users import REUSES


def expected(
    *,
    variant: Version,
    caller: WhoAsks,
    flags_rmw: FlagsRmw,
    reuse: Reuse,
    type_reads: TypeReads,
    only: Only,
    memory: str,
) -> Expected:
    if variant == "v8":
        return Expected("pass", because="v8 reads p's own type only, and p never has one")
    if variant == "tryget":
        return Expected("pass", because="a head that is held is neither split nor freed")
    if variant == "zlock":
        reason = "H is no slab before zone->lock was taken twice after p has left it"
        return Expected("pass", because=reason)
    fixed_by = {"variant": "zlock"}
    if type_reads == "sunk":
        fixed_by["type_reads"] = "fused"
    if variant == "headonly" or type_reads == "sunk":
        if only == "unmarked" and caller == "memory_failure" and flags_rmw == "atomic":
            return Expected("pass", because="p was poisoned and stays so; only H is freed")
        reason = "H is freed and made a slab between the last load of p's head and that of H's type"
    elif memory in ("arm64", "lkmm") and variant != "v10_rmb":
        if only == "unmarked" and caller == "memory_failure" and flags_rmw == "atomic":
            return Expected("pass", because="p was poisoned and stays so; only H is freed")
        reason = "the re-read of p's head may be taken in before the type of H"
        fixed_by = {"variant": "v10_rmb" if reuse == "slab" else "zlock"}
    elif reuse == "slab":
        reason = "p's head is never H again after the split, so the re-read tells"
        return Expected("pass", because=reason)
    elif caller == "soft_offline":
        reason = "nothing keeps p from being freed, and a new THP on H passes the re-read"
    elif flags_rmw == "split":
        reason = "the split's plain update of p's flags loses PG_hwpoison, so p is freed"
        fixed_by = {"flags_rmw": "atomic"}
    else:
        reason = "p's head is H again only if p was freed, and a poisoned page never is"
        return Expected("pass", because=reason)
    return Expected("fail", ("misclassified",), reason, fixed_by=fixed_by)


@scenario(expect=expected)
def split_race(
    *,
    variant: Version = "v9",
    caller: WhoAsks = "memory_failure",
    check_pages: CheckPages = False,
    flags_rmw: FlagsRmw = "split",
    reuse: Reuse = "slab_then_thp",
    type_reads: TypeReads = "fused",
    panic: Panic = True,
    only: Only = "any",
    frozen_as: FrozenAs = "zero",
) -> Program:
    """The classifier on a tail of a THP, against its split and free->alloc->free of its head.

    variant      the version of the classifier
    caller       who asks the classifier
    check_pages  the allocator drops a block with a poisoned page
    flags_rmw    what a plain `page->flags |= x` is
    reuse        what H is used for after the split
    type_reads   what a compiler makes of the tests of the type
    panic        the sysctl that makes memory_failure() panic
    only         which wrong answers count
    frozen_as    what tells a frozen count
    """
    mem = Memory()
    block = make_block(mem, user(order=1), frozen_as=frozen_as)
    zone = make_zone(mem, block, check_pages=check_pages, flags_rmw=flags_rmw)
    H, p = block.pages
    pte = make_mapping(mem, p)

    def p_is_not_kernel_owned(state: State) -> bool:
        return not kernel_owned(state, p)

    def slab_beside_p(state: State) -> bool:
        return state[H.page_type] == "slab" and not kernel_owned(state, p)

    def slab_beside_lru(state: State) -> bool:
        return state[H.page_type] == "slab" and state[p.flags].lru

    def free_beside_lru(state: State) -> bool:
        return state[H.page_type] == "buddy" and state[p.flags].lru

    def free_as_one(state: State) -> bool:
        return state[H.page_type] == "buddy" and state[H.private] == 1

    def new_thp(state: State) -> bool:  # the old one was on the LRU as long as it had references
        return state[p.info] is H and state[H.refs] == 1 and not state[H.flags].lru

    sometimes = {
        "H is slab while p is not kernel-owned": slab_beside_p,
        "H is free while p is on the LRU": free_beside_lru,
        "H is slab while p is on the LRU": slab_beside_lru,
        "H and p are free as one block": free_as_one,
    }
    if reuse == "slab_then_thp":
        sometimes["p is the tail of a new THP on H"] = new_thp
    return program_about(
        mem,
        block,
        p,
        {
            "classify": hwpoison_caller(
                mem,
                zone,
                p,
                caller=caller,
                variant=variant,
                panic=panic,
                depth="classifier",
                type_reads=type_reads,
                only=only,
            ),
            "split": Thread(split, zone, 0, pte),
            "put_p": Thread(zap, zone, pte),
            "alloc": Thread(REUSES[reuse], zone, 0),
        },
        invariants={"p_kernel_owned": p_is_not_kernel_owned},
        sometimes=sometimes,
    )
