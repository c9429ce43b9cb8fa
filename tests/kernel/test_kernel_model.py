"""The model of mm keeps to the kernel's rules: by hand-made runs of one task, and of several.

A run of one task ends in one state, which the task itself reads off the pages when it is over.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from racer import Memory, ModelError, Program, State, Thread, explore
from racer.scenarios.kernel.allocator import FlagsRmw, Zone, folio_put, make_zone, put_page
from racer.scenarios.kernel.lru import folio_add_lru, isolate, lru_add_drain_all, put_back
from racer.scenarios.kernel.pages import (
    Block,
    Flags,
    Page,
    Use,
    free,
    handlable,
    kernel_owned,
    make_block,
    movable,
    page_model,
    reserved,
    typed,
    user,
    with_hwpoison,
)
from racer.scenarios.kernel.split import make_mapping, split, zap
from racer.scenarios.kernel.users import (
    free_page_table,
    large_kmalloc,
    page_table,
    slab,
    take_large_kmalloc,
    take_page_table,
    take_slab,
    take_thp,
    thp,
)
from scenarios.kernel.parameters import FrozenAs
from tests.kernel.choices import choices
from tests.oracles.naive import enumerate_program

Body = Callable[..., Coroutine[Any, Any, object]]


def a_zone(
    *uses: Use, check_pages: bool = False, flags_rmw: FlagsRmw = "split"
) -> tuple[Memory, Zone]:
    mem = Memory()
    return mem, make_zone(mem, make_block(mem, *uses), check_pages=check_pages, flags_rmw=flags_rmw)


async def seen(page: Page) -> str:
    """What the page's own cells say, the parts that are set: for comparing."""
    flags = repr(await page.flags.load())
    page_type, info = await page.page_type.load(), await page.info.load()
    refs, private = await page.refs.load(), await page.private.load()
    parts = [
        flags if flags != "0" else "",
        f"{page_type}{private}" if page_type == "buddy" else page_type,
        f"tail of {info.name}" if info is not None else "",
        f"refs={refs}" if refs > 0 else "",
    ]
    return " ".join(part for part in parts if part not in ("", "none"))


def ends_as(mem: Memory, zone: Zone, *bodies: tuple[Body, Any]) -> list[str]:
    """The pages after the bodies have run one after the other, each as `seen` says."""

    async def run() -> tuple[str, ...]:
        for function, arguments in bodies:
            await function(zone, *arguments)
        return tuple([await seen(page) for page in zone.block.pages])

    # Run by the oracle: there is one schedule, and so many values are many nodes to explore().
    result = enumerate_program(Program(mem, {"run": Thread(run)}, page_model(zone.block)))
    assert (result.violations, result.interleavings) == ({}, 1)
    ((outcome, _),) = result.outcomes.items()
    ended = outcome[0][1]
    assert isinstance(ended, tuple)
    return list(ended)


async def poison(zone: Zone, pfn: int) -> None:
    await zone.block.pages[pfn].flags.update(with_hwpoison, "full")


async def put(zone: Zone, pfn: int) -> None:
    await put_page(zone, zone.block.pages[pfn])


# Free and allocate


def test_a_freed_thp_is_one_free_block_without_a_trace_of_its_folio() -> None:
    mem, zone = a_zone(user(order=2))
    assert ends_as(mem, zone, (put, [0])) == ["buddy2", "", "", ""]


def test_putting_a_tail_puts_its_folio() -> None:
    mem, zone = a_zone(user(order=1))
    assert ends_as(mem, zone, (put, [1])) == ["buddy1", ""]


def test_a_folio_with_another_reference_stays() -> None:
    mem, zone = a_zone(user(order=1, refs=2))
    assert ends_as(mem, zone, (put, [0])) == ["head|lru refs=1", "order=1 tail of H"]


@pytest.mark.parametrize(
    ("puts", "then"),
    [
        ([0, 2], ["buddy0", "lru refs=1", "buddy0", "lru refs=1"]),  # no two of them are buddies
        ([1, 0], ["buddy1", "", "lru refs=1", "lru refs=1"]),
        ([1, 2], ["lru refs=1", "buddy0", "buddy0", "lru refs=1"]),  # neighbours, not buddies
        ([1, 2, 0], ["buddy1", "", "buddy0", "lru refs=1"]),
        ([3, 0, 2, 1], ["buddy2", "", "", ""]),  # the last free merges twice
    ],
)
def test_frees_merge_with_their_buddies_upwards(puts: list[int], then: list[str]) -> None:
    mem, zone = a_zone(user(), user(), user(), user())
    assert ends_as(mem, zone, *[(put, [pfn]) for pfn in puts]) == then


