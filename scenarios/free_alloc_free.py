"""A THP is freed whole under the classifier; its head is a slab, free, and a THP again.

Question   Can p, a tail of the THP on H, be called kernel-owned when it is so at no instant?
           With slab_order=1, when p is part of the slab: can it be called not so?
Models     The smallest THP, of order 1: H and its only tail p. Three threads:
           classify  memory_failure() or soft_offline_page(), down to the classifier's answer
           free      drops the last reference to the THP, which frees it whole
           alloc     is given the free block: a slab, of H alone (p goes back on the free list)
                     or of both; freed again; then (reuse=slab_then_thp) a THP on H, if both
                     are free
Kernel     kernel/allocator.py, users.py, classifier.py, memory_failure.py
Abstract   One task has the slab and then the THP; see split_race.py.
Bound      One free, one slab, at most one new THP.

Answer, slab_order=0. p.info is clear whenever H is a slab, so p is never kernel-owned, every
           "true" is wrong, and `missed` cannot be.
  v8         Pass. It reads p's own type, which is never one of the three.
  headonly   Fails always. It loads p.info: H. The THP is freed, H made a slab. It loads H's
             type: slab.
  tryget     Pass. It looks at the type under a reference on H that it took while p.info was H,
             and a THP that is held is not freed.
  the rest   load p.info again, so they are wrong only if p is in a THP on H again by then.
    soft_offline     Fail. p.info is loaded: H. The THP is freed, slab on H. H's type is
                     loaded: slab. The slab is freed and merges with p, a new THP on H. p.info
                     is loaded: H, as before. "true".
    memory_failure   Fail the same way, although p is poisoned: a block of an order above 0 is
                     freed without a look at PG_hwpoison, and p goes on the free list with it.
      check_pages    is what would stop it: the new THP would hold a poisoned page, so its
                     block is dropped. They pass if the bit stays (flags_rmw=atomic). It need
                     not: the free updates page[1].flags, so p's, with a plain load and store
                     while p.info is still H, and a bit set between the two is gone
                     (flags_rmw=split, which is what the C does). So they fail: free loads
                     p.flags; p is poisoned; p.info is loaded: H; free stores p.flags,
                     unpoisoned; and on as for soft_offline. Only page[1] has that update: any
                     later tail's flags are updated after its info is clear, which is too late.
  reuse=slab  headonly fails as above; the rest pass: once the THP is freed p.info stays clear.
  A wrong answer leads to a panic (memory_failure, with the sysctl on; to a line in the log
             without), or to a spurious -ENOTRECOVERABLE (soft_offline).
  only       handlable: the same verdicts, since p is on a free list (with H, then alone) before
             H is a slab, and that is within the window. unmarked: with memory_failure and
             flags_rmw=atomic every one passes, since no free clears PG_hwpoison; with
             flags_rmw=split the free loses it as above, and headonly and the rest fail.
Answer, slab_order=1. While H is a slab p is part of it, and p.info is H.
  v8         Fails, `missed`: p's own type is none while it is a tail of a slab. No race with
             the free or the THP is needed: it has only to be asked while the slab is there.
  tryget     Fails, `missed`, in the same way: a slab is frozen and gives no reference.
  the rest   Pass. They answer "true" only if they saw a slab on H, and p was part of it then.
             And if p is so throughout, they load its head, H, and H's type, slab: "true".

Claims     "[the residual race] can only mis-tag a genuinely poisoned page, never reclassify a
           handlable one": p is handlable, on the LRU, when the window opens, with either
           caller; under soft_offline it is not poisoned either.
           "memory_failure() has already set PageHWPoison, which bars the page from the
           allocator": only a page of order 0, or with check_pages.
"""

from racer import Expected, Memory, Program, State, Thread, scenario

from .kernel.allocator import folio_put, make_zone
from .kernel.memory_failure import hwpoison_caller
from .kernel.pages import kernel_owned, make_block, program_about, user
from .kernel.parameters import CheckPages, FlagsRmw, Only, Panic, Reuse, SlabOrder, Version, WhoAsks
from .kernel.users import slab_only, slab_then_thp


