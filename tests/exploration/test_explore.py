"""explore(): verdicts, exact counts, minimal witnesses. Every number has its derivation."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import pytest

from racer import (
    Blocked,
    Interrupted,
    Memory,
    ModelError,
    Program,
    Sample,
    State,
    Thread,
    UsageError,
    Violation,
    choose,
    explore,
    fence,
)
from racer.automata.lifting import lift
from racer.machine.sc import SequentialConsistency
from tests.samples import crossed_locks, loop_beside_a_violation, message_passing, rule_one


def straight(lengths: dict[str, int]) -> Program:
    """Threads that each store to a cell of their own, so many times."""
    mem = Memory()

    def thread(name: str, steps: int) -> Thread:
        cell = mem.cell(name, 0)

        async def run() -> None:
            for value in range(steps):
                await cell.store(value + 1)

        return Thread(run)

    return Program(mem, {name: thread(name, steps) for name, steps in lengths.items()})


def test_exactly_one_of_fifteen_interleavings_is_wrong() -> None:
    # C(6, 2) = 15: four stores, two loads. The answer needs head=True, loaded before S2, and
    # refs=1, loaded before S1 or between S3 and S4. Before S1 the predicate holds within the
    # window. Between S3 and S4 it never does if the first load came after S1: one schedule.
    result = explore(rule_one())
    assert result.verdict == "fail"
    assert result.interleavings == 15
    finding = result.violations["misclassified"]
    assert finding.interleavings == 1
    threads = [move.thread for move in finding.witness.schedule]
    assert threads == ["S", "C", "S", "S", "C", "S"]
    # Each of S (twice) and C is left while it could go on: S->C, C->S, S->C; C then has ended.
    assert finding.witness.preemptions == 3


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ({"A": 2, "B": 4}, math.comb(6, 2)),
        ({"A": 3, "B": 3, "C": 3}, math.factorial(9) // math.factorial(3) ** 3),
        ({"A": 1}, 1),
        # Far past anything that could be enumerated: the multinomial (60; 20, 20, 20).
        ({"A": 20, "B": 20, "C": 20}, math.factorial(60) // math.factorial(20) ** 3),
    ],
)
def test_independent_threads_have_a_multinomial_number_of_interleavings(
    lengths: dict[str, int], expected: int
) -> None:
    result = explore(straight(lengths))
    assert result.verdict == "pass"
    assert result.interleavings == expected
    assert result.states == math.prod(steps + 1 for steps in lengths.values())


def test_message_passing_never_shows_the_flag_without_the_data() -> None:
    result = explore(message_passing(readers=1))
    # W: data, flag. R: loads flag; loads data if it was set. R first, or between: (None), two
    # ways and one way: W W with the load before, between, or after them.
    assert {key: outcome.interleavings for key, outcome in result.outcomes.items()} == {
        (("R", None), ("W", None)): 2,
        (("R", 1), ("W", None)): 1,
    }
    assert result.interleavings == 3


def test_outcomes_name_threads_in_order_and_copies_by_number() -> None:
    result = explore(message_passing())
    assert (("R.0", 1), ("R.1", None), ("W", None)) in result.outcomes
    assert sum(outcome.interleavings or 0 for outcome in result.outcomes.values()) == (
        result.interleavings
    )


def test_two_locks_taken_in_opposite_order_deadlock() -> None:
    result = explore(crossed_locks())
    finding = result.violations["deadlock"]
    # Each takes its first lock, in either order: 2 deadlocked schedules, of two steps.
    assert finding.interleavings == 2
    assert finding.witness.steps == 2
    assert finding.witness.preemptions == 1
    stuck = (("P", Blocked("acquire n")), ("Q", Blocked("acquire m")))
    assert result.outcomes[stuck].interleavings == 2
    # Otherwise one thread gets both. If P does (P1 P2), Q1 must wait for P3 to free n, and Q2 for
    # P4 to free m: Q1 comes just before or just after P4, 2 schedules. The same for Q.
    assert result.interleavings == 2 + 2 * 2


def test_a_loop_makes_the_count_unbounded_but_not_the_verdict() -> None:
    mem = Memory()
    flag = mem.cell("flag", 0)

    async def spinner() -> None:
        while not await flag.load():
            pass

    async def setter() -> None:
        await flag.store(1)

    result = explore(Program(mem, {"spin": Thread(spinner), "set": Thread(setter)}))
    assert result.verdict == "pass"
    assert result.interleavings is None
    assert result.uncounted == "unbounded (loop in spin)"
    # flag 0 or 1, spinner running: 2 states; ended: 1.
    assert result.states == 3


def test_a_violation_before_an_endless_loop_is_found_although_nothing_ends() -> None:
    result = explore(loop_beside_a_violation())
    assert result.verdict == "fail"
    assert result.violations["seen"].witness.steps == 1


def test_a_limit_gives_bound_and_never_pass() -> None:
    result = explore(straight({"A": 5, "B": 5}), max_states=10)
    assert result.verdict == "bound"
    assert result.states == 10
    assert result.bound == "max_states=10"
    assert result.interleavings is None
    # 11 states are enough for the reduced search (the threads are independent, so one order
    # does), and all 36 = 6 * 6 are counted.
    enough = explore(straight({"A": 5, "B": 5}), max_states=11)
    assert (enough.verdict, enough.searched, enough.states) == ("pass", 11, 36)


def test_a_limit_keeps_what_was_found() -> None:
    mem = Memory()
    cell, noise = mem.cell("cell", 0), mem.cell("noise", 0)

    async def wrong() -> None:
        await cell.load()
        raise Violation("early")

    async def long() -> None:
        for value in range(500):
            await noise.store(value)

    result = explore(Program(mem, {"L": Thread(long), "W": Thread(wrong)}), max_states=100)
    assert result.verdict == "fail"
    assert result.bound is not None and result.bound.startswith("max_states=100; what grew ")
    assert result.violations["early"].witness.minimal is False


def test_an_invariant_counts_each_interleaving_that_breaks_it_once() -> None:
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def both(first: object, second: object) -> None:
        await first.store(1)  # type: ignore[attr-defined]
        await second.store(1)  # type: ignore[attr-defined]

    def never_x_alone(state: State) -> bool:
        return not (state[x] == 1 and state[y] == 0)

    program = Program(
        mem,
        {"A": Thread(both, x, y), "B": Thread(both, y, x)},
        invariants={"y first": never_x_alone},
    )
    result = explore(program)
    # C(4, 2) = 6 schedules. x is stored before y exactly when A's first step is the first.
    assert result.interleavings == 6
    assert result.violations["y first"].interleavings == 3


def test_what_must_be_reached_and_is_not_makes_the_verdict_fail() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def store() -> None:
        await x.store(1)

    program = Program(
        mem,
        {"A": Thread(store)},
        sometimes={"x is 1": lambda s: s[x] == 1, "x is 2": lambda s: s[x] == 2},
    )
    result = explore(program)
    assert result.verdict == "fail"
    assert result.vacuous == ("x is 2",)
    assert not result.violations


def test_choices_are_moves_of_their_own() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def chooser() -> int:
        picked = await choose(1, 2, 3)
        await fence("mb")
        await x.store(picked)
        return picked

    result = explore(Program(mem, {"A": Thread(chooser)}))
    assert result.interleavings == 3
    assert {key[0][1] for key in result.outcomes} == {1, 2, 3}


def test_a_failed_assert_is_a_violation_labelled_by_its_text() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def check() -> None:
        value = await x.load()
        if value == 0:
            raise AssertionError("x was never stored")

    result = explore(Program(mem, {"A": Thread(check)}))
    assert list(result.violations) == ["x was never stored"]


def test_read_modify_writes_give_the_value_before() -> None:
    mem = Memory()
    x = mem.cell("x", 1)

    async def all_of_them() -> tuple[int, ...]:
        return (
            await x.swap(2),  # 1 -> 2
            await x.compare_exchange(2, 3),  # 2 -> 3
            await x.compare_exchange(2, 9),  # fails: 3
            await x.fetch_add(4),  # 3 -> 7
            await x.update(lambda value: value * 2),  # 7 -> 14
            await x.wait_until(lambda value: value > 10),
            await x.load(),
        )

    result = explore(Program(mem, {"A": Thread(all_of_them)}))
    assert list(result.outcomes) == [(("A", (1, 2, 3, 3, 7, 14, 14)),)]


def test_a_counter_whose_values_do_not_converge_is_explored_on_demand() -> None:
    mem = Memory()
    counter = mem.cell("counter", 0)

    async def increment() -> int:
        value = await counter.load()
        await counter.store(value + 1)
        return value

    program = Program(mem, {"T": Thread(increment, copies=2)})
    assert not lift(program).closed
    result = explore(program)
    # C(4, 2) = 6; both read 0 unless one thread runs before the other: 2 schedules.
    counts = {key: outcome.interleavings for key, outcome in result.outcomes.items()}
    assert counts == {
        (("T.0", 0), ("T.1", 0)): 4,
        (("T.0", 0), ("T.1", 1)): 1,
        (("T.0", 1), ("T.1", 0)): 1,
    }


@pytest.mark.parametrize("count", [None, False, True])
def test_more_windows_may_be_open_than_a_state_of_open_automata_has_room_for(
    count: bool | None,
) -> None:
    """The windows of one step see x as it is then, which is 0 to 6: predicate i holds from x = i
    on, for i up to 5, so that 5 and 6 look alike."""
    mem = Memory()
    x = mem.cell("x", 0)
    watches = [mem.watch(f"{i}", lambda s, i=i: s[x] >= i, cells=[x]) for i in range(6)]

    async def look(level: int) -> str:
        if level == len(watches):
            await x.load()
            return ""
        async with watches[level].window() as seen:
            more = await look(level + 1)
        return ("a" if seen.always else "n" if seen.never else "s") + more

    async def up() -> None:
        for _ in range(3):
            await x.fetch_add(1)  # without an end, for all that closing knows

    program = Program(mem, {"L": Thread(look, 0), "U": Thread(up, copies=2)})
    result = explore(program, count=count)
    assert result.verdict == "pass"
    assert [dict(key)["L"] for key in result.outcomes] == [
        "a" * (i + 1) + "n" * (5 - i) for i in range(5, -1, -1)
    ]


def test_an_exception_that_is_reached_names_thread_step_and_schedule() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def divide() -> float:
        return 1 / await x.load()

    async def store() -> None:
        await x.store(1)

    with pytest.raises(ModelError, match="ZeroDivisionError") as caught:
        explore(Program(mem, {"D": Thread(divide), "S": Thread(store)}))
    assert (caught.value.thread, caught.value.step) == ("D", 1)
    assert caught.value.schedule == ("D",)
    assert "test_explore.py" in str(caught.value)


def test_what_a_thread_does_on_a_value_it_never_gets_does_not_count() -> None:
    mem = Memory()
    x, go = mem.cell("x", 0), mem.cell("go", 0)

    async def divide() -> float:
        await go.wait_until(lambda value: value == 1)
        return 1 / await x.load()  # 0 only before `go`

    async def store() -> None:
        await x.store(1)
        await go.store(1)

    result = explore(Program(mem, {"D": Thread(divide), "S": Thread(store)}))
    assert result.verdict == "pass"


def test_an_update_that_raises_is_an_error_of_the_model() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def broken() -> None:
        await x.update(lambda value: [value])  # type: ignore[arg-type, return-value]

    with pytest.raises(ModelError, match="not hashable"):
        explore(Program(mem, {"B": Thread(broken)}))


def test_a_predicate_that_raises_is_named_with_the_state() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def store() -> None:
        await x.store(1)

    program = Program(mem, {"S": Thread(store)}, invariants={"sane": lambda s: 1 / (1 - s[x]) > 0})
    with pytest.raises(ModelError, match=r"invariant 'sane' raised ZeroDivisionError"):
        explore(program)


def test_a_watch_may_read_only_the_cells_it_names() -> None:
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)
    watch = mem.watch("both", lambda s: s[x] == s[y], cells=[x])

    async def look() -> None:
        async with watch.window():
            await x.load()

    with pytest.raises(ModelError, match="reads cell 'y', which its `cells` lack"):
        explore(Program(mem, {"L": Thread(look)}))


def test_an_unknown_memory_model_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="'sc'"):
        explore(rule_one(), memory="cs")


@pytest.mark.parametrize("limits", [{"max_states": 0}, {"timeout": 0.0}, {"timeout": -1.0}])
def test_a_limit_that_would_search_nothing_is_refused(limits: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="search nothing"):
        explore(rule_one(), **limits)  # type: ignore[arg-type]


def test_the_order_of_declaration_changes_nothing() -> None:
    program = message_passing()
    turned = Program(program.memory, dict(reversed(program.threads.items())))
    first, second = explore(program), explore(turned)
    assert first == second
    assert list(first.outcomes) == list(second.outcomes)


def test_a_window_edge_depends_on_stores_to_the_watched_cells() -> None:
    """DESIGN.md rule one, on the sample: swapping `refs=0` with the window's opening matters."""
    system = SequentialConsistency(lift(rule_one()))
    state = system.initial()
    (classify, _), (recycle, _) = system.successors(state)
    # load head and store refs touch different cells, but the load opens the window.
    assert system.dependent(state, classify, recycle)


