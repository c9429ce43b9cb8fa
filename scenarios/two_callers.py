"""Two calls about one page: memory_failure() twice, or beside soft_offline_page().

Question   What does each call report? Does one spoil the answer, or the PG_hwpoison, of the
           other? What of that does mf_mutex prevent?
Models     p is what `page` says. Two calls, whole, and what happens to p meanwhile:
           classify  the call of `caller`
           second    the call of `other`, on the same p
           owner     lru, thp_tail: drops the last reference, which frees the folio, p or a THP of
                     order 1. free: a user is given p, if it is free still, and puts it on the
                     LRU, by a batch that is full. slab: there is no owner, p stays a slab
Labels     poison_lost       a call has come to an end after which p is taken to be poisoned: any
                             of memory_failure(), a "0" of soft_offline_page(). And it is not.
           handles_poisoned  soft_offline_page() goes on to migrate p, as a page in good health,
                             and p is poisoned
           and those of kernel/memory_failure.py and classifier.py, which none shows
Kernel     kernel/allocator.py, users.py, lru.py, classifier.py, memory_failure.py
Abstract   - One cell more, `dealt_with`, is the operator's knowledge: set once a call is over.
           - get_any_page() makes one pass (retries=0), not four, to be small. So its errnos come
             sooner: -EBUSY with page=free is one that the kernel would try again on. And as
             shake_page() is never called, the user's page of page=free does not rest in a batch:
             it fills one, and is on the LRU. Two passes have the same violations.
           - A panic ends the one call only; the other goes on, as it would with the sysctl off.
           - A soft offline that is "handled" has not poisoned p: that part is not modelled;
             so a memory_failure() after it handles p as well.
           - mutex=False is a made-up bug: both take no mf_mutex.
Bound      Two calls; p is freed once, or is taken once.

Answer, the reports (mutex, flags_rmw=atomic).
  memory_failure twice: the later one finds the bit: -EHWPOISON, whatever the first came to.
  memory_failure first, then soft_offline: "0", p is poisoned already. It does not ask the
             classifier.
  soft_offline first, then memory_failure: -EHWPOISON, if "0" took p off its free list. Else
             (handled, an errno) there is no bit yet, and both report on p for themselves.
  soft_offline twice: "0" after "0"; else each for itself.
  A slab: v8, v9, v10 panic, or -ENOTRECOVERABLE; before: as any that nobody can handle.
  No verdict is spoiled: what a call changes (PG_hwpoison, a reference, a free list) is nothing a
             classifier loads, but page_type, which goes from buddy to none and back.

Answer, poison_lost.
  mutex, flags_rmw=atomic: Pass. PG_hwpoison is cleared in one place: memory_failure() saw p free,
             and lost it to another. It holds mf_mutex then, no other call has seen the bit it
             set, and it sets it again or finds it set before it is over.
  flags_rmw=split, lru, thp_tail and free, with a memory_failure(): Fail, with the mutex or
             without. The free loads p's flags; memory_failure() poisons p, and comes to its end
             (p has no reference and is not free: -EIO); the free stores p's flags, without the
             bit. Then p is free, and the next memory_failure() is not told -EHWPOISON. free: it
             is the new user who loads and stores p's flags, as it fills the page (one update
             stands for several, see kernel/users.py).
             Not soft_offline twice: the bit is set on a page that was taken off its free list,
             where no free is under way and which no user is given.
  no mutex   Fail where a call can come to its end between the first TestSetPageHWPoison() and
             the clear of the other, which must be memory_failure() that loses a free p:
    free     it loses p to the user. memory_failure() sees p free; the user takes it; the other
             call finds the bit: -EHWPOISON, or "0"; the bit is cleared.
    lru, thp_tail  only the other call can take p, and only soft_offline_page() gets so far:
             another memory_failure() is turned back by the bit. Both see p free; soft offline
             takes it, poisons it: "0"; memory_failure() does not get it, and clears the bit.
             So not memory_failure twice.
             In every case the bit comes back: memory_failure() tries again. Between the two p
             is a page that the allocator hands out and takes back as any other.

Answer, handles_poisoned.
  mutex      Pass: soft_offline_page() looks at the bit first, and only it can set it from then on.
  no mutex   Fail, memory_failure() beside soft_offline_page() on lru, thp_tail and free: soft
             offline finds no bit; memory_failure() poisons p; soft offline gets its reference
             and goes on to copy from p. A slab it does not get.

Answer, frozen_as=bit. The same: the owner's last put is two steps, and a call may get its
             reference between them. Then it holds p as if it had come before that put: the owner
             does not free p, and whoever puts its last reference later does.

Claims     C10 "memory_failure() has already set PageHWPoison, which bars the page from the
           allocator": a second call does not take the bit away, thanks to mf_mutex; a plain
           update of p's flags does.
"""

from typing import Annotated, Literal

from racer import (
    Cell,
    Expected,
    Meanings,
    Memory,
    Program,
    State,
    Thread,
    Violation,
    Watch,
    WhatIf,
    scenario,
)

from .kernel.about import about_page, named
from .kernel.allocator import Zone, folio_put, make_zone
from .kernel.call import Call, hwpoison_call
from .kernel.lru import batch_move_lru
from .kernel.memory_failure import report
from .kernel.pages import (
    Use,
    in_free_block,
    kernel_owned,
    make_block,
    program_about,
    typed,
    user,
)
from .kernel.pages import free as free_page
from .kernel.parameters import FlagsRmw, FrozenAs, PostedVariant, WhoAsks
from .kernel.refcount import folio_get
from .kernel.users import take_filled

