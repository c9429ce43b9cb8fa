"""The oracle against arithmetic done by hand. C(n, k) are binomial coefficients."""

from __future__ import annotations

import pytest

from racer.lang.cells import choose, fence
from racer.lang.memory import Memory
from racer.lang.outcomes import Blocked, Violation
from racer.lang.program import Program, Thread
from tests.oracles.naive import TooMany, enumerate_program
from tests.samples import crossed_locks, rule_one


def straight(steps: int, name: str, mem: Memory) -> Thread:
    """A thread of so many steps on a cell of its own."""
    cell = mem.cell(name, 0)

    async def run() -> None:
        for _ in range(steps):
            await cell.load()

    return Thread(run)


# --- counting -------------------------------------------------------------------------------


def test_threads_of_two_and_four_steps_interleave_in_fifteen_ways() -> None:
    mem = Memory()
    naive = enumerate_program(
        Program(mem, {"P": straight(2, "p", mem), "Q": straight(4, "q", mem)})
    )
    assert naive.interleavings == 15  # C(6, 2): the places of P's two steps among six
    assert naive.outcomes == {(("P", None), ("Q", None)): 15}
    assert naive.violations == {} and naive.cut is None


def test_three_threads_of_two_steps_interleave_in_ninety_ways() -> None:
    mem = Memory()
    threads = {name: straight(2, name, mem) for name in "PQR"}
    assert enumerate_program(Program(mem, threads)).interleavings == 90  # 6! / (2! 2! 2!)


def test_copies_are_threads_of_their_own() -> None:
    mem = Memory()
    a = mem.cell("a", 0)

    async def add() -> int:
        return await a.fetch_add(1)

    naive = enumerate_program(Program(mem, {"P": Thread(add, copies=3)}))
    assert naive.interleavings == 6  # 3!
    assert len(naive.outcomes) == 6  # each order gives 0, 1, 2 to other copies
    assert naive.outcomes[(("P.0", 2), ("P.1", 0), ("P.2", 1))] == 1


def test_a_choice_multiplies_the_interleavings_by_its_options() -> None:
    mem = Memory()
    a = mem.cell("a", 0)

    async def chooser() -> int:
        chosen = await choose(0, 1)
        await a.store(chosen)
        return chosen

    async def other() -> None:
        await fence("mb")

    naive = enumerate_program(Program(mem, {"P": Thread(chooser), "Q": Thread(other)}))
    assert naive.interleavings == 6  # C(3, 1) orders, times 2 options
    assert naive.outcomes == {(("P", 0), ("Q", None)): 3, (("P", 1), ("Q", None)): 3}


def test_a_branch_on_a_choice_gives_a_tree_of_unequal_depth() -> None:
    mem = Memory()
    a = mem.cell("a", 0)

    async def chooser() -> None:
        if await choose(False, True):
            await a.load()
            await a.load()

    naive = enumerate_program(Program(mem, {"P": Thread(chooser), "Q": straight(1, "q", mem)}))
    assert naive.interleavings == 6  # False: P has 1 step, C(2, 1) = 2; True: 3 steps, C(4, 1) = 4


# --- what operations do ---------------------------------------------------------------------


def test_read_modify_writes_give_the_value_before_and_stores_give_none() -> None:
    mem = Memory()
    a = mem.cell("a", 5)
    lock = mem.lock("lock")

    async def run() -> tuple[object, ...]:
        got: list[object] = [await a.swap(6)]  # 5, leaves 6
        got.append(await a.compare_exchange(5, 7))  # fails: 6, leaves 6
        got.append(await a.compare_exchange(6, 7))  # 6, leaves 7
        got.append(await a.fetch_add(2))  # 7, leaves 9
        got.append(await a.update(lambda v: v * 2))  # 9, leaves 18
        got.append(await a.wait_until(lambda v: v > 17))  # 18
        got.append(await a.store(1))  # type: ignore[func-returns-value]
        async with lock:
            got.append(await fence("mb"))  # type: ignore[func-returns-value]
        got.append(await a.load())
        return tuple(got)

    naive = enumerate_program(
        Program(mem, {"P": Thread(run)}, sometimes={"held": lambda s: s[lock]})
    )
    assert naive.outcomes == {(("P", (5, 6, 6, 7, 9, 18, None, None, 1)),): 1}
    assert naive.reached == {"held"}