def test_a_thread_that_computes_for_ever_is_interrupted_with_its_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from racer.lang import patience

    monkeypatch.setattr(patience, "SECONDS", 0.2)
    mem = Memory()
    flag = mem.cell("flag", 0)

    async def spin() -> None:
        value = await flag.load()
        while not value:
            pass

    with pytest.raises(ModelError, match=r"ran for 0\.2 s without awaiting.*test_explore\.py"):
        explore(Program(mem, {"S": Thread(spin)}))


def test_an_interrupted_search_gives_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from racer.search.limits import Budget

    expanded = itertools.count(1)  # the time is looked at before every state but the first

    def interrupted(budget: object) -> None:
        if next(expanded) == 12:
            raise KeyboardInterrupt

    monkeypatch.setattr(Budget, "check", interrupted)
    monkeypatch.setattr("racer.search.compiled.STATES_BETWEEN", 1)
    with pytest.raises(Interrupted) as caught:
        explore(rule_one())
    assert caught.value.result.verdict == "bound"
    assert caught.value.result.bound == "interrupted"
    assert caught.value.result.states > 12


def test_an_interrupt_of_the_search_for_minimal_witnesses_keeps_the_verdict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from racer.search.limits import Budget

    def interrupted(budget: object, taken: int) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(Budget, "allows", interrupted)
    with pytest.raises(Interrupted) as caught:
        explore(rule_one())
    result = caught.value.result
    assert result.verdict == "fail"
    assert result.interleavings == 15
    assert result.violations["misclassified"].witness.minimal is False


