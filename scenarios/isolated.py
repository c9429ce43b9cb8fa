"""A user's page leaves the LRU and comes back to it while a memory error is handled.

Question   When does a normal page end as -EIO, the result of a page that cannot be handled?
Models     p is a user's page of order 0, on the LRU, or (rests) new and still in a per-cpu batch.
           classify  memory_failure() or soft_offline_page(), from end to end
           user      (dies) drops the last reference that is not the batch's: it unmaps p, or exits
           isolate   isolates p and puts it back by way of the batch, `isolations` times: reclaim,
                     compaction, migration. If p is not on the LRU just then, it lets it be.
           drains says what becomes of a page in a batch that nobody else holds: see kernel/lru.py.
Labels     What the call ends with is the effect.
           transient_eio  -EIO (memory_failure(): MF_MSG_GET_HWPOISON), and p was not back on the
                          LRU before the call was over
           returned_eio   the same, though p was back on the LRU in between
Kernel     kernel/lru.py, classifier.py, memory_failure.py
Abstract   The isolation's own reference is there already: it finds p by a mapping that stays.
           `was_off` is a ghost: that p was off the LRU once. One step of the isolator's, and of
           no thread's concern but for the label.
Bound      At most two isolations. The passes are four, so there is no need for more to show what
           happens when p is back in between.

Answer     The classifier says false of a user's page, in every variant; what follows is the same
           before the patch and after it, with or without the follow-up. There are four passes,
           and a shake after each of the first three. A pass fails that finds p off the LRU; a
           page that rests in the batch is brought back by the next shake. So
  isolations=0       Pass: rests=false, handled on the first pass. rests=true: pass 1 finds p off
                     the LRU, the shake drains the batch, pass 2 finds p: handled.
  isolations=1       rests=false: fails, transient_eio: p is isolated, and the isolator does not go
                     on until the third shake has looked at the batch. Nobody is preempted: the
                     isolator may hold the batch's local_lock, on a CPU of its own, and the batch
                     is looked at without it and is empty.
                     It is held over all three shakes; once it is back it stays, so returned_eio
                     cannot be.
                     rests=true: fails, returned_eio: pass 1 finds p in the batch, the shake brings
                     it back, it is isolated before pass 2 looks, and held. Nobody is preempted:
                     the isolator's CPU does so while the drain still has lru_lock. Not
                     transient_eio: it is isolated only once it is on the LRU, and that is after a
                     shake.
  isolations=2       rests=false: both. returned_eio, with one preemption: p is isolated and put
                     back, and the isolator is preempted; pass 1 finds p in the batch, shake 1
                     brings it to the LRU; while it has lru_lock p is isolated again, and held.
                     So p need not be held throughout.
                     rests=true: returned_eio, as above.
  dies (rests=true, isolations=0)
    memory_failure   p is poisoned before all else, and of order 0: once nobody holds it, it is kept
                     out of the allocator, and every pass ends as -EBUSY. In the batch it is until
                     the first shake drains that. If its user goes before the drain looks
                       drains=all    it is put on the LRU and freed from there: returned_eio
                       drains=alive  it is freed, and never was on the LRU: transient_eio
                     If he goes after that, p is put on the LRU, and he frees it before the second
                     pass has a reference: returned_eio. So alive: both; all: returned_eio.
    soft_offline     returned_eio, with either: he goes when p is on the LRU, and the free is under
                     way (p has no reference, is not on the LRU, and not free) for the other passes.
                     Not transient_eio: a drain that finds p dead frees it, and p is free when the
                     second pass looks.

Claims     "a kernel-owned page ... ends as -EIO, like a transient one (a user folio briefly off
           the LRU, which a later shake can bring back)": so it does; -EIO tells nothing of the
           page. "pages outside the positive list behave exactly as before the patch": yes, the
           same labels and results for every variant.
"""

from typing import Annotated

from racer import (
    Cell,
    Expected,
    Memory,
    Program,
    Range,
    State,
    Thread,
    UsageError,
    Violation,
    Watch,
    scenario,
)

from .kernel.about import about_page, named
from .kernel.allocator import Zone, folio_put, make_zone
from .kernel.call import Call, hwpoison_call
from .kernel.lru import folio_add_lru, isolate, put_back
from .kernel.memory_failure import report
from .kernel.pages import Page, make_block, program_about, user
from .kernel.parameters import Drains, Followup, Panic, Variant, WhoAsks


