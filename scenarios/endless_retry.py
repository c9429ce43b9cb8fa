"""A page's head changes for ever: does the classifier ever come to an answer?

Question   v9 and v10 start again when p's head has changed ("goto retry"), any number of times.
           Is there a schedule in which they never end? How many retries do n changes make?
           What would a limit to the retries do?
Models     A block of 2 pages, free: H and p. Two threads:
           classify  memory_failure() or soft_offline_page(), down to the classifier's answer
           move      takes the block for a slab and gives it back: `rounds` times, or for ever.
                     p's head is H as long as p is a tail, and p itself otherwise. For ever: it
                     is a daemon, of which no end is expected.
Kernel     kernel/allocator.py, users.py, classifier.py, memory_failure.py
Abstract   - The mover stands for whoever uses p's memory; no user is known that would come back
             at the pace of the classifier's loads. Here any pace is: a schedule in which the
             classifier does not end needs it in step for ever, so it is of no weight in
             practice, but nothing in the code bounds it.
           - limit is a what-if of ours: after so many retries the answer is "not kernel-owned",
             which leaves p to the path before the patch. It is for v9 and v10.
Bound      One block, one kind of user.
Labels     livelock  the classifier never comes to an end, though the scheduler is fair
           gave_up   with a limit: a retry was due, and the limit was reached
           A run that goes on for ever has no outcome; who can go on so is in `loops`. With
           rounds=0 the mover never ends, so there are no outcomes at all. What then remains to
           be said: livelocks, and wrong answers and gave_up, found in runs of any kind.

Answer     p is kernel-owned whenever H is a slab. So no "true" is misclassified, and only v8 (it
           reads the type of a tail) and tryget (a slab is frozen) have `missed`.
  How often  A round changes p.info twice: it is set to H, then cleared. The block is free first.
    v10, v10_rmb   retry when p.info is not what it was in the load before. Any change will do:
                   2 * rounds retries, with one change between the two loads of each attempt.
    v9, reviewed   retry only after a type was seen, so p.info was H, and is none: the second
                   change of a round. To see H again takes the first of the next: rounds retries.
    memory_failure, check_pages
                   The block is taken no more once p is poisoned and the bit is looked at. So
                   only what is left of the round that p is poisoned in makes for retries: after
                   the check p.info is set, later cleared. v10: 2, v9: 1, for any rounds.
                   flags_rmw=split: the bit may be lost in an update of p.flags. The first of
                   these is of the order, when p.info has been set in the first round; from
                   there on 2 * rounds - 1 changes are left, and every slab is still to come.
                   v10: 2 * rounds - 1, but 2 when that is less; v9: rounds.
  For ever   rounds=0: v9, reviewed, v10, v10_rmb can go on for ever with the mover, in a run in
             which both take steps again and again: a livelock. Where a poisoned p ends the
             reuse (memory_failure, check_pages, flags_rmw=atomic) they cannot. v8, headonly and
             tryget cannot: none of them retries (tryget would, if it ever got a reference to a
             head; here it gets none). zlock does not retry either, but rounds=0 is refused for it:
             the mover takes zone->lock again and again, and the model's locks have no queue, so
             that it would starve there, as it cannot at the kernel's spin locks, which have.
  limit      Fails, `gave_up`, exactly when it is less than the number of retries; with rounds=0
             whatever it is, unless a poisoned p ends the reuse. But the mover is then the only
             one to go on for ever, and there is no wrong answer: a "false" in spite of a
             change of p's head is never `missed`, for p had no type when its head changed.

Claims     "the re-read must guard the false verdict too": the price is twice the retries.
"""

from typing import Annotated, Literal

from racer import (
    Expected,
    Memory,
    Program,
    Range,
    State,
    Thread,
    UsageError,
    Violation,
    WhatIf,
    scenario,
)

from .kernel.allocator import Zone, make_zone
from .kernel.classifier import (
    How,
    Question,
    flags_of,
    has_kernel_type,
    make_question,
    page_has_movable_ops,
    page_reserved,
    verdict,
)
from .kernel.memory_failure import hwpoison_caller
from .kernel.pages import (
    Page,
    compound_head,
    free,
    in_free_block,
    kernel_owned,
    make_block,
    program_about,
    with_hwpoison,
)
from .kernel.parameters import LOOKS_AGAIN, Caller, CheckPages, FlagsRmw, Variant
from .kernel.users import slab

Answer = Literal["kernel-owned", "not kernel-owned", "gave up"]


async def move_for_ever(zone: Zone) -> None:
    while True:
        await slab(zone, 1)


async def move_rounds(zone: Zone, rounds: int) -> None:
    for _ in range(rounds):
        await slab(zone, 1)


async def report_limited(question: Question, variant: Variant, limit: int) -> Answer:
    """The caller down to the answer of a classifier that retries `limit` times at most."""
    p, how = question.p, question.how
    if not how.flags.soft_offline:
        await p.flags.update(with_hwpoison, "full")  # TestSetPageHWPoison(p)
    async with question.owned.window() as seen:
        answer = await classify_limited(p, how, variant, limit)
    truth = verdict(question, answer == "kernel-owned", seen, counts=True).truth
    if truth != "true":
        raise Violation(truth)
    if answer == "gave up":
        raise Violation("gave_up")
    return answer


