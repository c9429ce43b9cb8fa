"""A THP is freed whole under the classifier; its head is a slab, free, and a THP again.

Question   Can p, a tail of the THP on H, be called kernel-owned when it is so at no instant?
           With slab_order=1, when p is part of the slab: can it be called not so?
Models     The smallest THP of an anonymous folio, of order 2: H and its tails p1, p2, p3. Threads:
           classify  memory_failure() or soft_offline_page(), down to the classifier's answer
           free      drops the last reference to the THP, which frees it whole
           alloc     is given the free block: (reuse=thp_slab_thp) a THP on H, freed again; a
                     slab, of H alone or of H and p1 (the rest goes back on the free lists), freed
                     again; then (unless reuse=slab) a THP on H, if all four are free
Kernel     kernel/allocator.py, users.py, classifier.py, memory_failure.py
Abstract   One task has the slab and the THPs; see split_race.py.
Bound      One slab, at most two new THPs. A wrong "true" takes a THP on H, a slab, and a THP on H:
           the first of them is the old one, or a new one (thp_slab_thp).

Answer, p beside the slab (slab_order=0, or page=p2 and p3). p.info is clear whenever H is a slab,
           so p is never kernel-owned, every "true" is wrong, and `missed` cannot be.
  v8         Pass. It reads p's own type, which is never one of the three.
  headonly   Fails always. It loads p.info: H. The THP is freed, H made a slab. It loads H's
             type: slab.
  tryget     Pass. It looks at the type under a reference on H that it took while p.info was H,
             and a THP that is held is not freed.
  zlock      Pass. From a THP to a slab and back H goes by way of the free list, which takes
             zone->lock: so no one holder of that finds p.info: H and then a slab on H.
  the rest   load p.info again, so they are wrong only if p is in a THP on H again by then.
    soft_offline     Fail. p.info is loaded: H. The THP is freed, slab on H. H's type is
                     loaded: slab. The slab is freed and merges with p, a new THP on H. p.info
                     is loaded: H, as before. "true".
    memory_failure   Fail the same way, although p is poisoned: a block of an order above 0 is
                     freed without a look at PG_hwpoison, and p goes on the free list with it.
      check_pages    is what would stop it: the new THP would hold a poisoned page, so its
                     block is dropped. They pass if the bit stays (flags_rmw=atomic). It need
                     not: a plain update loads p's word, p is poisoned, and the word is stored
                     without the bit (flags_rmw=split, which is what the C does). Then the way
                     is that of soft_offline, if from there on a THP on H, a slab on H and a THP
                     on H are still to come. The free updates p's word
                       page[1]'s, so p1's  with the order in it, while p.info is still H. p is
                                 poisoned between its load and its store; p.info is loaded: H; and
                                 on: the first THP is the old one. So they fail.
                       every tail's  after its info was cleared. p is poisoned there, too late to
                                 find p.info: H of the old THP. So p2 and p3 pass with
                                 reuse=slab_then_thp, and fail with thp_slab_thp: the bit is lost,
                                 the block free, and the THP that p.info is found H of is a new one.
                     Not under sequential consistency: there the load of a tail's word may pass the
                     store to its info, as on x86, whose store buffers hold that back. Then p is
                     poisoned in between with p.info still H of the old THP, and p2 and p3 fail with
                     slab_then_thp, too. smp_mb() between the two would keep them.
  reuse=slab  headonly fails as above; the rest pass: once the THP is freed p.info stays clear.
  A wrong answer leads to a panic (memory_failure, with the sysctl on; to a line in the log
             without), or to a spurious -ENOTRECOVERABLE (soft_offline).
  arm64, lkmm  Nothing orders the type tests with the load of p.info after them, which may be taken
             in first: v9, reviewed and v10 are as headonly. smp_rmb() between the two is enough,
             since the writers are in order (split_race.py): v10_rmb is as on x86.
  frozen_as=bit  changes no verdict. Only tryget asks for a reference. It may now get one between
             the two steps of the last put, and then keeps the THP as ever: `free` does not free it,
             the put of tryget does.
  only       handlable: the same verdicts, since p is on a free list (with H, then without) before
             H is a slab, and that is within the window. unmarked: with memory_failure every one
             passes where the bit is not lost before a THP on H, a slab and a THP: with
             flags_rmw=atomic; and, under sequential consistency, of p2 and p3 with
             reuse=slab_then_thp: who finds p.info: H of the old THP has poisoned p before its info
             was cleared, so before its word is loaded.
             Otherwise headonly and the rest fail.
Answer, p in the slab (slab_order=1, page=p1). While H is a slab p is part of it, and p.info is H.
  v8         Fails, `missed`: p's own type is none while it is a tail of a slab. No race with
             the free or the THP is needed: it has only to be asked while the slab is there.
  tryget     Fails, `missed`, in the same way: a slab is frozen and gives no reference.
  the rest   Pass. They answer "true" only if they saw a slab on H, and p was part of it then.
             And if p is so throughout, they load its head, H, and H's type, slab: "true".
  arm64, lkmm  The rest fail, `misclassified`, zlock and v10_rmb as well. Between the stores of
             p.info, of the slab's type and of none again stands nothing in this model, so others
             may see the slab and its end before p.info: H. Then there is an instant with a slab on
             H, and one with p.info: H, and none with both, which is what this model takes for
             kernel-owned. A kernel whose slab is not given back at once has locks in between.

Claims     "[the residual race] can only mis-tag a genuinely poisoned page, never reclassify a
           handlable one": p is handlable, on the LRU, when the window opens, with either
           caller; under soft_offline it is not poisoned either.
           "memory_failure() has already set PageHWPoison, which bars the page from the
           allocator": only a page of order 0, or with check_pages; and then not p1, nor a later
           tail if two THPs are made of the block.
"""

