"""mm/memory-failure.c on pages that nobody else touches: what the operator sees.

One thread, so one interleaving: every cell of the tables below is derived by hand from what the
kernel does, with the reason beside its row. Races are the scenarios' business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from racer import Memory, Program, State, Thread, UsageError, Violation, explore, replay
from racer.lang.operations import Load
from racer.lang.outcomes import OutcomeValue
from racer.replaying.trace import Trace
from racer.scenarios.kernel.allocator import Zone, folio_put, make_zone
from racer.scenarios.kernel.call import hwpoison_call
from racer.scenarios.kernel.classifier import MF, Caller, Only, Variant, ask, make_question
from racer.scenarios.kernel.ledger import Got, opened, returned, settle
from racer.scenarios.kernel.lru import folio_add_lru
from racer.scenarios.kernel.memory_failure import hwpoison_caller, report
from racer.scenarios.kernel.pages import (
    Page,
    Use,
    free,
    make_block,
    movable,
    page_model,
    reserved,
    typed,
    user,
    with_hwpoison,
)
from racer.scenarios.kernel.references import get_hwpoison_page
from racer.scenarios.kernel.users import take_thp, wait_until_free
from tests.case_names import case_name
from tests.kernel.choices import choices
from tests.oracles.naive import enumerate_program

VARIANTS: tuple[Variant, ...] = choices(Variant)
PATCHED = tuple(variant for variant in VARIANTS if variant != "before")


@dataclass(frozen=True)
class Start:
    """How the block starts out, and which of its pages the memory error is in."""

    uses: tuple[Use, ...]
    pfn: int = 1

    def pinned(self) -> Start:
        """The same with one more reference to p's folio: that of madvise()."""
        uses, first = [], 0
        for use in self.uses:
            size = 1 << use.order
            more = 1 if first <= self.pfn < first + size else 0
            uses.append(
                Use(use.order, use.page_type, use.refs + more, use.lru, use.reserved)
                if not use.movable_ops
                else Use(page_type=use.page_type, refs=use.refs + more, movable_ops=True)
            )
            first += size
        return Start(tuple(uses), self.pfn)


RESERVED = Start((user(), reserved()))
SLAB = Start((user(), typed("slab")))
SLAB_HEAD = Start((typed("slab", 1),), pfn=0)
SLAB_TAIL = Start((typed("slab", 1),))
SLAB_LAST_OF_FOUR = Start((typed("slab", 2),), pfn=3)
TABLE = Start((user(), typed("table")))
TABLE_TAIL = Start((typed("table", 1),))
LARGE_KMALLOC = Start((typed("large_kmalloc", 1),), pfn=0)
LARGE_KMALLOC_TAIL = Start((typed("large_kmalloc", 1),))
LRU = Start((user(), user()))
THP_TAIL = Start((user(1),))
THP_LAST_OF_FOUR = Start((user(2),), pfn=3)
FREE = Start((user(), free()))
FREE_TAIL = Start((free(1),))
FREE_MIDDLE_OF_FOUR = Start((free(2),), pfn=2)
UNTYPED = Start((user(), user(lru=False)))  # vmalloc, a kernel stack: no page type
UNTYPED_TAIL = Start((user(1, lru=False),))  # or a THP that is isolated
ISOLATED = Start((user(), user(lru=False, refs=2)))
OFFLINE = Start((user(), movable("offline")))
ZSMALLOC = Start((user(), movable("zsmalloc")))
LIMBO = Start((user(), user(lru=False, refs=0)))  # between the allocator and its user

KERNEL_PAGES = [
    *(RESERVED, SLAB, SLAB_HEAD, SLAB_TAIL, SLAB_LAST_OF_FOUR, TABLE, TABLE_TAIL),
    *(LARGE_KMALLOC, LARGE_KMALLOC_TAIL),
]


def world(start: Start) -> tuple[Memory, Zone, Page]:
    mem = Memory()
    block = make_block(mem, *start.uses)
    zone = make_zone(mem, block, check_pages=False, flags_rmw="split")
    return mem, zone, block.pages[start.pfn]


def program(start: Start, **how: Any) -> Program:
    mem, zone, p = world(start)
    caller = hwpoison_caller(mem, zone, p, **how)
    return Program(mem, {"mf": caller}, consistency=page_model(zone.block))


def outcome(program: Program) -> OutcomeValue:
    """What the one thread comes to, in the one interleaving there is."""
    ((key, _),) = enumerate_program(program).outcomes.items()
    return dict(key)["mf"]


