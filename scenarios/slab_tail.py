"""A tail of a slab, page table or large kmalloc: at rest, freed, and moving to another head.

Question   p really is kernel-owned, as a tail. Is it found, also when its head changes under the
           classifier? That is where v9 and v10 differ: v10 re-reads the head before a "false".
Models     A block of 4 pages: `owner` over all of it, H its head, p its last page. Two threads:
           classify  memory_failure() or soft_offline_page(), down to the classifier's answer
           move      the owner gives the block back (move=none: it stays, there is no thread);
                     then it may be used again, by a new owner of the same kind:
             same_head   over all of it, so p's head is H again
             other_head  a neighbour takes H and page 1, the new owner pages 2 and 3: p's head
                         is page 2 then. The neighbour is a user's folio (neighbour=thp) or of
                         the owner's kind too (neighbour=kernel).
           frees=nolock (of a slab): the block rests on a per-cpu list, and the new owner takes it
           from there, both without zone->lock.
Kernel     kernel/allocator.py, per_cpu.py, users.py, classifier.py, memory_failure.py
Abstract   - check_new_pages() is off, as it is by default. When it is on, a p that was poisoned
             before its block was used again keeps that block from being used.
           - A large kmalloc of order 1 (move=other_head) is a what-if: see kernel/users.py.
Bound      One free, one reuse.

Answer     What is stored to p.info is stored while p's block has no type. So while p is
           kernel-owned without a break p.info stays, and so does its head's type.
  before     Pass: nothing is asked.
  v8         Fails, `missed`, whatever moves: p's own type is none while it is a tail.
  tryget     Fails, `missed`, whatever moves, when the owner is frozen (slab, large_kmalloc):
             its count is 0, there is no reference to be had, the answer is "false". A page
             table has a count of 1: the reference is had, the head stays, the type is found.
  headonly, v9, reviewed, v10, v10_rmb, zlock
    missed         Never: if p is kernel-owned from the first load to the last, they load its
                   head, and that head's type. v10's re-read before a "false" is not needed here.
    misclassified  Only headonly, move=other_head, neighbour=kernel. The block is freed, its type
                   is gone, p.info not yet; the window opens; p.info is loaded: H; p.info is
                   cleared, the neighbour is made on H; H's type is loaded. "true", and p was
                   free all along. v9 and v10 load p.info again, and it is never H again. zlock
                   holds the lock that the neighbour needs to get H.
                   Otherwise a type that is seen on p's former head covers p at that instant:
                   the block is used again over all of it, or the neighbour has no type.
  With stale (an answer that was right for a while, but is wrong when it is given):
    stale_owned    v9, reviewed, v10, v10_rmb, tryget (table), zlock: move is not none. The type is
                   seen, then cleared, which takes no lock, and p.info (or the reference) is as it
                   was, or zone->lock is released. headonly's
                   last load is the one that sees the type: wrong only if p does not belong to
                   that head any more, so other_head with neighbour=kernel.
    stale_clear    All but `before`: move=same_head or other_head; without a reuse p is never
                   owned again once it was not.
                   v8, tryget (frozen): they never say "true".
                   headonly, v9, reviewed, tryget (table): p is free, p.info is loaded: none. The
                   new owner takes p, the type is set. p's own type (or count) is loaded: none.
                   v10, v10_rmb: not so, for p.info is another by now, and they start again. But
                   p.info is set before the type is: p.info is loaded: the new head. Its type is
                   loaded: none. The type is set. p.info is loaded, as before. "false".
                   zlock: the same, with the unlock for the last load.
  frees=nolock     The same. A list hands a block out as it came, by its order; so if a type comes
                   to H while p.info is H, p is part of what has it. That is the reason for zlock,
                   too: its lock does not keep the block from being used again.
  v9 and v10 differ in schedules, not in labels. In the first schedule above, where p has had its
           new owner since long before the "false" of v9, v10 says "true". A stale "false" of
           v10 is younger: p was not kernel-owned when the type was last read, between two loads
           of the same head. And as v10 goes on to the re-read, it is late where v9 is not: in
           the schedule above for v10, v9 says "false" before the type is set, and is right.
           (Counts do not tell them apart: retries make for far more interleavings, so v10 has
           more stale answers than v9, and a larger share of them.)

Claims     "the re-read must guard the false verdict too": without it no kernel-owned page is
           missed that was one throughout; with it a stale "false" is younger, but still there.
           "the only way to not get races is to tryget the (compound) page, revalidate": for
           frozen owners that is no way at all, as there is nothing to get.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from racer import Expected, Meanings, Memory, Program, State, Thread, UsageError, scenario

from .kernel.allocator import Zone, make_zone
from .kernel.memory_failure import hwpoison_caller
from .kernel.pages import (
    Page,
    in_free_block,
    kernel_owned,
    make_block,
    program_about,
    typed,
)
from .kernel.parameters import Caller, Depth, Variant
from .kernel.per_cpu import PerCpu, free_slab_nolock, take_slab_from_list
from .kernel.users import (
    free_large_kmalloc,
    free_page_table,
    free_slab,
    take_large_kmalloc,
    take_page_table,
    take_slab,
    take_thp,
    wait_until_free,
)

Owner = Annotated[
    Literal["slab", "table", "large_kmalloc"],
    Meanings({"slab": "a slab", "table": "a page table", "large_kmalloc": "a large kmalloc()"}),
]
Move = Annotated[
    Literal["none", "freed", "other_head", "same_head"],
    Meanings(
        {
            "none": "the block stays as it is",
            "freed": "it is freed",
            "other_head": "it is freed and used again, in two parts: p has another head",
            "same_head": "it is freed and used again as a whole: p has the same head",
        }
    ),
]
Frees = Annotated[
    Literal["waiting", "nolock"],
    Meanings(
        {
            "waiting": "under zone->lock",
            "nolock": "without waiting for locks: it rests on a per-cpu list, which is disabled",
        }
    ),
]
Neighbour = Annotated[
    Literal["thp", "kernel"], Meanings({"thp": "a THP", "kernel": "the kind that the owner is"})
]

TAKE: dict[Owner, Callable[[Zone, int], Awaitable[Page | None]]] = {
    "slab": take_slab,
    "table": take_page_table,
    "large_kmalloc": take_large_kmalloc,
}
FREE: dict[Owner, Callable[[Zone, Page, int], Awaitable[None]]] = {
    "slab": free_slab,
    "table": free_page_table,
    "large_kmalloc": free_large_kmalloc,
}


async def move_block(zone: Zone, owner: Owner, move: Move, neighbour: Neighbour) -> None:
    """The block is given back, and used again as `move` says."""
    H = zone.block.H
    await FREE[owner](zone, H, 2)
    if move == "same_head":
        await wait_until_free(H)
        await TAKE[owner](zone, 2)
    elif move == "other_head":
        await wait_until_free(H)
        await (TAKE[owner] if neighbour == "kernel" else take_thp)(zone, 1)  # the lower half
        await TAKE[owner](zone, 1)  # the upper half, with p


async def move_block_nolock(zone: Zone, pcp: PerCpu, move: Move) -> None:
    """The slab is given back without waiting, and used again as it is."""
    await free_slab_nolock(zone, pcp, zone.block.H, 2)
    if move == "same_head":
        await take_slab_from_list(zone, pcp, 2)


def expected(
    *, variant: Variant, owner: Owner, move: Move, neighbour: Neighbour, stale: bool
) -> Expected:
    labels: set[str] = set()
    if variant == "before":
        return Expected("pass", because="nothing is asked", loops=())
    never_true = variant == "v8" or (variant == "tryget" and owner != "table")
    beside_kernel = move == "other_head" and neighbour == "kernel"
    if never_true:
        labels.add("missed")
    if variant == "headonly" and beside_kernel:
        labels.add("misclassified")
    if stale and move in ("same_head", "other_head"):
        labels.add("stale_clear")
    if stale and not never_true and (beside_kernel if variant == "headonly" else move != "none"):
        labels.add("stale_owned")
    if not labels:
        reason = "while p is kernel-owned its head stays, and so does the head's type"
        return Expected("pass", because=reason, loops=())
    frozen = f"a {owner} is frozen: there is no reference to be had"
    reasons = {
        "misclassified": "p's former head gets a type when it heads a block that p is no part of",
        "missed": "v8 reads p's own type, and a tail has none" if variant == "v8" else frozen,
        "stale_clear": "p's block gets its type after the type was read",
        "stale_owned": "p's block loses its type after the type was read",
    }
    because = {label: reason for label, reason in reasons.items() if label in labels}
    return Expected("fail", tuple(because), because, loops=())


@scenario(expect=expected)
def slab_tail(
    *,
    variant: Variant = "v10",
    caller: Caller = "memory_failure",
    owner: Owner = "slab",
    move: Move = "other_head",
    neighbour: Neighbour = "thp",
    stale: bool = False,
    depth: Depth = "classifier",
    frees: Frees = "waiting",
) -> Program:
    """The classifier on a tail that is kernel-owned, at rest or while its head changes.

    variant    the version of the classifier
    caller     who asks the classifier
    owner      what the block is used for, before and after
    move       what becomes of the block meanwhile
    neighbour  move=other_head: what p's former head is used for then
    stale      an answer that is wrong only at the end of its window counts too
    depth      how far a call is followed
    frees      how the owner gives the block back
    """
    if caller == "count_increased":
        raise UsageError(
            "caller=count_increased holds a reference to a page that a process has mapped: no "
            "slab, page table or large kmalloc ever is."
        )
    if frees == "nolock" and (owner != "slab" or move not in ("freed", "same_head")):
        raise UsageError(
            "frees=nolock is of a slab that is freed and, with move=same_head, used again: nobody "
            "else frees so, and a per-cpu list hands a block out as it came."
        )
    mem = Memory()
    block = make_block(mem, typed(owner, 2))
    zone = make_zone(mem, block, check_pages=False, flags_rmw="split")
    H, p1, p2, p = block.pages

    def tail_at_rest(state: State) -> bool:
        return state[p.info] is H and kernel_owned(state, p)

    def free_again(state: State) -> bool:
        return in_free_block(state, p, block)

    def made_anew_on_h(state: State) -> bool:  # a free clears p1.info before p.info
        return state[p1.info] is H and state[p.info] is None

    def tail_of_p2(state: State) -> bool:
        return state[p.info] is p2 and kernel_owned(state, p)

    def freed_not_cleared(state: State) -> bool:
        return state[p.info] is H and not kernel_owned(state, p)

    sometimes = {"p is a kernel-owned tail of H": tail_at_rest}
    if move != "none":
        sometimes["p's block has no type, and p still names its head"] = freed_not_cleared
        if frees == "waiting":
            sometimes["p is free"] = free_again
    if move == "same_head":
        sometimes["a new block is being made on H"] = made_anew_on_h
    elif move == "other_head":
        sometimes["p is a kernel-owned tail of p2"] = tail_of_p2
    threads = {
        "classify": hwpoison_caller(
            mem, zone, p, caller=caller, variant=variant, stale=stale, depth=depth
        )
    }
    if frees == "nolock":
        empty: Page | None = None
        pcp = mem.cell("pcp", empty)

        def rests(state: State) -> bool:
            return state[pcp] is H

        sometimes["p's block rests on a per-cpu list"] = rests
        threads["move"] = Thread(move_block_nolock, zone, pcp, move)
    elif move != "none":
        threads["move"] = Thread(move_block, zone, owner, move, neighbour)
    return program_about(mem, block, p, threads, sometimes=sometimes)
