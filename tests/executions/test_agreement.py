"""Executions against the machines: what graphs show under sc and tso is what a search shows.

Programs are generated. Compared are labels, deadlocks and livelocks among them, and what threads
come to; and each model must show what the stronger ones do.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from racer import Cell, Lock, Memory, Program, Thread, Violation, Watch, choose, explore, fence
from racer.axiomatic.models.known import MODELS
from racer.executions.asking import Account, Asked
from racer.executions.rechecking import recheck
from racer.executions.windows import Windows
from racer.lang.outcomes import OutcomeKey
from racer.machine.loaded import load_program
from tests.executions.enumerated import enumerated

Statement = tuple[Any, ...]

CELLS = st.sampled_from(["x", "y"])
VALUES = st.integers(0, 2)
ORDERS = st.sampled_from(["full", "relaxed", "acquire", "release"])

ACCESSES = (
    st.tuples(st.just("load"), CELLS, st.sampled_from(["plain", "once", "acquire"])),
    st.tuples(st.just("store"), CELLS, st.sampled_from(["plain", "once", "release"]), VALUES),
)
ATOMICS = (
    st.tuples(st.just("swap"), CELLS, ORDERS, VALUES),
    st.tuples(st.just("compare_exchange"), CELLS, ORDERS, VALUES),
    st.tuples(st.just("update"), CELLS, ORDERS),
    st.tuples(st.just("fails"), CELLS),
)
WAITING = (
    st.tuples(st.just("wait_until"), CELLS, VALUES),
    st.tuples(st.just("spin"), CELLS, VALUES),
    st.tuples(st.just("locked"), CELLS),
    st.tuples(st.just("choose")),
)
DEPENDENT = (
    st.tuples(st.just("put"), CELLS),  # what was got last: a data dependency
    st.tuples(st.just("store_if"), CELLS, VALUES),  # a control dependency
    st.tuples(st.just("load_one_of")),  # an address dependency
    st.tuples(st.just("fence"), st.sampled_from(["mb", "rmb", "wmb"])),
    st.tuples(st.just("bad_if"), VALUES),
    st.tuples(st.just("looks"), CELLS, st.booleans()),  # in a window, once or twice
)
# `one_of` would take all alike, and most programs would wait: threads begin with an access.
KINDS = st.sampled_from([ACCESSES] * 4 + [DEPENDENT] * 2 + [ATOMICS, WAITING])
STATEMENT = KINDS.flatmap(lambda kinds: st.one_of(*kinds))
THREAD = st.tuples(st.one_of(*ACCESSES), st.lists(STATEMENT, max_size=3)).map(
    lambda drawn: [drawn[0], *drawn[1]]
)
THREADS = st.lists(THREAD, min_size=2, max_size=3).filter(
    lambda threads: sum(map(len, threads)) <= 8
)


def bump(value: int) -> int:
    return (value + 1) % 3


def fails_on_one(value: int) -> int:
    return value // (value - 1)


async def thread(
    x: Cell[int], y: Cell[int], lock: Lock, watch: Watch, statements: tuple[Statement, ...]
) -> tuple[int, ...]:
    """Runs statements. It comes to what it got first and last, and what its windows saw."""
    cells = {"x": x, "y": y}
    first = got = 0
    saw: list[int] = []
    for at, (name, *rest) in enumerate(statements):
        cell = cells.get(rest[0], x) if rest else x
        match name:
            case "load":
                got = await cell.load(rest[1])
            case "store":
                await cell.store(rest[2], rest[1])
            case "put":
                await cell.store(got)
            case "store_if":
                if got == rest[1]:
                    await cell.store(2)
            case "load_one_of":
                got = await (x if got else y).load()
            case "swap":
                got = await cell.swap(rest[2], rest[1])
            case "compare_exchange":
                got = await cell.compare_exchange(rest[2], 2, rest[1])
            case "update":
                got = await cell.update(bump, rest[1])
            case "fence":
                await fence(rest[0])
            case "wait_until":
                got = await cell.wait_until(lambda value, wanted=rest[1]: value == wanted)
            case "spin":
                while await cell.load() != rest[1]:
                    pass
            case "choose":
                got = await choose(0, 1)
            case "locked":
                async with lock:
                    got = await cell.load()
                    await cell.store(bump(got))
            case "looks":
                async with watch.window() as window:
                    got = await cell.load()
                    if rest[1]:
                        await (y if cell is x else x).load()
                saw.append(window.always + 2 * window.sometimes + 4 * window.at_end)
                if window.never and got == 1:
                    raise Violation("never")
            case "bad_if":
                if got == rest[0]:
                    raise Violation("bad")
            case "fails":
                try:
                    got = await cell.update(fails_on_one)
                except ZeroDivisionError:
                    got = 2
        if at == 0:
            first = got
    return first, got, *saw


def program(threads: list[list[Statement]]) -> Program:
    memory = Memory()
    x, y, lock = memory.cell("x", 0), memory.cell("y", 0), memory.lock("m")
    watch = memory.watch("one", lambda state: state[x] == 1 or state[y] == 1, [x, y])
    named = {
        f"t{at}": Thread(thread, x, y, lock, watch, (*statements, ("load", "xy"[at % 2], "once")))
        for at, statements in enumerate(threads)
    }
    return Program(memory, named, finally_={"left": lambda state: state[x] + state[y] < 3})


def accounts(of: Program) -> dict[str, Account]:
    """What each model says; every label is checked once more."""
    loaded = load_program(of)
    with loaded.in_use():
        asked = Asked(loaded.growing, "lkmm", count=True)
        found = {each.model.name: each for each in asked.accounts(list(MODELS.values()))}
        for account in found.values():
            for example in account.labels.values():
                lifted, windows = loaded.growing, Windows(loaded.growing)
                recheck(example, account.model, lifted.instances, lifted.tables, windows)
    return found


def searched(of: Program, memory: str) -> tuple[set[str], set[OutcomeKey]]:
    result = explore(of, memory=memory, count=False, minimise=False)
    assert result.bound is None
    return set(result.violations), set(result.outcomes)


MODEST = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)


@MODEST
@given(THREADS)
def test_models_agree_with_machines_and_weaker_ones_show_what_stronger_ones_do(
    threads: list[list[Statement]],
) -> None:
    found = accounts(program(threads))
    for memory in ("sc", "tso"):
        labels, outcomes = searched(program(threads), memory)
        assert set(found[memory].labels) == labels
        assert set(found[memory].outcomes) == outcomes
    sc, tso, arm64, lkmm = found.values()
    for stronger, weaker in ((sc, tso), (tso, arm64), (arm64, lkmm)):
        assert set(stronger.labels) <= set(weaker.labels)
        assert set(stronger.outcomes) <= set(weaker.outcomes)
        assert stronger.executions is not None and weaker.executions is not None
        assert stronger.executions <= weaker.executions


@MODEST
@given(THREADS)
def test_executions_that_are_built_are_those_that_are_put_together(
    threads: list[list[Statement]],
) -> None:
    """Both ways to all executions come to the same labels and to as many executions of each
    outcome under each model, with the dependencies that were read off; and labels, with none and
    with all."""
    other = enumerated(program(threads), list(MODELS.values()))
    for name, account in accounts(program(threads)).items():
        said = other[name]
        assert (set(account.labels), account.outcomes) == (said.labels, said.outcomes), name
        assert set(account.flags) == said.flags, name
        if account.keeps:
            assert (account.without, account.with_all) == (said.without, said.with_all), name


def test_what_is_generated_tells_the_models_apart() -> None:
    """Else the agreement above would say little. SB comes to one end more under tso than under sc,
    MP to one more under arm64: with the load of x that each thread ends with, to see it."""
    buffering = program([[("store", "y", "once", 1)], [("store", "x", "once", 1)]])
    assert [len(each.outcomes) for each in accounts(buffering).values()] == [3, 4, 4, 4]
    passing = program(
        [[("load", "y", "once")], [("store", "x", "once", 1), ("store", "y", "once", 1)]]
    )
    outcomes = [set(each.outcomes) for each in accounts(passing).values()]
    assert outcomes[0] == outcomes[1] < outcomes[2] == outcomes[3]