def test_a_plain_increment_loses_updates() -> None:
    mem = Memory()
    a = mem.cell("a", 0)

    async def add() -> int:
        value = await a.load()
        await a.store(value + 1)
        return value

    naive = enumerate_program(Program(mem, {"P": Thread(add, copies=2)}))
    # C(4, 2) = 6 orders; each thread gets 0 unless its load follows the other's store, which
    # happens only where one runs wholly before the other.
    assert naive.outcomes == {
        (("P.0", 0), ("P.1", 1)): 1,
        (("P.0", 1), ("P.1", 0)): 1,
        (("P.0", 0), ("P.1", 0)): 4,
    }


# --- blocking -------------------------------------------------------------------------------


def test_a_wait_goes_on_only_after_the_store_it_waits_for() -> None:
    mem = Memory()
    a, b = mem.cell("a", 0), mem.cell("b", 0)

    async def writer() -> None:
        await a.store(1)
        await b.store(1)

    async def reader() -> int:
        await a.wait_until(lambda v: v == 1)
        return await b.load()

    naive = enumerate_program(Program(mem, {"R": Thread(reader), "W": Thread(writer)}))
    # a = 1 is first; then b = 1 goes to any of 3 places among the reader's two steps, and only
    # the last place is after its load.
    assert naive.interleavings == 3
    assert naive.outcomes == {(("R", 1), ("W", None)): 2, (("R", 0), ("W", None)): 1}
    assert naive.violations == {}


def test_critical_sections_do_not_overlap() -> None:
    mem = Memory()
    a, lock = mem.cell("a", 0), mem.lock("lock")

    async def run() -> None:
        await a.load()
        async with lock:
            pass

    naive = enumerate_program(Program(mem, {"P": Thread(run, copies=2)}))
    # Per thread: load, acquire, release. Say P.0 has the lock first: its 3 steps come first,
    # then P.1's last 2, and P.1's load goes to any of 4 places before its acquire. Twice that.
    assert naive.interleavings == 8


def test_locks_taken_crosswise_deadlock_in_two_of_six_interleavings() -> None:
    naive = enumerate_program(crossed_locks())
    # P takes m and Q takes n, in 2 orders: stuck. Else one, say P, takes both; Q waits until P
    # released n, and P's release of m comes before or after Q's acquire of n: 2, for each first.
    assert naive.interleavings == 6
    assert naive.violations == {"deadlock": 2}
    assert naive.outcomes == {
        (("P", Blocked("acquire n")), ("Q", Blocked("acquire m"))): 2,
        (("P", None), ("Q", None)): 4,
    }
    # P could have gone on to n when Q took it: one preemption, and none are not enough.
    assert naive.witness == {"deadlock": (1, 2, 2, 1, 2, ((0, 0), (1, 0)))}


def test_a_thread_stuck_forever_is_a_deadlock_even_if_all_others_end() -> None:
    mem = Memory()
    a = mem.cell("a", 0)

    async def waiter() -> None:
        await a.wait_until(lambda v: v == 1)

    naive = enumerate_program(Program(mem, {"P": straight(2, "p", mem), "W": Thread(waiter)}))
    assert naive.interleavings == 1
    assert naive.violations == {"deadlock": 1}
    assert naive.outcomes == {(("P", None), ("W", Blocked("wait_until a"))): 1}


def test_a_violation_inside_a_lock_still_takes_the_step_that_releases_it() -> None:
    mem = Memory()
    lock = mem.lock("lock")

    async def run() -> None:
        async with lock:
            raise Violation("bad")

    naive = enumerate_program(Program(mem, {"P": Thread(run, copies=2)}))
    assert naive.interleavings == 2  # acquire, release; then the other: who is first?
    assert naive.outcomes == {(("P.0", Violation("bad")), ("P.1", Violation("bad"))): 2}
    assert naive.violations == {"bad": 2}  # once for each interleaving, though two threads show it
    assert naive.witness["bad"] == (0, 1, 2, 1, 4, ((0, 0), (0, 0), (1, 0), (1, 0)))


