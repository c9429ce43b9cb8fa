"""Lifting: which runs are one node, which threads are refused, and that nothing depends on it."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from racer import Memory, ModelError, Program, Thread, explore
from racer.automata.automaton import ClosedAutomaton
from racer.automata.lifting import digest_of, lift
from racer.lang.pending import AboutTo
from racer.machine.sc import SequentialConsistency
from tests.corpus import ENOUGH_WORK, corpus
from tests.programs import build
from tests.samples import message_passing, rule_one


def lifted_nodes(program: Program, thread: str) -> int:
    lifted = lift(program)
    position = [instance.name for instance in lifted.instances].index(thread)
    automaton = lifted.automata[position]
    assert isinstance(automaton, ClosedAutomaton)
    return len(automaton.nodes)


def one_thread(make: Callable[[Memory], Callable[[], Coroutine[Any, Any, object]]]) -> Program:
    mem = Memory()
    return Program(mem, {"T": Thread(make(mem))})


def test_a_retry_loop_is_a_cycle() -> None:
    mem = Memory()
    lock = mem.cell("lock", 0)

    async def spin() -> None:
        while await lock.compare_exchange(0, 1) != 0:
            pass
        await lock.store(0)

    program = Program(mem, {"S": Thread(spin, copies=2)})
    assert lifted_nodes(program, "S.0") == 3  # try, unlock, ended
    # Each thread is trying, holding or done, and not both hold: 3 * 3 - 1.
    assert explore(program).states == 8


def test_a_dead_local_costs_nothing_after_minimisation() -> None:
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def reader() -> None:
        unused = await x.load()  # noqa: F841  # dead on purpose
        await y.store(1)

    async def writer() -> None:
        for value in range(5):
            await x.store(value)

    program = Program(mem, {"R": Thread(reader), "W": Thread(writer)})
    assert lifted_nodes(program, "R") == 3  # load, store, ended


def test_the_value_stack_tells_runs_apart() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def add() -> int:
        return (await x.load()) + (await x.load())

    async def store() -> None:
        await x.store(1)

    result = explore(Program(mem, {"A": Thread(add), "S": Thread(store)}))
    # 0+0, 0+1, 1+1: the first value lives on the value stack alone.
    assert [key[0][1] for key in result.outcomes] == [0, 1, 2]


@pytest.mark.parametrize(
    "loop",
    [
        "for i in range(3): await x.store(i)",
        "for i in (0, 1, 2): await x.store(i)",
        "for i, _ in enumerate('abc'): await x.store(i)",
        "for i, _ in zip((0, 1, 2), 'abc'): await x.store(i)",
    ],
)
def test_a_loop_over_an_immutable_sequence_is_identified_by_its_position(loop: str) -> None:
    """A second loop that goes round for ever keeps the automaton finite only if it is."""
    mem = Memory()
    namespace: dict[str, Any] = {"x": mem.cell("x", 0)}
    exec(f"async def run():\n    while True:\n        {loop}\n", namespace)
    program = Program(mem, {"T": Thread(namespace["run"])})
    assert lifted_nodes(program, "T") == 3


def test_what_is_not_provably_immutable_falls_back_to_history_with_equal_answers() -> None:
    def with_tuple(mem: Memory) -> Any:
        x = mem.cell("x", 0)

        async def run() -> tuple[int, ...]:
            seen: tuple[int, ...] = ()
            for _ in range(3):
                seen = (*seen, await x.fetch_add(1) % 2)
            return seen

        return run

    def with_list(mem: Memory) -> Any:
        x = mem.cell("x", 0)

        async def run() -> tuple[int, ...]:
            seen = []
            for _ in range(3):
                seen.append(await x.fetch_add(1) % 2)
            return tuple(seen)

        return run

    results = []
    for make in (with_tuple, with_list):
        mem = Memory()
        results.append(explore(Program(mem, {"T": Thread(make(mem), copies=2)})))
    assert results[0].outcomes == results[1].outcomes
    assert results[0].interleavings == results[1].interleavings == 20  # C(6, 3)


@pytest.mark.thorough
@pytest.mark.usefixtures("brief_lifting")
def test_open_and_closed_automata_give_the_same_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The automata are left open by giving closure no work to do."""
    makers: list[Callable[[], Program]] = [message_passing, rule_one]
    makers += [functools.partial(build, sample) for sample in corpus(25)]
    for make in makers:
        closed = explore(make())
        with monkeypatch.context() as patch:
            patch.setattr(
                "racer.machine.loaded.lift", lambda program, deadline: lift(program, work=0)
            )
            opened = explore(make())
        assert closed.verdict == opened.verdict
        assert closed.vacuous == opened.vacuous
        assert closed.interleavings == opened.interleavings
        assert {key: found.interleavings for key, found in closed.outcomes.items()} == {
            key: found.interleavings for key, found in opened.outcomes.items()
        }
        assert {k: (f.interleavings, f.witness) for k, f in closed.violations.items()} == {
            k: (f.interleavings, f.witness) for k, f in opened.violations.items()
        }
        assert opened.states >= closed.states


