"""Pages that migrate by movable_ops, and the opt-out that v9 has for them in soft offline.

Question   Does the opt-out change an answer: in which states of a page (movable_ops), and while
           a page changes between movable and slab (movable_ops_race)?
Models     movable_ops       one thread chooses a state, sets it up, asks `variant`, asks v9.
                             p is a page of its own: PG_reserved, PG_movable_ops, page_type; or
                             the tail of a compound page on H: PG_movable_ops and page_type of H,
                             PG_reserved and page_type of p.
           movable_ops_race  p is a balloon page (PageOffline) that is freed and becomes a
                             slab (to_slab), or a slab that is freed and becomes a balloon page
                             (from_slab), while it is asked about
Labels     those of kernel/classifier.py, and
           disagree          the two answers differ; the effect names the state
Kernel     kernel/allocator.py, users.py, classifier.py, memory_failure.py
Source     include/linux/page-flags.h PG_movable_ops = PG_uptodate, page_has_movable_ops();
           mm/balloon.c balloon_page_insert(), balloon_page_finalize(); mm/zsmalloc.c
           reset_zpdesc() (both types stay until the page is freed to the buddy);
           mm/page_alloc.c __free_pages_prepare()
Abstract   place=tail: of the types that no load of that page tells apart one stands for all.
           The pages of movable_ops have no references, and PG_lru is clear: no variant but
           tryget looks at either, and tryget is not compared.
Not        the isolation of movable pages (PG_movable_ops_isolated); zsmalloc in the race: its
           page takes the same steps as a balloon's; check_new_pages() is off
Bound      One change of p's use.

Answer, movable_ops. The opt-out says false where PG_movable_ops is set on p's head and p's own
           page_type is offline or zsmalloc. The variants without it say true where p is
           reserved or its head's page_type is one of the three. v9 is `reviewed` otherwise, and
           all agree when nothing moves. So they disagree where both hold, and only there:
  place=alone      p is its head and has one page_type, so only PG_reserved is left:
                     reserved|movable_ops offline, reserved|movable_ops zsmalloc
                   2 of the 28 states.
  place=tail       PG_movable_ops on H, offline or zsmalloc on p (2), and p reserved with any
                   type on H (4) or not reserved with one of the three on H (3): 14 of the 48.
  states=allowed   Pass. In the kernel's rules are none of those: a page with a page_type is not
                   reserved; a tail has no page_type and is not reserved; and PG_movable_ops is on
                   offline and zsmalloc pages only, or is PG_uptodate of a page without a type.
  caller=memory_failure   Pass, any state: the opt-out is soft offline's.
Answer, movable_ops_race. No variant is misclassified, with either caller: p's head is p always,
           so a type that is seen was p's at that instant. And v9 is not `missed`: its opt-out
           says false only if it read offline or zsmalloc off p, in its last load, and p was no
           slab then. So it makes no answer wrong, and none right: `reviewed`, which is v9 without
           it, has the same labels.
    tryget         Fails, `missed`: a slab is frozen, and can be there at every instant.
    stale, to_slab    stale_clear, those for which the load of the type is not the last step (v10,
                      v10_rmb, tryget, zlock): it finds no slab, p is made a slab, that step
                      follows. Not stale_owned: the slab stays.
    stale, from_slab  stale_owned, those that look again (v9, reviewed, v10, v10_rmb), and zlock:
                      the slab is seen, its type goes, p.info is loaded again (zlock: unlock). Not
                      stale_clear: once it is seen that there is no slab, there never is again.
           What a movable page comes to, asked before or after its change: soft_offline_page()
           handles it, memory_failure() gives up (MF_MSG_GET_HWPOISON).

Claims     "the opt-out is not needed: those page types never support migration; a movable_ops page
           is PageOffline or PageZsmalloc, exclusive with the three types, never reserved": yes.
           "never reserved" is needed for it (place=alone), and for a tail that it has no
           page_type of its own: "exclusive" is said of the types of one page.
"""

from dataclasses import replace
from typing import Annotated, Literal, get_args

from racer import (
    About,
    Expected,
    Meanings,
    Memory,
    Program,
    State,
    Thread,
    Violation,
    WhatIf,
    choose,
    scenario,
)

from .kernel.about import about_page
from .kernel.allocator import Zone, alloc_frozen_pages, free_one_page, make_zone, plain_rmw
from .kernel.classifier import Question, ask, flags_of, make_question
from .kernel.memory_failure import hwpoison_caller
from .kernel.pages import (
    KERNEL_TYPES,
    Flags,
    Page,
    PageType,
    make_block,
    movable,
    page_model,
    typed,
    user,
    without_check_at_prep,
)
from .kernel.parameters import (
    FALSE_IS_LATE,
    TRUE_IS_LATE,
    Followup,
    Panic,
    Variant,
    WhoAsks,
    WithoutOptOut,
)
from .kernel.refcount import put_page_testzero, set_page_refcounted
from .kernel.users import free_slab, take_slab

