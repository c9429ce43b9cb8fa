"""Livelocks of programs written by hand, with their answers derived beside them.

Each is asked of every search of the engine, and of the oracle: the labels of its violations, the
threads that loop, and those that loop in unfair runs, in which a thread that can go on never does.
"""

from __future__ import annotations

import pytest

from racer import Memory, Program, Thread, choose, explore
from racer.lang.outcomes import LIVELOCK
from racer.search import livelocks
from tests.generated.test_liveness_agreement import ENGINES, assert_agreement
from tests.oracles.liveness import liveness
from tests.search.looping import CASES, Make
from tests.search.looping.declaring import put, until, wait
from tests.search.looping.several import peterson_for_ever, two_polite_flags
from tests.search.looping.waiting import waits_for_nobody

# --- how they are asked ---------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_each_search_finds_what_was_derived(name: str) -> None:
    make, labels, loops, unfair = CASES[name]
    for options in ENGINES:
        result = explore(make(), **options)
        assert set(result.violations) == labels
        assert result.verdict == ("fail" if labels else "pass")
        if result.loops is not None:
            assert (result.loops, result.unfair) == (loops, unfair)


@pytest.mark.parametrize("name", CASES)
def test_the_oracle_finds_what_was_derived(name: str) -> None:
    make, labels, loops, unfair = CASES[name]
    account = liveness(make())
    assert account.labels == labels
    assert (sorted(account.loops), sorted(account.unfair)) == (list(loops), list(unfair))


@pytest.mark.parametrize("name", CASES)
def test_the_two_agree_on_the_witness(name: str) -> None:
    assert_agreement(CASES[name][0]())


# --- the least witness ----------------------------------------------------------------------


def preemptions(make: Make) -> list[int]:
    """Of the witness that each search finds; proved to be the least if it has all states."""
    found = []
    for options in ENGINES:
        witness = explore(make(), **options).violations[LIVELOCK].witness
        assert witness.minimal or options.get("count") is False
        found.append(witness.preemptions)
    return found


def test_flags_that_are_polite_from_the_start_need_no_preemption() -> None:
    # Before the first store of either, both are as they are after each withdrawal: the initial
    # state is on the cycle.
    assert preemptions(two_polite_flags) == [0, 0, 0]


def spins_only_if_overtaken() -> Program:
    """P spins for ever if Q clears the flag between P's store and P's look."""
    mem = Memory()
    flag = mem.cell("flag", 0)

    async def spin() -> None:
        await flag.store(1)
        await until(flag, 1)

    return Program(mem, {"P": Thread(spin), "Q": Thread(put, flag, 0)})


def test_a_thread_that_must_be_overtaken_is_preempted_once() -> None:
    # P is able after its store, where Q's step has to come. If Q is first, P ends.
    assert preemptions(spins_only_if_overtaken) == [1, 1, 1]


def overtaken_with_the_lock_held() -> Program:
    """As above, but between P's two steps there is a wait in which Q's steps come for nothing."""
    mem = Memory()
    flag, ready = mem.cell("flag", 0), mem.cell("ready", 0)

    async def spin() -> None:
        await flag.store(1)
        await wait(ready, 1)
        await until(flag, 1)

    async def other() -> None:
        await ready.store(1)
        await flag.store(0)

    return Program(mem, {"P": Thread(spin), "Q": Thread(other)})


def test_a_switch_away_from_a_thread_that_is_blocked_costs_nothing() -> None:
    # P is blocked after its store; Q runs to its end, and P then finds the flag cleared.
    assert preemptions(overtaken_with_the_lock_held) == [0, 0, 0]


def test_the_cycle_itself_counts_no_preemptions() -> None:
    # Both have to move on it, each time away from a thread that is able: that is no matter.
    def make() -> Program:
        mem = Memory()
        x = mem.cell("x", 0)
        return Program(mem, {"P": Thread(until, x, 1), "Q": Thread(until, x, 1)})

    assert preemptions(make) == [0, 0, 0]


def test_a_livelock_that_no_scheduler_ends_goes_before_one_that_luck_ends() -> None:
    # Choosing "on" for ever is a livelock from the start, which "off" would end. After "spin" there
    # is no end to be reached: the witness is of that one, though it takes longer to come to.
    def make() -> Program:
        mem = Memory()
        x = mem.cell("x", 0)

        async def run() -> None:
            while (chosen := await choose("on", "off", "spin")) == "on":
                pass
            if chosen == "spin":
                await until(x, 1)

        return Program(mem, {"P": Thread(run)})

    for options in ENGINES:
        witness = explore(make(), **options).violations[LIVELOCK].witness
        assert [move.choice for move in witness.schedule] == [2, 0]
        assert witness.cycle == 1


def test_the_cycle_is_the_shortest() -> None:
    # A round of either, alone, is of six steps: wants, turn, one look, in, out, and wants no more.
    for options in ENGINES:
        assert explore(peterson_for_ever(), **options).violations[LIVELOCK].witness.cycle == 12


@pytest.mark.parametrize("name", CASES)
def test_a_cycle_that_is_made_bit_by_bit_is_a_fair_one(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(livelocks, "CYCLE_PAIRS", 0)  # as where the shortest is too far away
    assert_agreement(CASES[name][0]())


# --- what a search that has not all states does not claim -----------------------------------


def test_unfair_loops_are_not_known_without_a_count() -> None:
    # S loops where O has not taken its step, but could.
    assert explore(waits_for_nobody()).unfair == ("S",)
    assert explore(waits_for_nobody(), count=False).unfair is None


def test_a_witness_is_not_called_minimal_without_a_count() -> None:
    # x stays 0: the initial state is on a fair cycle, in which each copy has a round by itself.
    def make() -> Program:
        mem = Memory()
        x = mem.cell("x", 0)

        async def run() -> None:
            while await x.load() != 2:
                await x.store(0)

        return Program(mem, {"P": Thread(run, copies=3)})

    assert explore(make()).violations["livelock"].witness.preemptions == 0
    found = explore(make(), count=False).violations["livelock"].witness
    assert (found.preemptions, found.minimal) == (1, False)


def test_a_minimal_witness_may_stay_where_a_thread_could_still_move() -> None:
    # Q is unable whenever the flag is down, so the run in which P alone moves is fair, and P never
    # ends whatever is done. It begins in the initial state, without a preemption. Q's step, which
    # takes one, changes nothing in that.
    def make() -> Program:
        mem = Memory()
        flag = mem.cell("flag", 0)

        async def blink() -> None:
            while True:
                await flag.store(1)
                await flag.store(0)

        return Program(mem, {"P": Thread(blink), "Q": Thread(wait, flag, 1)})

    assert preemptions(make) == [0, 0, 0]
