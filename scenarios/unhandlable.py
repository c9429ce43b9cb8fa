"""What the patch changes for a page that nobody can handle, while its owner keeps it or not.

Question   What does an operator see, before the patch and after? And is giving up at once right:
           can a page that is kernel-owned when the call starts end as handled?
Models     p is what `page` says; the whole call of memory_failure() or soft_offline_page(), with
           all retries and shakes. Two threads:
           classify  the call; it returns what the operator sees
           owner     (freed=freed, reused) gives p back to the allocator the way its kind does;
                     freed=reused: a user is then given the block, if it is free, and puts it on
                     the LRU: a page of its own rests in a batch until somebody drains that, a
                     THP (slab_tail, large_kmalloc) does not rest
Labels     handled_after_all  (asks=handled) p was kernel-owned at the call's start, just before
                              its first step, and the call ended with the page handled: held, or
                              taken off its free list. Its effect is that end.
           reference_overwritten  that of reserved.py: a use after free once p has its next user
           missed, misclassified: those of kernel/classifier.py
Kernel     kernel/allocator.py, users.py, lru.py, classifier.py, memory_failure.py
Source     mm/page_alloc.c free_reserved_page() (hugetlb's vmemmap gives boot memory back by it
           at run time, mm/hugetlb_vmemmap.c); mm/vmalloc.c vfree()
Abstract   - slab, table, reserved, untyped are one page, beside a user's. slab_tail is the tail
             of a slab of order 1; large_kmalloc is the head of one of order 1, a what-if (see
             kernel/users.py). In the kernel order decides the same: 0, or above.
           - untyped stands for vmalloc memory and for a kernel stack: one reference, no type,
             not on the LRU.
           - asks is of the model, not of the kernel. asks=result leaves the result as it is, to
             compare; asks=handled makes the label of an end that has the page handled.
           - p is kernel-owned from the start to some instant, and never again: so it was
             kernel-owned at the call's start iff it was at some instant of the call.
           - check_new_pages() is off, as by default.
Bound      One free and one reuse.

Answer, the results. Where p is kept there is one interleaving.
  before     -EIO: -EBUSY on each of 4 passes, and no shake finds p in a batch.
  v9, v10, zlock and what reads the head: -ENOTRECOVERABLE, a panic if the follow-up and the
             sysctl say so. untyped: as before, the loads change nothing.
  v8         the same, but of slab_tail: p's own type is none: `missed`, and -EIO as before.
  tryget     finds reserved and table. A slab and a large kmalloc are frozen, so it cannot get
             them: `missed`, and -EIO as before. Of a reserved page that is given back its
             reference may be overwritten: PG_reserved is cleared, tryget finds it so and gets
             its reference (a reserved page has one to add to), init_page_count() stores 1. No
             other variant takes a reference to a page that is not handlable.
  Where p is given back, all of that (if the call comes first), and
    memory_failure  what the next state of p makes of it: "recovered: MF_MSG_BUDDY" when it is
                    free; reused: "handled", and "ignored: MF_MSG_KERNEL_HIGH_ORDER" when it
                    is free to get_any_page() and no more to memory_failure(); "ignored:
                    MF_MSG_GET_HWPOISON" in every variant, because all passes may fall into limbo.
                    reused: -EHWPOISON too, without a second caller. p is free, so it is to be
                    taken; a user is given it first; a plain update of p's flags (as the folio
                    is made, prep_compound_page(), or filled) loads them poisoned;
                    memory_failure() clears PG_hwpoison to try again; the plain store brings it
                    back; the second TestSetPageHWPoison() finds it, and the call ends as if
                    another had come before, with p in a folio that is about to be used.
    soft_offline    "0" when it is free; reused: "handled", and -EBUSY: passes 1 to 3 come while
                    p is the owner's, in the 4th it is free when looked at, cannot be got, and
                    has a reference when page_count() looks.
  No answer of any variant but those misses is wrong: no type comes to p's block after the first.

Answer, asks=handled. It is never wrong where p is kept. Where p is given back:
  soft_offline    Fails, for every type. The call loads PG_hwpoison; p is freed; it is free.
                  With `before` it is also the loop that finds it: passes 1 to 3 find a slab,
                  p is freed, pass 4 finds it free.
  memory_failure  of order 0 (slab, table, reserved): Pass. p is poisoned by the first step of
                  the call, while it is kernel-owned, hence before its owner begins to free it;
                  the free then looks at PG_hwpoison and keeps p out of the allocator for good.
                  On x86 a slab fails: see given_up.py; the free may have looked before.
  memory_failure  of order 1 (slab_tail, large_kmalloc): Fails. A block is freed without that
                  look, and p is in a free block, poisoned; then in a new THP.
  untyped         Pass: it is no kernel-owned page, and the question is not about it.

Claims     C13 "shake_page() and retrying can never turn these types into something handlable":
           true while the owner keeps the page, and for memory_failure() also of a page of order
           0 that is given back, because PG_hwpoison bars it. Not so for soft_offline_page(),
           nor for a page of a larger block. Ask it with variant=before: its loop is the one that
           meets a kernel-owned page. After the patch (v9, v10) the label says that p was given
           back between the call's first step and the classifier, which is as it should be.
           C14 "pages outside the positive list behave exactly as before": untyped has the same
           results in every variant, whether it is kept, freed or reused.
           C15 "changes only the errno that soft_offline_page() can pass on": with followup off
           memory_failure() has the same results before and after. soft_offline_page() has
           -ENOTRECOVERABLE for -EIO if p is kept; if it is given back -ENOTRECOVERABLE is added
           to what it can return. These are sets of results. In one and the same schedule more
           than the errno differs when p is given back after the classifier has looked: before
           the patch a later pass found it free and recovered it (slab_tail: "recovered:
           MF_MSG_BUDDY"; soft offline: "0"), after it the call has given up.
           C16 "runs through every retry and shake and ends as -EIO": so it does while it is
           kept. (shake_page() does nothing for a slab.)
"""