def trace(program: Program) -> Trace:
    (cost,) = enumerate_program(program).outcome_witness.values()
    return replay(program, tuple(("mf", choice) for _, choice in cost[-1]))  # type: ignore[misc]


def seen(start: Start, **how: Any) -> OutcomeValue:
    return outcome(program(start, **how))


def memory_failure_on(kernel_owned: bool, *, followup: bool, panic: bool) -> str:
    """KERNEL.md, section 3: -ENOTRECOVERABLE is told apart by the follow-up only."""
    if not kernel_owned or not followup:
        return "ignored: MF_MSG_GET_HWPOISON"
    return "panic" if panic else "ignored: MF_MSG_KERNEL"


@pytest.mark.parametrize("panic", [False, True])
@pytest.mark.parametrize("followup", [False, True])
@pytest.mark.parametrize("start", KERNEL_PAGES, ids=case_name)
def test_a_kernel_page_is_ignored_or_panics_on(start: Start, followup: bool, panic: bool) -> None:
    """v9 and later find every kernel-owned page; before the patch none is: -EIO by retries."""
    how = {"caller": "memory_failure", "followup": followup, "panic": panic}
    told = memory_failure_on(True, followup=followup, panic=panic)
    for variant in ("headonly", "v9", "reviewed", "v10", "v10_rmb", "zlock"):
        assert seen(start, variant=variant, **how) == told
        assert seen(start, variant=variant, type_reads="three", **how) == told
        assert seen(start, variant=variant, depth="classifier", **how) == told
    assert seen(start, variant="before", **how) == "ignored: MF_MSG_GET_HWPOISON"


@pytest.mark.parametrize("start", KERNEL_PAGES, ids=case_name)
def test_soft_offline_of_a_kernel_page_passes_the_errno_on(start: Start) -> None:
    """Whatever the follow-up and the sysctl are: both are memory_failure()'s."""
    for followup, panic in ((False, False), (True, True)):
        how = {"caller": "soft_offline", "followup": followup, "panic": panic}
        for variant in ("headonly", "v9", "reviewed", "v10", "v10_rmb", "zlock"):
            assert seen(start, variant=variant, **how) == "-ENOTRECOVERABLE"
        assert seen(start, variant="before", **how) == "-EIO"


@pytest.mark.parametrize(
    ("variant", "start", "found"),
    [
        # p's own type only, and a tail has none
        ("v8", SLAB_TAIL, False),
        ("v8", SLAB_LAST_OF_FOUR, False),
        ("v8", TABLE_TAIL, False),
        ("v8", LARGE_KMALLOC_TAIL, False),
        ("v8", SLAB_HEAD, True),
        ("v8", TABLE, True),
        ("v8", RESERVED, True),
        # frozen: there is no reference to be had, so no type is looked at
        ("tryget", SLAB, False),
        ("tryget", SLAB_TAIL, False),
        ("tryget", LARGE_KMALLOC, False),
        # a page table has a reference, and PG_reserved is tested before one is needed
        ("tryget", TABLE, True),
        ("tryget", TABLE_TAIL, True),
        ("tryget", RESERVED, True),
    ],
)
def test_what_v8_and_tryget_miss(variant: Variant, start: Start, found: bool) -> None:
    """A miss takes the old way to the old result, which is the effect of the violation."""
    hard = "panic" if found else Violation("missed", effect="ignored: MF_MSG_GET_HWPOISON")
    soft = "-ENOTRECOVERABLE" if found else Violation("missed", effect="-EIO")
    assert seen(start, variant=variant, caller="memory_failure") == hard
    assert seen(start, variant=variant, caller="soft_offline") == soft
    if not found:
        stopped = seen(start, variant=variant, caller="soft_offline", depth="classifier")
        assert stopped == Violation("missed")  # what it leads to was not followed