def test_an_allocation_of_order_0_splits_the_free_block_down_and_puts_the_halves_back() -> None:
    mem, zone = a_zone(free(order=2))
    assert ends_as(mem, zone, (take_slab, [0])) == ["slab", "buddy0", "buddy1", ""]


def test_the_smallest_block_that_is_large_enough_is_taken() -> None:
    mem, zone = a_zone(free(order=1), user(), free())
    assert ends_as(mem, zone, (take_slab, [0])) == ["buddy1", "", "lru refs=1", "slab"]


def test_an_allocation_takes_a_block_at_a_multiple_of_its_size() -> None:
    mem, zone = a_zone(user(), free(), free(order=1))
    after = ["lru refs=1", "buddy0", "head slab", "order=1 tail of p2"]
    assert ends_as(mem, zone, (take_slab, [1])) == after


def test_an_allocation_that_finds_nothing_changes_nothing() -> None:
    mem, zone = a_zone(user(), free())
    assert ends_as(mem, zone, (take_thp, [1])) == ["lru refs=1", "buddy0"]


@pytest.mark.parametrize("body", [slab, large_kmalloc, page_table, thp])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_who_comes_and_goes_leaves_the_block_as_it_was(body: Body, order: int) -> None:
    mem, zone = a_zone(free(order=2))
    assert ends_as(mem, zone, (body, [order])) == ["buddy2", "", "", ""]


@pytest.mark.parametrize(
    ("body", "head"),
    [
        (take_slab, "head slab"),
        (take_large_kmalloc, "head large_kmalloc"),
        (take_page_table, "head table refs=1"),
        (take_thp, "head refs=1"),
    ],
)
def test_who_takes_a_block_has_all_of_it(body: Body, head: str) -> None:
    mem, zone = a_zone(free(order=2))
    tail = "tail of H"
    assert ends_as(mem, zone, (body, [2])) == [head, f"order=2 {tail}", tail, tail]


def test_a_pinned_page_table_is_freed_by_whoever_pinned_it() -> None:
    async def pinned(zone: Zone) -> None:
        table = await take_page_table(zone, 1)
        assert table is not None
        await table.refs.inc()
        await free_page_table(zone, table, 1)
        assert await table.page_type.load() == "none"
        await folio_put(zone, table)

    mem, zone = a_zone(free(order=1))
    assert ends_as(mem, zone, (pinned, [])) == ["buddy1", ""]


# PG_hwpoison


def test_a_poisoned_page_of_order_0_is_never_freed() -> None:
    mem, zone = a_zone(user(), user())
    after = ["buddy0", "hwpoison"]  # and H does not merge with it
    assert ends_as(mem, zone, (poison, [1]), (put, [1]), (put, [0])) == after


@pytest.mark.parametrize("pfn", [0, 1, 2, 3])
def test_a_block_of_an_order_above_0_is_freed_with_its_poisoned_page(pfn: int) -> None:
    mem, zone = a_zone(user(order=2))
    after = ["buddy2", "", "", ""]
    after[pfn] = " ".join(["hwpoison", after[pfn]]).strip()
    assert ends_as(mem, zone, (poison, [pfn]), (put, [0])) == after


def test_without_check_pages_a_poisoned_page_is_handed_out() -> None:
    mem, zone = a_zone(free(order=1))
    after = ["head slab", "hwpoison|order=1 tail of H"]
    assert ends_as(mem, zone, (poison, [1]), (take_slab, [1])) == after


def test_check_pages_drops_a_block_with_a_poisoned_page_and_tries_the_next() -> None:
    mem, zone = a_zone(free(), user(), free(order=1), check_pages=True)
    after = ["hwpoison", "lru refs=1", "slab", "buddy0"]  # H is in limbo for good
    assert ends_as(mem, zone, (poison, [0]), (take_slab, [0])) == after