from typing import Annotated, Any, Literal

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
    scenario,
)

from .kernel.allocator import Zone, folio_put, make_zone
from .kernel.call import Call, hwpoison_call
from .kernel.lru import folio_add_lru
from .kernel.memory_failure import report
from .kernel.pages import (
    Block,
    Page,
    handlable,
    head_of,
    in_free_block,
    kernel_owned,
    make_block,
    program_about,
    reserved,
    typed,
    user,
)
from .kernel.parameters import Followup, Panic, Variant, WhoAsks
from .kernel.users import free_large_kmalloc, free_page_table, free_slab, take_filled
from .reserved import free_reserved_page

_KernelKind = Literal["slab", "slab_tail", "table", "large_kmalloc", "reserved"]
_KINDS = Meanings(
    {
        "slab": "a slab of one page",
        "slab_tail": "the tail of a slab",
        "table": "a page table",
        "large_kmalloc": "a large kmalloc()",
        "reserved": "PG_reserved",
        "untyped": "without a type: vmalloc memory, a kernel stack",
    }
)
KernelKind = Annotated[_KernelKind, _KINDS]
Kind = Annotated[Literal[_KernelKind, "untyped"], _KINDS]
Freed = Annotated[
    Literal["no", "freed", "reused"],
    Meanings(
        {
            "no": "its owner keeps p",
            "freed": "its owner gives p back",
            "reused": "its owner gives p back, and a user gets it",
        }
    ),
]
Asks = Annotated[
    Literal["result", "handled"],
    Meanings(
        {
            "result": "nothing: what calls come to is there to be compared",
            "handled": "that a page that was kernel-owned ends as handled",
        }
    ),
]

HANDLED = ("handled", "recovered: MF_MSG_BUDDY", "0")


def expected(
    *, page: Kind, freed: Freed, variant: Variant, caller: WhoAsks, asks: Asks, memory: str
) -> Expected:
    reasons: dict[str, str] = {}
    frozen = page in ("slab", "slab_tail", "large_kmalloc")
    if variant == "v8" and page == "slab_tail":
        reasons["missed"] = "v8 reads p's own type, and a slab's tail has none"
    if variant == "tryget" and frozen:
        reasons["missed"] = "a frozen page cannot be got, so its type is not read"
    if variant == "tryget" and page == "reserved" and freed != "no":
        reason = "free_reserved_page() sets the count, and tryget's reference is lost"
        reasons["reference_overwritten"] = reason
    whole_block = page in ("slab_tail", "large_kmalloc")
    given_back = freed != "no" and page != "untyped"
    if asks == "handled" and given_back and (caller == "soft_offline" or whole_block):
        reason = "p is given back during the call, and nothing bars it from the allocator"
        reasons["handled_after_all"] = reason
    elif asks == "handled" and given_back and page == "slab" and memory != "sc":
        reason = "the free loads PG_hwpoison before its store to the type has left the buffer"
        reasons["handled_after_all"] = reason
    if reasons:
        return Expected("fail", tuple(reasons), reasons, loops=())
    if asks == "handled" and given_back:
        reason = "p is poisoned before it is given back, and is of order 0, so it never is free"
    elif page == "untyped":
        reason = "p has no type, and no variant finds one"
    else:
        reason = "a type that is seen covers p at that instant, and p never has another"
    return Expected("pass", because=reason, loops=())


