"""Whether threads are equivalent: small pairs by hand."""

from __future__ import annotations

import pytest

from racer import Memory, ModelError, Program, Thread, UsageError, Violation, atomic
from racer.difference.equivalence import equivalence
from racer.lang.cells import Cell
from tests.difference.pairs import NAMES, compared, programs


async def reads_twice(x: Cell[int], y: Cell[int]) -> int:
    if await x.load() == 0:
        return 0
    return await y.load()


async def reads_twice_otherwise_written(x: Cell[int], y: Cell[int]) -> int:
    found = [await x.load()]
    found.append(await y.load() if found[0] != 0 else 0)
    return found[-1]


async def always_reads_y(x: Cell[int], y: Cell[int]) -> int:
    first, second = await x.load(), await y.load()
    return second if first else 0


async def is_wrong_for_two(x: Cell[int], y: Cell[int]) -> int:
    if await x.load() == 0:
        return 0
    found = await y.load()
    if found == 2:
        raise Violation("two", effect="none")
    return found


async def spins(x: Cell[int], y: Cell[int]) -> None:
    while await x.load() != 1:
        pass


async def spins_unrolled(x: Cell[int], y: Cell[int]) -> None:
    if await x.load() == 1:
        return
    while True:
        if await x.load() == 1:
            break


def test_threads_that_do_the_same_are_equivalent_however_they_are_written() -> None:
    assert compared(reads_twice, reads_twice_otherwise_written).verdict == "equivalent"
    assert compared(spins, spins_unrolled).verdict == "equivalent"


def test_the_fewest_answers_that_tell_them_apart_are_told() -> None:
    found = compared(reads_twice, always_reads_y)
    (pair,) = found.threads
    assert found.verdict == "different" and pair.parting is not None
    # x is 0: the one returns, the other goes on. Any other value is followed by y in both.
    assert [each.text for each in pair.parting.answers] == ["load x -> 0"]
    assert pair.parting.does == ("returns 0", "does load y")


def test_a_violation_is_told_from_a_return() -> None:
    (pair,) = compared(reads_twice, is_wrong_for_two).threads
    assert pair.parting is not None
    assert [each.text for each in pair.parting.answers] == ["load x -> 1", "load y -> 2"]
    assert pair.parting.does == ("returns 2", "raises Violation 'two', effect: none")


def test_lines_are_those_of_either_code() -> None:
    (pair,) = compared(reads_twice, always_reads_y).threads
    assert pair.parting is not None
    first = reads_twice.__code__.co_firstlineno
    second = always_reads_y.__code__.co_firstlineno
    lines = [
        tuple(int(place.rpartition(":")[2]) for place in each.places)
        for each in pair.parting.answers
    ]
    assert lines == [(first + 1, second + 1)]
    assert pair.parting.places[0] == ""  # a thread that has returned is at no line
    assert pair.parting.places[1].endswith(f"test_equivalence.py:{second + 1}")


async def loads(x: Cell[int], y: Cell[int]) -> None:
    await x.load("plain")


async def loads_once(x: Cell[int], y: Cell[int]) -> None:
    await x.load()


async def adds(x: Cell[int], y: Cell[int]) -> None:
    await x.update(lambda value: min(value + 1, 2))


async def adds_otherwise(x: Cell[int], y: Cell[int]) -> None:
    await x.update(lambda value: value + (value < 2))


async def adds_to_one(x: Cell[int], y: Cell[int]) -> None:
    await x.update(lambda value: value + (value < 1))


def test_functions_are_compared_by_what_they_do_to_each_value() -> None:
    assert compared(adds, adds_otherwise).verdict == "equivalent"
    (pair,) = compared(adds, adds_to_one).threads
    assert pair.parting is not None and pair.parting.answers == ()
    assert pair.parting.does == (
        "does update x: finds 1, gives 1, leaves 2",
        "does update x: finds 1, gives 1, leaves 1",
    )


def test_the_order_of_an_access_is_part_of_it() -> None:
    assert compared(loads, loads_once).verdict == "different"


async def stores_apart(x: Cell[int], y: Cell[int]) -> None:
    await x.store(1)
    await y.store(1)


async def stores_in_one_region(x: Cell[int], y: Cell[int]) -> None:
    async with atomic():
        await x.store(1)
        await y.store(1)


def test_an_atomic_region_is_part_of_what_a_thread_does() -> None:
    (pair,) = compared(stores_apart, stores_in_one_region).threads
    assert pair.parting is not None
    # A region begins at its first step: it is what follows that step which is in it.
    assert [each.text for each in pair.parting.answers] == ["store x = 1"]
    assert pair.parting.does == ("does store y = 1", "does store y = 1, in an atomic region")


def test_a_daemon_is_not_what_has_to_end() -> None:
    def made(*, daemon: bool) -> Program:
        mem = Memory()
        return Program(mem, {"T": Thread(loads_once, mem.cell("x", 0), None, daemon=daemon)})

    (pair,) = equivalence((made(daemon=False), made(daemon=True)), NAMES).threads
    assert pair.parting is not None and pair.parting.does == ("is no daemon", "is a daemon")


def windowed(opens_late: bool) -> Program:
    mem = Memory()
    x = mem.cell("x", 0)
    one = mem.watch("x is 1", lambda state: state[x] == 1, cells=[x])

    async def thread() -> bool:
        if opens_late:
            await x.load()
        async with one.window() as seen:
            if not opens_late:
                await x.load()
            await x.load()
        return seen.never

    async def writer() -> None:
        await x.store(1)

    return Program(mem, {"T": Thread(thread), "W": Thread(writer)})