States = Annotated[
    Literal["allowed", "any"],
    WhatIf("any"),
    Meanings({"allowed": "those that the kernel's rules allow", "any": "any combination"}),
]
Place = Annotated[
    Literal["alone", "tail"],
    Meanings({"alone": "a page of its own", "tail": "the tail of a compound page"}),
]
Change = Annotated[
    Literal["to_slab", "from_slab"],
    Meanings(
        {"to_slab": "from a balloon page to a slab", "from_slab": "from a slab to a balloon page"}
    ),
]

TYPES: tuple[PageType, ...] = get_args(PageType)
HEAD_TYPES: tuple[PageType, ...] = ("none", *KERNEL_TYPES)  # the others are no more than "none"
TAIL_TYPES: tuple[PageType, ...] = ("none", "offline", "zsmalloc")  # nobody looks for others


# Two answers about one page that nobody changes


def is_allowed(reserved: bool, movable_ops: bool, page_type: PageType) -> bool:
    """Whether the kernel has a page of its own with these: PG_movable_ops is PG_uptodate too."""
    if reserved and page_type != "none":
        return False
    return not movable_ops or page_type in ("none", "offline", "zsmalloc")


async def compare_alone(zone: Zone, asked: Question, v9: Question, states: States) -> bool:
    """p by itself: every state, or every one that is allowed."""
    p = asked.p
    reserved, movable_ops, page_type = await choose(
        *[
            (reserved, movable_ops, page_type)
            for reserved in (False, True)
            for movable_ops in (False, True)
            for page_type in TYPES
            if states == "any" or is_allowed(reserved, movable_ops, page_type)
        ]
    )
    flags = Flags(reserved=reserved, movable_ops=movable_ops)
    await p.flags.store(flags)
    await p.page_type.store(page_type)
    return await compare(asked, v9, f"{flags!r} {page_type}")


async def compare_tail(zone: Zone, asked: Question, v9: Question, states: States) -> bool:
    """p as the tail of a compound page on H."""
    H, p = zone.block.H, asked.p
    movable_ops, head_type, reserved, page_type = await choose(
        *[
            (movable_ops, head_type, reserved, page_type)
            for movable_ops in (False, True)
            for head_type in HEAD_TYPES
            for reserved in (False, True)
            for page_type in TAIL_TYPES
            if states == "any"
            or (
                is_allowed(False, movable_ops, head_type)
                and (reserved, page_type) == (False, "none")
            )
        ]
    )
    head, tail = Flags(head=True, movable_ops=movable_ops), Flags(reserved=reserved, order=1)
    await H.flags.store(head)
    await p.info.store(H)
    await p.flags.store(tail)
    await H.page_type.store(head_type)
    await p.page_type.store(page_type)
    state = f"H: {head!r} {head_type}, p: {replace(tail, order=0)!r} {page_type}"
    return await compare(asked, v9, state)


async def compare(asked: Question, v9: Question, state: str) -> bool:
    """Both answers, one after the other."""
    answer = (await ask(asked)).kernel_owned
    if answer != (await ask(v9)).kernel_owned:
        raise Violation("disagree", effect=state)
    return answer


def expected(*, caller: WhoAsks, states: States, place: Place) -> Expected:
    if caller == "memory_failure":
        return Expected("pass", because="the opt-out is soft offline's")
    if states == "allowed":
        reason = "no page has both movable_ops and what makes it kernel-owned"
        return Expected("pass", because=reason)
    if place == "alone":
        reason = "a page with movable_ops that is reserved too"
    else:
        reason = "a tail with a page_type of its own beside its head's, or reserved"
    return Expected("fail", ("disagree",), reason)