OTHER_PAGES = [
    # start, memory_failure(), soft_offline_page()
    # PG_lru of the head: handlable, and a reference is to be had
    (LRU, "handled", "handled"),
    (THP_TAIL, "handled", "handled"),
    (THP_LAST_OF_FOUR, "handled", "handled"),
    # handlable, but no reference: 0; then it is taken off its free list
    (FREE, "recovered: MF_MSG_BUDDY", "0"),
    (FREE_TAIL, "recovered: MF_MSG_BUDDY", "0"),
    (FREE_MIDDLE_OF_FOUR, "recovered: MF_MSG_BUDDY", "0"),
    # not handlable, and no shake changes that: -EBUSY three times, then -EIO
    (UNTYPED, "ignored: MF_MSG_GET_HWPOISON", "-EIO"),
    (UNTYPED_TAIL, "ignored: MF_MSG_GET_HWPOISON", "-EIO"),
    (ISOLATED, "ignored: MF_MSG_GET_HWPOISON", "-EIO"),
    (LIMBO, "ignored: MF_MSG_GET_HWPOISON", "-EIO"),
    # handlable for soft offline only: page_has_movable_ops()
    (OFFLINE, "ignored: MF_MSG_GET_HWPOISON", "handled"),
    (ZSMALLOC, "ignored: MF_MSG_GET_HWPOISON", "handled"),
]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("start", "hard", "soft"), OTHER_PAGES, ids=case_name)
def test_any_other_page_is_treated_as_before_the_patch(
    start: Start, hard: str, soft: str, variant: Variant
) -> None:
    """C14: whatever the classifier, the follow-up and the sysctl."""
    for followup, panic in ((False, True), (True, False), (True, True)):
        how = {"variant": variant, "followup": followup, "panic": panic}
        assert seen(start, caller="memory_failure", **how) == hard
        assert seen(start, caller="soft_offline", **how) == soft
    stopped = seen(start, variant=variant, caller="memory_failure", depth="classifier")
    assert stopped == "not kernel-owned"


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("start", "hard", "soft"), OTHER_PAGES, ids=case_name)
def test_madvise_drops_its_reference_on_the_way(
    start: Start, hard: str, soft: str, variant: Variant
) -> None:
    """Its page is handlable: 1 at once. Or not: put, shake, and as without a reference.

    A limbo page that is pinned is one that some user is about to use: as an isolated one.
    """
    if start in (FREE, FREE_TAIL, FREE_MIDDLE_OF_FOUR, LIMBO):
        return  # nothing to pin
    how = {"variant": variant, "caller": "count_increased"}
    assert seen(start.pinned(), injects="hwpoison", **how) == hard
    assert seen(start.pinned(), injects="soft_offline", **how) == soft


def test_madvise_cannot_have_pinned_a_frozen_or_a_free_page() -> None:
    for start in (SLAB_TAIL, LARGE_KMALLOC, FREE):
        with pytest.raises(UsageError, match="has none"):
            program(start, variant="v10", caller="count_increased")


@pytest.mark.parametrize("start", [RESERVED, TABLE, TABLE_TAIL], ids=case_name)
@pytest.mark.parametrize(("injects", "told"), [("hwpoison", "panic"), ("soft_offline", None)])
def test_on_a_hit_the_reference_is_put_once(start: Start, injects: str, told: str | None) -> None:
    """C17: and a kernel that forgot the put, or did it twice, would be found out."""
    how = {"variant": "v10", "caller": "count_increased", "injects": injects}
    told = told or "-ENOTRECOVERABLE"
    assert seen(start.pinned(), **how) == told
    leaked = Violation("reference_leaked", effect=told)
    assert seen(start.pinned(), on_hit="leak", **how) == leaked
    twice = seen(start.pinned(), on_hit="put_twice", **how)
    assert twice == Violation("reference_put_twice", effect="on a hit")


@pytest.mark.parametrize(
    ("start", "shakes"),
    [
        (UNTYPED, 3),  # three shakes, and the fourth pass gives up
        (ISOLATED, 3),
        (SLAB, 0),  # shake_page() leaves a slab alone
        (SLAB_TAIL, 0),
        (TABLE, 3),
    ],
    ids=case_name,
)
def test_a_page_that_stays_unhandlable_is_shaken_three_times(start: Start, shakes: int) -> None:
    """C16: before the patch, and lru_add_drain_all() first looks whether anything rests."""
    found = trace(program(start, variant="before", caller="soft_offline"))
    drains = [each for each in found.events if each.operation == Load("lru_add", "plain")]
    assert len(drains) == shakes
    assert found.events[-1].ended is not None and found.events[-1].ended.value == "-EIO"


def test_the_put_of_madvise_takes_one_of_the_three_passes() -> None:
    """Put and shake, then two more -EBUSY with a shake, then -EIO: one counter for all."""
    found = trace(
        program(
            UNTYPED.pinned(), variant="before", caller="count_increased", injects="soft_offline"
        )
    )
    drains = [each for each in found.events if each.operation == Load("lru_add", "plain")]
    assert len(drains) == 3