Contested = Annotated[
    Literal["lru", "thp_tail", "free", "slab"],
    Meanings(
        {
            "lru": "a page on the LRU, which is freed",
            "thp_tail": "the tail of a THP, which is freed",
            "free": "a free page, which a user takes",
            "slab": "a slab, which stays",
        }
    ),
]


def expected(
    *, page: Contested, caller: WhoAsks, other: WhoAsks, flags_rmw: FlagsRmw, mutex: bool
) -> Expected:
    both = {caller, other}
    reasons: dict[str, str] = {}
    if not mutex and len(both) == 2 and page != "slab":
        reasons["handles_poisoned"] = "p is poisoned after soft_offline_page() has looked"
    freed = page in ("lru", "thp_tail")
    if page != "slab" and flags_rmw == "split" and "memory_failure" in both:
        who = "free" if freed else "new user"
        reasons["poison_lost"] = f"the {who}'s plain update of p's flags loses PG_hwpoison"
    elif not mutex and (
        (page == "free" and "memory_failure" in both) or (freed and len(both) == 2)
    ):
        reason = "memory_failure() clears PG_hwpoison when the other call has relied on it"
        reasons["poison_lost"] = reason
    if reasons:
        return Expected("fail", tuple(reasons), reasons, loops=())
    if page == "slab":
        reason = "p stays a slab, and nobody clears its PG_hwpoison"
    elif both == {"soft_offline"}:
        reason = "soft_offline_page() never clears PG_hwpoison, and one of two takes a free page"
    elif mutex:
        reason = "under mf_mutex PG_hwpoison is cleared by whom set it, before anyone relies on it"
    else:
        reason = "the second memory_failure() is turned back, so the first does not lose p to it"
    return Expected("pass", because=reason, loops=())


@scenario(expect=expected)
def two_callers(
    *,
    page: Contested = "lru",
    variant: PostedVariant = "v10",
    caller: WhoAsks = "memory_failure",
    other: WhoAsks = "soft_offline",
    flags_rmw: FlagsRmw = "split",
    mutex: Annotated[bool, WhatIf(False)] = True,
    frozen_as: FrozenAs = "zero",
) -> Program:
    """Two calls about one page, under mf_mutex, while it is freed or taken.

    page       what p is, and what becomes of it
    variant    the version of the classifier
    caller     the one call
    other      the other
    flags_rmw  what a plain `page->flags |= x` is
    mutex      they take mf_mutex
    frozen_as  what tells a frozen count
    """
    mem = Memory()
    uses: tuple[Use, ...]
    match page:
        case "lru":
            uses = (user(), user())
        case "thp_tail":
            uses = (user(1),)
        case "free":
            uses = (user(), free_page())
        case "slab":
            uses = (user(), typed("slab"))
    block = make_block(mem, *uses, frozen_as=frozen_as)
    zone = make_zone(mem, block, check_pages=False, flags_rmw=flags_rmw)
    H, p = block.pages
    lock = mem.lock("mf_mutex") if mutex else None
    dealt_with = mem.cell("dealt_with", False)

    def poisoned(state: State) -> bool:
        return state[p.flags].hwpoison

    def poisoned_once_dealt_with(state: State) -> bool:
        return state[p.flags].hwpoison or not state[dealt_with]

    def free(state: State) -> bool:
        return in_free_block(state, p, block)

    def on_lru(state: State) -> bool:
        return state[p.flags].lru

    def owned(state: State) -> bool:
        return kernel_owned(state, p)

    watch = mem.watch("p is poisoned", poisoned, [p.flags])

    def thread(who: WhoAsks) -> Thread:
        call = hwpoison_call(mem, zone, p, caller=who, variant=variant, mf_mutex=lock, retries=0)
        return Thread(report_and_note, call, watch, dealt_with)

    threads = {"classify": thread(caller), "second": thread(other)}
    sometimes = {"p is kernel-owned": owned}
    match page:
        case "lru" | "thp_tail":
            threads["owner"] = Thread(folio_put, zone, p if page == "lru" else H)
            sometimes = {"p is free": free}
        case "free":
            threads["owner"] = Thread(take, zone)
            sometimes = {"p is free": free, "p is on the LRU": on_lru}
    return program_about(
        mem,
        block,
        p,
        threads,
        invariants={"poison_lost": poisoned_once_dealt_with},
        sometimes=sometimes,
        about=named(
            about_page(block, p), dealt_with="of the model: a call is over that has poisoned p"
        ),
    )


async def report_and_note(call: Call, poisoned: Watch, dealt_with: Cell[bool]) -> str:
    """The call; and when it is over, what the operator takes for granted from then on."""
    async with poisoned.window() as seen:
        result = await report(call)
    if not call.flags.soft_offline or result == "0":
        await dealt_with.store(True)
    elif result == "handled" and seen.at_end:
        raise Violation("handles_poisoned", effect=result)
    return result


async def take(zone: Zone) -> None:
    """The user that is given p, if it is free."""
    page = await take_filled(zone, 0)
    if page is not None:
        await folio_get(page)  # __folio_batch_add_and_move()
        await batch_move_lru(zone, page)  # under local_lock, which nobody else takes here