def loses(flags_rmw: FlagsRmw, *uses: Use, pfn: int, body: Body, arguments: list[Any]) -> bool:
    """Can PG_hwpoison, set by another task at any time, be gone in the end?"""
    mem, zone = a_zone(*uses, flags_rmw=flags_rmw)
    page = zone.block.pages[pfn]

    ended = mem.cell("ended", 0)

    async def poisoner() -> None:
        await poison(zone, pfn)
        await ended.fetch_add(1)

    async def worker() -> None:
        await body(zone, *arguments)
        await ended.fetch_add(1)

    threads = {"poison": Thread(poisoner), "work": Thread(worker)}

    def kept(state: State) -> bool:
        return state[ended] < 2 or state[page.flags].hwpoison

    result = explore(Program(mem, threads, {"lost": kept}, consistency=page_model(zone.block)))
    return "lost" in result.violations


@pytest.mark.parametrize(
    ("uses", "pfn", "body", "arguments"),
    [
        ([user(order=1)], 1, put, [0]),  # page[1].flags &= ~PAGE_FLAGS_SECOND, and at prepare
        ([user(order=2)], 3, put, [0]),  # a later tail: at prepare
        ([user(order=1)], 1, split, [0]),  # the tail's flags are copied
        ([free(order=1)], 1, take_thp, [1]),  # folio_set_order()
        ([free(order=1)], 0, take_thp, [1]),  # __SetPageHead()
        ([free(order=1, reported=True)], 0, take_slab, [0]),  # __ClearPageReported()
    ],
)
def test_a_plain_update_of_the_flags_can_lose_pg_hwpoison_and_an_atomic_one_cannot(
    uses: list[Use], pfn: int, body: Body, arguments: list[Any]
) -> None:
    assert loses("split", *uses, pfn=pfn, body=body, arguments=arguments)
    assert not loses("atomic", *uses, pfn=pfn, body=body, arguments=arguments)


def test_a_free_block_that_was_not_reported_is_taken_without_an_update_of_its_flags() -> None:
    assert not loses("split", free(order=1), pfn=0, body=take_slab, arguments=[0])


@pytest.mark.parametrize("order", [0, 1])
def test_a_block_that_is_taken_or_merged_is_reported_no_more(order: int) -> None:
    mem, zone = a_zone(free(order=1, reported=True), user(order=1))
    assert zone.block.H.flags.initial == Flags(reported=True)
    taken = [f"{'head ' if order else ''}slab", "order=1 tail of H" if order else "buddy0"]
    thp = ["head|lru refs=1", "order=1 tail of p2"]
    assert ends_as(mem, zone, (take_slab, [order])) == taken + thp
    mem, zone = a_zone(free(order=1, reported=True), user(order=1))
    assert ends_as(mem, zone, (put, [2])) == ["buddy2", "", "", ""]


def test_the_order_of_a_new_folio_is_not_written_into_a_later_tail() -> None:
    assert not loses("split", free(order=2), pfn=2, body=take_thp, arguments=[2])


# Split


def test_a_split_to_order_0_that_nobody_keeps_frees_every_page() -> None:
    mem, zone = a_zone(user(order=2))
    assert ends_as(mem, zone, (split, [0])) == ["buddy2", "", "", ""]


def test_a_page_that_is_kept_is_on_the_lru_with_its_users_reference() -> None:
    mem, zone = a_zone(user(order=2))
    pte = make_mapping(mem, zone.block.pages[3])
    assert ends_as(mem, zone, (split, [0, pte])) == ["buddy1", "", "buddy0", "lru refs=1"]


def test_a_split_to_order_1_leaves_two_folios_of_which_the_kept_one_stays() -> None:
    mem, zone = a_zone(user(order=2))
    pte = make_mapping(mem, zone.block.pages[3])
    after = ["buddy1", "", "head|lru refs=1", "order=1 tail of p2"]
    assert ends_as(mem, zone, (split, [1, pte])) == after


def test_the_first_folio_of_a_split_to_order_1_keeps_its_head() -> None:
    mem, zone = a_zone(user(order=2))
    pte = make_mapping(mem, zone.block.pages[1])
    after = ["head|lru refs=1", "order=1 tail of H", "buddy1", ""]
    assert ends_as(mem, zone, (split, [1, pte])) == after


def test_a_thp_that_somebody_else_references_is_not_split() -> None:
    mem, zone = a_zone(user(order=1, refs=2))
    pte = make_mapping(mem, zone.block.pages[1])
    after = ["head|lru refs=2", "order=1 tail of H"]  # the split's own was put, pte has one
    assert ends_as(mem, zone, (split, [0, pte])) == after