@pytest.mark.slow
def test_generated_programs_converge_with_little_work_or_not_at_all() -> None:
    """Without it ENOUGH_WORK would not be enough: the limit that lift() has by itself is."""
    for sample in (*corpus(150), *corpus(50, unbounded=True)):
        lifted = lift(build(sample))
        work = sum(automaton.work for automaton in lifted.growing)
        assert not lifted.closed or work <= ENOUGH_WORK // 2


def test_pages_held_in_locals_are_addresses() -> None:
    """An object that a cell holds is immutable by contract, so a loop that holds it is a cycle."""

    class Page:
        def __init__(self, name: str) -> None:
            self.name = name

    mem = Memory()
    first, second = Page("first"), Page("second")
    head = mem.cell("head", first)

    async def reader() -> str:
        while True:
            before = await head.load()
            if await head.load() is before:
                return before.name

    async def mover() -> None:
        await head.store(second)
        await head.store(first)

    program = Program(mem, {"M": Thread(mover), "R": Thread(reader)})
    assert lift(program).closed
    # Load; load again holding either page; ended with either name: 1 + 2 + 2.
    assert lifted_nodes(program, "R") == 5


COUNTER = [0]
TALLY = 0


def shared_list(mem: Memory) -> Any:
    x, log = mem.cell("x", 0), []

    async def run() -> None:
        log.append(await x.load())

    return run


def shared_nonlocal(mem: Memory) -> Any:
    x, calls = mem.cell("x", 0), 0

    async def run() -> None:
        nonlocal calls
        calls += 1
        await x.load()

    return run


def global_list(mem: Memory) -> Any:
    x = mem.cell("x", 0)

    async def run() -> None:
        COUNTER[0] += 1
        await x.load()

    return run


def global_rebound(mem: Memory) -> Any:
    x = mem.cell("x", 0)

    async def run() -> None:
        global TALLY
        TALLY += 1
        await x.load()

    return run


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (shared_list, "the variable 'log'"),
        (shared_nonlocal, "the variable 'calls'"),
        (global_list, "the global 'COUNTER'"),
        (global_rebound, "the global 'TALLY'"),
    ],
)
def test_a_thread_that_changes_what_is_not_a_cell_is_refused_by_name(make: Any, named: str) -> None:
    with pytest.raises(ModelError, match=f"thread 'T' changes {named}"):
        explore(one_thread(make))


def test_a_thread_with_random_numbers_is_refused() -> None:
    source = random.Random(1)  # its state is in C, but can be asked for

    def make(mem: Memory) -> Any:
        cells = [mem.cell(f"c{i}", 0) for i in range(50)]

        async def run() -> None:
            for _ in range(10):
                await cells[source.randrange(50)].load()

        return run

    with pytest.raises(ModelError, match="changes the variable 'source'"):
        explore(one_thread(make))


