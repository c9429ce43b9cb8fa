"""pte_same() compares equal: the swap slot of a page was freed, and taken again by another page.

Question   A fault finds a page in the swap cache, waits for its lock, and maps it if its page table
           entry still names the same slot. Can that map a page that is another process's by then?
Models     page1 is in the swap cache at the slot swap1, which two entries name: `pte`, of a process
           with the threads A and B, and that of another process, C. Four threads:
           A        writes: it cannot have page1 for itself, and gets a copy, page2
           B        reads, at the same address
           C        writes: once nobody else names swap1, it gets page1, and the slot is freed
           kswapd   swaps page2 out, to the slot that is free, swap1; and then page1, to swap2
Source     mm/memory.c do_swap_page() (page_swap_entry(page).val != entry.val), do_wp_page();
           mm/swapfile.c reuse_swap_page() as of then; mm/swap_state.c. Fix: "further fix swapin
           race condition" (2010), whose log has this schedule
Abstract   - A page's slot is PageSwapCache() and page_private() in one cell: None, or the slot.
           - do_swap_page() of A, which maps page1, and do_wp_page(), which copies it, are one.
           - An entry that maps page1 counts as one that names swap1: reuse_swap_page() adds them.
Bound      Each thread comes once. `before` has the first fix, of weeks before: PageSwapCache().

Answer     B may map page1 only while its content is what both processes had.
  before   Fails, with one preemption: B finds page1 at swap1, and does not get its lock. A
           copies page1 to page2. C takes page1 for itself: swap1 is free. kswapd puts page2 at
           swap1, and page1 at swap2. B gets the lock: page1 is in the swap cache. Its entry
           names swap1, as it did. It maps page1, which is C's.
  after    Passes: the slot of page1 is not the one that B came for, so it tries again.
"""

from racer import About, Expected, Memory, Program, State, Thread, Violation, scenario

from .parameters import Fix

ABOUT = About(
    names={
        "pte": "the entry of the process with the threads A and B",
        "page1": "what A, B and C share, then C's",
        "page2": "the copy that A's write gets",
    },
    labels={"wrong_page": "B reads a page of another process"},
    models='mm/memory.c around "further fix swapin race condition" (2010)',
)


def expected(*, fix: Fix) -> Expected:
    if fix == "after":
        return Expected("pass", because="a page that is at another slot is not the one looked for")
    reason = "the entry names the same slot, which has another page by now"
    return Expected("fail", ("wrong_page",), reason, fixed_by={"fix": "after"})


@scenario(expect=expected)
def swapin_aba(*, fix: Fix = "before") -> Program:
    """A read fault on a page of the swap cache whose slot is freed and used for another page.

    fix  the page must be in the swap cache when it is locked; after: at the slot that was faulted
    """
    mem = Memory()
    pte = mem.cell("pte", "swap1")
    names = mem.cell("swap1.names", 2)  # swap_map: entries that name the slot; 0: it is free
    at: dict[str, str | None] = {"page1": "swap1", "page2": None}
    slot = {page: mem.cell(f"{page}.slot", at[page]) for page in at}
    content = mem.cell("page1.content", "shared")
    page1_lock, ptl, swap_lock = mem.lock("page1.lock"), mem.lock("ptl"), mem.lock("swap_lock")

    async def fault(write: bool) -> str:
        """do_swap_page(): of A with a write, of B without."""
        entry = await pte.load()
        if entry != "swap1" or await slot["page1"].load() != entry:  # swap_cache_get_folio()
            return "another fault"
        async with page1_lock:  # folio_lock_or_retry()
            now = await slot["page1"].load()  # folio_test_swapcache(), page_swap_entry()
            if now is None or (fix == "after" and now != entry):
                return "tries again"
            if write and await names.load() > 1:  # do_wp_page(): C's entry names the slot too
                async with ptl:
                    await pte.store("page2")  # wp_page_copy()
                async with swap_lock:
                    await names.fetch_add(-1)  # swap_free()
                return "page2"
            async with ptl:
                if await pte.load() != entry:  # pte_same()
                    return "tries again"
                await pte.store("page1")  # set_ptes()
            if await content.load() != "shared":
                raise Violation("wrong_page")
            return "page1"

    async def parent() -> str:
        """C: do_swap_page() with a write, of its own entry."""
        async with page1_lock:
            if await names.load() > 1:  # reuse_swap_page(): A's and B's entry names the slot too
                return "a copy"
            async with swap_lock:
                await slot["page1"].store(None)  # delete_from_swap_cache()
                await names.store(0)
            await content.store("C's")
        return "page1"

    async def swap_out() -> str:
        """shrink_folio_list() of page2, then of page1."""
        async with swap_lock:
            if await pte.load() != "page2" or await names.load() > 0:
                return "nothing"
            await names.store(1)  # folio_alloc_swap(): the slot is taken
            await slot["page2"].store("swap1")
        async with ptl:
            await pte.store("swap1")  # try_to_unmap()
        async with page1_lock:
            if await slot["page1"].load() is None:
                await slot["page1"].store("swap2")  # add_to_swap()
        return "swapped out"

    def slot_has_another_page(state: State) -> bool:
        return state[slot["page2"]] == state[pte] == "swap1" and state[slot["page1"]] == "swap2"

    return Program(
        mem,
        {
            "A": Thread(fault, True),
            "B": Thread(fault, False),
            "C": Thread(parent),
            "kswapd": Thread(swap_out),
        },
        sometimes={"page2 is at swap1, and page1 at swap2": slot_has_another_page},
        about=ABOUT,
    )