# --- labels ---------------------------------------------------------------------------------


def test_invariants_are_examined_in_the_initial_each_and_the_final_state() -> None:
    mem = Memory()
    a, b = mem.cell("a", 0), mem.cell("b", 0)

    async def pulse() -> None:
        await a.store(1)
        await a.store(0)

    async def raise_b() -> None:
        await b.store(1)

    invariants = {
        "initial": lambda s: (s[a], s[b]) != (0, 0),
        "either": lambda s: s[a] + s[b] < 2,
        "final": lambda s: (s[a], s[b]) != (0, 1),
        "true": lambda s: s[b] < 2,
    }
    sometimes = {"both": lambda s: s[a] and s[b], "never": lambda s: s[a] == 2}
    program = Program(mem, {"P": Thread(pulse), "Q": Thread(raise_b)}, invariants, sometimes)
    naive = enumerate_program(program)
    # C(3, 1) = 3 orders: (b a1 a0), (a1 b a0), (a1 a0 b). Both are 1 in the first two; the
    # state (0, 1) is the last of all three, and in the first one the second too: it counts once.
    assert naive.interleavings == 3
    assert naive.violations == {"initial": 3, "either": 2, "final": 3}
    assert naive.reached == {"both"}
    # Without a preemption: P first, Q after it; for "either", Q first (it ends, so switching
    # away from it is free) and then P. "initial" needs no step. For "final", one of Q does.
    assert naive.witness == {
        "initial": (0, 0, 0, 1, 3, ((0, 0), (0, 0), (1, 0))),
        "either": (0, 2, 2, 1, 3, ((1, 0), (0, 0), (0, 0))),
        "final": (0, 1, 1, 1, 3, ((1, 0), (0, 0), (0, 0))),
    }


def test_a_failed_assert_is_labelled_by_its_text() -> None:
    mem = Memory()
    a = mem.cell("a", 0)

    async def writer() -> None:
        await a.store(1)

    async def reader() -> None:
        assert not await a.load(), "too late"

    naive = enumerate_program(Program(mem, {"R": Thread(reader), "W": Thread(writer)}))
    assert naive.violations == {"too late": 1}  # one of 2 orders
    assert naive.witness == {"too late": (0, 2, 2, 1, 2, ((1, 0), (0, 0)))}


# --- preemptions ----------------------------------------------------------------------------


def test_a_torn_read_needs_one_preemption() -> None:
    mem = Memory()
    a = mem.cell("a", 0)

    async def reader() -> None:
        if await a.load() != await a.load():
            raise Violation("torn")

    async def writer() -> None:
        await a.store(1)

    naive = enumerate_program(Program(mem, {"R": Thread(reader), "W": Thread(writer)}))
    assert naive.violations == {"torn": 1}  # one of C(3, 1): the store between the loads
    # R could go on when W moved: 1. W had ended when R moved again: free.
    assert naive.witness == {"torn": (1, 2, 3, 2, 3, ((0, 0), (1, 0), (0, 0)))}


def test_alternating_five_steps_needs_three_preemptions() -> None:
    mem = Memory()
    a = mem.cell("a", 0)

    async def reader() -> None:
        if (await a.load(), await a.load(), await a.load()) == (0, 1, 2):
            raise Violation("all three")

    async def writer() -> None:
        await a.store(1)
        await a.store(2)

    naive = enumerate_program(Program(mem, {"R": Thread(reader), "W": Thread(writer)}))
    assert naive.interleavings == 10  # C(5, 2)
    assert naive.violations == {"all three": 1}
    # R W R W R: the first three switches leave a thread that could go on, the last one W's end.
    assert naive.witness["all three"] == (3, 2, 5, 4, 5, ((0, 0), (1, 0), (0, 0), (1, 0), (0, 0)))