def test_either_the_split_or_the_user_of_p_may_free_it() -> None:
    mem, zone = a_zone(user(order=1))
    pte = make_mapping(mem, zone.block.pages[1])
    p = zone.block.pages[1]

    async def splitter() -> None:
        await split(zone, 0, pte)

    async def zapper() -> bool:
        await zap(zone, pte)
        return await p.page_type.load() == "none"  # not free yet, or merged

    def free_as_one(state: State) -> bool:
        return state[zone.block.H.page_type] == "buddy" and state[zone.block.H.private] == 1

    def free_before_h(state: State) -> bool:
        return state[p.page_type] == "buddy" and state[zone.block.H.refs] == 1

    result = explore(
        Program(
            mem,
            {"split": Thread(splitter), "zap": Thread(zapper)},
            sometimes={"whole": free_as_one, "p first": free_before_h},
            consistency=page_model(zone.block),
        )
    )
    assert result.verdict == "pass"


# LRU


def test_an_isolated_page_is_off_the_lru_until_the_batch_drains() -> None:
    async def off(zone: Zone) -> None:
        assert await isolate(zone, zone.block.H)
        assert not await isolate(zone, zone.block.H)
        await put_back(zone, zone.block.H)

    mem, zone = a_zone(user(), user())
    assert ends_as(mem, zone, (off, [])) == ["refs=2", "lru refs=1"]  # the batch has the second
    mem, zone = a_zone(user(), user())
    assert ends_as(mem, zone, (off, []), (lru_add_drain_all, [])) == ["lru refs=1"] * 2


def test_a_large_folio_does_not_rest_in_the_batch() -> None:
    async def add(zone: Zone) -> None:
        await folio_add_lru(zone, zone.block.H)

    mem, zone = a_zone(user(order=1, lru=False))
    assert ends_as(mem, zone, (add, [])) == ["head|lru refs=1", "order=1 tail of H"]


def test_a_second_folio_fills_the_batch() -> None:
    async def add(zone: Zone) -> None:
        for page in zone.block.pages:
            await folio_add_lru(zone, page)
        assert await zone.batch.load() is None

    mem, zone = a_zone(user(lru=False), user(lru=False))
    assert ends_as(mem, zone, (add, [])) == ["lru refs=1"] * 2


def test_the_drain_frees_a_page_whose_last_user_has_gone() -> None:
    async def add(zone: Zone) -> None:
        await folio_add_lru(zone, zone.block.H)
        await folio_put(zone, zone.block.H)

    mem, zone = a_zone(user(lru=False), user())
    assert ends_as(mem, zone, (add, []), (lru_add_drain_all, [])) == ["buddy0", "lru refs=1"]


@pytest.mark.parametrize("frozen_as", choices(FrozenAs))
def test_a_drain_of_newer_kernels_frees_the_dead_and_brings_the_others_back(
    frozen_as: FrozenAs,
) -> None:
    async def fill(zone: Zone) -> None:
        first, second = zone.block.pages
        await folio_add_lru(zone, first)
        await folio_put(zone, first)
        await folio_add_lru(zone, second)  # fills the batch

    mem = Memory()
    block = make_block(mem, user(lru=False), user(lru=False), frozen_as=frozen_as)
    zone = make_zone(mem, block, check_pages=False, flags_rmw="split", drains="alive")
    assert ends_as(mem, zone, (fill, [])) == ["buddy0", "lru refs=1"]


# Truth


def at_start(*uses: Use) -> tuple[Block, State]:
    mem = Memory()
    return make_block(mem, *uses), State(mem.initial, None, "the test")


@pytest.mark.parametrize(
    ("uses", "owned"),
    [
        ([user(order=1)], [False, False]),
        ([typed("slab", 1)], [True, True]),
        ([typed("table", 1)], [True, True]),
        ([typed("large_kmalloc", 1)], [True, True]),
        ([typed("slab"), user()], [True, False]),
        ([user(), reserved()], [False, True]),
        ([free(order=1)], [False, False]),
        ([movable("offline"), movable("zsmalloc")], [False, False]),
    ],
)
def test_what_the_kernel_owns(uses: list[Use], owned: list[bool]) -> None:
    block, state = at_start(*uses)
    assert [kernel_owned(state, page) for page in block.pages] == owned


@pytest.mark.parametrize(
    ("uses", "then"),
    [
        ([user(order=1)], [True, True]),
        ([user(order=1, lru=False)], [False, False]),
        ([user(), free()], [True, True]),
        ([free(order=2)], [True] * 4),
        ([user(lru=False), free(), free(order=1)], [False, True, True, True]),
        ([typed("slab", 1)], [False, False]),
        ([typed("table"), reserved()], [False, False]),
        ([movable("offline"), movable("zsmalloc")], [False, False]),
    ],
)
def test_what_is_handlable(uses: list[Use], then: list[bool]) -> None:
    block, state = at_start(*uses)
    assert [handlable(state, page, block) for page in block.pages] == then