async def classify_limited(p: Page, how: How, variant: Variant, limit: int) -> Answer:
    """v9 or v10 of kernel/classifier.py, with a limit."""
    opts_out = variant == "v9" and how.flags.soft_offline
    if opts_out and await page_has_movable_ops(p):
        return "not kernel-owned"
    if await page_reserved(p):  # PageReserved(p)
        return "kernel-owned"
    for _ in range(1 + limit):
        head = await compound_head(p)  # READ_ONCE(p->compound_info)
        owned = await has_kernel_type(head, how)  # PageSlab(head) || ...
        if variant == "v9" and not owned:
            return "not kernel-owned"
        if await compound_head(p) is head:  # READ_ONCE(p->compound_info)
            return "kernel-owned" if owned else "not kernel-owned"
    return "gave up"


def most_retries(
    variant: Variant, caller: Caller, rounds: int, check_pages: bool, flags_rmw: FlagsRmw
) -> int | None:
    """The most that any schedule has, derived in the header; None: there is no most."""
    if variant not in LOOKS_AGAIN:
        return 0
    rechecks_false = variant in ("v10", "v10_rmb")
    checked = caller == "memory_failure" and check_pages
    if checked and flags_rmw == "atomic":
        return 2 if rechecks_false else 1
    if rounds == 0:
        return None
    if rechecks_false:
        return max(2 * rounds - 1, 2) if checked else 2 * rounds
    return rounds


def expected(
    *,
    variant: Variant,
    caller: Caller,
    rounds: int,
    limit: int,
    check_pages: bool,
    flags_rmw: FlagsRmw,
) -> Expected:
    most = most_retries(variant, caller, rounds, check_pages, flags_rmw)
    for_ever = ["move"] if rounds == 0 else []
    if most is None and limit == 0:
        for_ever.append("classify")
    loops = tuple(for_ever)
    if variant in ("v8", "tryget"):
        reason = "v8 reads the type of a tail" if variant == "v8" else "the slab is frozen"
        return Expected("fail", ("missed",), reason, loops)
    if limit > 0 and most is None:
        return Expected("fail", ("gave_up",), "p's head may change any number of times", loops)
    if limit > 0 and most is not None and limit < most:
        return Expected("fail", ("gave_up",), f"{most} retries are possible", loops)
    reason = "H has a type only while p is its tail"
    if "classify" in loops:
        reason = f"no answer is wrong: {reason}; but it may retry for ever"
        return Expected("fail", ("livelock",), reason, loops)
    return Expected("pass", because=reason, loops=loops)


@scenario(expect=expected)
def endless_retry(
    *,
    variant: Variant = "v10",
    caller: Caller = "memory_failure",
    rounds: Annotated[int, Range(0, 4)] = 0,
    limit: Annotated[int, Range(0, 9), WhatIf(*range(1, 10))] = 0,
    check_pages: CheckPages = False,
    flags_rmw: FlagsRmw = "split",
) -> Program:
    """The classifier on a page whose head changes again and again: it starts again each time.

    variant      the version of the classifier
    caller       who asks the classifier
    rounds       how often the page is part of a slab and free again; 0: for ever
    limit        after how many retries v9 and v10 give up; 0: never, as in the C
    check_pages  the allocator drops a block with a poisoned page
    flags_rmw    what a plain `page->flags |= x` is
    """
    if caller == "count_increased":
        raise UsageError("caller=count_increased holds a reference: p is not free, and stays.")
    if variant == "zlock" and rounds == 0:
        raise UsageError(
            "variant=zlock waits for zone->lock, and a mover that goes on for ever takes it again "
            "and again: locks have no queue here, so it would starve, as it cannot in the kernel. "
            "Try rounds=4."
        )
    if limit > 0 and variant not in ("v9", "v10"):
        raise UsageError(f"limit is for v9 and v10 only: variant={variant} has none to be set.")
    mem = Memory()
    block = make_block(mem, free(1))
    zone = make_zone(mem, block, check_pages=check_pages, flags_rmw=flags_rmw)
    H, p = block.pages

    def tail_of_a_slab(state: State) -> bool:
        return state[p.info] is H and kernel_owned(state, p)

    def made_or_freed(state: State) -> bool:
        return state[p.info] is H and not kernel_owned(state, p)

    def free_page(state: State) -> bool:
        return in_free_block(state, p, block)

    if limit == 0:
        classify = hwpoison_caller(mem, zone, p, caller=caller, variant=variant, depth="classifier")
    else:
        question = make_question(mem, zone, p, variant=variant, flags=flags_of(caller))
        classify = Thread(report_limited, question, variant, limit)
    for_ever = Thread(move_for_ever, zone, daemon=True)
    move = Thread(move_rounds, zone, rounds) if rounds else for_ever
    return program_about(
        mem,
        block,
        p,
        {"classify": classify, "move": move},
        sometimes={
            "p is a tail of a slab on H": tail_of_a_slab,
            "p names H, which has no type": made_or_freed,
            "p is free": free_page,
        },
    )