def test_leaving_a_thread_that_is_blocked_is_no_preemption() -> None:
    mem = Memory()
    a = mem.cell("a", 0)

    async def ping() -> int:
        await a.store(1)
        await a.wait_until(lambda v: v == 2)
        return await a.load()

    async def pong() -> None:
        await a.wait_until(lambda v: v == 1)
        await a.store(2)

    naive = enumerate_program(Program(mem, {"P": Thread(ping), "Q": Thread(pong)}))
    assert naive.interleavings == 1  # each step enables the next, and no other
    [cost] = naive.outcome_witness.values()
    assert cost == (0, 2, 5, 2, 5, ((0, 0), (1, 0), (1, 0), (0, 0), (0, 0)))


def test_fewest_preemptions_come_before_fewest_steps() -> None:
    mem = Memory()
    a = mem.cell("a", 0)

    async def reader() -> None:
        first = await a.load()
        if await a.load() == 1:
            if not first:
                raise Violation("seen")  # short, and needs a preemption
            await a.load()
            await a.load()
            raise Violation("seen")  # long, and needs none

    async def writer() -> None:
        await a.store(1)

    naive = enumerate_program(Program(mem, {"R": Thread(reader), "W": Thread(writer)}))
    # W in each of the gaps: after both loads nothing; between them short; before them long.
    assert naive.violations == {"seen": 2}
    assert naive.witness["seen"] == (0, 2, 5, 1, 5, ((1, 0), (0, 0), (0, 0), (0, 0), (0, 0)))


def test_of_equal_schedules_the_earlier_thread_and_option_come_first() -> None:
    mem = Memory()
    a = mem.cell("a", 0)

    async def chooser() -> None:
        await choose("x", "y")
        raise Violation("bad")

    async def other() -> None:
        await a.load()

    naive = enumerate_program(Program(mem, {"Q": Thread(chooser), "P": Thread(other)}))
    assert naive.violations == {"bad": 4}  # 2 orders, 2 options
    assert naive.witness["bad"] == (0, 1, 1, 1, 2, ((1, 0), (0, 0)))  # Q before P, option x


# --- windows --------------------------------------------------------------------------------


def test_the_window_that_is_not_closed_under_independence() -> None:
    mem = Memory()
    head, refs = mem.cell("head", True), mem.cell("refs", 1)
    page = mem.watch("page", lambda s: s[head] and s[refs] == 1, [head, refs])

    async def recycle() -> None:
        await refs.store(0)
        await head.store(False)
        await refs.store(1)
        await refs.store(0)

    async def classify() -> bool:
        async with page.window() as seen:
            answer = await head.load() and await refs.load() == 1
        if answer and seen.never:
            raise Violation("misclassified")
        return answer

    naive = enumerate_program(Program(mem, {"C": Thread(classify), "R": Thread(recycle)}))
    # Where head is True classify has 2 steps, where it is False only 1. Let j be the number of
    # recycle's stores before the load of head. j = 0 or 1: head is True; the load of refs
    # comes after k >= j stores, k up to 4: 5 + 4 interleavings. j = 2, 3, 4: 1 each. That is 12.
    assert naive.interleavings == 12
    # True at j = 1 (refs is 0 when the window opens) and refs 1 again: k = 3. Nothing else.
    assert naive.violations == {"misclassified": 1}


def test_the_same_window_with_both_loads_always_done_has_fifteen_interleavings() -> None:
    naive = enumerate_program(rule_one())
    assert naive.interleavings == 15  # C(6, 2)
    # Head must be loaded while True, so before the 2nd store, and after the 1st, or the window
    # opens while the page is one; refs must then be loaded between the 3rd and the 4th store.
    assert naive.violations == {"misclassified": 1}
    # R C R R C R: R could go on at both its switches, C at its first; after it C has ended.
    assert naive.witness["misclassified"] == (
        3,
        2,
        5,
        4,
        6,
        ((1, 0), (0, 0), (1, 0), (1, 0), (0, 0), (1, 0)),
    )