def expected(
    *,
    variant: Version,
    caller: WhoAsks,
    check_pages: bool,
    flags_rmw: FlagsRmw,
    slab_order: int,
    reuse: Reuse,
    only: Only,
) -> Expected:
    if slab_order == 1 and variant == "v8":
        return Expected("fail", ("missed",), "v8 reads p's own type, and a slab's tail has none")
    if slab_order == 1 and variant == "tryget":
        return Expected("fail", ("missed",), "a slab is frozen: no reference can be had")
    if slab_order == 1:
        return Expected("pass", because="a slab that is seen on H covers p at that instant")
    if variant == "v8":
        return Expected("pass", because="v8 reads p's own type only, and p never has one")
    if variant == "tryget":
        return Expected("pass", because="a head that is held is not freed")
    if only == "unmarked" and caller == "memory_failure" and flags_rmw == "atomic":
        return Expected("pass", because="p was poisoned, and nothing that is modelled clears that")
    if variant == "headonly":
        reason = "H is freed and made a slab between the loads of p's head and of H's type"
    elif reuse == "slab":
        return Expected("pass", because="p's head is never H again, so the re-read tells")
    elif caller == "soft_offline":
        reason = "nothing keeps p from being reused, and a new THP on H passes the re-read"
    elif not check_pages:
        reason = "a block of order 1 is freed and reused without a look at PG_hwpoison"
    elif flags_rmw == "split":
        reason = "the free's plain update of page[1].flags loses PG_hwpoison before the check"
    else:
        reason = "p's head is H again only in a new THP, and check_new_pages() drops that block"
        return Expected("pass", because=reason)
    return Expected("fail", ("misclassified",), reason)


@scenario(expect=expected)
def free_alloc_free(
    *,
    variant: Version = "v9",
    caller: WhoAsks = "memory_failure",
    check_pages: CheckPages = False,
    flags_rmw: FlagsRmw = "split",
    slab_order: SlabOrder = 0,
    reuse: Reuse = "slab_then_thp",
    panic: Panic = True,
    only: Only = "any",
) -> Program:
    """The classifier on a tail of a THP that is freed whole, its head reused as slab and THP.

    variant      the version of the classifier
    caller       memory_failure poisons the page first, soft_offline does not
    check_pages  the allocator drops a block with a poisoned page
    flags_rmw    a plain `page->flags |= x` is a load and a store, or (what if) atomic
    slab_order   0: the slab is H alone; 1: it covers p
    reuse        what H is used for after the free
    panic        the sysctl that makes memory_failure() panic
    only         which wrong answers count: any, that of a handlable page, of one without mark
    """
    mem = Memory()
    block = make_block(mem, user(order=1))
    zone = make_zone(mem, block, check_pages=check_pages, flags_rmw=flags_rmw)
    H, p = block.pages

    def p_is_not_kernel_owned(state: State) -> bool:
        return not kernel_owned(state, p)

    def slab_beside_p(state: State) -> bool:
        return state[H.page_type] == "slab" and not kernel_owned(state, p)

    def slab_over_p(state: State) -> bool:
        return state[H.page_type] == "slab" and kernel_owned(state, p)

    def new_thp(state: State) -> bool:  # the old one was on the LRU as long as it had references
        return state[p.info] is H and state[H.refs] == 1 and not state[H.flags].lru

    invariants = {}
    sometimes = {}
    if reuse == "slab_then_thp":
        sometimes["p is the tail of a new THP on H"] = new_thp
    if slab_order == 0:
        invariants["p_kernel_owned"] = p_is_not_kernel_owned
        sometimes["H is slab while p is not kernel-owned"] = slab_beside_p
    else:
        sometimes["p is part of a slab on H"] = slab_over_p
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
                only=only,
            ),
            "free": Thread(folio_put, zone, H, 1),
            "alloc": Thread(
                slab_then_thp if reuse == "slab_then_thp" else slab_only, zone, slab_order
            ),
        },
        invariants=invariants,
        sometimes=sometimes,
    )
