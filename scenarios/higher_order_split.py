"""A THP is split to an order above 0; its first folio is freed, and H is a slab.

Question   p is a tail before the split and after it. Can it be called kernel-owned when it is
           so at no instant? When p is part of the slab: can it be called not so?
Models     A THP of 4 pages on H, split into two folios of order 1: H with p1, p2 with p3. The
           classifier asks of p1, which keeps H as its head (page=first), or of p3, whose head
           becomes p2 (page=second). Threads:
           classify  memory_failure() or soft_offline_page(), down to the classifier's answer
           split     splits the THP, drops its references to both folios, and so frees the first
           put_p     page=second: p's user drops its reference once p is mapped again; the last
                     of the split's and this one frees the second folio
           alloc     is given H when it is free: a slab of order 0 (H alone) or 1 (H and p1),
                     freed again; then (unless reuse=slab) a THP of all 4 pages, if all are free;
                     reuse=thp_slab_thp: and such a THP before the slab, freed again
Kernel     kernel/split.py, allocator.py, users.py, classifier.py, memory_failure.py
Abstract   - page=first: nobody keeps the second folio; it is freed by the split. Who has it is
             nothing to p1, but for the new THP, which needs it free.
           - One task has the slab and then the THP; see split_race.py.
           - A split that finds another reference (tryget's) fails: the THP is freed whole.
Bound      One split, one slab, at most two new THPs: see free_alloc_free.py.

Answer, page=first and slab_order=1: while H is a slab p is part of it, and p.info is H.
  v8, tryget   Fail, `missed`: v8 reads the type of a tail; the slab is frozen, so tryget gets no
               reference. They have only to be asked while the slab is there.
  the rest     Pass, with any reuse. A type that is seen on H covers p at that instant; and if p
               is part of the slab throughout, its head is loaded, and that head's type.
Answer, otherwise: p is kernel-owned at no instant, every "true" is wrong, no `missed` can be.
  before, v8   Pass: nothing is asked; p's own type is never one of the three.
  tryget       Passes: it looks at a type only where it has a reference, and a slab has none.
  zlock        Passes: before H is a slab it is freed and taken again, each under zone->lock, and
               by then p.info is clear: see split_race.py.
  headonly     Fails always. p.info is loaded: H. Split, H freed, slab on H. H's type is loaded.
               page=first does not need the split for it, only the free: p.info stays H until then.
  v9, reviewed, v10, v10_rmb load p.info again, so a "true" needs that p is in a THP on H again.
    reuse=slab     Pass: once p.info is another it is never H again, and while it is H, before
                   that, H has no type.
    otherwise      p.info is loaded: H. Split, both folios freed, slab on H. H's type is loaded:
                   slab. The slab is freed, all 4 pages merge, a new THP. p.info is loaded: H.
      soft_offline     Fail so: nothing keeps p from being freed and used again.
      memory_failure   Fail so too, unlike a page split off to order 0 (split_race): p's folio
                       is of order 1 when it is freed, and above order 0 that is done without a
                       look at PG_hwpoison, with atomic flag updates too.
        check_pages    drops the block of the new THP if p is still poisoned then. So they pass,
                       unless the bit is lost before: between load and store of a plain update
                       of p.flags (flags_rmw=split), which p must be poisoned in, while p.info
                       is still H, as it is loaded after that.
                       page=first   Fail. p is page[1]: the split writes the new order to its
                                    flags, and the free takes it away, both while p.info is H.
                       page=second  Pass with slab_then_thp. Whoever updates p3.flags does so after
                                    p3.info was set to p2 (the new order) or cleared (the free):
                                    too late. Fail with thp_slab_thp: the bit is lost all the
                                    same, and p.info is found H of the first new THP. On x86
                                    fail with slab_then_thp, too: a store buffer holds p3.info
                                    back while p3.flags is loaded.

Answer, arm64 and lkmm: v9, reviewed and v10 are as headonly, and v10_rmb is as on x86, for the
           reasons in split_race.py. While p is part of the slab, what passes otherwise fails,
           `misclassified`: see free_alloc_free.py.

Claims     "the recheck closes the common split race": it does (compare headonly) for a split and
           one reuse of H (reuse=slab), not when the block is a THP on H again.
           "memory_failure() has already set PageHWPoison, which bars the page from the
           allocator": not a page of a folio of an order above 0, unless checking is on; and then
           not p1, nor p3 if two THPs are made of the block.
           "[the residual race] can only mis-tag a genuinely poisoned page, never reclassify a
           handlable one": p is on the LRU when the window opens, with either caller.
"""

from typing import Annotated, Literal

from racer import Expected, Meanings, Memory, Program, State, Thread, UsageError, scenario

from .kernel.allocator import make_zone
from .kernel.memory_failure import hwpoison_caller
from .kernel.pages import head_of, kernel_owned, make_block, program_about, user
from .kernel.parameters import Caller, CheckPages, FlagsRmw, LongReuse, SlabOrder, Variant
from .kernel.split import make_mapping, split, zap
from .kernel.users import REUSES

Which = Annotated[
    Literal["first", "second"],
    Meanings({"first": "in the new folio on H", "second": "in the other one"}),
]


