"""GUP-fast pins a page under a page table that khugepaged is collapsing.

Question   Can GUP-fast return a page that khugepaged has copied into a huge page already, so that
           whoever pinned it reads and writes what the process does not have mapped any more?
Models     P, a page that is mapped by the one entry of a page table. Two threads:
           gup       pins P by way of the page table, without a lock
           collapse  khugepaged: takes the PMD away, copies P if nobody else has a reference to it,
                     and puts a huge page in the PMD's place
Source     mm/gup.c gup_fast_pte_range(); mm/khugepaged.c collapse_huge_page(),
           __collapse_huge_page_isolate(), __collapse_huge_page_copy(). Fix: 70cbc3cc78a9 (2022)
Abstract   - One entry stands for the 512, and one reference for those of mapping and isolation.
           - "huge" in the PMD is the copy. P's last reference frees it; it is not used again.
Not        The IPI of a TLB flush, which held GUP-fast off where the architecture sends one.
Bound      One collapse, one pin, which is kept.

Answer     P is stale once the PMD is the huge page: no reference to it may be left then.
  before   Fails, with one preemption, of the collapse: gup's interrupts are off, so it keeps its
           CPU. gup loads the PMD and the entry. The collapse takes the PMD away, and finds P with
           one reference: nobody has pinned it. gup pins P, and loads the entry again, which is as
           it was, as the collapse clears it after that. It has P, and the collapse goes on. (If gup
           comes back only when the collapse is over, P has no reference.)
  after    Passes: gup loads the PMD again when it holds its reference. If the PMD is there, it
           had not been taken when the reference was there, so that the collapse counts it, and
           puts the PMD back. If not, or if it is the huge page, gup puts its reference.
"""

from racer import About, Expected, Memory, Program, State, Thread, atomic, scenario

from .parameters import Fix

ABOUT = About(
    names={"pmd": "the PMD entry over P's page table", "P": "the small page that is copied"},
    labels={"stale_pin": "GUP-fast has pinned a page that is not mapped any more"},
    models="mm/gup.c and mm/khugepaged.c around 70cbc3cc78a9",
)


def expected(*, fix: Fix) -> Expected:
    if fix == "after":
        return Expected("pass", because="who takes the PMD away and who pins P see each other")
    reason = "the entry is as it was until the collapse is almost over: only the PMD tells"
    return Expected("fail", ("stale_pin",), reason, fixed_by={"fix": "after"})


@scenario(expect=expected)
def gup_fast(*, fix: Fix = "before") -> Program:
    """GUP-fast against the collapse of its page table into a huge page.

    fix  GUP-fast looks at the entry again when it has its reference; after: at the PMD too
    """
    mem = Memory()
    pmd = mem.cell("pmd", "table")
    pte = mem.cell("P.pte", "P")
    refs = mem.refcount("P.refs", 1, most=2)

    async def gup() -> str:
        """gup_fast()."""
        async with atomic():  # local_irq_save(), local_irq_restore()
            return await pin()

    async def pin() -> str:
        """gup_fast_pte_range()."""
        table = await pmd.load()  # gup_fast_pmd_range(): pmdp_get_lockless()
        if table != "table":
            return "slow path"
        entry = await pte.load()  # ptep_get_lockless()
        if entry != "P":
            return "slow path"
        if not await refs.get_unless_zero():  # try_grab_folio_fast()
            return "slow path"
        moved = fix == "after" and await pmd.load() != table  # pmd_val(pmd) != pmd_val(*pmdp)
        if moved or await pte.load() != entry:  # pte_val(pte) != pte_val(ptep_get(ptep))
            await refs.dec_and_test()  # gup_put_folio()
            return "slow path"
        return "pinned"

    async def collapse() -> str:
        """collapse_huge_page()."""
        await pmd.swap("none")  # pmdp_collapse_flush(): pmdp_huge_get_and_clear(), an xchg()
        if await refs.load() != 1:  # __collapse_huge_page_isolate(): folio_ref_count()
            await pmd.store("table")  # pmd_populate()
            return "given up"
        await pte.store("none")  # __collapse_huge_page_copy(): the copy, then ptep_clear()
        await refs.dec_and_test()  # free_folio_and_swap_cache()
        await pmd.store("huge")  # set_pmd_at()
        return "collapsed"

    def nobody_has_what_was_copied(state: State) -> bool:
        return state[pmd] != "huge" or state[refs] == 0

    def pinned_beside_no_pmd(state: State) -> bool:
        return state[pmd] == "none" and state[refs] == 2

    return Program(
        mem,
        {"gup": Thread(gup), "collapse": Thread(collapse)},
        finally_={"stale_pin": nobody_has_what_was_copied},
        sometimes={"P is pinned while its PMD is away": pinned_beside_no_pmd},
        about=ABOUT,
    )
