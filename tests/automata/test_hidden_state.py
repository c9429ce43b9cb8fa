"""State that a thread keeps where it is hard to see: never merged away, or refused by name.

Each of these once gave, or could give, a wrong "pass": two situations of a thread taken for one.
"""

from __future__ import annotations

import collections
import functools
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from racer import (
    Memory,
    ModelError,
    Program,
    ProgramError,
    State,
    Thread,
    Violation,
    explore,
    fence,
)
from tests.oracles.naive import enumerate_program

Body = Callable[[Any], Any]


def beside_a_store(body: Body) -> Program:
    """The thread, with x and a window on it, beside a store of 1 to x."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def store() -> None:
        await x.store(1)

    return Program(mem, {"T": Thread(body(x)), "W": Thread(store)})


def bound_builtin(x: Any) -> Any:
    async def run() -> None:
        take = [3, 2, 1].pop
        while await x.load() == 0:
            if take() == 3:
                raise Violation("third retry")

    return run


def class_of_its_own(x: Any) -> Any:
    async def run() -> None:
        class Struct:
            n = 0

        while await x.load() == 0:
            Struct.n += 1
            if Struct.n == 3:
                raise Violation("third retry")

    return run


def wrapping_function_with_attributes(x: Any) -> Any:
    def base() -> None: ...

    async def run() -> None:
        @functools.wraps(base)
        def tally() -> None:
            tally.n += 1  # type: ignore[attr-defined]  # set below, on a function

        tally.n = 0  # type: ignore[attr-defined]  # on a function
        while await x.load() == 0:
            tally()
            if tally.n == 3:  # type: ignore[attr-defined]  # set above, on a function
                raise Violation("third retry")

    return run


@dataclass(frozen=True)
class FrozenList(list):  # type: ignore[type-arg]
    tag: int = 0


def frozen_dataclass_of_a_list(x: Any) -> Any:
    async def run() -> None:
        log = FrozenList()
        while await x.load() == 0:
            log.append(1)
            if len(log) == 3:
                raise Violation("third retry")

    return run


@pytest.mark.parametrize(
    "body",
    [
        bound_builtin,
        class_of_its_own,
        wrapping_function_with_attributes,
        frozen_dataclass_of_a_list,
    ],
)
def test_a_retry_that_counts_is_no_cycle(body: Body) -> None:
    # The thread may spin three times before the store, and then raises. With a hidden count its
    # automaton has no end to find (the loop may go on), so the search is given a limit.
    result = explore(beside_a_store(body), max_states=200)
    assert list(result.violations) == ["third retry"]


def empty_ranges(x: Any) -> Any:
    async def run() -> int:
        value = await x.load()
        kept = range(5 * value, 5 * value)
        del value
        await fence("mb")
        return kept.start

    return run


def sets_in_another_order(x: Any) -> Any:
    async def run() -> int:
        value = await x.load()
        kept = frozenset([8 * value, 8 - 8 * value])
        del value
        await fence("mb")
        return next(iter(kept))

    return run


def nan(x: Any) -> Any:
    async def run() -> float:
        return float("nan") if await x.load() else 0.0

    return run


@pytest.mark.parametrize("body", [empty_ranges, sets_in_another_order, nan])
def test_equal_values_that_differ_are_not_merged(body: Body) -> None:
    expected = enumerate_program(beside_a_store(body))
    result = explore(beside_a_store(body))
    assert len(result.outcomes) == len(expected.outcomes) == 2


def test_two_names_for_one_window_are_not_two_windows() -> None:
    mem = Memory()
    x = mem.cell("x", 0)
    watch = mem.watch("x", lambda s: s[x] == 1, cells=[x])

    async def run() -> bool:
        one, other = watch.window(), watch.window()
        if await x.load():
            other = one
        await fence("mb")
        async with one:
            await fence("mb")
        return other.observation is None

    async def store() -> None:
        await x.store(1)

    result = explore(Program(mem, {"T": Thread(run), "W": Thread(store)}))
    assert {key[0][1] for key in result.outcomes} == {True, False}


class Scratch:
    """An object that its threads use between two steps, and leave as it was."""

    def __init__(self) -> None:
        self.mem = Memory()
        self.x = self.mem.cell("x", 0)
        self.kept: int | None = None

    async def reader(self) -> None:
        self.kept = await self.x.load()
        await fence("mb")
        wrong, self.kept = self.kept == 1, None
        if wrong:
            raise Violation("saw 1")


class Tally:
    count = 0


def shared(name: str, x: Any) -> tuple[Any, tuple[Any, ...]]:
    """A thread that changes a shared object between its two loads, and its arguments."""
    log: Any = {"deque": collections.deque(), "count": itertools.count()}.get(name, [])
    append = log.append if name != "count" else None

    class Slots:
        __slots__ = ("n",)

    slots = Slots()
    slots.n = 0

    async def with_log(given: Any = None) -> None:
        await x.load()
        if name == "count":
            assert next(log) < 2, "third"
        elif name == "slots":
            slots.n += 1
        elif name == "class":
            Tally.count += 1
        elif name == "builtin":
            append(1)
        else:
            (given if given is not None else log).append(1)
        await x.load()

    if name == "partial":
        return functools.partial(with_log, log), ()
    return with_log, (log,) if name == "argument" else ()


@pytest.mark.parametrize("name", ["deque", "slots", "class", "builtin", "partial", "argument"])
def test_a_shared_object_that_a_thread_changes_is_refused(name: str) -> None:
    mem = Memory()
    function, args = shared(name, mem.cell("x", 0))
    with pytest.raises(ModelError, match="which is not a cell"):
        explore(Program(mem, {"T": Thread(function, *args, copies=2)}))


@pytest.mark.parametrize(("copies", "thread"), [(1, "W"), (2, "W.0")])  # either copy does
@pytest.mark.parametrize("counts_up", [False, True])
def test_the_error_has_the_thread_that_changes_a_shared_object(
    counts_up: bool, copies: int, thread: str
) -> None:
    """Be it in the closure, or, where values go on for ever, in a run that the search asks for."""
    mem = Memory()
    x, turns = mem.cell("x", 0), mem.cell("turns", 0)
    log: list[int] = []

    async def read() -> None:
        await x.load()

    async def write() -> None:
        while counts_up and await turns.fetch_add(1) < 1_000:
            pass
        log.append(await x.load())

    program = Program(mem, {"R": Thread(read), "W": Thread(write, copies=copies)})
    with pytest.raises(ModelError, match=r"thread 'W' changes the variable 'log'") as caught:
        explore(program)
    assert caught.value.thread == thread


def test_a_shared_object_that_is_put_back_before_the_end_is_refused_too() -> None:
    scratch = Scratch()

    async def store() -> None:
        await scratch.x.store(1)

    program = Program(scratch.mem, {"R": Thread(scratch.reader), "W": Thread(store)})
    with pytest.raises(ModelError, match=r"changes the object Scratch"):
        explore(program)


def test_an_invariant_that_counts_its_calls_is_refused() -> None:
    mem = Memory()
    x = mem.cell("x", 0)
    calls: list[int] = []

    def sane(state: State) -> bool:
        calls.append(state[x])
        return True

    async def store() -> None:
        await x.store(1)

    with pytest.raises(ModelError, match=r"invariant 'sane' changes the variable 'calls'"):
        explore(Program(mem, {"S": Thread(store)}, invariants={"sane": sane}))


async def always_true(state: object) -> bool:
    return False


def test_a_predicate_that_cannot_be_false_is_refused() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def wait() -> None:
        await x.wait_until(always_true)

    with pytest.raises(ModelError, match="always true"):
        explore(Program(mem, {"T": Thread(wait)}))

    async def load() -> None:
        await x.load()

    with pytest.raises(ModelError, match=r"invariant 'sane'.*always true"):
        explore(Program(mem, {"T": Thread(load)}, invariants={"sane": always_true}))


def test_cells_and_watches_of_another_memory_are_refused() -> None:
    mem, other = Memory(), Memory()
    mine, foreign = mem.cell("x", 0), other.cell("x", 0)
    watch = other.watch("w", lambda s: s[foreign] == 5, cells=[foreign])
    mem.watch("w", lambda s: s[mine] == 0, cells=[mine])

    async def load() -> None:
        await foreign.load()

    async def look() -> None:
        async with watch.window():
            await mine.load()

    for body in (load, look):
        with pytest.raises(ModelError, match="Memory"):
            explore(Program(mem, {"T": Thread(body)}))
    with pytest.raises(ProgramError, match="not a cell of this Memory"):
        Memory().watch("w", lambda s: True, cells=[mine])


def test_a_missing_await_is_named_where_its_value_is_used() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def copy() -> None:
        value: Any = x.load()
        await x.store(value)

    with pytest.raises(ModelError, match="an `await` is missing"):
        explore(Program(mem, {"T": Thread(copy)}))


def test_addresses_in_an_assertion_do_not_reach_its_label() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def check() -> None:
        thing = object()
        if await x.load() == 0:
            raise AssertionError(f"bad {thing}")

    assert list(explore(Program(mem, {"T": Thread(check)})).violations) == ["bad <object object>"]


def test_a_time_limit_holds_for_lifting_too() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def slow() -> None:
        for _ in range(60):
            await x.fetch_add(1)
            sum(range(20_000))

    result = explore(Program(mem, {"T": Thread(slow, copies=2)}), timeout=0.2)
    assert result.verdict == "bound"
    assert result.bound is not None
    assert result.bound.split("; ")[0] == "timeout of 0.2 s"


def test_an_operation_that_is_never_awaited_is_refused_with_its_line() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def forgets() -> None:
        await x.store(1)
        x.store(2)  # type: ignore[unused-coroutine]

    with pytest.raises(
        ModelError, match=r"Cell\.store\(\) at .*test_hidden_state\.py:\d+ is never"
    ):
        explore(Program(mem, {"T": Thread(forgets)}))


def test_a_missing_await_on_one_way_is_not_merged_with_the_other() -> None:
    """Both ways come to the same line with the same locals; only one has forgotten something."""
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def forgets() -> None:
        if await x.load():
            y.store(2)  # type: ignore[unused-coroutine]
        await y.load()

    async def store() -> None:
        await x.store(1)

    with pytest.raises(ModelError, match="is never awaited"):
        explore(Program(mem, {"T": Thread(forgets), "W": Thread(store)}))


def test_an_operation_may_be_awaited_later_than_it_is_called() -> None:
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def late() -> int:
        load = x.load()
        await y.store(1)
        return await load

    result = explore(Program(mem, {"T": Thread(late)}))
    assert [key[0][1] for key in result.outcomes] == [0]
    assert result.violations == {}


def asking(kind: str, asked: Callable[..., object]) -> Program:
    """Two stores, and one function that is asked of states, in one of the ways there are."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def store(value: int) -> None:
        await x.store(value)

    broken = {"broken": lambda state: state[x] != 2}  # so that there is a schedule to be shown
    functions: dict[str, Any] = {kind: {"f": asked}}
    functions["invariants"] = {**broken, **functions.get("invariants", {})}
    return Program(mem, {"A": Thread(store, 1), "B": Thread(store, 2)}, **functions)