@scenario(expect=expected)
def unhandlable(
    *,
    page: Kind = "slab_tail",
    freed: Freed = "freed",
    variant: Variant = "v10",
    caller: WhoAsks = "memory_failure",
    followup: Followup = True,
    panic: Panic = True,
    asks: Asks = "result",
) -> Program:
    """What an operator sees of a page that nobody can handle, which its owner keeps or not.

    page      what p is
    freed     what its owner does meanwhile
    variant   the version of the classifier
    caller    who asks the classifier
    followup  memory_failure() tells -ENOTRECOVERABLE from other errnos
    panic     vm.panic_on_unrecoverable_memory_failure
    asks      what counts as wrong
    """
    mem = Memory()
    block, p, order = make_page(mem, page)
    zone = make_zone(mem, block, check_pages=False, flags_rmw="split")
    call = hwpoison_call(
        mem, zone, p, caller=caller, variant=variant, followup=followup, panic=panic
    )

    def owned(state: State) -> bool:
        return kernel_owned(state, p)

    def nobody_can_handle_it(state: State) -> bool:
        return not handlable(state, p, block, soft_offline=caller == "soft_offline")

    def free(state: State) -> bool:
        return in_free_block(state, p, block)

    def on_lru(state: State) -> bool:
        return state[head_of(state, p).flags].lru

    if asks == "handled":
        cells: list[Cell[Any]] = [p.flags, p.info, *(q.page_type for q in block.pages)]
        watch = mem.watch("kernel-owned during the call", owned, cells)
        threads = {"classify": Thread(handled_after_all, call, watch)}
    else:
        threads = {"classify": Thread(report, call)}
    sometimes = {"nobody can handle p": nobody_can_handle_it}
    if page != "untyped":
        sometimes["p is kernel-owned"] = owned
    if freed != "no":
        threads["owner"] = Thread(give_back, zone, p, page, order, freed)
        sometimes["p is free"] = free
    if freed == "reused":
        sometimes["p is on the LRU"] = on_lru
    return program_about(
        mem, block, p, threads, soft_offline=caller == "soft_offline", sometimes=sometimes
    )


def make_page(mem: Memory, page: Kind) -> tuple[Block, Page, int]:
    """The block, p, and the order of what p is part of."""
    match page:
        case "slab_tail":
            block = make_block(mem, typed("slab", 1))
            return block, block.pages[1], 1
        case "large_kmalloc":
            block = make_block(mem, typed("large_kmalloc", 1), names=("p", "p1"))
            return block, block.pages[0], 1
        case "slab" | "table":
            block = make_block(mem, user(), typed(page))
        case "reserved":
            block = make_block(mem, user(), reserved())
        case "untyped":
            block = make_block(mem, user(), user(lru=False))
    return block, block.pages[1], 0


async def handled_after_all(call: Call, kernel_owned: Watch) -> str:
    """The call; its end is a violation if p was kernel-owned at its start and is handled."""
    async with kernel_owned.window() as seen:
        result = await report(call)
    if seen.sometimes and result in HANDLED:
        raise Violation("handled_after_all", effect=result)
    return result


async def give_back(zone: Zone, p: Page, page: Kind, order: int, freed: Freed) -> None:
    """What p's owner does with it, and who is next."""
    match page:
        case "slab" | "slab_tail":
            await free_slab(zone, zone.block.H if order else p, order)
        case "large_kmalloc":
            await free_large_kmalloc(zone, p, order)
        case "table":
            await free_page_table(zone, p, order)
        case "reserved":
            await free_reserved_page(zone, p)
        case "untyped":
            await folio_put(zone, p, order)  # vfree(): __free_page()
    if freed == "reused":
        folio = await take_filled(zone, order)
        if folio is not None:
            await folio_add_lru(zone, folio)