@scenario(expect=expected)
def movable_ops(
    *,
    variant: WithoutOptOut = "v10",
    caller: WhoAsks = "soft_offline",
    states: States = "allowed",
    place: Place = "alone",
) -> Program:
    """A variant without v9's opt-out for movable_ops and v9 are asked about every page state.

    variant  the version of the classifier that is compared with v9
    caller   soft_offline is what has the opt-out
    states   which states of the page
    place    what p is
    """
    mem = Memory()
    block = make_block(mem, user(lru=False, refs=0), user(lru=False, refs=0))
    zone = make_zone(mem, block, check_pages=False, flags_rmw="split")
    H, p = block.pages
    flags = flags_of(caller)
    asked = make_question(mem, zone, p, variant=variant, flags=flags)
    v9 = make_question(mem, zone, p, variant="v9", flags=flags)

    def is_movable(state: State) -> bool:
        return state[p.flags].movable_ops and state[p.page_type] == "zsmalloc"

    def is_uptodate(state: State) -> bool:
        page = p if place == "alone" else H
        return state[page.flags].movable_ops and state[page.page_type] == "none"

    sometimes = {"PG_uptodate of a user's page": is_uptodate}
    if place == "alone":
        sometimes["p is a zsmalloc page with movable_ops"] = is_movable
    body = compare_alone if place == "alone" else compare_tail
    return Program(
        mem,
        {"classify": Thread(body, zone, asked, v9, states)},
        consistency=page_model(block) if states == "allowed" else {},
        sometimes=sometimes,
        about=About(labels={"disagree": f"{variant} and v9 give different answers about one page"}),
    )


# One answer about a page that changes its use


async def take_movable(zone: Zone) -> None:
    """balloon_page_alloc(), balloon_page_insert()."""
    page = await alloc_frozen_pages(zone, 0)
    if page is not None:
        await set_page_refcounted(page)  # __alloc_pages()
        await page.page_type.store("offline", "plain")  # __SetPageOffline()
        await page.flags.update(with_movable_ops, "relaxed")  # SetPageMovableOps()


async def free_movable(zone: Zone, page: Page) -> None:
    """put_page() of a page that balloon_page_finalize() has left PageOffline."""
    if not await put_page_testzero(page):  # folio_put_testzero()
        return
    if (await page.flags.load()).hwpoison:  # __free_pages_prepare(): PageHWPoison(page)
        return
    await page.page_type.store("none", "plain")  # page_has_type(): page->page_type = UINT_MAX
    await plain_rmw(zone, page.flags, without_check_at_prep)  # page->flags &= ~..
    await free_one_page(zone, page, 0)


def with_movable_ops(flags: Flags) -> Flags:
    return replace(flags, movable_ops=True)


async def movable_to_slab(zone: Zone, page: Page) -> None:
    await free_movable(zone, page)
    await take_slab(zone, 0)


async def slab_to_movable(zone: Zone, page: Page) -> None:
    await free_slab(zone, page, 0)
    await take_movable(zone)


def expected_race(*, variant: Variant, move: Change, stale: bool) -> Expected:
    labels = []
    if variant == "tryget":
        labels.append("missed")
    if stale and move == "to_slab" and variant in FALSE_IS_LATE:
        labels.append("stale_clear")
    if stale and move == "from_slab" and variant in TRUE_IS_LATE:
        labels.append("stale_owned")
    if not labels:
        return Expected("pass", because="p is its own head, so a type that is seen was p's then")
    reasons = {
        "missed": "a frozen slab cannot be pinned",
        "stale_clear": "the slab comes after the type was loaded",
        "stale_owned": "the slab goes after its type was loaded",
    }
    return Expected("fail", tuple(labels), {label: reasons[label] for label in labels})


@scenario(expect=expected_race)
def movable_ops_race(
    *,
    variant: Variant = "v10",
    caller: WhoAsks = "soft_offline",
    move: Change = "to_slab",
    followup: Followup = True,
    panic: Panic = True,
    stale: bool = False,
) -> Program:
    """A balloon page becomes a slab, or a slab a balloon page, while it is asked about.

    variant   the version of the classifier; v8 and v9 have the opt-out for movable_ops
    caller    soft_offline is what has the opt-out
    move      what p changes to
    followup  memory_failure() tells -ENOTRECOVERABLE from other errnos
    panic     vm.panic_on_unrecoverable_memory_failure
    stale     an answer that was true, but is so no more at the end, counts as wrong
    """
    mem = Memory()
    block = make_block(mem, user(), movable("offline") if move == "to_slab" else typed("slab"))
    zone = make_zone(mem, block, check_pages=False, flags_rmw="split")
    _, p = block.pages

    def is_slab(state: State) -> bool:
        return state[p.page_type] == "slab"

    def is_movable(state: State) -> bool:
        return state[p.page_type] == "offline" and state[p.flags].movable_ops

    return Program(
        mem,
        {
            "classify": hwpoison_caller(
                mem,
                zone,
                p,
                caller=caller,
                variant=variant,
                followup=followup,
                panic=panic,
                stale=stale,
            ),
            "move": Thread(movable_to_slab if move == "to_slab" else slab_to_movable, zone, p),
        },
        consistency=page_model(block),
        sometimes={"p is a slab": is_slab, "p is movable": is_movable},
        about=about_page(block, p),
    )
