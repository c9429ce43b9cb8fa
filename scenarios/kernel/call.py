"""A call of memory_failure() or soft_offline_page(): on which page, in which kernel, how.

Source     mm/madvise.c madvise_inject_error(), for a caller that has a reference of its own
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, Unpack

from racer import Lock, Memory, UsageError, lifted

from .allocator import Zone
from .classifier import MF, Question, bits, flags_of, make_question, parameters_of
from .pages import Page
from .parameters import (
    Caller,
    Depth,
    Injects,
    OnHit,
    Only,
    SecondTry,
    TypeReads,
    Variant,
)

GET_PAGE_MAX_RETRY_NUM = 3


Handlable = Callable[[Zone, Page, MF], Coroutine[Any, Any, bool]]
Getting = Callable[["Call", Page, MF], Coroutine[Any, Any, Literal[0, 1, "-EBUSY"]]]


@dataclass(frozen=True, eq=False, slots=True)
class Call:
    """One call of memory_failure() or soft_offline_page() on p, and the kernel it is made in."""

    zone: Zone
    p: Page
    question: Question
    flags: MF
    followup: bool  # memory_failure() tells -ENOTRECOVERABLE from the other errnos
    panic: bool  # vm.panic_on_unrecoverable_memory_failure
    depth: Depth
    on_hit: OnHit  # what becomes of the caller's reference; all but "put" are made-up bugs
    mf_mutex: Lock | None  # None: there is no other caller
    retries: int  # GET_PAGE_MAX_RETRY_NUM
    heeds: bool  # False: a hit of the classifier is noted, and the call goes on without it
    second_try: SecondTry  # MF_COUNT_INCREASED, when the call tries again
    handlable: Handlable | None  # HWPoisonHandlable() in C, where that is given
    getting: Getting | None  # __get_hwpoison_page() in C, where that is given

    def __repr__(self) -> str:
        return "call"


class Options(TypedDict, total=False):
    """How a call is made, and in which kernel, where that is not the usual one.

    injects     of a count_increased caller: the function that madvise() calls (soft_offline)
    followup    memory_failure() tells -ENOTRECOVERABLE from the other errnos (True)
    panic       vm.panic_on_unrecoverable_memory_failure (True)
    depth       the whole call, or no further than a "not kernel-owned" (whole)
    type_reads, only, stale: see classifier.py
    on_hit      put: what the C does; leak, put_twice: bugs that C17 must find
    mf_mutex    a lock, where there is another caller
    retries     of get_any_page(); fewer than the kernel's three make for a smaller space
    heeds       False: what the kernel before the patch makes of an interleaving in which the
                classifier, whose loads nobody notices, is asked all the same (True)
    second_try  same_flags: a call that loses a free page to another and tries again takes its
                MF_COUNT_INCREASED reference to be there still, though get_any_page() has put it;
                cleared: it does not (memory_failure(): same_flags; soft_offline_page(): cleared)
    """

    injects: Injects
    followup: bool
    panic: bool
    depth: Depth
    type_reads: TypeReads
    only: Only
    stale: bool
    on_hit: OnHit
    mf_mutex: Lock | None
    retries: int
    heeds: bool
    second_try: SecondTry


def hwpoison_call(
    mem: Memory,
    zone: Zone,
    p: Page,
    *,
    caller: Caller,
    variant: Variant,
    **options: Unpack[Options],
) -> Call:
    """A call about p. Two about one p need mf_mutex, and share watches.

    caller  memory_failure, soft_offline, or count_increased: madvise(), which injects the one
            (MADV_HWPOISON) or the other (MADV_SOFT_OFFLINE) and holds a reference to p's folio
            when it does. It is there when the program starts.
    Errors  UsageError when caller is count_increased and p's folio has no references, and those
            of make_question().
    """
    flags = flags_of(caller, options.get("injects", "soft_offline"))
    if flags.count_increased and (p.info.initial or p).refs.initial < 1:
        raise UsageError(
            f"caller=count_increased has a reference to {p.name}'s folio from the start, and that "
            f"has none: a page that is free or frozen cannot be given to madvise()."
        )
    question = make_question(
        mem,
        zone,
        p,
        variant=variant,
        flags=flags,
        type_reads=options.get("type_reads", "fused"),
        only=options.get("only", "any"),
        stale=options.get("stale", False),
    )
    return Call(
        zone=zone,
        p=p,
        question=question,
        flags=flags,
        followup=options.get("followup", True),
        panic=options.get("panic", True),
        depth=options.get("depth", "whole"),
        on_hit=options.get("on_hit", "put"),
        mf_mutex=options.get("mf_mutex"),
        retries=options.get("retries", GET_PAGE_MAX_RETRY_NUM),
        heeds=options.get("heeds", True),
        second_try=options.get("second_try", "cleared" if flags.soft_offline else "same_flags"),
        handlable=handlable_in_c(variant, zone),
        getting=getting_in_c(variant, zone),
    )


def handlable_in_c(variant: Variant, zone: Zone) -> Handlable | None:
    """HWPoisonHandlable() as it is given in C, if it is."""
    in_c = lifted(variant, "handlable", zone=zone)
    if in_c is None:
        return None

    most = parameters_of(in_c)

    async def handlable(zone: Zone, page: Page, flags: MF) -> bool:
        return bool(await in_c(*(page, bits(flags))[:most]))

    return handlable


def getting_in_c(variant: Variant, zone: Zone) -> Getting | None:
    """__get_hwpoison_page() as it is given in C, if it is."""
    in_c = lifted(variant, "getting", zone=zone)
    if in_c is None:
        return None

    most = parameters_of(in_c)

    async def getting(call: Call, page: Page, flags: MF) -> Literal[0, 1, "-EBUSY"]:
        return GOT[await in_c(*(page, bits(flags))[:most])]

    return getting


GOT: dict[int, Literal[0, 1, "-EBUSY"]] = {0: 0, 1: 1, -16: "-EBUSY"}