def test_a_label_that_racer_uses_too_counts_once() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def stuck() -> None:
        await x.wait_until(lambda value: value == 1)

    async def wrong() -> None:
        await x.load()
        raise Violation("deadlock")

    result = explore(Program(mem, {"S": Thread(stuck), "W": Thread(wrong)}))
    assert result.interleavings == 1
    assert result.violations["deadlock"].interleavings == 1


def test_states_are_told_apart_by_what_still_matters_where_a_cell_counts_up() -> None:
    """The counter of the guide, of which automata cannot be closed: every value of a fetch_add
    may be there for another one. By hand, over places in the code, n, done, and what a thread has
    `seen` while it has yet to store it: 28 states, as a dozen lines of Python count them. With
    what it has seen long after it was stored there are 31.
    """
    mem = Memory()
    n, done = mem.cell("n", 0), mem.cell("done", 0)

    async def add() -> None:
        seen = await n.load()
        await n.store(seen + 1)
        await done.fetch_add(1)

    async def check() -> None:
        await done.wait_until(lambda threads: threads == 2)
        await n.load()

    program = Program(mem, {"A": Thread(add, copies=2), "C": Thread(check)})
    assert not lift(program).closed
    result = explore(program)
    assert result.states == len(counted_by_hand()) == 28


def counted_by_hand() -> set[tuple[object, ...]]:
    """A's place and what it has seen, of both; C's place; n; done."""
    start = ((0, None), (0, None), 0, 0, 0)
    found: set[tuple[object, ...]] = {start}
    waiting = [start]

    def after(state: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
        *adding, check, n, done = state
        for at, (place, seen) in enumerate(adding):
            moved = {0: ((1, n), n, done), 1: ((2, None), (seen or 0) + 1, done)}
            moved[2] = ((3, None), n, done + 1)
            if place < 3:
                own, *cells = moved[place]
                both = [own if at == other else adding[other] for other in (0, 1)]
                yield (*both, check, *cells)
        if check == 0 and done == 2:
            yield (*adding, 1, n, done)
        if check == 1:
            yield (*adding, 2, n, done)

    for state in waiting:
        for goal in after(state):
            if goal not in found:
                found.add(goal)
                waiting.append(goal)
    return found


def test_a_violation_is_told_before_the_deadlock_that_it_leaves_behind() -> None:
    """The holder ends by a Violation and keeps its lock, for which the other then waits for ever;
    "deadlock" comes before "torn" by its name alone."""
    mem = Memory()
    x, lock = mem.cell("x", 0), mem.lock("L")

    async def holder() -> None:
        await lock.acquire()
        if await x.load():
            raise Violation("torn")
        await lock.release()

    async def other() -> None:
        await x.store(1)
        await lock.acquire()
        await lock.release()

    program = Program(mem, {"H": Thread(holder), "O": Thread(other)})
    result = explore(program)
    assert list(result.violations) == ["torn", "deadlock"]
    assert result.violations["deadlock"].trace.labels == ("torn", "deadlock")
    assert list(explore(program, sample=Sample("pos", runs=50)).violations) == ["torn", "deadlock"]
    assert list(explore(program, memory="arm64").violations) == ["torn", "deadlock"]
