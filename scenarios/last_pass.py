"""The last pass of v9 and v10 over a tail whose head moves: was its "false" about p at all?

Question   A "false" comes of one head's type. If p was kernel-owned at every instant from the
           first look at that type to the answer, then what was looked at was not p's. That is
           what the re-read before a "false" is for: v10 has it, v9 has not.
Models     As slab_tail.py: a block of 4 pages, `owner` over all of it, H its head, p its last
           page. But the window is around the last pass only (window=pass): from just before its
           first load of a type to just after its last load. window=call: from the first load of
           p's head on, as there.
           classify  v9 or v10; the same loads, in the same order, as in kernel/classifier.py
           move      the owner gives the block back, and it may be used again
Labels     missed    it said "not kernel-owned", and p was so at every instant of that window
Abstract   PG_reserved is not tested: no page has it here. No caller: nothing but the answer counts.
Bound      One free, one reuse.

Answer
  v9, other_head   (window=pass) Fails. p.info is loaded: H. The block is freed, H goes to a
                   neighbour, p gets a new owner on page 2. H's type is loaded: none. "false", and
                   p was of the new owner throughout. (neighbour=kernel: H has a type again, so
                   p.info is loaded again; then as for same_head, with p.info: none.)
  v9, same_head    (window=pass) Fails. The block is freed; p.info is loaded: none, so p is its
                   own head. A new owner takes the block. p's own type is loaded: none. "false".
  v10              Pass. It answers only if p.info is as it was before the types were loaded. What
                   is stored to p.info is stored while p's block has no type. So if p is
                   kernel-owned throughout, p.info is the same throughout, and it is what the last
                   load finds: the head whose type was looked at. That has one throughout: "true".
  window=call      Pass, with either. In both schedules above p is free when its head is loaded, or
                   after that. If it is kernel-owned from the first load to the last, its head
                   stays, and so does the head's type: v9 finds it, too.
  move=freed       Pass, with either: p is never owned again once it was not, and as long as it is
                   owned its head is H, with a type.

Claims     "the re-read must guard the false verdict too": it depends on where the window opens. An
           answer that is to be true of the last pass must be guarded; in one that is to be true
           of the call there is nothing to guard against.
"""

from typing import Annotated, Literal

from racer import (
    Configured,
    Expected,
    Meanings,
    Memory,
    Program,
    State,
    Thread,
    Violation,
    Watch,
    Window,
    scenario,
)

from .kernel.allocator import make_zone
from .kernel.classifier import MF, How, has_kernel_type, possible_heads
from .kernel.pages import (
    Page,
    compound_head,
    kernel_owned,
    make_block,
    program_about,
    typed,
)
from .kernel.parameters import WrittenOut
from .slab_tail import Move, Neighbour, Owner, move_block

Where = Annotated[
    Literal["pass", "call"],
    Configured(),  # by whoever asks: an answer is to be true of the one or the other
    Meanings(
        {
            "pass": "the window opens with each pass, when p's head has been loaded",
            "call": "the window opens with the call",
        }
    ),
]


def expected(*, variant: WrittenOut, move: Move, window: Where) -> Expected:
    if window == "call":
        return Expected("pass", because="while p is kernel-owned its head and that's type stay")
    if variant == "v10":
        return Expected("pass", because="the head that was looked at is p's at the end, as before")
    if move in ("none", "freed"):
        return Expected("pass", because="p has one head only, and its type goes with p's owner")
    return Expected("fail", ("missed",), "the type that was looked at is that of p's former head")


@scenario(expect=expected)
def last_pass(
    *,
    variant: WrittenOut = "v9",
    owner: Owner = "slab",
    move: Move = "other_head",
    neighbour: Neighbour = "thp",
    window: Where = "pass",
) -> Program:
    """A "false" of v9 or v10 held against what p was while the types were looked at.

    variant    v9 says "false" at once; v10 loads p's head again first
    owner      what the block is used for, before and after
    move       what becomes of the block meanwhile
    neighbour  move=other_head: what p's former head is used for then
    window     where it opens
    """
    mem = Memory()
    block = make_block(mem, typed(owner, 2))
    zone = make_zone(mem, block, check_pages=False, flags_rmw="split")
    *_, p2, p = block.pages

    def owned(state: State) -> bool:
        return kernel_owned(state, p)

    def owned_anew(state: State) -> bool:
        return owned(state) and state[p.info] is p2

    def freed(state: State) -> bool:
        return state[p.info] is None

    heads = possible_heads(block, p)
    watch = mem.watch("p kernel-owned", owned, [p.flags, p.info, *(h.page_type for h in heads)])
    how = How(MF(), "fused", zone)
    threads = {"classify": Thread(CLASSIFY[window], variant, p, how, watch)}
    sometimes = {"p is kernel-owned": owned}
    if move != "none":
        threads["move"] = Thread(move_block, zone, owner, move, neighbour)
        sometimes["p has no head"] = freed
    if move == "other_head":
        sometimes["p is kernel-owned, with another head"] = owned_anew
    return program_about(mem, block, p, threads, sometimes=sometimes)


async def classify(variant: WrittenOut, p: Page, how: How, owned: Watch) -> bool:
    """v9 and v10 less PageReserved(p), with a window on each pass."""
    while True:  # retry:
        head = await compound_head(p)  # READ_ONCE(p->compound_info)
        async with owned.window() as seen:
            answer, again = await one_pass(variant, p, how, head)
        if again is not head:
            continue  # another head: goto retry
        return judged(answer, seen)


async def classify_in_one_window(variant: WrittenOut, p: Page, how: How, owned: Watch) -> bool:
    """The same with one window on all of it."""
    async with owned.window() as seen:
        while True:  # retry:
            head = await compound_head(p)  # READ_ONCE(p->compound_info)
            answer, again = await one_pass(variant, p, how, head)
            if again is head:
                break
            # another head: goto retry
    return judged(answer, seen)


async def one_pass(variant: WrittenOut, p: Page, how: How, head: Page) -> tuple[bool, Page]:
    """The answer of a pass, and p's head after it."""
    answer = await has_kernel_type(head, how)  # PageSlab(head) || ...
    if not answer and variant == "v9":
        return answer, head  # v9 re-checks a "true", v10 both
    return answer, await compound_head(p)  # READ_ONCE(p->compound_info)


def judged(answer: bool, seen: Window) -> bool:
    if not answer and seen.always:
        raise Violation("missed")
    return answer


CLASSIFY = {"pass": classify, "call": classify_in_one_window}