from typing import Annotated, Literal

from racer import Expected, Meanings, Memory, Program, State, Thread, scenario

from .kernel.allocator import folio_put, make_zone
from .kernel.memory_failure import hwpoison_caller
from .kernel.pages import kernel_owned, make_block, program_about, user
from .kernel.parameters import (
    CheckPages,
    FlagsRmw,
    FrozenAs,
    LongReuse,
    Only,
    Panic,
    SlabOrder,
    Version,
    WhoAsks,
)
from .kernel.users import REUSES

Tail = Annotated[
    Literal["p1", "p2", "p3"],
    Meanings(
        {
            "p1": "page[1], whose word has the order of the THP",
            "p2": "a later tail",
            "p3": "the last tail",
        }
    ),
]


def expected(
    *,
    variant: Version,
    caller: WhoAsks,
    check_pages: bool,
    flags_rmw: FlagsRmw,
    page: Tail,
    slab_order: int,
    reuse: LongReuse,
    only: Only,
    memory: str,
) -> Expected:
    if slab_order == 1 and page == "p1":
        return expected_of_a_slabs_tail(variant, memory)
    if variant == "v8":
        return Expected("pass", because="v8 reads p's own type only, and p never has one")
    if variant == "tryget":
        return Expected("pass", because="a head that is held is not freed")
    if variant == "zlock":
        reason = "H is no slab before zone->lock was taken twice after p has left it"
        return Expected("pass", because=reason)
    early = page == "p1" or memory != "sc"  # p's word is loaded while p.info is still H for others
    loses = flags_rmw == "split" and (early or reuse == "thp_slab_thp")
    if only == "unmarked" and caller == "memory_failure" and not loses:
        return Expected("pass", because="p was poisoned, and no plain update loses that")
    fixed_by = {"variant": "zlock"}
    if variant == "headonly":
        reason = "H is freed and made a slab between the loads of p's head and of H's type"
    elif variant != "v10_rmb" and memory in ("arm64", "lkmm"):
        reason = "the re-read of p's head may be taken in before the type of H"
        if reuse == "slab" or (caller == "memory_failure" and check_pages and not loses):
            fixed_by = {"variant": "v10_rmb"}
    elif reuse == "slab":
        return Expected("pass", because="p's head is never H again, so the re-read tells")
    elif caller == "soft_offline":
        reason = "nothing keeps p from being reused, and a new THP on H passes the re-read"
    elif not check_pages:
        reason = "a block of order 2 is freed and reused without a look at PG_hwpoison"
    elif loses:
        reason = "a plain update of p's flags in a free loses PG_hwpoison before the check"
    else:
        reason = "p's head is H again only in a new THP, and check_new_pages() drops that block"
        return Expected("pass", because=reason)
    return Expected("fail", ("misclassified",), reason, fixed_by=fixed_by)


def expected_of_a_slabs_tail(variant: Version, memory: str) -> Expected:
    if variant == "v8":
        return Expected("fail", ("missed",), "v8 reads p's own type, and a slab's tail has none")
    if variant == "tryget":
        return Expected("fail", ("missed",), "a slab is frozen: no reference can be had")
    if memory in ("arm64", "lkmm"):
        reason = "a slab may be seen on H, and be gone, before p's head is seen to be H"
        return Expected("fail", ("misclassified",), reason)
    return Expected("pass", because="a slab that is seen on H covers p at that instant")


@scenario(expect=expected)
def free_alloc_free(
    *,
    variant: Version = "v9",
    caller: WhoAsks = "memory_failure",
    check_pages: CheckPages = False,
    flags_rmw: FlagsRmw = "split",
    page: Tail = "p1",
    slab_order: SlabOrder = 0,
    reuse: LongReuse = "slab_then_thp",
    panic: Panic = True,
    only: Only = "any",
    frozen_as: FrozenAs = "zero",
) -> Program:
    """The classifier on a tail of a THP that is freed whole, its head reused as slab and THP.

    variant      the version of the classifier
    caller       who asks the classifier
    check_pages  the allocator drops a block with a poisoned page
    flags_rmw    what a plain `page->flags |= x` is
    page         which tail p is; p1 has the order of the THP in its word
    slab_order   0: the slab is H alone; 1: H and p1
    reuse        what H is used for after the free
    panic        the sysctl that makes memory_failure() panic
    only         which wrong answers count
    frozen_as    what tells a frozen count
    """
    mem = Memory()
    block = make_block(mem, user(order=2), frozen_as=frozen_as)
    zone = make_zone(mem, block, check_pages=check_pages, flags_rmw=flags_rmw)
    H = block.H
    (p,) = (each for each in block.pages if each.name == page)
    covered = slab_order == 1 and page == "p1"

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
    if reuse != "slab":
        sometimes["p is the tail of a new THP on H"] = new_thp
    if not covered:
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
            "free": Thread(folio_put, zone, H, 2),
            "alloc": Thread(REUSES[reuse], zone, slab_order),
        },
        invariants=invariants,
        sometimes=sometimes,
    )