@pytest.mark.parametrize("kind", ["finally_", "shows", "sometimes", "invariants", "consistency"])
def test_a_function_that_is_asked_of_states_may_keep_nothing(kind: str) -> None:
    """Whenever it is asked: `shows` by a replay, and `finally_` by what tells the ends."""
    asked = [0]

    def counts(_: object) -> bool:
        asked[0] += 1
        return True

    with pytest.raises(ModelError, match=r"'f' changes the variable 'asked', which is not a cell"):
        explore(asking(kind, counts))


def test_an_answer_that_changes_is_no_bug_of_racers() -> None:
    """The search of all states and the one for the verdict see different ends."""
    answers = iter([True] * 2 + [False] * 100)
    with pytest.raises(ModelError, match="finally 'f' changes the variable 'answers'"):
        explore(asking("finally_", lambda _: next(answers)))


@pytest.mark.parametrize("kind", ["finally_", "sometimes", "invariants", "consistency"])
def test_a_predicate_that_asks_a_clock_is_refused(kind: str) -> None:
    """Also where it does so only the second time that it is asked."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def store() -> None:
        await x.store(1)

    def late(state: State) -> bool:
        return time.time() > 0 if state[x] else kind != "sometimes"

    functions: dict[str, Any] = {kind: {"f": late}}
    with pytest.raises(ModelError, match=r"'f' calls time.time\(\) \("):
        explore(Program(mem, {"T": Thread(store)}, **functions))
