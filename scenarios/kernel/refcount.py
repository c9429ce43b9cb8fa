"""page->_refcount: what takes references, puts and freezes them, one kernel step a line.

Models     A count that is frozen as 0, as in Linux 6.12; or by a bit, as a series of 2026 has it
           ("mm: implement page refcount locking via dedicated bit", v3 of 4 June 2026):
             zero  0 is frozen: a page that is free, a folio that is split, a slab. folio_try_get()
                   adds 1 unless the count is 0; the last put is one step.
             bit   PAGEREF_FROZEN_BIT is frozen, and 0 is a count that nobody has a reference to.
                   folio_try_get() adds 1 whatever it finds, and looks afterwards whether the bit
                   was there. The last put is two steps: it subtracts 1, and if that leaves 0, it
                   freezes the count, unless that is 0 no more. Who freezes it frees the folio.
Abstract   - What a folio_try_get() that finds the bit has added stays in the count, under the bit.
             That is left out: page_ref_count() is 0 of any count with the bit, a compare-and-swap
             from 0 or 1 fails on it, and set_page_refcounted() and folio_ref_unfreeze() store over
             it.
           - The count of a tail, and of a page that the allocator never gave out, has the bit, too.
             Whether set_page_count(page, 0) leaves it so was asked in the review of the series;
             were it not so, folio_try_get() would get what is a page by itself no more.
Source     include/linux/page_ref.h page_ref_dec_and_test(), page_ref_add_unless_zero(),
           page_ref_freeze(), page_ref_unfreeze(); include/linux/mm.h put_page_testzero();
           mm/internal.h set_page_refcounted()

Answer     No verdict, label or result differs, only the number of interleavings. While the count is
           0 without the bit, somebody has yet to come to his compare-and-swap. If folio_try_get()
           gets a reference by then, it is as if it had come before that put, which then was not the
           last: the folio is as it was, and whoever puts the last reference later frees it. If
           that is put before the compare-and-swap, two of these are due, and who is first frees:
           as if his put had been the later. So nobody frees a folio that somebody has a reference
           to, and one frees what nobody has one to. Who loads the count meanwhile finds 0, as of a
           frozen one; and of whom has no reference only calls under mf_mutex look at a count, one
           at a time, and not while they have got one.
"""

from typing import TYPE_CHECKING

from racer import Cell, Memory, Refcount, Violation

from .parameters import FrozenAs

if TYPE_CHECKING:
    from .pages import Page

MOST_REFS = 5  # no faithful program comes so far: one that goes past it is a ModelError

FROZEN: dict[FrozenAs, int] = {"zero": 0, "bit": -(1 << 31)}  # PAGEREF_FROZEN_BIT: BIT(31)


def make_count(mem: Memory, name: str, refs: int, frozen_as: FrozenAs) -> Cell[int]:
    """A count of so many references; of none it is frozen."""
    if frozen_as == "zero":
        return mem.refcount(name, refs, most=MOST_REFS)
    bit = FROZEN[frozen_as]
    return mem.cell(name, refs or bit, values=(bit, bit + 1, *range(MOST_REFS + 1)))


async def folio_get(folio: "Page") -> None:
    """folio_get(): one more reference, by whom has one."""
    if isinstance(folio.refs, Refcount):
        await folio.refs.inc()  # atomic_inc()
    else:
        await folio.refs.update(one_more, "relaxed")  # atomic_inc()


async def folio_try_get(folio: "Page") -> bool:
    """folio_try_get(): one more reference, unless there is none (free) or it is frozen."""
    if isinstance(folio.refs, Refcount):
        return await folio.refs.get_unless_zero()  # page_ref_add_unless_zero()
    return await folio.refs.update(one_more_unless_frozen, "full") >= 0  # atomic_add_return()


async def put_page_testzero(page: "Page") -> bool:
    """put_page_testzero(): one reference less; True of the last, which freezes the count."""
    if isinstance(page.refs, Refcount):
        return await page.refs.dec_and_test("full")  # atomic_dec_and_test()
    if await page.refs.update(one_less, "full") != 1:  # atomic_dec_and_test()
        return False
    return await page.refs.compare_exchange(0, page.frozen, "relaxed") == 0  # atomic_cmpxchg()


async def folio_ref_freeze(folio: "Page") -> bool:
    """folio_ref_freeze(folio, 1): True if the one reference is ours."""
    return await folio.refs.compare_exchange(1, folio.frozen) == 1  # atomic_cmpxchg()


async def folio_ref_unfreeze(folio: "Page") -> None:
    """folio_ref_unfreeze(folio, 1)."""
    await folio.refs.store(1, "release")  # atomic_set_release()


async def set_page_refcounted(page: "Page") -> None:
    """set_page_refcounted()."""
    await page.refs.store(1)  # set_page_count(page, 1)


async def page_ref_count(page: "Page") -> int:
    """page_ref_count(): 0 of a count that is frozen."""
    return max(await page.refs.load(), 0)  # atomic_read()


async def page_ref_inc(page: "Page") -> None:
    """page_ref_inc() of a page that was taken off its free list: frozen it stays."""
    await page.refs.fetch_add(1, "relaxed")  # atomic_inc()


def one_more(count: int) -> int:
    if count <= 0:
        raise Violation("use after free", "inc of a count that is 0 or frozen")
    return count + 1


def one_more_unless_frozen(count: int) -> int:
    return count if count < 0 else count + 1


def one_less(count: int) -> int:
    if count <= 0:
        raise Violation("use after free", "dec of a count that is 0 or frozen")
    return count - 1