async def isolate_and_put_back(zone: Zone, p: Page, was_off: Cell[bool], isolations: int) -> None:
    for _ in range(isolations):
        if await isolate(zone, p):
            await was_off.store(True)
            await put_back(zone, p)


async def report_a_user_page(call: Call, back: Watch, rests: bool) -> str:
    """The call; a user's page that it gives up on is what the scenario is about."""
    if rests:
        await folio_add_lru(call.zone, call.p)  # by the fault that made the page
    async with back.window() as was_back:
        result = await report(call)
    if result in ("-EIO", "ignored: MF_MSG_GET_HWPOISON"):
        label = "returned_eio" if was_back.sometimes else "transient_eio"
        raise Violation(label, effect=result)
    return result


def expected(
    *, caller: WhoAsks, isolations: int, rests: bool, dies: bool, drains: Drains
) -> Expected:
    if dies and caller == "memory_failure" and drains == "alive":
        because = {
            "returned_eio": "its last user goes when a shake has brought it back",
            "transient_eio": "it dies in the batch, and is poisoned: the drain only takes it out",
        }
        return Expected("fail", tuple(because), because)
    if dies:
        reason = "its last user goes when a shake has brought it back"
        return Expected("fail", ("returned_eio",), reason)
    if isolations == 0:
        return Expected("pass", because="a shake brings back what rests in the batch")
    if rests:
        reason = "it is isolated as soon as a shake has brought it back"
        return Expected("fail", ("returned_eio",), reason)
    held = "it is held over all three shakes"
    if isolations == 1:
        return Expected("fail", ("transient_eio",), held)
    because = {
        "returned_eio": "it is isolated again after a shake has brought it back",
        "transient_eio": held,
    }
    return Expected("fail", tuple(because), because)


@scenario(expect=expected)
def isolated(
    *,
    variant: Variant = "v10",
    caller: WhoAsks = "soft_offline",
    isolations: Annotated[int, Range(0, 2)] = 1,
    rests: bool = False,
    dies: bool = False,
    drains: Drains = "all",
    followup: Followup = True,
    panic: Panic = True,
) -> Program:
    """A user's page is isolated and put back while get_any_page() retries and shakes.

    variant     the version of the classifier
    caller      who asks the classifier
    isolations  how often p is isolated, and put back
    rests       p starts in a per-cpu batch, not on the LRU
    dies        p's user goes meanwhile
    drains      what a drain of the batch does with a page that nobody else holds
    followup    memory_failure() tells -ENOTRECOVERABLE from other errnos
    panic       vm.panic_on_unrecoverable_memory_failure
    """
    if dies and (isolations > 0 or not rests):
        raise UsageError(
            "dies is about a page that rests in a batch when its user goes, and who isolates it "
            "finds it by a mapping: try rests=true with isolations=0."
        )
    mem = Memory()
    block = make_block(mem, user(), user(refs=2 if dies else 1, lru=not rests))
    _, p = block.pages
    zone = make_zone(
        mem,
        block,
        check_pages=False,
        flags_rmw="split",
        drains=drains,
        resting=p if dies else None,
    )
    was_off = mem.cell("was_off", rests)

    def is_back(state: State) -> bool:
        return state[p.flags].lru and state[was_off]

    def is_isolated(state: State) -> bool:
        return not state[p.flags].lru and state[zone.batch] is None and state[was_off]

    def rests_in_the_batch(state: State) -> bool:
        return state[zone.batch] is p

    def dead_in_the_batch(state: State) -> bool:
        return state[zone.batch] is p and state[p.refs] == 1

    call = hwpoison_call(
        mem, zone, p, caller=caller, variant=variant, followup=followup, panic=panic
    )
    back = mem.watch("p is back on the LRU", is_back, [p.flags, was_off])
    threads = {"classify": Thread(report_a_user_page, call, back, rests and not dies)}
    sometimes = {}
    if dies:
        threads["user"] = Thread(folio_put, zone, p, 0)
        sometimes["p is dead in the batch"] = dead_in_the_batch
    if isolations > 0:
        threads["isolate"] = Thread(isolate_and_put_back, zone, p, was_off, isolations)
        sometimes["p is isolated"] = is_isolated
    if isolations > 0 or rests:
        sometimes["p rests in the batch"] = rests_in_the_batch
    about = named(
        about_page(block, p), was_off="of the model: p was off the LRU once, or never on it"
    )
    return program_about(mem, block, p, threads, sometimes=sometimes, about=about)