def test_two_windows_do_not_see_what_happens_between_them() -> None:
    def program(windows: int) -> Program:
        mem = Memory()
        a, b = mem.cell("a", 0), mem.cell("b", 0)
        raised = mem.watch("raised", lambda s: s[a] == 1, [a])

        async def pulse() -> None:
            await a.store(1)
            await a.store(0)

        async def twice() -> tuple[bool, ...]:
            if windows == 1:
                async with raised.window() as both:
                    await b.load()
                    await b.load()
                return (both.sometimes,)
            async with raised.window() as first:
                await b.load()
            async with raised.window() as second:
                await b.load()
            return (first.sometimes, second.sometimes)

        return Program(mem, {"P": Thread(pulse), "R": Thread(twice)})

    # The six orders of stores s, t and loads l, m; a is 1 from s to t. A window sees the states
    # around its load: l if s l t, m if s m t; and the one window also everything between.
    # stlm neither; sltm l; slmt both; lstm neither; lsmt m; lmst neither.
    assert enumerate_program(program(2)).outcomes == {
        (("P", None), ("R", (False, False))): 3,
        (("P", None), ("R", (True, False))): 1,
        (("P", None), ("R", (True, True))): 1,
        (("P", None), ("R", (False, True))): 1,
    }
    # One window misses it only in stlm and lmst.
    assert enumerate_program(program(1)).outcomes == {
        (("P", None), ("R", (False,))): 2,
        (("P", None), ("R", (True,))): 4,
    }


def test_a_window_sees_the_states_before_its_first_and_after_its_last_step() -> None:
    mem = Memory()
    a = mem.cell("a", 0)
    zero = mem.watch("zero", lambda s: s[a] == 0, [a])

    async def run() -> tuple[bool, ...]:
        async with zero.window() as outer:
            async with zero.window() as inner:  # both open at the same state
                await a.store(1)
            await a.store(0)
        async with zero.window() as last:  # in the same slot as one that has closed
            await a.load()
        return (
            *(inner.always, inner.sometimes, inner.never, inner.at_end),
            *(outer.always, outer.sometimes, outer.never, outer.at_end),
            *(last.always, last.sometimes, last.never, last.at_end),
        )

    # Values of a: inner 0 1; outer 0 1 0; last 0 0.
    expected = (
        *(False, True, False, False),
        *(False, True, False, True),
        *(True, True, False, True),
    )
    assert enumerate_program(Program(mem, {"P": Thread(run)})).outcomes == {(("P", expected),): 1}


# --- limits ---------------------------------------------------------------------------------


def test_more_interleavings_than_the_limit_are_refused() -> None:
    mem = Memory()
    program = Program(mem, {"P": straight(2, "p", mem), "Q": straight(4, "q", mem)})
    assert enumerate_program(program, limit=15).interleavings == 15
    with pytest.raises(TooMany, match="more than 14 executions"):
        enumerate_program(program, limit=14)


def spinning() -> Program:
    mem = Memory()
    a = mem.cell("a", 0)

    async def spin() -> None:
        while not await a.load():
            pass
        raise Violation("out")

    async def store() -> None:
        await a.store(1)

    return Program(mem, {"P": Thread(spin), "Q": Thread(store)}, {"clear": lambda s: s[a] == 0})


def test_a_thread_that_loops_forever_is_refused() -> None:
    with pytest.raises(TooMany, match="loop forever"):
        enumerate_program(spinning())


def test_executions_can_be_given_up_after_so_many_steps() -> None:
    naive = enumerate_program(spinning(), longest=4)
    # k futile loads, the store, one load: k + 2 steps, so k = 0, 1, 2 are whole. Four loads, and
    # three loads and then the store, are cut; the latter has broken the invariant.
    assert naive.interleavings == 3
    assert naive.violations == {"out": 3, "clear": 3}
    assert naive.witness["out"] == (0, 2, 2, 1, 2, ((1, 0), (0, 0)))
    assert naive.cut == frozenset({"clear"})
