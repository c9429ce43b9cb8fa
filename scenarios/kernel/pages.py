"""struct page as independent cells: one aligned block of 2 or 4 of them, and how it starts out.

Models     page->flags (one word, so one cell), page->page_type, page->compound_info (formerly
           compound_head; `info` here), page->_refcount, page->private. Each is one cell, and
           nothing but what a thread does orders two of them. The order of a compound page lies
           in the word of page[1] (_flags_1), beside that page's own PG_hwpoison.
           How a count is frozen, and what that makes of its operations, is in refcount.py.
Not        mapping, index, rmap, memcg; the storage that page_type shares with _mapcount; the other
           bits of page->flags (plain updates of them are kept: they write back the rest).
Source     include/linux/page-flags.h, include/linux/mm_types.h, include/linux/mm.h
           folio_large_order(), mm/internal.h folio_set_order()
Truth      kernel_owned(), handlable(). They read p's block off the pages' own state: at every
           instant the block p really belongs to is the one whose head p.info names at that same
           instant. That holds because every store to info is made while the block carries no
           type (split, free and allocation all do it so), hence a type on a head covers
           exactly the pages whose info names that head: a slab of order 0 on H does not cover
           p, whose info is then clear; one of order 1 does. No ghost cell is needed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from racer import About, Cell, Memory, Program, State, Thread

from .about import about_page
from .parameters import FrozenAs
from .refcount import FROZEN, make_count

PageType = Literal["none", "buddy", "slab", "table", "large_kmalloc", "offline", "zsmalloc"]

KERNEL_TYPES: tuple[PageType, ...] = ("slab", "table", "large_kmalloc")


@dataclass(frozen=True, slots=True)
class Flags:
    """The modelled bits of page->flags: one word, loaded and stored as a whole."""

    reserved: bool = False
    head: bool = False
    lru: bool = False
    hwpoison: bool = False
    movable_ops: bool = False
    reported: bool = False  # of a free block, to the hypervisor
    order: int = 0  # _flags_1, bits 0 to 7: of the compound page whose page[1] this is

    def __repr__(self) -> str:
        names = ("reserved", "head", "lru", "hwpoison", "movable_ops", "reported")
        shown = [name for name in names if getattr(self, name)]
        return "|".join(shown + [f"order={self.order}"] * (self.order > 0)) or "0"


@dataclass(frozen=True, eq=False, slots=True)
class Page:
    """One struct page. Its address is the object itself, so a cell can hold it."""

    name: str
    pfn: int  # the page frame number, counted from the first page of the block
    flags: Cell[Flags]
    page_type: Cell[PageType]
    info: Cell["Page | None"]  # the head, for a tail page; None for any other page
    refs: Cell[int]
    private: Cell[int]  # the order, while the page heads a free block
    frozen: int  # the count of a page that is free, or frozen for another reason

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """2 or 4 pages, naturally aligned: all the memory there is. `H` is the first of them."""

    pages: tuple[Page, ...]

    @property
    def H(self) -> Page:
        return self.pages[0]

    @property
    def order(self) -> int:
        return len(self.pages).bit_length() - 1

    @property
    def cells(self) -> list[Cell[Any]]:
        """Every cell of every page, for a watch of what is true of one of them."""
        return [c for q in self.pages for c in (q.flags, q.page_type, q.info, q.refs, q.private)]

    def __repr__(self) -> str:
        return "block"


# How a block starts out: what it is used for, lowest page first.


@dataclass(frozen=True, slots=True)
class Use:
    """What the next 2**order pages are when the program starts."""

    order: int = 0
    page_type: PageType = "none"
    refs: int = 0
    lru: bool = False
    reserved: bool = False
    movable_ops: bool = False
    reported: bool = False


def user(order: int = 0, *, refs: int = 1, lru: bool = True) -> Use:
    """A user's folio: a page of its own, or of an order above 0 a THP."""
    return Use(order, refs=refs, lru=lru)


def typed(page_type: PageType, order: int = 0) -> Use:
    """A slab or large kmalloc, frozen; or a page table, with its one reference."""
    return Use(order, page_type, refs=1 if page_type == "table" else 0)


def free(order: int = 0, *, reported: bool = False) -> Use:
    """A block on the free list of its order; page_reporting_cycle() may have reported it."""
    return Use(order, "buddy", reported=reported)


def reserved() -> Use:
    """A page the page allocator never had: PG_reserved, one reference."""
    return Use(refs=1, reserved=True)


def movable(page_type: Literal["offline", "zsmalloc"]) -> Use:
    """A page that migrates by movable_ops: no folio of the LRU, one reference."""
    return Use(page_type=page_type, refs=1, movable_ops=True)