@pytest.mark.parametrize("caller", ["memory_failure", "soft_offline"])
def test_a_shake_brings_back_a_page_that_rests_in_a_batch(caller: str) -> None:
    """C16: the transient case. Two references are the user's and the batch's."""
    mem, zone, p = world(Start((user(), user(lru=False))))
    asks = hwpoison_caller(mem, zone, p, caller=caller, variant="v10")  # type: ignore[arg-type]

    async def put_back_then_report() -> str:
        await folio_add_lru(zone, p)
        return await report(*asks.args)  # type: ignore[arg-type]

    both = Program(mem, {"mf": Thread(put_back_then_report)})
    assert outcome(both) == "handled"


def test_a_page_that_is_poisoned_already_is_reported_as_such() -> None:
    """The second call, under mf_mutex: -EHWPOISON; soft offline finds nothing left to do."""
    for caller, told in (("memory_failure", "-EHWPOISON"), ("soft_offline", "0")):
        mem, zone, p = world(LRU)
        mutex = mem.lock("mf_mutex")
        first = hwpoison_caller(
            mem, zone, p, caller="memory_failure", variant="v10", mf_mutex=mutex
        )
        second = hwpoison_caller(
            mem,
            zone,
            p,
            caller=caller,  # type: ignore[arg-type]
            variant="v10",
            mf_mutex=mutex,
            depth="classifier",
        )
        result = explore(Program(mem, {"first": first, "second": second}))
        found = {(dict(key)["first"], dict(key)["second"]) for key in result.outcomes}
        late = (
            ("-EHWPOISON", "not kernel-owned")
            if caller == "memory_failure"
            else ("handled", "not kernel-owned")
        )
        assert found == {("handled", told), late}
        assert result.violations == {}


async def slab_comes(p: Page) -> None:
    await p.page_type.store("slab", "plain")


async def slab_goes(p: Page) -> None:
    await p.page_type.store("none", "plain")


@pytest.mark.parametrize(
    ("start", "change", "labels"),
    [
        # v10 has loaded the type, then the slab goes: the answer was true.
        (SLAB, slab_goes, {"stale_owned": {"-ENOTRECOVERABLE"}}),
        # v10 has loaded the type, then the slab comes: -EIO by way of the retries.
        (LIMBO, slab_comes, {"stale_clear": {"-EIO"}}),
    ],
    ids=case_name,
)
def test_a_stale_answer_counts_where_it_is_asked_for(
    start: Start, change: Any, labels: dict[str, set[str]]
) -> None:
    for stale in (False, True):
        mem, zone, p = world(start)
        asks = hwpoison_caller(mem, zone, p, caller="soft_offline", variant="v10", stale=stale)
        result = explore(Program(mem, {"mf": asks, "change": Thread(change, p)}))
        found = {label: set(result.effects(label)) for label in result.violations}
        assert found == (labels if stale else {})


@pytest.mark.parametrize(
    ("only", "poisoned", "labels"),
    [
        ("any", False, ["misclassified"]),
        ("handlable", False, ["misclassified"]),  # at the window's start, not at its end
        ("unmarked", False, ["misclassified"]),
        ("unmarked", True, []),
    ],
)
def test_which_wrong_answers_count_is_a_parameter(
    only: Only, poisoned: bool, labels: list[str]
) -> None:
    """headonly on p, whose old head H is a slab by the time its type is read. H was on the LRU."""
    mem, zone, p = world(THP_TAIL)
    H = zone.block.H
    question = make_question(mem, zone, p, variant="headonly", flags=MF(), only=only, stale=True)

    async def classify() -> str:
        if poisoned:
            await p.flags.update(with_hwpoison)
        verdict = await ask(question)
        if verdict.truth != "true":
            raise Violation(verdict.truth)
        return "right"

    async def split_and_reuse() -> None:
        await p.info.store(None)
        await H.page_type.store("slab", "plain")

    result = explore(Program(mem, {"classify": Thread(classify), "split": Thread(split_and_reuse)}))
    assert list(result.violations) == labels


