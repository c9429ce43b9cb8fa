"""/proc/kpagecount asks a folio twice whether it is large, and it is split in between.

Question   kpagecount_read() holds no reference. Can an accessor of the folio find it to be what it
           was not a moment ago, and stop the kernel?
Models     The smallest THP, of order 1: H and its only tail p. Three threads:
           read   folio_precise_page_mapcount() of p; after the fix of a copy of the folio
           split  splits the THP, drops its reference to p, then frees H, which nobody keeps
           put_p  p's user: drops its reference once p is mapped as a page of its own
Kernel     kernel/split.py, allocator.py
Source     fs/proc/page.c kpagecount_read(), fs/proc/internal.h folio_precise_page_mapcount(),
           include/linux/mm.h folio_entire_mapcount(): VM_BUG_ON_FOLIO(!folio_test_large(folio)).
           Fix: snapshot_page() (July 2025, after a report of syzbot's, 3d7dc5ea)
Abstract   Of the folio only PG_head is looked at; counts of mappings are not modelled.
Not        What snapshot_page() does when p is no page of the folio that it has copied: it tries
           again, and after some tries takes p alone.
Bound      One split.

Answer     p.info is loaded: H, or None, p itself.
  before   Fails, with one preemption: the folio is H. folio_test_large() finds PG_head, and goes on
           to folio_entire_mapcount(); the split clears PG_head; the accessor does not find it.
  after    Passes: PG_head is loaded once, into the copy, and every accessor looks at that.
"""

from racer import About, Expected, Memory, Program, State, Thread, Violation, scenario

from ..kernel.allocator import make_zone
from ..kernel.pages import compound_head, make_block, program_about, user
from ..kernel.split import make_mapping, split, zap
from .parameters import Fix

ABOUT = About(
    names={"p": "the page that is counted, a tail of H", "H": "the head of a THP"},
    labels={"bug_on": "VM_BUG_ON_FOLIO() in folio_entire_mapcount(): the folio is not large"},
    models="fs/proc/page.c and internal.h before snapshot_page() (July 2025)",
)


def expected(*, fix: Fix) -> Expected:
    if fix == "after":
        return Expected("pass", because="a copy does not change between two looks at it")
    reason = "the folio is split between the test and the accessor, which tests again"
    return Expected("fail", ("bug_on",), reason, fixed_by={"fix": "after"})


@scenario(expect=expected)
def kpagecount(*, fix: Fix = "before") -> Program:
    """/proc/kpagecount of a tail of a THP, against its split.

    fix  accessors look at the folio; after: at a copy of it
    """
    mem = Memory()
    block = make_block(mem, user(order=1))
    zone = make_zone(mem, block, check_pages=False, flags_rmw="split")
    H, p = block.pages
    pte = make_mapping(mem, p)

    async def read() -> str:
        """folio_precise_page_mapcount() of page_folio(page)."""
        folio = await compound_head(p)  # page_folio(): READ_ONCE(page->compound_head)
        large = (await folio.flags.load()).head  # folio_test_large(); after: memcpy()
        if not large:
            return "small"
        if fix == "before":  # folio_entire_mapcount(): VM_BUG_ON_FOLIO(!folio_test_large(folio))
            large = (await folio.flags.load()).head
        if not large:
            raise Violation("bug_on")
        return "large"

    def split_apart(state: State) -> bool:
        return not state[H.flags].head and state[p.info] is None

    return program_about(
        mem,
        block,
        p,
        {
            "read": Thread(read),
            "split": Thread(split, zone, 0, pte),
            "put_p": Thread(zap, zone, pte),
        },
        sometimes={"H and p are folios of their own": split_apart},
        about=ABOUT,
    )
