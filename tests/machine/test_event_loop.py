"""Threads as tasks of an event loop: undisturbed from one checkpoint to the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from racer import (
    Cancelled,
    Memory,
    ModelError,
    Move,
    Program,
    ProgramError,
    ReplayDiverged,
    Thread,
    UsageError,
    certificate,
    checkpoint,
    explain,
    explore,
    replay,
)
from racer.exploration import searching
from racer.machine.models import replayed
from racer.viz.summary import event_loop_text
from tests.generated.profiles import examples
from tests.generated.strategies import samples
from tests.generated.test_agreement import by_engine, by_oracle
from tests.oracles.naive import TooMany
from tests.programs import Sample, build_source

# --- whose turn it is -----------------------------------------------------------------------------


def filling(*, event_loop: bool = True, copies: int = 2, rechecks: bool = False) -> Program:
    """Whoever finds nothing in the cache fetches it, and awaits that.

    `rechecks`: what somebody else has stored meanwhile is kept.
    """
    mem = Memory()
    cache, stores = mem.cell("cache", 0), mem.cell("stores", 0)

    async def get() -> int:
        if not await cache.load():
            await checkpoint()  # cache = await fetch()
            if not rechecks or not await cache.load():
                await stores.fetch_add(1)
                await cache.store(1)
        return await cache.load()

    once = {"filled once": lambda state: state[stores] <= 1}
    return Program(mem, {"T": Thread(get, copies=copies)}, once, event_loop=event_loop)


def test_a_task_goes_on_undisturbed_until_it_yields() -> None:
    # Two turns each, [load] and [checkpoint, fetch_add, store, load], if the first finds nothing.
    # Whose load comes first: 2. Then the other's load, and the second turns in either order: both
    # have found nothing, 2. Or its own second turn, and the other has one turn only: 1.
    result = explore(filling())
    assert result.interleavings == 2 * (2 + 1)
    assert result.violations["filled once"].interleavings == 4
    assert explore(filling(rechecks=True)).verdict == "pass"


def test_preemptions_are_switches_at_checkpoints() -> None:
    result = explore(filling())
    assert result.violations["filled once"].witness.preemptions == 1
    explanation = explain(result, "filled once")
    (switch,) = [row.switch for row in explanation.rows if row.switch and row.switch.lane == 0]
    assert switch.text == "T.0 yields"


def blocking() -> Program:
    mem = Memory()
    free, order = mem.cell("free", False), mem.cell("order", ())

    async def waits(name: str) -> None:
        await order.update(lambda seen: (*seen, "before"))
        await free.wait_until(lambda is_free: is_free)
        await order.update(lambda seen: (*seen, "after"))

    async def frees() -> tuple[str, ...]:
        await free.store(True)
        return await order.load()

    return Program(mem, {"F": Thread(frees), "W": Thread(waits, "W")}, event_loop=True)


def test_a_task_that_waits_lets_others_go_and_is_not_let_in_as_soon_as_it_can_go_on() -> None:
    # F first: it takes both its steps. W first: it waits, and F takes both, though W could go on
    # after the first. So F never finds "after".
    result = explore(blocking())
    assert result.interleavings == 2
    assert {dict(outcome)["F"] for outcome in result.outcomes} == {(), ("before",)}


def spinning(*, yields: bool, others: int = 1) -> Program:
    mem = Memory()
    flag, noise = mem.cell("flag", False), mem.cell("noise", 0)

    async def spins() -> None:
        while not await flag.load():
            await noise.store(1)
            await noise.store(0)
            if yields:
                await checkpoint()

    async def sets() -> None:
        await noise.wait_until(lambda n: n == 0)
        await flag.store(True)

    threads = {"A": Thread(spins), "B": Thread(sets, copies=others)}
    return Program(mem, threads, event_loop=True)


@pytest.mark.parametrize("others", [1, 2])
def test_whoever_spins_without_a_checkpoint_keeps_all_others_out(others: int) -> None:
    # Where it yields, B is passed over if it never gets its turn: at each checkpoint it could go
    # on. That it could not in between, when the noise is 1, is nothing that a scheduler has seen.
    result = explore(spinning(yields=True, others=others))
    assert (result.verdict, result.unfair) == ("pass", ("A",))
    # Where it never yields, no scheduler has a choice: B is not passed over, and the run is fair.
    result = explore(spinning(yields=False, others=others))
    assert list(result.violations) == ["livelock"]
    trace = result.violations["livelock"].trace
    assert trace is not None and "B" in "".join(trace.kept)


def polling() -> Program:
    """Two tasks wait, each in a loop with a checkpoint, for what never comes."""
    mem = Memory()
    flag = mem.cell("flag", False)

    async def polls() -> None:
        while not await flag.load():
            await checkpoint()

    return Program(mem, {"A": Thread(polls, copies=2)}, event_loop=True)


def test_a_run_that_never_ends_is_fair_if_all_have_a_turn_who_could_at_a_checkpoint() -> None:
    finding = explore(polling()).violations["livelock"]
    witness = finding.witness
    assert {move.thread for move in witness.schedule[-witness.cycle :]} == {"A.0", "A.1"}
    # One that goes round alone passes the other over, though that cannot move while it is held up.
    alone = (*[Move("A.0", 0)] * 3,)
    assert replayed(polling(), alone, "sc", cycle=2).labels == ()
    both = (*alone[:1], *[Move("A.1", 0)] * 3, *[Move("A.0", 0)] * 2)
    assert replayed(polling(), both, "sc", cycle=4).labels == ("livelock",)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_interleavings_of_turns_are_counted_and_not_of_steps(turns: int) -> None:
    mem = Memory()
    cell = mem.cell("cell", 0)

    async def work() -> None:
        for turn in range(turns):
            if turn:
                await checkpoint()
            await cell.fetch_add(1)
            await cell.fetch_add(1)

    program = Program(mem, {"T": Thread(work, copies=2)}, event_loop=True)
    assert explore(program).interleavings == comb(2 * turns, turns)


def test_outside_of_a_loop_a_checkpoint_is_a_step_that_touches_nothing() -> None:
    # Its place among the other's steps is all that it adds: as filling() with a fence there.
    result = explore(filling(event_loop=False))
    assert result.interleavings is not None and result.interleavings > 6


def test_a_step_that_touches_nothing_of_others_is_not_taken_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Whoever takes A's load of a cell of its own takes all of its turn, and B comes after that.
    monkeypatch.setattr(searching, "FEW_STATES", 1)  # so that closed automata decide
    mem = Memory()
    own, shared = mem.cell("own", 0), mem.cell("shared", 0)

    async def a() -> None:
        await own.load()
        await shared.store(1)

    async def b() -> int:
        return await shared.load()

    program = Program(mem, {"A": Thread(a), "B": Thread(b)}, event_loop=True)
    result = explore(program, count=False)
    assert {dict(outcome)["B"] for outcome in result.outcomes} == {0, 1}


def test_a_report_says_what_was_not_reduced() -> None:
    said = [
        event_loop_text(explore(replace(filling(), event_loop=loop)))
        for loop in (False, True, "fifo")
    ]
    assert said[0] == ""
    assert "only copies are reduced" in said[1] and "nothing is reduced" in said[2]


def test_memory_models_make_no_difference_to_the_tasks_of_one_thread() -> None:
    results = [explore(filling(), memory=memory) for memory in ("sc", "tso")]
    assert len({(r.verdict, r.interleavings, r.states) for r in results}) == 1


def test_a_schedule_that_disturbs_a_task_cannot_be_replayed() -> None:
    moves = [Move("T.0", 0), Move("T.1", 0), Move("T.1", 0), Move("T.1", 0), Move("T.0", 0)]
    with pytest.raises(ReplayDiverged, match=r"T\.0 has to wait while T\.1 holds the event loop"):
        replay(filling(), tuple(moves))


def test_a_certificate_is_refused_as_its_verifier_knows_no_loops() -> None:
    with pytest.raises(UsageError, match="event loop"):
        certificate(explore(filling(rechecks=True)))


# --- first in, first out --------------------------------------------------------------------------


def test_tasks_go_on_in_the_order_in_which_they_became_ready() -> None:
    # T.0 finds nothing and yields, then T.1; then T.0 goes on, then T.1. Nothing is open.
    program = filling()
    result = explore(replace(program, event_loop="fifo"))
    assert result.interleavings == result.violations["filled once"].interleavings == 1
    assert [dict(outcome) for outcome in result.outcomes] == [{"T.0": 1, "T.1": 1}]
    assert result.violations["filled once"].witness.preemptions == 0  # nobody is left who could go


def woken(*, order: Sequence[str], vain: bool = False) -> Program:
    """A task sets a flag, and yields; others wait for that. All write down when they go on.

    `vain`: the first that goes on clears the flag again.
    """
    mem = Memory()
    flag, seen = mem.cell("flag", False), mem.cell("seen", ())

    async def waits(name: str) -> None:
        await flag.wait_until(lambda is_set: is_set)
        if vain:
            await flag.store(False)
        await seen.update(lambda names: (*names, name[0]))

    async def sets() -> tuple[str, ...]:
        for _ in range(2):
            await flag.store(True)
            await checkpoint()
            await seen.update(lambda names: (*names, "S"))
        return await seen.load()

    async def goes_on() -> None:
        await seen.update(lambda names: (*names, "X"))

    made = {name: Thread(waits, (name,)) for name in ("V", "W")} | {"X": Thread(goes_on)}
    threads = {name: made.get(name, Thread(sets)) for name in order}
    return Program(mem, threads, event_loop="fifo")


@pytest.mark.parametrize(
    ("order", "vain", "seen"),
    [
        # They wait in the order in which they were made; S sets the flag, so both are ready, and
        # then S is, since it yields after that.
        ("WVS", False, "WVSS"),
        ("VWS", False, "VWSS"),
        # S comes first, and the others need not wait when they come.
        ("SWV", False, "WVSS"),
        # X has been ready from the start, before W is woken.
        ("WSX", False, "XWSS"),
        # W clears the flag, so V has come in vain, and waits once more, until S sets it again.
        ("WVS", True, "WSVS"),
    ],
)
def test_who_has_waited_longest_is_woken_first(order: str, vain: bool, seen: str) -> None:
    result = explore(woken(order=order, vain=vain))
    assert result.verdict == "pass" and result.interleavings == 1
    (outcome,) = result.outcomes
    assert "".join(dict(outcome)["S"]) == seen


def test_a_schedule_out_of_that_order_cannot_be_replayed() -> None:
    program = replace(filling(), event_loop="fifo")
    assert replay(program, (Move("T.0", 0), Move("T.1", 0), Move("T.0", 0))).events
    with pytest.raises(ReplayDiverged, match=r"T\.1 has to wait while T\.0 holds the event loop"):
        replay(program, (Move("T.1", 0),))


def test_a_loop_that_leaves_nothing_open_passes_nobody_over() -> None:
    spins = replace(spinning(yields=True, others=2), event_loop="fifo")
    assert (explore(spins).verdict, explore(spins).unfair) == ("pass", ())
    assert list(explore(replace(polling(), event_loop="fifo")).violations) == ["livelock"]


def test_what_such_a_loop_cannot_have_is_refused() -> None:
    with pytest.raises(ProgramError, match="as soon as it waits"):
        replace(permits(safe=True), event_loop="fifo")
    with pytest.raises(ProgramError, match="it is True, False or 'fifo'"):
        replace(filling(), event_loop="lifo")  # type: ignore[arg-type]


# --- against the oracle ---------------------------------------------------------------------------


def source_in_a_loop(sample: Sample, loop: str = "True") -> str:
    """The same program as tasks of a loop, with checkpoints in place of fences."""
    source = sample.source()
    for kind in ("mb", "rmb", "wmb"):
        source = source.replace(f"await fence('{kind}')", "await checkpoint()")
    source = source.replace("choose, fence", "checkpoint, choose")
    head, made, arguments = source.rpartition("return Program(")
    return f"{head}{made}{arguments.rstrip()[:-1]}, event_loop={loop})\n"


@examples(40)
@given(samples(ends=True), st.sampled_from(["True", "True", "'fifo'"]))
def test_the_engine_agrees_with_the_oracle(sample: Sample, loop: str) -> None:
    source = source_in_a_loop(sample, loop)
    try:
        oracle = by_oracle(build_source(source))
    except TooMany:
        return
    for reduce in (True, False):
        assert by_engine(build_source(source), reduce=reduce) == oracle
    if loop != "True":  # what happens in that order happens in some order
        any_order = explore(build_source(source_in_a_loop(sample)))
        assert oracle.outcomes.keys() <= any_order.outcomes.keys()


# --- cancelling -----------------------------------------------------------------------------------


def permits(*, safe: bool) -> Program:
    """A takes a permit, and gives it back after it has awaited something; B takes it, too."""
    mem = Memory()
    free = mem.semaphore("free", 1)

    async def a() -> None:
        await free.acquire()
        if safe:
            try:
                await checkpoint()
            finally:
                await free.release()
        else:
            await checkpoint()
            await free.release()

    async def b() -> None:
        async with free:
            pass

    return Program(mem, {"A": Thread(a, cancellable=True), "B": Thread(b)}, event_loop=True)


def test_a_permit_is_lost_by_who_is_cancelled_while_it_has_it() -> None:
    # A first: it takes the permit (nobody has it, so A is not cancelled there) and yields. Then B
    # comes and waits, or A goes on or is cancelled. B's coming to wait is no step. So: A goes on,
    # then B; or A is cancelled, and B waits for ever. B first: it takes both its steps, and A may
    # be cancelled or not, 2 ways, with nobody left who needs the permit.
    result = explore(permits(safe=False))
    assert list(result.violations) == ["deadlock"]
    assert result.violations["deadlock"].interleavings == 1
    assert explore(permits(safe=True)).verdict == "pass"
    outcomes = {dict(outcome)["A"] for outcome in explore(permits(safe=True)).outcomes}
    assert outcomes == {None, "cancelled"}


def handing_over(*, gives_on: bool) -> Program:
    """O gives its permit to W, which waits for it and may be cancelled meanwhile.

    asyncio's Semaphore had that (python/cpython issue 90155): who is cancelled when it has been
    woken has to wake the next. `gives_on`: it does.
    """
    mem = Memory()
    granted, free = mem.cell("granted", False), mem.cell("free", 0)

    async def w() -> None:
        try:
            await granted.wait_until(lambda given: given)
        except Cancelled:
            if gives_on and await granted.load():
                await free.store(1)
            elif gives_on:
                await granted.store(True)  # O finds that nobody waits
            raise
        await free.store(1)

    async def o() -> None:
        if await granted.load():
            await free.store(1)
        else:
            await granted.store(True)

    kept = {"the permit is kept": lambda state: state[free] == 1}
    return Program(
        mem,
        {"O": Thread(o), "W": Thread(w, cancellable=True)},
        finally_=kept,
        event_loop=True,
    )


def test_who_waits_may_be_cancelled_after_it_was_given_what_it_waits_for() -> None:
    # W looks and has to wait. It is cancelled before O has given it the permit, or after: then the
    # permit is lost, unless it gives it on. Of O first there is 1 way: W does not wait, so it is
    # not cancelled. Of W first: it waits for O, 1; is cancelled before O comes, 1, or after, 1.
    result = explore(handing_over(gives_on=False))
    assert result.interleavings == 4
    assert result.violations["the permit is kept"].interleavings == 2
    assert explore(handing_over(gives_on=True)).verdict == "pass"


def test_a_task_is_cancelled_once_and_its_clean_up_awaits_in_peace() -> None:
    mem = Memory()
    cell = mem.cell("cell", 0)

    async def work() -> int:
        try:
            await cell.load()
            await checkpoint()
            await checkpoint()
        except Cancelled:
            await checkpoint()
            return await cell.load() - 1
        return 1

    result = explore(Program(mem, {"T": Thread(work, cancellable=True)}, event_loop=True))
    # Cancelled at the first checkpoint, at the second, or at none.
    assert {dict(o)["T"]: how.interleavings for o, how in result.outcomes.items()} == {-1: 2, 1: 1}


def test_no_except_exception_catches_it() -> None:
    mem = Memory()
    cell = mem.cell("cell", 0)

    async def work() -> str:
        await cell.load()
        try:
            await checkpoint()
        except Exception:
            return "caught"
        return "went on"

    result = explore(Program(mem, {"T": Thread(work, cancellable=True)}, event_loop=True))
    assert {dict(outcome)["T"] for outcome in result.outcomes} == {"cancelled", "went on"}


def test_what_a_cancelled_thread_would_leave_a_place_in_is_refused() -> None:
    def program(wait: Callable[[Memory], Callable[[], object]]) -> Program:
        mem = Memory()
        waits = wait(mem)

        async def work() -> None:
            await waits()  # type: ignore[misc]

        return Program(mem, {"T": Thread(work, cancellable=True)}, event_loop=True)

    for wait in (
        lambda mem: mem.latch("latch", 1).wait,
        lambda mem: mem.event("event").wait,
        lambda mem: mem.watch("w", lambda state: False, [mem.cell("cell", 0)]).wait,
    ):
        with pytest.raises(ModelError, match="would leave its place"):
            explore(program(wait))


def test_only_tasks_are_cancelled() -> None:
    mem = Memory()
    cell = mem.cell("cell", 0)

    async def work() -> None:
        await cell.load()

    with pytest.raises(ProgramError, match="event_loop=True"):
        Program(mem, {"T": Thread(work, cancellable=True)})
    with pytest.raises(ProgramError, match="True or False"):
        Thread(work, cancellable=1)  # type: ignore[arg-type]
