"""What the patch gives up: a page that its owner gives back after the classifier has looked.

Question   The patched get_any_page() returns at once when p is kernel-owned. Would the kernel
           before the patch have handled p, in the same interleaving?
Models     As unhandlable.py, with one change to the call: the classifier is asked, its
           answer is noted and not heeded. It only loads, so nobody notices that it was asked:
           what follows is what the kernel before the patch makes of the same interleaving, and
           the answer is what the patched one would have gone by.
           classify  memory_failure() or soft_offline_page(), whole
           owner     (freed=freed, reused) gives p back; reused: and it is a user's then
Labels     given_up  the classifier said "kernel-owned", so the patched kernel gives up; and the
                     kernel before the patch had p handled in the end. The effect is that end.
Source     mm/memory-failure.c get_any_page(), before and after the patch
Abstract   The call's own later steps (retries, references) are those of the kernel before.
Bound      One free and one reuse.

Answer
  freed=no   Pass. p stays what it is, and no retry finds it otherwise.
  given back, soft_offline    Fails, for every kind of page. The classifier finds PG_reserved or
             the type; p is freed; the retry loop finds it free: "0". reused: or on the LRU:
             "handled".
  given back, memory_failure  of order 0 (slab, table, reserved): Pass. p is poisoned before the
             classifier is asked, so before its owner begins to free it: it was kernel-owned when
             the classifier looked. A poisoned page of order 0 is kept out of the allocator, so no
             retry finds it free.
             On x86 a slab fails: it has no count whose last put would empty the store buffer, so
             __free_pages_prepare() loads PG_hwpoison while __ClearPageSlab() is still in there. p
             is poisoned after that load, and the classifier finds the type all the same.
             of order 1 (slab_tail, large_kmalloc): Fails: the block is freed without a look at
             PG_hwpoison: "recovered: MF_MSG_BUDDY", or reused: "handled".

Claims     C15 "changes only the errno that soft_offline_page() can pass on": as sets of results
           (unhandlable.py) it does; interleaving by interleaving it also turns an end
           with the page handled into an errno, for whoever gives a page back in time.
"""

from racer import Expected, Memory, Program, State, Thread, Violation, scenario

from .kernel.allocator import make_zone
from .kernel.call import Call, hwpoison_call
from .kernel.memory_failure import handle
from .kernel.pages import in_free_block, kernel_owned, program_about
from .kernel.parameters import RecheckingVersion, WhoAsks
from .unhandlable import HANDLED, Freed, KernelKind, give_back, make_page


def expected(*, page: KernelKind, freed: Freed, caller: WhoAsks, memory: str) -> Expected:
    if freed == "no":
        return Expected("pass", because="p stays what it is", loops=())
    if page == "slab" and caller == "memory_failure" and memory != "sc":
        reason = "the free loads PG_hwpoison before its store to the type has left the buffer"
        return Expected("fail", ("given_up",), reason, loops=())
    if caller == "memory_failure" and page not in ("slab_tail", "large_kmalloc"):
        reason = "p is poisoned before it is given back, and is of order 0, so it never is free"
        return Expected("pass", because=reason, loops=())
    reason = "p is given back after the classifier has looked, and a retry finds it free"
    return Expected("fail", ("given_up",), reason, loops=())


@scenario(expect=expected)
def given_up(
    *,
    page: KernelKind = "slab_tail",
    freed: Freed = "freed",
    variant: RecheckingVersion = "v10",
    caller: WhoAsks = "memory_failure",
) -> Program:
    """Where the patch gives a page up that the kernel before it handled after all.

    page     what p is
    freed    what its owner does meanwhile
    variant  the version of the classifier whose answer is noted
    caller   who asks the classifier
    """
    mem = Memory()
    block, p, order = make_page(mem, page)
    zone = make_zone(mem, block, check_pages=False, flags_rmw="split")
    call = hwpoison_call(mem, zone, p, caller=caller, variant=variant, heeds=False)

    def owned(state: State) -> bool:
        return kernel_owned(state, p)

    def free(state: State) -> bool:
        return in_free_block(state, p, block)

    threads = {"classify": Thread(compare, call)}
    sometimes = {"p is kernel-owned": owned}
    if freed != "no":
        threads["owner"] = Thread(give_back, zone, p, page, order, freed)
        sometimes["p is free"] = free
    return program_about(mem, block, p, threads, sometimes=sometimes)


async def compare(call: Call) -> str:
    """The call of the kernel before the patch; a violation if the patched one had given up."""
    outcome = await handle(call)
    if outcome.ledger.hit and outcome.result in HANDLED:
        raise Violation("given_up", effect=outcome.result)
    return outcome.result