def test_where_a_window_opens_is_part_of_what_a_thread_does() -> None:
    found = equivalence((windowed(False), windowed(True)), NAMES)
    assert [each.verdict for each in found.threads] == ["different", "equivalent"]
    parting = found.threads[0].parting
    assert parting is not None and parting.answers == ()
    assert parting.does == ("does load x, and opens a window of x is 1", "does load x")


def windowed_failing_at(value: int) -> Program:
    """T loads x twice in a window, and fails where it gets `value` and then 0; W stores 1."""
    mem = Memory()
    x = mem.cell("x", 0)
    one = mem.watch("x is 1", lambda state: state[x] == 1, cells=[x])

    async def thread() -> bool:
        async with one.window() as seen:
            first = await x.load()
            if (first, await x.load()) == (value, 0):
                raise TypeError("no such values")
        return seen.never

    async def writer() -> None:
        await x.store(1)

    return Program(mem, {"T": Thread(thread), "W": Thread(writer)})


def windowed_violating() -> Program:
    """As windowed(False), but that T violates where it finds 0."""
    mem = Memory()
    x = mem.cell("x", 0)
    one = mem.watch("x is 1", lambda state: state[x] == 1, cells=[x])

    async def thread() -> bool:
        async with one.window() as seen:
            if await x.load() == 0:
                raise Violation("zero")
            await x.load()
        return seen.never

    async def writer() -> None:
        await x.store(1)

    return Program(mem, {"T": Thread(thread), "W": Thread(writer)})


def test_a_thread_that_fails_is_no_behaviour_to_compare() -> None:
    # On its way out it closes its window, which the other does only after other values.
    with pytest.raises(ModelError, match=r"^other cannot be compared: thread 'T' fails .*no such"):
        equivalence((windowed(False), windowed_failing_at(0)), NAMES)
    with pytest.raises(ModelError, match=r"^one cannot be compared: thread 'T' fails "):
        equivalence((windowed_failing_at(0), windowed_failing_at(0)), NAMES)


def test_a_violation_in_a_window_is_told_with_the_end_of_that() -> None:
    (pair, _) = equivalence((windowed(False), windowed_violating()), NAMES).threads
    assert pair.parting is not None and [each.text for each in pair.parting.answers] == [
        "load x -> 0"
    ]
    assert pair.parting.does == (
        "does load x",
        "closes its window of x is 1 and raises Violation 'zero'",
    )


def test_a_failure_that_never_comes_is_left_to_a_search() -> None:
    # x is never 0 after it was 1, which a closure does not know: of each load it has both values.
    both = windowed_failing_at(1), windowed_failing_at(1)
    found = equivalence(both, NAMES)
    assert (found.verdict, found.basis) == ("equivalent", "reached")
    found = equivalence(both, NAMES, max_states=3)
    assert (found.verdict, found.basis) == ("bound", None)
    assert found.bound is not None and "fails (it raised TypeError: no such" in found.bound


def counters(limit: int | None) -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def counts() -> None:
        for _ in range(2):
            await x.fetch_add(1)
        if limit is not None and await x.load() > limit:
            await x.store(0)

    return Program(mem, {"A": Thread(counts), "B": Thread(counts)})


def test_where_automata_do_not_close_what_comes_in_some_state_is_compared() -> None:
    # Two counters that fetch_add() make ever new values for a closure; 0 to 4 in real states.
    found = equivalence((counters(None), counters(None)), NAMES)
    assert (found.verdict, found.basis) == ("equivalent", "reached")
    found = equivalence((counters(None), counters(4)), NAMES)
    assert (found.verdict, found.basis) == ("different", "reached")


def test_where_they_do_not_close_and_the_search_is_cut_nothing_is_proved() -> None:
    found = equivalence((counters(None), counters(None)), NAMES, max_states=3)
    assert (found.verdict, found.basis) == ("bound", None)
    assert found.bound is not None and "the search of one was cut: " in found.bound
    assert [each.verdict for each in found.threads] == ["bound", "bound"]


def with_writer(value: int) -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def reads() -> int:
        return await x.load()

    async def writes() -> None:
        await x.store(value)

    return Program(mem, {"T": Thread(reads), "W": Thread(writes)})


def test_a_value_that_only_one_of_them_may_find_is_never_equivalent() -> None:
    (pair,) = equivalence((with_writer(1), with_writer(2)), NAMES, thread="T").threads
    assert pair.verdict == "bound"
    assert pair.why == (
        "where it does load x, only one may find 1, so nothing is known of what other would do then"
    )


class Same:
    def __repr__(self) -> str:
        return "same"


def test_values_that_print_alike_are_not_told_apart_and_that_is_said() -> None:
    def made() -> Program:
        mem = Memory()
        x = mem.cell("x", Same())
        other = Same()

        async def reads() -> bool:
            return await x.load() is other

        async def writes() -> None:
            await x.store(other)

        return Program(mem, {"T": Thread(reads), "W": Thread(writes)})

    (pair,) = equivalence((made(), made()), NAMES, thread="T").threads
    assert (pair.verdict, pair.why) == (
        "bound",
        "cell x may hold different values that print as same",
    )


def test_threads_that_only_one_has_make_a_difference() -> None:
    one, _ = programs(loads, loads)
    mem = Memory()
    x = mem.cell("x", 0)
    other = Program(mem, {"T": Thread(loads, x, x), "V": Thread(loads, x, x)})
    found = equivalence((one, other), NAMES)
    assert (found.verdict, found.only) == ("different", (("W",), ("V",)))
    with pytest.raises(UsageError, match="one has no thread 'V'"):
        equivalence((one, other), NAMES, thread="V")
