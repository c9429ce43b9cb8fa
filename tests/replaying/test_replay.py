"""Replay on trio: the reference semantics, event by event what the automata say."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from racer import Memory, Move, Program, ReplayDiverged, Thread, Violation, choose, explore, replay
from racer.automata.lifting import lift
from racer.machine.moves import agent_of, option_of
from racer.machine.sc import SequentialConsistency
from tests.corpus import ENOUGH_WORK
from tests.generated.strategies import samples
from tests.programs import Sample, build
from tests.samples import rule_one


def walk(program: Program, choices: list[int]) -> list[tuple[str, str, object]]:
    """One maximal run by the automata, taking the (choice modulo n)-th of n moves; its events
    are compared with trio's by the caller. Loops are cut after 200 steps."""
    system = SequentialConsistency(lift(program, work=ENOUGH_WORK))
    state, events = system.initial(), []
    for step in range(200):
        moves = system.successors(state)
        if not moves:
            break
        move, after = moves[choices[step % len(choices)] % len(moves)]
        operation, result = system.event(state, move)
        name = system.names[agent_of(move)]
        events.append((Move(name, option_of(move)), operation.text(), result))
        state = after
    return events


@pytest.mark.thorough
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(samples(), st.lists(st.integers(0, 11), min_size=1, max_size=40))
def test_the_lifted_run_is_the_trio_run_event_by_event(sample: Sample, choices: list[int]) -> None:
    program = build(sample)
    lifted = walk(program, choices)
    trace = replay(program, tuple(move for move, _, _ in lifted))
    assert [
        (Move(event.thread, move.choice), event.operation.text(), event.result)
        for event, (move, _, _) in zip(trace.events, lifted, strict=True)
    ] == lifted


def test_a_witness_replays_to_its_label_with_source_lines() -> None:
    result = explore(rule_one())
    trace = replay(rule_one(), result.violations["misclassified"].witness)
    assert trace.labels == ("misclassified",)
    assert trace.maximal
    assert trace.outcome == (("C", Violation("misclassified")), ("S", None))
    first_load = trace.events[1]
    assert (first_load.thread, first_load.result, first_load.opened) == (
        "C",
        True,
        ("head and refs == 1",),
    )
    assert first_load.location is not None
    assert first_load.location.path.endswith("samples.py")
    closing = trace.events[4]
    assert [closed.opened_at for closed in closing.closed] == [1]
    assert not closing.closed[0].seen.ever_true


def test_an_event_has_the_line_of_the_thread_that_calls_a_helper() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def helper() -> int:
        return await x.load()

    async def thread() -> None:
        await x.store(1)
        await helper()

    trace = replay(Program(mem, {"T": Thread(thread)}), (Move("T"), Move("T")))
    functions = [[place.function for place in event.locations] for event in trace.events]
    assert functions == [["thread"], ["thread", "helper"]]
    store, load = trace.events
    assert load.location == load.locations[-1]
    assert load.locations[0].line == store.locations[0].line + 1


def blocked_pair() -> Program:
    mem = Memory()
    flag, lock = mem.cell("flag", 0), mem.lock("lock")

    async def waiter() -> None:
        await flag.wait_until(lambda value: value == 1)
        async with lock:
            pass

    async def setter() -> int:
        picked = await choose(1, 2)
        await flag.store(1)
        return picked

    return Program(mem, {"S": Thread(setter), "W": Thread(waiter)})


@pytest.mark.parametrize(
    ("schedule", "step", "found"),
    [
        ([("W", 0)], 1, "wait_until flag, which blocks here"),
        ([("S", 0), ("S", 0), ("S", 0)], 3, "thread S has ended"),
        ([("S", 2)], 1, "choose 1, 2: no option 2"),
        ([("S", 0), ("X", 0)], 2, "there is no thread 'X' in this program"),
    ],
)
def test_a_schedule_that_cannot_be_followed_names_the_step(
    schedule: list[tuple[str, int]], step: int, found: str
) -> None:
    with pytest.raises(ReplayDiverged) as caught:
        replay(blocked_pair(), tuple(Move(*move) for move in schedule))
    assert (caught.value.step, caught.value.found) == (step, found)


def test_the_chosen_option_is_the_schedules() -> None:
    for choice, value in ((0, 1), (1, 2)):
        moves = (Move("S", choice), Move("S"), Move("W"), Move("W"), Move("W"))
        assert replay(blocked_pair(), moves).outcome == (("S", value), ("W", None))


def test_a_schedule_that_stops_early_says_which_threads_go_on() -> None:
    trace = replay(blocked_pair(), (Move("S"),))
    assert not trace.maximal
    assert trace.outcome == ()
    assert set(trace.final_locations) == {"S", "W"}


def test_exploring_and_replaying_work_where_trio_or_asyncio_is_running() -> None:
    import asyncio

    import trio

    async def within() -> list[str]:
        return list(explore(rule_one()).violations)

    assert trio.run(within) == ["misclassified"]
    assert asyncio.run(within()) == ["misclassified"]