def expected(
    *,
    variant: Variant,
    caller: Caller,
    page: Which,
    slab_order: int,
    reuse: LongReuse,
    check_pages: bool,
    flags_rmw: FlagsRmw,
    memory: str,
) -> Expected:
    if page == "first" and slab_order == 1:
        if variant in ("v8", "tryget"):
            reason = "v8 reads the type of a tail" if variant == "v8" else "the slab is frozen"
            return Expected("fail", ("missed",), reason, loops=())
        if memory in ("arm64", "lkmm") and variant != "before":
            reason = "a slab may be seen on H, and be gone, before p's head is seen to be H"
            return Expected("fail", ("misclassified",), reason, loops=())
        reason = "a slab that is seen on H covers p at that instant"
        return Expected("pass", because=reason, loops=())
    if variant in ("before", "v8", "tryget", "zlock"):
        reason = "it never finds p's head to be H and looks at the type of a slab on H"
        return Expected("pass", because=reason, loops=())
    fixed_by = {"variant": "zlock"}
    lost = page == "first" or reuse == "thp_slab_thp" or memory != "sc"
    loses = flags_rmw == "split" and lost
    if variant == "headonly":
        reason = "H is freed and made a slab between the loads of p's head and of H's type"
    elif variant != "v10_rmb" and memory in ("arm64", "lkmm"):
        reason = "the re-read of p's head may be taken in before the type of H"
        if reuse == "slab" or (caller == "memory_failure" and check_pages and not loses):
            fixed_by = {"variant": "v10_rmb"}
    elif reuse == "slab":
        reason = "p's head is not H any more when H is a slab, so the re-read tells"
        return Expected("pass", because=reason, loops=())
    elif caller == "soft_offline":
        reason = "nothing keeps p from being freed, and a new THP on H passes the re-read"
    elif not check_pages:
        reason = "a folio of order 1 is freed and used again without a look at PG_hwpoison"
    elif loses:
        reason = "a plain update of p's flags loses PG_hwpoison, and p's head is H after that"
    else:
        reason = "p's head is H again only in a new THP, and check_new_pages() drops that block"
        return Expected("pass", because=reason, loops=())
    return Expected("fail", ("misclassified",), reason, loops=(), fixed_by=fixed_by)


@scenario(expect=expected)
def higher_order_split(
    *,
    variant: Variant = "v10",
    caller: Caller = "memory_failure",
    page: Which = "second",
    slab_order: SlabOrder = 0,
    reuse: LongReuse = "slab_then_thp",
    check_pages: CheckPages = False,
    flags_rmw: FlagsRmw = "split",
) -> Program:
    """The classifier on a tail of a THP, against a split to order 1 and the reuse of its head.

    variant      the version of the classifier
    caller       who asks the classifier
    page         where p is after the split
    slab_order   of the slab that H is used for after the split
    reuse        what H is used for after the split
    check_pages  the allocator drops a block with a poisoned page
    flags_rmw    what a plain `page->flags |= x` is
    """
    if caller == "count_increased":
        raise UsageError(
            "caller=count_increased holds a reference to the THP from the start: it is not split."
        )
    mem = Memory()
    block = make_block(mem, user(order=2))
    zone = make_zone(mem, block, check_pages=check_pages, flags_rmw=flags_rmw)
    H, p1, p2, p3 = block.pages
    p = p1 if page == "first" else p3
    ptes = [make_mapping(mem, p)] if page == "second" else []

    def p_is_not_kernel_owned(state: State) -> bool:
        return not kernel_owned(state, p)

    def slab_beside_p(state: State) -> bool:
        return state[H.page_type] == "slab" and not kernel_owned(state, p)

    def slab_beside_lru(state: State) -> bool:
        return slab_beside_p(state) and state[head_of(state, p).flags].lru

    def slab_over_p(state: State) -> bool:
        return state[H.page_type] == "slab" and kernel_owned(state, p)

    def split_in_two(state: State) -> bool:
        return state[p1.info] is H and state[p3.info] is p2

    def new_thp(state: State) -> bool:  # the old one was on the LRU as long as it had references
        return state[p.info] is H and state[H.refs] == 1 and not state[H.flags].lru

    invariants = {}
    sometimes = {"the THP is two folios of order 1": split_in_two}
    if page == "first" and slab_order == 1:
        sometimes["p is part of a slab on H"] = slab_over_p
    else:
        invariants["p_kernel_owned"] = p_is_not_kernel_owned
        sometimes["H is slab while p is not kernel-owned"] = slab_beside_p
    if page == "second":
        sometimes["H is slab while p is on the LRU"] = slab_beside_lru
    if reuse != "slab":
        sometimes["p is the tail of a new THP on H"] = new_thp
    threads = {
        "classify": hwpoison_caller(
            mem, zone, p, caller=caller, variant=variant, depth="classifier"
        ),
        "split": Thread(split, zone, 1, *ptes),
        "alloc": Thread(REUSES[reuse], zone, slab_order),
    }
    if page == "second":
        threads["put_p"] = Thread(zap, zone, ptes[0])
    return program_about(mem, block, p, threads, invariants=invariants, sometimes=sometimes)