def test_a_misclassified_page_that_was_in_limbo_throughout_was_not_handlable() -> None:
    """As above, but p is off the LRU: `only="handlable"` lets it pass, and nothing else does."""
    labels = {}
    choices: tuple[Only, ...] = ("any", "handlable")
    for only in choices:
        mem, zone, p = world(UNTYPED_TAIL)
        H = zone.block.H
        asks = hwpoison_caller(
            mem,
            zone,
            p,
            caller="memory_failure",
            variant="headonly",
            only=only,
            depth="classifier",
        )

        async def split_and_reuse(p: Page = p, H: Page = H) -> None:
            await p.info.store(None)
            await H.page_type.store("slab", "plain")

        result = explore(Program(mem, {"mf": asks, "split": Thread(split_and_reuse)}))
        labels[only] = {label: set(result.effects(label)) for label in result.violations}
    assert labels == {"any": {"misclassified": {"panic"}}, "handlable": {}}


def test_a_wrong_hit_leads_to_what_the_caller_makes_of_it() -> None:
    """KERNEL.md, section 4: a panic, a spurious -ENOTRECOVERABLE, or nothing to be seen."""
    effects = {}
    for caller, followup, panic in [
        ("memory_failure", True, True),
        ("memory_failure", True, False),
        ("memory_failure", False, True),
        ("soft_offline", True, True),
    ]:
        mem, zone, p = world(THP_TAIL)
        asks = hwpoison_caller(
            mem,
            zone,
            p,
            caller=caller,  # type: ignore[arg-type]
            variant="headonly",
            followup=followup,
            panic=panic,
            depth="classifier",
        )

        async def split_and_reuse(p: Page = p, H: Page = zone.block.H) -> None:
            await p.info.store(None)
            await H.page_type.store("slab", "plain")

        result = explore(Program(mem, {"mf": asks, "split": Thread(split_and_reuse)}))
        effects[caller, followup, panic] = set(result.effects("misclassified"))
    assert effects == {
        ("memory_failure", True, True): {"panic"},
        ("memory_failure", True, False): {"none"},
        ("memory_failure", False, True): {"none"},
        ("soft_offline", True, True): {"spurious -ENOTRECOVERABLE"},
    }


@pytest.mark.parametrize("caller", ["memory_failure", "soft_offline"])
@pytest.mark.parametrize("start", [FREE, FREE_TAIL, FREE_MIDDLE_OF_FOUR], ids=case_name)
def test_a_free_page_is_taken_out_of_its_block_and_the_rest_stays_free(
    start: Start, caller: Caller
) -> None:
    """break_down_buddy_pages(): of 4 pages less page 2, blocks of order 1 (0) and 0 (3) remain."""
    mem, zone, p = world(start)
    asks = hwpoison_caller(mem, zone, p, caller=caller, variant="v10")

    def taken_off(state: State) -> bool:
        return state[p.refs] == 1 and state[p.page_type] == "none" and state[p.flags].hwpoison

    def free_blocks(state: State) -> dict[int, int]:
        heads = [q for q in zone.block.pages if state[q.page_type] == "buddy"]
        return {q.pfn: state[q.private] for q in heads}

    left: dict[Start, dict[int, int]] = {
        FREE: {},
        FREE_TAIL: {0: 0},
        FREE_MIDDLE_OF_FOUR: {0: 1, 3: 0},
    }

    def rest_is_free(state: State) -> bool:
        return taken_off(state) and free_blocks(state) == left[start]

    made = Program(
        mem,
        {"mf": asks},
        sometimes={"it is taken off, the rest is free": rest_is_free},
        consistency=page_model(zone.block),
    )
    assert explore(made, minimise=False, count=False).verdict == "pass"


def is_not_frozen(refs: int) -> bool:
    return refs > 0


def test_a_tail_that_cannot_be_caught_costs_its_old_head_no_reference() -> None:
    """__get_hwpoison_page(): p leaves H between the two looks at its head: put, and 0."""
    mem, zone, p = world(THP_TAIL)
    H = zone.block.H
    asks = hwpoison_caller(mem, zone, p, caller="memory_failure", variant="v10")

    async def report_then_count() -> tuple[str, int]:
        told = await report(*asks.args)  # type: ignore[arg-type]
        return told, await H.refs.wait_until(is_not_frozen)

    async def leave() -> None:
        if await H.refs.compare_exchange(1, 0) == 1:  # as a split does: nobody else has one
            await p.info.store(None)
            await H.refs.store(1)

    result = explore(Program(mem, {"mf": Thread(report_then_count), "leave": Thread(leave)}))
    # In time: p is H's, H has one more reference. Too late: p is a page of no kind, and -EIO.
    assert {dict(key)["mf"] for key in result.outcomes} == {
        ("handled", 2),
        ("ignored: MF_MSG_GET_HWPOISON", 1),
    }


