"""Condition variables and events: who is woken by what, in all interleavings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from racer import Memory, ModelError, Program, ProgramError, Thread, Violation, explain, explore
from racer.lang.sync.waiting import ALL, Waiting
from tests.oracles.waiting import Worlds

# --- who may go on, against all choices side by side ---------------------------------------------

Pair = tuple[Waiting, Worlds, tuple[tuple[int, int], ...]]  # tickets: the engine's, the oracle's


def after(pair: Pair, *, fifo: bool) -> Iterator[Pair]:
    """All that can happen next to both of them, which have to agree on what can."""
    mine, worlds, tickets = pair
    if len(tickets) < 3:
        ticket, later = mine.come(apart=fifo)
        number, all_later = worlds.come()
        yield later, all_later, (*tickets, (ticket.number, number.number))
    for most in (1, 2, ALL):
        woken = mine.wake_first(most) if fifo else mine.wake(most)
        count, all_woken = worlds.wake(most, fifo=fifo)
        assert mine.asleep - woken.asleep == count
        yield woken, all_woken, tickets
    for at, (ticket_here, number_there) in enumerate(tickets):
        rest = (*tickets[:at], *tickets[at + 1 :])
        for anyway in (False, True):
            gone = mine.go_anyway(ticket_here) if anyway else mine.go(ticket_here)
            all_gone = worlds.go(number_there, anyway=anyway)
            assert (gone is None) == (all_gone is None)
            if gone is not None and all_gone is not None:
                assert gone.spurious == all_gone.spurious
                yield gone, all_gone, rest


@pytest.mark.parametrize("fifo", [False, True])
@pytest.mark.parametrize("spurious", [0, 1])
def test_groups_let_those_go_on_who_are_woken_in_some_world(fifo: bool, spurious: int) -> None:
    level: set[Pair] = {(Waiting(spurious=spurious), Worlds(spurious), ())}
    for _ in range(7):
        level = {pair for each in level for pair in after(each, fifo=fifo)}
        for mine, worlds, tickets in level:
            assert mine.threads == len(tickets)
            assert {mine.asleep} == {len(sleeps) for sleeps, _ in worlds.worlds}
    assert len(level) > 20


# --- a condition and its lock --------------------------------------------------------------------


def one_waits(*, notify: bool = True) -> Program:
    mem = Memory()
    lock = mem.lock("lock")
    cond = mem.condition("cond", lock)

    async def waits() -> None:
        async with cond:
            await cond.wait()

    async def notifies() -> int:
        async with cond:
            return await cond.notify() if notify else await cond.notify_all()

    return Program(mem, {"N": Thread(notifies), "W": Thread(waits)})


@pytest.mark.parametrize("notify", [True, False])
def test_a_notify_that_comes_first_is_lost(notify: bool) -> None:
    # N first: NNN WWW, and W waits for ever. W first: WWW NN, then N's release and the step in
    # which W is woken in either order, and WW. So 3, and 1 of them hangs.
    result = explore(one_waits(notify=notify))
    assert result.interleavings == 3
    assert result.violations["deadlock"].interleavings == 1
    assert {dict(outcome)["N"] for outcome in result.outcomes} == {0, 1}
    assert explain(result, "deadlock").verdict == "deadlock: W waits on condition cond."


def two_wait(*, fifo: bool, spurious: int = 0) -> Program:
    """A waits before B does, and one notify comes after both."""
    mem = Memory()
    lock, turn = mem.lock("lock"), mem.cell("turn", 0)
    cond = mem.condition("cond", lock, fifo=fifo, spurious=spurious)

    async def waits(mine: int) -> str:
        await turn.wait_until(lambda now: now == mine)
        async with cond:
            await turn.store(mine + 1)
            await cond.wait()
        return "woken"

    async def notifies() -> None:
        await turn.wait_until(lambda now: now == 2)
        async with cond:
            await cond.notify()

    threads = {"A": Thread(waits, 0), "B": Thread(waits, 1), "N": Thread(notifies)}
    return Program(mem, threads)


def woken(program: Program) -> set[str]:
    """By whom: who may be among those that come to an end."""
    result = explore(program)
    ended = (
        "".join(name for name, value in outcome if value == "woken") for outcome in result.outcomes
    )
    return set(ended)


def test_a_notify_wakes_anybody_or_who_has_waited_longest() -> None:
    assert woken(two_wait(fifo=False)) == {"A", "B"}
    assert woken(two_wait(fifo=True)) == {"A"}


def test_a_spurious_wake_up_is_one_that_need_not_come() -> None:
    # If it comes, A has gone before the notify, which is then for B, or B goes by itself.
    assert woken(two_wait(fifo=True, spurious=1)) == {"A", "AB"}


def test_whoever_waits_later_takes_no_wake_up_of_those_who_waited() -> None:
    mem = Memory()
    lock, ready = mem.lock("lock"), mem.cell("ready", False)
    cond = mem.condition("cond", lock)

    async def waits() -> None:
        async with cond:
            await ready.store(True)
            await cond.wait()

    async def notifies() -> None:
        await ready.wait_until(lambda now: now)
        async with cond:
            await cond.notify()
            await cond.wait()  # and not for its own

    result = explore(Program(mem, {"N": Thread(notifies), "W": Thread(waits)}))
    for outcome in result.outcomes:
        assert dict(outcome)["W"] is None
        assert "wait on cond" in repr(dict(outcome)["N"])


def looks(*, again: bool, spurious: int) -> Program:
    mem = Memory()
    lock, item = mem.lock("lock"), mem.cell("item", False)
    cond = mem.condition("cond", lock, spurious=spurious)

    async def takes() -> None:
        async with cond:
            while not await item.load():
                await cond.wait()
                if not again:
                    break
            if not await item.load():
                raise Violation("nothing there")

    async def gives() -> None:
        async with cond:
            await item.store(True)
            await cond.notify()

    return Program(mem, {"G": Thread(gives), "T": Thread(takes)})


@pytest.mark.parametrize("again", [True, False])
@pytest.mark.parametrize("spurious", [0, 1])
def test_only_who_looks_again_is_safe_from_spurious_wake_ups(again: bool, spurious: int) -> None:
    result = explore(looks(again=again, spurious=spurious))
    assert list(result.violations) == ([] if again or not spurious else ["nothing there"])


def test_threads_that_wait_are_lifted_whole_and_stay_interchangeable() -> None:
    mem = Memory()
    lock = mem.lock("lock")
    cond = mem.condition("cond", lock)

    async def waits() -> None:
        async with cond:
            await cond.wait()

    async def notifies() -> None:
        async with cond:
            await cond.notify_all()

    program = Program(mem, {"N": Thread(notifies), "W": Thread(waits, copies=4)})
    closed = explore(program, count=False)  # fed all that may come, which has an end
    assert closed.loaded is not None and closed.loaded.lifted.closed
    result = explore(program)
    assert result.canonical is not None and result.states is not None
    assert result.canonical * 5 < result.states


def test_who_waits_without_the_lock_is_a_broken_model() -> None:
    mem = Memory()
    lock = mem.lock("lock")
    cond = mem.condition("cond", lock)

    async def waits() -> None:
        await cond.wait()

    with pytest.raises(ModelError, match="lock 'lock' is released while it is free"):
        explore(Program(mem, {"W": Thread(waits)}))


def test_what_is_no_condition_is_refused() -> None:
    mem = Memory()
    lock = mem.lock("lock")
    with pytest.raises(ProgramError, match="needs a lock, not"):
        mem.condition("cond", mem.cell("x", 0))  # type: ignore[arg-type]
    with pytest.raises(ProgramError, match="needs a lock of this Memory"):
        mem.condition("cond", Memory().lock("lock"))
    with pytest.raises(ProgramError, match="spurious=-1 is no number from 0"):
        mem.condition("cond", lock, spurious=-1)
    mem.condition("cond", lock)
    with pytest.raises(ProgramError, match="the name 'cond' is taken"):
        mem.event("cond")


@pytest.mark.parametrize("n", [0, -1, True, 1 << 20])
def test_a_notify_is_of_a_number_of_threads(n: int) -> None:
    mem = Memory()
    cond = mem.condition("cond", mem.lock("lock"))

    async def notifies() -> None:
        await cond.notify(n)

    with pytest.raises(ModelError, match="is no number from 1 to"):
        explore(Program(mem, {"N": Thread(notifies)}))


# --- events --------------------------------------------------------------------------------------


def pulse() -> Program:
    mem = Memory()
    event = mem.event("event")

    async def waits() -> bool:
        await event.wait()
        return await event.is_set()

    async def pulses() -> None:
        await event.set()
        await event.clear()

    return Program(mem, {"S": Thread(pulses), "W": Thread(waits)})


def test_who_waits_when_it_is_set_goes_on_though_it_is_cleared() -> None:
    # W looks (L), is woken (A) if it was not set, and asks (I); S sets and clears.
    # L first, then S: C comes before, between or after A and I. S L: I before or after C. S C L: W
    # waits for ever. So 3 + 2 + 1.
    result = explore(pulse())
    assert result.interleavings == 6
    assert result.violations["deadlock"].interleavings == 1
    assert explain(result, "deadlock").verdict == "deadlock: W waits for event event."
    came = {dict(outcome)["W"]: how.interleavings for outcome, how in result.outcomes.items()}
    # It is still set in L S A I C and S L I C.
    assert (came[True], came[False]) == (2, 3)


def test_all_copies_that_wait_are_woken() -> None:
    mem = Memory()
    event = mem.event("event")

    async def waits() -> None:
        await event.wait()

    async def sets() -> None:
        await event.set()

    program = Program(
        mem,
        {"S": Thread(sets), "W": Thread(waits, copies=3)},
        invariants={"known": lambda state: state[event].waiting.threads <= 3},
        sometimes={"all wait": lambda state: state[event].waiting.asleep == 3},
        finally_={"set": lambda state: state[event].set},
    )
    # k of 3 look before it is set, in k! orders, and the others after it: these take one step, and
    # those another one, in all orders in which each of the k is woken behind the set: 3! for k = 3,
    # 3!, 3! and 3! for the others, times the orders of the first k: (1 + 3 + 6 + 6) * 6.
    result = explore(program)
    assert result.verdict == "pass"
    assert result.interleavings == (1 + 3 + 6 + 6) * 6
