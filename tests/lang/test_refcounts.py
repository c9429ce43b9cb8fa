"""Reference counts, and cells that declare what they hold."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import product

import pytest

from racer import (
    Cell,
    Memory,
    ModelError,
    Program,
    ProgramError,
    Refcount,
    ReplayDiverged,
    Thread,
    Violation,
    explain,
    explore,
    mail,
    replay,
)
from racer.lang.schedule import Move
from tests.oracles.naive import enumerate_program

# --- one step at a time ---------------------------------------------------------------------

Does = Callable[[Refcount], Awaitable[object]]


def alone(does: Does, initial: int) -> tuple[object, object]:
    """What a thread comes to that does that, and what the count is then."""
    mem = Memory()
    refs = mem.refcount("refs", initial, most=3)

    async def run() -> object:
        return await does(refs)

    program = Program(mem, {"T": Thread(run)})
    (outcome,) = explore(program).outcomes
    trace = replay(program, (Move("T"),))
    assert trace.outcome == outcome
    return outcome[0][1], trace.events[0].after


FREED = Violation("use after free", "inc of a count of 0")


@pytest.mark.parametrize(
    ("does", "initial", "gives", "leaves"),
    [
        # refcount_inc() warns "addition on 0; use-after-free", and gives nothing: as fetch_add.
        (lambda r: r.inc(), 1, 1, 2),
        (lambda r: r.inc(), 0, FREED, 0),
        # refcount_inc_not_zero(), get_page_unless_zero(): false where it is 0, and unchanged.
        (lambda r: r.inc_not_zero(), 2, True, 3),
        (lambda r: r.inc_not_zero(), 0, False, 0),
        (lambda r: r.get_unless_zero(), 1, True, 2),
        (lambda r: r.get_unless_zero(), 0, False, 0),
        # refcount_dec_and_test(): true if it is 0 then; "underflow; use-after-free".
        (lambda r: r.dec_and_test(), 2, False, 1),
        (lambda r: r.dec_and_test(), 1, True, 0),
        (
            lambda r: r.dec_and_test(),
            0,
            Violation("use after free", "dec_and_test of a count of 0"),
            0,
        ),
        # refcount_dec(): "decrement hit 0; leaking memory".
        (lambda r: r.dec(), 2, 2, 1),
        (lambda r: r.dec(), 1, Violation("leak", "dec to 0, and nobody is told to free"), 1),
        (lambda r: r.dec(), 0, Violation("use after free", "dec of a count of 0"), 0),
    ],
)
def test_each_operation_does_what_the_kernels_does(
    does: Does, initial: int, gives: object, leaves: int
) -> None:
    assert alone(does, initial) == (gives, leaves)


def test_the_orders_are_those_of_the_kernel_and_only_others_are_named() -> None:
    mem = Memory()
    refs = mem.refcount("refs", 1, most=2)

    async def run() -> None:
        await refs.inc_not_zero()
        await refs.dec_and_test()
        await refs.get_unless_zero()
        await refs.dec_and_test(order="full")

    trace = replay(Program(mem, {"T": Thread(run)}), (Move("T"),) * 4)
    assert [event.operation.facts.order for event in trace.events] == [
        *("relaxed", "release", "full", "full")
    ]
    assert [event.operation.text() for event in trace.events] == [
        *("inc_not_zero refs", "dec_and_test refs"),
        *("inc_not_zero refs (full)", "dec_and_test refs (full)"),
    ]


# --- beside each other ----------------------------------------------------------------------


def shared(get: str, copies: int) -> Program:
    """Users take a reference if they can; the last to give one back frees. `get` is how."""
    mem = Memory()
    refs: Cell[int] = mem.cell("refs", 1)
    if get == "refcount":
        refs = mem.handles["refs"] = Refcount("refs", 1)  # the same cell, other operations
    freed = mem.cell("freed", 0)

    async def user() -> None:
        if isinstance(refs, Refcount):
            taken = await refs.inc_not_zero()
        else:
            taken = await refs.update(lambda n: n + 1 if n else 0) != 0
        if taken:
            assert not await freed.load(), "used after it was freed"
            await give_back()

    async def give_back() -> None:
        if isinstance(refs, Refcount):
            last = await refs.dec_and_test()
        else:
            last = await refs.fetch_add(-1) == 1
        if last:
            assert not await freed.swap(1), "freed twice"

    threads = {"O": Thread(give_back), "U": Thread(user, copies=copies)}
    return Program(mem, threads, finally_={"freed": lambda s: s[freed] == 1})


@pytest.mark.parametrize("copies", [1, 2, 3])
def test_they_count_as_updates_by_hand_do(copies: int) -> None:
    mine, by_hand = (explore(shared(get, copies)) for get in ("refcount", "update"))
    assert mine.verdict == by_hand.verdict == "pass"
    assert (mine.interleavings, mine.states) == (by_hand.interleavings, by_hand.states)


def test_who_takes_a_reference_without_looking_is_told_as_a_use_after_free() -> None:
    mem = Memory()
    refs = mem.refcount("refs", most=2)

    async def user() -> None:
        await refs.inc()

    async def owner() -> None:
        await refs.dec_and_test()

    result = explore(Program(mem, {"O": Thread(owner), "U": Thread(user)}))
    # Only if the owner goes first: 1 of 2 interleavings.
    assert result.violations["use after free"].interleavings == 1
    assert result.effects("use after free") == {"inc of a count of 0": 1}
    text = " ".join(mail(explain(result, "use after free")).split())
    assert "U raised Violation 'use after free' at U1." in text


# --- values that are declared ---------------------------------------------------------------


def counting(values: range | None, times: int) -> Program:
    """Two threads add one, so many times each; the loop ends by the cell's value alone."""
    mem = Memory()
    n = mem.cell("n", 0, values=values)

    async def add() -> None:
        while await n.load() < times:
            await n.fetch_add(1)

    return Program(mem, {"A": Thread(add, copies=2)})


