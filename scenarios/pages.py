"""struct page as independent cells, and what is true of a page.

Models     page->flags (one word, so one cell), page->page_type, page->compound_info (formerly
           compound_head; `info` here), page->_refcount, page->private. Each is one cell, and
           nothing but what a thread does orders two of them.
Not        mapping, index, rmap, memcg; the storage that page_type shares with _mapcount.
Source     include/linux/page-flags.h, include/linux/mm_types.h
Truth      kernel_owned(). It reads p's block off the pages' own state: at every instant the
           block p really belongs to is the one whose head p.info names at that same instant.
           That holds because every store to info is made while the block carries no type
           (split, free and allocation all do it so), hence a type on a head covers
           exactly the pages whose info names that head: a slab of order 0 on H does not cover
           p, whose info is then clear; one of order 1 does. No ghost cell is needed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import Literal

from racer import Cell, Memory, State

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

    def __repr__(self) -> str:
        names = [field.name for field in fields(self) if getattr(self, field.name)]
        return "|".join(names) or "0"


@dataclass(frozen=True, eq=False, slots=True)
class Page:
    """One struct page. Its address is the object itself, so a cell can hold it."""

    name: str
    flags: Cell[Flags]
    page_type: Cell[PageType]
    info: Cell["Page | None"]  # the head, for a tail page; None for any other page
    refs: Cell[int]
    private: Cell[int]  # the order, while the page heads a free block

    def __repr__(self) -> str:
        return self.name


def make_page(mem: Memory, name: str, flags: Flags, head: Page | None, refs: int) -> Page:
    """A page without a type, so a user's page: a tail of `head`, or a page of its own."""
    untyped: PageType = "none"
    return Page(
        name=name,
        flags=mem.cell(f"{name}.flags", flags),
        page_type=mem.cell(f"{name}.page_type", untyped),
        info=mem.cell(f"{name}.info", head),
        refs=mem.cell(f"{name}.refs", refs),
        private=mem.cell(f"{name}.private", 0),
    )


@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """Two pages that are each other's buddies: `H` has the even page frame number, `p` follows."""

    H: Page
    p: Page

    def __repr__(self) -> str:
        return "block"


def make_thp(mem: Memory) -> Block:
    """A THP of order 1 on the LRU, with one reference: head H, and p its only tail."""
    H = make_page(mem, "H", Flags(head=True, lru=True), head=None, refs=1)
    p = make_page(mem, "p", Flags(), head=H, refs=0)
    return Block(H, p)


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


def without_head(flags: Flags) -> Flags:
    return replace(flags, head=False)


def without_check_at_prep(flags: Flags) -> Flags:
    """flags & ~PAGE_FLAGS_CHECK_AT_PREP: every modelled bit goes, but PG_hwpoison."""
    return Flags(hwpoison=flags.hwpoison)


def other_bits(flags: Flags) -> Flags:
    """A change of bits that are not modelled: the others are written back as they were loaded."""
    return flags


def put_one(refs: int) -> int:
    """A count less one. It stays at 0 (in the kernel that would be a bug), so it is finite."""
    return max(refs - 1, 0)


# Truth and sanity, over a state.


def kernel_owned(state: State, page: Page) -> bool:
    """PG_reserved, or the block the page really belongs to has one of the three types now."""
    head = state[page.info] or page
    return state[page.flags].reserved or state[head.page_type] in KERNEL_TYPES


def page_model(pages: Iterable[Page]) -> dict[str, Callable[[State], bool]]:
    """Invariants that every scenario keeps, named by what their violation would be."""
    every = tuple(pages)

    def typed_page_has_no_lru(state: State) -> bool:
        return not any(state[q.flags].lru and state[q.page_type] != "none" for q in every)

    def buddy_page_is_not_compound(state: State) -> bool:
        free = [q for q in every if state[q.page_type] == "buddy"]
        return not any(state[q.flags].head or state[q.info] is not None for q in free)

    def head_of_a_tail_has_pg_head(state: State) -> bool:
        heads = [state[q.info] for q in every]
        return all(state[head.flags].head for head in heads if head is not None)

    def slab_is_frozen(state: State) -> bool:
        return all(state[q.refs] == 0 for q in every if state[q.page_type] == "slab")

    return {
        "typed_page_on_lru": typed_page_has_no_lru,
        "compound_buddy_page": buddy_page_is_not_compound,
        "tail_of_no_head": head_of_a_tail_has_pg_head,
        "slab_with_references": slab_is_frozen,
    }