def make_block(
    mem: Memory, *uses: Use, names: tuple[str, ...] = (), frozen_as: FrozenAs = "zero"
) -> Block:
    """The block whose pages are used so. Two pages are H and p unless `names` say otherwise.

    Errors   ValueError when the uses do not fill 2 or 4 pages, each at a multiple of its size,
             or a free block has a free buddy: no allocator leaves memory so.
    """
    size = sum(1 << use.order for use in uses)
    if size not in (2, 4):
        raise ValueError(f"the uses {uses} fill {size} pages: a block has 2 or 4.")
    names = names or (("H", "p") if size == 2 else ("H", "p1", "p2", "p3"))
    pages: list[Page] = []
    for use in uses:
        first = len(pages)
        if first % (1 << use.order):
            raise ValueError(f"{use} cannot start at page {first}: it is not aligned.")
        _refuse_unmerged(pages, use)
        head: Page | None = None
        for pfn in range(first, first + (1 << use.order)):
            page = _make_page(mem, names[pfn], pfn, use, first, head, frozen_as)
            head = head or page
            pages.append(page)
    return Block(tuple(pages))


def _refuse_unmerged(pages: list[Page], use: Use) -> None:
    buddy = len(pages) ^ (1 << use.order)
    if use.page_type == "buddy" and buddy < len(pages):
        left = pages[buddy]
        if left.page_type.initial == "buddy" and left.private.initial == use.order:
            raise ValueError(f"{use} has a free buddy: the two would have been merged.")


def _make_page(
    mem: Memory,
    name: str,
    pfn: int,
    use: Use,
    first: int,
    head: Page | None,
    frozen_as: FrozenAs,
) -> Page:
    is_first, is_free = pfn == first, use.page_type == "buddy"
    compound = use.order > 0 and not is_free
    untyped: PageType = "none"
    flags = Flags(
        reserved=use.reserved,
        head=compound and is_first,
        lru=use.lru and is_first,
        movable_ops=use.movable_ops,
        reported=use.reported and is_first,
        order=use.order if compound and pfn == first + 1 else 0,
    )
    return Page(
        name=name,
        pfn=pfn,
        flags=mem.cell(f"{name}.flags", flags),
        page_type=mem.cell(f"{name}.page_type", use.page_type if is_first else untyped),
        info=mem.cell(f"{name}.info", head if compound else None),
        refs=make_count(mem, f"{name}.refs", use.refs if is_first else 0, frozen_as),
        private=mem.cell(f"{name}.private", use.order if is_free and is_first else 0),
        frozen=FROZEN[frozen_as],
    )


async def compound_head(page: Page) -> Page:
    """compound_head(): READ_ONCE(page->compound_info), and the page itself if it is no tail."""
    return await page.info.load() or page


# What flag operations make of the word. Every bit not named is carried over as it was loaded.


def with_hwpoison(flags: Flags) -> Flags:
    return replace(flags, hwpoison=True)


def with_lru(flags: Flags) -> Flags:
    return replace(flags, lru=True)


def without_lru(flags: Flags) -> Flags:
    return replace(flags, lru=False)


def with_head(flags: Flags) -> Flags:
    return replace(flags, head=True)


def without_reported(flags: Flags) -> Flags:
    return replace(flags, reported=False)


def without_head(flags: Flags) -> Flags:
    return replace(flags, head=False)


def without_check_at_prep(flags: Flags) -> Flags:
    """flags & ~PAGE_FLAGS_CHECK_AT_PREP: every modelled bit goes, but PG_hwpoison."""
    return Flags(hwpoison=flags.hwpoison)


def without_second(flags: Flags) -> Flags:
    """flags & ~PAGE_FLAGS_SECOND: the order goes, and PG_has_hwpoisoned and the like."""
    return replace(flags, order=0)


def with_order_1(flags: Flags) -> Flags:
    return replace(flags, order=1)


def with_order_2(flags: Flags) -> Flags:
    return replace(flags, order=2)


WITH_ORDER: dict[int, Callable[[Flags], Flags]] = {1: with_order_1, 2: with_order_2}


def other_bits(flags: Flags) -> Flags:
    """A change of bits that are not modelled: the others are written back as they were loaded."""
    return flags


# Truth and sanity, over a state.


def head_of(state: State, page: Page) -> Page:
    """The head of the block the page really belongs to now; the page itself if it is no tail."""
    return state[page.info] or page


def kernel_owned(state: State, page: Page) -> bool:
    """PG_reserved, or the block the page really belongs to has one of the three types now."""
    return state[page.flags].reserved or state[head_of(state, page).page_type] in KERNEL_TYPES


def handlable(state: State, page: Page, block: Block, *, soft_offline: bool = False) -> bool:
    """What HWPoisonHandlable() would say of this one instant.

    Source   mm/memory-failure.c HWPoisonHandlable(), mm/page_alloc.c is_free_buddy_page()
    """
    head = head_of(state, page)
    if state[head.page_type] == "slab":
        return False
    movable_ops = state[head.flags].movable_ops  # page_has_movable_ops()
    if soft_offline and movable_ops and state[page.page_type] in ("offline", "zsmalloc"):
        return True
    return state[head.flags].lru or in_free_block(state, page, block)


