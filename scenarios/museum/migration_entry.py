"""A migration entry says that its page is locked: it does not look so while the THP is split.

Question   Whoever finds a migration entry takes the folio that the entry names to be locked, and
           stops the kernel if it is not. Can it look unlocked while it is?
Models     A locked THP on H whose tail p has a migration entry, as while it is split. Two threads:
           fault  under the page table lock: finds the entry, and looks whether p's folio is locked
           split  gives p the flags of H, makes it a folio of its own, puts a present entry in the
                  place of the migration entry, and unlocks p
Source     include/linux/swapops.h swap_entry_migration_sync() (6.12.y; upstream it is
           softleaf_to_folio()); mm/huge_memory.c __split_huge_page_tail() (upstream it is
           __split_folio_to_order()), remap_page(). Fix: 4c5e7f0fcd59 (2026)
Abstract   - Of the flags only PG_locked is there. The store of p's flags is that of `flags |= ...`.
           - compound_head() of what is no tail is the page itself: two addresses, and a branch
             between them, as a compiler may make it. So the load of the flags is at either of
             two places, and no address of it is computed from what was loaded.
Bound      One split, one fault.

Answer     p.info is loaded, and by that the flags of H or of p. H stays locked, and p's flags have
           PG_locked before p.info is cleared; the entry goes before p is unlocked.
  before   Passes under sc and tso, where loads keep their order. Fails under arm64 and lkmm: the
           address of p's flags does not come from p.info, it is what a branch on p.info leaves
           (include/linux/page-flags.h _compound_head()), and a branch orders no load. So p's flags
           may be loaded first: unlocked; then p.info: cleared. The split has smp_wmb() between its
           two stores; nothing here stands against it.
  after    Passes: smp_rmb() keeps the two loads in their order.
"""

from racer import About, Expected, Memory, Program, State, Thread, Violation, fence, scenario

from .parameters import Fix

ABOUT = About(
    names={"H": "the head of the THP, locked", "p": "a tail with a migration entry"},
    labels={"bug_on": "the folio of a migration entry looks unlocked: BUG_ON()"},
    models="include/linux/swapops.h around 4c5e7f0fcd59",
)


def expected(*, fix: Fix, memory: str) -> Expected:
    if fix == "before" and memory in ("arm64", "lkmm"):
        reason = "p's flags are loaded before p.info, of which only a branch comes between"
        return Expected("fail", ("bug_on",), reason, fixed_by={"fix": "after"})
    return Expected("pass", because="p's flags are loaded after p.info")


@scenario(expect=expected)
def migration_entry(*, fix: Fix = "before") -> Program:
    """A fault on a migration entry, against the split of the THP that it names a tail of.

    fix  nothing between the loads of the folio and of its flags; after: smp_rmb()
    """
    mem = Memory()
    h_locked = mem.cell("H.locked", True)
    p_locked = mem.cell("p.locked", False)
    info = mem.cell("p.info", "H")
    pte = mem.cell("p.pte", "migration")
    ptl = mem.lock("ptl", atomic=True)

    async def fault() -> str:
        """pfn_swap_entry_folio(), of whoever holds the page table lock."""
        async with ptl:
            if await pte.load() != "migration":
                return "present"
            head = await info.load()  # page_folio(): READ_ONCE(page->compound_head)
            if fix == "after":
                await fence("rmb")  # smp_rmb()
            if head == "H":  # if (head & 1) return head - 1;
                locked = await h_locked.load()
            else:  # return page;
                locked = await p_locked.load()
            if not locked:  # BUG_ON(!folio_test_locked(folio))
                raise Violation("bug_on")
            return "waits"

    async def split() -> None:
        """__split_huge_page_tail() of p, remap_page(), and the unlock of the new folio."""
        await p_locked.store(True, "plain")  # page_tail->flags |= head->flags & ...
        await fence("wmb")  # smp_wmb()
        await info.store("p")  # clear_compound_head()
        async with ptl:
            await pte.store("p")  # remap_page(): set_pte_at()
        await p_locked.store(False, "release")  # folio_unlock()

    def own_folio_of_a_migration_entry(state: State) -> bool:
        return state[info] == "p" and state[pte] == "migration"

    def unlocked_again(state: State) -> bool:
        return state[info] == "p" and not state[p_locked]

    return Program(
        mem,
        {"fault": Thread(fault), "split": Thread(split)},
        sometimes={
            "p is a folio of its own, and has a migration entry": own_folio_of_a_migration_entry,
            "p is unlocked": unlocked_again,
        },
        about=ABOUT,
    )