def test_a_thread_that_never_awaits_is_refused_with_its_line() -> None:
    def make(mem: Memory) -> Any:
        mem.cell("x", 0)

        async def run() -> int:
            return 1

        return run

    with pytest.raises(ModelError, match=r"ends without a step.*") as caught:
        explore(one_thread(make))
    assert "test_lift.py" in str(caught.value)


def test_awaiting_something_that_is_not_racers_is_refused() -> None:
    import asyncio

    def make(mem: Memory) -> Any:
        x = mem.cell("x", 0)

        async def run() -> None:
            await x.load()
            await asyncio.sleep(0)

        return run

    with pytest.raises(ModelError, match=r"awaits something that is not racer's.*test_lift\.py"):
        explore(one_thread(make))


def test_the_digest_is_of_behaviour_and_not_of_spelling() -> None:
    def make(source: str) -> Program:
        mem = Memory()
        namespace: dict[str, Any] = {"x": mem.cell("x", 0)}
        exec(source, namespace)
        return Program(mem, {"T": Thread(namespace["run"])})

    short = make("async def run():\n    return 1 if await x.load() else 2")
    long = make(
        "async def run():\n    y = await x.load()\n    if y:\n        return 1\n    return 2"
    )
    other = make("async def run():\n    return 2 if await x.load() else 1")
    assert digest_of(lift(short)) == digest_of(lift(long)) != digest_of(lift(other))


def test_the_digest_of_open_automata_does_not_change_as_they_grow() -> None:
    lifted = lift(message_passing(), work=0)
    assert not lifted.closed
    fresh = digest_of(lifted)
    system = SequentialConsistency(lifted)
    for _, after in system.successors(system.initial()):
        system.successors(after)
    assert digest_of(lifted) == fresh
    lifted.finish()
    assert digest_of(lifted) == fresh


def test_a_step_with_which_a_window_opens_is_another_one_in_the_next_round() -> None:
    """It waits at the same line with the same locals; only the first time does the window open."""
    mem = Memory()
    x = mem.cell("x", 0)
    watch = mem.watch("x is set", lambda s: s[x], cells=[x])

    async def wait() -> bool:
        async with watch.window() as seen:
            while True:
                if await x.load():
                    break
        return seen.always

    async def store() -> None:
        await x.store(1)

    program = Program(mem, {"W": Thread(wait), "S": Thread(store)})
    # Two loads, the end of the window, and ended with either answer.
    assert lifted_nodes(program, "W") == 5
    # S comes before the first load, or later.
    assert [dict(key)["W"] for key in explore(program).outcomes] == [False, True]


def test_a_window_opens_at_the_step_and_not_where_the_block_begins() -> None:
    mem = Memory()
    x = mem.cell("x", 0)
    watch = mem.watch("x", lambda s: s[x], cells=[x])

    async def look() -> bool:
        await x.store(1)
        async with watch.window() as seen:
            await x.load()
        return seen.always

    lifted = lift(Program(mem, {"L": Thread(look)}))
    automaton = lifted.automata[0]
    first = automaton.pending(automaton.start)
    assert isinstance(first, AboutTo) and first.opens == ()
    assert [key[0][1] for key in explore(lifted.program).outcomes] == [True]


def test_operations_that_do_alike_but_are_called_otherwise_are_told_apart_in_reports() -> None:
    """`a` never holds 0, so neither exchange does anything: but the schedule names the real one."""
    mem = Memory()
    a, b = mem.cell("a", 1), mem.cell("b", 0)

    async def writer() -> None:
        await a.store(2)

    async def exchange() -> None:
        seen = await a.load()
        await a.compare_exchange(0, seen)
        assert await b.load() == 1, "b is 0"

    program = Program(mem, {"E": Thread(exchange), "W": Thread(writer)})
    finding = explore(program).violations["b is 0"]
    assert finding.witness.steps == 4
