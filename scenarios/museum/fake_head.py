"""A reference is taken in a struct page that has become read-only: HVO against a PFN walker.

Question   HVO maps the struct pages of a hugetlb folio's tails to the one page that holds its
           head's, read-only. Can a walker that tries to get a reference to a tail write there?
Models     One struct page of a tail, as it is seen at its address. Two threads:
           hvo   remaps it, so that it shows what the head holds (a fake head), and then ends the
                 freeze of the head's references, which show there too
           walk  get_page_unless_zero(): not a fake head, and there are references? Then one more
Source     include/linux/page_ref.h page_ref_add_unless();
           include/linux/page-flags.h page_is_fake_head();
           mm/hugetlb_vmemmap.c vmemmap_remap_pte(). Fix: "mm/hugetlb_vmemmap: fix memory loads
           ordering" (January 2025)
Abstract   - `refs` is what is at the address: 0, as a tail has none; 0 when it is remapped, as the
             head's are frozen; then 1, the head's.
           - Whether the page is a fake head is one load of the mapping; in the C it is what
             page[1] holds at its address.
           - The walker comes after synchronize_rcu(): those before it are over.
Bound      One remapping, one walker.

Answer     What the walker writes to is read-only if it was remapped.
  before   Fails, with one preemption: no fake head; hvo remaps and unfreezes; there are
           references, of the head; one is added where nothing may be written.
  swapped  (in the right order, without a barrier) Passes under sc and tso, where loads keep their
           order: references are there only once hvo has remapped, and then it is a fake head.
           Fails under arm64 and lkmm: the second load may come first, and then it is as `before`.
  after    Passes: the count is read with acquire, so the second load is after it.
"""

from typing import Annotated, Literal

from racer import (
    About,
    Configured,
    Expected,
    Meanings,
    Memory,
    Program,
    State,
    Thread,
    Violation,
    WhatIf,
    scenario,
)

Fix = Annotated[
    Literal["before", "swapped", "after"],
    Configured(),
    WhatIf("swapped"),
    Meanings(
        {
            "before": "the kernel before the fix: is it a fake head, then the count",
            "swapped": "the count, then is it a fake head",
            "after": "the kernel with it: the count with acquire, then is it a fake head",
        }
    ),
]

ABOUT = About(
    names={"page": "the struct page of a tail of a hugetlb folio, as it is seen at its address"},
    labels={"writes_read_only": "a reference is taken in a struct page that is read-only"},
    models="include/linux/page_ref.h and mm/hugetlb_vmemmap.c before January 2025",
)


def expected(*, fix: Fix, memory: str) -> Expected:
    if fix == "swapped" and memory in ("arm64", "lkmm"):
        reason = "whether it is a fake head is loaded before the count, although it stands after it"
        return Expected("fail", ("writes_read_only",), reason, fixed_by={"fix": "after"})
    if fix != "before":
        return Expected("pass", because="references show once the page is a fake head")
    reason = "it becomes a fake head after that was asked, and before the count is read"
    return Expected("fail", ("writes_read_only",), reason, fixed_by={"fix": "after"})


@scenario(expect=expected)
def fake_head(*, fix: Fix = "before") -> Program:
    """A speculative reference to a tail of a hugetlb folio while HVO remaps its struct page.

    fix  in which order the walker asks, and whether the order is kept
    """
    mem = Memory()
    mapping = mem.cell("page.mapping", "own")
    refs = mem.cell("page.refs", 0)

    async def is_fake_head() -> bool:
        """page_is_fake_head()."""
        return await mapping.load() == "read-only"

    async def walk() -> str:
        """page_ref_add_unless(page, 1, 0)."""
        if fix == "before":
            if await is_fake_head() or await refs.load() == 0:  # page_ref_count(page) != u
                return "no reference"
        else:
            count = await refs.load("acquire" if fix == "after" else "once")
            if count == 0 or await is_fake_head():
                return "no reference"
        if await mapping.load() == "read-only":  # atomic_add_unless(): the write
            raise Violation("writes_read_only")
        return "reference"

    async def hvo() -> None:
        """__hugetlb_vmemmap_optimize_folio()."""
        await mapping.store("read-only")  # vmemmap_remap_pte(): set_pte_at()
        await refs.store(1, "release")  # page_ref_unfreeze() of the head

    def shows_the_heads(state: State) -> bool:
        return state[mapping] == "read-only" and state[refs] == 1

    return Program(
        mem,
        {"walk": Thread(walk), "hvo": Thread(hvo)},
        sometimes={"the page shows the references of the head": shows_the_heads},
        about=ABOUT,
    )