def test_movable_ops_pages_are_handlable_to_soft_offline() -> None:
    block, state = at_start(movable("offline"), movable("zsmalloc"))
    assert all(handlable(state, page, block, soft_offline=True) for page in block.pages)


# Sanity


def test_a_block_that_no_allocator_leaves_is_refused() -> None:
    with pytest.raises(ValueError, match="merged"):
        make_block(Memory(), free(), free())
    with pytest.raises(ValueError, match="aligned"):
        make_block(Memory(), user(), user(order=1), user())
    with pytest.raises(ValueError, match="3 pages"):
        make_block(Memory(), user(order=1), user())


def broken(uses: list[Use], cells: dict[str, object]) -> list[str]:
    """The predicates that are false of the initial state with some cells changed."""
    mem = Memory()
    block = make_block(mem, *uses)
    pages = {page.name: page for page in block.pages}
    changed = {
        name: pages[value] if name.endswith("info") and isinstance(value, str) else value
        for name, value in cells.items()
    }
    state = State(mem.initial | changed, None, "the test")
    return [name for name, predicate in page_model(block).items() if not predicate(state)]


@pytest.mark.parametrize(
    ("uses", "cells", "what"),
    [
        ([user(order=1)], {}, []),
        ([free(order=2)], {}, []),
        ([user(), user()], {"p.page_type": "table"}, ["typed_page_on_lru"]),
        ([user(order=1)], {"H.flags": Flags()}, ["tail_of_no_head", "order_is_not_the_tails"]),
        ([user(order=1)], {"p.refs": 1}, ["tail_in_use_by_itself"]),
        ([user(order=1)], {"p.flags": Flags()}, ["order_is_not_the_tails"]),
        ([user(order=2)], {"p1.flags": Flags(order=1)}, ["order_is_not_the_tails"]),
        ([user(order=1)], {"p.info": None}, ["order_is_not_the_tails"]),
        ([free(order=1)], {"p.page_type": "buddy"}, ["page_in_two_blocks"]),
        ([free(order=1)], {"p.refs": 1}, ["page_in_two_blocks"]),
        ([free(order=1)], {"p.page_type": "slab"}, ["page_in_two_blocks"]),
        ([free(), user()], {"H.private": 1}, ["page_in_two_blocks"]),
        (
            [free(order=1)],
            {"H.flags": Flags(head=True), "p.info": "H"},
            ["compound_buddy_page", "page_in_two_blocks"],
        ),
        ([typed("slab", 1)], {"H.refs": 1}, ["frozen_page_with_references"]),
        (
            [user(order=1), user(order=1)],
            {"p2.info": "H"},  # a head that is a tail: its own tail has lost its block
            ["tail_of_no_head", "tail_in_use_by_itself", "order_is_not_the_tails"],
        ),
    ],
)
def test_each_inconsistency_is_seen(
    uses: list[Use], cells: dict[str, object], what: list[str]
) -> None:
    assert broken(uses, cells) == what


@pytest.mark.parametrize(
    ("one", "other"), [((slab, 0), (thp, 1)), ((page_table, 1), (slab, 1)), ((thp, 0), (slab, 2))]
)
def test_two_users_of_one_block_keep_the_model_consistent(
    one: tuple[Body, int], other: tuple[Body, int]
) -> None:
    mem, zone = a_zone(free(order=2))

    def whole(state: State) -> bool:
        return state[zone.block.H.private] == 2

    result = explore(
        Program(
            mem,
            {"one": Thread(one[0], zone, one[1]), "other": Thread(other[0], zone, other[1])},
            consistency=page_model(zone.block),
            sometimes={"whole": whole},
        )
    )
    assert result.verdict == "pass"


def test_the_consistency_of_a_broken_allocator_is_a_model_error() -> None:
    """One that does not take the block off its list before it hands it out."""

    async def careless(zone: Zone) -> None:
        await zone.block.H.refs.store(1)

    mem, zone = a_zone(free(order=1))
    program = Program(mem, {"t": Thread(careless, zone)}, consistency=page_model(zone.block))
    with pytest.raises(ModelError, match="page_in_two_blocks"):
        explore(program)