def truth_of_page(
    page: Page, block: Block, *, soft_offline: bool = False
) -> dict[str, Callable[[State], str]]:
    """For a Program's `shows`: what the page is at an instant; limbo is none of the others."""

    def truth(state: State) -> str:
        if kernel_owned(state, page):
            return "kernel-owned"
        return "handlable" if handlable(state, page, block, soft_offline=soft_offline) else "limbo"

    return {page.name: truth}


def in_free_block(state: State, page: Page, block: Block) -> bool:
    """is_free_buddy_page() of one instant: some aligned page below it heads a free block over it.

    The loop over the orders is the C's; where an earlier page is no buddy it goes on to the next.
    """
    for order in range(block.order + 1):
        first = block.pages[page.pfn & ~((1 << order) - 1)]
        if state[first.page_type] == "buddy" and state[first.private] >= order:
            return True
    return False


def page_model(block: Block) -> dict[str, Callable[[State], bool]]:
    """What every state of a faithful model keeps, named by what its breach would be.

    In between they allow all that a modelled step passes through:
    - PG_head without tails (prep_compound_page() sets it first; split and free clear it last);
    - tails without an order (prep sets it last, free and split clear it first), and an order
      that is too large (a split to an order above 0 lowers it last): the order is held to the
      tails only while the folio is in use, that is referenced or of a kernel type;
    - a page that is neither free, nor referenced, nor typed (limbo; and for good, if a poisoned
      page is kept out of the allocator or a block with one is dropped).
    """
    pages = block.pages

    def extent(state: State, head: Page) -> list[Page]:
        order = state[pages[head.pfn + 1].flags].order if state[head.flags].head else 0
        return list(pages[head.pfn : head.pfn + (1 << order)])

    def typed_page_has_no_lru(state: State) -> bool:
        return not any(state[q.flags].lru and state[q.page_type] != "none" for q in pages)

    def buddy_page_is_not_compound(state: State) -> bool:
        free_heads = [q for q in pages if state[q.page_type] == "buddy"]
        return not any(state[q.flags].head or state[q.info] is not None for q in free_heads)

    def head_of_a_tail_has_pg_head(state: State) -> bool:
        heads = [state[q.info] for q in pages]
        return all(
            state[head.flags].head and state[head.info] is None
            for head in heads
            if head is not None
        )

    def tail_is_only_a_tail(state: State) -> bool:
        return not any(
            state[q.refs] > 0 or state[q.flags].lru or state[q.flags].head
            for q in pages
            if state[q.info] is not None
        )

    def folio_in_use_has_its_tails(state: State) -> bool:
        for head in pages:
            if state[head.refs] > 0 or state[head.page_type] in KERNEL_TYPES:
                tails = [q for q in pages if state[q.info] is head]
                if [head, *tails] != extent(state, head):
                    return False
        return True

    def free_pages_belong_to_one_block(state: State) -> bool:
        for head in pages:
            if state[head.page_type] == "buddy":
                size = 1 << state[head.private]
                covered = pages[head.pfn : head.pfn + size]
                if head.pfn % size or len(covered) != size:
                    return False
                if any(_is_used(state, q) for q in covered):
                    return False
                if any(state[q.page_type] != "none" for q in covered[1:]):
                    return False
        return True

    def frozen_page_has_no_references(state: State) -> bool:
        frozen = [q for q in pages if state[q.page_type] in ("slab", "large_kmalloc")]
        return all(state[q.refs] == q.frozen for q in frozen)

    return {
        "typed_page_on_lru": typed_page_has_no_lru,
        "compound_buddy_page": buddy_page_is_not_compound,
        "tail_of_no_head": head_of_a_tail_has_pg_head,
        "tail_in_use_by_itself": tail_is_only_a_tail,
        "order_is_not_the_tails": folio_in_use_has_its_tails,
        "page_in_two_blocks": free_pages_belong_to_one_block,
        "frozen_page_with_references": frozen_page_has_no_references,
    }


def _is_used(state: State, page: Page) -> bool:
    """What no page of a free block may be: of a folio, referenced, on the LRU, reserved."""
    flags = state[page.flags]
    part = flags.head or state[page.info] is not None
    return part or state[page.refs] > 0 or flags.lru or flags.reserved


# What every question about a page ends with.


def program_about(
    mem: Memory,
    block: Block,
    p: Page,
    threads: Mapping[str, Thread],
    *,
    invariants: Mapping[str, Callable[[State], bool]] | None = None,
    sometimes: Mapping[str, Callable[[State], bool]],
    soft_offline: bool = False,
    about: About | None = None,
) -> Program:
    """The threads over p's block: held to the page model, and shown with the truth of p.

    invariants, sometimes   as a Program's
    soft_offline            the truth is what soft_offline_page() would say of p
    about                   words for a mail, where it is not about the classifier
    """
    return Program(
        mem,
        threads,
        invariants=invariants or {},
        consistency=page_model(block),
        shows=truth_of_page(p, block, soft_offline=soft_offline),
        sometimes=sometimes,
        about=about or about_page(block, p),
    )