async def reuse_as_thp(zone: Zone) -> None:
    """The next user of the block: a THP, which goes to the LRU."""
    await wait_until_free(zone.block.H)
    folio = await take_thp(zone, 1)
    if folio is not None:
        await folio_add_lru(zone, folio)


@pytest.mark.parametrize(
    ("how", "results", "labels"),
    [
        (
            {"injects": "soft_offline"},
            # 0: p is free, and taken off. -EBUSY: free, but gone by then, twice. -EIO: in use,
            # not handlable in any pass. handled: on the LRU again, and held.
            {"-EBUSY", "-EIO", "0", "handled"},
            [],
        ),
        (
            {"injects": "hwpoison", "second_try": "cleared"},
            {
                # PG_hwpoison was cleared for the second try, and is back: folio_set_order() of
                # the next user is a plain load and store of p's flags, on either side of that.
                "-EHWPOISON",
                "handled",
                "ignored: MF_MSG_GET_HWPOISON",
                "ignored: MF_MSG_KERNEL_HIGH_ORDER",  # free in get_any_page(), not after it
                "recovered: MF_MSG_BUDDY",
            },
            [],
        ),
        (
            {"injects": "hwpoison"},
            {
                "handled",
                "ignored: MF_MSG_GET_HWPOISON",
                "ignored: MF_MSG_KERNEL_HIGH_ORDER",
                "recovered: MF_MSG_BUDDY",
            },
            ["reference_not_held", "reference_put_twice"],
        ),
    ],
    ids=case_name,
)
@pytest.mark.parametrize("retries", [1, 3])
def test_a_second_try_must_not_believe_in_a_reference_that_is_put(
    retries: int, how: dict[str, Any], results: set[str], labels: list[str]
) -> None:
    """An isolated THP is pinned by madvise(). Both its references go, it is free, it is reused.

    get_any_page() puts the reference, finds p free and returns 0. By then the block is taken.
    memory_failure() clears PG_hwpoison and tries again, with MF_COUNT_INCREASED still set.
    (PG_hwpoison is no bar: the block is of order 1.)
    """
    mem, zone, p = world(Start((user(1, lru=False, refs=2),)))
    asks = hwpoison_caller(
        mem, zone, p, caller="count_increased", variant="v10", retries=retries, **how
    )
    made = Program(
        mem,
        {
            "mf": asks,
            "user": Thread(folio_put, zone, zone.block.H),
            "reuse": Thread(reuse_as_thp, zone),
        },
        consistency=page_model(zone.block),
    )
    result = explore(made, minimise=False, count=False)
    values = {dict(key)["mf"] for key in result.outcomes}
    assert {value for value in values if isinstance(value, str)} == results
    assert list(result.violations) == labels


@pytest.mark.parametrize(
    ("start", "caller", "got"),
    [
        # As get_hwpoison_page() documents its returns.
        (LRU, "memory_failure", 1),  # in use, well-defined: and a reference is held
        (FREE, "memory_failure", 0),  # a free buddy page
        (UNTYPED, "memory_failure", "-EIO"),  # one that cannot be handled
        (SLAB, "soft_offline", "-ENOTRECOVERABLE"),  # with the patch
        (RESERVED, "memory_failure", "-ENOTRECOVERABLE"),
    ],
    ids=case_name,
)
def test_the_log_does_not_tell_the_two_errnos_apart(start: Start, caller: Caller, got: Got) -> None:
    """get_any_page() prints "unhandlable page" of either; of nothing else."""
    mem, zone, p = world(start)
    call = hwpoison_call(mem, zone, p, caller=caller, variant="v10")

    async def ask_for_it() -> tuple[Got | None, bool]:
        _, ledger = await get_hwpoison_page(call, call.flags, opened(call.flags))
        assert ledger.references == (1 if ledger.got == 1 else 0)
        return ledger.got, ledger.printed

    told = outcome(Program(mem, {"mf": Thread(ask_for_it)}, consistency=page_model(zone.block)))
    assert told == (got, got in ("-EIO", "-ENOTRECOVERABLE"))


@pytest.mark.parametrize(
    ("got", "printed"), [("-EIO", False), ("-ENOTRECOVERABLE", False), ("-EBUSY", True), (1, True)]
)
def test_a_log_that_does_tell_them_apart_is_a_violation(got: Got, printed: bool) -> None:
    ledger = opened(MF())
    settle(returned(ledger, got, printed=not printed), "as it is")
    with pytest.raises(Violation, match="unprinted"):
        settle(returned(ledger, got, printed=printed), "otherwise")