def test_a_counter_that_declares_its_values_is_lifted_whole() -> None:
    # Both may have looked at times - 1, so that the last value is times + 1.
    declared, open_ended = explore(counting(range(5), 3)), explore(counting(None, 3))
    assert declared.loaded is not None and declared.loaded.lifted.closed
    assert declared.verdict == open_ended.verdict == "pass"
    assert declared.interleavings == open_ended.interleavings


def test_a_cell_may_declare_more_values_than_lifting_waits_for() -> None:
    result = explore(counting(range(200), 3))
    assert result.verdict == "pass" and result.loaded is not None and result.loaded.lifted.closed


def test_who_leaves_them_is_an_error_with_the_schedule() -> None:
    with pytest.raises(ModelError) as refused:
        explore(counting(range(4), 3))
    text = str(refused.value)
    assert "fetch_add n 1 would leave 4 in cell 'n', which is declared to hold 0 to 3" in text
    assert "schedule: " in text and refused.value.thread in ("A.0", "A.1")


def test_a_replay_refuses_it_as_well() -> None:
    # Each looks at 2, and adds one.
    schedule = tuple(Move("A.0") for _ in range(5)) + tuple(Move(f"A.{i}") for i in (1, 0, 1))
    with pytest.raises(ModelError, match="which is declared to hold 0 to 3"):
        replay(counting(range(4), 3), schedule)
    with pytest.raises(ReplayDiverged):  # a ninth move: the schedule is no longer one
        replay(counting(range(5), 3), (*schedule, *(Move("A.0") for _ in range(9))))


@pytest.mark.parametrize(
    ("initial", "values", "said"),
    [
        (4, range(4), "is 4 at the start, which is none of the values that it declares"),
        (True, (0, 1), "is True at the start"),
        (0, (0, []), "a value that cell 'n' declares"),
        (0, range(70_000), "declares more than 65,536 values"),
    ],
)
def test_what_cannot_be_declared_is_refused(initial: object, values: object, said: str) -> None:
    with pytest.raises(ProgramError, match=said):
        Memory().cell("n", initial, values=values)  # type: ignore[arg-type]


@pytest.mark.parametrize(("initial", "most"), list(product([4, -1, True], [3])))
def test_a_count_begins_within_its_bounds(initial: int, most: int) -> None:
    with pytest.raises(ProgramError, match="none of the values"):
        Memory().refcount("refs", initial, most=most)


def test_a_count_has_a_bound_that_is_a_number() -> None:
    with pytest.raises(ProgramError, match="most=0 is no number from 1 on"):
        Memory().refcount("refs", most=0)


def users(get: str) -> Program:
    """Some take a reference without looking, some look; one of them gives back too much."""
    mem = Memory()
    refs, x = mem.refcount("refs", 1, most=3), mem.cell("x", 0)

    async def user() -> object:
        if get == "inc":
            await refs.inc()
        elif not await refs.inc_not_zero():
            return "late"
        await x.fetch_add(1)
        return await refs.dec_and_test()

    async def owner() -> object:
        seen = await x.load()
        return seen, await (refs.dec_and_test() if seen or get == "inc" else refs.dec())

    return Program(mem, {"O": Thread(owner), "U": Thread(user, copies=2)})


@pytest.mark.parametrize("get", ["inc", "inc_not_zero"])
@pytest.mark.parametrize("reduce", [True, False])
def test_every_interleaving_by_itself_shows_the_same(get: str, reduce: bool) -> None:
    naive, result = enumerate_program(users(get)), explore(users(get), reduce=reduce)
    assert result.interleavings == naive.interleavings
    found = {label: each.interleavings for label, each in result.violations.items()}
    assert found == naive.violations
